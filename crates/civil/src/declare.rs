//! A declaration: the informant says what happened, who it is about, and shows papers.
//!
//! **Invariant:** a declaration names people by their numbers and leaves here with their identifiers; it fits its
//! circumstance (papers, parties, ages, time limit), or says at which field it does not.

use std::collections::BTreeMap;

use registers::Fields;
use serde_json::{Value as Json, json};
use spine::{Cx, Date, Fault, FieldFault, Resource, Text, time};

use crate::engine::Civil;
use crate::event::{Done, Event, EventId, Evidence, Informant, State, keep, must_be, open};
use crate::kinds::{Circumstance, Effect, Kind};
use crate::model::Person;
use crate::notify::{begun, check_values, day_of, told};
use crate::rows::events;
use crate::{family, likeness};

/// At most so many papers, and letters in what is written about each.
const PAPERS: usize = 10;
const LETTERS: usize = 200;

/// What a declaration says.
#[derive(Clone)]
pub struct Declaration {
    /// The kind of event.
    pub kind: String,
    /// How it came about.
    pub circumstance: String,
    /// Fields of the register.
    pub fields: Fields,
    /// The national number of each party, by her part; those that have none are left out.
    pub parties: BTreeMap<String, String>,
    /// What was shown.
    pub evidence: Vec<Evidence>,
    /// Who declares.
    pub informant: Informant,
}

/// Takes a declaration down, of an event that was noticed (`notice`) or of a new one. Answers its identifier and what
/// people call it by.
///
/// # Errors
/// `civil.kind.unknown`; `civil.event.wrong` with a fault for each field; `civil.event.elsewhere` when it is past
/// declaring; the authority's refusal.
pub fn declare(
    cx: &mut Cx<'_>,
    civil: &Civil,
    notice: Option<EventId>,
    said: &Declaration,
) -> Result<(EventId, String), Fault> {
    let kind = civil.kind(&said.kind)?;
    let noticed = match notice {
        None => {
            cx.may("civil.event.declare", &Resource::new("CivilKind", &kind.id))?;
            None
        }
        Some(id) => {
            let event = open(cx, id, "civil.event.declare")?;
            must_be(&event, &[State::Notified, State::Declared, State::Returned])?;
            Some(event).filter(|event| event.kind == kind.id).map(Some).ok_or_else(elsewhere)?
        }
    };
    let mut fields = told(&said.fields, &kind.ask)?;
    let occurred_on = day_of(civil, cx, kind, &fields)?;
    let people = parties(cx, civil, kind, said, &mut fields)?;
    check_values(civil, kind, &fields)?;
    check(cx, civil, kind, said, &people, occurred_on)?;
    let is_new = noticed.is_none();
    let mut event = match noticed {
        Some(event) => event,
        None => begun(cx, civil, kind, Fields::new(), occurred_on)?,
    };
    event.circumstance.clone_from(&said.circumstance);
    event.district = fields.get(&kind.district).and_then(Json::as_str).unwrap_or_default().to_owned();
    event.occurred_on = occurred_on;
    event.fields = fields;
    event.evidence.clone_from(&said.evidence);
    event.informant = said.informant.clone();
    event.subject = subject(kind, &event);
    event.declared = Done::now(cx);
    event.state = State::Declared;
    event.words = None;
    if is_new {
        events::insert(cx.tx(), &event)?;
    } else {
        keep(cx, &event)?;
    }
    likeness::note(cx, civil, kind, &event)?;
    let act = event.act("civil.event.declared", kind).with("circumstance", said.circumstance.as_str());
    cx.record(act);
    Ok((event.id, event.reference))
}

fn elsewhere() -> Fault {
    Fault::conflict("civil.event.elsewhere")
}

/// Whose affair it is: the party it is about first of all; of a birth, the mother.
pub(crate) fn subject(kind: &Kind, event: &Event) -> Option<String> {
    let first = event.party(kind, kind.effect.subject());
    let parent = || event.party(kind, "mother").or_else(|| event.party(kind, "father"));
    first.or_else(parent).map(str::to_owned)
}

/// Finds each party by her number; her identifier goes into the fields, and her name where it is not written.
fn parties(
    cx: &mut Cx<'_>,
    civil: &Civil,
    kind: &Kind,
    said: &Declaration,
    fields: &mut Fields,
) -> Result<BTreeMap<String, Person>, Fault> {
    let (mut people, mut faults) = (BTreeMap::new(), Vec::new());
    for (part, number) in said.parties.iter().filter(|(_, number)| !number.trim().is_empty()) {
        let Some(party) = kind.party(part) else {
            return Err(wrong(part, "registers.field.unknown"));
        };
        match civil.population().by_national_id(cx, number)? {
            Some(person) => {
                fields.insert(party.field.clone(), json!(person.id));
                if let Some(shows) = &party.shows {
                    fields.entry(shows.clone()).or_insert_with(|| json!(person.name()));
                }
                people.insert(part.clone(), person);
            }
            None => faults.push(FieldFault { field: part.clone(), text: Text::new("civil.party.unknown") }),
        }
    }
    if faults.is_empty() { Ok(people) } else { Err(Fault::invalid("civil.event.wrong").fields_from(faults)) }
}

fn wrong(field: &str, key: &'static str) -> Fault {
    Fault::invalid("civil.event.wrong").field(field, Text::new(key))
}

/// Whether the declaration fits its circumstance.
fn check(
    cx: &mut Cx<'_>,
    civil: &Civil,
    kind: &Kind,
    said: &Declaration,
    people: &BTreeMap<String, Person>,
    day: Date,
) -> Result<(), Fault> {
    let circumstance =
        kind.circumstance(&said.circumstance).ok_or_else(|| wrong("circumstance", "civil.field.choose"))?;
    let mut faults = Vec::new();
    let mut add = |field: &str, text: Text| faults.push(FieldFault { field: field.to_owned(), text });
    if let Some(limit) = kind.on_time_days {
        let gone = civil.today(cx).since(day).map_or(i64::MAX, |span| i64::from(span.get_days()));
        if gone > limit && !circumstance.late && kind.circumstances.iter().any(|one| one.late) {
            add("circumstance", Text::new("civil.field.late").with("days", limit));
        } else if gone <= limit && circumstance.late {
            add("circumstance", Text::new("civil.field.not_late").with("days", limit));
        }
    }
    if !circumstance.evidence.is_empty()
        && !said.evidence.iter().any(|shown| circumstance.evidence.contains(&shown.kind))
    {
        add("evidence", Text::new("civil.evidence.missing"));
    }
    let long = |text: &str| text.chars().count() > LETTERS;
    let papers = said.evidence.iter();
    if said.evidence.len() > PAPERS
        || papers.clone().any(|shown| long(&shown.reference) || long(&shown.issuer))
        || papers.clone().any(|shown| civil.kinds().evidence(&shown.kind).is_none())
    {
        add("evidence", Text::new("civil.evidence.wrong"));
    }
    if said.informant.name.trim().is_empty() || long(&said.informant.name) {
        add("informant", Text::new("civil.field.missing"));
    }
    for part in circumstance.needs.iter().filter(|part| !people.contains_key(*part)) {
        add(part, Text::new("civil.party.needed"));
    }
    for part in circumstance.without.iter().filter(|part| people.contains_key(*part)) {
        add(part, Text::new("civil.party.not_here"));
    }
    faults.extend(of_people(cx, kind, circumstance, people, day)?);
    if faults.is_empty() { Ok(()) } else { Err(Fault::invalid("civil.event.wrong").fields_from(faults)) }
}

/// Whether the people can have been in this event on that day.
fn of_people(
    cx: &mut Cx<'_>,
    kind: &Kind,
    circumstance: &Circumstance,
    people: &BTreeMap<String, Person>,
    day: Date,
) -> Result<Vec<FieldFault>, Fault> {
    let mut faults = Vec::new();
    let mut add = |part: &str, text: Text| faults.push(FieldFault { field: part.to_owned(), text });
    let mut seen: Vec<&str> = Vec::new();
    for (part, person) in people {
        if seen.contains(&person.id.as_str()) {
            add(part, Text::new("civil.party.twice"));
        }
        seen.push(&person.id);
        // A father may have died before the birth of his child; nobody else acts after her death.
        let may_be_dead = kind.effect == Effect::Birth && part == "father" || kind.effect == Effect::Death;
        if person.died.is_some_and(|died| died < day) && !may_be_dead {
            add(part, Text::new("civil.party.dead"));
        }
        if kind.effect == Effect::Death && person.died.is_some() {
            add(part, Text::new("civil.party.died_already"));
        }
        let is_child = matches!(kind.effect, Effect::Birth | Effect::Adoption) && part == "child";
        if person.born > day && !is_child {
            add(part, Text::new("civil.party.unborn"));
        }
        let too_young = circumstance.minimum_age.is_some_and(|least| time::age_in_years(person.born, day) < least);
        if too_young && !is_child {
            add(part, Text::new("civil.party.young").with("years", circumstance.minimum_age.unwrap_or_default()));
        }
        if kind.effect == Effect::Marriage
            && circumstance.exclusive
            && !family::spouses(cx, &person.id, day)?.is_empty()
        {
            add(part, Text::new("civil.party.married"));
        }
    }
    if kind.effect == Effect::Divorce
        && let (Some(one), Some(two)) = (people.get("spouse_one"), people.get("spouse_two"))
        && !family::spouses(cx, &one.id, day)?.iter().any(|link| link.holder == two.id)
    {
        add("spouse_two", Text::new("civil.party.not_married"));
    }
    Ok(faults)
}
