//! Text and its encoding. Detection is sure or refuses: text that was decoded wrongly would be stored as garbage.
//!
//! The order: a byte order mark decides; then ISO-2022-JP, whose escape sequences occur nowhere else; then valid UTF-8;
//! then Shift_JIS (CP932) and EUC-JP, of which exactly one must decode without an error into plausible Japanese.

use encoding_rs::{DecoderResult, EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::output::Lines;
use super::{FileError, Format, Limits, SourceText, TextEncoding, html};

/// Reads plain text or, where it begins like one, an HTML document.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<SourceText, FileError> {
    let (text, encoding) = decode(bytes, declared(bytes))?;
    if html::looks_like(&text) {
        return html::read(&text, limits);
    }
    refuse_binary(&text)?;
    Ok(SourceText { format: Format::Text(encoding), lines: lines(&text, limits)?, problems: Vec::new() })
}

/// Splits text into lines as [`crate::source::lines_of`] does, which the grammars are checked with; a form feed starts the
/// next page, as `pdftotext` and printers have it. A line keeps its number in the file.
fn lines(text: &str, limits: &Limits) -> Result<Vec<crate::SourceLine>, FileError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut bounded = Lines::new(limits);
    text.split('\n').try_for_each(|line| bounded.push(line))?;
    drop(bounded);
    let mut lines = crate::source::lines_of(&text);
    while lines.last().is_some_and(|line| line.text.trim().is_empty()) {
        lines.pop();
    }
    Ok(lines)
}

/// Control characters mean that this is no text, whatever its bytes decode to.
fn refuse_binary(text: &str) -> Result<(), FileError> {
    let text = text.trim_end_matches('\u{1a}');
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}');
    match text.char_indices().find(|(_, c)| control(*c)) {
        None => Ok(()),
        Some((at, c)) => {
            let line = text[..at].matches('\n').count() + 1;
            Err(FileError::UnknownFormat { found: format!("control character U+{:04X} in line {line}", c as u32) })
        }
    }
}

/// Decodes text.
fn decode(bytes: &[u8], declared: Option<TextEncoding>) -> Result<(String, TextEncoding), FileError> {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        let name = of(encoding).unwrap_or(TextEncoding::Utf8);
        let text = strict(encoding, &bytes[bom..]).map_err(|at| wrong(name, bytes, bom + at))?;
        return Ok((text, name));
    }
    if bytes.contains(&0) {
        return Err(FileError::UnknownFormat { found: "zero bytes".to_owned() });
    }
    if has_jis_escape(bytes) && bytes.is_ascii() {
        let text = strict(ISO_2022_JP, bytes).map_err(|at| wrong(TextEncoding::Iso2022Jp, bytes, at))?;
        return Ok((text, TextEncoding::Iso2022Jp));
    }
    let invalid = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok((text.to_owned(), TextEncoding::Utf8)),
        Err(error) => error,
    };
    if mostly_utf8(bytes) || declared == Some(TextEncoding::Utf8) {
        return Err(match invalid.error_len() {
            None => FileError::Truncated {
                format: Format::Text(TextEncoding::Utf8),
                detail: "the last letter is incomplete".to_owned(),
            },
            Some(_) => wrong(TextEncoding::Utf8, bytes, invalid.valid_up_to()),
        });
    }
    decode_legacy(bytes, declared)
}

/// Shift_JIS or EUC-JP, or a refusal.
fn decode_legacy(bytes: &[u8], declared: Option<TextEncoding>) -> Result<(String, TextEncoding), FileError> {
    let tried = [(TextEncoding::ShiftJis, SHIFT_JIS), (TextEncoding::EucJp, EUC_JP)]
        .map(|(name, encoding)| (name, strict(encoding, bytes)));
    if let Some((name, result)) = tried.iter().find(|(name, _)| Some(*name) == declared) {
        return match result {
            Ok(text) => Ok((text.clone(), *name)),
            Err(at) => Err(wrong(*name, bytes, *at)),
        };
    }
    let unsure = || FileError::UnsureEncoding { tried: "UTF-8, Shift_JIS, EUC-JP".to_owned() };
    let score = |result: &Result<String, usize>| result.as_ref().map_or(0.0, |text| japanese(text));
    let (sjis, euc) = (score(&tried[0].1), score(&tried[1].1));
    let [(_, sjis_text), (_, euc_text)] = tried;
    match (sjis_text, euc_text) {
        (Ok(text), _) if sjis >= SURE && sjis > euc + MARGIN => Ok((text, TextEncoding::ShiftJis)),
        (_, Ok(text)) if euc >= SURE && euc > sjis + MARGIN => Ok((text, TextEncoding::EucJp)),
        (Err(sjis), Err(euc)) => Err(nearest(bytes, sjis, euc).unwrap_or_else(unsure)),
        _ => Err(unsure()),
    }
}

/// The score from which decoded text is taken for Japanese, and the lead it must have over the other encoding.
const SURE: f64 = 0.7;
const MARGIN: f64 = 0.2;

/// Which encoding the text has that both refuse: the one whose decoding of what precedes its error is good Japanese.
fn nearest(bytes: &[u8], sjis: usize, euc: usize) -> Option<FileError> {
    let good =
        |encoding, at: usize| at >= 64 && strict(encoding, &bytes[..at]).is_ok_and(|text| japanese(&text) >= SURE);
    let candidates = [(TextEncoding::ShiftJis, SHIFT_JIS, sjis), (TextEncoding::EucJp, EUC_JP, euc)];
    let best = candidates.into_iter().filter(|(_, encoding, at)| good(*encoding, *at)).max_by_key(|(_, _, at)| *at);
    best.map(|(name, _, at)| wrong(name, bytes, at))
}

/// How much text looks like Japanese, 0.0 … 1.0: the share of its letters beyond ASCII that are kana, kanji or full-width
/// signs, where half-width kana count against it (another encoding decodes into them), and text of some length without
/// any kana counts nothing (Chinese decodes without an error too).
fn japanese(text: &str) -> f64 {
    let (mut total, mut kana, mut other) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut half_width = 0.0_f64;
    for c in text.chars().filter(|c| !c.is_ascii()) {
        total += 1.0;
        match c {
            '\u{3040}'..='\u{30ff}' | '\u{3000}'..='\u{3002}' => kana += 1.0,
            '\u{4e00}'..='\u{9fff}' | '\u{3003}'..='\u{303f}' | '\u{ff01}'..='\u{ff60}' => other += 1.0,
            // Signs of JIS X 0208 and of the CP932 extensions: arrows, circled digits, box drawing, units.
            '\u{2010}'..='\u{27bf}' | '\u{3200}'..='\u{33ff}' | '\u{ffe0}'..='\u{ffe6}' => other += 1.0,
            '\u{ff61}'..='\u{ff9f}' => half_width += 1.0,
            _ => {}
        }
    }
    if total == 0.0 || (total >= 40.0 && kana / total < 0.05) {
        return 0.0;
    }
    // Half-width kana are honest only in the company of full-width kana.
    let honest = half_width.min(kana);
    (kana + other + honest) / total
}

/// Whether the multi-byte sequences that are good UTF-8 far outnumber the bad bytes, which no other encoding gives.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good >= 10 * bad.max(1)
}

fn has_jis_escape(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|window| matches!(window, b"\x1b$B" | b"\x1b$@" | b"\x1b(J" | b"\x1b(I"))
}

/// Decodes without replacing anything; the offset of the first bad byte otherwise.
fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    text.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::Malformed(bad, after) => Err(read.saturating_sub(usize::from(bad) + usize::from(after))),
        DecoderResult::OutputFull => Err(read),
    }
}

fn wrong(encoding: TextEncoding, bytes: &[u8], at: usize) -> FileError {
    let before = &bytes[..at.min(bytes.len())];
    let breaks = match encoding {
        TextEncoding::Utf16Le => before.chunks_exact(2).filter(|unit| unit == b"\n\0").count(),
        TextEncoding::Utf16Be => before.chunks_exact(2).filter(|unit| unit == b"\0\n").count(),
        _ => before.iter().filter(|byte| **byte == b'\n').count(),
    };
    FileError::WrongEncoding { encoding: encoding.to_string(), offset: at as u64, line: breaks as u64 + 1 }
}

/// The encoding that an HTML or XML document declares in its first kilobyte.
fn declared(bytes: &[u8]) -> Option<TextEncoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let at = head.find("charset=").map(|at| at + 8).or_else(|| head.find("encoding=").map(|at| at + 9))?;
    if !head.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        return None;
    }
    let label = head[at..].trim_start_matches(['"', '\'', ' ']);
    let end = label.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(label.len());
    of(Encoding::for_label(&label.as_bytes()[..end])?)
}

fn of(encoding: &'static Encoding) -> Option<TextEncoding> {
    [
        (UTF_8, TextEncoding::Utf8),
        (UTF_16LE, TextEncoding::Utf16Le),
        (UTF_16BE, TextEncoding::Utf16Be),
        (SHIFT_JIS, TextEncoding::ShiftJis),
        (EUC_JP, TextEncoding::EucJp),
        (ISO_2022_JP, TextEncoding::Iso2022Jp),
    ]
    .into_iter()
    .find(|(candidate, _)| *candidate == encoding)
    .map(|(_, name)| name)
}
