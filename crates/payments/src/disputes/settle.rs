//! Whoever has the money answers; the treasury decides.
//!
//! **Invariant:** the decision and what follows from it for the money are one commit.

use spine::{Cx, Fault, Resource};

use super::charged_back;
use super::model::{Dispute, DisputeId, DisputeState};
use super::raise::WORDS;
use crate::gateway::give_back::go_back;
use crate::gateway::request::found;
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rows::disputes as rows;

/// The disputes that somebody has still to do something about, the most urgent first.
///
/// # Errors
/// A refusal; the store's faults.
pub fn open(cx: &mut Cx<'_>) -> Result<Vec<Dispute>, Fault> {
    cx.may("payments.dispute.view", &Resource::new("Dispute", "desk"))?;
    let open = rows::open(cx.tx())?;
    cx.record(spine::Act::new("payments.dispute.viewed").on("disputes").with("disputes", open.len()));
    Ok(open)
}

fn known(cx: &mut Cx<'_>, id: DisputeId) -> Result<Dispute, Fault> {
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.dispute.unknown"))
}

fn said(words: &str) -> Result<&str, Fault> {
    let words = words.trim();
    let fits = !words.is_empty() && words.chars().count() <= WORDS;
    fits.then_some(words).ok_or_else(|| Fault::invalid("payments.dispute.words"))
}

/// Answers for whoever has the money.
///
/// # Errors
/// `payments.dispute.{unknown,words,ended}`; a refusal; the store's faults.
pub fn answer(cx: &mut Cx<'_>, id: DisputeId, words: &str) -> Result<(), Fault> {
    let dispute = known(cx, id)?;
    cx.may("payments.dispute.answer", &Resource::new("Dispute", id))?;
    let words = said(words)?;
    if dispute.state != DisputeState::Open {
        return Err(Fault::conflict("payments.dispute.ended"));
    }
    let by = cx.actor().id.clone();
    rows::answer(cx.tx(), id, words, &by)?;
    cx.record(dispute.act("payments.dispute.answered"));
    Ok(())
}

/// Decides: the money goes back to the payer, or is free again. Nobody decides what she answered herself.
///
/// # Errors
/// `payments.dispute.{unknown,words,ended,same}`, `payments.account.bound` if the money has gone; a refusal; the store's
/// faults.
pub fn decide(cx: &mut Cx<'_>, id: DisputeId, upheld: bool, words: &str) -> Result<(), Fault> {
    let dispute = known(cx, id)?;
    cx.may("payments.dispute.decide", &Resource::new("Dispute", id))?;
    let words = said(words)?;
    if !dispute.state.is_open() {
        return Err(Fault::conflict("payments.dispute.ended"));
    }
    if rows::answered_by(cx.tx(), id)?.as_deref() == Some(cx.actor().id.as_str()) {
        return Err(Fault::conflict("payments.dispute.same"));
    }
    if dispute.rail_reference.is_some() {
        let request = found(cx, dispute.request)?;
        charged_back::decided(cx, &dispute, &request, upheld)?;
    } else {
        freed(cx, &dispute, upheld)?;
    }
    let (state, now) = (if upheld { DisputeState::Upheld } else { DisputeState::Rejected }, cx.now());
    rows::decide(cx.tx(), id, state, words, now)?;
    cx.record(dispute.act("payments.dispute.decided").with("state", state.code()));
    Ok(())
}

/// The money is free again, and goes back if the payer is right.
fn freed(cx: &mut Cx<'_>, dispute: &Dispute, upheld: bool) -> Result<(), Fault> {
    if let Some(of) = dispute.hold {
        let freed: TransferId = cx.id();
        let reference = dispute.id.to_string();
        ledger::book(cx, &[Transfer { id: freed, step: Step::Void { of }, reference }])?;
    }
    if upheld {
        let request = found(cx, dispute.request)?;
        go_back(cx, &request, request.amount)?;
    }
    Ok(())
}
