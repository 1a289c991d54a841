-- Cards: asked for, printed from blanks in stock, handed over, ended; and people whose ID is out of use.
CREATE TABLE identity_card (
    id TEXT PRIMARY KEY,
    number TEXT UNIQUE,
    person TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    printed_at BIGINT,
    handed_at BIGINT,
    expires_on TEXT,
    ended_at BIGINT,
    ended_why TEXT
);
CREATE INDEX identity_card_queue ON identity_card (state, queued_at, id);
CREATE INDEX identity_card_person ON identity_card (person, queued_at);
CREATE INDEX identity_card_expiry ON identity_card (state, expires_on);
-- Blanks: what came, what was printed, what was spoilt. The sum is what lies there.
CREATE TABLE identity_card_stock (
    id TEXT PRIMARY KEY,
    change BIGINT NOT NULL,
    why TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at BIGINT NOT NULL
);
-- Blanks that are to come, with the day somebody promised.
CREATE TABLE identity_card_delivery (
    id TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    due_on TEXT NOT NULL,
    arrived_at BIGINT
);
CREATE TABLE identity_inactive (
    person TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL
) WITHOUT ROWID;
