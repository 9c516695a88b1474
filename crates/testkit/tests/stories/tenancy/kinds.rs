//! Which kind of id belongs where. A route whose parameter, or a form whose route, is not named here fails the tests: that
//! is how a new route without a rule is noticed.

/// A kind of thing that belongs to one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    AccessReview,
    Account,
    Answer,
    Approval,
    Assessment,
    Carry,
    Case,
    ColumnMapping,
    Correction,
    Crosswalk,
    Department,
    Deputy,
    Edition,
    Evidence,
    Handover,
    Import,
    /// A seat that was offered, by the login that it was offered to.
    Invitation,
    Issue,
    Mapping,
    Meeting,
    Organisation,
    Notice,
    Problem,
    Relation,
    Request,
    SectorStandard,
    Synonyms,
    Token,
    /// A document that waits for its confirmation.
    Upload,
}

impl Kind {
    pub const ALL: [Kind; 29] = [
        Kind::AccessReview,
        Kind::Account,
        Kind::Answer,
        Kind::Approval,
        Kind::Assessment,
        Kind::Carry,
        Kind::Case,
        Kind::ColumnMapping,
        Kind::Correction,
        Kind::Crosswalk,
        Kind::Department,
        Kind::Deputy,
        Kind::Edition,
        Kind::Evidence,
        Kind::Handover,
        Kind::Import,
        Kind::Invitation,
        Kind::Issue,
        Kind::Mapping,
        Kind::Meeting,
        Kind::Organisation,
        Kind::Notice,
        Kind::Problem,
        Kind::Relation,
        Kind::Request,
        Kind::SectorStandard,
        Kind::Synonyms,
        Kind::Token,
        Kind::Upload,
    ];

    /// Its name in forms.
    pub fn name(self) -> String {
        match self {
            Kind::AccessReview => "access_review".to_owned(),
            Kind::ColumnMapping => "column_mapping".to_owned(),
            Kind::SectorStandard => "sector_standard".to_owned(),
            kind => format!("{kind:?}").to_lowercase(),
        }
    }

    /// Table and column of its ids.
    pub fn place(self) -> (&'static str, &'static str) {
        match self {
            Kind::AccessReview => ("access_review", "id"),
            Kind::Account => ("membership", "account_id"),
            Kind::Answer => ("answer", "id"),
            Kind::Approval => ("approval", "id"),
            Kind::Assessment => ("assessment", "id"),
            Kind::Carry => ("carry", "id"),
            Kind::Case => ("incident_case", "id"),
            Kind::ColumnMapping => ("column_mapping", "id"),
            Kind::Correction => ("reading_correction", "id"),
            Kind::Crosswalk => ("crosswalk", "id"),
            Kind::Department => ("department", "id"),
            Kind::Deputy => ("deputy", "id"),
            Kind::Edition => ("edition", "id"),
            Kind::Evidence => ("evidence", "id"),
            Kind::Handover => ("handover", "id"),
            Kind::Import => ("workbook_import", "id"),
            Kind::Issue => ("revision_issue", "id"),
            Kind::Mapping => ("mapping", "id"),
            Kind::Meeting => ("review_meeting", "id"),
            Kind::Organisation => ("organisation", "id"),
            Kind::Problem => ("incident_problem", "id"),
            Kind::Request => ("answer_request", "id"),
            Kind::SectorStandard => ("sector_standard", "id"),
            Kind::Synonyms => ("synonym_group", "id"),
            Kind::Token => ("api_token", "id"),
            Kind::Upload => ("upload", "id"),
            Kind::Invitation => ("invitation", "login"),
            Kind::Notice => ("notice", "id"),
            Kind::Relation => ("organisation_relation", "id"),
        }
    }
}

/// What stands in a parameter of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    Of(Kind),
    /// The same for everybody: a version of the assets, a chapter of the handbook.
    Public(&'static str),
}

/// The rule for a parameter; `None` is a route that nobody has thought about.
pub fn parameter(path: &str, name: &str) -> Option<Parameter> {
    use Parameter::{Of, Public};
    let start = |prefix: &str| path.starts_with(prefix);
    Some(match name {
        "{version}" | "{file}" if start("/assets/") => Public("0"),
        "{chapter}" if start("/help/") => Public("sign-in"),
        "{*number}" if start("/standards/") => Public("1"),
        "{key}" if start("/standards/load/") => Of(Kind::Upload),
        "{id}" | "{other}" if start("/standards/") || start("/api/v1/standards/") => Of(Kind::Edition),
        "{id}" if start("/administration/accounts/") => Of(Kind::Account),
        "{position}" if start("/trail/") => Public("1"),
        "{id}" if start("/administration/sign-in/") => Of(Kind::Account),
        "{id}" if start("/me/tokens/") || start("/administration/tokens/") => Of(Kind::Token),
        "{organisation}" if start("/seats/") || start("/sign-in/single/") => Of(Kind::Organisation),
        "{login}" if start("/administration/invitations/") => Of(Kind::Invitation),
        "{id}" if start("/administration/relations/") => Of(Kind::Relation),
        "{id}" if start("/seats/deputies/") => Of(Kind::Deputy),
        "{id}" if start("/handovers/") => Of(Kind::Handover),
        "{id}" if start("/access-reviews/") => Of(Kind::AccessReview),
        "{account}" if start("/access-reviews/") => Of(Kind::Account),
        "{kind}" if start("/approvals/subject/") => Public("assessment-result"),
        "{id}" if start("/approvals/subject/") => Of(Kind::Assessment),
        "{id}" if start("/approvals/") => Of(Kind::Approval),
        "{id}" if start("/crosswalks/") || start("/api/v1/crosswalks/") => Of(Kind::Crosswalk),
        "{id}" if start("/revision/") => Of(Kind::Issue),
        "{id}" if start("/cases/") => Of(Kind::Case),
        "{id}" if start("/sector-standards/") => Of(Kind::SectorStandard),
        "{id}" if start("/assessments/") || start("/api/v1/assessments/") => Of(Kind::Assessment),
        "{id}" if start("/requests/") => Of(Kind::Request),
        "{id}" if start("/imports/") => Of(Kind::Import),
        "{id}" if start("/column-mappings/") => Of(Kind::ColumnMapping),
        "{id}" if start("/carries/") => Of(Kind::Carry),
        "{id}" if start("/answers/") || start("/api/v1/answers/") => Of(Kind::Answer),
        "{id}" if start("/evidence/") => Of(Kind::Evidence),
        _ => return None,
    })
}

/// Ids that a page may be given in its query, sent to every page at once.
pub const QUERY: &[(&str, Kind)] = &[
    ("edition", Kind::Edition),
    ("old", Kind::Edition),
    ("new", Kind::Edition),
    ("assessment", Kind::Assessment),
    ("from", Kind::Assessment),
    ("meeting", Kind::Meeting),
    ("mapping", Kind::ColumnMapping),
    ("person", Kind::Account),
    ("department", Kind::Department),
    ("organisation", Kind::Organisation),
];
