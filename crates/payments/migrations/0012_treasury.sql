-- The treasury's desk: each rail's day held against the ledger, and what does not agree, as cases.
ALTER TABLE payments_rail_line ADD COLUMN end_to_end TEXT;
CREATE INDEX payments_rail_line_end_to_end ON payments_rail_line (end_to_end) WHERE end_to_end IS NOT NULL;
CREATE INDEX payments_payment_refunded ON payments_payment (refund_reference) WHERE refund_reference IS NOT NULL;
CREATE INDEX payments_return_reference ON payments_return (reference) WHERE reference IS NOT NULL;
CREATE INDEX payments_payment_received ON payments_payment (received_at);
CREATE TABLE payments_reconciliation (
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'agrees', 'differs')),
    ledger_minor BIGINT NOT NULL,
    rail_minor BIGINT NOT NULL,
    matched BIGINT NOT NULL,
    elsewhere BIGINT NOT NULL,
    exceptions BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    PRIMARY KEY (rail, day)
);
CREATE TABLE payments_exception (
    id TEXT PRIMARY KEY,
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('not_stated', 'not_booked', 'amount')),
    subject TEXT NOT NULL,
    comes_in BIGINT NOT NULL,
    currency TEXT NOT NULL,
    ledger_minor BIGINT NOT NULL,
    rail_minor BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'explained', 'cleared')),
    owner TEXT,
    reason TEXT,
    note TEXT,
    found_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (rail, subject, comes_in)
);
CREATE INDEX payments_exception_day ON payments_exception (rail, day);
CREATE INDEX payments_exception_open ON payments_exception (id) WHERE state = 'open';
