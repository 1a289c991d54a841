-- A fee has one request, which several may try to pay from abroad, one after the other or at once.
CREATE TABLE payments_remittance_anew (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES payments_request (id),
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
INSERT INTO payments_remittance_anew SELECT id, request, bill, partner, sender, msisdn, principal_minor, fee_minor, currency, rate_millionths, state, reason,
    reference, made_at, expires_at
FROM payments_remittance;
DROP TABLE payments_remittance;
ALTER TABLE payments_remittance_anew RENAME TO payments_remittance;
CREATE INDEX payments_remittance_sender ON payments_remittance (msisdn, made_at);
