-- What a rail says moved on its side: lines of statements and notifications, each taken once by what the rail calls it.
CREATE TABLE payments_rail_line (
    id TEXT PRIMARY KEY,
    rail TEXT NOT NULL,
    reference TEXT NOT NULL,
    day TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    did TEXT NOT NULL CHECK (did IN ('payment', 'return', 'arrival', 'settlement', 'unknown', 'told')),
    ours TEXT,
    source TEXT NOT NULL,
    heard_at BIGINT NOT NULL,
    UNIQUE (rail, reference)
);
CREATE INDEX payments_rail_line_day ON payments_rail_line (rail, day, id);
CREATE TABLE payments_rail_statement (
    id TEXT PRIMARY KEY,
    rail TEXT NOT NULL,
    reference TEXT NOT NULL,
    day TEXT NOT NULL,
    currency TEXT NOT NULL,
    opening_minor BIGINT,
    closing_minor BIGINT,
    lines BIGINT NOT NULL,
    heard_at BIGINT NOT NULL,
    UNIQUE (rail, reference)
);
CREATE INDEX payments_rail_statement_day ON payments_rail_statement (rail, day);
-- Money that arrived on a rail and names no request that anybody knows: it waits in suspense for an officer.
CREATE TABLE payments_arrival (
    id TEXT PRIMARY KEY,
    rail TEXT NOT NULL,
    reference TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    said TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'returning', 'returned')),
    request TEXT REFERENCES payments_request (id),
    received_at BIGINT NOT NULL,
    settled_at BIGINT,
    UNIQUE (rail, reference)
);
CREATE INDEX payments_arrival_open ON payments_arrival (id) WHERE state IN ('waiting', 'returning');
