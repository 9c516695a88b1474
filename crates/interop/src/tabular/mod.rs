//! Documents whose substance is in flattened tables: readers that a profile selects with `reader = "<name>"`.
//!
//! Text extraction tears tables apart: columns follow each other, titles stand at the foot of the page. What a document's
//! tables look like is data in its profile ([`spec`]); the mechanisms are here: cells found by their first words
//! ([`flow`], [`cut`]), rows with levels under displaced titles ([`levels`], [`align`]), outlines ([`outline`]), evidence
//! ([`evidence`]), case studies ([`incidents`]) and theme slides ([`themes`]).

mod align;
mod cut;
mod evidence;
mod flow;
mod incidents;
mod levels;
mod outline;
mod spec;
mod themes;

use sakimori_domain::standards::{Catalogue, Problem, Provision, ProvisionKind, Record, Strength};

use crate::grammar::Profile;
use crate::source::SourceLine;
use spec::{Part, PartKind, Spec};

/// The names that `reader` may have besides `grammar`.
pub const READERS: &[&str] = &["tables"];

/// Reads a document with the table reader that its profile names; `None` where there is no such reader.
pub fn read(profile: &Profile, lines: &[SourceLine]) -> Option<Catalogue> {
    if !READERS.contains(&profile.reader()) {
        return None;
    }
    let mut out = Out::default();
    match Spec::of(profile.raw()) {
        Ok(spec) => read_parts(&spec, lines, &mut out),
        Err(fault) => out.problem(0, "unsound-profile", format!("表の文法に誤りがあります: {fault}")),
    }
    Some(out.finish())
}

/// Faults of the table part of a profile; `None` when it is sound.
pub fn fault(raw: &toml::Table) -> Option<String> {
    Spec::of(raw).err()
}

/// What the parts of a document have given so far.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub provisions: Vec<Provision>,
    pub records: Vec<Record>,
    pub problems: Vec<Problem>,
    /// Paths that the document cites itself, with their titles.
    pub cited: Vec<(String, String)>,
    noise: usize,
    noise_line: u32,
}

impl Out {
    pub fn problem(&mut self, line: u32, code: &str, message: impl Into<String>) {
        self.problems.push(Problem { line, code: code.to_owned(), message: message.into() });
    }

    pub fn record(&mut self, table: &str, line: u32, cells: Vec<(&str, String)>) {
        let cells = cells.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        self.records.push(Record { table: table.to_owned(), cells, line });
    }

    /// Counts the lines of a page that were taken out as running heads.
    fn count_noise(&mut self, page: &Page<'_>, kept: bool) {
        let removed = if kept { 0 } else { page.raw.len() - page.lines.len() };
        if removed > 0 && self.noise == 0 {
            self.noise_line = page.raw.first().map_or(0, |line| line.line);
        }
        self.noise += removed;
    }

    /// What a page has that nothing understood, each with its place.
    pub fn leftovers(&mut self, flow: &flow::Flow<'_>) {
        for (line, text) in flow.leftovers() {
            self.problem(line, "unplaced", format!("表のどの欄か分からない文字があります: {text}"));
        }
    }

    /// Finds a node or adds it behind the others.
    pub fn node(&mut self, id: &str, kind: ProvisionKind) -> &mut Provision {
        let at = self.provisions.iter().position(|p| p.id == id).unwrap_or_else(|| {
            let mut provision = Provision::new(id, kind, "");
            provision.parent = id.rsplit_once('/').map(|(parent, _)| parent.to_owned());
            self.provisions.push(provision);
            self.provisions.len() - 1
        });
        &mut self.provisions[at]
    }

    fn finish(mut self) -> Catalogue {
        if self.noise > 0 {
            let message = format!("柱・ページ番号などとして {} 行を除きました。", self.noise);
            self.problem(self.noise_line, "noise-removed", message);
        }
        let ids: std::collections::HashSet<String> = self.provisions.iter().map(|p| p.id.clone()).collect();
        for provision in &mut self.provisions {
            if provision.parent.as_ref().is_some_and(|parent| !ids.contains(parent)) {
                provision.parent = None;
            }
        }
        Catalogue {
            provisions: self.provisions,
            records: self.records,
            problems: self.problems,
            ..Catalogue::default()
        }
    }
}

/// The lines of one printed page without the running heads.
pub(crate) struct Page<'a> {
    pub lines: Vec<&'a SourceLine>,
    /// The same with the running heads, for parts that have none.
    pub raw: Vec<&'a SourceLine>,
    squeezed: String,
}

/// Strength of a requirement from its wording alone.
pub(crate) fn strength(text: &str) -> Strength {
    let text = text.trim_end_matches(['。', '．', ' ', '　']);
    if text.ends_with("望ましい") || text.ends_with("好ましい") {
        Strength::Recommended
    } else if text.ends_with("こと") {
        Strength::Required
    } else if text.ends_with("検討") || text.ends_with("検討する") {
        Strength::Consider
    } else {
        Strength::None
    }
}

fn read_parts(spec: &Spec, lines: &[SourceLine], out: &mut Out) {
    let numbered = number_pages(spec, lines);
    let pages = split_pages(spec, &numbered);
    let mut run: Vec<(usize, Vec<&Page<'_>>)> = Vec::new();
    let mut themes: Vec<&Page<'_>> = Vec::new();
    let mut next_from = 0;
    let mut with_heads = false;
    for page in &pages {
        let starts = (next_from..spec.parts.len())
            .find(|&i| !spec.parts[i].from.is_empty() && spec::pattern(&spec.parts[i].from).is_match(&page.squeezed));
        if let Some(part) = starts {
            run.push((part, vec![page]));
            next_from = part + 1;
            with_heads = spec.parts[part].kind == PartKind::Incidents;
            out.count_noise(page, with_heads);
            continue;
        }
        out.count_noise(page, with_heads);
        let on = |part: &&Part| !part.page.is_empty() && spec::pattern(&part.page).is_match(&page.squeezed);
        let (shared, own): (Vec<&Part>, Vec<&Part>) = spec.parts.iter().filter(on).partition(|part| part.shared);
        for part in shared {
            outline::read_cells(&[part], page, out);
        }
        if !own.is_empty() {
            outline::read_cells(&own, page, out);
        } else if let Some((_, open)) = run.last_mut() {
            open.push(page);
        } else {
            themes.push(page);
        }
    }
    if !spec.themes.head.is_empty() {
        themes::read(spec, &themes, out);
    } else {
        for page in &themes {
            out.leftovers(&flow::Flow::new(&page.lines));
        }
    }
    for (index, pages) in run {
        let part = &spec.parts[index];
        match part.kind {
            PartKind::Incidents => incidents::read(spec, &pages, out),
            PartKind::Levels => levels::read(spec, part, &pages, out),
            PartKind::Outline => outline::read(spec, part, &pages, out),
            PartKind::Cells | PartKind::Themes => pages.iter().for_each(|page| outline::read_cells(&[part], page, out)),
        }
    }
}

/// Gives every line its page where the text has none: a page starts with one blank directly behind another line.
fn number_pages(spec: &Spec, lines: &[SourceLine]) -> Vec<SourceLine> {
    if lines.iter().any(|line| line.page > 0) {
        return lines.to_vec();
    }
    let also = spec::pattern(spec.pages.also.as_deref().unwrap_or_default());
    let never = spec::pattern(spec.pages.never.as_deref().unwrap_or_default());
    let mut page = spec.pages.first;
    let mut numbered = Vec::with_capacity(lines.len());
    let mut before_is_text = false;
    for (index, line) in lines.iter().enumerate() {
        let mut chars = line.text.chars();
        let one_blank = chars.next() == Some(' ') && chars.next().is_some_and(|c| !c.is_whitespace());
        let starts = (one_blank && before_is_text && !never.is_match(&line.text)) || also.is_match(&line.text);
        if starts && index > 0 {
            page = page.saturating_add(1);
        }
        before_is_text = !line.text.is_empty();
        numbered.push(SourceLine { page, ..line.clone() });
    }
    numbered
}

fn split_pages<'a>(spec: &Spec, lines: &'a [SourceLine]) -> Vec<Page<'a>> {
    let noise: Vec<_> = spec.noise.iter().map(|n| spec::pattern(n)).collect();
    let mut pages: Vec<Page<'a>> = Vec::new();
    let mut number = None;
    for line in lines {
        if number != Some(line.page) {
            pages.push(Page { lines: Vec::new(), raw: Vec::new(), squeezed: String::new() });
            number = Some(line.page);
        }
        let Some(page) = pages.last_mut() else { continue };
        let squeezed = flow::squeezed(&line.text);
        page.squeezed.push_str(&squeezed);
        page.raw.push(line);
        if squeezed.is_empty() || !noise.iter().any(|n| n.is_match(&squeezed)) {
            page.lines.push(line);
        }
    }
    let blocks: Vec<_> = spec.noise_blocks.iter().map(|n| spec::pattern(n)).collect();
    pages.iter_mut().for_each(|page| drop_blocks(page, &blocks));
    pages
}

/// Takes whole blocks that are running heads out of a page.
fn drop_blocks(page: &mut Page<'_>, noise: &[regex::Regex]) {
    let blank = |line: &&SourceLine| line.text.trim().is_empty();
    let mut kept = Vec::with_capacity(page.lines.len());
    for block in page.lines.chunk_by(|a, b| !blank(a) && !blank(b)) {
        let squeezed: String = block.iter().map(|line| flow::squeezed(&line.text)).collect();
        if squeezed.is_empty() || !noise.iter().any(|n| n.is_match(&squeezed)) {
            kept.extend_from_slice(block);
        }
    }
    page.lines = kept;
}
