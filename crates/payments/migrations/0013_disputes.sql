-- A payer says that something is wrong with what she paid. Its money is held until somebody has decided.
CREATE TABLE payments_dispute (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL UNIQUE REFERENCES payments_request (id),
    payer TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('not_done', 'twice', 'amount', 'not_mine')),
    words TEXT NOT NULL,
    hold TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'upheld', 'rejected')),
    answer TEXT,
    answered_by TEXT,
    verdict TEXT,
    made_at BIGINT NOT NULL,
    answer_by TEXT NOT NULL,
    decide_by TEXT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX payments_dispute_open ON payments_dispute (decide_by, id) WHERE state IN ('open', 'answered');
