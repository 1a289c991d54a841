//! A record: one version of it, as it was true at some day and known at some moment.
//!
//! **Invariant:** fields and key may be personal, so `Debug` shows neither. Records are made from rows alone.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spine::{Date, Fault, FieldFault, Id, IdKind, Text, Timestamp};

use crate::register::{Fields, Register, plain};

/// The kind of a record's identifier.
#[derive(Debug)]
pub struct RecordKind;

impl IdKind for RecordKind {
    const PREFIX: &'static str = "rec";
}

/// A record's identifier.
pub type RecordId = Id<RecordKind>;

/// Why a version came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The record is new.
    Enrolled,
    /// The world changed.
    Changed,
    /// What was recorded had been wrong.
    Corrected,
    /// What it says has ceased to be.
    Ended,
}

impl Cause {
    /// As the table and the API write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Changed => "changed",
            Self::Corrected => "corrected",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Enrolled, Self::Changed, Self::Corrected, Self::Ended].into_iter().find(|cause| cause.name() == text)
    }
}

/// One version of a record.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub(crate) id: RecordId,
    pub(crate) register: String,
    pub(crate) key: String,
    pub(crate) revision: i64,
    pub(crate) number: i64,
    pub(crate) cause: Cause,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
    pub(crate) known_from: Timestamp,
    pub(crate) known_to: Option<Timestamp>,
    pub(crate) fields: Fields,
    pub(crate) reason: Option<String>,
    pub(crate) sealed: bool,
}

impl fmt::Debug for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Record({} {} r{} v{})", self.register, self.id, self.revision, self.number)
    }
}

impl Record {
    /// The record's identifier, the same in all versions.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        self.id
    }
    /// The register it stands in.
    #[must_use]
    pub fn register(&self) -> &str {
        &self.register
    }
    /// The value of the key field; empty where a view hides it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
    /// Counts the changes of the record; a change names the revision it saw.
    #[must_use]
    pub const fn revision(&self) -> i64 {
        self.revision
    }
    /// The number of this version within the record, from 1.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }
    /// Why this version came to be.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }
    /// The first day on which the fields were true.
    #[must_use]
    pub const fn valid_from(&self) -> Date {
        self.valid_from
    }
    /// The first day on which they were true no more; none while they are.
    #[must_use]
    pub const fn valid_to(&self) -> Option<Date> {
        self.valid_to
    }
    /// Since when this was known.
    #[must_use]
    pub const fn known_from(&self) -> Timestamp {
        self.known_from
    }
    /// Until when this was held to be so; none while it is.
    #[must_use]
    pub const fn known_to(&self) -> Option<Timestamp> {
        self.known_to
    }
    /// Why, in the words of whoever recorded it.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
    /// Whether it is sealed: kept, and shown to nobody but whom the policies name.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.sealed
    }
    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }
    /// The field as text; empty if the record does not have it.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
    /// The field as a day.
    #[must_use]
    pub fn date(&self, field: &str) -> Option<Date> {
        self.text(field).parse().ok()
    }
    /// The field as a whole number.
    #[must_use]
    pub fn integer(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_i64)
    }
    /// The field as yes or no.
    #[must_use]
    pub fn is(&self, field: &str) -> bool {
        self.fields.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether it is true on `day`.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    /// The person it is about, where the register says which field tells.
    #[must_use]
    pub fn subject(&self, register: &Register) -> Option<&str> {
        register.subject().map(|field| self.text(field)).filter(|id| !id.is_empty())
    }

    /// The same with these fields only; the reason, which may tell of any of them, goes when one is missing.
    #[must_use]
    pub(crate) fn seen_in(mut self, register: &Register, fields: &[&str]) -> Self {
        self.fields.retain(|name, _| fields.contains(&name.as_str()));
        if !fields.contains(&register.key()) {
            self.key.clear();
        }
        if register.fields().iter().any(|field| !fields.contains(&field.id())) {
            self.reason = None;
        }
        self
    }

    /// Whether the field holds `wanted`, as an exact search compares.
    pub(crate) fn matches(&self, field: &str, wanted: &str) -> bool {
        self.fields.get(field).is_some_and(|value| folded(&plain(value)) == folded(wanted))
    }
}

/// A value as an exact search compares it: case and spaces around it do not count.
pub(crate) fn folded(value: &str) -> String {
    value.trim().to_lowercase()
}

/// What a write gives back: no personal data, as it is remembered under the idempotency key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stored {
    /// The record.
    pub id: RecordId,
    /// Its revision now.
    pub revision: i64,
}

/// The refusal of fields that do not fit their declaration.
pub(crate) fn invalid(faults: impl IntoIterator<Item = FieldFault>) -> Fault {
    Fault::invalid("registers.record.invalid").fields_from(faults)
}

/// The refusal of one field.
pub(crate) fn invalid_field(field: &str, key: &'static str) -> Fault {
    invalid([FieldFault { field: field.to_owned(), text: Text::new(key) }])
}
