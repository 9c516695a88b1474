-- How much evidence an organisation may keep, where that is not what the installation gives everybody.
CREATE TABLE evidence_quota (
    organisation_id TEXT PRIMARY KEY REFERENCES organisation (id),
    bytes BIGINT NOT NULL,
    files BIGINT NOT NULL,
    set_at TEXT NOT NULL
);

-- What is kept is counted at every new file: from the index alone.
CREATE INDEX evidence_file_by_size ON evidence_file (organisation_id, sealed_size);
