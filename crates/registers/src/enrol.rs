//! Enrols records: one with its own act, or many at once with one act that counts them.
//!
//! **Invariant:** nothing stands in a register that its declaration does not allow, and a key names one record
//! for ever. A batch is taken whole or not at all; `import.rs` is for files with bad lines in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use spine::{Act, Cx, Date, Event, Fault, FieldFault, Resource, Text};

use crate::index;
use crate::record::{RecordId, Stored, invalid};
use crate::register::{Fields, Register, Registers, plain};
use crate::rows::{self, AT_ONCE, New};

/// A record to enrol.
#[derive(Clone)]
pub struct Enrol {
    register: String,
    fields: Fields,
    from: Option<Date>,
    purpose: String,
}

impl std::fmt::Debug for Enrol {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Enrol({})", self.register)
    }
}

impl Enrol {
    /// A record with these fields, true from the day its register says, or from today.
    #[must_use]
    pub fn new(register: impl Into<String>, fields: Fields) -> Self {
        Self { register: register.into(), fields, from: None, purpose: "registration".to_owned() }
    }

    /// True from this day on.
    #[must_use]
    pub const fn from(mut self, day: Date) -> Self {
        self.from = Some(day);
        self
    }

    /// Why it is done, as a code the pack explains; `registration` if not said.
    #[must_use]
    pub fn because(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = purpose.into();
        self
    }
}

/// Enrols one record.
///
/// # Errors
/// `registers.register.unknown`; `registers.record.invalid` with the faults of the fields; `registers.key.taken`;
/// the authority's refusal.
pub fn enrol(cx: &mut Cx<'_>, registers: &Registers, command: &Enrol) -> Result<Stored, Fault> {
    let register = registers.need(&command.register)?;
    cx.may("registers.record.enrol", &whole(register).with("purpose", &command.purpose))?;
    let new = prepare(cx, registers, register, command.fields.clone(), command.from).map_err(invalid)?;
    if !rows::taken(cx.tx(), register.id(), &[&new.0.key])?.is_empty() {
        return Err(taken(register));
    }
    let (row, id) = new;
    let now = cx.now();
    rows::insert(cx.tx(), register.id(), now, &[row])?;
    let mut act = Act::new("registers.record.enrolled")
        .on(id)
        .because(command.purpose.clone(), register.citation())
        .with("register", register.id());
    act.subject = subject(register, &command.fields);
    cx.record(act);
    cx.emit(Event {
        topic: "registers.record.enrolled",
        body: json!({"register": register.id(), "record": id, "revision": 1}),
    });
    Ok(Stored { id, revision: 1 })
}

/// Enrols many records as one act, which counts them; all or none.
///
/// # Errors
/// As [`enrol`]; the faults of fields begin with the place of the record, from 0: `/3/born`.
pub fn enrol_many(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    records: impl IntoIterator<Item = Fields>,
) -> Result<Vec<RecordId>, Fault> {
    let register = registers.need(register)?;
    cx.may("registers.record.enrol", &whole(register))?;
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    for (place, fields) in records.into_iter().enumerate() {
        let (row, id) = prepare(cx, registers, register, fields, None).map_err(|faults| {
            invalid(faults.into_iter().map(|fault| FieldFault { field: format!("/{place}/{}", fault.field), ..fault }))
        })?;
        rows.push(row);
        ids.push(id);
    }
    if let Some(place) = already(cx, register, &rows)?.first() {
        return Err(taken(register).field(format!("/{place}/{}", register.key()), Text::new("registers.field.taken")));
    }
    write_batch(cx, register, &rows, "registration")?;
    Ok(ids)
}

/// Writes records that have been checked, with one act and one event that count them.
pub(crate) fn write_batch(cx: &mut Cx<'_>, register: &Register, new: &[New], purpose: &str) -> Result<(), Fault> {
    let now = cx.now();
    rows::insert(cx.tx(), register.id(), now, new)?;
    let act = Act::new("registers.batch.enrolled")
        .on(register.id())
        .because(purpose.to_owned(), register.citation())
        .with("count", new.len());
    cx.record(act);
    cx.emit(Event { topic: "registers.batch.enrolled", body: json!({"register": register.id(), "count": new.len()}) });
    Ok(())
}

/// The places of records whose key is taken, by another record of the batch or by one in the register.
pub(crate) fn already(cx: &mut Cx<'_>, register: &Register, new: &[New]) -> Result<Vec<usize>, Fault> {
    let mut known = BTreeSet::new();
    for chunk in new.chunks(AT_ONCE) {
        let keys: Vec<&str> = chunk.iter().map(|one| one.key.as_str()).collect();
        known.extend(rows::taken(cx.tx(), register.id(), &keys)?);
    }
    let places = new.iter().enumerate().filter(|(_, one)| !known.insert(one.key.clone()));
    Ok(places.map(|(place, _)| place).collect())
}

/// Checks the fields of a new record and makes its row.
pub(crate) fn prepare(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &Register,
    fields: Fields,
    from: Option<Date>,
) -> Result<(New, RecordId), Vec<FieldFault>> {
    let fields = tidy(fields);
    let faults = register.schema.faults(&fields);
    if !faults.is_empty() {
        return Err(faults);
    }
    let since = register.since().and_then(|field| fields.get(field)).and_then(Value::as_str);
    let from = from.or_else(|| since.and_then(|day| day.parse().ok())).unwrap_or_else(|| registers.day(cx.now()));
    if !in_calendar(from) {
        return Err(vec![FieldFault { field: "from".to_owned(), text: Text::new("registers.field.date") }]);
    }
    let id: RecordId = cx.id();
    let key = fields.get(register.key()).map(plain).unwrap_or_default();
    let entries = index::entries(register, registers.folding(), [&fields]);
    let fields = Value::Object(fields).to_string();
    Ok((New { id: id.to_string(), key, valid_from: from.to_string(), fields, entries }, id))
}

/// Spaces around texts go, and with them members that hold nothing.
pub(crate) fn tidy(fields: Fields) -> Fields {
    fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, Value::String(text.trim().to_owned())),
            other => (name, other),
        })
        .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
        .collect()
}

/// Days are compared as text, which is right for years of four digits.
pub(crate) fn in_calendar(day: Date) -> bool {
    (0..=9999).contains(&day.year())
}

/// The register with all its fields, as policies see it.
pub(crate) fn whole(register: &Register) -> Resource {
    resource(register, register.class().name())
}

/// The register, when fields up to `class` are read or written.
pub(crate) fn resource(register: &Register, class: &str) -> Resource {
    Resource::new("Register", register.id()).with("owner", register.owner()).with("class", class)
}

/// The person that fields are about.
pub(crate) fn subject(register: &Register, fields: &Fields) -> Option<String> {
    let text = register.subject().and_then(|field| fields.get(field)).and_then(Value::as_str)?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

fn taken(register: &Register) -> Fault {
    Fault::conflict("registers.key.taken").field(register.key(), Text::new("registers.field.taken"))
}
