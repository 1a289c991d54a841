//! The payer chooses a wallet and a number: one attempt, which a worker pushes to the wallet.
//!
//! **Invariant:** one live attempt at a time, within the day's limits; so many in all, because each makes somebody's phone ring.

use serde_json::json;
use spine::{Cx, Fault, FaultKind, Job};

use crate::charges;
use crate::gateway::channel::channel;
use crate::gateway::limits;
use crate::gateway::model::{Attempt, AttemptId, AttemptState, Request, RequestId, RequestState};
use crate::gateway::request::{found, resource};
use crate::rails::wallets::Wallets;
use crate::rows::requests as rows;

/// The job that asks the wallet to ask the payer.
pub(crate) const PUSH: &str = "payments.wallet.push";
/// The job that ends an attempt nobody answered.
pub(crate) const LAPSE: &str = "payments.attempt.expire";

/// At most so many attempts for one request.
const TRIES: i64 = 20;

/// Chooses a wallet and the number to pay from.
///
/// # Errors
/// `payments.choice.wrong` with the fields `wallet` or `number`; `payments.request.{unknown,busy,paid,over,tries}`;
/// a refusal; the store's faults.
pub fn choose_wallet(
    cx: &mut Cx<'_>,
    wallets: &Wallets,
    id: RequestId,
    wallet: &str,
    number: &str,
) -> Result<AttemptId, Fault> {
    let request = found(cx, id)?;
    cx.may("payments.request.pay", &resource(cx, &request))?;
    attempt(cx, wallets, &request, wallet, number)
}

/// As [`choose_wallet`], within an operation that has permission.
pub(crate) fn attempt(
    cx: &mut Cx<'_>,
    wallets: &Wallets,
    request: &Request,
    wallet: &str,
    number: &str,
) -> Result<AttemptId, Fault> {
    let id = request.id;
    must_be_open(cx, request)?;
    let now = cx.now();
    let charge = charges::fix(cx, wallets.charges(), request, wallet)?;
    let asked = charges::asked(request.amount, charge.as_ref())?;
    let (chosen, msisdn) = wallets.choose(asked, wallet, number)?;
    let expires_at = now.plus_seconds(wallets.approve_seconds()).min(request.expires_at);
    let attempt = Attempt {
        id: cx.id(),
        request: id,
        wallet: chosen.id.clone(),
        msisdn,
        wallet_reference: None,
        state: AttemptState::Made,
        reason: None,
        made_at: now,
        expires_at,
    };
    let channel = channel(cx.caller().via, &attempt.wallet);
    rows::insert_attempt(cx.tx(), &attempt, channel)?;
    limits::reserve(cx, wallets.limits(), (attempt.id, attempt.msisdn.reveal()), asked)?;
    rows::send_request(cx.tx(), id, attempt.id)?;
    cx.enqueue(Job::new(PUSH, json!({ "attempt": attempt.id })));
    cx.enqueue(Job::new(LAPSE, json!({ "attempt": attempt.id })).not_before(expires_at));
    let act = request.act("payments.request.sent").with("wallet", chosen.id.as_str());
    let act = if asked == request.amount { act } else { act.with("asked_minor", asked.minor()) };
    cx.record(act.with("attempt", attempt.id.to_string()));
    Ok(attempt.id)
}

/// Whether another try may be made.
pub(crate) fn must_be_open(cx: &Cx<'_>, request: &Request) -> Result<(), Fault> {
    must_be_payable(cx, request)?;
    if request.state == RequestState::Sent {
        return Err(Fault::conflict("payments.request.busy"));
    }
    if request.tries >= TRIES {
        return Err(Fault::new(FaultKind::TooMany, "payments.request.tries"));
    }
    Ok(())
}

/// Whether money for it may still be taken.
pub(crate) fn must_be_payable(cx: &Cx<'_>, request: &Request) -> Result<(), Fault> {
    if request.state == RequestState::Paid {
        return Err(Fault::conflict("payments.request.paid"));
    }
    if !request.state.is_payable() || request.expires_at <= cx.now() {
        return Err(Fault::expired("payments.request.over"));
    }
    Ok(())
}
