-- Packs as they were when cases began, the cases, what officers do with them, and the documents that come out.
CREATE TABLE services_pack (
    service TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (service, version)
);
CREATE TABLE services_case (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    version TEXT NOT NULL,
    applicant TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    step TEXT,
    applicant_data TEXT NOT NULL,
    evidence TEXT NOT NULL,
    answers TEXT NOT NULL,
    fee_minor BIGINT NOT NULL,
    payment TEXT,
    receipt TEXT,
    made_at BIGINT NOT NULL,
    submitted_at BIGINT,
    decided_at BIGINT,
    ended_at BIGINT,
    due_on TEXT,
    reason TEXT,
    revision BIGINT NOT NULL
);
CREATE INDEX services_case_applicant ON services_case (applicant, id);
CREATE INDEX services_case_payment ON services_case (payment) WHERE payment IS NOT NULL;
CREATE TABLE services_task (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    step TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'waiting', 'done', 'dropped')),
    officer TEXT,
    made_at BIGINT NOT NULL,
    claimed_at BIGINT,
    done_at BIGINT,
    due_on TEXT NOT NULL,
    outcome TEXT,
    reason TEXT,
    revision BIGINT NOT NULL
);
CREATE INDEX services_task_role ON services_task (role, due_on, id) WHERE state IN ('open', 'claimed', 'waiting');
CREATE INDEX services_task_case ON services_task (case_id, id);
CREATE TABLE services_question (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    task TEXT NOT NULL,
    question TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    answer TEXT,
    answered_at BIGINT
);
CREATE INDEX services_question_case ON services_question (case_id, id);
CREATE TABLE services_output (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    output TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    valid_until TEXT,
    revoked_at BIGINT
);
CREATE INDEX services_output_case ON services_output (case_id, id);
CREATE TABLE services_document (
    output TEXT PRIMARY KEY,
    evidence TEXT NOT NULL,
    pdf BLOB NOT NULL,
    made_at BIGINT NOT NULL
);
