-- tokens: bigrams made by sakimori-domain::text; the other columns are carried, not indexed.
CREATE VIRTUAL TABLE search_entry USING fts5 (
    tokens,
    owner UNINDEXED,
    kind UNINDEXED,
    scope UNINDEXED,
    subject UNINDEXED,
    title UNINDEXED,
    body UNINDEXED,
    tokenize = 'unicode61 remove_diacritics 0'
);
