-- Whom verifiers asked to be told of, what they are told, proofs that people live, and accounts closed by a death.
CREATE TABLE identity_watch (
    verifier TEXT NOT NULL,
    person TEXT NOT NULL,
    reference TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (verifier, person)
) WITHOUT ROWID;
CREATE INDEX identity_watch_person ON identity_watch (person);
-- Numbered for each verifier in the order of commits, so that who goes on after a number misses nothing.
CREATE TABLE identity_change (
    verifier TEXT NOT NULL,
    number BIGINT NOT NULL,
    reference TEXT NOT NULL,
    what TEXT NOT NULL,
    effective_on TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (verifier, number)
) WITHOUT ROWID;
CREATE TABLE identity_life (
    person TEXT NOT NULL,
    at BIGINT NOT NULL,
    how TEXT NOT NULL,
    attested_by TEXT NOT NULL,
    PRIMARY KEY (person, at)
) WITHOUT ROWID;
CREATE TABLE identity_closed (
    account TEXT PRIMARY KEY,
    was_active BIGINT NOT NULL,
    closed_at BIGINT NOT NULL,
    reopened_at BIGINT
);
