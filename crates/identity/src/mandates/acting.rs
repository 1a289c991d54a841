//! For whom a session acts: what there is to choose from, the choice, and at every request whether it still holds.
//!
//! **Invariant:** nothing is decided once and believed later: each request asks the family or the mandate again. A choice
//! that no longer holds makes the visitor herself again, and every form she had opened for the other is refused.

use std::sync::Arc;

use edge::ActingState;
use serde::{Deserialize, Serialize};
use spine::{Act, Behalf, Cx, Date, Fault, Personal, Resource};

use crate::mandates::mandate::MandateId;
use crate::mandates::rules::{Arises, ELSEWHERE};
use crate::rows::{accounts, mandates as rows};
use crate::session::{Found, SessionId};
use crate::settings::Identity;

/// Somebody one may act for.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) person: String,
    pub(crate) name: Personal<String>,
    /// The kind in the pack.
    pub(crate) kind: String,
    pub(crate) mandate: Option<MandateId>,
    pub(crate) until: Option<Date>,
}

/// Everybody this account may act for now: children and wards first.
pub(crate) fn choices(cx: &mut Cx<'_>, identity: &Identity, account: &str) -> Result<Vec<Choice>, Fault> {
    let rules = &identity.inner.mandates;
    let mut choices = Vec::new();
    if let (Some(families), Some(kind)) = (&rules.families, rules.arising(Arises::Family).next()) {
        for ward in families.wards(cx, account)? {
            let name = name_of(cx, identity, &ward)?;
            choices.push(Choice { person: ward, name, kind: kind.part.id.clone(), mandate: None, until: None });
        }
    }
    let today = identity.population()?.today(cx);
    for mandate in rows::of_representative(cx.tx(), account)? {
        if mandate.holds_on(today) && stands(cx, identity, &mandate.represented)? {
            let name = name_of(cx, identity, &mandate.represented)?;
            let (id, until) = (Some(mandate.id), Some(mandate.valid_to));
            choices.push(Choice { person: mandate.represented, name, kind: mandate.kind, mandate: id, until });
        }
    }
    Ok(choices)
}

/// Whether who is acted for still stands: a person who lives, or an organisation.
fn stands(cx: &mut Cx<'_>, identity: &Identity, represented: &str) -> Result<bool, Fault> {
    if rows::organisation(cx.tx(), represented)?.is_some() {
        return Ok(true);
    }
    let known = identity.population()?.person(cx, represented)?;
    Ok(known.is_some_and(|person| person.died.is_none()))
}

/// What somebody is called: a person in the population, an account, or an organisation.
pub(crate) fn name_of(cx: &mut Cx<'_>, identity: &Identity, id: &str) -> Result<Personal<String>, Fault> {
    if let Some(organisation) = rows::organisation(cx.tx(), id)? {
        return Ok(Personal::new(organisation.name));
    }
    if let Some(person) = identity.population()?.person(cx, id)? {
        return Ok(Personal::new(person.name()));
    }
    Ok(accounts::shown(cx.tx(), id)?.map(|shown| shown.name).unwrap_or_default())
}

/// What a session's choice comes to at this request.
pub(crate) enum Standing {
    /// It acts for nobody else.
    Oneself,
    /// It may act for the other.
    Behalf(Arc<Behalf>),
    /// It may not any more; whom it had chosen.
    Over(Personal<String>),
}

impl Standing {
    /// Whom a session acts for, if it may.
    pub(crate) fn behalf(&self) -> Option<&Arc<Behalf>> {
        match self {
            Self::Behalf(behalf) => Some(behalf),
            Self::Oneself | Self::Over(_) => None,
        }
    }

    /// What pages say of it; `aside` on those that are the visitor's own affair.
    pub(crate) fn shown(&self, aside: bool) -> Option<edge::Acting> {
        let (name, state) = match self {
            Self::Oneself => return None,
            Self::Behalf(behalf) if aside => (behalf.name.clone(), ActingState::Aside),
            Self::Behalf(behalf) => (behalf.name.clone(), ActingState::Holds),
            Self::Over(name) => (name.clone(), ActingState::Over),
        };
        Some(edge::Acting { name, state })
    }
}

/// Whether the choice of a session still holds, asked anew.
pub(crate) fn standing(cx: &mut Cx<'_>, identity: &Identity, found: &Found) -> Result<Standing, Fault> {
    let Some(person) = &found.acting_for else { return Ok(Standing::Oneself) };
    let by = ActedBy { account: found.account.clone(), mandate: found.mandate };
    Ok(match behalf(cx, identity, person, &by)? {
        Some(behalf) => Standing::Behalf(Arc::new(behalf)),
        None => Standing::Over(name_of(cx, identity, person)?),
    })
}

/// Who acts for another, and under which mandate; none where it follows from the family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActedBy {
    pub(crate) account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mandate: Option<MandateId>,
}

/// How far somebody may act for `person` now; none if she may not.
pub(crate) fn behalf(
    cx: &mut Cx<'_>,
    identity: &Identity,
    person: &str,
    by: &ActedBy,
) -> Result<Option<Behalf>, Fault> {
    let name = name_of(cx, identity, person)?;
    match by.mandate {
        None => by_family(cx, identity, &by.account, person, &name),
        Some(mandate) => by_mandate(cx, identity, &by.account, (person, &name), mandate),
    }
}

/// Whether who acts by a grant about `person` may still sign in at other programs for her.
///
/// # Errors
/// The store's faults.
pub(crate) fn still_acts(cx: &mut Cx<'_>, identity: &Identity, person: &str, by: &ActedBy) -> Result<bool, Fault> {
    let active = accounts::account_by_id(cx.tx(), &by.account)?.is_some_and(|account| account.active);
    Ok(active && behalf(cx, identity, person, by)?.is_some_and(|behalf| behalf.covers(ELSEWHERE, None)))
}

/// A child or ward.
fn by_family(
    cx: &mut Cx<'_>,
    identity: &Identity,
    account: &str,
    person: &str,
    name: &Personal<String>,
) -> Result<Option<Behalf>, Fault> {
    let rules = &identity.inner.mandates;
    let (Some(families), Some(kind)) = (&rules.families, rules.arising(Arises::Family).next()) else { return Ok(None) };
    let holds = families.guardians(cx, person)?.iter().any(|guardian| guardian == account);
    Ok(holds.then(|| Behalf {
        person: person.to_owned(),
        name: name.clone(),
        kind: kind.part.id.clone(),
        mandate: None,
        scopes: kind.scopes.clone(),
        known: Arc::clone(&rules.scopes),
    }))
}

/// Somebody who gave a mandate, or for whom one was registered.
fn by_mandate(
    cx: &mut Cx<'_>,
    identity: &Identity,
    account: &str,
    (person, name): (&str, &Personal<String>),
    id: MandateId,
) -> Result<Option<Behalf>, Fault> {
    let (rules, today) = (&identity.inner.mandates, identity.population()?.today(cx));
    let mandate = rows::by_id(cx.tx(), id)?.filter(|mandate| mandate.holds_on(today));
    let mandate = mandate.filter(|mandate| mandate.representative == account && mandate.represented == person);
    let Some(mandate) = mandate else { return Ok(None) };
    if !stands(cx, identity, person)? {
        return Ok(None);
    }
    Ok(Some(Behalf {
        person: person.to_owned(),
        name: name.clone(),
        scopes: rules.covered(&mandate.kind, &mandate.scopes),
        kind: mandate.kind,
        mandate: Some(id.to_string()),
        known: Arc::clone(&rules.scopes),
    }))
}

/// Chooses for whom the actor's session acts.
///
/// # Errors
/// `identity.mandate.missing` if she may not act for that one; the authority's refusal.
pub(crate) fn choose(
    cx: &mut Cx<'_>,
    identity: &Identity,
    session: SessionId,
    person: &str,
    mandate: Option<MandateId>,
) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.acting.choose", &Resource::new("Mandate", person).is("own", true))?;
    let all = choices(cx, identity, &account)?;
    let chosen = all.iter().find(|choice| choice.person == person && choice.mandate == mandate);
    let chosen = chosen.ok_or_else(|| Fault::not_found("identity.mandate.missing"))?;
    rows::set_acting(cx.tx(), session, Some((person, mandate)))?;
    let act = Act::new("identity.acting.chosen").about(person).because("mandate", basis(mandate));
    cx.record(
        act.on(mandate.map_or_else(|| person.to_owned(), |id| id.to_string())).with("mandate", chosen.kind.as_str()),
    );
    Ok(())
}

/// Makes a session its account's own again.
///
/// # Errors
/// The authority's refusal.
pub(crate) fn stop(cx: &mut Cx<'_>, session: SessionId, person: &str) -> Result<(), Fault> {
    cx.may("identity.acting.stop", &Resource::new("Mandate", person).is("own", true))?;
    rows::set_acting(cx.tx(), session, None)?;
    cx.record(Act::new("identity.acting.stopped").about(person).on(session).because("mandate", "consent"));
    Ok(())
}

const fn basis(mandate: Option<MandateId>) -> &'static str {
    match mandate {
        Some(_) => "mandate",
        None => "guardianship",
    }
}
