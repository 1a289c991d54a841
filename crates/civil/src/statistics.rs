//! Vital statistics: what was registered, counted by place, month, sex, age, cause, and by how late it came.
//!
//! **Invariant:** a fact names nobody and is written in the commit of its registration, so the tables are always whole.
//! What is published leaves out counts so small that they could tell of somebody.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Resource, time};

use crate::engine::Civil;
use crate::event::{Event, EventId};
use crate::kinds::{Effect, Kind};
use crate::rows::facts::{self, By};

/// One registered event, as the statistics count it.
pub(crate) struct Fact<'a> {
    pub(crate) event: EventId,
    pub(crate) kind: &'a str,
    pub(crate) circumstance: &'a str,
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) registered_year: i64,
    pub(crate) district: &'a str,
    pub(crate) sex: &'a str,
    pub(crate) age: Option<i64>,
    pub(crate) second_age: Option<i64>,
    pub(crate) cause: &'a str,
    pub(crate) delay_days: i64,
}

/// How many events fall into one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The group: a district, a month, the first year of an age group.
    pub group: String,
    /// The sex; empty where it does not count.
    pub sex: String,
    /// How many.
    pub count: i64,
}

/// One table of a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// By what: `district`, `month`, `age`, `second_age`, `cause`, `circumstance`, `delay`.
    pub by: String,
    /// The groups.
    pub counts: Vec<Count>,
}

/// Counts an event.
pub(crate) fn count(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<(), Fault> {
    let (first, second) = match kind.effect {
        Effect::Birth => ("mother", "father"),
        Effect::Adoption => ("child", "adopter_one"),
        Effect::Marriage | Effect::Divorce => ("spouse_one", "spouse_two"),
        Effect::Death => ("deceased", ""),
        Effect::NameChange => ("person", ""),
    };
    let today = civil.today(cx);
    let mut people = Vec::new();
    for part in [first, second] {
        people.push(match event.party(kind, part) {
            Some(id) => civil.population().person(cx, id)?,
            None => None,
        });
    }
    let age = |place: usize| {
        let born = people.get(place).and_then(Option::as_ref).map(|person| person.born)?;
        Some(time::age_in_years(born, event.occurred_on))
    };
    let told = kind.sex.as_deref().map(|field| event.text(field)).filter(|sex| !sex.is_empty());
    let of_person = || people.first().and_then(Option::as_ref).map(|person| person.sex.as_str());
    let is_of_one = matches!(kind.effect, Effect::Death | Effect::NameChange | Effect::Adoption);
    let fact = Fact {
        event: event.id,
        kind: &kind.id,
        circumstance: &event.circumstance,
        year: event.occurred_on.year().into(),
        month: event.occurred_on.month().into(),
        registered_year: today.year().into(),
        district: &event.district,
        sex: told.or_else(|| of_person().filter(|_| is_of_one)).unwrap_or_default(),
        age: age(0).or_else(|| of_told(event)),
        second_age: age(1),
        cause: kind.cause.as_deref().map(|field| event.text(field)).unwrap_or_default(),
        delay_days: today.since(event.occurred_on).map_or(0, |span| i64::from(span.get_days())),
    };
    Ok(facts::insert(cx.tx(), &fact)?)
}

/// The age of somebody who is not in the population, by what is told of her.
fn of_told(event: &Event) -> Option<i64> {
    let born: Date = event.text("born").parse().ok()?;
    (born < event.occurred_on).then(|| time::age_in_years(born, event.occurred_on))
}

/// The tables of one kind of event in one year, for officers who may see every count.
///
/// # Errors
/// `civil.kind.unknown`; the authority's refusal.
pub fn tables(cx: &mut Cx<'_>, civil: &Civil, kind: &str, year: i64) -> Result<Vec<Counted>, Fault> {
    let kind = civil.kind(kind)?;
    cx.may("civil.statistics.look", &Resource::new("CivilKind", &kind.id))?;
    counted(cx, kind, year)
}

/// The same for everybody: counts below the smallest that is published are left out.
///
/// # Errors
/// `civil.kind.unknown`.
pub fn published(cx: &mut Cx<'_>, civil: &Civil, kind: &str, year: i64) -> Result<Vec<Counted>, Fault> {
    let least = civil.kinds().smallest_count;
    let mut tables = counted(cx, civil.kind(kind)?, year)?;
    for table in &mut tables {
        table.counts.retain(|count| count.count >= least);
    }
    Ok(tables)
}

fn counted(cx: &mut Cx<'_>, kind: &Kind, year: i64) -> Result<Vec<Counted>, Fault> {
    let mut by = vec![(By::District, "district"), (By::Month, "month"), (By::Age, "age")];
    if matches!(kind.effect, Effect::Birth | Effect::Marriage | Effect::Divorce) {
        by.push((By::SecondAge, "second_age"));
    }
    if kind.cause.is_some() {
        by.push((By::Cause, "cause"));
    }
    by.extend([(By::Circumstance, "circumstance"), (By::Delay, "delay")]);
    let mut tables = Vec::new();
    for (by, name) in by {
        let mut counts = facts::counts(cx.tx(), by, &kind.id, year)?;
        // Numbers are ordered as numbers: 5 comes before 10.
        counts.sort_by_key(|count| {
            (count.group.parse::<i64>().unwrap_or(i64::MAX), count.group.clone(), count.sex.clone())
        });
        tables.push(Counted { by: name.to_owned(), counts });
    }
    Ok(tables)
}
