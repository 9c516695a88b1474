-- What people have said of lines of documents. A row never changes: a new word on the same line replaces it.
CREATE TABLE reading_correction (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    standard TEXT NOT NULL,
    line_hash TEXT NOT NULL,
    before_hash TEXT NOT NULL,
    line_text TEXT NOT NULL,
    verdict TEXT NOT NULL,
    level BIGINT NOT NULL,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    belongs_to TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (organisation_id, standard, line_hash, before_hash)
);
