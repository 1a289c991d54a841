//! A try by card: the payer is to be handed over.
//!
//! **Invariant:** one live try at a time, whichever rail; its identifier is the acquirer's key, so that the hand-over may happen
//! twice and the session is one.

use serde_json::json;
use spine::{Act, Cx, Fault, FieldFault, Job, Money, Personal, Resource, Text};

use super::workers::ASK;
use crate::bills;
use crate::charges::{self, asked};
use crate::gateway::attempt::declined;
use crate::gateway::channel::channel;
use crate::gateway::choose::{LAPSE, must_be_open};
use crate::gateway::model::{Attempt, AttemptId, AttemptState, Request, RequestId};
use crate::gateway::request::{found, resource};
use crate::rails::payout::Rails;
use crate::rails::workers::FIRST_ASK_SECONDS;
use crate::rows::requests as rows;

/// How long a bill's request lives beyond the hand-over, so that money which comes at the last moment still pays it.
const GRACE_SECONDS: i64 = 300;

/// Begins to pay a request by card.
///
/// # Errors
/// `payments.choice.wrong` with the field `acquirer`; `payments.request.{unknown,busy,paid,over,tries}`; a refusal; the store's
/// faults.
pub fn begin(cx: &mut Cx<'_>, rails: &Rails, id: RequestId, acquirer: &str) -> Result<AttemptId, Fault> {
    let request = found(cx, id)?;
    cx.may("payments.request.pay", &resource(cx, &request))?;
    attempt(cx, rails, &request, acquirer)
}

/// Begins to pay a bill by card, or a part of it if it may be paid in parts.
///
/// # Errors
/// `payments.bill.{number,unknown,over,part}`; as [`begin`].
pub fn begin_bill(
    cx: &mut Cx<'_>,
    rails: &Rails,
    typed: &str,
    part: Option<Money>,
    acquirer: &str,
) -> Result<AttemptId, Fault> {
    let bill = bills::find(cx, typed)?;
    cx.may("payments.bill.pay", &Resource::new("Bill", &bill.number))?;
    let amount = bills::payable(&bill, part, cx.now())?;
    let expires_at = cx.now().plus_seconds(rails.acquirers.pay_within_seconds() + GRACE_SECONDS).min(bill.expires_at);
    let request = bills::ask(cx, &bill, amount, expires_at)?;
    attempt(cx, rails, &request, acquirer)
}

fn attempt(cx: &mut Cx<'_>, rails: &Rails, request: &Request, acquirer: &str) -> Result<AttemptId, Fault> {
    must_be_open(cx, request)?;
    let wrong = |text| {
        let fault = FieldFault { field: "acquirer".to_owned(), text };
        Fault::invalid("payments.choice.wrong").fields_from([fault])
    };
    let acquirers = &rails.acquirers;
    let chosen = acquirers.find(acquirer).filter(|acquirer| acquirer.link().is_some());
    let chosen = chosen.ok_or_else(|| wrong(Text::new("payments.choose.wallet_missing")))?;
    let charge = charges::fix(cx, rails.wallets.charges(), request, &chosen.account())?;
    if !chosen.takes(asked(request.amount, charge.as_ref())?) {
        let text = Text::new("payments.card.limits").with("least", chosen.least).with("most", chosen.most);
        return Err(wrong(text));
    }
    let now = cx.now();
    let expires_at = now.plus_seconds(acquirers.pay_within_seconds()).min(request.expires_at);
    let attempt = Attempt {
        id: cx.id(),
        request: request.id,
        wallet: chosen.account(),
        msisdn: Personal::new(String::new()),
        wallet_reference: None,
        state: AttemptState::Made,
        reason: None,
        made_at: now,
        expires_at,
    };
    let channel = channel(cx.caller().via, &attempt.wallet);
    rows::insert_attempt(cx.tx(), &attempt, channel)?;
    rows::send_request(cx.tx(), request.id, attempt.id)?;
    let body = json!({ "attempt": attempt.id });
    cx.enqueue(Job::new(ASK, body.clone()).not_before(now.plus_seconds(FIRST_ASK_SECONDS)));
    cx.enqueue(Job::new(LAPSE, body).not_before(expires_at));
    let act = request.act("payments.request.sent").with("wallet", attempt.wallet.as_str());
    cx.record(act.with("attempt", attempt.id.to_string()));
    Ok(attempt.id)
}

/// A try by card, what it is for, and what she is asked for. Whoever holds its identifier may be handed over: it says nothing of
/// anybody.
///
/// # Errors
/// `payments.attempt.unknown`; a refusal; the store's faults.
pub(super) fn to_hand_over(cx: &mut Cx<'_>, id: AttemptId) -> Result<(Attempt, Request, Money), Fault> {
    cx.may("payments.card.open", &Resource::new("CardTry", id))?;
    let attempt = rows::attempt(cx.tx(), id)?.filter(|it| it.wallet.starts_with(super::acquirers::PREFIX));
    let attempt = attempt.ok_or_else(|| Fault::not_found("payments.attempt.unknown"))?;
    let request = found(cx, attempt.request)?;
    let charge = charges::of(cx, &request, &attempt.wallet)?;
    let amount = asked(request.amount, charge.as_ref())?;
    Ok((attempt, request, amount))
}

/// The acquirer waits for the payer under this reference.
pub(super) fn opened(cx: &mut Cx<'_>, id: AttemptId, reference: &str) -> Result<(), Fault> {
    let (attempt, ..) = to_hand_over(cx, id)?;
    if attempt.state == AttemptState::Made {
        rows::set_attempt_state(cx.tx(), id, AttemptState::Pushed, None, Some(reference))?;
        let act = Act::new("payments.card.opened").on(attempt.request).because("payment", "contract");
        cx.record(act.with("attempt", id.to_string()));
    }
    Ok(())
}

/// The acquirer will not take the payer.
pub(super) fn turned_away(cx: &mut Cx<'_>, id: AttemptId, reason: &str) -> Result<(), Fault> {
    let (attempt, request, _) = to_hand_over(cx, id)?;
    declined(cx, &attempt, &request, reason).map(|_| ())
}
