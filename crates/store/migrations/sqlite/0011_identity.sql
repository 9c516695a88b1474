-- お知らせ: to everybody of a role in an organisation, or to one account in it. Who has read which is kept apart, since a
-- role has many readers.
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    audience_kind TEXT NOT NULL,
    audience TEXT NOT NULL,
    code TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    ja TEXT NOT NULL,
    en TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX notice_by_audience ON notice (organisation_id, audience, at);

CREATE TABLE notice_read (
    notice_id TEXT NOT NULL REFERENCES notice (id),
    account_id TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (notice_id, account_id)
) STRICT;

-- What an account's safety needs to know beside the account. Empty times: never.
ALTER TABLE account ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN password_at TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN used_at TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN kept_at TEXT NOT NULL DEFAULT '';

-- Hashes of passwords that were used before.
CREATE TABLE past_password (
    account_id TEXT NOT NULL REFERENCES account (id),
    at TEXT NOT NULL,
    password_hash TEXT NOT NULL
) STRICT;
CREATE INDEX past_password_by_account ON past_password (account_id, at);

-- stage: '' when signing in is finished, else what is still missing. challenge: sealed state of a passkey ceremony.
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN confirmed_at TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN challenge TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN challenge_until TEXT NOT NULL DEFAULT '';

-- Every attempt to sign in; account_id is empty for a name that nobody has, so that such an attempt takes the same work.
CREATE TABLE sign_in (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    at TEXT NOT NULL,
    address TEXT NOT NULL,
    network TEXT NOT NULL,
    agent TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX sign_in_by_account ON sign_in (account_id, at);

-- What an organisation demands of signing in; no row: the product's defaults.
CREATE TABLE sign_in_policy (
    organisation_id TEXT PRIMARY KEY REFERENCES organisation (id),
    policy TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- Second factors. The secret is sealed; confirmed_at is empty until a first code has shown that it arrived.
CREATE TABLE totp (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    secret TEXT NOT NULL,
    confirmed_at TEXT NOT NULL,
    last_step INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE recovery_code (
    account_id TEXT NOT NULL REFERENCES account (id),
    code_hash TEXT NOT NULL,
    used_at TEXT NOT NULL,
    PRIMARY KEY (account_id, code_hash)
) STRICT;

CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    credential_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    passkey TEXT NOT NULL,
    created_at TEXT NOT NULL,
    used_at TEXT NOT NULL
) STRICT;
CREATE INDEX passkey_by_account ON passkey (account_id);
