-- Where the last Assessment keeps the answer to a row that a new Edition renumbered; '' where number and Edition are the same.
ALTER TABLE answer ADD COLUMN former_edition TEXT NOT NULL DEFAULT '';
ALTER TABLE answer ADD COLUMN former_number TEXT NOT NULL DEFAULT '';
-- The carry that took the row out of the sheet, since its Provision is not in the new Edition; '' for rows of the sheet.
ALTER TABLE answer ADD COLUMN withdrawn TEXT NOT NULL DEFAULT '';

-- One application: answers carried over along Mappings, or a new Edition that reached an Assessment.
CREATE TABLE carry (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    assessment_id TEXT NOT NULL REFERENCES assessment (id),
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    undone_by TEXT NOT NULL,
    undone_at TEXT NOT NULL
);
CREATE INDEX carry_by_assessment ON carry (assessment_id);

-- What became of one row. before: the row as it was, as JSON.
CREATE TABLE carried_answer (
    carry_id TEXT NOT NULL REFERENCES carry (id),
    answer_id TEXT NOT NULL REFERENCES answer (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    how TEXT NOT NULL,
    why TEXT NOT NULL,
    before TEXT NOT NULL,
    version_after BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    PRIMARY KEY (carry_id, answer_id)
);
CREATE INDEX carried_answer_by_answer ON carried_answer (answer_id);

-- The answers that a row was carried over from, as they were then. seen_version: of the source answer.
CREATE TABLE carried_source (
    carry_id TEXT NOT NULL REFERENCES carry (id),
    answer_id TEXT NOT NULL REFERENCES answer (id),
    source_answer_id TEXT NOT NULL REFERENCES answer (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    position BIGINT NOT NULL,
    edition TEXT NOT NULL,
    number TEXT NOT NULL,
    relation TEXT NOT NULL,
    status TEXT NOT NULL,
    answered_at TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    seen_version BIGINT NOT NULL,
    PRIMARY KEY (carry_id, answer_id, source_answer_id)
);
CREATE INDEX carried_source_by_source ON carried_source (source_answer_id);
CREATE INDEX carried_source_by_answer ON carried_source (answer_id);
