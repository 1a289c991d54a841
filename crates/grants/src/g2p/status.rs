//! How a transaction stands: what was answered of the mapper, and how far each disbursement is.
//!
//! **Invariant:** a sender learns of its own transactions only.

use serde_json::{Value, json};
use spine::{Cx, Fault};

use super::disburse::{list_name, programme_of};
use super::envelope::{Asked, moment};
use super::words::{self, text};
use crate::engine::Grants;
use crate::money::resource;
use crate::rows::{asked, lines, lists, runs};

/// `txn/status`: of a transaction, by its identifier or by the correlation that acknowledged it.
pub(super) fn status(cx: &mut Cx<'_>, grants: &Grants, message: &Value) -> Result<Value, Fault> {
    let programme = programme_of(cx, grants)?;
    cx.may("grants.run.view", &resource(cx, grants.programme(&programme)?))?;
    let asked = message.get("txnstatus_request").ok_or_else(|| Fault::invalid("grants.message.requests"))?;
    let (kind, value) = (text(asked, "txn_type"), text(asked, "attribute_value"));
    let transaction = match text(asked, "attribute_type") {
        "correlation_id" => value.split_once(':').map_or(value, |(_, transaction)| transaction),
        "transaction_id" => value,
        _ => return Err(Fault::invalid("grants.message.requests")),
    };
    let said = match kind {
        "disburse" => disbursed(cx, &programme, transaction)?,
        _ => kept(cx, kind, transaction)?,
    };
    cx.record(spine::Act::new("grants.transaction.viewed").with("kind", kind));
    let response = json!({ "txn_type": format!("on-{kind}"), "txn_status": said });
    Ok(json!({ "transaction_id": text(message, "transaction_id"), "txnstatus_response": response }))
}

/// What was answered later, as it was kept.
fn kept(cx: &mut Cx<'_>, kind: &str, transaction: &str) -> Result<Value, Fault> {
    let (client, correlation) = (cx.actor().id.clone(), Asked::correlation(transaction, kind));
    let known = asked::find(cx.tx(), (&client, "g2p-connect", &correlation))?;
    known.ok_or_else(|| Fault::not_found("grants.transaction.unknown"))
}

fn disbursed(cx: &mut Cx<'_>, programme: &str, transaction: &str) -> Result<Value, Fault> {
    let unknown = || Fault::not_found("grants.transaction.unknown");
    let list = lists::named(cx.tx(), programme, &list_name(transaction))?;
    let list = list.filter(|list| list.made_by == cx.actor().id).ok_or_else(unknown)?;
    let run = runs::last_of(cx.tx(), list.id)?;
    let mut said = Vec::new();
    for candidate in lines::candidates(cx.tx(), list.id, 0, 5_000)? {
        let entry = candidate.entry;
        let payment = match run {
            Some(run) => lines::find(cx.tx(), run, entry.line)?,
            None => None,
        };
        let at = payment.as_ref().map_or(list.made_at, |payment| payment.changed_at);
        let mut one = json!({
            "reference_id": entry.reference, "timestamp": moment(at),
            "status": payment.as_ref().map_or("rcvd", |payment| words::state(payment.state)),
        });
        if let (Some(one), Some(reason)) = (one.as_object_mut(), payment.and_then(|payment| payment.reason)) {
            one.insert("status_reason_message".to_owned(), json!(reason));
        }
        said.push(one);
    }
    Ok(json!({ "transaction_id": transaction, "disbursements_status": said }))
}
