//! Records of other systems (MOSIP, OpenCRVS) taken in: a person, an entry, a death, a marriage, with the numbers they had
//! there.
//!
//! **Invariant:** the same record comes in once: a second time it is known, and one that says something else is told and
//! left out. Whoever may be here already is held for a person to judge; nothing is merged by itself. A person who comes in
//! gets a number of ours and keeps the other system's as an alias.

use std::collections::BTreeSet;

use crypto::{hex, sha256};
use registers::{Change, Enrol, Fields, Kind as How};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Act, Cx, Date, Fault, Resource};

use crate::effects::free_number;
use crate::engine::{Civil, Vital};
use crate::family::{self, Tie, bring};
use crate::kinds::Effect;
use crate::likeness::{Face, around, weighed};
use crate::model::PersonId;
use crate::national_id;
use crate::population::REGISTER as POPULATION;
use crate::rows::brought as rows;

/// The longest number of another system, in bytes.
const LONGEST: usize = 64;
/// Further numbers of one record.
const MOST: usize = 20;

/// A record of another system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// The system: `mosip`, `opencrvs`.
    pub system: String,
    /// Its number there: a UIN, a registration number.
    pub number: String,
    /// Further numbers of the same person there: VIDs, a national number in use.
    pub aliases: Vec<String>,
    /// Who she is, in the population's fields but number and identifier.
    pub person: Fields,
    /// The entry it is of, in its register's fields.
    pub entry: Option<IncomingEntry>,
    /// Parents by any number they are known by.
    pub parents: Vec<(Tie, String)>,
    /// The two who married, by any number they are known by, and the day.
    pub married: Option<(String, String, Date)>,
    /// The day she died.
    pub died: Option<Date>,
}

/// An entry of another system's register.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IncomingEntry {
    /// Our register for it.
    pub register: String,
    /// Its fields; the key among them.
    pub fields: Fields,
    /// The field that names the person it is about, by our identifier.
    pub subject: Option<String>,
}

/// A record that waits.
#[derive(Clone, Debug)]
pub struct Held {
    /// What came in.
    pub incoming: Incoming,
    /// Identifiers of people it may be about.
    pub alike: Vec<String>,
}

/// What came of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Taken {
    /// It is in.
    New,
    /// It was in already.
    Known,
    /// It was in already and said something else then; what is here is left as it is.
    Differs,
    /// It waits for a person to judge.
    Held,
}

/// Takes records in, all or none; answers what came of each, in the same order.
///
/// # Errors
/// `civil.record.number` for a number that is none or somebody else's already; the registers' faults; the refusal.
pub fn take(cx: &mut Cx<'_>, civil: &Civil, all: &[Incoming]) -> Result<Vec<Taken>, Fault> {
    cx.may("civil.record.bring", &Resource::new("Record", "brought"))?;
    let mut taken = Vec::with_capacity(all.len());
    for incoming in all {
        let outcome = match foreseen(cx, civil, incoming)? {
            Foreseen::Known => Taken::Known,
            Foreseen::Differs => Taken::Differs,
            Foreseen::Held(alike) => {
                let now = cx.now();
                rows::hold(cx.tx(), incoming, &alike, now)?;
                Taken::Held
            }
            Foreseen::New(person) => {
                enter(cx, civil, incoming, person)?;
                Taken::New
            }
        };
        taken.push(outcome);
    }
    let count = |what: Taken| taken.iter().filter(|own| **own == what).count();
    let act = Act::new("civil.record.brought").because("registration", "program").with("new", count(Taken::New));
    cx.record(act.with("held", count(Taken::Held)).with("records", all.len()));
    Ok(taken)
}

/// What would come of records, without anything being written.
///
/// # Errors
/// As [`take`], but for what the registers say when it is written.
pub fn rehearse(cx: &mut Cx<'_>, civil: &Civil, all: &[Incoming]) -> Result<Vec<Taken>, Fault> {
    let outcome = |foreseen: Foreseen| match foreseen {
        Foreseen::Known => Taken::Known,
        Foreseen::Differs => Taken::Differs,
        Foreseen::Held(_) => Taken::Held,
        Foreseen::New(_) => Taken::New,
    };
    all.iter().map(|incoming| foreseen(cx, civil, incoming).map(outcome)).collect()
}

enum Foreseen {
    Known,
    Differs,
    Held(Vec<String>),
    /// To be entered, for this person if she is known.
    New(Option<String>),
}

fn foreseen(cx: &mut Cx<'_>, civil: &Civil, incoming: &Incoming) -> Result<Foreseen, Fault> {
    check(incoming)?;
    if let Some((_, digest)) = rows::find(cx.tx(), &incoming.system, &incoming.number)? {
        // A further number of somebody's says nothing by itself.
        let same = digest.is_empty() || digest == digest_of(incoming);
        return Ok(if same { Foreseen::Known } else { Foreseen::Differs });
    }
    if rows::is_held(cx.tx(), &incoming.system, &incoming.number)? {
        return Ok(Foreseen::Known);
    }
    let mut people = BTreeSet::new();
    for alias in &incoming.aliases {
        people.extend(resolve(cx, civil, alias)?);
    }
    let person = match people.len() {
        0 => None,
        1 => people.into_iter().next(),
        _ => return Err(Fault::conflict("civil.record.number")),
    };
    if person.is_none() && incoming.person.is_empty() && incoming.entry.is_none() {
        return Err(Fault::not_found("civil.person.unknown"));
    }
    if person.is_none() && !incoming.person.is_empty() {
        let alike = alike(cx, civil, &incoming.person)?;
        if !alike.is_empty() {
            return Ok(Foreseen::Held(alike));
        }
    }
    Ok(Foreseen::New(person))
}

fn check(incoming: &Incoming) -> Result<(), Fault> {
    let fine =
        |number: &String| (1..=LONGEST).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_graphic());
    let named = [&incoming.system, &incoming.number].into_iter().chain(&incoming.aliases).all(fine);
    if named && incoming.aliases.len() <= MOST { Ok(()) } else { Err(Fault::invalid("civil.record.number")) }
}

/// What a record says, as one line to compare.
fn digest_of(incoming: &Incoming) -> String {
    hex(&sha256(&[&serde_json::to_vec(incoming).unwrap_or_default()]))
}

/// Whose number it is: another system's, or ours.
///
/// # Errors
/// The store's faults.
pub fn resolve(cx: &mut Cx<'_>, civil: &Civil, number: &str) -> Result<Option<String>, Fault> {
    if let Some(person) = rows::anywhere(cx.tx(), number)? {
        return Ok(Some(person));
    }
    match national_id::parse(number) {
        Some(own) => Ok(civil.population().by_national_id(cx, &own)?.map(|person| person.id)),
        None => Ok(None),
    }
}

/// What other systems call a person: system and number.
///
/// # Errors
/// The store's faults.
pub fn foreign_numbers(cx: &mut Cx<'_>, person: &str) -> Result<Vec<(String, String)>, Fault> {
    Ok(rows::of_person(cx.tx(), person)?)
}

/// People who may be the one that came in, by name and day of birth.
fn alike(cx: &mut Cx<'_>, civil: &Civil, person: &Fields) -> Result<Vec<String>, Fault> {
    let Some(born) = person.get("born").and_then(|day| day.as_str()).and_then(|day| day.parse().ok()) else {
        return Ok(Vec::new());
    };
    let registers = civil.registers().clone();
    let own = Face::of(person, "born", born);
    let mut found = Vec::new();
    for record in around(cx, civil, POPULATION, "born", born)? {
        let other = Face::of(record.fields(), "born", born);
        let enough = civil.kinds().likeness;
        if weighed(registers.folding(), &own, &other, Effect::Death, 0, enough).is_some() {
            found.push(record.text("person").to_owned());
        }
    }
    found.truncate(MOST);
    Ok(found)
}

/// Writes everything a record says.
fn enter(cx: &mut Cx<'_>, civil: &Civil, incoming: &Incoming, known: Option<String>) -> Result<(), Fault> {
    let births_a_person = known.is_none() && !incoming.person.is_empty() && incoming.died.is_none();
    let person = if births_a_person { Some(new_person(cx, civil, &incoming.person)?) } else { known };
    let (now, digest) = (cx.now(), digest_of(incoming));
    rows::insert(cx.tx(), (&incoming.system, &incoming.number), person.as_deref(), &digest, now)?;
    for alias in &incoming.aliases {
        if person.is_some() && rows::find(cx.tx(), &incoming.system, alias)?.is_none() {
            rows::insert(cx.tx(), (&incoming.system, alias), person.as_deref(), "", now)?;
        }
    }
    let mut fields = incoming.entry.as_ref().map(|entry| entry.fields.clone()).unwrap_or_default();
    if let Some(person) = &person {
        parents(cx, civil, incoming, person, &mut fields)?;
        if let Some(on) = incoming.died {
            died(cx, civil, person, on)?;
        }
    }
    married(cx, civil, incoming, &mut fields)?;
    let Some(entry) = &incoming.entry else { return Ok(()) };
    let register = civil.registers().need(&entry.register)?;
    let key = fields.get(register.key()).and_then(|key| key.as_str()).unwrap_or_default().to_owned();
    if registers::find(cx, civil.registers(), register.id(), &key)?.is_some() {
        return Err(Fault::conflict("civil.record.entry"));
    }
    if let (Some(field), Some(person)) = (&entry.subject, &person) {
        fields.insert(field.clone(), json!(person));
    }
    registers::enrol(cx, civil.registers(), &Enrol::new(register.id(), fields).because("registration"))?;
    Ok(())
}

fn new_person(cx: &mut Cx<'_>, civil: &Civil, fields: &Fields) -> Result<String, Fault> {
    let id: PersonId = cx.id();
    let mut fields = fields.clone();
    fields.insert("person".to_owned(), json!(id));
    fields.insert("national_id".to_owned(), json!(free_number(cx, civil)?));
    registers::enrol(cx, civil.registers(), &Enrol::new(POPULATION, fields).because("registration"))?;
    civil.follow(cx, &Vital::Born { person: id.to_string() })?;
    Ok(id.to_string())
}

/// Parents who are known become the child's, and stand in the entry.
fn parents(cx: &mut Cx<'_>, civil: &Civil, incoming: &Incoming, child: &str, fields: &mut Fields) -> Result<(), Fault> {
    let born = incoming.person.get("born").and_then(|day| day.as_str()).and_then(|day| day.parse().ok());
    let mut known = Vec::new();
    for (tie, number) in &incoming.parents {
        if let Some(parent) = resolve(cx, civil, number)?.filter(|parent| parent != child) {
            if incoming.entry.is_some() {
                fields.insert(format!("{}_id", tie.name()), json!(parent));
            }
            known.push((*tie, parent));
        }
    }
    match born {
        Some(born) if !known.is_empty() => {
            bring(cx, &civil.families(), child, &known, born, &incoming.number).map(drop)
        }
        _ => Ok(()),
    }
}

/// The population says the day, marriages end with it, and what follows from a death follows.
fn died(cx: &mut Cx<'_>, civil: &Civil, person: &str, on: Date) -> Result<(), Fault> {
    let record = registers::find_by(cx, civil.registers(), POPULATION, "person", person)?;
    let record = record.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    if record.date("died").is_some() {
        return Ok(());
    }
    let fields = Fields::from_iter([("died".to_owned(), json!(on.to_string()))]);
    let from = on.max(record.valid_from());
    registers::change(cx, civil.registers(), &Change::of(&record, How::Change, fields).from(Some(from)))?;
    let known = cx.now();
    let family = family::family(cx, person, on, known)?;
    for link in family.others.iter().chain(&family.own).filter(|link| link.tie == Tie::Spouse) {
        family::untie(cx, link, on, "brought")?;
    }
    civil.follow(cx, &Vital::Died { person: person.to_owned(), on })
}

/// Two who are both known become spouses, and stand in the entry.
fn married(cx: &mut Cx<'_>, civil: &Civil, incoming: &Incoming, fields: &mut Fields) -> Result<(), Fault> {
    let Some((one, two, on)) = &incoming.married else { return Ok(()) };
    let (one, two) = (resolve(cx, civil, one)?, resolve(cx, civil, two)?);
    for (field, person) in [("spouse_one_id", &one), ("spouse_two_id", &two)] {
        if let Some(person) = person {
            fields.insert(field.to_owned(), json!(person));
        }
    }
    if let (Some(one), Some(two)) = (one, two) {
        family::tie(cx, &one, Tie::Spouse, &two, *on, &incoming.number)?;
        family::tie(cx, &two, Tie::Spouse, &one, *on, &incoming.number)?;
    }
    Ok(())
}

/// Records that wait for a person to judge.
///
/// # Errors
/// The authority's refusal.
pub fn held(cx: &mut Cx<'_>) -> Result<Vec<Held>, Fault> {
    cx.may("civil.record.settle", &Resource::new("Record", "held"))?;
    Ok(rows::waiting(cx.tx())?)
}

/// Says whether a held record is about somebody who is here (`same`), or about another; then it comes in.
///
/// # Errors
/// `civil.record.settled` if it waits no more; `civil.person.unknown` for somebody it was not like; as [`take`].
pub fn settle(cx: &mut Cx<'_>, civil: &Civil, (system, number): (&str, &str), same: Option<&str>) -> Result<(), Fault> {
    cx.may("civil.record.settle", &Resource::new("Record", number))?;
    let held = rows::held(cx.tx(), system, number)?.ok_or_else(|| Fault::conflict("civil.record.settled"))?;
    if same.is_some_and(|person| !held.alike.iter().any(|own| own == person)) {
        return Err(Fault::not_found("civil.person.unknown"));
    }
    let (by, now) = (cx.actor().id.clone(), cx.now());
    let state = if same.is_some() { "same" } else { "different" };
    if !rows::settle(cx.tx(), (system, number), state, &by, now)? {
        return Err(Fault::conflict("civil.record.settled"));
    }
    enter(cx, civil, &held.incoming, same.map(str::to_owned))?;
    let act =
        Act::new("civil.record.settled").on(system).because("registration", "program").with("same", same.is_some());
    cx.record(match same {
        Some(person) => act.about(person),
        None => act,
    });
    Ok(())
}
