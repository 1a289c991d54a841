-- Bills that somebody abroad pays by way of a partner.
CREATE TABLE payments_remittance (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL UNIQUE REFERENCES payments_request (id),
    bill TEXT NOT NULL,
    partner TEXT NOT NULL,
    sender TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    principal_minor BIGINT NOT NULL CHECK (principal_minor > 0),
    fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
    currency TEXT NOT NULL,
    rate_millionths BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ordered', 'told', 'paid', 'declined', 'expired', 'review')),
    reason TEXT,
    reference TEXT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (partner, reference)
);
CREATE INDEX payments_remittance_sender ON payments_remittance (msisdn, made_at);
