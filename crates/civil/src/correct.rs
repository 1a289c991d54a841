//! Corrects an entry, seals it, opens it, takes a death back: what a registrar does after registration, each with the
//! paper that allows it.
//!
//! **Invariant:** what only a court may change is changed with a court's order alone; what the entry said before stays
//! in its history, and the population follows in the same commit.

use registers::{Change, Fields, Kind as How, Record, find_by, find_record};
use serde_json::{Value as Json, json};
use spine::{Cx, Event as Told, Fault, Resource, Text};

use crate::effects;
use crate::engine::{Civil, Vital};
use crate::event::{Event, State};
use crate::kinds::{Effect, Kind};
use crate::population::REGISTER as POPULATION;
use crate::rows::{events, facts};

/// A correction of an entry.
#[derive(Clone)]
pub struct Correction {
    /// The kind of event.
    pub kind: String,
    /// The number of the entry.
    pub entry: String,
    /// What the fields should have said; null takes one away.
    pub fields: Fields,
    /// The court's order, where there is one.
    pub order: Option<String>,
    /// Why, in words for whoever reads the history.
    pub reason: String,
}

/// Corrects an entry, and the population where it was taken from there.
///
/// # Errors
/// `civil.entry.unknown`; `civil.order.missing` for a field that needs a court's order; `civil.event.wrong` without a
/// reason; the registers' faults; the authority's refusal.
pub fn correct(cx: &mut Cx<'_>, civil: &Civil, wish: &Correction) -> Result<(), Fault> {
    let kind = civil.kind(&wish.kind)?;
    cx.may("civil.entry.correct", &Resource::new("CivilKind", &kind.id))?;
    let order = wish.order.as_deref().map(str::trim).filter(|order| !order.is_empty());
    if let (Some(field), None) = (wish.fields.keys().find(|field| kind.court_order.contains(field)), order) {
        return Err(Fault::invalid("civil.order.missing").field(field, Text::new("civil.field.court")));
    }
    if wish.reason.trim().is_empty() {
        return Err(Fault::invalid("civil.event.wrong").field("reason", Text::new("civil.field.reason")));
    }
    let record = entry(cx, civil, kind, &wish.entry)?;
    let reason = order.map_or_else(|| wish.reason.clone(), |order| format!("{} ({order})", wish.reason));
    let change = Change::of(&record, How::Correct, wish.fields.clone())
        .from(Some(record.valid_from()))
        .reason(&reason)
        .because(kind.id.clone());
    registers::change(cx, civil.registers(), &change)?;
    let subject = kind.party(kind.effect.subject()).map(|party| record.text(&party.field).to_owned());
    let person = subject.filter(|person| !person.is_empty());
    if let Some(person) = &person {
        follow_in_population(cx, civil, kind, &record, &wish.fields, (person, &reason))?;
    }
    let fields: Vec<&str> = wish.fields.keys().map(String::as_str).collect();
    let mut act = spine::Act::new("civil.entry.corrected")
        .on(record.id())
        .because(kind.id.clone(), kind.citation())
        .with("fields", fields)
        .with("by_order", order.is_some());
    act.subject.clone_from(&person);
    cx.record(act);
    person.map_or(Ok(()), |person| civil.follow(cx, &Vital::Changed { person }))
}

/// The population said what the entry said; where it still does, it is corrected too.
fn follow_in_population(
    cx: &mut Cx<'_>,
    civil: &Civil,
    kind: &Kind,
    entry: &Record,
    fields: &Fields,
    (person, reason): (&str, &str),
) -> Result<(), Fault> {
    if kind.effect != Effect::Birth {
        return Ok(());
    }
    let Some(record) = find_by(cx, civil.registers(), POPULATION, "person", person)? else { return Ok(()) };
    let followed: Fields = kind
        .person
        .iter()
        .filter(|(own, told)| record.fields().get(*own) == entry.fields().get(*told))
        .filter_map(|(own, told)| Some((own.clone(), fields.get(told)?.clone())))
        .collect();
    if followed.is_empty() {
        return Ok(());
    }
    let change = Change::of(&record, How::Correct, followed)
        .from(Some(record.valid_from()))
        .reason(reason)
        .because(kind.id.clone());
    registers::change(cx, civil.registers(), &change).map(drop)
}

fn entry(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, number: &str) -> Result<Record, Fault> {
    let number = crate::reference::parse(number).unwrap_or_else(|| number.trim().to_owned());
    find_record(cx, civil.registers(), &kind.register, &number)?.ok_or_else(|| Fault::not_found("civil.entry.unknown"))
}

/// Seals an entry by a court's order, so that it is kept and found by nobody, or opens it again.
///
/// # Errors
/// `civil.entry.unknown`; `civil.order.missing`; the registers' faults; the authority's refusal.
pub fn seal(
    cx: &mut Cx<'_>,
    civil: &Civil,
    (kind, number): (&str, &str),
    sealed: bool,
    order: &str,
) -> Result<(), Fault> {
    let kind = civil.kind(kind)?;
    cx.may("civil.entry.seal", &Resource::new("CivilKind", &kind.id))?;
    ordered(order)?;
    let record = entry(cx, civil, kind, number)?;
    registers::seal(cx, civil.registers(), &kind.register, &record.id().to_string(), sealed, "court-order").map(drop)
}

fn ordered(order: &str) -> Result<(), Fault> {
    if order.trim().is_empty() {
        return Err(Fault::invalid("civil.order.missing").field("order", Text::new("civil.field.court")));
    }
    Ok(())
}

/// Takes back the death of a person who lives: the entry says so, her record says nothing of it from now on, her
/// marriages go on, and what other engines ended begins again, in one commit.
///
/// # Errors
/// `civil.entry.unknown`; `civil.order.missing`; `civil.event.elsewhere` if it was taken back already; the authority's
/// refusal.
pub fn reinstate(cx: &mut Cx<'_>, civil: &Civil, number: &str, order: &str) -> Result<(), Fault> {
    let kind = civil.kinds().of(Effect::Death).ok_or_else(|| Fault::not_found("civil.kind.unknown"))?;
    cx.may("civil.death.annul", &Resource::new("CivilKind", &kind.id))?;
    ordered(order)?;
    let record = entry(cx, civil, kind, number)?;
    let event = registered(cx, kind, record.key())?;
    if !record.text("annulled_on").is_empty() {
        return Err(Fault::conflict("civil.event.elsewhere"));
    }
    let annulled = Fields::from_iter([
        ("annulled_on".to_owned(), json!(civil.today(cx).to_string())),
        ("annulled_by".to_owned(), Json::from(order.trim())),
    ]);
    let change = Change::of(&record, How::Correct, annulled)
        .from(Some(record.valid_from()))
        .reason(order)
        .because(kind.id.clone());
    registers::change(cx, civil.registers(), &change)?;
    facts::delete(cx.tx(), event.id)?;
    let act = event.act("civil.death.annulled", kind);
    cx.record(act);
    let body = json!({"kind": kind.id, "event": event.id, "person": event.subject});
    cx.emit(Told { topic: "civil.death.annulled", body });
    effects::reinstate(cx, civil, kind, &event, order.trim())
}

/// The event an entry came from.
fn registered(cx: &mut Cx<'_>, kind: &Kind, entry: &str) -> Result<Event, Fault> {
    let event = events::by_entry(cx.tx(), &kind.id, entry)?.filter(|event| event.state == State::Registered);
    event.ok_or_else(|| Fault::not_found("civil.entry.unknown"))
}
