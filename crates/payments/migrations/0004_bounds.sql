-- What an account may never do, whoever books on it.
ALTER TABLE payments_account ADD COLUMN bound TEXT NOT NULL DEFAULT 'none'
    CHECK (bound IN ('none', 'debits_within_credits', 'credits_within_debits'));
