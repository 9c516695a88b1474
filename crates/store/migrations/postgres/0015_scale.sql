-- What several processes on one database share.

-- Work that is done once, whichever process does it. Times are milliseconds since 1970 (UTC), since they are compared.
-- fence: counts who holds it; what a holder finishes counts only while the fence is still its own.
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    job_key TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    every BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    owner TEXT NOT NULL,
    fence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    result TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    UNIQUE (kind, job_key)
);
CREATE INDEX job_by_state ON job (state, run_at);

-- Who is in which sheet just now; one place per account.
CREATE TABLE presence (
    account_id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    assessment_id TEXT NOT NULL,
    answer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    department_id TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX presence_by_assessment ON presence (assessment_id);

-- A file between its preview and its confirmation, in parts of at most 1 MiB (base64).
CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    parts BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX upload_by_organisation ON upload (organisation_id);

CREATE TABLE upload_part (
    upload_id TEXT NOT NULL REFERENCES upload (id),
    part BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (upload_id, part)
);

-- needs: the newest migration that a program must know to work on this schema. A migration that only adds leaves it.
CREATE TABLE schema_rule (
    id BIGINT PRIMARY KEY,
    needs BIGINT NOT NULL
);
INSERT INTO schema_rule (id, needs) VALUES (1, 15);

-- Lists of one organisation among thousands, and what is cleared by its date.
CREATE INDEX answer_request_by_organisation ON answer_request (organisation_id, state);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE INDEX carried_answer_by_organisation ON carried_answer (organisation_id, state);
CREATE INDEX workbook_import_by_assessment ON workbook_import (assessment_id);
CREATE INDEX evidence_by_organisation ON evidence (organisation_id);

-- Whose entry it is becomes a word of the index, so that a common word is not looked up in everybody's texts.
UPDATE search_entry SET tokens = tokens || ('''@' || owner || '''')::tsvector;
