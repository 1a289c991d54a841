-- Who is to be paid (lists), where to (accounts), and each round of paying (runs and their payments).
CREATE TABLE grants_list (
    id TEXT PRIMARY KEY,
    programme TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('file', 'rule', 'interface')),
    state TEXT NOT NULL CHECK (state IN ('taking', 'ready')),
    lines BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    control_minor BIGINT NOT NULL,
    position TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (programme, name)
);
CREATE TABLE grants_entry (
    list TEXT NOT NULL,
    line BIGINT NOT NULL,
    payee TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    reference TEXT NOT NULL,
    PRIMARY KEY (list, line)
);
CREATE UNIQUE INDEX grants_entry_payee ON grants_entry (list, payee);
CREATE TABLE grants_refusal (
    list TEXT NOT NULL,
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (list, line)
);
CREATE TABLE grants_account (
    payee TEXT PRIMARY KEY,
    way TEXT NOT NULL,
    institution TEXT NOT NULL,
    address TEXT NOT NULL,
    since BIGINT NOT NULL,
    chosen_by TEXT NOT NULL
);
CREATE INDEX grants_account_address ON grants_account (address, institution);
CREATE TABLE grants_account_change (
    id TEXT PRIMARY KEY,
    payee TEXT NOT NULL,
    way TEXT NOT NULL,
    institution TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'made', 'stopped')),
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL
);
CREATE INDEX grants_account_change_payee ON grants_account_change (payee, id);
CREATE TABLE grants_run (
    id TEXT PRIMARY KEY,
    programme TEXT NOT NULL,
    list TEXT NOT NULL,
    period TEXT NOT NULL,
    pay_on TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('checking', 'checked', 'approved', 'paying', 'sent', 'closed', 'withdrawn')),
    position BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    ready BIGINT NOT NULL,
    ready_minor BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    held BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    stopped BIGINT NOT NULL,
    returned_minor BIGINT NOT NULL,
    prepared_by TEXT NOT NULL,
    prepared_at BIGINT NOT NULL,
    approved_by TEXT,
    approved_at BIGINT,
    signed TEXT,
    trouble TEXT
);
CREATE INDEX grants_run_programme ON grants_run (programme, id);
CREATE TABLE grants_chunk (
    run TEXT NOT NULL,
    number BIGINT NOT NULL,
    last_line BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
CREATE TABLE grants_payment (
    run TEXT NOT NULL,
    line BIGINT NOT NULL,
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    payee TEXT NOT NULL,
    person TEXT,
    amount_minor BIGINT NOT NULL,
    way TEXT NOT NULL,
    institution TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'refused', 'held', 'paid', 'failed', 'stopped')),
    reason TEXT,
    attempt BIGINT NOT NULL,
    carrier_reference TEXT,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (run, line)
);
CREATE UNIQUE INDEX grants_payment_once ON grants_payment (programme, period, payee) WHERE state IN ('ready', 'held', 'paid', 'failed');
CREATE INDEX grants_payment_payee ON grants_payment (payee, run);
CREATE INDEX grants_payment_failed ON grants_payment (run, line) WHERE state = 'failed';
CREATE INDEX grants_payment_refused ON grants_payment (run, line) WHERE state = 'refused';
