//! Foreign files in the child process: answers come back typed, and whatever the child does, the caller gets one error.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sakimori_app::sandbox::{Death, SandboxError, read_in_child, read_in_child_within, workbook_in_child};
use sakimori_interop::files::{FileError, Limits};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sakimori"))
}

/// A program that stands in for a reader gone wrong.
fn script(name: &str, line: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("the script can be written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    path
}

#[tokio::test]
async fn a_document_comes_back_as_read_here() {
    let bytes = "第１章　総則\n\u{c}（１）記録を\t保管する。\n".as_bytes();
    let here = sakimori_interop::files::read_file("a.txt", bytes, &Limits::default()).expect("readable");
    let there = read_in_child(program(), "a.txt", bytes, &Limits::default()).await.expect("readable");
    assert_eq!(here, there);
}

#[tokio::test]
async fn many_at_once_wait_for_their_turn() {
    let jobs: Vec<_> = (0..8)
        .map(|number| {
            tokio::spawn(async move {
                let text = format!("文書{number}\n").repeat(50_000);
                let read = read_in_child(program(), "a.txt", text.as_bytes(), &Limits::default()).await;
                (number, read.expect("readable").lines[49_999].text.clone())
            })
        })
        .collect();
    for job in jobs {
        let (number, last) = job.await.expect("the task ends");
        assert_eq!(last, format!("文書{number}"));
    }
}

#[tokio::test]
async fn a_workbook_comes_back_as_cells() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "番号").expect("written");
    sheet.write(1_048_575, 16_383, "端").expect("written");
    let bytes = book.save_to_buffer().expect("saved");
    let book = workbook_in_child(program(), "b.xlsx", &bytes, &Limits::default()).await.expect("readable");
    let cells: Vec<_> = book.sheets[0].cells.iter().map(|cell| (cell.reference(), cell.text.as_str())).collect();
    assert_eq!(cells, [("A1".to_owned(), "番号"), ("XFD1048576".to_owned(), "端")]);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_as_it_is() {
    let error = read_in_child(program(), "a.pdf", b"%PDF-1.7 cut", &Limits::default()).await.expect_err("refused");
    assert!(matches!(&error, SandboxError::File(FileError::Truncated { .. })), "{error}");
    assert_eq!(error.code(), "file.truncated");
    // Refused before a child is even started: there is no such program.
    let limits = Limits { bytes: 10, ..Limits::default() };
    let error = read_in_child(Path::new("/nowhere"), "a.txt", &[b'a'; 11], &limits).await.expect_err("refused");
    assert_eq!(error.code(), "file.too-large");
}

/// A document that, with its own limits lifted, needs more memory than a child has.
#[tokio::test]
async fn a_reader_out_of_memory_takes_nothing_down() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).expect("a part can be started");
    zip.write_all(b"<d><p><t>").expect("written");
    let blanks = vec![b'a'; 1 << 20];
    for _ in 0..700 {
        zip.write_all(&blanks).expect("written");
    }
    zip.write_all(b"</t></p></d>").expect("written");
    let bytes = zip.finish().expect("closed").into_inner();
    let limits = Limits {
        unpacked_bytes: 8 << 30,
        ratio: 10_000,
        text_bytes: 8 << 30,
        line_chars: 8 << 30,
        ..Limits::default()
    };
    let error = read_in_child(program(), "a.docx", &bytes, &limits).await.expect_err("refused");
    assert!(matches!(&error, SandboxError::Died { how: Death::Crash { .. } }), "{error}");
    assert_eq!(error.code(), "file.reader-died");
}

#[tokio::test]
async fn a_reader_gone_wrong_is_one_clear_error() {
    let read = async |exe: &Path| {
        let time = Duration::from_millis(1_500);
        read_in_child_within(exe, "a.txt", &[b'a'; 1 << 20], &Limits::default(), time).await.expect_err("no answer")
    };
    let hang = read(&script("hang", "exec sleep 20")).await;
    assert!(matches!(&hang, SandboxError::Died { how: Death::Time }), "{hang}");
    let crash = read(&script("crash", "kill -SEGV $$")).await;
    assert!(matches!(&crash, SandboxError::Died { how: Death::Crash { signal: Some(11), .. } }), "{crash}");
    let nonsense = read(&script("nonsense", "cat > /dev/null; echo hello")).await;
    assert!(matches!(&nonsense, SandboxError::Answer(_)), "{nonsense}");
    let missing = read(Path::new("/nowhere")).await;
    assert!(matches!(&missing, SandboxError::Start(_)), "{missing}");
    assert!([hang, crash, nonsense, missing].iter().all(|error| !error.ja().is_empty() && !error.next_ja().is_empty()));
}

#[tokio::test]
async fn a_flood_is_cut_off() {
    let flood =
        script("flood", "exec yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let error = read_in_child_within(&flood, "a.txt", b"a", &Limits::default(), Duration::from_secs(30)).await;
    let error = error.expect_err("no answer");
    assert!(matches!(&error, SandboxError::Died { how: Death::Flood }), "{error}");
}
