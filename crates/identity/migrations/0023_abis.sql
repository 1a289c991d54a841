-- Biometric templates on their way to the ABIS, sealed; what the ABIS calls whom; what it was asked.
CREATE TABLE identity_biometric (
    application TEXT PRIMARY KEY REFERENCES identity_enrolment (id),
    sealed BLOB NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE TABLE identity_abis_reference (
    reference TEXT PRIMARY KEY,
    application TEXT NOT NULL,
    inserted_at BIGINT,
    deleted_at BIGINT
);
CREATE INDEX identity_abis_reference_application ON identity_abis_reference (application);
CREATE TABLE identity_abis_request (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL REFERENCES identity_abis_reference (reference),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    answered_at BIGINT
);
