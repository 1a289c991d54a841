//! A register as its declaration describes it: fields, views, links, and what each of them may be used for.
//!
//! **Invariant:** made by `declare.rs` alone, which has checked that every field named anywhere exists and fits
//! its use; so nothing here can fail. What a record must look like is in `schema.rs`.

use std::fmt;
use std::sync::Arc;

use jiff::Span;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spine::{Date, Fault, Folding, Language, Localised, Timestamp};

use crate::schema::Schema;

/// The fields of a record, as JSON.
pub type Fields = Map<String, Value>;

/// Every register of the country. Cheap to clone.
#[derive(Clone)]
pub struct Registers {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    registers: Vec<Register>,
    folding: Folding,
    zone: TimeZone,
}

impl fmt::Debug for Registers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter().map(Register::id)).finish()
    }
}

impl Registers {
    pub(crate) fn new(registers: Vec<Register>, folding: Folding) -> Self {
        Self { inner: Arc::new(Inner { registers, folding, zone: TimeZone::UTC }) }
    }

    /// The same registers in a country whose days begin in `zone`; without it days are UTC's.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { inner: Arc::new(Inner { zone, ..Arc::unwrap_or_clone(self.inner) }) }
    }

    /// Each register, in the order of its file.
    pub fn iter(&self) -> impl Iterator<Item = &Register> {
        self.inner.registers.iter()
    }

    /// The register called `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Register> {
        self.iter().find(|register| register.id == id)
    }

    /// The register called `id`, or the fault that there is none.
    ///
    /// # Errors
    /// `registers.register.unknown`.
    pub fn need(&self, id: &str) -> Result<&Register, Fault> {
        self.get(id).ok_or_else(|| Fault::not_found("registers.register.unknown"))
    }

    /// How names are folded for search.
    #[must_use]
    pub fn folding(&self) -> &Folding {
        &self.inner.folding
    }

    /// The country's day at `moment`.
    #[must_use]
    pub fn day(&self, moment: Timestamp) -> Date {
        moment.date_in(&self.inner.zone)
    }
}

/// How carefully a field must be treated, from the freest to the most guarded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Anybody may know it.
    Public,
    /// For public bodies.
    Internal,
    /// About a person.
    Personal,
    /// About a person, and apt to hurt: health, faith, descent, biometrics.
    Sensitive,
}

impl Class {
    /// As policies and documents write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Personal => "personal",
            Self::Sensitive => "sensitive",
        }
    }

    /// Whether it tells of a person.
    #[must_use]
    pub fn is_personal(self) -> bool {
        self >= Self::Personal
    }
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Any words.
    Text,
    /// A name of a person, place or body.
    Name,
    /// A whole number.
    Integer,
    /// An amount as text, `LSL 130.00`; never a float.
    Money,
    /// A day, `2026-11-24`.
    Date,
    /// Yes or no.
    Boolean,
    /// One of the declared options.
    Choice,
    /// A telephone number, `+26658000000` (ITU-T E.164).
    Phone,
    /// An e-mail address.
    Email,
    /// The identifier of a person or of another record.
    Reference,
}

/// How a field is searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Search {
    /// Not at all.
    #[default]
    None,
    /// By its whole value.
    Exact,
    /// By its words, folded, so that spellings meet.
    Name,
}

/// One of the values that a choice offers.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The value in the record.
    pub value: String,
    /// What people read.
    pub name: Localised,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    pub(crate) id: String,
    pub(crate) name: Localised,
    pub(crate) hint: Localised,
    pub(crate) kind: FieldKind,
    pub(crate) class: Class,
    pub(crate) required: bool,
    pub(crate) search: Search,
    pub(crate) options: Vec<Choice>,
    pub(crate) max_length: u32,
    pub(crate) pattern: Option<String>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) illustrative: bool,
}

impl Field {
    /// Its id, the name of the member in a record.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &Localised {
        &self.name
    }
    /// What helps to fill it in; empty if nothing does.
    #[must_use]
    pub const fn hint(&self) -> &Localised {
        &self.hint
    }
    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> FieldKind {
        self.kind
    }
    /// How carefully it must be treated.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }
    /// Whether every record has it.
    #[must_use]
    pub const fn required(&self) -> bool {
        self.required
    }
    /// How it is searched.
    #[must_use]
    pub const fn search(&self) -> Search {
        self.search
    }
    /// What a choice offers.
    #[must_use]
    pub fn options(&self) -> &[Choice] {
        &self.options
    }
    /// Whether it is an example and not something the country said.
    #[must_use]
    pub const fn illustrative(&self) -> bool {
        self.illustrative
    }
}

/// A narrower set of fields that more people may see than the whole record.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) id: String,
    pub(crate) name: Localised,
    pub(crate) fields: Vec<String>,
}

impl View {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &Localised {
        &self.name
    }
    /// The fields it shows.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }
}

/// A field that names a record of another register.
#[derive(Clone, Debug)]
pub struct Link {
    pub(crate) field: String,
    pub(crate) register: String,
    pub(crate) by: Option<String>,
}

impl Link {
    /// The field here.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
    /// The register there.
    #[must_use]
    pub fn register(&self) -> &str {
        &self.register
    }
    /// The field there that holds the same value; the key if none.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }
}

/// How long records are kept after they ended.
#[derive(Clone, Debug)]
pub enum Retention {
    /// For ever, as civil registration is.
    Permanent,
    /// For so long (ISO 8601).
    For(Span),
}

impl fmt::Display for Retention {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permanent => out.write_str("permanent"),
            Self::For(span) => write!(out, "{span}"),
        }
    }
}

/// One register.
#[derive(Clone, Debug)]
pub struct Register {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: Localised,
    pub(crate) legal_basis: Localised,
    pub(crate) retention: Retention,
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) list: Vec<String>,
    pub(crate) subject: Option<String>,
    pub(crate) since: Option<String>,
    pub(crate) illustrative: bool,
    pub(crate) fields: Vec<Field>,
    pub(crate) views: Vec<View>,
    pub(crate) links: Vec<Link>,
    pub(crate) schema: Schema,
}

impl Register {
    /// Its id: `civil-person`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// The institution that answers for it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }
    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &Localised {
        &self.name
    }
    /// By which law it is kept.
    #[must_use]
    pub const fn legal_basis(&self) -> &Localised {
        &self.legal_basis
    }
    /// The same as acts cite it, in English.
    #[must_use]
    pub fn citation(&self) -> String {
        self.legal_basis.in_language(&Language::new("en")).to_owned()
    }
    /// How long its records are kept after they ended.
    #[must_use]
    pub const fn retention(&self) -> &Retention {
        &self.retention
    }
    /// The field whose value names a record, unique in the register and never changed.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
    /// The fields a list shows.
    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.list
    }
    /// The field that holds the id of the person a record is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }
    /// The field with the day from which a new record is true; the day of enrolment if none.
    #[must_use]
    pub fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }
    /// Whether it is an example and not something the country said.
    #[must_use]
    pub const fn illustrative(&self) -> bool {
        self.illustrative
    }
    /// Its fields, in the order in which people see them.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
    /// The field called `id`.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }
    /// Its views.
    #[must_use]
    pub fn views(&self) -> &[View] {
        &self.views
    }
    /// The view called `id`.
    #[must_use]
    pub fn view(&self, id: &str) -> Option<&View> {
        self.views.iter().find(|view| view.id == id)
    }
    /// Where its fields lead.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }
    /// The JSON Schema (2020-12) of a record's fields.
    #[must_use]
    pub fn json_schema(&self) -> &Value {
        self.schema.document()
    }

    /// The highest class among `fields`.
    #[must_use]
    pub fn class_of<'a>(&self, fields: impl IntoIterator<Item = &'a str>) -> Class {
        fields.into_iter().filter_map(|id| self.field(id)).map(|field| field.class).max().unwrap_or(Class::Public)
    }

    /// The highest class of all its fields.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class_of(self.fields.iter().map(Field::id))
    }

    /// Whether the field is searched by its whole value; the subject always is.
    #[must_use]
    pub fn searches_exactly(&self, field: &Field) -> bool {
        field.search == Search::Exact || self.subject.as_deref() == Some(field.id())
    }

    /// What a record is called: the title's template, filled.
    #[must_use]
    pub fn title(&self, fields: &Fields) -> String {
        let mut out = String::with_capacity(self.title.len() + 24);
        let mut rest = self.title.as_str();
        while let Some((before, tail)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = tail.split_once('}').unwrap_or((tail, ""));
            out.push_str(&fields.get(name).map(plain).unwrap_or_default());
            rest = after;
        }
        out.push_str(rest);
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The fields named in the title.
    pub(crate) fn title_fields(&self) -> impl Iterator<Item = &str> {
        self.title.split('{').skip(1).filter_map(|tail| tail.split('}').next())
    }
}

/// A value as one line of text: what a list, a search and a CSV file hold.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
