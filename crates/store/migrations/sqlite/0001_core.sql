-- Who takes part.
CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    profile TEXT NOT NULL,
    marking TEXT NOT NULL,
    is_demo INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE department (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT;

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    failures INTEGER NOT NULL,
    locked_until TEXT NOT NULL,
    language TEXT NOT NULL,
    created_at TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE membership (
    account_id TEXT NOT NULL REFERENCES account (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    role TEXT NOT NULL,
    department_id TEXT NOT NULL,
    PRIMARY KEY (account_id, organisation_id)
) STRICT;

CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    csrf TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX session_by_account ON session (account_id);

-- Every write, in the transaction of the write. Positions run per organisation so that no one can count another's.
CREATE TABLE trail_head (
    organisation_id TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE trail (
    organisation_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (organisation_id, position)
) STRICT;
CREATE INDEX trail_by_subject ON trail (organisation_id, subject_kind, subject_id, position);

-- What is asked. owner is '' for what the whole installation shares, else the organisation that brought its own copy.
CREATE TABLE edition (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    code TEXT NOT NULL,
    standard TEXT NOT NULL,
    title TEXT NOT NULL,
    title_en TEXT NOT NULL,
    short TEXT NOT NULL,
    label TEXT NOT NULL,
    issuer TEXT NOT NULL,
    authority TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    profile TEXT NOT NULL,
    origin TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (owner, code)
) STRICT;

CREATE TABLE provision (
    edition_id TEXT NOT NULL REFERENCES edition (id),
    number TEXT NOT NULL,
    position INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    parent TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    title_en TEXT NOT NULL,
    question TEXT NOT NULL,
    question_en TEXT NOT NULL,
    explanation TEXT NOT NULL,
    explanation_en TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (edition_id, number)
) STRICT;
CREATE INDEX provision_in_order ON provision (edition_id, position);

CREATE TABLE provision_text (
    edition_id TEXT NOT NULL REFERENCES edition (id),
    owner TEXT NOT NULL,
    number TEXT NOT NULL,
    body TEXT NOT NULL,
    page INTEGER NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (edition_id, owner, number)
) STRICT;

CREATE TABLE edition_record (
    edition_id TEXT NOT NULL REFERENCES edition (id),
    owner TEXT NOT NULL,
    position INTEGER NOT NULL,
    record_table TEXT NOT NULL,
    cells TEXT NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (edition_id, owner, position)
) STRICT;

CREATE TABLE ingest (
    id TEXT PRIMARY KEY,
    edition_id TEXT NOT NULL REFERENCES edition (id),
    owner TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    profile TEXT NOT NULL,
    fit INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    problems TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX ingest_by_edition ON ingest (edition_id, owner, at);

-- What binds an organisation, worked out from its profile and its tailoring; rewritten whole when either changes.
CREATE TABLE applicability (
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    edition_id TEXT NOT NULL REFERENCES edition (id),
    number TEXT NOT NULL,
    binds INTEGER NOT NULL,
    force TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_en TEXT NOT NULL,
    PRIMARY KEY (organisation_id, edition_id, number)
) STRICT;

CREATE TABLE tailoring (
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    edition_id TEXT NOT NULL REFERENCES edition (id),
    number TEXT NOT NULL,
    decision TEXT NOT NULL,
    justification TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, edition_id, number)
) STRICT;

CREATE TABLE assessment (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    title TEXT NOT NULL,
    fiscal_year INTEGER NOT NULL,
    state TEXT NOT NULL,
    previous_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX assessment_by_organisation ON assessment (organisation_id, fiscal_year);

CREATE TABLE assessment_edition (
    assessment_id TEXT NOT NULL REFERENCES assessment (id),
    edition_id TEXT NOT NULL REFERENCES edition (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (assessment_id, edition_id)
) STRICT;

CREATE TABLE answer (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    assessment_id TEXT NOT NULL REFERENCES assessment (id),
    edition_id TEXT NOT NULL REFERENCES edition (id),
    number TEXT NOT NULL,
    position INTEGER NOT NULL,
    department_id TEXT NOT NULL,
    status TEXT NOT NULL,
    maturity INTEGER NOT NULL,
    na_reason TEXT NOT NULL,
    current_state TEXT NOT NULL,
    plan TEXT NOT NULL,
    due TEXT NOT NULL,
    owner TEXT NOT NULL,
    field_versions TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    UNIQUE (assessment_id, edition_id, number)
) STRICT;
CREATE INDEX answer_in_order ON answer (assessment_id, position);
CREATE INDEX answer_by_provision ON answer (organisation_id, edition_id, number);

CREATE TABLE evidence (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    answer_id TEXT NOT NULL REFERENCES answer (id),
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    url TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_by_answer ON evidence (answer_id);

CREATE TABLE answer_request (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    assessment_id TEXT NOT NULL REFERENCES assessment (id),
    department_id TEXT NOT NULL REFERENCES department (id),
    delegate_id TEXT NOT NULL,
    message TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    returned_at TEXT NOT NULL,
    reminded_at TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_request_by_assessment ON answer_request (assessment_id);

CREATE TABLE answer_request_item (
    request_id TEXT NOT NULL REFERENCES answer_request (id),
    answer_id TEXT NOT NULL REFERENCES answer (id),
    PRIMARY KEY (request_id, answer_id)
) STRICT;
CREATE INDEX answer_request_item_by_answer ON answer_request_item (answer_id);

CREATE TABLE column_mapping (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    mapping TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT;

-- A workbook that was read and compared but not yet taken over.
CREATE TABLE workbook_import (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    assessment_id TEXT NOT NULL REFERENCES assessment (id),
    file_name TEXT NOT NULL,
    state TEXT NOT NULL,
    difference TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
