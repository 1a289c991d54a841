//! Vital events as rows.

use spine::tx::FromValue;
use spine::{Date, Row, Tx, TxError};

use crate::event::{Done, Event, EventId, State};

const INSERT: &str = "
    INSERT INTO civil_event (id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant,
        subject, notified_by, notified_at, declared_by, declared_at, validated_by, validated_at, registered_by,
        registered_at, entry, words, due_on, revision)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 1)";

pub(crate) fn insert(tx: &mut dyn Tx, event: &Event) -> Result<(), TxError> {
    let (fields, evidence, informant) = contents(event);
    let args = [
        event.id.into(),
        (&event.kind).into(),
        (&event.circumstance).into(),
        (&event.reference).into(),
        event.state.name().into(),
        (&event.district).into(),
        event.occurred_on.into(),
        fields.as_str().into(),
        evidence.as_str().into(),
        informant.as_str().into(),
        event.subject.as_deref().into(),
        event.notified.by.as_deref().into(),
        event.notified.at.into(),
        event.declared.by.as_deref().into(),
        event.declared.at.into(),
        event.validated.by.as_deref().into(),
        event.validated.at.into(),
        event.registered.by.as_deref().into(),
        event.registered.at.into(),
        event.entry.as_deref().into(),
        event.words.as_deref().into(),
        event.due_on.into(),
    ];
    tx.change(INSERT, &args)
}

fn contents(event: &Event) -> (String, String, String) {
    let text = |value: serde_json::Result<serde_json::Value>| value.unwrap_or_default().to_string();
    (
        text(serde_json::to_value(&event.fields)),
        text(serde_json::to_value(&event.evidence)),
        text(serde_json::to_value(&event.informant)),
    )
}

const UPDATE: &str = "
    UPDATE civil_event SET circumstance = $3, state = $4, district = $5, occurred_on = $6, fields = $7, evidence = $8,
        informant = $9, subject = $10, declared_by = $11, declared_at = $12, validated_by = $13, validated_at = $14,
        registered_by = $15, registered_at = $16, entry = $17, words = $18, due_on = $19, revision = revision + 1
    WHERE id = $1 AND revision = $2";

/// Writes the event if it is still the revision that was read; answers whether it was.
pub(crate) fn update(tx: &mut dyn Tx, event: &Event) -> Result<bool, TxError> {
    let (fields, evidence, informant) = contents(event);
    let args = [
        event.id.into(),
        event.revision.into(),
        (&event.circumstance).into(),
        event.state.name().into(),
        (&event.district).into(),
        event.occurred_on.into(),
        fields.as_str().into(),
        evidence.as_str().into(),
        informant.as_str().into(),
        event.subject.as_deref().into(),
        event.declared.by.as_deref().into(),
        event.declared.at.into(),
        event.validated.by.as_deref().into(),
        event.validated.at.into(),
        event.registered.by.as_deref().into(),
        event.registered.at.into(),
        event.entry.as_deref().into(),
        event.words.as_deref().into(),
        event.due_on.into(),
    ];
    Ok(tx.execute(UPDATE, &args)? == 1)
}

struct Json<T>(T);

impl<T: serde::de::DeserializeOwned> FromValue for Json<T> {
    fn from_value(value: &spine::Value<'static>) -> Result<Self, &'static str> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text).map(Self).map_err(|_| "the JSON of an event")
    }
}

fn event_of(row: &Row) -> Result<Event, TxError> {
    let state: String = row.get(4)?;
    let done = |by: usize| Ok::<_, TxError>(Done { by: row.get(by)?, at: row.get(by + 1)? });
    Ok(Event {
        id: row.get(0)?,
        kind: row.get(1)?,
        circumstance: row.get(2)?,
        reference: row.get(3)?,
        state: State::parse(&state).ok_or_else(|| TxError::Type("a state of an event".to_owned()))?,
        district: row.get(5)?,
        occurred_on: row.get(6)?,
        fields: row.get::<Json<_>>(7)?.0,
        evidence: row.get::<Json<_>>(8)?.0,
        informant: row.get::<Json<_>>(9)?.0,
        subject: row.get(10)?,
        notified: done(11)?,
        declared: done(13)?,
        validated: done(15)?,
        registered: done(17)?,
        entry: row.get(19)?,
        words: row.get(20)?,
        due_on: row.get(21)?,
        revision: row.get(22)?,
    })
}

const SELECT: &str = "
    SELECT id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant, subject, notified_by,
        notified_at, declared_by, declared_at, validated_by, validated_at, registered_by, registered_at, entry, words, due_on,
        revision
    FROM civil_event WHERE id = $1";

pub(crate) fn event(tx: &mut dyn Tx, id: EventId) -> Result<Option<Event>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(event_of).transpose()
}

const SELECT_STATE: &str = "
    SELECT id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant, subject, notified_by,
        notified_at, declared_by, declared_at, validated_by, validated_at, registered_by, registered_at, entry, words, due_on,
        revision
    FROM civil_event WHERE state = $1 ORDER BY due_on, id LIMIT $2";

/// Events in a state, the most urgent first.
pub(crate) fn in_state(tx: &mut dyn Tx, state: State, limit: u16) -> Result<Vec<Event>, TxError> {
    tx.query(SELECT_STATE, &[state.name().into(), i64::from(limit).into()])?.iter().map(event_of).collect()
}

const SELECT_REFERENCE: &str = "
    SELECT id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant, subject, notified_by,
        notified_at, declared_by, declared_at, validated_by, validated_at, registered_by, registered_at, entry, words, due_on,
        revision
    FROM civil_event WHERE reference = $1";

pub(crate) fn by_reference(tx: &mut dyn Tx, reference: &str) -> Result<Option<Event>, TxError> {
    tx.first(SELECT_REFERENCE, &[reference.into()])?.as_ref().map(event_of).transpose()
}

const SELECT_NOTIFIED: &str = "
    SELECT id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant, subject, notified_by,
        notified_at, declared_by, declared_at, validated_by, validated_at, registered_by, registered_at, entry, words, due_on,
        revision
    FROM civil_event WHERE notified_by = $1 ORDER BY notified_at DESC, id LIMIT $2";

/// The events this actor gave notice of, the newest first.
pub(crate) fn notified_by(tx: &mut dyn Tx, actor: &str, limit: u16) -> Result<Vec<Event>, TxError> {
    tx.query(SELECT_NOTIFIED, &[actor.into(), i64::from(limit).into()])?.iter().map(event_of).collect()
}

const SELECT_ENTRY: &str = "
    SELECT id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant, subject, notified_by,
        notified_at, declared_by, declared_at, validated_by, validated_at, registered_by, registered_at, entry, words, due_on,
        revision
    FROM civil_event WHERE kind = $1 AND entry = $2";

pub(crate) fn by_entry(tx: &mut dyn Tx, kind: &str, entry: &str) -> Result<Option<Event>, TxError> {
    tx.first(SELECT_ENTRY, &[kind.into(), entry.into()])?.as_ref().map(event_of).transpose()
}

const SELECT_OCCURRED: &str = "
    SELECT id, kind, circumstance, reference, state, district, occurred_on, fields, evidence, informant, subject, notified_by,
        notified_at, declared_by, declared_at, validated_by, validated_at, registered_by, registered_at, entry, words, due_on,
        revision
    FROM civil_event
    WHERE kind = $1 AND occurred_on >= $2 AND occurred_on <= $3 AND state IN ('notified', 'declared', 'returned', 'validated')
    ORDER BY id LIMIT $4";

/// Open events of a kind that happened within these days.
pub(crate) fn open_between(
    tx: &mut dyn Tx,
    kind: &str,
    from: Date,
    to: Date,
    limit: i64,
) -> Result<Vec<Event>, TxError> {
    tx.query(SELECT_OCCURRED, &[kind.into(), from.into(), to.into(), limit.into()])?.iter().map(event_of).collect()
}
