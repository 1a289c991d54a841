//! Mandates that an officer registers on evidence: for a person who cannot give one herself, and for organisations.
//!
//! **Invariant:** it waits until a second officer has seen the same evidence; the evidence's kind stands in the act, its
//! reference does not.

use spine::{Act, Cx, Date, Fault, Id, IdKind, Resource};

use crate::mandates::give::{act, can_act, check, tell, wrong};
use crate::mandates::mandate::{Mandate, MandateId, MandateState};
use crate::mandates::rules::{Arises, Represents};
use crate::rows::mandates::{self as rows, Organisation};
use crate::settings::Identity;

/// The kind of an organisation's identifier.
#[derive(Debug)]
pub struct OrganisationKind;

impl IdKind for OrganisationKind {
    const PREFIX: &'static str = "org";
}

/// The identifier of an organisation that people act for.
pub type OrganisationId = Id<OrganisationKind>;

/// The longest number or reference, in bytes.
const LONGEST: usize = 64;

/// What an officer proposes.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The kind in the pack.
    pub kind: String,
    /// The ID number of who is acted for, or the organisation's number.
    pub represented: String,
    /// The ID number of who acts.
    pub representative: String,
    /// What she may do, by the pack's names.
    pub scopes: Vec<String>,
    /// The last day.
    pub valid_to: Date,
    /// The kind of evidence in the pack.
    pub evidence: String,
    /// Where it is found: the number of the order, the date of the letter.
    pub reference: String,
}

/// Proposes a mandate.
///
/// # Errors
/// `identity.mandate.wrong` with a fault for each field; the authority's refusal.
pub fn propose(cx: &mut Cx<'_>, identity: &Identity, proposal: &Proposal) -> Result<MandateId, Fault> {
    cx.may("identity.mandate.register", &Resource::new("Mandate", &proposal.kind))?;
    let rules = &identity.inner.mandates;
    let kind = rules.arising(Arises::Registered).find(|kind| kind.part.id == proposal.kind);
    let kind = kind.ok_or_else(|| wrong("kind", "identity.mandates.kind_missing"))?;
    check(cx, identity, kind, &proposal.scopes, proposal.valid_to)?;
    if !rules.evidence.iter().any(|known| known.id == proposal.evidence) {
        return Err(wrong("evidence", "identity.mandates.evidence_missing"));
    }
    let reference = proposal.reference.trim();
    if reference.is_empty() || reference.len() > LONGEST {
        return Err(wrong("reference", "identity.mandates.reference_missing"));
    }
    let represented = match kind.part.represents {
        Represents::Person => living(cx, identity, &proposal.represented)?,
        Represents::Organisation => {
            rows::organisation_numbered(cx.tx(), proposal.represented.trim())?.map(|organisation| organisation.id)
        }
    };
    let represented = represented.ok_or_else(|| wrong("represented", "identity.mandates.nobody_there"))?;
    let representative = living(cx, identity, &proposal.representative)?.filter(|id| *id != represented);
    let representative = match representative {
        Some(id) if can_act(cx, identity, &id)? => id,
        _ => return Err(wrong("representative", "identity.mandates.cannot_act")),
    };
    let mandate = Mandate {
        id: cx.id(),
        kind: proposal.kind.clone(),
        represented,
        representative,
        scopes: proposal.scopes.clone(),
        state: MandateState::Proposed,
        evidence: Some(proposal.evidence.clone()),
        reference: Some(reference.to_owned()),
        made_by: cx.actor().id.clone(),
        made_at: cx.now(),
        valid_to: proposal.valid_to,
        ended_at: None,
        ended_because: None,
    };
    rows::insert(cx.tx(), &mandate)?;
    cx.record(act("identity.mandate.proposed", &mandate, "evidence").with("evidence", proposal.evidence.as_str()));
    Ok(mandate.id)
}

/// The person of a number, if she lives.
fn living(cx: &mut Cx<'_>, identity: &Identity, number: &str) -> Result<Option<String>, Fault> {
    let known = identity.population()?.by_national_id(cx, number)?;
    Ok(known.filter(|known| known.died.is_none()).map(|known| known.id))
}

/// A second officer agrees, and it holds; or does not, and it is over.
///
/// # Errors
/// `identity.mandate.missing`; `identity.mandate.over` if it waits no more; the authority's refusal.
pub fn approve(cx: &mut Cx<'_>, identity: &Identity, id: MandateId, agrees: bool) -> Result<(), Fault> {
    let mandate = rows::by_id(cx.tx(), id)?.ok_or_else(|| Fault::not_found("identity.mandate.missing"))?;
    let own = mandate.made_by == cx.actor().id;
    cx.may("identity.mandate.approve", &Resource::new("Mandate", id).is("own", own))?;
    let (officer, now) = (cx.actor().id.clone(), cx.now());
    let waits = mandate.state == MandateState::Proposed;
    let stands = !agrees || can_act(cx, identity, &mandate.representative)?;
    let done = waits
        && stands
        && if agrees {
            rows::decide(cx.tx(), id, &officer, MandateState::Proposed, now)?
        } else {
            rows::end(cx.tx(), id, &officer, "refused", now)?
        };
    if !done {
        return Err(Fault::conflict("identity.mandate.over"));
    }
    let kind = if agrees { "identity.mandate.approved" } else { "identity.mandate.refused" };
    cx.record(act(kind, &mandate, "evidence"));
    if agrees {
        tell(cx, identity, &mandate.represented, "identity.mandates.told_active", &mandate.representative)?;
        tell(cx, identity, &mandate.representative, "identity.mandates.told_registered", &mandate.represented)?;
    }
    Ok(())
}

/// Takes a business or association in, so that people can be registered to act for it.
///
/// # Errors
/// `identity.organisation.wrong`; `identity.organisation.exists`; the authority's refusal.
pub fn register_organisation(cx: &mut Cx<'_>, number: &str, name: &str) -> Result<OrganisationId, Fault> {
    let id: OrganisationId = cx.id();
    cx.may("identity.organisation.register", &Resource::new("Organisation", id))?;
    let (number, name) = (number.trim(), name.trim());
    let fine = |text: &str, longest: usize| (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control);
    if !fine(number, LONGEST) || !fine(name, 200) {
        return Err(Fault::invalid("identity.organisation.wrong"));
    }
    if rows::organisation_numbered(cx.tx(), number)?.is_some() {
        return Err(Fault::conflict("identity.organisation.exists"));
    }
    let organisation = Organisation { id: id.to_string(), number: number.to_owned(), name: name.to_owned() };
    let (officer, now) = (cx.actor().id.clone(), cx.now());
    rows::insert_organisation(cx.tx(), &organisation, &officer, now)?;
    cx.record(Act::new("identity.organisation.registered").on(id).because("mandate", "evidence"));
    Ok(id)
}
