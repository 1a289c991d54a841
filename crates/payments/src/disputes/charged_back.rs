//! A charge that the payer's bank took back: a dispute that somebody else has raised, and whose money is gone already.
//!
//! **Invariant:** the money is held for the acquirer where it lies until officers decide: accepted, it is the acquirer's, which
//! took it; contested and won, it stays, for the acquirer gives back what it took. Until then the treasury's day of the
//! acquirer shows what it took as not booked, which is so.

use spine::{Cx, Date, Fault, Money};

use super::model::{Dispute, DisputeState, Reason, Recourse};
use crate::bills;
use crate::gateway::model::{Attempt, PaymentState, Request, RequestState};
use crate::gateway::receive::News;
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rows::{disputes as rows, requests, returns};

/// Raises it: `reference` is what the acquirer calls it, `reason` its code for why.
///
/// # Errors
/// `payments.chargeback.misfit` if it is of another amount, or of what was not paid so, or went back already; the store's faults.
pub(crate) fn raise(
    cx: &mut Cx<'_>,
    (recourse, today): (Option<&Recourse>, Date),
    request: &Request,
    attempt: &Attempt,
    (amount, reference, reason): (Money, &str, &str),
) -> Result<News, Fault> {
    let known = rows::of(cx.tx(), request.id)?;
    if known.as_ref().is_some_and(|known| known.rail_reference.as_deref() == Some(reference)) {
        return Ok(News::Old);
    }
    let paid_so = request.state == RequestState::Paid && request.attempt == Some(attempt.id);
    let fits = paid_so && amount == request.amount && known.is_none();
    let went_back = returns::of_request(cx.tx(), request.id)?.is_some();
    let recourse = recourse.filter(|_| fits && !went_back);
    let recourse = recourse.ok_or_else(|| Fault::conflict("payments.chargeback.misfit"))?;
    let (answer_by, decide_by) = recourse.days(today);
    let mut dispute = Dispute {
        id: cx.id(),
        request: request.id,
        payer: request.payer.clone(),
        reason: Reason::NotMine,
        words: reason.to_owned(),
        hold: None,
        state: DisputeState::Open,
        answer: None,
        verdict: None,
        made_at: cx.now(),
        answer_by,
        decide_by,
        rail_reference: Some(reference.to_owned()),
    };
    // A bill's money lies with its beneficiaries: it comes back through them, once it is decided.
    if !bills::is_divided(request) {
        let (debit, credit) = (request.account, account_of(cx, &attempt.wallet, amount.currency())?);
        let hold = TransferId::from_bytes(*dispute.id.as_bytes());
        let step = Step::Hold { debit, credit, amount, expires_at: None };
        ledger::book(cx, &[Transfer { id: hold, step, reference: dispute.id.to_string() }])?;
        dispute.hold = Some(hold);
    }
    rows::insert(cx.tx(), &dispute)?;
    cx.record(dispute.act("payments.dispute.charged_back").with("amount_minor", amount.minor()));
    Ok(News::Suspense)
}

/// Officers have decided: whether the payer's bank was right.
pub(super) fn decided(cx: &mut Cx<'_>, dispute: &Dispute, request: &Request, right: bool) -> Result<(), Fault> {
    let id: TransferId = cx.id();
    let step = match (dispute.hold, right) {
        (Some(of), true) => Step::Post { of, amount: None },
        (Some(of), false) => Step::Void { of },
        (None, false) => return Ok(()),
        (None, true) => {
            let paid =
                requests::payments_of(cx.tx(), request.id)?.into_iter().find(|it| it.state == PaymentState::Applied);
            let paid = paid.ok_or_else(|| Fault::internal("payments.dispute.broken", "charged back and not paid"))?;
            bills::taken_back(cx, request, request.amount, *dispute.id.as_bytes())?;
            let credit = account_of(cx, &paid.wallet, request.amount.currency())?;
            Step::Move { debit: request.account, credit, amount: request.amount }
        }
    };
    ledger::book(cx, &[Transfer { id, step, reference: dispute.id.to_string() }]).map(drop)
}
