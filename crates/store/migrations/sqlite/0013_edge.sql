-- Tokens of programs that use the API for a person. Only the hash is kept; empty times: not yet.
CREATE TABLE api_token (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES account (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT NOT NULL,
    used_address TEXT NOT NULL,
    revoked_at TEXT NOT NULL
) STRICT;
CREATE INDEX api_token_by_organisation ON api_token (organisation_id, account_id);

-- Networks from which an organisation's members come (area 'members') and from which it is administered ('administration').
-- No row: from anywhere.
CREATE TABLE allowed_network (
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    area TEXT NOT NULL,
    network TEXT NOT NULL,
    PRIMARY KEY (organisation_id, area, network)
) STRICT;

-- Single sign-on of an organisation. settings: JSON without secrets; secret: sealed, as base64.
CREATE TABLE oidc_provider (
    organisation_id TEXT PRIMARY KEY REFERENCES organisation (id),
    settings TEXT NOT NULL,
    secret TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- Whose subject at an issuer an account is.
CREATE TABLE oidc_subject (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    linked_at TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;

-- A sign-in on its way to the provider and back; taken out when it comes back, so that it comes back once.
CREATE TABLE oidc_attempt (
    state_hash TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    sealed TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
