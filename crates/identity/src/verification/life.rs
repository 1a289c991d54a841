//! Proof of life: by her own sign-in with two factors, by somebody the country trusts to say so, or by a civil event.
//!
//! **Invariant:** a proof says when, how and by whose word; one's own counts only right after a sign-in with two factors;
//! nobody attests her own life as an officer, and nobody attests the life of somebody whose death is registered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spine::{Act, ActorKind, Assurance, Cx, Fault, Resource, Timestamp, Via};

use crate::rows::verification as rows;
use crate::settings::Identity;

/// The last proof that somebody lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// When.
    pub at: Timestamp,
    /// How: `sign-in`, `ussd` (her PIN from her phone), `attested`, `event`.
    pub how: String,
}

/// Says that a person lives: herself, or an officer who has seen her.
///
/// # Errors
/// `identity.life.factors` for one's own word with less than two factors; `identity.life.dead`;
/// `civil.person.unknown`; the authority's refusal.
pub fn attest_life(cx: &mut Cx<'_>, identity: &Identity, person: &str) -> Result<Life, Fault> {
    let actor = cx.actor();
    let own = actor.id == person;
    cx.may("identity.life.attest", &Resource::new("Person", person).is("own", own))?;
    if own && actor.kind == ActorKind::Person && actor.assurance < Assurance::Substantial {
        return Err(Fault::forbidden("identity.life.factors"));
    }
    let known = identity.population()?.person(cx, person)?;
    let known = known.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    if known.died.is_some() {
        return Err(Fault::conflict("identity.life.dead"));
    }
    let how = match (own, cx.caller().via) {
        (true, Via::Ussd) => "ussd",
        (true, _) => "sign-in",
        (false, _) => "attested",
    };
    let life = Life { at: cx.now(), how: how.to_owned() };
    rows::insert_life(cx.tx(), person, &life, &actor.id)?;
    let act = Act::new("identity.life.proved").about(person).on(person).because("proof-of-life", "identity-service");
    cx.record(act.with("how", life.how.as_str()));
    Ok(life)
}

/// The last proof that a person lives; none if there is none, or if she has died since.
///
/// # Errors
/// The store's faults.
pub fn last_life(cx: &mut Cx<'_>, person: &str) -> Result<Option<Life>, Fault> {
    Ok(rows::last_life(cx.tx(), person)?)
}

/// When each of these people was last proved alive; those who never were are left out.
///
/// # Errors
/// The store's faults.
pub fn last_lives(cx: &mut Cx<'_>, people: &[&str]) -> Result<BTreeMap<String, Timestamp>, Fault> {
    Ok(rows::last_lives(cx.tx(), people)?.into_iter().collect())
}
