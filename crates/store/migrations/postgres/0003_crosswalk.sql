-- Two Editions that an organisation lines up. The pair is kept once; read from the other side its Mappings are reversed.
CREATE TABLE crosswalk (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    source_edition TEXT NOT NULL REFERENCES edition (id),
    target_edition TEXT NOT NULL REFERENCES edition (id),
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (organisation_id, source_edition, target_edition)
);

-- target_number is '' where the source has no counterpart in the whole other Edition.
CREATE TABLE mapping (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    crosswalk_id TEXT NOT NULL REFERENCES crosswalk (id),
    source_number TEXT NOT NULL,
    target_number TEXT NOT NULL,
    relation TEXT NOT NULL,
    status TEXT NOT NULL,
    rationale TEXT NOT NULL,
    origin TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    review TEXT NOT NULL,
    review_note TEXT NOT NULL,
    reviewed_by TEXT NOT NULL,
    reviewed_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (crosswalk_id, source_number, target_number)
);
CREATE INDEX mapping_by_target ON mapping (crosswalk_id, target_number);

-- Where each person stopped at the review desk.
CREATE TABLE crosswalk_place (
    crosswalk_id TEXT NOT NULL REFERENCES crosswalk (id),
    account_id TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (crosswalk_id, account_id)
);

-- Words that mean the same to this organisation, beside those that ship: one group a row, the words as a JSON list.
CREATE TABLE synonym_group (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    words TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX synonym_group_by_organisation ON synonym_group (organisation_id);
