//! Crosswalks as a table (CSV), for those who have no OSCAL.

use super::mapping::MappedSet;

/// The pairs, one in a row, in UTF-8 with the mark that Excel asks for.
///
/// # Errors
/// None in practice: the table is written to memory.
pub fn to_csv(sets: &[MappedSet]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(["from", "source", "to", "target", "relation", "status", "rationale"])?;
    for set in sets {
        for pair in &set.pairs {
            let cells = [
                set.from.edition.as_str(),
                &pair.source,
                &set.to.edition,
                &pair.target,
                pair.relation.code(),
                &pair.status,
                &pair.rationale,
            ];
            writer.write_record(cells.map(harmless))?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use sakimori_domain::crosswalk::Relation;

    use super::super::{MappedPair, MappedSet, MappedSide};
    use super::to_csv;

    #[test]
    fn one_row_for_each_pair_and_no_formulas() {
        let side = |edition: &str| MappedSide { edition: edition.to_owned(), ..MappedSide::default() };
        let pair = MappedPair {
            source: "別紙1/1.2".to_owned(),
            target: "6.1".to_owned(),
            relation: Relation::SubsetOf,
            status: "confirmed".to_owned(),
            rationale: "=1+1, \"引用\"\n二行目".to_owned(),
            person: String::new(),
            at: String::new(),
        };
        let set = MappedSet { from: side("a"), to: side("b"), pairs: vec![pair], problems: Vec::new() };
        let csv = String::from_utf8(to_csv(&[set]).expect("a table")).expect("UTF-8");
        let expected = "\u{feff}from,source,to,target,relation,status,rationale\n\
                        a,別紙1/1.2,b,6.1,subset-of,confirmed,\"'=1+1, \"\"引用\"\"\n二行目\"\n";
        assert_eq!(csv, expected);
    }
}
