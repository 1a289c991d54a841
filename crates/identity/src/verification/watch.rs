//! Who is to be told when somebody dies, and what a death closes in the same commit.
//!
//! **Invariant:** closing an account ends its sessions and takes back its tokens in the transaction of the registration;
//! every organisation that watches the person finds the change in that same moment. Taking the death back opens what it
//! closed, and nothing that was closed for another reason.

use civil::Vital;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Resource, Timestamp};

use crate::enrol::end_everything;
use crate::mandates::end::end_all_of;
use crate::rows::{accounts, cards, verification as rows};
use crate::settings::Identity;
use crate::verification::check;
use crate::verification::licence::Verifier;

/// At most so many changes in one answer, and people watched with one call.
const LISTED: i64 = 1_000;
const AT_ONCE: usize = 1_000;

/// Somebody an organisation wants to be told of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The national number.
    pub number: String,
    /// What the organisation calls her: the number on her pay slip.
    pub reference: String,
}

/// What an organisation is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its number among those of the organisation, in the order of commits; the list goes on after it.
    pub number: i64,
    /// What the organisation calls the person.
    pub reference: String,
    /// `died` or `reinstated`.
    pub what: String,
    /// The day it holds from.
    pub effective_on: Date,
    /// When it was made known.
    pub at: Timestamp,
}

/// Watches people; answers how many of them are known. The unknown are left out, those watched already are kept once.
///
/// # Errors
/// `identity.verification.licence` without a licence to watch; `identity.verification.wrong`; the authority's refusal.
pub fn watch(cx: &mut Cx<'_>, identity: &Identity, verifier: &Verifier, wanted: &[Wanted]) -> Result<usize, Fault> {
    licensed(cx, verifier)?;
    if wanted.len() > AT_ONCE || wanted.iter().any(|one| one.reference.is_empty() || one.reference.len() > 100) {
        return Err(Fault::invalid("identity.verification.wrong"));
    }
    let now = cx.now();
    let mut known = 0;
    for one in wanted {
        let Some(person) = check::person_of(cx, identity, &one.number)? else { continue };
        rows::watch(cx.tx(), &verifier.id, &person.id, &one.reference, now)?;
        known += 1;
        let act = Act::new("identity.verification.watched").about(&person.id).on(&verifier.id);
        cx.record(act.because(purpose(verifier), verifier.citation()));
    }
    Ok(known)
}

/// Stops watching the person that an organisation calls by this reference.
///
/// # Errors
/// As [`watch`].
pub fn unwatch(cx: &mut Cx<'_>, verifier: &Verifier, reference: &str) -> Result<bool, Fault> {
    licensed(cx, verifier)?;
    let gone = rows::unwatch(cx.tx(), &verifier.id, reference)?;
    cx.record(
        Act::new("identity.verification.unwatched")
            .on(&verifier.id)
            .because(purpose(verifier), verifier.citation())
            .with("found", gone),
    );
    Ok(gone)
}

fn purpose(verifier: &Verifier) -> String {
    verifier.purposes.first().cloned().unwrap_or_default()
}

fn licensed(cx: &mut Cx<'_>, verifier: &Verifier) -> Result<(), Fault> {
    cx.may("identity.verification.watch", &Resource::new("Verifier", &verifier.id).is("watch", verifier.watch))?;
    if verifier.watch { Ok(()) } else { Err(Fault::forbidden("identity.verification.licence")) }
}

/// What an organisation is told, after a number, oldest first, at most a thousand.
///
/// # Errors
/// As [`watch`].
pub fn changes(cx: &mut Cx<'_>, verifier: &Verifier, after: i64) -> Result<Vec<Told>, Fault> {
    licensed(cx, verifier)?;
    Ok(rows::changes(cx.tx(), &verifier.id, after, LISTED)?)
}

/// What civil registration tells in the commit of a registration.
///
/// # Errors
/// The store's faults; the authority's refusal.
pub(crate) fn follow(cx: &mut Cx<'_>, vital: &Vital, today: Date) -> Result<(), Fault> {
    match vital {
        Vital::Died { person, on } => closed_by_death(cx, person, *on).map(drop),
        Vital::Reinstated { person } => reopened(cx, person, today).map(drop),
        Vital::Born { .. } | Vital::Changed { .. } => Ok(()),
    }
}

/// Closes what a person who has died could do here: her account, sessions, codes and tokens, and marks every watch on her.
/// Answers how many organisations are told.
///
/// # Errors
/// The store's faults; the authority's refusal.
pub fn closed_by_death(cx: &mut Cx<'_>, person: &str, on: Date) -> Result<usize, Fault> {
    cx.may("identity.account.close", &Resource::new("Account", person))?;
    let now = cx.now();
    if let Some(account) = accounts::account_by_id(cx.tx(), person)? {
        rows::close(cx.tx(), person, account.active, now)?;
        accounts::set_state(cx.tx(), person, false)?;
        end_everything(cx, person)?;
    }
    end_all_of(cx, person, "death")?;
    cards::end_all(cx.tx(), person, "deceased", now)?;
    let told = tell(cx, person, "died", on)?;
    cx.record(
        Act::new("identity.account.closed")
            .about(person)
            .on(person)
            .because("death", "civil registration")
            .with("told", told),
    );
    Ok(told)
}

/// Opens again what a death closed that was registered wrongly. Sessions and tokens stay ended: she signs in anew.
///
/// # Errors
/// The store's faults; the authority's refusal.
pub fn reopened(cx: &mut Cx<'_>, person: &str, today: Date) -> Result<usize, Fault> {
    cx.may("identity.account.close", &Resource::new("Account", person))?;
    let now = cx.now();
    if rows::reopen(cx.tx(), person, now)? {
        accounts::set_state(cx.tx(), person, true)?;
    }
    let told = tell(cx, person, "reinstated", today)?;
    cx.record(
        Act::new("identity.account.reopened")
            .about(person)
            .on(person)
            .because("death-annulled", "court order")
            .with("told", told),
    );
    Ok(told)
}

/// Writes a change for each organisation that watches a person.
fn tell(cx: &mut Cx<'_>, person: &str, what: &str, on: Date) -> Result<usize, Fault> {
    let now = cx.now();
    let watching = rows::watching(cx.tx(), person)?;
    for (verifier, reference) in &watching {
        rows::insert_change(cx.tx(), verifier, reference, (what, on), now)?;
    }
    Ok(watching.len())
}
