//! A fee that was paid for what will not be done goes back to the wallet it came from, all of it or less what is kept.
//!
//! **Invariant:** one return for a request, never more than was paid. The money leaves the income account when the wallet
//! says it has it, and not before; a wallet that will not take it leaves the matter to an officer.

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Money, Resource};

use crate::gateway::model::{PaymentState, Request, RequestId, RequestState, Return, ReturnId, ReturnState};
use crate::gateway::receive::{gives_back, rail_account};
use crate::gateway::request::{found, resource};
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rows::{disputes, requests, returns as rows};
use crate::{bills, charges};

/// The job that hands a fee back to the wallet.
pub(crate) const RETURN: &str = "payments.wallet.return";

/// Gives back so much of what was paid for a request. Called by other engines within their own operation; asked again
/// for the same amount it does nothing.
///
/// # Errors
/// `payments.request.unknown`; `payments.return.{unpaid,amount,made,charged_back}`; a refusal; the store's faults.
pub fn give_back(cx: &mut Cx<'_>, id: RequestId, amount: Money) -> Result<ReturnId, Fault> {
    let request = found(cx, id)?;
    cx.may("payments.request.return", &resource(cx, &request))?;
    go_back(cx, &request, amount)
}

/// As [`give_back`], within an operation that has permission.
pub(crate) fn go_back(cx: &mut Cx<'_>, request: &Request, amount: Money) -> Result<ReturnId, Fault> {
    let id = request.id;
    let paid = requests::payments_of(cx.tx(), id)?.into_iter().find(|one| one.state == PaymentState::Applied);
    let charge = match &paid {
        Some(paid) => charges::of(cx, request, &paid.wallet)?.filter(|charge| charge.returned),
        None => None,
    };
    // All of it takes the charge with it that the payer bore.
    let whole = amount == request.amount;
    let goes = charges::asked(amount, charge.as_ref().filter(|_| whole))?;
    if let Some(known) = rows::of_request(cx.tx(), id)? {
        return if known.amount == goes { Ok(known.id) } else { Err(Fault::conflict("payments.return.made")) };
    }
    if request.state != RequestState::Paid {
        return Err(Fault::conflict("payments.return.unpaid"));
    }
    if disputes::of(cx.tx(), id)?.is_some_and(|dispute| dispute.rail_reference.is_some()) {
        return Err(Fault::conflict("payments.return.charged_back"));
    }
    if amount.currency() != request.amount.currency() || !(1..=request.amount.minor()).contains(&amount.minor()) {
        return Err(Fault::invalid("payments.return.amount"));
    }
    let paid = paid.ok_or_else(|| Fault::conflict("payments.return.unpaid"))?;
    let new = Return {
        id: cx.id(),
        request: id,
        payment: paid.id,
        wallet: paid.wallet,
        wallet_reference: paid.wallet_reference,
        amount: goes,
        state: ReturnState::Going,
        hold: None,
        made_at: cx.now(),
    };
    if gives_back(&new.wallet) {
        rows::insert(cx.tx(), &new)?;
        start(cx, request, &new)?;
    } else {
        // It goes back by a payment that an officer makes.
        let new = Return { state: ReturnState::Review, ..new.clone() };
        rows::insert(cx.tx(), &new)?;
        cx.record(act("payments.return.by_hand", request, &new));
    }
    Ok(new.id)
}

/// An officer lets a return be tried again that the wallet would not take.
///
/// # Errors
/// `payments.return.unknown`, `.not_in_review`; a refusal; the store's faults.
pub fn give_back_again(cx: &mut Cx<'_>, id: ReturnId) -> Result<(), Fault> {
    let known = known(cx, id)?;
    cx.may("payments.payment.refund", &Resource::new("Payment", known.payment).with("state", known.state.code()))?;
    if known.state != ReturnState::Review {
        return Err(Fault::conflict("payments.return.not_in_review"));
    }
    if !gives_back(&known.wallet) {
        return Err(Fault::conflict("payments.payment.by_hand"));
    }
    let request = found(cx, known.request)?;
    start(cx, &request, &known)
}

fn known(cx: &mut Cx<'_>, id: ReturnId) -> Result<Return, Fault> {
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.return.unknown"))
}

/// Holds the money for the wallet, and leaves the rest to a worker.
fn start(cx: &mut Cx<'_>, request: &Request, of: &Return) -> Result<(), Fault> {
    let credit = account_of(cx, &rail_account(&of.wallet), of.amount.currency())?;
    let hold: TransferId = cx.id();
    gather(cx, request, of)?;
    let step = Step::Hold { debit: request.account, credit, amount: of.amount, expires_at: None };
    ledger::book(cx, &[Transfer { id: hold, step, reference: of.id.to_string() }])?;
    rows::set(cx.tx(), of.id, ReturnState::Going, Some(hold), None, None)?;
    cx.enqueue(Job::new(RETURN, json!({ "return": of.id })));
    cx.record(act("payments.return.going", request, of));
    Ok(())
}

/// Brings what goes back together on the request's account: from a bill's beneficiaries, and from the rail if it gives its charge
/// back. Done again it does nothing.
pub(crate) fn gather(cx: &mut Cx<'_>, request: &Request, of: &Return) -> Result<(), Fault> {
    let id = *of.id.as_bytes();
    let charge = charges::of(cx, request, &of.wallet)?;
    let charge = charges::returned(request, charge, of.amount)?;
    if let Some(charge) = &charge {
        charges::given_back(cx, request, &of.wallet, charge, id)?;
    }
    let amount = if charge.is_some() { request.amount } else { of.amount };
    bills::taken_back(cx, request, amount, id)
}

fn act(kind: &'static str, request: &Request, of: &Return) -> Act {
    request.act(kind).with("return", of.id.to_string()).with("amount_minor", of.amount.minor())
}

/// Ends a return: the wallet has the money (`reference` is what it calls the movement), or will not take it.
pub(crate) fn finish(cx: &mut Cx<'_>, id: ReturnId, reference: Option<&str>) -> Result<(), Fault> {
    let known = known(cx, id)?;
    cx.may("payments.payment.move", &Resource::new("Payment", known.payment))?;
    let (ReturnState::Going, Some(of)) = (known.state, known.hold) else { return Ok(()) };
    let request = found(cx, known.request)?;
    let (transfer, now): (TransferId, _) = (cx.id(), cx.now());
    let step = if reference.is_some() { Step::Post { of, amount: None } } else { Step::Void { of } };
    ledger::book(cx, &[Transfer { id: transfer, step, reference: id.to_string() }])?;
    match reference {
        Some(reference) => {
            rows::set(cx.tx(), id, ReturnState::Done, Some(of), Some(reference), Some(now))?;
            cx.record(act("payments.return.done", &request, &known));
        }
        None => {
            rows::set(cx.tx(), id, ReturnState::Review, None, None, None)?;
            cx.record(act("payments.return.refused", &request, &known));
        }
    }
    Ok(())
}
