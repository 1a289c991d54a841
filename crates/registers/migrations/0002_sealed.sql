-- A sealed record is kept and found by nobody: the entry of a birth before an adoption.
ALTER TABLE registers_record ADD COLUMN sealed BIGINT NOT NULL DEFAULT 0;
