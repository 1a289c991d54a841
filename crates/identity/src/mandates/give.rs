//! A person lets another act for her; the other accepts or declines.
//!
//! **Invariant:** whom one gives it to is named by number and family name together, and a wrong pair is told like an
//! unknown one. Both are of age and can sign in. It begins when the other accepts, not before.

use jiff::ToSpan;
use spine::{Act, Cx, Date, Fault, FieldFault, Resource, Text};

use crate::mandates::acting::name_of;
use crate::mandates::mandate::{Mandate, MandateId, MandateState};
use crate::mandates::rules::{Arises, Kind, Represents};
use crate::post;
use crate::rows::{accounts, mandates as rows};
use crate::settings::Identity;

/// Mandates one person may have given at the same time.
const MOST: i64 = 20;
/// How alike a family name must be to the register's, in hundredths: spellings differ between neighbours and offices.
const ALIKE: i64 = 85;

/// What is given.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The kind in the pack.
    pub kind: String,
    /// The other's ID number.
    pub number: String,
    /// The other's family name, to be sure that it is she.
    pub family: String,
    /// What she may do, by the pack's names.
    pub scopes: Vec<String>,
    /// The last day.
    pub valid_to: Date,
}

/// Offers a mandate to another.
///
/// # Errors
/// `identity.mandate.wrong` with a fault for each field; `identity.mandate.minor`; `identity.mandate.many`; the
/// authority's refusal.
pub fn offer(cx: &mut Cx<'_>, identity: &Identity, offer: &Offer) -> Result<MandateId, Fault> {
    cx.may("identity.mandate.offer", &Resource::new("Mandate", &offer.kind).is("own", true))?;
    let giver = cx.actor().id.clone();
    let rules = &identity.inner.mandates;
    let kind = rules.arising(Arises::Given).find(|kind| kind.part.id == offer.kind);
    let kind = kind.filter(|kind| kind.part.represents == Represents::Person);
    let kind = kind.ok_or_else(|| wrong("kind", "identity.mandates.kind_missing"))?;
    check(cx, identity, kind, &offer.scopes, offer.valid_to)?;
    let population = identity.population()?;
    let known = population.by_national_id(cx, &offer.number)?;
    let known = known.filter(|known| population.names_alike(&known.family, &offer.family) >= ALIKE);
    let other = known.map(|known| known.id).filter(|id| *id != giver);
    let other = match other {
        Some(other) if can_act(cx, identity, &other)? => other,
        _ => return Err(wrong("number", "identity.mandates.nobody")),
    };
    if !is_of_age(cx, identity, &giver)? {
        return Err(Fault::forbidden("identity.mandate.minor"));
    }
    let today = population.today(cx);
    if rows::live(cx.tx(), &giver, today)? >= MOST {
        return Err(Fault::conflict("identity.mandate.many"));
    }
    let mandate = Mandate {
        id: cx.id(),
        kind: offer.kind.clone(),
        represented: giver.clone(),
        representative: other,
        scopes: offer.scopes.clone(),
        state: MandateState::Offered,
        evidence: None,
        reference: None,
        made_by: giver,
        made_at: cx.now(),
        valid_to: offer.valid_to,
        ended_at: None,
        ended_because: None,
    };
    rows::insert(cx.tx(), &mandate)?;
    cx.record(act("identity.mandate.offered", &mandate, "consent"));
    tell(cx, identity, &mandate.representative, "identity.mandates.told_offered", &mandate.represented)?;
    Ok(mandate.id)
}

/// Accepts or declines what was offered to the actor.
///
/// # Errors
/// `identity.mandate.missing` if it is not hers to answer; `identity.mandate.over` if it waits no more; the refusal.
pub fn answer(cx: &mut Cx<'_>, identity: &Identity, id: MandateId, accepts: bool) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    let mandate = rows::by_id(cx.tx(), id)?.filter(|mandate| mandate.representative == account);
    let mandate = mandate.ok_or_else(|| Fault::not_found("identity.mandate.missing"))?;
    cx.may("identity.mandate.answer", &Resource::new("Mandate", id).is("own", true))?;
    let now = cx.now();
    let today = identity.population()?.today(cx);
    let waits = mandate.state == MandateState::Offered && today <= mandate.valid_to;
    let done = waits
        && if accepts {
            rows::decide(cx.tx(), id, &account, MandateState::Offered, now)?
        } else {
            rows::end(cx.tx(), id, &account, "declined", now)?
        };
    if !done {
        return Err(Fault::conflict("identity.mandate.over"));
    }
    let kind = if accepts { "identity.mandate.accepted" } else { "identity.mandate.declined" };
    cx.record(act(kind, &mandate, "consent"));
    if accepts {
        tell(cx, identity, &mandate.represented, "identity.mandates.told_active", &mandate.representative)?;
    }
    Ok(())
}

/// Tells one of the two by SMS or e-mail what became of a mandate with the other.
pub(super) fn tell(
    cx: &mut Cx<'_>,
    identity: &Identity,
    whom: &str,
    what: &'static str,
    of: &str,
) -> Result<(), Fault> {
    let name = name_of(cx, identity, of)?;
    post::send_mandate(cx, &identity.inner.messages, whom, what, name.reveal())
}

/// Whether scopes and last day fit the kind.
pub(super) fn check(
    cx: &Cx<'_>,
    identity: &Identity,
    kind: &Kind,
    scopes: &[String],
    valid_to: Date,
) -> Result<(), Fault> {
    let mut faults = Vec::new();
    let mut wrong = |field: &str, key| faults.push(FieldFault { field: field.to_owned(), text: Text::new(key) });
    if scopes.is_empty() || scopes.iter().any(|one| !kind.scopes.iter().any(|scope| scope.id == *one)) {
        wrong("scopes", "identity.mandates.scopes_missing");
    }
    let today = identity.population()?.today(cx);
    let last = today.saturating_add(kind.part.longest_days.days());
    if !(today..=last).contains(&valid_to) {
        wrong("valid_to", "identity.mandates.too_long");
    }
    if faults.is_empty() { Ok(()) } else { Err(Fault::invalid("identity.mandate.wrong").fields_from(faults)) }
}

/// A fault of one field.
pub(super) fn wrong(field: &str, key: &'static str) -> Fault {
    Fault::invalid("identity.mandate.wrong").field(field, Text::new(key))
}

/// Whether somebody is alive and of age.
pub(super) fn is_of_age(cx: &mut Cx<'_>, identity: &Identity, person: &str) -> Result<bool, Fault> {
    match &identity.inner.mandates.families {
        Some(families) => families.is_of_age(cx, person),
        None => Ok(false),
    }
}

/// Whether somebody can sign in, lives and is of age.
pub(super) fn can_act(cx: &mut Cx<'_>, identity: &Identity, person: &str) -> Result<bool, Fault> {
    let active = accounts::account_by_id(cx.tx(), person)?.is_some_and(|account| account.active);
    Ok(active && is_of_age(cx, identity, person)?)
}

/// An act on a mandate, which the represented sees.
pub(super) fn act(kind: &'static str, mandate: &Mandate, basis: &'static str) -> Act {
    Act::new(kind)
        .about(&mandate.represented)
        .on(mandate.id)
        .because("mandate", basis)
        .with("mandate", mandate.kind.as_str())
        .with("scopes", mandate.scopes.join(" "))
}
