//! Taking a person's ID out of use and into use again, with a reason: found to be a double, held by somebody else.
//!
//! **Invariant:** out of use, her account is locked, her sessions, tokens and cards end, and organisations that ask are told
//! no; the population's record stays as it is. A death does the same by itself (`verification/watch.rs`). Nobody does it to
//! herself.

use spine::{Act, Cx, Fault, Resource, Text};

use crate::enrol::end_everything;
use crate::rows::{accounts, cards as rows};

/// At most so many letters in a reason.
const LETTERS: usize = 300;

fn resource(cx: &Cx<'_>, person: &str) -> Resource {
    Resource::new("NationalId", person).is("own", cx.actor().id == person)
}

fn said(words: &str) -> Result<&str, Fault> {
    let words = words.trim();
    if words.is_empty() || words.chars().count() > LETTERS {
        return Err(Fault::invalid("identity.standing.reason").field("words", Text::new("identity.enrolment.reason")));
    }
    Ok(words)
}

/// Takes a person's ID out of use.
///
/// # Errors
/// `identity.standing.reason`, `identity.standing.inactive` if it is already, the authority's refusal.
pub fn deactivate(cx: &mut Cx<'_>, person: &str, reason: &str) -> Result<(), Fault> {
    let asked = resource(cx, person);
    cx.may("identity.standing.deactivate", &asked)?;
    let (reason, now) = (said(reason)?.to_owned(), cx.now());
    if !rows::set_inactive(cx.tx(), person, &reason, now)? {
        return Err(Fault::conflict("identity.standing.inactive"));
    }
    if accounts::account_by_id(cx.tx(), person)?.is_some() {
        accounts::set_state(cx.tx(), person, false)?;
        end_everything(cx, person)?;
    }
    let cards = rows::end_all(cx.tx(), person, "deactivated", now)?;
    let act = Act::new("identity.standing.deactivated").about(person).on(person);
    let cards = i64::try_from(cards).unwrap_or(i64::MAX);
    cx.record(act.because("national-id", "national-id").with("cards", cards));
    Ok(())
}

/// Puts it into use again. Cards stay ended: she asks for a new one.
///
/// # Errors
/// `identity.standing.reason`, `identity.standing.active` if it is in use, the authority's refusal.
pub fn reactivate(cx: &mut Cx<'_>, person: &str, reason: &str) -> Result<(), Fault> {
    let asked = resource(cx, person);
    cx.may("identity.standing.reactivate", &asked)?;
    said(reason)?;
    if !rows::clear_inactive(cx.tx(), person)? {
        return Err(Fault::conflict("identity.standing.active"));
    }
    // An account that a death closed stays closed.
    if !crate::rows::verification::is_closed(cx.tx(), person)? {
        accounts::set_state(cx.tx(), person, true)?;
    }
    let act = Act::new("identity.standing.reactivated").about(person).on(person);
    cx.record(act.because("national-id", "national-id"));
    Ok(())
}
