//! What happens to an attempt on our side: the wallet heard of it, has not heard of it, or nobody answered.
//!
//! **Invariant:** an attempt that ended stays ended; only money changes that, in `receive.rs`.

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Resource, Timestamp};

use crate::Emit;
use crate::gateway::choose::PUSH;
use crate::gateway::limits;
use crate::gateway::model::{Attempt, AttemptId, AttemptState, Request, RequestState};
use crate::gateway::request::found;
use crate::rows::requests as rows;

/// The job that asks the wallet what became of an attempt.
pub(crate) const ASK: &str = "payments.wallet.ask";

/// The attempt, and permission for the program to move it on.
fn moved(cx: &mut Cx<'_>, id: AttemptId) -> Result<Attempt, Fault> {
    cx.may("payments.attempt.move", &Resource::new("PaymentAttempt", id))?;
    rows::attempt(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.attempt.unknown"))
}

fn act(kind: &'static str, attempt: &Attempt) -> Act {
    Act::new(kind).on(attempt.request).because("payment", "contract").with("attempt", attempt.id.to_string())
}

/// The wallet knows of it, or may know: from now on it is asked, first at `ask_at`.
pub(crate) fn pushed(
    cx: &mut Cx<'_>,
    id: AttemptId,
    wallet_reference: Option<&str>,
    ask_at: Timestamp,
) -> Result<(), Fault> {
    let attempt = moved(cx, id)?;
    match attempt.state {
        AttemptState::Made => rows::set_attempt_state(cx.tx(), id, AttemptState::Pushed, None, wallet_reference)?,
        // It ran out while it was on its way: the wallet may still come back with money.
        AttemptState::Expired => {}
        _ => return Ok(()),
    }
    cx.enqueue(Job::new(ASK, json!({ "attempt": id })).not_before(ask_at));
    cx.record(act("payments.attempt.pushed", &attempt).with("sure", wallet_reference.is_some()));
    Ok(())
}

/// The wallet has never heard of it: it is pushed once more, under the same identifier.
pub(crate) fn push_again(cx: &mut Cx<'_>, id: AttemptId) -> Result<(), Fault> {
    let attempt = moved(cx, id)?;
    if attempt.state == AttemptState::Pushed && attempt.expires_at > cx.now() {
        rows::set_attempt_state(cx.tx(), id, AttemptState::Made, None, None)?;
        cx.enqueue(Job::new(PUSH, json!({ "attempt": id })));
        cx.record(act("payments.attempt.unheard", &attempt));
    }
    Ok(())
}

/// The wallet refused to ask the payer.
pub(crate) fn refused(cx: &mut Cx<'_>, id: AttemptId, reason: &str) -> Result<(), Fault> {
    let attempt = moved(cx, id)?;
    let request = found(cx, attempt.request)?;
    declined(cx, &attempt, &request, reason).map(|_| ())
}

/// The payer, or the wallet, said no. Nothing happens unless the attempt is live.
pub(crate) fn declined(cx: &mut Cx<'_>, attempt: &Attempt, request: &Request, reason: &str) -> Result<bool, Fault> {
    if !attempt.state.is_live() {
        return Ok(false);
    }
    rows::set_attempt_state(cx.tx(), attempt.id, AttemptState::Declined, Some(reason), None)?;
    limits::free(cx, attempt.id)?;
    cx.record(act("payments.attempt.declined", attempt).with("reason", reason));
    fail(cx, attempt, request)?;
    Ok(true)
}

/// The request's own attempt came to nothing.
pub(crate) fn fail(cx: &mut Cx<'_>, attempt: &Attempt, request: &Request) -> Result<(), Fault> {
    if request.state == RequestState::Sent && request.attempt == Some(attempt.id) {
        rows::set_request_state(cx.tx(), request.id, RequestState::Failed)?;
        cx.record(request.act("payments.request.failed"));
        cx.tell("payments.request.failed", request);
    }
    Ok(())
}

/// Nobody answered in time: the payer can try again.
pub(crate) fn lapse(cx: &mut Cx<'_>, id: AttemptId) -> Result<(), Fault> {
    let attempt = moved(cx, id)?;
    if !attempt.state.is_live() || attempt.expires_at > cx.now() {
        return Ok(());
    }
    rows::set_attempt_state(cx.tx(), id, AttemptState::Expired, Some("no_answer"), None)?;
    limits::free(cx, id)?;
    let request = found(cx, attempt.request)?;
    if request.state == RequestState::Sent && request.attempt == Some(id) {
        rows::set_request_state(cx.tx(), request.id, RequestState::Open)?;
    }
    cx.record(act("payments.attempt.expired", &attempt));
    Ok(())
}
