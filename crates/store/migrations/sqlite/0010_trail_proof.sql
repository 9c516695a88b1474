-- The trail as a tree of RFC 6962 per organisation: docs/trail.md says what every value is made of.
-- A leaf stands in its event's row; rows from before this have none until the program gives them one at its next start.
ALTER TABLE trail ADD COLUMN on_behalf_of_id TEXT NOT NULL DEFAULT '';
ALTER TABLE trail ADD COLUMN on_behalf_of_name TEXT NOT NULL DEFAULT '';
ALTER TABLE trail ADD COLUMN salt TEXT NOT NULL DEFAULT '';
ALTER TABLE trail ADD COLUMN kept TEXT NOT NULL DEFAULT '';
ALTER TABLE trail ADD COLUMN leaf TEXT NOT NULL DEFAULT '';
ALTER TABLE trail ADD COLUMN marks TEXT NOT NULL DEFAULT '';
CREATE INDEX trail_without_leaf ON trail (organisation_id, position) WHERE leaf = '';

-- tree is the id of an organisation, '' for what the installation shares, '*' for the tree over all checkpoints.
CREATE TABLE trail_tree (
    tree TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    edge TEXT NOT NULL
) STRICT;

-- Nodes whose level is a multiple of 8; those below are computed from the leaves.
CREATE TABLE trail_node (
    tree TEXT NOT NULL,
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tree, level, number)
) STRICT;

-- One signed checkpoint per size, never two.
CREATE TABLE trail_checkpoint (
    tree TEXT NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    signed_at TEXT NOT NULL,
    PRIMARY KEY (tree, size)
) STRICT;

CREATE TABLE trail_cosignature (
    tree TEXT NOT NULL,
    size INTEGER NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    added_at TEXT NOT NULL,
    PRIMARY KEY (tree, size, witness)
) STRICT;

-- Leaves of the installation's tree: every organisation once a round, each a salted commitment to its checkpoint.
CREATE TABLE trail_round (
    position INTEGER PRIMARY KEY,
    round TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    size INTEGER NOT NULL,
    root TEXT NOT NULL,
    salt TEXT NOT NULL,
    leaf TEXT NOT NULL
) STRICT;
CREATE INDEX trail_round_by_organisation ON trail_round (organisation_id, size);

-- The public keys that have signed; the first origin stays.
CREATE TABLE trail_key (
    vkey TEXT PRIMARY KEY,
    added_at TEXT NOT NULL
) STRICT;

-- How far each sink has been served.
CREATE TABLE trail_sink (
    sink TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    served_at TEXT NOT NULL,
    fault TEXT NOT NULL,
    PRIMARY KEY (sink, organisation_id)
) STRICT;

-- The last checkpoint of somebody else's log that we cosigned.
CREATE TABLE trail_seen (
    origin TEXT PRIMARY KEY,
    vkey TEXT NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;
