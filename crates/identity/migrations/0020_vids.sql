-- Numbers given out in a person's stead: found by a keyed hash, shown to her from a sealed copy.
CREATE TABLE identity_vid (
    hash TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    sealed BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT,
    uses_left BIGINT,
    revoked_at BIGINT
) WITHOUT ROWID;
CREATE INDEX identity_vid_person ON identity_vid (person, made_at);
