//! Asking somebody to pay. Called by other engines within their own operation.
//!
//! **Invariant:** a request is payable until it expires, and an expiry is already on its way when it is made.

use serde_json::json;
use spine::{Cx, Fault, Job, Resource};

use crate::Emit;
use crate::gateway::check_digit::{HOW_MANY_FEES, fee_number};
use crate::gateway::model::{NewRequest, Request, RequestId, RequestState};
use crate::ledger::{self, AccountKind, Bound, NewAccount};
use crate::rows::requests as rows;

/// The job that ends a request nobody paid.
pub(crate) const EXPIRE: &str = "payments.request.expire";

/// The longest reference, so that it fits what wallets show.
const REFERENCE: usize = 64;

/// Makes a request to pay, and opens the income account it is for if need be.
///
/// # Errors
/// `payments.request.{amount,account,reference,return_path,expiry}`, `payments.account.differs`; a refusal; the store's faults.
pub fn request(cx: &mut Cx<'_>, new: &NewRequest) -> Result<RequestId, Fault> {
    let resource = Resource::new("PaymentRequest", &new.reference);
    cx.may("payments.request.make", &resource.with("owner", &new.payer).is("own", is_own(cx, &new.payer)))?;
    // Every other account with a kind before its colon is this engine's own.
    if new.account.split_once(':').is_some_and(|(kind, _)| kind != "income") {
        return Err(Fault::invalid("payments.request.account"));
    }
    let number = new_number(cx)?;
    Ok(make_request(cx, new, Some(&number))?.id)
}

fn new_number(cx: &mut Cx<'_>) -> Result<String, Fault> {
    for _ in 0..8 {
        let number = fee_number(cx.random_below(HOW_MANY_FEES));
        if rows::numbered(cx.tx(), &number)?.is_none() {
            return Ok(number);
        }
    }
    Err(Fault::unavailable("payments.receipt.numbers"))
}

/// As [`request`], within an operation that has permission. What pays a bill goes by the bill's number and has none of its own.
pub(crate) fn make_request(cx: &mut Cx<'_>, new: &NewRequest, number: Option<&str>) -> Result<Request, Fault> {
    check(new, cx.now())?;
    let id: RequestId = cx.id();
    let account = NewAccount {
        reference: &new.account,
        kind: AccountKind::Income,
        currency: new.amount.currency(),
        name: &new.account,
        bound: Bound::None,
    };
    let account = ledger::account(cx, &account)?;
    let now = cx.now();
    rows::insert_request(cx.tx(), (id, number), new, account, now)?;
    cx.enqueue(Job::new(EXPIRE, json!({ "request": id })).not_before(new.expires_at));
    let made = found(cx, id)?;
    cx.record(made.act("payments.request.made").with("amount_minor", new.amount.minor()));
    Ok(made)
}

fn check(new: &NewRequest, now: spine::Timestamp) -> Result<(), Fault> {
    if !(1..=ledger::LARGEST_MINOR).contains(&new.amount.minor()) {
        return Err(Fault::invalid("payments.request.amount"));
    }
    if new.account.trim().is_empty() || new.account.len() > 200 {
        return Err(Fault::invalid("payments.request.account"));
    }
    let fits = (1..=REFERENCE).contains(&new.reference.len());
    if !fits || !new.reference.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::invalid("payments.request.reference"));
    }
    if edge::local_path(&new.return_path).is_none() {
        return Err(Fault::invalid("payments.request.return_path"));
    }
    if new.expires_at <= now {
        return Err(Fault::invalid("payments.request.expiry"));
    }
    Ok(())
}

/// The request, for an operation that was told of it.
pub(crate) fn found(cx: &mut Cx<'_>, id: RequestId) -> Result<Request, Fault> {
    rows::request(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.request.unknown"))
}

/// Whether the actor pays this herself, or for the payer.
pub(crate) fn is_own(cx: &Cx<'_>, payer: &str) -> bool {
    cx.actor().is_for(payer)
}

/// The request as the policies see it.
pub(crate) fn resource(cx: &Cx<'_>, request: &Request) -> Resource {
    let own = is_own(cx, &request.payer);
    Resource::new("PaymentRequest", request.id)
        .with("owner", &request.payer)
        .with("state", request.state.code())
        .is("own", own)
}

/// Withdraws a request: the case is given up. Money that comes for it afterwards goes back.
/// Withdrawing twice is withdrawing once.
///
/// # Errors
/// `payments.request.unknown`; `payments.request.paid`; a refusal; the store's faults.
pub fn withdraw(cx: &mut Cx<'_>, id: RequestId) -> Result<(), Fault> {
    let request = found(cx, id)?;
    cx.may("payments.request.withdraw", &resource(cx, &request))?;
    match request.state {
        RequestState::Withdrawn | RequestState::Expired => Ok(()),
        RequestState::Paid => Err(Fault::conflict("payments.request.paid")),
        RequestState::Open | RequestState::Sent | RequestState::Failed => {
            rows::set_request_state(cx.tx(), id, RequestState::Withdrawn)?;
            cx.record(request.act("payments.request.withdrawn"));
            cx.tell("payments.request.withdrawn", &request);
            Ok(())
        }
    }
}

/// Ends a request whose time is over; one that is settled stays as it is.
///
/// # Errors
/// `payments.request.unknown`; a refusal; the store's faults.
pub(crate) fn expire(cx: &mut Cx<'_>, id: RequestId) -> Result<(), Fault> {
    let request = found(cx, id)?;
    cx.may("payments.request.expire", &resource(cx, &request))?;
    if request.state.is_payable() && request.expires_at <= cx.now() {
        end(cx, &request)?;
    }
    Ok(())
}

/// As [`expire`], within an operation that found its time over.
pub(crate) fn end(cx: &mut Cx<'_>, request: &Request) -> Result<(), Fault> {
    rows::set_request_state(cx.tx(), request.id, RequestState::Expired)?;
    cx.record(request.act("payments.request.expired"));
    cx.tell("payments.request.expired", request);
    Ok(())
}
