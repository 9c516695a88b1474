-- Until when a password works that somebody else chose for the account; empty for one that the person chose.
ALTER TABLE account ADD COLUMN issued_until TEXT NOT NULL DEFAULT '';
