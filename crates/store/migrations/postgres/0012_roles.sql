-- A seat has a life of its own: an organisation ends its own seat, not the account. ends_on is the last day with rights.
ALTER TABLE membership ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE membership ADD COLUMN ends_on TEXT NOT NULL DEFAULT '';
ALTER TABLE membership ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE INDEX membership_by_organisation ON membership (organisation_id);

-- The deputy row that the person of this session acts under just now; '' for themselves.
ALTER TABLE session ADD COLUMN acting_under TEXT NOT NULL DEFAULT '';

-- 代理: who stands in for whom, from when to when, with which permissions ('' for all of the principal's).
CREATE TABLE deputy (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    principal_id TEXT NOT NULL REFERENCES account (id),
    deputy_id TEXT NOT NULL REFERENCES account (id),
    permissions TEXT NOT NULL,
    from_on TEXT NOT NULL,
    to_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    named_by TEXT NOT NULL,
    named_at TEXT NOT NULL,
    ended_by TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX deputy_by_organisation ON deputy (organisation_id, deputy_id);

-- 起案 → 確認 → 承認. subject_hash: what the subject was when it was drafted; another hash makes the approval void.
CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    drafted_by TEXT NOT NULL,
    drafted_for TEXT NOT NULL,
    drafted_at TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX approval_by_organisation ON approval (organisation_id, state);
-- One running approval for a subject at a time.
CREATE UNIQUE INDEX approval_running ON approval (organisation_id, kind, subject_id) WHERE state IN ('drafted', 'checked', 'sent-back');

CREATE TABLE approval_step (
    approval_id TEXT NOT NULL REFERENCES approval (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    position BIGINT NOT NULL,
    step TEXT NOT NULL,
    account_id TEXT NOT NULL,
    account_name TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    principal_name TEXT NOT NULL,
    note TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (approval_id, position)
);

-- The yearly look at who has which rights (利用者の棚卸し).
CREATE TABLE access_review (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    fiscal_year BIGINT NOT NULL,
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (organisation_id, fiscal_year)
);

-- One seat as it was when the review began, and what is to become of it. marks: codes of what is odd, separated by spaces.
CREATE TABLE access_review_seat (
    review_id TEXT NOT NULL REFERENCES access_review (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    account_id TEXT NOT NULL REFERENCES account (id),
    login TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    department_id TEXT NOT NULL,
    marks TEXT NOT NULL,
    decision TEXT NOT NULL,
    new_role TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (review_id, account_id)
);

-- 人事異動: what was moved from whom to whom. moved: kinds and counts as JSON, as the 引継書 prints them.
CREATE TABLE handover (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    account_id TEXT NOT NULL REFERENCES account (id),
    account_name TEXT NOT NULL,
    successor_id TEXT NOT NULL,
    successor_name TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    moved TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL
);
CREATE INDEX handover_by_organisation ON handover (organisation_id, made_at);

-- A seat offered to a login of this installation. Kept whether or not there is such a login, so that nobody learns which
-- logins exist by inviting them.
CREATE TABLE invitation (
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    login TEXT NOT NULL,
    role TEXT NOT NULL,
    department_id TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    invited_at TEXT NOT NULL,
    PRIMARY KEY (organisation_id, login)
);
CREATE INDEX invitation_by_login ON invitation (login);
