-- We are a member of a hub, ours or another: transfers that came to us and that we sent, until the hub has said how they ended.
CREATE TABLE switch_incoming (
    hub TEXT NOT NULL,
    id TEXT NOT NULL,
    payer TEXT NOT NULL,
    number TEXT NOT NULL,
    quote TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'committed', 'aborted')),
    request_hash BLOB NOT NULL,
    packet TEXT NOT NULL,
    version TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (hub, id),
    UNIQUE (hub, quote)
);
CREATE INDEX switch_incoming_promised ON switch_incoming (number) WHERE state = 'reserved';
-- The alias is nowhere, only its keyed hash: the payment itself knows whom it is for.
CREATE TABLE switch_outgoing (
    payment TEXT PRIMARY KEY,
    hub TEXT NOT NULL,
    transfer TEXT NOT NULL,
    quote TEXT NOT NULL,
    alias BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('looking', 'quoting', 'sending', 'sent', 'ended')),
    payee TEXT,
    condition TEXT,
    packet TEXT,
    expires_at BIGINT,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (hub, transfer),
    UNIQUE (hub, quote)
);
CREATE INDEX switch_outgoing_looking ON switch_outgoing (alias) WHERE state = 'looking';
