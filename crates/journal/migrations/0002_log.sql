-- The evidence log: tiles of 256 hashes (level -1 holds the entries themselves), and its newest signed head.
CREATE TABLE journal_log_tile (
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
);
CREATE TABLE journal_log_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE journal_log_cosignature (
    witness TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    note TEXT NOT NULL
);
