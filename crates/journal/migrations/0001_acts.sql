-- What was done, the answers given under each idempotency key, and the work that remains.
CREATE TABLE journal_act (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of TEXT,
    subject TEXT,
    object TEXT,
    purpose TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    salt BLOB,
    record TEXT NOT NULL,
    sequenced BIGINT NOT NULL
);
CREATE INDEX journal_act_subject ON journal_act (subject, id) WHERE subject IS NOT NULL;
CREATE INDEX journal_act_object ON journal_act (object, id) WHERE object IS NOT NULL;
CREATE INDEX journal_act_waiting ON journal_act (id) WHERE sequenced = 0;
CREATE TABLE journal_request (
    key TEXT PRIMARY KEY,
    request_hash BLOB NOT NULL,
    outcome TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE TABLE journal_event (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    topic TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE journal_job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
    made_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    last_fault TEXT
);
CREATE INDEX journal_job_due ON journal_job (run_at, id) WHERE state = 'waiting';
CREATE INDEX journal_job_dead ON journal_job (id) WHERE state = 'dead';
