-- What the gateway told of a message it had taken: it reached the phone, or it will not.
ALTER TABLE messages_message ADD COLUMN receipt TEXT CHECK (receipt IN ('delivered', 'failed'));
ALTER TABLE messages_message ADD COLUMN receipt_at BIGINT;
