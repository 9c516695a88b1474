-- What a person chose for the cover of an assessment's gap report: title, marking, revisions, boxes for approval.
-- Always read and written whole, so it is kept as one JSON text.
CREATE TABLE report_cover (
    assessment_id TEXT PRIMARY KEY REFERENCES assessment (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    cover TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
