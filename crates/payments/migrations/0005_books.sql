-- The ledger as one numbered sequence, in batches that are chained by their hashes. What stood before is brought
-- forward as each account's opening balance; its transfers are kept in payments_transfer_before, and read no more.
ALTER TABLE payments_transfer RENAME TO payments_transfer_before;
ALTER TABLE payments_account ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE payments_account
    SET number = (SELECT COUNT(*) FROM payments_account other WHERE other.id <= payments_account.id);
CREATE UNIQUE INDEX payments_account_number ON payments_account (number);
ALTER TABLE payments_account ADD COLUMN brought_debits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments_account ADD COLUMN brought_credits BIGINT NOT NULL DEFAULT 0;
UPDATE payments_account SET brought_debits = debits_posted, brought_credits = credits_posted;
ALTER TABLE payments_account ADD COLUMN closed_at BIGINT;
CREATE TABLE payments_balance (
    account BIGINT PRIMARY KEY,
    debits_posted BIGINT NOT NULL CHECK (debits_posted >= 0),
    credits_posted BIGINT NOT NULL CHECK (credits_posted >= 0),
    debits_pending BIGINT NOT NULL CHECK (debits_pending >= 0),
    credits_pending BIGINT NOT NULL CHECK (credits_pending >= 0),
    last_seq BIGINT NOT NULL,
    transfers BIGINT NOT NULL
);
INSERT INTO payments_balance
    SELECT number, debits_posted, credits_posted, 0, 0, 0, 0 FROM payments_account;
ALTER TABLE payments_account DROP COLUMN debits_posted;
ALTER TABLE payments_account DROP COLUMN credits_posted;
ALTER TABLE payments_account DROP COLUMN debits_pending;
ALTER TABLE payments_account DROP COLUMN credits_pending;
-- One row for each transfer; its two entries are views of it. It names the transfer before it on each of its accounts.
CREATE TABLE payments_transfer (
    seq BIGINT PRIMARY KEY,
    id BLOB NOT NULL,
    step BIGINT NOT NULL CHECK (step BETWEEN 1 AND 6),
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    of_seq BIGINT,
    debit_before BIGINT NOT NULL,
    credit_before BIGINT NOT NULL,
    reference TEXT NOT NULL,
    expires_at BIGINT,
    CHECK (debit <> credit)
);
CREATE UNIQUE INDEX payments_transfer_id ON payments_transfer (id);
CREATE UNIQUE INDEX payments_transfer_of ON payments_transfer (of_seq) WHERE of_seq IS NOT NULL;
CREATE INDEX payments_transfer_expires ON payments_transfer (expires_at) WHERE expires_at IS NOT NULL;
-- What else has its place in the sequence: accounts opened and closed, ticks of the clock, windows closed.
CREATE TABLE payments_mark (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE INDEX payments_mark_kind ON payments_mark (kind, seq);
-- One row for each commit that booked, with the hash of all up to it.
CREATE TABLE payments_batch (
    number BIGINT PRIMARY KEY,
    first_seq BIGINT NOT NULL UNIQUE,
    last_seq BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX payments_batch_at ON payments_batch (at, number);
-- Balances as they stood after a transfer, now and then for accounts that are booked on often.
CREATE TABLE payments_snapshot (
    account BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    debits_posted BIGINT NOT NULL,
    credits_posted BIGINT NOT NULL,
    debits_pending BIGINT NOT NULL,
    credits_pending BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (account, seq)
) WITHOUT ROWID;
