-- The limits of a day as accounts of the ledger: whose they are, and on which day they were last filled.
CREATE TABLE payments_limit (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES payments_account (id),
    day TEXT NOT NULL,
    UNIQUE (rule, subject)
);
-- How many limits hold something for an attempt that has not ended.
ALTER TABLE payments_attempt ADD COLUMN limits BIGINT NOT NULL DEFAULT 0;
