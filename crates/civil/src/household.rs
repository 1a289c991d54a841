//! Households: people who live together, as they told an officer.
//!
//! **Invariant:** nobody is in two at the same time; who joins one leaves the other.

use spine::{Act, Cx, Fault, Id, IdKind, Resource};

use crate::engine::Civil;
use crate::family::{self, Tie, tie, untie};
use crate::rows::links;

/// At most so many people in one.
pub(crate) const MEMBERS: usize = 30;

/// The kind of a household's identifier.
#[derive(Debug)]
struct HouseholdKind;
impl IdKind for HouseholdKind {
    const PREFIX: &'static str = "hsh";
}

/// Puts people into one household as from today; those who were in another leave it.
///
/// # Errors
/// `civil.person.unknown`; `civil.household.size` for nobody or more than thirty; the authority's refusal.
pub fn gather(cx: &mut Cx<'_>, civil: &Civil, people: &[String]) -> Result<String, Fault> {
    let household: Id<HouseholdKind> = cx.id();
    let household = household.to_string();
    cx.may("civil.household.gather", &Resource::new("Household", &household))?;
    if !(1..=MEMBERS).contains(&people.len()) {
        return Err(Fault::invalid("civil.household.size"));
    }
    let (today, known) = (civil.today(cx), cx.now());
    for (place, person) in people.iter().enumerate() {
        if people.iter().take(place).any(|other| other == person) {
            continue;
        }
        if !civil.families().is_alive(cx, person)? {
            return Err(Fault::not_found("civil.person.unknown"));
        }
        for link in family::family(cx, person, today, known)?.own.iter().filter(|link| link.tie == Tie::Household) {
            untie(cx, link, today, &household)?;
        }
        tie(cx, person, Tie::Household, &household, today, &household)?;
    }
    cx.record(Act::new("civil.household.gathered").on(&household).with("members", people.len()));
    Ok(household)
}

/// Who lives in a household today.
pub(crate) fn members(cx: &mut Cx<'_>, civil: &Civil, household: &str) -> Result<Vec<String>, Fault> {
    let (today, known) = (civil.today(cx), cx.now());
    let links = links::of(cx.tx(), household, known)?;
    Ok(links.into_iter().filter(|link| link.holds_on(today)).map(|link| link.holder).collect())
}
