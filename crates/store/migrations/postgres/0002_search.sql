-- tokens: bigrams made by sakimori-domain::text, stored as a tsvector built by us, so that no parser of the server is involved.
CREATE TABLE search_entry (
    tokens tsvector NOT NULL,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (owner, kind, scope, subject)
);
CREATE INDEX search_entry_tokens ON search_entry USING gin (tokens);
