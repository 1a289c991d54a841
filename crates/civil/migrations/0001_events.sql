-- Vital events on their way to a register, the likenesses found for them, the family they make, and the facts counted of them.
CREATE TABLE civil_event (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    circumstance TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    district TEXT NOT NULL,
    occurred_on TEXT NOT NULL,
    fields TEXT NOT NULL,
    evidence TEXT NOT NULL,
    informant TEXT NOT NULL,
    subject TEXT,
    notified_by TEXT,
    notified_at BIGINT,
    declared_by TEXT,
    declared_at BIGINT,
    validated_by TEXT,
    validated_at BIGINT,
    registered_by TEXT,
    registered_at BIGINT,
    entry TEXT,
    words TEXT,
    due_on TEXT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX civil_event_state ON civil_event (state, due_on, id);
CREATE INDEX civil_event_occurred ON civil_event (kind, occurred_on);
CREATE INDEX civil_event_entry ON civil_event (kind, entry);
-- Something that may be the same as an event: a record of a register, or another event.
CREATE TABLE civil_likeness (
    event TEXT NOT NULL REFERENCES civil_event (id),
    register TEXT NOT NULL,
    candidate TEXT NOT NULL,
    rule TEXT NOT NULL,
    score BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    judged_by TEXT,
    judged_at BIGINT,
    PRIMARY KEY (event, register, candidate)
) WITHOUT ROWID;
-- Person `holder` is `kind` of person (or household) `whose`, on the days from valid_from until before valid_to, as known
-- from known_from until before known_to.
CREATE TABLE civil_link (
    id TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    whose TEXT NOT NULL,
    kind TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    known_from BIGINT NOT NULL,
    known_to BIGINT,
    source TEXT NOT NULL
);
CREATE INDEX civil_link_holder ON civil_link (holder, kind);
CREATE INDEX civil_link_whose ON civil_link (whose, kind);
-- What the vital statistics count; it names nobody.
CREATE TABLE civil_fact (
    event TEXT PRIMARY KEY REFERENCES civil_event (id),
    kind TEXT NOT NULL,
    circumstance TEXT NOT NULL,
    year BIGINT NOT NULL,
    month BIGINT NOT NULL,
    registered_year BIGINT NOT NULL,
    district TEXT NOT NULL,
    sex TEXT NOT NULL,
    age BIGINT,
    second_age BIGINT,
    cause TEXT NOT NULL,
    delay_days BIGINT NOT NULL
);
CREATE INDEX civil_fact_year ON civil_fact (year, kind);
