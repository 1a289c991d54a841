-- Agents who take cash: who runs them, where their commission goes; float that moves between counters; shifts; devices that take cash
-- without a network, and what they sent.
CREATE TABLE payments_agent (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    town TEXT NOT NULL,
    super_agent TEXT NOT NULL,
    wallet TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    settlements BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_agent_super ON payments_agent (super_agent, name);
CREATE TABLE payments_float (
    id TEXT PRIMARY KEY,
    from_place TEXT NOT NULL,
    to_place TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    against_cash BIGINT NOT NULL,
    moved_by TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_float_from ON payments_float (from_place, id);
CREATE INDEX payments_float_to ON payments_float (to_place, id);
CREATE TABLE payments_shift (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    clerk TEXT NOT NULL,
    cash_minor BIGINT NOT NULL CHECK (cash_minor >= 0),
    base_minor BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    expected_minor BIGINT,
    counted_minor BIGINT,
    closed_at BIGINT
);
CREATE UNIQUE INDEX payments_shift_open ON payments_shift (place) WHERE closed_at IS NULL;
CREATE INDEX payments_shift_place ON payments_shift (place, id);
CREATE TABLE payments_counter_device (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    jwk TEXT NOT NULL,
    allowance TEXT NOT NULL,
    until BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX payments_counter_device_place ON payments_counter_device (place, id);
CREATE INDEX payments_payment_rail ON payments_payment (wallet, received_at);
CREATE TABLE payments_offline (
    device TEXT NOT NULL REFERENCES payments_counter_device (id),
    seq BIGINT NOT NULL,
    digest TEXT NOT NULL,
    number TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('paid', 'suspended', 'refused')),
    reason TEXT,
    request TEXT,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (device, seq)
);
