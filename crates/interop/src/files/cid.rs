//! Letters of embedded Japanese fonts that carry no Unicode map of their own (`ToUnicode`).
//!
//! Older programs embed a font of the collection Adobe-Japan1 and rely on the reader to know what its character
//! identifiers (CIDs) mean. The glyph that was drawn leads back to its CID, and Adobe's own table from there to Unicode.

use std::collections::HashMap;

use hayro_interpret::CacheKey;
use hayro_interpret::hayro_cmap::{BfString, CMap, CidFamily, load_embedded};
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Object, Stream, String as PdfString};
use skrifa::raw::ps::cff::CffFontRef;
use skrifa::{FontRef, MetadataProvider};

/// The fonts of a document that say what they draw only by their collection or their own character map.
pub(super) struct CidFonts {
    /// By the key that the interpreter gives a font: glyph to letter.
    fonts: HashMap<u128, HashMap<u32, String>>,
}

impl CidFonts {
    /// Looks at every font of the document once.
    pub(super) fn of(pdf: &Pdf) -> Self {
        let mut tables = HashMap::new();
        let fonts = pdf.objects().into_iter().filter_map(|object| match object {
            Object::Dict(font) => Some((font.cache_key(), letters(&font, &mut tables)?)),
            _ => None,
        });
        Self { fonts: fonts.collect() }
    }

    /// The letter that a glyph of a font draws.
    pub(super) fn letter(&self, font: u128, glyph: u32) -> Option<&str> {
        self.fonts.get(&font)?.get(&glyph).map(String::as_str)
    }
}

/// Unicode by CID of a collection, read once for all its fonts.
type Tables = HashMap<Vec<u8>, Option<CMap>>;

fn letters(font: &Dict<'_>, tables: &mut Tables) -> Option<HashMap<u32, String>> {
    let is = |key: &[u8], value: &[u8]| font.get::<Name<'_>>(key).is_some_and(|name| &*name == value);
    if !is(b"Subtype", b"Type0") || font.contains_key(b"ToUnicode".as_slice()) {
        return None;
    }
    let descendant = font.get::<Array<'_>>(b"DescendantFonts".as_slice())?.iter::<Dict<'_>>().next()?;
    let descriptor = descendant.get::<Dict<'_>>(b"FontDescriptor".as_slice())?;
    let program = [b"FontFile2".as_slice(), b"FontFile3", b"FontFile"]
        .iter()
        .find_map(|key| descriptor.get::<Stream<'_>>(*key))?
        .decoded()
        .ok()?;
    let glyphs = glyphs_by_cid(&descendant, &program);
    match table(&descendant, tables) {
        Some(table) => Some(
            (0..=u32::from(u16::MAX))
                .filter_map(|cid| Some((glyphs.glyph(cid)?, text(table.lookup_bf_string(cid)?))))
                .collect(),
        ),
        None => own_map(&program),
    }
}

/// Adobe's table for the collection of a font.
fn table<'t>(descendant: &Dict<'_>, tables: &'t mut Tables) -> Option<&'t CMap> {
    let info = descendant.get::<Dict<'_>>(b"CIDSystemInfo".as_slice())?;
    let registry = info.get::<PdfString<'_>>(b"Registry".as_slice())?;
    let ordering = info.get::<PdfString<'_>>(b"Ordering".as_slice())?;
    let name = CidFamily::from_registry_ordering(&registry, &ordering).ucs2_cmap()?;
    tables.entry(ordering.to_vec()).or_insert_with(|| CMap::parse(load_embedded(name)?, load_embedded)).as_ref()
}

/// How CIDs of an embedded font become glyphs.
enum Glyphs {
    /// The glyph has the CID's number.
    Same,
    /// By a table of the font program or of the document.
    Table(HashMap<u32, u32>),
}

impl Glyphs {
    fn glyph(&self, cid: u32) -> Option<u32> {
        match self {
            Self::Same => Some(cid),
            Self::Table(table) => table.get(&cid).copied(),
        }
    }
}

fn glyphs_by_cid(descendant: &Dict<'_>, program: &[u8]) -> Glyphs {
    if let Some(map) = descendant
        .get::<Stream<'_>>(b"CIDToGIDMap".as_slice())
        .and_then(|map| map.decoded().ok().map(|map| map.to_vec()))
    {
        let glyphs = map.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        return Glyphs::Table((0..).zip(glyphs).filter(|(_, glyph)| *glyph != 0).collect());
    }
    let font = match CffFontRef::new(program, 0, None) {
        Ok(font) if FontRef::new(program).is_err() => font,
        _ => return Glyphs::Same,
    };
    match font.charset() {
        Some(charset) if font.is_cid() => {
            Glyphs::Table(charset.iter().map(|(glyph, cid)| (u32::from(cid.to_u16()), glyph.to_u32())).collect())
        }
        _ => Glyphs::Same,
    }
}

/// The character map inside a TrueType or OpenType program, the other way round.
fn own_map(program: &[u8]) -> Option<HashMap<u32, String>> {
    let font = FontRef::new(program).ok()?;
    let mut letters = HashMap::new();
    for (code, glyph) in font.charmap().mappings() {
        if let Some(letter) = char::from_u32(code) {
            letters.entry(glyph.to_u32()).or_insert_with(|| letter.to_string());
        }
    }
    (!letters.is_empty()).then_some(letters)
}

/// The letters of a map's entry.
pub(super) fn text(entry: BfString) -> String {
    match entry {
        BfString::Char(letter) => letter.to_string(),
        BfString::String(letters) => letters,
    }
}
