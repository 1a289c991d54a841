//! What the hub tells of a transfer (API Definition §6.7.4, §6.7.5; 1.1 adds PATCH).

use serde_json::{Value, json};
use spine::Timestamp;

use crate::fspiop::error::Refused;
use crate::fspiop::headers::Verb;
use crate::letter::Letter;
use crate::model::{Transfer, TransferState};

/// As FSPIOP writes a moment: milliseconds and `Z`.
pub(crate) fn moment(moment: Timestamp) -> String {
    let text = Timestamp::from_micros(moment.as_micros() / 1000 * 1000).to_string();
    let (head, _) = text.split_once(['.', 'Z']).unwrap_or((&text, ""));
    let millis = moment.as_micros().rem_euclid(1_000_000) / 1000;
    format!("{head}.{millis:03}Z")
}

/// How a transfer stands, as an answer.
pub(crate) fn state(transfer: &Transfer) -> Value {
    let mut body = json!({ "transferState": transfer.state.code() });
    if let Some(members) = body.as_object_mut() {
        if let Some(fulfilment) = &transfer.fulfilment {
            members.insert("fulfilment".to_owned(), json!(fulfilment));
        }
        if let Some(at) = transfer.completed_at {
            members.insert("completedTimestamp".to_owned(), json!(moment(at)));
        }
    }
    body
}

/// Tells `to` how a transfer stands.
pub(crate) fn stands(hub: &str, to: &str, version: &str, transfer: &Transfer) -> Letter {
    let path = format!("/transfers/{}", transfer.id);
    Letter::own(hub, to, Verb::Put, path, ("transfers", version), &state(transfer))
}

/// Tells `to` that a transfer failed.
pub(crate) fn failed(hub: &str, to: &str, version: &str, id: &str, refused: &Refused) -> Letter {
    let path = format!("/transfers/{id}/error");
    Letter::own(hub, to, Verb::Put, path, ("transfers", version), &refused.body())
}

/// Tells the payee's institution what became of a transfer that it reserved.
pub(crate) fn ended(hub: &str, version: &str, transfer: &Transfer) -> Letter {
    let path = format!("/transfers/{}", transfer.id);
    let mut body = json!({ "transferState": transfer.state.code() });
    if let (Some(members), Some(at)) = (body.as_object_mut(), transfer.completed_at) {
        members.insert("completedTimestamp".to_owned(), json!(moment(at)));
    }
    Letter::own(hub, &transfer.payee, Verb::Patch, path, ("transfers", version), &body)
}

/// Tells `to` again what it was told when the transfer ended: for a request that came twice.
pub(crate) fn again(hub: &str, to: &str, version: &str, transfer: &Transfer) -> Letter {
    let error = transfer.error.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    match (transfer.state, error) {
        (TransferState::Aborted, Some(body)) => {
            let path = format!("/transfers/{}/error", transfer.id);
            Letter::own(hub, to, Verb::Put, path, ("transfers", version), &body)
        }
        _ => stands(hub, to, version, transfer),
    }
}
