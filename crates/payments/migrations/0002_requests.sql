-- What somebody is asked to pay, each try to pay it, and all money that arrived from a wallet.
CREATE TABLE payments_request (
    id TEXT PRIMARY KEY,
    payer TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES payments_account (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    description TEXT NOT NULL,
    return_path TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'paid', 'failed', 'expired', 'withdrawn')),
    attempt TEXT,
    tries BIGINT NOT NULL,
    receipt TEXT UNIQUE,
    paid_at BIGINT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX payments_request_payer ON payments_request (payer, id);
CREATE INDEX payments_request_state ON payments_request (state, id);
CREATE INDEX payments_request_reference ON payments_request (reference, id);
CREATE TABLE payments_attempt (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES payments_request (id),
    wallet TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    wallet_reference TEXT,
    state TEXT NOT NULL CHECK (state IN ('made', 'pushed', 'paid', 'declined', 'mismatched', 'expired')),
    reason TEXT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX payments_attempt_request ON payments_attempt (request, id);
CREATE TABLE payments_payment (
    id TEXT PRIMARY KEY,
    wallet TEXT NOT NULL,
    wallet_reference TEXT NOT NULL,
    attempt TEXT NOT NULL REFERENCES payments_attempt (id),
    request TEXT NOT NULL REFERENCES payments_request (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('applied', 'refunding', 'refunded', 'review')),
    reason TEXT,
    hold TEXT,
    refund_reference TEXT,
    received_at BIGINT NOT NULL,
    settled_at BIGINT,
    UNIQUE (wallet, wallet_reference)
);
CREATE INDEX payments_payment_request ON payments_payment (request, id);
CREATE INDEX payments_payment_suspense ON payments_payment (id) WHERE state IN ('refunding', 'review');
CREATE INDEX payments_payment_unapplied ON payments_payment (id) WHERE state <> 'applied';
