//! A payer raises a dispute: the money is held at once.

use spine::{Cx, Date, Fault, Money};

use super::model::{Dispute, DisputeState, Reason, Recourse};
use crate::bills;
use crate::gateway::model::{Request, RequestId, RequestState};
use crate::gateway::request::{found, resource};
use crate::ledger::{self, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use crate::rows::{disputes as rows, returns};

/// The longest words, in characters.
pub(super) const WORDS: usize = 1_000;

/// Raises a dispute over what was paid for a request.
///
/// # Errors
/// `payments.dispute.{words,unpaid,late,made,returned}`; `payments.request.unknown`; a refusal; the store's faults.
pub fn raise(
    cx: &mut Cx<'_>,
    recourse: &Recourse,
    today: Date,
    id: RequestId,
    reason: Reason,
    words: &str,
) -> Result<Dispute, Fault> {
    let request = found(cx, id)?;
    cx.may("payments.dispute.raise", &resource(cx, &request))?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > WORDS {
        return Err(Fault::invalid("payments.dispute.words"));
    }
    let paid_at = request.paid_at.filter(|_| request.state == RequestState::Paid);
    let paid_at = paid_at.ok_or_else(|| Fault::conflict("payments.dispute.unpaid"))?;
    if paid_at.plus_seconds(recourse.within_days * 86_400) < cx.now() {
        return Err(Fault::expired("payments.dispute.late"));
    }
    if rows::of(cx.tx(), id)?.is_some() {
        return Err(Fault::conflict("payments.dispute.made"));
    }
    if returns::of_request(cx.tx(), id)?.is_some() {
        return Err(Fault::conflict("payments.dispute.returned"));
    }
    let (answer_by, decide_by) = recourse.days(today);
    let mut dispute = Dispute {
        id: cx.id(),
        request: id,
        payer: request.payer.clone(),
        reason,
        words: words.to_owned(),
        hold: None,
        state: DisputeState::Open,
        answer: None,
        verdict: None,
        made_at: cx.now(),
        answer_by,
        decide_by,
        rail_reference: None,
    };
    dispute.hold = held(cx, &request, &dispute)?;
    rows::insert(cx.tx(), &dispute)?;
    cx.record(dispute.act("payments.dispute.raised").with("held", dispute.hold.is_some()));
    Ok(dispute)
}

/// Holds the money where it lies. A bill's lies with its beneficiaries; there it is not held, and comes back through them.
fn held(cx: &mut Cx<'_>, request: &Request, dispute: &Dispute) -> Result<Option<TransferId>, Fault> {
    if bills::is_divided(request) {
        return Ok(None);
    }
    let debit = request.account;
    let there = ledger::find(cx, debit)?.is_some_and(|account| account.available() >= request.amount.minor());
    if !there {
        return Ok(None);
    }
    let credit = contested(cx, request.amount)?;
    let hold = TransferId::from_bytes(*dispute.id.as_bytes());
    let step = Step::Hold { debit, credit, amount: request.amount, expires_at: None };
    ledger::book(cx, &[Transfer { id: hold, step, reference: dispute.id.to_string() }])?;
    Ok(Some(hold))
}

/// Where contested money is held against.
fn contested(cx: &mut Cx<'_>, amount: Money) -> Result<ledger::AccountId, Fault> {
    let reference = format!("disputed:{}", amount.currency());
    let (kind, currency, name) = (AccountKind::Suspense, amount.currency(), "payments.account.disputed");
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound: Bound::None })
}

/// The dispute over a request, for its payer.
///
/// # Errors
/// `payments.request.unknown`; a refusal; the store's faults.
pub fn of(cx: &mut Cx<'_>, id: RequestId) -> Result<(Request, Option<Dispute>), Fault> {
    let request = found(cx, id)?;
    cx.may("payments.dispute.raise", &resource(cx, &request))?;
    let dispute = rows::of(cx.tx(), id)?;
    Ok((request, dispute))
}
