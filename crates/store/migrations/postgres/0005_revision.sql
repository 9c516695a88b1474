-- Meetings that discuss the revision of a Standard.
CREATE TABLE review_meeting (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    body TEXT NOT NULL,
    round BIGINT NOT NULL,
    held_on TEXT NOT NULL,
    state TEXT NOT NULL,
    minutes TEXT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (organisation_id, body, round)
);

-- A point for the next Edition. items and evidence are JSON lists; change_* is what the next Edition should say.
CREATE TABLE revision_issue (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    number BIGINT NOT NULL,
    edition_id TEXT NOT NULL REFERENCES edition (id),
    items TEXT NOT NULL,
    title TEXT NOT NULL,
    point TEXT NOT NULL,
    evidence TEXT NOT NULL,
    stage TEXT NOT NULL,
    direction TEXT NOT NULL,
    meeting_id TEXT NOT NULL,
    decided_on TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decision TEXT NOT NULL,
    change_kind TEXT NOT NULL,
    change_number TEXT NOT NULL,
    change_after TEXT NOT NULL,
    change_title TEXT NOT NULL,
    old_text TEXT NOT NULL,
    new_text TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (organisation_id, number)
);
CREATE INDEX revision_issue_by_edition ON revision_issue (organisation_id, edition_id, number);

CREATE TABLE revision_note (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    issue_id TEXT NOT NULL REFERENCES revision_issue (id),
    said_on TEXT NOT NULL,
    meeting_id TEXT NOT NULL,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    written_by TEXT NOT NULL,
    written_at TEXT NOT NULL
);
CREATE INDEX revision_note_by_issue ON revision_note (issue_id, said_on);

-- An incident as a case to check Standards against; its problems and what covers them.
CREATE TABLE incident_case (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    label TEXT NOT NULL,
    title TEXT NOT NULL,
    happened_on TEXT NOT NULL,
    network TEXT NOT NULL,
    summary TEXT NOT NULL,
    source TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX incident_case_by_organisation ON incident_case (organisation_id, label);

CREATE TABLE incident_problem (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    case_id TEXT NOT NULL REFERENCES incident_case (id),
    position BIGINT NOT NULL,
    accident TEXT NOT NULL,
    problem TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX incident_problem_by_case ON incident_problem (case_id, position);

-- number is '' where no item of the Edition covers the problem.
CREATE TABLE problem_cover (
    problem_id TEXT NOT NULL REFERENCES incident_problem (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    edition_id TEXT NOT NULL REFERENCES edition (id),
    number TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (problem_id, edition_id, number)
);
CREATE INDEX problem_cover_by_item ON problem_cover (organisation_id, edition_id, number);

-- The sector standards register: one row per Standard of a sector, with the dates between which the row holds.
CREATE TABLE sector_standard (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    position BIGINT NOT NULL,
    sector TEXT NOT NULL,
    subsector TEXT NOT NULL,
    title TEXT NOT NULL,
    issuer TEXT NOT NULL,
    authority TEXT NOT NULL,
    label TEXT NOT NULL,
    edition_id TEXT NOT NULL,
    supplement_of TEXT NOT NULL,
    cycle_months BIGINT NOT NULL,
    revised_on TEXT NOT NULL,
    next_review_on TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    note TEXT NOT NULL,
    source TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX sector_standard_in_order ON sector_standard (organisation_id, position);

-- What is done in which half-year; standard_id is '' for the guideline that all of them follow.
CREATE TABLE sector_standard_step (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    standard_id TEXT NOT NULL,
    fiscal_year BIGINT NOT NULL,
    half BIGINT NOT NULL,
    step TEXT NOT NULL,
    is_done BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (organisation_id, standard_id, fiscal_year, half, step)
);

-- Items of a guideline that a sector's Standard need not have, and why.
CREATE TABLE sector_standard_exclusion (
    standard_id TEXT NOT NULL REFERENCES sector_standard (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    edition_id TEXT NOT NULL REFERENCES edition (id),
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (standard_id, edition_id, number)
);
