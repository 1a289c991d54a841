-- Associations whose money moves only when so many of their signatories agree: seats, proposals, and who said what to each.
CREATE TABLE payments_association (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    needed BIGINT NOT NULL,
    account TEXT NOT NULL REFERENCES payments_account (id),
    founder TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX payments_association_founder ON payments_association (founder);
CREATE TABLE payments_association_seat (
    association TEXT NOT NULL REFERENCES payments_association (id),
    seat BIGINT NOT NULL,
    person TEXT,
    name TEXT,
    inviter TEXT NOT NULL,
    code_hash BLOB UNIQUE,
    code_until BIGINT,
    PRIMARY KEY (association, seat),
    UNIQUE (association, person)
);
CREATE INDEX payments_association_seat_person ON payments_association_seat (person, association);
CREATE TABLE payments_proposal (
    id TEXT PRIMARY KEY,
    association TEXT NOT NULL REFERENCES payments_association (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pay', 'rule', 'seat')),
    wallet TEXT,
    msisdn TEXT,
    amount_minor BIGINT,
    figure BIGINT,
    purpose TEXT NOT NULL,
    proposer TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'passed', 'refused', 'lapsed', 'overtaken')),
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (association, number)
);
CREATE INDEX payments_proposal_open ON payments_proposal (association) WHERE state = 'open';
CREATE TABLE payments_proposal_voice (
    proposal TEXT NOT NULL REFERENCES payments_proposal (id),
    person TEXT NOT NULL,
    agrees BIGINT NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (proposal, person)
);
