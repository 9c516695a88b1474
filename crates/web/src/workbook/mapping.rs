//! A layout that is not ours: which column is what.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::workbook::Part;
use sakimori_app::workbook::import::{self, Layout, Stage};
use sakimori_domain::assurance::AnswerField;
use sakimori_interop::workbook::value::{cell_name, parse_status};
use sakimori_interop::workbook::{ColumnMapping, KeyMatch, SheetCells};

use super::{Place, page};
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm};
use crate::identity::see_other;
use crate::page::{Page, render};
use crate::person::Person;
use crate::state::WebState;

/// Columns offered for choice.
const COLUMNS_MAX: u32 = 60;
/// Rows of the preview.
const PREVIEW_ROWS: u32 = 12;
/// Columns of the preview.
const PREVIEW_COLUMNS: u32 = 14;
/// Words of a status column that are offered for translation.
const WORDS_MAX: usize = 20;

/// What a person has chosen so far; columns as text, empty for none.
#[derive(Default)]
struct Chosen {
    sheet: String,
    /// Counted from 1, as people count.
    header_row: u32,
    key_match: String,
    numbers: [String; 3],
    title: String,
    fields: BTreeMap<&'static str, String>,
    words: BTreeMap<String, String>,
    save_as: String,
}

impl Chosen {
    fn of_mapping(mapping: &ColumnMapping) -> Self {
        let number = |place: usize| mapping.number_columns.get(place).map_or(String::new(), u32::to_string);
        let column = |field: &AnswerField| mapping.fields.get(field.code()).map_or(String::new(), u32::to_string);
        Self {
            sheet: mapping.sheet.clone(),
            header_row: mapping.header_row.saturating_add(1),
            key_match: match mapping.key_match {
                KeyMatch::Number => "number",
                KeyMatch::Title => "title",
                KeyMatch::NumberThenTitle => "number-then-title",
            }
            .to_owned(),
            numbers: [number(0), number(1), number(2)],
            title: mapping.title_column.map_or(String::new(), |col| col.to_string()),
            fields: AnswerField::ALL.iter().map(|field| (field.code(), column(field))).collect(),
            words: mapping.translations.get(AnswerField::Status.code()).cloned().unwrap_or_default(),
            save_as: String::new(),
        }
    }

    fn of_form(form: &Fields) -> Self {
        let text = |name: &str| form.get(name).to_owned();
        let words = (0..WORDS_MAX).map(|at| (text(&format!("word{at}")), text(&format!("mark{at}"))));
        Self {
            sheet: text("sheet"),
            header_row: form.get("header_row").trim().parse().unwrap_or(1),
            key_match: text("key_match"),
            numbers: [text("number0"), text("number1"), text("number2")],
            title: text("title"),
            fields: AnswerField::ALL.iter().map(|field| (field.code(), text(field.code()))).collect(),
            words: words.filter(|(word, mark)| !word.is_empty() && !mark.is_empty()).collect(),
            save_as: text("save_as"),
        }
    }

    /// The mapping, with the headers that stand over its columns now.
    fn mapping(&self, sheet: Option<&SheetCells>) -> ColumnMapping {
        let col = |text: &String| text.parse::<u32>().ok();
        let number_columns: Vec<u32> = self.numbers.iter().filter_map(col).collect();
        let title_column = col(&self.title);
        let fields: BTreeMap<String, u32> =
            self.fields.iter().filter_map(|(code, text)| Some(((*code).to_owned(), col(text)?))).collect();
        let header_row = self.header_row.saturating_sub(1);
        let used = number_columns.iter().chain(&title_column).chain(fields.values());
        let headers = used.filter_map(|col| Some((*col, header(sheet?, header_row, *col)?))).collect();
        let mut translations = BTreeMap::new();
        if !self.words.is_empty() {
            translations.insert(AnswerField::Status.code().to_owned(), self.words.clone());
        }
        ColumnMapping {
            name: self.save_as.trim().to_owned(),
            sheet: self.sheet.clone(),
            header_row,
            key_match: match self.key_match.as_str() {
                "number" => KeyMatch::Number,
                "title" => KeyMatch::Title,
                _ => KeyMatch::NumberThenTitle,
            },
            number_columns,
            title_column,
            fields,
            translations,
            headers,
        }
    }
}

/// The word over a column; a merged header stands in the row above.
fn header(sheet: &SheetCells, row: u32, col: u32) -> Option<String> {
    let at = |row: u32| {
        sheet.cells.iter().find(|cell| cell.row == row && cell.col == col).map(|cell| cell.text.trim().to_owned())
    };
    at(row).or_else(|| at(row.checked_sub(1)?)).filter(|text| !text.is_empty())
}

struct FieldChoice {
    code: &'static str,
    label: &'static str,
    value: String,
}

struct PreviewRow {
    number: u32,
    is_header: bool,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "workbook/mapping.html")]
struct MappingPage {
    p: Page,
    place: Place,
    id: String,
    file_name: String,
    refusal: Option<Refusal>,
    chosen: Chosen,
    sheets: Vec<String>,
    /// Column as a number and as people see it.
    columns: Vec<(String, String)>,
    letters: Vec<String>,
    preview: Vec<PreviewRow>,
    fields: Vec<FieldChoice>,
    /// Words of the status column, with the mark chosen for each.
    words: Vec<(String, String)>,
    saved: Vec<String>,
}

fn letters(col: u32) -> String {
    cell_name(0, col).trim_end_matches('1').to_owned()
}

fn short(text: &str, chars: usize) -> String {
    let mut out: String = text.trim().chars().take(chars).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().chars().count() > chars {
        out.push('…');
    }
    out
}

/// Words of the status column that are no mark of ours, each once.
fn unknown_words(sheet: &SheetCells, chosen: &Chosen) -> Vec<(String, String)> {
    let Some(col) = chosen.fields.get(AnswerField::Status.code()).and_then(|text| text.parse::<u32>().ok()) else {
        return Vec::new();
    };
    let below = sheet.cells.iter().filter(|cell| cell.col == col && cell.row >= chosen.header_row);
    let words: BTreeSet<&str> =
        below.map(|cell| cell.text.trim()).filter(|text| parse_status(text).is_none()).collect();
    let fitting = words.into_iter().filter(|word| word.chars().count() <= 20).take(WORDS_MAX);
    fitting.map(|word| (word.to_owned(), chosen.words.get(word).cloned().unwrap_or_default())).collect()
}

fn preview(sheet: &SheetCells, chosen: &Chosen) -> (Vec<String>, Vec<PreviewRow>) {
    let header_row = chosen.header_row.saturating_sub(1);
    let first = header_row.saturating_sub(3);
    let mut grid: BTreeMap<(u32, u32), &str> = BTreeMap::new();
    for cell in &sheet.cells {
        if (first..first + PREVIEW_ROWS).contains(&cell.row) && cell.col < PREVIEW_COLUMNS {
            grid.insert((cell.row, cell.col), &cell.text);
        }
    }
    let width = grid.keys().map(|(_, col)| col + 1).max().unwrap_or(0);
    let rows = (first..first + PREVIEW_ROWS).map(|row| PreviewRow {
        number: row + 1,
        is_header: row == header_row,
        cells: (0..width).map(|col| grid.get(&(row, col)).map_or(String::new(), |text| short(text, 24))).collect(),
    });
    ((0..width).map(letters).collect(), rows.collect())
}

fn columns(sheet: &SheetCells, chosen: &Chosen) -> Vec<(String, String)> {
    let row = chosen.header_row.saturating_sub(1);
    let filled: BTreeSet<u32> =
        sheet.cells.iter().filter(|cell| cell.row >= row && cell.col < COLUMNS_MAX).map(|cell| cell.col).collect();
    let label = |col: u32| format!("{} {}", letters(col), short(&header(sheet, row, col).unwrap_or_default(), 24));
    filled.into_iter().map(|col| (col.to_string(), label(col).trim().to_owned())).collect()
}

fn page_of(
    state: &WebState,
    person: &Person,
    part: &Part,
    (id, file_name): (&str, &str),
    layout: &Layout,
    mut chosen: Chosen,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let (p, place) = page(state, person, part);
    let visible = || layout.sheets.iter().filter(|sheet| !sheet.hidden);
    if !visible().any(|sheet| sheet.name == chosen.sheet) {
        // A mapping saved for every sheet starts with the fullest one.
        chosen.sheet =
            visible().max_by_key(|sheet| sheet.cells.len()).map_or(String::new(), |sheet| sheet.name.clone());
    }
    chosen.header_row = chosen.header_row.clamp(1, 100_000);
    let empty = SheetCells::default();
    let sheet = visible().find(|sheet| sheet.name == chosen.sheet).unwrap_or(&empty);
    let field = |field: &AnswerField| FieldChoice {
        code: field.code(),
        label: if p.english { field.en() } else { field.ja() },
        value: chosen.fields.get(field.code()).cloned().unwrap_or_default(),
    };
    let (letters, preview) = preview(sheet, &chosen);
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = render(&MappingPage {
        id: id.to_owned(),
        file_name: file_name.to_owned(),
        refusal,
        sheets: visible().map(|sheet| sheet.name.clone()).collect(),
        columns: columns(sheet, &chosen),
        letters,
        preview,
        fields: AnswerField::ALL.iter().map(field).collect(),
        words: unknown_words(sheet, &chosen),
        saved: layout.saved.iter().map(|mapping| mapping.name.clone()).collect(),
        chosen,
        place,
        p,
    })?;
    Ok((status, html).into_response())
}

/// The page as it opens: our proposal, or a saved mapping.
pub fn show(
    state: &WebState,
    person: &Person,
    part: &Part,
    id: &str,
    file_name: &str,
    layout: &Layout,
    saved: &str,
) -> Result<Response, WebError> {
    let named = layout.saved.iter().find(|mapping| !saved.is_empty() && mapping.name == saved);
    let start = named.or(layout.proposal.as_ref());
    let chosen = start.map_or_else(|| Chosen { header_row: 1, ..Chosen::default() }, Chosen::of_mapping);
    let refusal = layout.fault.as_ref().map(|fault| Refusal::invalid("mapping", fault.ja(), fault.to_string()));
    page_of(state, person, part, (id, file_name), layout, chosen, refusal)
}

/// POST /imports/{id}/mapping: shows the page for another sheet or header row, or reads the file by what was chosen.
pub async fn choose_mapping(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let person = &form.person;
    let found = import::look(&state.app, &person.actor, &id).await.map_err(told(person))?;
    let Stage::Mapping(layout) = found.stage else { return see_other(&format!("/imports/{id}"), None) };
    let chosen = Chosen::of_form(&form.fields);
    let shown = (found.id.as_str(), found.file_name.as_str());
    if form.fields.get("step") == "refresh" {
        return page_of(&state, person, &found.part, shown, &layout, chosen, None);
    }
    let sheet = layout.sheets.iter().find(|sheet| sheet.name == chosen.sheet);
    let mapping = chosen.mapping(sheet);
    match import::choose_mapping(&state.app, &person.actor, &id, mapping, &chosen.save_as).await {
        Ok(()) => see_other(&format!("/imports/{id}"), None),
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => page_of(&state, person, &found.part, shown, &layout, chosen, Some(refusal)),
            None => Err(told(person)(error)),
        },
    }
}
