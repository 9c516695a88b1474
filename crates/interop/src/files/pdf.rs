//! PDF to lines, one page at a time, with `hayro`: the interpreter that typst brings along anyway.
//!
//! It runs the drawing commands of a page as for printing, so text in forms, turned pages and all font kinds come out
//! with their places; fonts that are not embedded are told by Adobe's tables. No image is decoded and nothing is painted.

use hayro_interpret::font::Glyph;
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache, InterpreterSettings, Paint,
    PathDrawMode, SoftMask, TransformExt, interpret_page,
};
use kurbo::{Affine, BezPath, Point, Rect};
use unicode_normalization::UnicodeNormalization;

use super::cid::{self, CidFonts};
use super::layout::{self, Letter, Run};
use super::output::Lines;
use super::{Counted, FileError, FileProblem, Format, Limits, SourceText};

/// A document whose pages average fewer letters than this and that shows images is a scan with a stamp or page number.
const SCAN_LETTERS: u64 = 8;
/// More than one letter in this many unreadable: the text is useless.
const UNREADABLE_SHARE: u64 = 5;

/// Reads a PDF.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<SourceText, FileError> {
    check_end(bytes)?;
    let pdf = Pdf::new(bytes.to_vec()).map_err(load_error)?;
    let pages = pdf.pages();
    if pages.len() as u64 > limits.pages {
        return Err(FileError::TooMany { what: Counted::Pages, limit: limits.pages, line: None });
    }
    if pages.is_empty() {
        return Err(FileError::Damaged { format: Format::Pdf, detail: "no page was found".to_owned() });
    }
    let fonts = CidFonts::of(&pdf);
    let cache = InterpreterCache::new();
    let mut tally = Tally::default();
    let mut lines = Lines::new(limits);
    for (number, page) in (1..).zip(pages.iter()) {
        let mut reader = read_page(page, &pdf, &cache, &fonts, limits)?;
        tally.add(number, &reader);
        lines.set_page(number);
        for line in layout::lines(std::mem::take(&mut reader.letters)) {
            lines.push(&line)?;
        }
        lines.blank()?;
    }
    tally.check()?;
    Ok(SourceText { format: Format::Pdf, lines: lines.finish(), problems: tally.problems })
}

/// A complete PDF ends with its end mark, up to some bytes that mail programs and web servers append. Readers mend files
/// that are cut off; here that would lose pages silently.
fn check_end(bytes: &[u8]) -> Result<(), FileError> {
    let tail = &bytes[bytes.len().saturating_sub(4096)..];
    match tail.windows(5).any(|window| window == b"%%EOF") {
        true => Ok(()),
        false => Err(FileError::Truncated { format: Format::Pdf, detail: "its end mark %%EOF is missing".to_owned() }),
    }
}

fn load_error(error: LoadPdfError) -> FileError {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => FileError::Password { format: Format::Pdf },
        LoadPdfError::Decryption(other) => {
            FileError::Damaged { format: Format::Pdf, detail: format!("its encryption cannot be read: {other:?}") }
        }
        LoadPdfError::Invalid => {
            FileError::Damaged { format: Format::Pdf, detail: "its objects cannot be found".to_owned() }
        }
    }
}

fn read_page<'a>(
    page: &Page<'a>,
    pdf: &'a Pdf,
    cache: &InterpreterCache<'a>,
    fonts: &'a CidFonts,
    limits: &Limits,
) -> Result<PageReader<'a>, FileError> {
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let settings = InterpreterSettings { render_annotations: false, ..InterpreterSettings::default() };
    let mut context = Context::new(page.initial_transform(true).to_kurbo(), area, cache, pdf.xref(), settings);
    let most = limits.page_chars;
    let mut reader =
        PageReader { fonts, area, most, letters: Vec::new(), readable: 0, unreadable: 0, images: 0, over: false };
    interpret_page(page, &mut context, &mut reader);
    match reader.over {
        true => Err(FileError::TooMany { what: Counted::PageChars, limit: most, line: None }),
        false => Ok(reader),
    }
}

/// What the pages hold, to tell a scan and useless fonts.
#[derive(Default)]
struct Tally {
    pages: u64,
    letters: u64,
    unreadable: u64,
    first_unreadable: Option<u32>,
    with_images: u64,
    problems: Vec<FileProblem>,
}

impl Tally {
    fn add(&mut self, page: u32, reader: &PageReader<'_>) {
        self.pages += 1;
        self.letters += reader.readable + reader.unreadable;
        self.unreadable += reader.unreadable;
        self.with_images += u64::from(reader.images > 0);
        if reader.unreadable > 0 {
            self.first_unreadable.get_or_insert(page);
            self.problems.push(FileProblem::UnreadableLetters { page, count: reader.unreadable });
        }
        if reader.images > 0 && reader.readable + reader.unreadable == 0 {
            self.problems.push(FileProblem::PageWithoutText { page });
        }
    }

    fn check(&self) -> Result<(), FileError> {
        if self.letters < SCAN_LETTERS * self.pages && self.with_images * 2 >= self.pages {
            return Err(FileError::ScannedPdf { pages: self.pages });
        }
        match self.first_unreadable {
            Some(page) if self.unreadable * UNREADABLE_SHARE > self.letters => Err(FileError::UnreadableFonts {
                unreadable: self.unreadable,
                letters: self.letters,
                page: page.into(),
            }),
            _ => Ok(()),
        }
    }
}

/// Takes the letters of a page where a printer would take the page.
struct PageReader<'f> {
    fonts: &'f CidFonts,
    area: Rect,
    most: u64,
    letters: Vec<Letter>,
    /// Letters that are not blank.
    readable: u64,
    unreadable: u64,
    images: u64,
    over: bool,
}

impl PageReader<'_> {
    fn take(&mut self, glyph: &Glyph<'_>, transform: Affine) {
        if self.letters.len() as u64 >= self.most {
            self.over = true;
            return;
        }
        let origin = transform * Point::ZERO;
        // What lies off the page is not printed.
        if !origin.is_finite() || !self.area.inflate(2.0, 2.0).contains(origin) {
            return;
        }
        let text = letter(glyph, self.fonts);
        match &text {
            None => self.unreadable += 1,
            Some(text) => self.readable += u64::from(!text.trim().is_empty()),
        }
        let right = transform * Point::new(1000.0, 0.0) - origin;
        let size = (transform * Point::new(0.0, 1000.0) - origin).hypot();
        let width = match glyph {
            Glyph::Outline(outline) => outline.advance_width().map(f64::from),
            Glyph::Type3(_) => None,
        };
        // Only fonts for vertical writing move on without a width.
        let vertical = width == Some(0.0) && text.as_deref().is_some_and(|text| text.chars().all(wide));
        let run = if vertical { Run::Vertical } else { run(right.x, right.y) };
        let advance = match (vertical, width) {
            (true, _) => size,
            (false, Some(width)) => right.hypot() * width / 1000.0,
            (false, None) => size / 2.0,
        };
        let text = text.unwrap_or_else(|| "\u{fffd}".to_owned());
        self.letters.push(Letter { text, run, x: origin.x, y: origin.y, advance, size });
    }
}

fn wide(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c)
        || ('\u{f900}'..='\u{faff}').contains(&c)
        || ('\u{ff00}'..='\u{ff60}').contains(&c)
}

/// The nearest of the four directions that a baseline runs.
fn run(x: f64, y: f64) -> Run {
    match (x.abs() >= y.abs(), x >= 0.0, y >= 0.0) {
        (true, true, _) => Run::Right,
        (true, false, _) => Run::Left,
        (false, _, true) => Run::Down,
        (false, _, false) => Run::Up,
    }
}

/// What a glyph says, or `None` where its font does not tell.
fn letter(glyph: &Glyph<'_>, fonts: &CidFonts) -> Option<String> {
    let text = match (glyph.as_unicode(), glyph) {
        (Some(entry), _) => cid::text(entry),
        (None, Glyph::Outline(outline)) => {
            fonts.letter(outline.font_cache_key(), outline.glyph_id().to_u32())?.to_owned()
        }
        (None, Glyph::Type3(_)) => return None,
    };
    if text.is_empty() || text.contains(['\0', '\u{fffd}']) {
        return None;
    }
    let mut letters = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // One glyph for two letters, as fi.
            '\u{fb00}'..='\u{fb06}' => letters.extend(std::iter::once(c).nfkc()),
            c if c.is_control() => letters.push(' '),
            c => letters.push(ideograph(c)),
        }
    }
    Some(letters)
}

/// Radicals stand in the text of PDFs only where a program chose the wrong one of two letters with one glyph.
fn ideograph(c: char) -> char {
    const RADICALS: [(char, char); 18] = [
        ('⺠', '民'),
        ('⺟', '母'),
        ('⻁', '虎'),
        ('⻄', '西'),
        ('⻆', '角'),
        ('⻑', '長'),
        ('⻘', '青'),
        ('⻝', '食'),
        ('⻣', '骨'),
        ('⻤', '鬼'),
        ('⻨', '麦'),
        ('⻩', '黄'),
        ('⻫', '斉'),
        ('⻭', '歯'),
        ('⻯', '竜'),
        ('⻲', '亀'),
        ('⻳', '龜'),
        ('⻖', '阝'),
    ];
    match c {
        '\u{2f00}'..='\u{2fd5}' => std::iter::once(c).nfkc().next().unwrap_or(c),
        '\u{2e80}'..='\u{2eff}' => RADICALS.iter().find(|(radical, _)| *radical == c).map_or(c, |(_, letter)| *letter),
        _ => c,
    }
}

impl<'a> Device<'a> for PageReader<'_> {
    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn draw_path(&mut self, _: &BezPath, _: Affine, _: &Paint<'a>, _: &PathDrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_glyph(&mut self, glyph: &Glyph<'a>, transform: Affine, own: Affine, _: &Paint<'a>, _: &GlyphDrawMode) {
        self.take(glyph, transform * own);
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: Affine) {
        self.images += 1;
    }

    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
