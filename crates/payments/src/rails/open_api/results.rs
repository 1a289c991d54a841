//! What such a wallet tells: `POST /api/payments/callbacks/{wallet}` with the result of a transaction.
//!
//! **Invariant:** a result has no signature and is believed in nothing: if it names something of ours that this wallet still has to
//! answer for, we ask about that once in a while, and else nothing happens. The answer tells nobody which it was.

use axum::response::{IntoResponse, Response};
use edge::{Json, Refusal, Visit};
use journal::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spine::{Act, Actor, Caller, Cx, Fault, Job, Resource, Via};

use crate::Gateway;
use crate::gateway::attempt;
use crate::gateway::model::{AttemptId, AttemptState};
use crate::rails::payout::{DisbursementId, DisbursementState, outcome};
use crate::rails::wallets::Wallet;
use crate::rows::{disbursements, requests};

/// What is told of one thing makes us ask at most once in so many seconds.
const ONCE_IN_SECONDS: i64 = 2;
/// The longest identifier of theirs that is said back to them.
const LONGEST: usize = 64;

/// A result, as the interface tells it.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "input_OriginalConversationID", default)]
    conversation: String,
    #[serde(rename = "input_ResultCode", default)]
    code: String,
    #[serde(rename = "input_ThirdPartyConversationID")]
    ours: String,
}

/// What it wants to hear.
#[derive(Serialize)]
struct Heard {
    #[serde(rename = "output_OriginalConversationID")]
    conversation: String,
    #[serde(rename = "output_ResponseCode")]
    code: &'static str,
    #[serde(rename = "output_ResponseDesc")]
    words: &'static str,
    #[serde(rename = "output_ThirdPartyConversationID")]
    ours: String,
}

/// Takes a result.
///
/// # Errors
/// `payments.callback.shape`; the store's faults.
pub(crate) async fn take(gateway: &Gateway, visit: &Visit, wallet: &Wallet, body: &[u8]) -> edge::Reply<Response> {
    let told: Told =
        serde_json::from_slice(body).map_err(|_| Refusal::from(Fault::invalid("payments.callback.shape")))?;
    if told.conversation.len() > LONGEST || told.ours.len() > LONGEST {
        return Err(Fault::invalid("payments.callback.shape").into());
    }
    let caller = Caller { actor: Actor::anonymous(), via: Via::Api, language: visit.language().clone() };
    let (of, ours) = (wallet.clone(), told.ours.clone());
    // Nothing is kept of what names nothing of ours.
    if gateway.acts().read(&caller, move |cx| answers_for(cx, &of, &ours)).await?.is_some() {
        let (of, ours) = (wallet.clone(), told.ours.clone());
        let slice = visit.now().as_seconds().div_euclid(ONCE_IN_SECONDS);
        // A yes is not kept away by a no just before it.
        let name = format!("{}:{ours}:{slice}:{}", of.id, matches!(told.code.as_str(), "0" | "INS-0"));
        let key = Key::new("payments.result", &name, b"");
        gateway.acts().write(&caller, &key, move |cx| ask_soon(cx, &of, &ours)).await?;
    }
    let heard =
        Heard { conversation: told.conversation, code: "0", words: "Successfully Accepted Result", ours: told.ours };
    Ok(Json(heard).into_response())
}

/// The job that asks about what this wallet still has to answer for, if `ours` is that.
fn answers_for(cx: &mut Cx<'_>, wallet: &Wallet, ours: &str) -> Result<Option<(&'static str, Value)>, Fault> {
    cx.may("payments.wallet.hint", &Resource::new("Wallet", &wallet.id))?;
    if let Ok(id) = ours.parse::<AttemptId>() {
        let known = requests::attempt(cx.tx(), id)?.filter(|it| it.wallet == wallet.id);
        let open = known.is_some_and(|it| !matches!(it.state, AttemptState::Made | AttemptState::Paid));
        return Ok(open.then(|| (attempt::ASK, json!({ "attempt": id, "told": true }))));
    }
    let Ok(id) = ours.parse::<DisbursementId>() else { return Ok(None) };
    let known = disbursements::find(cx.tx(), id)?.filter(|it| it.rail == wallet.account());
    let open = known.is_some_and(|it| matches!(it.state, DisbursementState::Sent | DisbursementState::Failed));
    Ok(open.then(|| (outcome::ASK, json!({ "disbursement": id, "told": true }))))
}

/// Lets a worker ask.
fn ask_soon(cx: &mut Cx<'_>, wallet: &Wallet, ours: &str) -> Result<(), Fault> {
    if let Some((kind, body)) = answers_for(cx, wallet, ours)? {
        cx.enqueue(Job::new(kind, body));
        cx.record(Act::new("payments.wallet.hinted").on(ours).because("payment", "contract"));
    }
    Ok(())
}
