//! Foreign files are parsed in a child process, where a crash, a runaway or a hunger for memory takes nothing down.
//!
//! The child is this same program with the hidden first argument [`SUBCOMMAND`]. Before it looks at the file it gives up
//! memory, time, core dumps, writing files and opening many of them; it gets the file on its standard input, has no
//! environment and no database, and answers on its standard output. The parent bounds time, answer and number of children.
//!
//! Protocol: the request is the length of a JSON header (4 bytes, little endian), the header, and the file; the answer
//! is one JSON value. Both ends are always the same build, so it carries no version.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use sakimori_interop::SourceLine;
use sakimori_interop::files::{CellBook, FileError, FileProblem, Format, Limits, SourceText, read_cells, read_file};
use sakimori_interop::workbook::{self, CellLimits, ReadError, SheetCells};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// The hidden first argument of the program that makes it a reader. `main` must look for it before anything else, above
/// all before it starts threads: call [`child_main`] and return.
pub const SUBCOMMAND: &str = "read-foreign";

/// Children at one time. Each may take [`MEMORY_BYTES`], so this bounds what all uploads together can take.
const CHILDREN: usize = 2;
/// Address space of a child. Honest documents stay below 150 MB; the program itself maps some of it.
const MEMORY_BYTES: u64 = 1 << 30;
/// Processor seconds of a child.
const CPU_SECONDS: u64 = 30;
/// Files a child may have open: its three streams and what the system's libraries read at start.
const OPEN_FILES: u64 = 16;
/// How long the whole reading may take, waiting for a free place included.
const WALL_CLOCK: Duration = Duration::from_secs(60);
/// Bytes of an answer. Text is bounded before (16 MiB); JSON adds quotes, places and escapes.
const ANSWER_BYTES: u64 = 96 << 20;
/// Bytes of a request's header.
const HEADER_BYTES: u32 = 64 << 10;

static PLACES: Semaphore = Semaphore::const_new(CHILDREN);

/// Why a foreign file was not read.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The reader understood what is wrong with the file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The reader understood what is wrong with a workbook of answers.
    #[error(transparent)]
    Answers(#[from] ReadError),
    /// The reader was killed by its limits or fell over: the file is hostile or meets a fault of ours.
    #[error("reading the file ended abnormally ({how}); the file was refused, nothing else was affected")]
    Died { how: Death },
    /// The child could not be started or spoken to: a fault of the installation.
    #[error(
        "the reader of foreign files could not be started ({0}); check the memory and process limits of the service"
    )]
    Start(#[source] std::io::Error),
    /// The child's answer was not understood: a fault of the program.
    #[error("the reader of foreign files gave an answer that could not be understood ({0}); please report this")]
    Answer(#[source] serde_json::Error),
}

/// How a reader ended that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// It took more time than allowed.
    Time,
    /// It asked for more memory than allowed, or crashed.
    Crash { signal: Option<i32>, status: Option<i32> },
    /// It answered with more than allowed.
    Flood,
}

impl std::fmt::Display for Death {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Time => f.write_str("it took too long"),
            Self::Crash { signal: Some(signal), .. } => write!(f, "it was stopped by signal {signal}"),
            Self::Crash { status, .. } => write!(f, "it stopped with status {}", status.unwrap_or(-1)),
            Self::Flood => f.write_str("its answer was too long"),
        }
    }
}

impl SandboxError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Answers(_) => "workbook.unreadable",
            Self::Died { how: Death::Time } => "file.too-slow",
            Self::Died { .. } => "file.reader-died",
            Self::Start(_) => "sandbox.start",
            Self::Answer(_) => "sandbox.answer",
        }
    }

    /// What happened, in Japanese.
    pub fn ja(&self) -> String {
        match self {
            Self::File(error) => error.ja(),
            Self::Answers(error) => error.ja(),
            Self::Died { how: Death::Time } => {
                "ファイルの読み取りが制限時間内に終わらないため、中止しました。".to_owned()
            }
            Self::Died { .. } => {
                "ファイルの読み取りが異常終了したため、受け付けませんでした。他の処理に影響はありません。".to_owned()
            }
            Self::Start(error) => format!("ファイルの読み取り処理を開始できません（{error}）。"),
            Self::Answer(error) => format!("ファイルの読み取り結果を解釈できません（{error}）。"),
        }
    }

    /// What the person can do now, in Japanese.
    pub fn next_ja(&self) -> &'static str {
        match self {
            Self::File(error) => error.next_ja(),
            // The sentence itself says what to do.
            Self::Answers(_) => "",
            Self::Died { .. } => "元のソフトで開いて保存し直すか、テキスト形式で書き出してください。",
            Self::Start(_) | Self::Answer(_) => "この文を添えて管理者に知らせてください。",
        }
    }
}

/// What a child is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    /// The lines of a document.
    Document { name: String, limits: Limits },
    /// The cells of a workbook.
    Workbook { name: String, limits: Limits },
    /// The cells of a workbook or CSV file of answers, with the kind of each.
    Answers { name: String, limits: Limits },
}

impl Request {
    fn limits(&self) -> &Limits {
        match self {
            Self::Document { limits, .. } | Self::Workbook { limits, .. } | Self::Answers { limits, .. } => limits,
        }
    }
}

/// Lines as they cross the border: text, page, line.
#[derive(Debug, Serialize, Deserialize)]
struct DocumentAnswer {
    format: Format,
    lines: Vec<(String, u32, u32)>,
    problems: Vec<FileProblem>,
}

/// Reads a document in a child process. `exe` is the path of this program.
///
/// # Errors
/// [`SandboxError::File`] for what is wrong with the file; the others when the child gave no answer.
pub async fn read_in_child(exe: &Path, name: &str, bytes: &[u8], limits: &Limits) -> Result<SourceText, SandboxError> {
    read_in_child_within(exe, name, bytes, limits, WALL_CLOCK).await
}

/// As [`read_in_child`], with a time of its own.
///
/// # Errors
/// As [`read_in_child`].
pub async fn read_in_child_within(
    exe: &Path,
    name: &str,
    bytes: &[u8],
    limits: &Limits,
    wall_clock: Duration,
) -> Result<SourceText, SandboxError> {
    let request = Request::Document { name: name.to_owned(), limits: *limits };
    let answer: DocumentAnswer = ask::<_, FileError>(exe, &request, bytes, wall_clock).await?;
    let lines = answer.lines.into_iter().map(|(text, page, line)| SourceLine { text, page, line }).collect();
    Ok(SourceText { format: answer.format, lines, problems: answer.problems })
}

/// Reads the cells of a workbook in a child process. `exe` is the path of this program.
///
/// # Errors
/// As [`read_in_child`].
pub async fn workbook_in_child(
    exe: &Path,
    name: &str,
    bytes: &[u8],
    limits: &Limits,
) -> Result<CellBook, SandboxError> {
    ask::<_, FileError>(exe, &Request::Workbook { name: name.to_owned(), limits: *limits }, bytes, WALL_CLOCK).await
}

/// Reads a workbook (.xlsx) or CSV file of answers in a child process, with the limits of such files.
///
/// # Errors
/// [`SandboxError::Answers`] for what is wrong with the file; the others when the child gave no answer.
pub async fn answers_in_child(exe: &Path, name: &str, bytes: &[u8]) -> Result<Vec<SheetCells>, SandboxError> {
    let limits = Limits { bytes: CellLimits::default().file_bytes, ..Limits::default() };
    ask::<_, ReadError>(exe, &Request::Answers { name: name.to_owned(), limits }, bytes, WALL_CLOCK).await
}

async fn ask<A: for<'de> Deserialize<'de>, E: for<'de> Deserialize<'de> + Into<SandboxError>>(
    exe: &Path,
    request: &Request,
    bytes: &[u8],
    wall_clock: Duration,
) -> Result<A, SandboxError> {
    let (size, limit) = (bytes.len() as u64, request.limits().bytes);
    // Refused here already, so that a huge file does not even start a child.
    if size > limit {
        return Err(FileError::TooLarge { bytes: size, limit }.into());
    }
    let answer = tokio::time::timeout(wall_clock, async {
        let _place = PLACES.acquire().await.map_err(|error| SandboxError::Start(std::io::Error::other(error)))?;
        converse(exe, request, bytes).await
    })
    .await
    .map_err(|_| SandboxError::Died { how: Death::Time })??;
    serde_json::from_slice::<Result<A, E>>(&answer).map_err(SandboxError::Answer)?.map_err(Into::into)
}

/// Starts a child, sends the request while it reads, and takes its answer. Dropping the child kills it.
async fn converse(exe: &Path, request: &Request, bytes: &[u8]) -> Result<Vec<u8>, SandboxError> {
    let mut child = start(exe).map_err(SandboxError::Start)?;
    let header = serde_json::to_vec(request).map_err(SandboxError::Answer)?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(SandboxError::Start(std::io::Error::other("no pipe to the reader")));
    };
    let send = async move {
        // A child that died or has read enough closes the pipe; its answer or its death says why.
        let length = u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes();
        let _ = input.write_all(&length).await;
        let _ = input.write_all(&header).await;
        let _ = input.write_all(bytes).await;
        let _ = input.shutdown().await;
    };
    let mut answer = Vec::new();
    let mut output = output.take(ANSWER_BYTES + 1);
    let ((), read) = tokio::join!(send, output.read_to_end(&mut answer));
    read.map_err(SandboxError::Start)?;
    if answer.len() as u64 > ANSWER_BYTES {
        return Err(SandboxError::Died { how: Death::Flood });
    }
    let status = child.wait().await.map_err(SandboxError::Start)?;
    match status.success() {
        true => Ok(answer),
        false => Err(SandboxError::Died { how: death(status) }),
    }
}

fn start(exe: &Path) -> std::io::Result<Child> {
    Command::new(exe)
        .arg(SUBCOMMAND)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

#[cfg(unix)]
fn death(status: ExitStatus) -> Death {
    use std::os::unix::process::ExitStatusExt;
    // The kernel sends SIGXCPU (24) at the processor limit, and SIGKILL one second later.
    match status.signal() {
        Some(24) => Death::Time,
        signal => Death::Crash { signal, status: status.code() },
    }
}

#[cfg(not(unix))]
fn death(status: ExitStatus) -> Death {
    Death::Crash { signal: None, status: status.code() }
}

/// What the hidden subcommand does: gives up its rights, reads one request from standard input and answers.
pub fn child_main() -> ExitCode {
    if confine().is_err() {
        return ExitCode::from(3);
    }
    match serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(4),
    }
}

/// Sets the limits of this process; soft and hard, so that nothing can lift them again.
#[cfg(unix)]
fn confine() -> std::io::Result<()> {
    use rlimit::Resource;
    let limits = [
        (Resource::AS, MEMORY_BYTES, MEMORY_BYTES),
        (Resource::CPU, CPU_SECONDS, CPU_SECONDS + 1),
        (Resource::CORE, 0, 0),
        (Resource::FSIZE, 0, 0),
        (Resource::NOFILE, OPEN_FILES, OPEN_FILES),
    ];
    limits.into_iter().try_for_each(|(resource, soft, hard)| {
        // A stricter limit of the service holds.
        let (_, most) = resource.get()?;
        resource.set(soft.min(most), hard.min(most))
    })
}

#[cfg(not(unix))]
fn confine() -> std::io::Result<()> {
    Ok(())
}

fn serve(input: &mut impl Read, output: &mut impl Write) -> std::io::Result<()> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > HEADER_BYTES {
        return Err(std::io::Error::other("the header is too long"));
    }
    let mut header = vec![0; length as usize];
    input.read_exact(&mut header)?;
    let request: Request = serde_json::from_slice(&header)?;
    let mut bytes = Vec::new();
    input.take(request.limits().bytes + 1).read_to_end(&mut bytes)?;
    let mut output = std::io::BufWriter::new(output);
    match request {
        Request::Document { name, limits } => {
            let answer = read_file(&name, &bytes, &limits).map(|text| DocumentAnswer {
                format: text.format,
                lines: text.lines.into_iter().map(|line| (line.text, line.page, line.line)).collect(),
                problems: text.problems,
            });
            serde_json::to_writer(&mut output, &answer)?;
        }
        Request::Workbook { name, limits } => serde_json::to_writer(&mut output, &read_cells(&name, &bytes, &limits))?,
        Request::Answers { name, .. } => serde_json::to_writer(&mut output, &read_answers(&name, &bytes))?,
    }
    output.flush()
}

/// What a zip or an old Office file begins with is a workbook; anything else is text.
fn read_answers(name: &str, bytes: &[u8]) -> Result<Vec<SheetCells>, ReadError> {
    let limits = CellLimits::default();
    match bytes {
        [b'P', b'K', ..] | [0xD0, 0xCF, 0x11, 0xE0, ..] => workbook::read_cells(bytes, &limits),
        _ => workbook::read_delimited(bytes, name, &limits).map(|sheet| vec![sheet]),
    }
}
