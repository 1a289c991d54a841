//! Families: who is parent, spouse, guardian or member of the household of whom, on which day, as known when.
//!
//! **Invariant:** a link is never changed; it is closed and written anew, so that what was known on a day can be told
//! for ever. A child's guardians are its parents until it is of age: that follows from the links and is stored nowhere.
//! Where next: `guardian.rs` and `household.rs` for what officers write, `pages/families.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};
use spine::{Cx, Date, Fault, Id, IdKind, Resource, Timestamp, time};

use crate::engine::Civil;
use crate::population::Population;
use crate::rows::links;

/// The kind of a link's identifier.
#[derive(Debug)]
pub struct LinkKind;
impl IdKind for LinkKind {
    const PREFIX: &'static str = "fam";
}
/// A link's identifier.
pub type LinkId = Id<LinkKind>;

/// What somebody is of somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tie {
    /// Mother by birth.
    Mother,
    /// Father by birth.
    Father,
    /// Parent by adoption.
    Adopter,
    /// Spouse; written in both directions.
    Spouse,
    /// Guardian by a court's order.
    Guardian,
    /// Member of a household.
    Household,
}

impl Tie {
    /// As tables and messages write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mother => "mother",
            Self::Father => "father",
            Self::Adopter => "adopter",
            Self::Spouse => "spouse",
            Self::Guardian => "guardian",
            Self::Household => "household",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Mother, Self::Father, Self::Adopter, Self::Spouse, Self::Guardian, Self::Household]
            .into_iter()
            .find(|tie| tie.name() == text)
    }

    /// Whether it makes somebody responsible for a child.
    #[must_use]
    pub const fn is_parent(self) -> bool {
        matches!(self, Self::Mother | Self::Father | Self::Adopter)
    }
}

/// `holder` is `tie` of `whose`, from a day on, until before another.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its identifier.
    pub id: LinkId,
    /// Who is something.
    pub holder: String,
    /// Of whom; a household for its members.
    pub whose: String,
    /// What.
    pub tie: Tie,
    /// From which day.
    pub valid_from: Date,
    /// Until before which day; none while it lasts.
    pub valid_to: Option<Date>,
    /// The event or order that it follows from.
    pub source: String,
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Link({} {})", self.tie.name(), self.id)
    }
}

impl Link {
    /// Whether it lasts on `day`.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }
}

/// The family of one person, on a day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Family {
    /// Who is something of hers: parents, spouses, court-appointed guardians.
    pub others: Vec<Link>,
    /// Of whom she is something: children, spouses, wards, households.
    pub own: Vec<Link>,
}

/// The family of a person on `day`, as known at `known`. For other engines: no permission is asked, no act recorded.
///
/// # Errors
/// The store's faults.
pub fn family(cx: &mut Cx<'_>, person: &str, day: Date, known: Timestamp) -> Result<Family, Fault> {
    let on = |links: Vec<Link>| links.into_iter().filter(|link| link.holds_on(day)).collect();
    Ok(Family { others: on(links::of(cx.tx(), person, known)?), own: on(links::held_by(cx.tx(), person, known)?) })
}

/// Families, for engines that ask who is responsible for whom. Cheap to clone.
#[derive(Clone)]
pub struct Families {
    population: Population,
    majority_years: i64,
}

impl Families {
    /// The families of a population whose children come of age at `majority_years`.
    #[must_use]
    pub const fn new(population: Population, majority_years: i64) -> Self {
        Self { population, majority_years }
    }

    /// Who may act for a person because she is a child (her parents) or because a court said so, today. Nobody acts for
    /// herself by this, for the dead, or after death.
    ///
    /// # Errors
    /// `civil.person.unknown`; the store's faults.
    pub fn guardians(&self, cx: &mut Cx<'_>, person: &str) -> Result<Vec<String>, Fault> {
        let today = self.population.today(cx);
        let ward = self.population.person(cx, person)?.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
        let mut guardians = Vec::new();
        if ward.died.is_some() {
            return Ok(guardians);
        }
        let is_child = time::age_in_years(ward.born, today) < self.majority_years;
        let known = cx.now();
        for link in family(cx, person, today, known)?.others {
            let counts = link.tie == Tie::Guardian || (is_child && link.tie.is_parent());
            if counts && !guardians.contains(&link.holder) && self.is_alive(cx, &link.holder)? {
                guardians.push(link.holder);
            }
        }
        Ok(guardians)
    }

    /// The children and wards a person may act for, today.
    ///
    /// # Errors
    /// The store's faults.
    pub fn wards(&self, cx: &mut Cx<'_>, person: &str) -> Result<Vec<String>, Fault> {
        let (today, known) = (self.population.today(cx), cx.now());
        let mut wards = Vec::new();
        for link in family(cx, person, today, known)?.own {
            let may_be = (link.tie == Tie::Guardian || link.tie.is_parent()) && !wards.contains(&link.whose);
            if may_be && self.guardians(cx, &link.whose)?.iter().any(|guardian| guardian == person) {
                wards.push(link.whose);
            }
        }
        Ok(wards)
    }

    /// Whether somebody lives and is of age.
    ///
    /// # Errors
    /// The store's faults.
    pub fn is_of_age(&self, cx: &mut Cx<'_>, person: &str) -> Result<bool, Fault> {
        let today = self.population.today(cx);
        let known = self.population.person(cx, person)?.filter(|person| person.died.is_none());
        Ok(known.is_some_and(|person| time::age_in_years(person.born, today) >= self.majority_years))
    }

    /// Whether somebody is in the population and lives.
    ///
    /// # Errors
    /// The store's faults.
    pub fn is_alive(&self, cx: &mut Cx<'_>, person: &str) -> Result<bool, Fault> {
        Ok(self.population.person(cx, person)?.is_some_and(|person| person.died.is_none()))
    }
}

/// Who may act for a person: see [`Families::guardians`].
///
/// # Errors
/// `civil.person.unknown`; the store's faults.
pub fn guardians(cx: &mut Cx<'_>, civil: &Civil, person: &str) -> Result<Vec<String>, Fault> {
    civil.families().guardians(cx, person)
}

/// Whom a person may act for: see [`Families::wards`].
///
/// # Errors
/// The store's faults.
pub fn wards(cx: &mut Cx<'_>, civil: &Civil, person: &str) -> Result<Vec<String>, Fault> {
    civil.families().wards(cx, person)
}

/// The spouses of a person on a day.
pub(crate) fn spouses(cx: &mut Cx<'_>, person: &str, day: Date) -> Result<Vec<Link>, Fault> {
    let known = cx.now();
    Ok(family(cx, person, day, known)?.others.into_iter().filter(|link| link.tie == Tie::Spouse).collect())
}

/// Writes a link.
pub(crate) fn tie(
    cx: &mut Cx<'_>,
    holder: &str,
    tie: Tie,
    whose: &str,
    valid_from: Date,
    source: &str,
) -> Result<(), Fault> {
    let link = Link {
        id: cx.id(),
        holder: holder.to_owned(),
        whose: whose.to_owned(),
        tie,
        valid_from,
        valid_to: None,
        source: source.to_owned(),
    };
    let now = cx.now();
    Ok(links::insert(cx.tx(), &link, now)?)
}

/// Ends a link on a day: the old one was held to be so until now, the new one has an end.
pub(crate) fn untie(cx: &mut Cx<'_>, link: &Link, valid_to: Date, source: &str) -> Result<(), Fault> {
    let now = cx.now();
    if !links::close(cx.tx(), link.id, now)? {
        return Err(Fault::conflict("civil.link.changed"));
    }
    let ended = Link { id: cx.id(), valid_to: Some(valid_to), source: source.to_owned(), ..link.clone() };
    Ok(links::insert(cx.tx(), &ended, now)?)
}

/// Writes who somebody's parents or guardians are as another record said it: people who are brought in, not registered here.
/// What is known already is left as it is; returns how many links are new.
///
/// # Errors
/// `civil.person.unknown`; `civil.guardian.self`; the authority's refusal.
pub fn bring(
    cx: &mut Cx<'_>,
    families: &Families,
    child: &str,
    holders: &[(Tie, String)],
    from: Date,
    source: &str,
) -> Result<usize, Fault> {
    cx.may("civil.family.bring", &Resource::new("Person", child))?;
    let known = cx.now();
    let has = family(cx, child, from, known)?.others;
    let mut new = 0;
    for (what, holder) in holders {
        if holder == child {
            return Err(Fault::invalid("civil.guardian.self"));
        }
        for person in [holder.as_str(), child] {
            if families.population.person(cx, person)?.is_none() {
                return Err(Fault::not_found("civil.person.unknown"));
            }
        }
        if !has.iter().any(|link| link.tie == *what && link.holder == *holder) {
            tie(cx, holder, *what, child, from, source)?;
            new += 1;
        }
    }
    let act = spine::Act::new("civil.family.brought").about(child).because("registration", "program");
    cx.record(act.with("links", new));
    Ok(new)
}
