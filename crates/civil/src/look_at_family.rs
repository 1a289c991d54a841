//! Who belongs to a family, by name; and an officer's look at one, to enter a guardian or a household.
//!
//! **Invariant:** an officer's look is an act that the person can see.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Resource};

use crate::engine::Civil;
use crate::family::{self, LinkId, Tie};
use crate::household;
use crate::model::Person;

/// A family as an officer sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FamilySeen {
    /// Whose it is.
    pub person: Person,
    /// Who belongs to it.
    pub relatives: Vec<Relative>,
    /// Who lives in her household, she among them; empty without one.
    pub household: Vec<String>,
}

/// One who belongs to a family.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Relative {
    /// The link that says so.
    pub link: LinkId,
    /// The name.
    pub name: String,
    /// What one is of the other.
    pub tie: Tie,
    /// Whether the relative is it of the person, and not the person of the relative.
    pub holds: bool,
    /// From which day.
    pub since: Date,
}

/// Who has this national number, for whoever may look at families.
///
/// # Errors
/// `civil.person.unknown`; the authority's refusal.
pub fn find_for_family(cx: &mut Cx<'_>, civil: &Civil, number: &str) -> Result<String, Fault> {
    cx.may("civil.family.look", &Resource::new("Person", "by-number"))?;
    let person = civil.population().by_national_id(cx, number)?;
    Ok(person.ok_or_else(|| Fault::not_found("civil.person.unknown"))?.id)
}

/// The family of a person today.
///
/// # Errors
/// `civil.person.unknown`; the authority's refusal.
pub fn look_at_family(cx: &mut Cx<'_>, civil: &Civil, person: &str) -> Result<FamilySeen, Fault> {
    cx.may("civil.family.look", &Resource::new("Person", person))?;
    let population = civil.population();
    let person = population.person(cx, person)?.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    let (relatives, house) = relatives(cx, civil, &person.id)?;
    let mut household = Vec::new();
    if let Some(house) = house {
        for member in household::members(cx, civil, &house)? {
            household.extend(population.person(cx, &member)?.map(|member| member.name()));
        }
    }
    cx.record(
        Act::new("civil.family.looked").about(&person.id).on(&person.id).because("guardianship", "civil registration"),
    );
    Ok(FamilySeen { person, relatives, household })
}

/// Who belongs to a person's family today, and the household she lives in.
pub(crate) fn relatives(
    cx: &mut Cx<'_>,
    civil: &Civil,
    person: &str,
) -> Result<(Vec<Relative>, Option<String>), Fault> {
    let (today, known) = (civil.today(cx), cx.now());
    let family = family::family(cx, person, today, known)?;
    let (mut relatives, mut household) = (Vec::new(), None);
    let links = family.others.iter().map(|link| (link, true)).chain(family.own.iter().map(|link| (link, false)));
    for (link, holds) in links {
        match link.tie {
            Tie::Household => household = Some(link.whose.clone()),
            // A marriage is written in both directions; one tells it all.
            Tie::Spouse if !holds => {}
            tie => {
                let other = if holds { &link.holder } else { &link.whose };
                let name = civil.population().person(cx, other)?.map(|other| other.name()).unwrap_or_default();
                relatives.push(Relative { link: link.id, name, tie, holds, since: link.valid_from });
            }
        }
    }
    Ok((relatives, household))
}
