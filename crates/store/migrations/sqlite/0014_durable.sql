-- Where the sealed bytes of a file of evidence lie. They are named by their own hash, so that whoever has the disk can
-- neither ask whether a known file is there nor see that two organisations have the same one.
CREATE TABLE evidence_file (
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    file_hash TEXT NOT NULL,
    sealed_hash TEXT NOT NULL UNIQUE,
    sealed_size INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    sealed_at TEXT NOT NULL,
    PRIMARY KEY (organisation_id, file_hash)
) STRICT;

-- The keys that sealed something here: public half, and a known value that only the right key opens.
CREATE TABLE seal_key (
    key_id TEXT PRIMARY KEY,
    check_value TEXT NOT NULL,
    state TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;

-- Folders that backups go to; name_key (sealed) names their chunks.
CREATE TABLE backup_repository (
    id TEXT PRIMARY KEY,
    name_key TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT;

-- Every scrub, backup and rehearsal, with its report as JSON.
CREATE TABLE upkeep_run (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    is_good INTEGER NOT NULL,
    repository TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    report TEXT NOT NULL
) STRICT;
CREATE INDEX upkeep_run_by_kind ON upkeep_run (kind, id);
