//! What a list says of somebody, whichever format it came in.
//!
//! **Invariant:** within limits, each entry with a reference of its own and a name; a birth date is a span of days, so that "about
//! 1971" and "between 1970 and 1975" are said as they were meant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use spine::{Date, Fault, FaultKind, Timestamp};

use super::{table, un};

/// The largest file: the Security Council's has some 2 MB.
pub(crate) const FILE_BYTES: usize = 16 << 20;
/// The most entries of one list.
const ENTRIES: usize = 50_000;
/// The most names, dates, countries or documents of one entry.
const OF_ONE: usize = 200;
/// The longest reference, and the longest of what else is kept, in characters.
const REFERENCE: usize = 60;
const TEXT: usize = 500;

/// How a list is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The Security Council's Consolidated List, XML.
    UnXml,
    /// CSV with the columns of `table.rs`.
    Csv,
}

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Somebody.
    Person,
    /// A company, a group.
    Entity,
    /// A ship.
    Vessel,
    /// An aircraft.
    Aircraft,
}

impl EntryKind {
    pub(super) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "person" => Self::Person,
            "entity" => Self::Entity,
            "vessel" => Self::Vessel,
            "aircraft" => Self::Aircraft,
            _ => return None,
        })
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Entity => "entity",
            Self::Vessel => "vessel",
            Self::Aircraft => "aircraft",
        }
    }
}

/// How far a name can be relied on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// The name itself.
    Primary,
    /// An alias by which somebody can be told.
    Good,
    /// An alias that many may bear.
    Low,
    /// The name in its own script.
    Script,
}

impl Quality {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Good => "good",
            Self::Low => "low",
            Self::Script => "script",
        }
    }
}

/// A name, and what it is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// As the list writes it.
    pub text: String,
    /// How far it can be relied on.
    pub quality: Quality,
}

/// When somebody was born: a day, or some day of a span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Born {
    /// The first day it may have been.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// The list itself is not sure.
    pub about: bool,
}

impl Born {
    /// Some day of these years.
    pub(super) fn years(from: i16, to: i16, about: bool) -> Option<Self> {
        let (from, to) = (Date::new(from, 1, 1).ok()?, Date::new(to, 12, 31).ok()?);
        (from.year() >= 1800 && to.year() <= 2200 && from <= to).then_some(Self { from, to, about })
    }

    /// `1971-03-05`, `1971`, `1970–1975`.
    #[must_use]
    pub fn said(&self) -> String {
        if self.from == self.to {
            self.from.to_string()
        } else if self.from.year() == self.to.year() {
            self.from.year().to_string()
        } else {
            format!("{}–{}", self.from.year(), self.to.year())
        }
    }
}

/// A paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What it is, in the list's words.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// The country whose it is, in the list's words.
    pub country: Option<String>,
}

/// Somebody or something on a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The list's own reference number.
    pub reference: String,
    /// What it is about.
    pub kind: EntryKind,
    /// Names; the first is the name itself.
    pub names: Vec<Name>,
    /// When she may have been born.
    pub born: Vec<Born>,
    /// Nationalities and addresses, in the list's words.
    pub countries: Vec<String>,
    /// Papers.
    pub documents: Vec<Document>,
    /// Since when it is on the list.
    pub listed_on: Option<Date>,
}

/// A list as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What the file says of its own age.
    pub dated_at: Timestamp,
    /// Its entries, each with a reference of its own.
    pub entries: Vec<Entry>,
}

/// Reads a file.
///
/// # Errors
/// `payments.sanctions.{large,root,missing,date,kind,repeated,many,text,columns,line,empty}`, each naming the element or the line and the
/// entry; for XML also those of an ISO 20022 message: `payments.iso20022.{encoding,malformed,doctype,entity,deep,many,namespace,text,repeated}`.
pub fn read(format: Format, bytes: &[u8]) -> Result<Listing, Fault> {
    if bytes.len() > FILE_BYTES {
        return Err(Fault::new(FaultKind::TooLarge, "payments.sanctions.large"));
    }
    match format {
        Format::UnXml => un::read(bytes),
        Format::Csv => table::read(bytes),
    }
}

/// A fault about a place in the file: an element or a line, of an entry if one is known.
pub(super) fn at(code: &'static str, place: &str, entry: &str) -> Fault {
    let entry: String = entry.chars().filter(|letter| !letter.is_control()).take(REFERENCE).collect();
    Fault::invalid(code).with("element", place).with("entry", entry)
}

/// Entries as they are read, within the limits of a list.
#[derive(Default)]
pub(super) struct Growing {
    entries: Vec<Entry>,
    known: BTreeSet<String>,
}

impl Growing {
    /// Takes one more.
    pub(super) fn push(&mut self, entry: Entry, place: &str) -> Result<(), Fault> {
        let wrong = |code| Err(at(code, place, &entry.reference));
        if entry.reference.is_empty() || entry.names.is_empty() {
            return wrong("payments.sanctions.missing");
        }
        let counts = [entry.names.len(), entry.born.len(), entry.countries.len(), entry.documents.len()];
        if self.entries.len() >= ENTRIES || counts.into_iter().any(|count| count > OF_ONE) {
            return wrong("payments.sanctions.many");
        }
        if !is_plain(&entry) {
            return wrong("payments.sanctions.text");
        }
        if !self.known.insert(entry.reference.clone()) {
            return wrong("payments.sanctions.repeated");
        }
        self.entries.push(entry);
        Ok(())
    }

    /// The whole list.
    pub(super) fn done(self, dated_at: Timestamp) -> Result<Listing, Fault> {
        if self.entries.is_empty() {
            return Err(Fault::invalid("payments.sanctions.empty"));
        }
        Ok(Listing { dated_at, entries: self.entries })
    }
}

/// Whether no text of it is too long or has characters that are none.
fn is_plain(entry: &Entry) -> bool {
    let documents = entry.documents.iter();
    let documents = documents.flat_map(|it| [Some(&it.kind), Some(&it.number), it.country.as_ref()]).flatten();
    let mut texts = entry.names.iter().map(|name| &name.text).chain(&entry.countries).chain(documents);
    let fits = |text: &str, most| text.chars().count() <= most && !text.chars().any(char::is_control);
    fits(&entry.reference, REFERENCE) && texts.all(|text| fits(text, TEXT))
}

/// A text with its white space in order: one space between words, none around them.
pub(super) fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
