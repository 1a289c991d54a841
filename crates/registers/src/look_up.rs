//! Looking at a record: as it is, as it was true on a day, as it was known at a moment; and its whole history.
//!
//! **Invariant:** who looks may, and a look at what is personal is an act about the person, with its purpose and
//! legal basis, which she can see. Looking at one's own record is not.

use spine::{Act, ActorKind, Cx, Date, Fault, Timestamp};

use crate::enrol::resource;
use crate::find;
use crate::record::Record;
use crate::register::{Class, Field, Register, Registers};
use crate::rows;

/// A look at a record.
#[derive(Clone)]
pub struct Look {
    register: String,
    key: String,
    view: Option<String>,
    valid: Option<Date>,
    known: Option<Timestamp>,
    purpose: String,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Look({} {:?})", self.register, self.view)
    }
}

impl Look {
    /// A look at the record with this key or identifier, for a purpose, which is a code the pack explains.
    #[must_use]
    pub fn new(register: impl Into<String>, key: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self {
            register: register.into(),
            key: key.into(),
            view: None,
            valid: None,
            known: None,
            purpose: purpose.into(),
        }
    }

    /// Only the fields of a view.
    #[must_use]
    pub fn view(mut self, view: Option<String>) -> Self {
        self.view = view;
        self
    }

    /// As it was true on a day (today if none), as far as was known at a moment (now if none).
    #[must_use]
    pub const fn as_of(mut self, valid: Option<Date>, known: Option<Timestamp>) -> Self {
        self.valid = valid;
        self.known = known;
        self
    }
}

/// One version of a record: the one true on the day asked for; without a day, the one true today, or else the
/// nearest.
///
/// # Errors
/// `registers.register.unknown`, `registers.record.unknown`, `registers.record.not_then`, `registers.view.unknown`;
/// the authority's refusal.
pub fn look_up(cx: &mut Cx<'_>, registers: &Registers, look: &Look) -> Result<Record, Fault> {
    let register = registers.need(&look.register)?;
    let fields = visible(register, look.view.as_deref())?;
    let versions = open(cx, register, look, &fields)?;
    let known = look.known.unwrap_or(Timestamp::from_micros(i64::MAX));
    let held = versions
        .into_iter()
        .filter(|version| version.known_from <= known && version.known_to.is_none_or(|until| known < until));
    let record = match look.valid {
        Some(day) => held.into_iter().find(|version| version.holds_on(day)),
        None => find::shown(held.collect(), registers.day(cx.now())),
    };
    let record = record.ok_or_else(|| Fault::not_found("registers.record.not_then"))?;
    tell(cx, register, look, &record, &fields, false);
    Ok(record.seen_in(register, &fields))
}

/// Every version of a record, in the order of their making.
///
/// # Errors
/// As [`look_up`].
pub fn history(cx: &mut Cx<'_>, registers: &Registers, look: &Look) -> Result<Vec<Record>, Fault> {
    let register = registers.need(&look.register)?;
    let fields = visible(register, look.view.as_deref())?;
    let versions = open(cx, register, look, &fields)?;
    if let Some(newest) = versions.last() {
        tell(cx, register, look, newest, &fields, true);
    }
    Ok(versions.into_iter().map(|version| version.seen_in(register, &fields)).collect())
}

/// The fields that a view shows; all without one.
pub(crate) fn visible<'r>(register: &'r Register, view: Option<&str>) -> Result<Vec<&'r str>, Fault> {
    match view {
        None => Ok(register.fields().iter().map(Field::id).collect()),
        Some(view) => register
            .view(view)
            .map(|view| view.fields().iter().map(String::as_str).collect())
            .ok_or_else(|| Fault::not_found("registers.view.unknown")),
    }
}

/// The versions of the record, if the actor may look. Who may not is not told whether there is one.
fn open(cx: &mut Cx<'_>, register: &Register, look: &Look, fields: &[&str]) -> Result<Vec<Record>, Fault> {
    let versions = rows::versions(cx.tx(), register.id(), &look.key)?;
    let mut resource = resource(register, class(register, fields).name());
    if let Some(view) = &look.view {
        resource = resource.with("view", view.clone());
    }
    if let Some(subject) = versions.last().and_then(|newest| newest.subject(register)) {
        resource = resource.with("subject", subject);
    }
    if versions.last().is_some_and(Record::is_sealed) {
        resource = resource.is("sealed", true);
    }
    cx.may("registers.record.look", &resource)?;
    if versions.is_empty() { Err(Fault::not_found("registers.record.unknown")) } else { Ok(versions) }
}

fn class(register: &Register, fields: &[&str]) -> Class {
    register.class_of(fields.iter().copied())
}

/// Records the look, if what was seen is personal and not one's own.
fn tell(cx: &mut Cx<'_>, register: &Register, look: &Look, record: &Record, fields: &[&str], history: bool) {
    let subject = record.subject(register);
    let actor = cx.actor();
    let is_own = actor.kind == ActorKind::Person && subject == Some(actor.id.as_str());
    if is_own || !class(register, fields).is_personal() {
        return;
    }
    let mut act = Act::new("registers.record.looked")
        .on(record.id)
        .because(look.purpose.clone(), register.citation())
        .with("register", register.id())
        .with("history", history);
    if let Some(view) = &look.view {
        act = act.with("view", view.clone());
    }
    act.subject = subject.map(str::to_owned);
    cx.record(act);
}
