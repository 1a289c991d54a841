-- Records, every version of each, and the words by which they are found.
CREATE TABLE registers_record (
    id TEXT PRIMARY KEY,
    register TEXT NOT NULL,
    key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (register, key)
);
-- A version says that its fields were true from valid_from until before valid_to, and that this is what was known from
-- known_from until before known_to. A version is never changed but in known_to, once.
CREATE TABLE registers_version (
    record TEXT NOT NULL REFERENCES registers_record (id),
    number BIGINT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('enrolled', 'changed', 'corrected', 'ended')),
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    known_from BIGINT NOT NULL,
    known_to BIGINT,
    fields TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (record, number)
) WITHOUT ROWID;
-- One row for each folded word of a name (field 'name', whole = all words of the record), and one for each value that is
-- searched exactly (whole = '').
CREATE TABLE registers_search (
    register TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    whole TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (register, field, value, whole, record)
) WITHOUT ROWID;
CREATE INDEX registers_search_record ON registers_search (record);
