//! Outlines and tables whose cells the profile names: titles and texts that the flattening has put in different places.

use sakimori_domain::standards::ProvisionKind;

use super::cut::{Cell, Place, close, locate};
use super::evidence::{self, Printed};
use super::flow::{Flow, squeeze, squeezed};
use super::spec::{self, NodeSpec, Part, Source, Spec};
use super::{Out, Page, strength};

/// Most characters of a row label such as `(10)`.
const LABEL_MAX: usize = 4;

/// A node while its parts are being found.
struct Found<'s> {
    spec: &'s NodeSpec,
    label: Vec<char>,
    title: Option<Place>,
    text: Option<Place>,
    /// Its label stood with its title or has been met on its own.
    labelled: bool,
}

/// A row label that stands on its own or in front of the evidence.
struct Token {
    from: usize,
    label: Vec<char>,
    node: Option<usize>,
}

/// The evidence of one row: the name of a document and what it says.
struct Evidence {
    from: usize,
    name: Vec<Printed>,
    blocks: Vec<Vec<Printed>>,
    node: Option<usize>,
    token: Option<usize>,
}

/// Reads the pages of one annex whose outline the profile gives.
pub(crate) fn read(spec: &Spec, part: &Part, pages: &[&Page<'_>], out: &mut Out) {
    let lines: Vec<_> = pages.iter().flat_map(|page| page.lines.iter().copied()).collect();
    let mut flow = Flow::new(&lines);
    let annex = out.node(&part.id, ProvisionKind::Annex);
    annex.title.clone_from(&part.title);
    (annex.line, annex.page) = (flow.line(0), flow.page(0));
    decoration(part, &mut flow);
    let mut found = find_nodes(&part.nodes, &mut flow);
    let mut evidence = find_names(&spec.sources, &found, &mut flow);
    find_contents(&mut evidence, &mut flow);
    let mut tokens = find_tokens(&mut evidence, &mut flow);
    for node in &mut found {
        if let Some(text) = &mut node.text {
            close(&mut flow, text);
        }
    }
    give_labels(&mut found, &mut tokens);
    let mut loose = part.loose.iter();
    let mut references = vec![Vec::new(); found.len()];
    for row in &evidence {
        let node = row.node.or_else(|| row.token.and_then(|token| tokens[token].node));
        let id = node.map(|node| found[node].spec.id.clone()).or_else(|| loose.next().cloned());
        let Some(id) = id else {
            out.problem(flow.line(row.from), "evidence-unassigned", "どの項目の根拠資料か分かりません。");
            continue;
        };
        let mut blocks = vec![row.name.clone()];
        blocks.extend(row.blocks.iter().cloned());
        let cited = evidence::read(spec, &id, &blocks, out);
        if let Some(at) = found.iter().position(|node| node.spec.id == id) {
            references[at].extend(cited);
        }
    }
    for token in tokens.iter().filter(|token| token.node.is_none()) {
        out.problem(flow.line(token.from), "label-unassigned", "どの項目の記号か分かりません。");
    }
    write(&found, references, &flow, out);
    out.leftovers(&flow);
}

fn decoration(part: &Part, flow: &mut Flow<'_>) {
    for piece in &part.decoration {
        let cell = Cell::parse(piece);
        let whole = squeeze(piece);
        if piece.contains('…') {
            while locate(flow, &cell).is_some() {}
        } else {
            while let Some(at) = flow.find(&whole, 0, Flow::at_line_start) {
                flow.take(at, at + whole.len());
            }
        }
    }
}

/// Finds where the text and the title of every node stand. Texts first: a title is often the word in front of its text.
fn find_nodes<'s>(specs: &'s [NodeSpec], flow: &mut Flow<'_>) -> Vec<Found<'s>> {
    let mut found: Vec<Found<'s>> = Vec::new();
    for spec in specs {
        let label = squeeze(spec.id.rsplit('/').next().unwrap_or_default());
        let text = if spec.text.is_empty() { None } else { locate(flow, &Cell::parse(&spec.text)) };
        found.push(Found { spec, label, title: None, text, labelled: false });
    }
    for beside in [true, false] {
        for node in found.iter_mut().filter(|node| node.title.is_none() && !node.spec.title.is_empty()) {
            find_title(node, beside, flow);
        }
    }
    found
}

fn find_title(node: &mut Found<'_>, beside: bool, flow: &mut Flow<'_>) {
    if node.spec.title.contains('…') {
        node.title = locate(flow, &Cell::parse(&node.spec.title));
        return;
    }
    let title = squeeze(&node.spec.title);
    let labelled = [node.label.as_slice(), &title].concat();
    let free = |flow: &Flow<'_>, from: usize, to: usize| (from..to).all(|at| !flow.is_used(at));
    if beside {
        let Some(text) = node.text else { return };
        for (cue, labelled) in [(&labelled, true), (&title, false)] {
            let Some(from) = text.from.checked_sub(cue.len()) else { continue };
            if flow.starts_with(from, cue) && flow.at_line_start(from) && free(flow, from, text.from) {
                flow.take(from, text.from);
                node.title = Some(Place { from, to: text.from, fixed: true });
                node.labelled = labelled;
                return;
            }
        }
        return;
    }
    for (cue, labelled) in [(&labelled, true), (&title, false)] {
        if let Some(from) = flow.find(cue, 0, Flow::at_line_start) {
            let to = from + cue.len();
            flow.take(from, to);
            node.title = Some(Place { from, to, fixed: true });
            node.labelled = labelled;
            return;
        }
    }
}

/// Finds the names of the cited documents, each with the row that it stands in as far as its line shows it.
fn find_names(sources: &[Source], found: &[Found<'_>], flow: &mut Flow<'_>) -> Vec<Evidence> {
    let mut names: Vec<Evidence> = Vec::new();
    for source in sources {
        let (first, last) = (squeeze(&source.first), squeeze(&source.last));
        while let Some(from) = flow.find(&first, 0, |_, _| true) {
            let block_end = flow.block_end(from);
            let Some(tail) = flow.find(&last, from + first.len(), |_, _| true).filter(|tail| *tail < block_end) else {
                flow.take(from, from + first.len());
                continue;
            };
            let to = tail + last.len();
            let name = flow.printed(from..to);
            flow.take(from, to);
            let line = flow.line_start(from);
            let owner = |node: &Found<'_>| node.text.is_some_and(|text| (line..from).contains(&text.from));
            let node = if line < from { found.iter().position(owner) } else { None };
            names.push(Evidence { from, name, blocks: vec![flow.printed(to..to)], node, token: None });
        }
    }
    names.sort_by_key(|name| name.from);
    names
}

/// Gives every name the blocks behind it that cite or list something; a block without a name goes to a name without one.
fn find_contents(evidence: &mut [Evidence], flow: &mut Flow<'_>) {
    let starts: Vec<usize> = evidence.iter().map(|row| row.from).collect();
    let mut orphans: Vec<Vec<Printed>> = Vec::new();
    let mut owner: Option<usize> = None;
    let mut at = 0;
    while at < flow.len() {
        let end = flow.block_end(at);
        if let Some(row) = starts.iter().rposition(|start| (at..end).contains(start)) {
            owner = Some(row);
            at = end;
            continue;
        }
        let free: Vec<usize> = (at..end).filter(|&i| !flow.is_used(i)).collect();
        let lines = flow.printed(free.iter().copied());
        if is_contents(&lines) && !flow.is_used(at) {
            free.iter().for_each(|&i| flow.take(i, i + 1));
            match owner {
                Some(row) => evidence[row].blocks.push(lines),
                None => orphans.push(lines),
            }
        } else {
            owner = None;
        }
        at = end;
    }
    let empty = evidence.iter_mut().filter(|row| row.blocks.iter().all(Vec::is_empty));
    for (row, lines) in empty.zip(orphans) {
        row.blocks.push(lines);
    }
}

/// Whether a block belongs to the contents column: it begins with a citation or a bullet.
fn is_contents(lines: &[Printed]) -> bool {
    let Some((_, first)) = lines.first() else { return false };
    let only_labels = lines.iter().all(|(_, text)| squeeze(text).len() <= LABEL_MAX);
    !only_labels && (first.trim_start().starts_with(['○', '・', '【']) || evidence::cites(first))
}

/// Finds the row labels that nothing else has taken.
fn find_tokens(evidence: &mut [Evidence], flow: &mut Flow<'_>) -> Vec<Token> {
    let label = spec::pattern(r"^(\([ア-ン]\)|\([0-9]{1,2}\)|[ア-ン]|[A-Z])$");
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < flow.len() {
        let end = flow.line_end(at);
        let to = (at..end).find(|&i| flow.is_used(i)).unwrap_or(end);
        let text = if to > at { squeezed(&flow.text(at..to)) } else { String::new() };
        if label.is_match(&text) {
            flow.take(at, to);
            // The name stands on the label's line, or is the next thing behind a label on a line of its own.
            if let Some(row) = evidence.iter_mut().find(|row| row.from == to && row.node.is_none()) {
                row.token = Some(tokens.len());
            }
            tokens.push(Token { from: at, label: squeeze(&text), node: None });
        }
        at = end;
    }
    tokens
}

/// Labels stand in the order of the nodes. One that does not fit ahead belongs to an earlier node that still has none.
fn give_labels(found: &mut [Found<'_>], tokens: &mut [Token]) {
    let labels: Vec<Vec<char>> = found.iter().map(|node| node.label.clone()).collect();
    let mut next = 0;
    for token in tokens {
        let fits = |node: &usize| !found[*node].labelled && labels[*node] == token.label;
        let node = (next..found.len()).find(fits).or_else(|| (0..next).find(fits));
        if let Some(node) = node {
            found[node].labelled = true;
            token.node = Some(node);
            next = next.max(node + 1);
        }
    }
}

fn write(found: &[Found<'_>], references: Vec<Vec<String>>, flow: &Flow<'_>, out: &mut Out) {
    for (node, references) in found.iter().zip(references) {
        let prefix = format!("{}/", node.spec.id);
        let leaf = !found.iter().any(|other| other.spec.id.starts_with(&prefix));
        let kind = ProvisionKind::from_code(&node.spec.kind);
        let kind = kind.unwrap_or(if leaf { ProvisionKind::Control } else { ProvisionKind::Group });
        let missing = [
            (node.title.is_none() && !node.spec.title.is_empty(), "題名"),
            (node.text.is_none() && !node.spec.text.is_empty(), "本文"),
        ];
        for (_, what) in missing.iter().filter(|(missing, _)| *missing) {
            out.problem(0, "cell-missing", format!("{} の{what}が見つかりません。", node.spec.id));
        }
        let place = node.title.or(node.text);
        let text = node.text.map_or_else(String::new, |text| flow.text(text.from..text.to));
        let provision = out.node(&node.spec.id, kind);
        provision.title = match node.title {
            // A long title is read from the document, the profile has its first and last words.
            Some(place) if node.spec.title.contains('…') => flow.text(place.from..place.to),
            _ => node.spec.title.clone(),
        };
        provision.strength = strength(&text);
        provision.text = text;
        provision.references = references;
        (provision.line, provision.page) = place.map_or((0, 0), |place| (flow.line(place.from), flow.page(place.from)));
    }
}

/// Reads the tables of a page that the profile spells out, and the nodes beside them.
pub(crate) fn read_cells(parts: &[&Part], page: &Page<'_>, out: &mut Out) {
    let mut flow = Flow::new(&page.lines);
    let mut cells: Vec<(Cell, Option<Place>)> = Vec::new();
    parts.iter().for_each(|part| decoration(part, &mut flow));
    for written in parts.iter().flat_map(|part| &part.tables).flat_map(|table| table.rows.iter().flatten()) {
        let cell = Cell::parse(written);
        let place = locate(&mut flow, &cell);
        cells.push((cell, place));
    }
    let nodes: Vec<Found<'_>> = parts.iter().flat_map(|part| find_nodes(&part.nodes, &mut flow)).collect();
    cells.iter_mut().filter_map(|(_, place)| place.as_mut()).for_each(|place| close(&mut flow, place));
    let first = flow.line(0);
    let mut cells = cells.into_iter();
    for table in parts.iter().flat_map(|part| &part.tables) {
        if !table.inferred.is_empty() {
            out.problem(first, "inferred", format!("{}: {}", table.name, table.inferred));
        }
        for row in &table.rows {
            let found: Vec<_> = cells.by_ref().take(row.len()).collect();
            let line = found.iter().find_map(|(_, place)| place.map(|place| flow.line(place.from))).unwrap_or(first);
            let mut record = Vec::new();
            for ((column, written), (cell, place)) in table.columns.iter().zip(row).zip(found) {
                let text = match (cell, place) {
                    (Cell::Given(text), _) => text,
                    (_, Some(place)) => flow.text(place.from..place.to),
                    (Cell::Cut { .. }, None) => {
                        out.problem(
                            first,
                            "cell-missing",
                            format!("{} の欄 {column}「{written}」が見つかりません。", table.name),
                        );
                        String::new()
                    }
                };
                record.push((column.as_str(), text));
            }
            out.record(&table.name, line, record);
        }
    }
    let none = vec![Vec::new(); nodes.len()];
    write(&nodes, none, &flow, out);
    if parts.iter().all(|part| !part.shared) {
        out.leftovers(&flow);
    }
}
