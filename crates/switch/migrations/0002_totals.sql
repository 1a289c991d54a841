-- What a participant says it sent and received in a closed window, and whether the switch's own books say the same.
CREATE TABLE switch_totals (
    settlement_window BIGINT NOT NULL REFERENCES switch_window (id),
    participant TEXT NOT NULL REFERENCES switch_participant (name),
    currency TEXT NOT NULL,
    sent_count BIGINT NOT NULL,
    sent_minor BIGINT NOT NULL,
    received_count BIGINT NOT NULL,
    received_minor BIGINT NOT NULL,
    agrees BIGINT NOT NULL CHECK (agrees IN (0, 1)),
    told_at BIGINT NOT NULL,
    PRIMARY KEY (settlement_window, participant, currency)
);
