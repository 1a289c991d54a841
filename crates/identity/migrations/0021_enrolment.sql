-- Applications for the national ID, what may be the same, chiefs who introduce people, codes that open accounts.
CREATE TABLE identity_enrolment (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    evidence TEXT NOT NULL,
    paper TEXT NOT NULL,
    introduction TEXT,
    fields TEXT NOT NULL,
    person TEXT,
    exceptions TEXT NOT NULL,
    agreed_by TEXT,
    biometrics TEXT NOT NULL,
    officer TEXT NOT NULL,
    institution TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    words TEXT,
    packet TEXT,
    revision BIGINT NOT NULL
);
CREATE INDEX identity_enrolment_state ON identity_enrolment (state, taken_at, id);
CREATE INDEX identity_enrolment_person ON identity_enrolment (person) WHERE person IS NOT NULL;
CREATE TABLE identity_enrolment_alike (
    application TEXT NOT NULL REFERENCES identity_enrolment (id),
    source TEXT NOT NULL,
    candidate TEXT NOT NULL,
    rule TEXT NOT NULL,
    score BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    judged_by TEXT,
    judged_at BIGINT,
    PRIMARY KEY (application, source, candidate)
) WITHOUT ROWID;
CREATE TABLE identity_introduction (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    chief TEXT NOT NULL,
    state TEXT NOT NULL,
    fields TEXT NOT NULL,
    letter TEXT,
    letter_on TEXT,
    application TEXT,
    made_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX identity_introduction_chief ON identity_introduction (chief, made_at);
CREATE TABLE identity_activation (
    person TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    sealed BLOB,
    way TEXT NOT NULL,
    application TEXT,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    printed_at BIGINT
);
