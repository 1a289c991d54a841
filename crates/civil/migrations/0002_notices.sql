-- Who gave notice of an event sees what became of it.
CREATE INDEX civil_event_notified ON civil_event (notified_by, notified_at);
