-- Banks and wallets that join the switch, where they are called, their accounts, and under which aliases people are found.
CREATE TABLE switch_participant (
    name TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    is_hub BIGINT NOT NULL CHECK (is_hub IN (0, 1)),
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    token_hash BLOB UNIQUE,
    jws_key TEXT,
    signs BIGINT NOT NULL CHECK (signs IN (0, 1)),
    made_at BIGINT NOT NULL
);
CREATE TABLE switch_endpoint (
    participant TEXT NOT NULL REFERENCES switch_participant (name),
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (participant, type)
);
-- One account of the ledger, under the number and type by which central-ledger's clients know it. Of a position: its cap, and
-- how much of it has been granted; what could not be taken back when the cap fell is taken as soon as it is free.
CREATE TABLE switch_account (
    number BIGINT PRIMARY KEY,
    participant TEXT NOT NULL REFERENCES switch_participant (name),
    currency TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('POSITION', 'SETTLEMENT', 'HUB_RECONCILIATION', 'HUB_MULTILATERAL_SETTLEMENT', 'HUB_CAPS')),
    ledger_account TEXT NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    cap_minor BIGINT NOT NULL CHECK (cap_minor >= 0),
    alarm_percent BIGINT NOT NULL,
    granted_minor BIGINT NOT NULL CHECK (granted_minor >= 0),
    surplus_minor BIGINT NOT NULL CHECK (surplus_minor >= 0),
    made_at BIGINT NOT NULL,
    UNIQUE (participant, currency, type)
);
-- Whose customer somebody is; the alias itself is nowhere, only its keyed hash.
CREATE TABLE switch_party (
    alias BLOB NOT NULL,
    currency TEXT NOT NULL,
    participant TEXT NOT NULL REFERENCES switch_participant (name),
    made_at BIGINT NOT NULL,
    PRIMARY KEY (alias, currency)
);
CREATE TABLE switch_transfer (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('transfer', 'funds_in', 'funds_out')),
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('RESERVED', 'COMMITTED', 'ABORTED')),
    request_hash BLOB NOT NULL,
    condition TEXT,
    hold TEXT,
    fulfilment TEXT,
    answer_hash BLOB,
    error TEXT,
    settlement_window BIGINT,
    bulk TEXT,
    expires_at BIGINT,
    prepared_at BIGINT NOT NULL,
    completed_at BIGINT
);
CREATE INDEX switch_transfer_waiting ON switch_transfer (expires_at) WHERE state = 'RESERVED';
CREATE INDEX switch_transfer_window ON switch_transfer (settlement_window, currency);
CREATE INDEX switch_transfer_bulk ON switch_transfer (bulk) WHERE bulk IS NOT NULL;
CREATE TABLE switch_bulk (
    id TEXT PRIMARY KEY,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACCEPTED', 'COMPLETED', 'REJECTED')),
    prepared_at BIGINT NOT NULL,
    completed_at BIGINT
);
-- What is to be told to whom, until it was.
CREATE TABLE switch_letter (
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,
    tries BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX switch_letter_due ON switch_letter (due_at);
CREATE TABLE switch_window (
    id BIGINT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED', 'PENDING_SETTLEMENT', 'SETTLED', 'ABORTED')),
    reason TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX switch_window_open ON switch_window (state) WHERE state = 'OPEN';
CREATE TABLE switch_model (
    name TEXT PRIMARY KEY,
    currency TEXT UNIQUE,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    made_at BIGINT NOT NULL
);
CREATE TABLE switch_settlement (
    id BIGINT PRIMARY KEY,
    model TEXT NOT NULL REFERENCES switch_model (name),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
-- What of a window a settlement settles: each currency of each window once, for ever.
CREATE TABLE switch_settled (
    settlement_window BIGINT NOT NULL REFERENCES switch_window (id),
    currency TEXT NOT NULL,
    settlement BIGINT NOT NULL REFERENCES switch_settlement (id),
    PRIMARY KEY (settlement_window, currency)
);
CREATE INDEX switch_settled_settlement ON switch_settled (settlement);
-- What each owes (more than nothing) or is owed (less).
CREATE TABLE switch_net (
    settlement BIGINT NOT NULL REFERENCES switch_settlement (id),
    account BIGINT NOT NULL REFERENCES switch_account (number),
    net_minor BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (settlement, account)
);
