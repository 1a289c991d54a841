-- The ledger. Balances change only together with a transfer; transfers are never changed.
CREATE TABLE payments_account (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'suspense')),
    currency TEXT NOT NULL,
    name TEXT NOT NULL,
    debits_posted BIGINT NOT NULL CHECK (debits_posted >= 0),
    credits_posted BIGINT NOT NULL CHECK (credits_posted >= 0),
    debits_pending BIGINT NOT NULL CHECK (debits_pending >= 0),
    credits_pending BIGINT NOT NULL CHECK (credits_pending >= 0),
    made_at BIGINT NOT NULL
);
CREATE TABLE payments_transfer (
    id TEXT PRIMARY KEY,
    debit_account TEXT NOT NULL REFERENCES payments_account (id),
    credit_account TEXT NOT NULL REFERENCES payments_account (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'posted', 'voided')),
    pending_of TEXT UNIQUE REFERENCES payments_transfer (id),
    reference TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT,
    CHECK (debit_account <> credit_account)
);
CREATE INDEX payments_transfer_debit ON payments_transfer (debit_account, id);
CREATE INDEX payments_transfer_credit ON payments_transfer (credit_account, id);
CREATE INDEX payments_transfer_pending ON payments_transfer (id) WHERE state = 'pending';
