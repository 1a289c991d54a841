-- Why a document was revoked: on which ground, which anybody may know, and in words that its holder reads.
ALTER TABLE services_output ADD COLUMN revoked_ground TEXT;
ALTER TABLE services_output ADD COLUMN revoked_reason TEXT;
