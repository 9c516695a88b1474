-- How two organisations stand to each other. Until the other side accepts, its id is '' and only the hash of the code is
-- kept that the one who offers hands over; a relation is never deleted.
CREATE TABLE organisation_relation (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    upper_id TEXT NOT NULL,
    lower_id TEXT NOT NULL,
    offered_by TEXT NOT NULL REFERENCES organisation (id),
    code_hash TEXT NOT NULL,
    offer_until TEXT NOT NULL,
    state TEXT NOT NULL,
    shares TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    offered_at TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX organisation_relation_by_upper ON organisation_relation (upper_id);
CREATE INDEX organisation_relation_by_lower ON organisation_relation (lower_id);
CREATE INDEX organisation_relation_by_code ON organisation_relation (code_hash);
