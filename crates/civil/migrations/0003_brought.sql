-- What came in from another system: its numbers for people we know, so that the same record comes in once, and records that
-- wait until somebody has said whether they are about a person who is here already.
CREATE TABLE civil_foreign_number (
    system TEXT NOT NULL,
    number TEXT NOT NULL,
    person TEXT,
    digest TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (system, number)
) WITHOUT ROWID;
CREATE INDEX civil_foreign_number_person ON civil_foreign_number (person) WHERE person IS NOT NULL;
CREATE TABLE civil_held (
    system TEXT NOT NULL,
    number TEXT NOT NULL,
    record TEXT NOT NULL,
    alike TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'same', 'different')),
    made_at BIGINT NOT NULL,
    settled_by TEXT,
    settled_at BIGINT,
    PRIMARY KEY (system, number)
) WITHOUT ROWID;
CREATE INDEX civil_held_open ON civil_held (made_at) WHERE state = 'open';
