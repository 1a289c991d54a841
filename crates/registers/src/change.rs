//! Changes a record: what has become otherwise, what had been recorded wrongly, what has ceased to be.
//!
//! **Invariant:** who changes a record names the revision she saw; if another was first, nothing happens
//! (`registers.record.stale`). What was known before stays as it was; `timeline.rs` says what follows it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spine::{Act, Cx, Date, Event, Fault, FieldFault, Text};

use crate::enrol::{in_calendar, resource};
use crate::record::{Record, Stored, invalid, invalid_field};
use crate::register::{Fields, Register, Registers};
use crate::timeline::{self, Plan, Refused};
use crate::{index, rows};

/// What sort of change it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The world changed on a day.
    Change,
    /// What was recorded had been wrong.
    Correct,
    /// What the record says ceased to be on a day.
    End,
}

/// A change of a record.
#[derive(Clone)]
pub struct Change {
    register: String,
    key: String,
    seen: i64,
    kind: Kind,
    fields: Fields,
    from: Option<Date>,
    reason: Option<String>,
    purpose: String,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Change({} {:?} r{})", self.register, self.kind, self.seen)
    }
}

impl Change {
    /// A change of the record with this key (or identifier), whose revision `seen` it was decided upon. `fields`
    /// are the new values; null takes a field away.
    #[must_use]
    pub fn new(kind: Kind, register: impl Into<String>, key: impl Into<String>, seen: i64, fields: Fields) -> Self {
        Self {
            register: register.into(),
            key: key.into(),
            seen,
            kind,
            fields,
            from: None,
            reason: None,
            purpose: "registration".to_owned(),
        }
    }

    /// A change of the record as it was just read.
    #[must_use]
    pub fn of(record: &Record, kind: Kind, fields: Fields) -> Self {
        Self::new(kind, record.register(), record.id().to_string(), record.revision(), fields)
    }

    /// The first day on which it is so; today if not said. For a correction: a day on which the wrong value is recorded.
    #[must_use]
    pub fn from(mut self, day: Option<Date>) -> Self {
        self.from = day;
        self
    }

    /// Why, in words for whoever reads the history.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into().trim().to_owned()).filter(|reason| !reason.is_empty());
        self
    }

    /// Why it is done, as a code the pack explains; `registration` if not said.
    #[must_use]
    pub fn because(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = purpose.into();
        self
    }
}

/// At most so many letters of a reason.
pub(crate) const REASON_LENGTH: usize = 500;

/// Changes one record.
///
/// # Errors
/// `registers.record.unknown`; `registers.record.stale`; `registers.change.outside` when the day is none of the
/// record's; `registers.change.same`; `registers.key.fixed`; `registers.record.invalid`; the authority's refusal.
pub fn change(cx: &mut Cx<'_>, registers: &Registers, command: &Change) -> Result<Stored, Fault> {
    let register = registers.need(&command.register)?;
    let versions = rows::versions(cx.tx(), register.id(), &command.key)?;
    let newest = versions.last();
    permit(cx, register, command, newest)?;
    let newest = newest.ok_or_else(|| Fault::not_found("registers.record.unknown"))?;
    if newest.revision != command.seen {
        return Err(Fault::conflict("registers.record.stale"));
    }
    let (patch, plan) = decide(cx, registers, register, command, &versions)?;
    check(register, command, &patch, &plan)?;
    write(cx, registers, register, &versions, &plan)?;
    if !rows::advance(cx.tx(), newest.id, command.seen)? {
        return Err(Fault::conflict("registers.record.stale"));
    }
    leave(cx, register, command, newest, &patch);
    Ok(Stored { id: newest.id, revision: command.seen + 1 })
}

fn permit(cx: &mut Cx<'_>, register: &Register, command: &Change, newest: Option<&Record>) -> Result<(), Fault> {
    let action = match command.kind {
        Kind::Change => "registers.record.change",
        Kind::Correct => "registers.record.correct",
        Kind::End => "registers.record.end",
    };
    let class = match command.kind {
        Kind::End => register.class(),
        Kind::Change | Kind::Correct => register.class_of(command.fields.keys().map(String::as_str)),
    };
    let mut resource = resource(register, class.name());
    if let Some(subject) = newest.and_then(|record| record.subject(register)) {
        resource = resource.with("subject", subject);
    }
    cx.may(action, &resource)
}

/// The patch without what it need not say, and what follows from it.
fn decide(
    cx: &Cx<'_>,
    registers: &Registers,
    register: &Register,
    command: &Change,
    versions: &[Record],
) -> Result<(Fields, Plan), Fault> {
    let day = command.from.unwrap_or_else(|| registers.day(cx.now()));
    if !in_calendar(day) {
        return Err(invalid_field("from", "registers.field.date"));
    }
    if command.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_LENGTH) {
        let text = Text::new("registers.field.long").with("limit", REASON_LENGTH);
        return Err(invalid([FieldFault { field: "reason".to_owned(), text }]));
    }
    let patch = patch(&command.fields);
    if patch
        .get(register.key())
        .is_some_and(|value| versions.last().is_none_or(|newest| newest.fields.get(register.key()) != Some(value)))
    {
        return Err(Fault::invalid("registers.key.fixed").field(register.key(), Text::new("registers.field.fixed")));
    }
    let (slices, reason) = (timeline::slices(versions), command.reason.as_deref());
    let plan = match command.kind {
        Kind::Change => timeline::change(slices, day, &patch, reason),
        Kind::Correct => timeline::correct(slices, day, &patch, reason),
        Kind::End => timeline::end(slices, day, reason),
    };
    let plan = plan.map_err(|refused| match refused {
        Refused::Outside => {
            Fault::invalid("registers.change.outside").field("from", Text::new("registers.field.outside"))
        }
        Refused::Same => Fault::invalid("registers.change.same").field("fields", Text::new("registers.field.same")),
    })?;
    Ok((patch, plan))
}

/// Texts without spaces around them; an empty one takes the field away, as null does.
fn patch(fields: &Fields) -> Fields {
    let tidy = |value: &Value| match value {
        Value::String(text) if text.trim().is_empty() => Value::Null,
        Value::String(text) => Value::from(text.trim()),
        other => other.clone(),
    };
    fields.iter().map(|(name, value)| (name.clone(), tidy(value))).collect()
}

/// Every slice that is written must be a record that could be enrolled. Rules that were made later do not count
/// against fields that this change leaves alone.
fn check(register: &Register, command: &Change, patch: &Fields, plan: &Plan) -> Result<(), Fault> {
    if command.kind == Kind::End {
        return Ok(());
    }
    let unknown = patch.keys().filter(|name| register.field(name).is_none());
    let mut faults: Vec<FieldFault> =
        unknown.map(|name| FieldFault { field: name.clone(), text: Text::new("registers.field.unknown") }).collect();
    for slice in plan.write.iter().filter(|slice| slice.is_touched) {
        for fault in register.schema.faults(&slice.fields) {
            let touched = patch.contains_key(fault.field.split('/').next().unwrap_or_default());
            if touched && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(invalid(faults)) }
}

fn write(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &Register,
    versions: &[Record],
    plan: &Plan,
) -> Result<(), Fault> {
    let Some(newest) = versions.last() else { return Ok(()) };
    // Another instance's clock may be ahead; knowledge never goes back.
    let latest = versions.iter().map(|version| version.known_from).max().unwrap_or(cx.now());
    let now = cx.now().max(latest);
    for number in &plan.close {
        rows::close(cx.tx(), newest.id, *number, now)?;
    }
    for (number, slice) in (newest.number + 1..).zip(&plan.write) {
        rows::insert_version(cx.tx(), newest.id, number, slice, now)?;
    }
    let id = newest.id.to_string();
    let entries = index::entries(register, registers.folding(), plan.after.iter().map(|slice| &slice.fields));
    rows::delete_entries(cx.tx(), &id)?;
    rows::insert_entries(cx.tx(), register.id(), &id, &entries)?;
    Ok(())
}

/// The act and the event. Which fields were touched is told by their ids; their values are not.
fn leave(cx: &mut Cx<'_>, register: &Register, command: &Change, newest: &Record, patch: &Fields) {
    let topic = match command.kind {
        Kind::Change => "registers.record.changed",
        Kind::Correct => "registers.record.corrected",
        Kind::End => "registers.record.ended",
    };
    let touched: Vec<&str> = patch.keys().map(String::as_str).collect();
    let mut act = Act::new(topic)
        .on(newest.id)
        .because(command.purpose.clone(), register.citation())
        .with("register", register.id())
        .with("fields", touched);
    act.subject = newest.subject(register).map(str::to_owned);
    cx.record(act);
    let body = json!({"register": register.id(), "record": newest.id, "revision": command.seen + 1});
    cx.emit(Event { topic, body });
}
