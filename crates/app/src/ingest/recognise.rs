//! Which document is it? The best fitting grammar, and what it reads.

use std::path::Path;

use sakimori_domain::standards::{Catalogue, Problem};
use sakimori_interop::files::{FileError, FileProblem, Limits, SourceText};
use sakimori_interop::grammar::{Correction, ReadLine, read_corrected};
use sakimori_interop::{Fit, Profile, ProfileFault, SourceLine, best_fit};
use sha2::{Digest, Sha256};

use super::structured;
use crate::identity::hex;
use crate::sandbox::{SandboxError, read_in_child};
use crate::{AppError, Refusal, RefusalKind, Result};

/// Share of what a grammar expects that a document must have (0 … 1).
pub const FIT_MIN: f64 = 0.5;
/// Headings that the generic grammar must find.
const HEADINGS_MIN: usize = 3;
/// Faults of a grammar that one message names.
const FAULTS_NAMED: usize = 5;
/// Name of the grammar for documents of no known family.
const GENERIC: &str = "generic";
/// Longest first line that is taken for the document's title, in characters.
const TITLE_MAX: usize = 60;

/// Which grammar reads a document.
#[derive(Debug, Clone)]
pub enum Grammar {
    BestFit,
    BuiltIn(&'static Profile),
    Own(Box<Profile>),
}

/// A document that was understood; nothing of it is stored yet.
#[derive(Debug, Clone)]
pub struct Recognised {
    pub file_name: String,
    /// SHA-256 of the file, hexadecimal.
    pub file_hash: String,
    /// Kind of file in words, e.g. `text (Shift_JIS)`.
    pub format: String,
    pub profile: String,
    pub profile_title: String,
    pub fit: Fit,
    /// Every built-in grammar with its fit, best first.
    pub fits: Vec<(String, Fit)>,
    /// What was read, its problems included.
    pub catalogue: Catalogue,
    /// The document's own title, as far as it can be told.
    pub title: String,
}

impl Recognised {
    /// The fit in whole per cent.
    pub fn per_cent(&self) -> i64 {
        per_cent(&self.fit)
    }
}

fn per_cent(fit: &Fit) -> i64 {
    (fit.share * 100.0).round() as i64
}

/// The grammar of a name that ships with the product.
///
/// # Errors
/// An unknown name; the message lists the known ones.
pub fn grammar_of(name: &str) -> Result<Grammar> {
    let built_in = Profile::built_in();
    if let Some(profile) = built_in.iter().find(|profile| profile.name() == name) {
        return Ok(Grammar::BuiltIn(profile));
    }
    let known: Vec<&str> = built_in.iter().map(Profile::name).collect();
    let known = known.join(", ");
    Err(Refusal::invalid(
        "unknown-grammar",
        format!("取込文法「{name}」はありません。"),
        format!("There is no import grammar \"{name}\"."),
    )
    .next(format!("次から選んでください: {known}"), format!("Choose one of: {known}"))
    .into())
}

/// A grammar of the person's own.
///
/// # Errors
/// Its faults, with their lines.
pub fn own_grammar(toml: &str) -> Result<Grammar> {
    let faults = match Profile::parse(toml) {
        Ok(profile) => return Ok(Grammar::Own(Box::new(profile))),
        Err(faults) => faults,
    };
    let list =
        |word: fn(&ProfileFault) -> String| faults.iter().take(FAULTS_NAMED).map(word).collect::<Vec<_>>().join(" ");
    Err(Refusal::invalid(
        "grammar-faults",
        format!(
            "取込文法に {} 件の誤りがあります。{}",
            faults.len(),
            list(|f| format!("{}行目 {}: {}", f.line, f.key, f.ja))
        ),
        format!(
            "The import grammar has {} faults. {}",
            faults.len(),
            list(|f| format!("Line {} {}: {}", f.line, f.key, f.en))
        ),
    )
    .next(
        "直して選び直してください。`sakimori profile check` で確かめられます。",
        "Mend it; `sakimori profile check` tells all faults.",
    )
    .into())
}

/// A document whose lines are known and whose grammar is chosen.
#[derive(Debug, Clone)]
pub struct Document {
    pub file_name: String,
    pub file_hash: String,
    pub text: SourceText,
    pub profile: Profile,
    /// Every built-in grammar with its fit, best first.
    pub fits: Vec<(String, Fit)>,
    /// The document's own title, as far as it can be told.
    pub title: String,
}

impl Document {
    /// What corrections of this document and of its other editions are kept under: the Standard that the grammar names,
    /// else the title without edition, year and brackets.
    pub fn standard(&self) -> String {
        let of_grammar = self.profile.edition().standard;
        if of_grammar.is_empty() { format!("title:{}", title_stem(&self.title)) } else { of_grammar }
    }

    /// Reads it with what people have said of its lines.
    ///
    /// # Errors
    /// Nothing at all was understood.
    pub fn read(&self, corrections: &[Correction]) -> Result<(Recognised, Vec<ReadLine>)> {
        let reading = read_corrected(&self.profile, &self.text.lines, corrections);
        let mut catalogue = reading.catalogue;
        if catalogue.provisions.is_empty() {
            return Err(not_recognised(&self.fits).into());
        }
        let lost = |problem: &FileProblem| Problem { line: 0, code: problem.code().to_owned(), message: problem.ja() };
        catalogue.problems.splice(0..0, self.text.problems.iter().map(lost));
        let recognised = Recognised {
            title: self.title.clone(),
            file_name: self.file_name.clone(),
            file_hash: self.file_hash.clone(),
            format: self.text.format.to_string(),
            profile: self.profile.name().to_owned(),
            profile_title: self.profile.title().to_owned(),
            fit: reading.fit,
            fits: self.fits.clone(),
            catalogue,
        };
        Ok((recognised, reading.lines))
    }
}

/// A title without what changes from edition to edition.
fn title_stem(title: &str) -> String {
    let folded = sakimori_domain::text::number_id(title);
    let mut depth = 0_usize;
    let bare: String = folded
        .chars()
        .filter(|c| {
            depth += usize::from(matches!(c, '(' | '〔' | '【' | '['));
            let is_outside = depth == 0;
            if matches!(c, ')' | '〕' | '】' | ']') {
                depth = depth.saturating_sub(1);
            }
            is_outside
        })
        .collect();
    let bare = bare.split('第').enumerate().fold(String::new(), |mut out, (at, piece)| {
        match piece.split_once('版').filter(|(number, _)| at > 0 && number.chars().count() <= 4) {
            Some((_, rest)) => out.push_str(rest),
            None if at > 0 => {
                out.push('第');
                out.push_str(piece);
            }
            None => out.push_str(piece),
        }
        out
    });
    let stem: String = bare.chars().filter(|c| !c.is_ascii_digit()).collect();
    if stem.is_empty() { folded } else { stem }
}

/// Opens a document in a child process and chooses its grammar.
///
/// # Errors
/// What is wrong with the file, a grammar that does not fit; each with its next step.
pub async fn open(program: &Path, file_name: &str, bytes: &[u8], grammar: &Grammar) -> Result<Document> {
    let text = read_in_child(program, file_name, bytes, &Limits::default()).await.map_err(|error| refused(&error))?;
    let file_hash = hex(&Sha256::digest(bytes));
    let (file_name, grammar) = (file_name.to_owned(), grammar.clone());
    blocking(move || {
        let fits = best_fit(Profile::built_in(), &text.lines);
        let profile = choose(&grammar, &text.lines, &fits)?;
        let title = title(&text.lines, &file_name);
        Ok(Document { file_name, file_hash, profile, fits, title, text })
    })
    .await
}

/// Reads a document in a child process and finds out what it is, with what people have said of its lines.
///
/// # Errors
/// What is wrong with the file, a grammar that does not fit, a document without headings; each with its next step.
pub async fn recognise(
    program: &Path,
    file_name: &str,
    bytes: &[u8],
    grammar: &Grammar,
    corrections: &[Correction],
) -> Result<Recognised> {
    if let Some(recognised) = structured_of(program, file_name, bytes, grammar).await? {
        return Ok(recognised);
    }
    let document = open(program, file_name, bytes, grammar).await?;
    let corrections = corrections.to_vec();
    blocking(move || Ok(document.read(&corrections)?.0)).await
}

/// A structured document (OSCAL, JSON, a library), which has no lines to correct.
///
/// # Errors
/// A structured document with faults.
pub(super) async fn structured_of(
    program: &Path,
    file_name: &str,
    bytes: &[u8],
    grammar: &Grammar,
) -> Result<Option<Recognised>> {
    if !matches!(grammar, Grammar::BestFit) {
        return Ok(None);
    }
    let file_hash = hex(&Sha256::digest(bytes));
    structured::recognise(program, file_name, &file_hash, bytes).await
}

/// Runs what takes long beside the requests.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| AppError::Internal(format!("reading: {error}")))?
}

fn refused(error: &SandboxError) -> Refusal {
    let kind = match error {
        SandboxError::File(FileError::TooLarge { .. } | FileError::TooMany { .. } | FileError::ZipBomb { .. }) => {
            RefusalKind::Limit
        }
        _ => RefusalKind::Invalid,
    };
    // The English message of a file error has its next step in it.
    Refusal::new(kind, error.code(), error.ja(), error.to_string()).next(error.next_ja(), "")
}

fn choose(grammar: &Grammar, lines: &[SourceLine], fits: &[(String, Fit)]) -> Result<Profile> {
    let built_in = |name: &str| Profile::built_in().iter().find(|profile| profile.name() == name);
    let (profile, fit) = match grammar {
        Grammar::BestFit => {
            let best = fits.iter().find(|(name, fit)| name != GENERIC && fit.share >= FIT_MIN);
            let generic = fits.iter().find(|(name, fit)| name == GENERIC && fit.matched >= HEADINGS_MIN);
            let (name, fit) = best.or(generic).ok_or_else(|| not_recognised(fits))?;
            (built_in(name).ok_or_else(|| not_recognised(fits))?.clone(), fit.clone())
        }
        Grammar::BuiltIn(profile) => ((*profile).clone(), sakimori_interop::grammar::fit(profile, lines)),
        Grammar::Own(profile) => ((**profile).clone(), sakimori_interop::grammar::fit(profile, lines)),
    };
    // A grammar that expects nothing in particular is measured by the headings it finds.
    let is_fitting = if fit.expected == 0 { fit.matched > 0 } else { fit.share >= FIT_MIN };
    if is_fitting { Ok(profile) } else { Err(does_not_fit(&profile, &fit, fits).into()) }
}

fn does_not_fit(profile: &Profile, fit: &Fit, fits: &[(String, Fit)]) -> Refusal {
    let (name, share) = (profile.name(), per_cent(fit));
    let Fit { matched, found, expected, .. } = fit;
    let better = fits.iter().find(|(other, fit)| {
        other != name && (fit.share >= FIT_MIN || other == GENERIC && fit.matched >= HEADINGS_MIN)
    });
    let (next_ja, next_en) = match better {
        Some((other, fit)) => (
            format!(
                "「{other}」の方が合います（見出し {} 行、適合 {}%）。それを選ぶか、文法を指定せずに取り込んでください。",
                fit.matched,
                per_cent(fit)
            ),
            format!(
                "\"{other}\" fits better ({} heading lines, {}%): choose it, or leave the grammar open.",
                fit.matched,
                per_cent(fit)
            ),
        ),
        None => write_a_grammar(),
    };
    Refusal::invalid(
        "grammar-does-not-fit",
        format!("取込文法「{name}」はこの文書に合いません（適合 {share}%：あるはずの語句 {expected} 個のうち {found} 個、見出しの形の行 {matched} 行）。"),
        format!("The import grammar \"{name}\" does not fit this document ({share}%: {found} of {expected} expected phrases, {matched} heading lines)."),
    )
    .next(next_ja, next_en)
}

fn write_a_grammar() -> (String, String) {
    (
        "`sakimori profile suggest ファイル` で取込文法の下書きを作り、--profile で指定してください。".to_owned(),
        "Write a first grammar with `sakimori profile suggest FILE` and name it with --profile.".to_owned(),
    )
}

fn not_recognised(fits: &[(String, Fit)]) -> Refusal {
    let best = fits.first().map_or(String::new(), |(name, fit)| format!("{name} {}%", per_cent(fit)));
    let headings = fits.iter().find(|(name, _)| name == GENERIC).map_or(0, |(_, fit)| fit.matched);
    let (next_ja, next_en) = write_a_grammar();
    Refusal::invalid(
        "not-recognised",
        format!("文書の構成を読み取れません（最もよく合う文法: {best}、汎用の文法で見つかった見出し: {headings} 行）。"),
        format!("The structure of the document was not recognised (best grammar: {best}; headings found by the generic one: {headings})."),
    )
    .next(next_ja, next_en)
}

/// The first printed line if it is short enough to be a title, else the file's name without its ending.
fn title(lines: &[SourceLine], file_name: &str) -> String {
    let first = lines.iter().map(|line| line.text.trim()).find(|text| !text.is_empty());
    let is_title = |text: &&str| {
        let letters = text.chars().count();
        (4..=TITLE_MAX).contains(&letters)
            && !text.contains(['。', '\t'])
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    first.filter(is_title).unwrap_or(stem).chars().filter(|c| !c.is_control()).take(TITLE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::title_stem;

    #[test]
    fn editions_of_one_document_have_one_stem() {
        let stem = title_stem("架空の浮標指針");
        for other in ["架空の浮標指針（第二版）", "架空の浮標指針　第３版", "架空の浮標指針 2027"]
        {
            assert_eq!(title_stem(other), stem, "{other}");
        }
        assert_ne!(title_stem("架空の灯台指針"), stem);
        assert_eq!(title_stem("2027"), "2027");
    }
}
