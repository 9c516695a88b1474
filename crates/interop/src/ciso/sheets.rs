//! The Excel layout: a sheet `library_meta`, and for each object a sheet `…_meta` and a sheet `…_content`.

use std::collections::{BTreeMap, HashMap};

use crate::files::{CellBook, CellSheet};

use super::{CisoError, Framework, LibraryFile, MappingSet, Node, Objects, RequirementMapping, Translation};

/// Rows of a sheet by their columns' names, in lower case.
type Rows = Vec<HashMap<String, String>>;

/// The library in a workbook, in the shape of the YAML; `None` for any other workbook.
pub(super) fn library(book: &CellBook) -> Result<Option<LibraryFile>, CisoError> {
    let Some(meta) = sheet(book, "library_meta").map(facts) else { return Ok(None) };
    let get = |name: &str| meta.get(name).cloned();
    let mut objects = Objects::default();
    for one in &book.sheets {
        let Some(name) = one.name.trim().strip_suffix("_meta").filter(|name| *name != "library") else { continue };
        let (meta, content) = (facts(one), sheet(book, &format!("{name}_content")).map(rows).unwrap_or_default());
        match meta.get("type").map(String::as_str) {
            Some("framework") => objects.frameworks.push(framework(&meta, &content)?),
            Some("requirement_mapping_set") => objects.requirement_mapping_sets.push(mapping(&meta, &content)),
            _ => {}
        }
    }
    Ok(Some(LibraryFile {
        ref_id: get("ref_id"),
        name: get("name"),
        version: get("version"),
        locale: get("locale"),
        provider: get("provider"),
        publication_date: get("publication_date"),
        objects,
    }))
}

fn sheet<'a>(book: &'a CellBook, name: &str) -> Option<&'a CellSheet> {
    book.sheets.iter().find(|sheet| sheet.name.trim() == name)
}

/// A sheet of two columns: name and value.
fn facts(sheet: &CellSheet) -> HashMap<String, String> {
    let mut rows: BTreeMap<u32, (String, String)> = BTreeMap::new();
    for cell in &sheet.cells {
        let row = rows.entry(cell.row).or_default();
        match cell.col {
            0 => row.0 = cell.text.trim().to_lowercase(),
            1 => row.1 = cell.text.trim().to_owned(),
            _ => {}
        }
    }
    rows.into_values().filter(|(name, _)| !name.is_empty()).collect()
}

/// A sheet whose first row names the columns.
fn rows(sheet: &CellSheet) -> Rows {
    let Some(first) = sheet.cells.iter().map(|cell| cell.row).min() else { return Vec::new() };
    let head: HashMap<u32, String> = sheet
        .cells
        .iter()
        .filter(|cell| cell.row == first)
        .map(|cell| (cell.col, cell.text.trim().to_lowercase()))
        .collect();
    let mut rows: BTreeMap<u32, HashMap<String, String>> = BTreeMap::new();
    for cell in sheet.cells.iter().filter(|cell| cell.row > first) {
        if let Some(name) = head.get(&cell.col).filter(|_| !cell.text.trim().is_empty()) {
            rows.entry(cell.row).or_default().insert(name.clone(), cell.text.trim().to_owned());
        }
    }
    rows.into_values().collect()
}

/// Nodes stand in reading order with their depth; the parent is the last one that is less deep.
fn framework(meta: &HashMap<String, String>, content: &Rows) -> Result<Framework, CisoError> {
    let base = meta.get("base_urn").or_else(|| meta.get("urn")).cloned().unwrap_or_default();
    let mut above: Vec<(u32, String)> = Vec::new();
    let mut nodes = Vec::with_capacity(content.len());
    for (at, row) in content.iter().enumerate() {
        let get = |name: &str| row.get(name).cloned();
        let depth: u32 = match row.get("depth").map(|depth| depth.parse()) {
            Some(Ok(depth)) => depth,
            _ => return Err(CisoError::Shape(format!("row {}: the column depth is no number", at + 2))),
        };
        let own = get("urn_id").or_else(|| get("ref_id")).unwrap_or_else(|| format!("node{}", at + 1));
        let urn = get("urn").unwrap_or_else(|| format!("{base}:{}", own.to_lowercase().replace(' ', "-")));
        above.retain(|(other, _)| *other < depth);
        let parent_urn = above.last().map(|(_, urn)| urn.clone());
        above.push((depth, urn.clone()));
        nodes.push(Node {
            urn: Some(urn),
            parent_urn,
            ref_id: get("ref_id"),
            name: get("name"),
            description: get("description"),
            annotation: get("annotation"),
            typical_evidence: get("typical_evidence"),
            assessable: row
                .get("assessable")
                .is_some_and(|mark| matches!(mark.to_lowercase().as_str(), "x" | "true" | "1")),
            translations: translations(row),
        });
    }
    let get = |name: &str| meta.get(name).cloned();
    Ok(Framework { urn: get("urn"), ref_id: get("ref_id"), name: get("name"), requirement_nodes: nodes })
}

/// Columns such as `name[ja]`.
fn translations(row: &HashMap<String, String>) -> BTreeMap<String, Translation> {
    let mut out: BTreeMap<String, Translation> = BTreeMap::new();
    for (column, text) in row {
        let Some((name, locale)) = column.strip_suffix(']').and_then(|column| column.split_once('[')) else { continue };
        let translation = out.entry(locale.to_owned()).or_default();
        match name {
            "name" => translation.name = Some(text.clone()),
            "description" => translation.description = Some(text.clone()),
            "annotation" => translation.annotation = Some(text.clone()),
            _ => {}
        }
    }
    out
}

fn mapping(meta: &HashMap<String, String>, content: &Rows) -> MappingSet {
    let get = |name: &str| meta.get(name).cloned();
    let urn = |row: &HashMap<String, String>, side: &str| {
        let id = row.get(&format!("{side}_node_id")).or_else(|| row.get(&format!("{side}_requirement_urn")))?;
        let base = meta.get(&format!("{side}_node_base_urn")).map(String::as_str).unwrap_or_default();
        Some(if id.starts_with("urn:") { id.clone() } else { format!("{base}:{id}") })
    };
    let mappings = content.iter().map(|row| RequirementMapping {
        source_requirement_urn: urn(row, "source"),
        target_requirement_urn: urn(row, "target"),
        relationship: row.get("relationship").map(|word| word.to_lowercase()),
        rationale: row.get("rationale").cloned(),
        annotation: row.get("annotation").cloned(),
    });
    MappingSet {
        name: get("name"),
        source_framework_urn: get("source_framework_urn"),
        target_framework_urn: get("target_framework_urn"),
        requirement_mappings: mappings.collect(),
    }
}
