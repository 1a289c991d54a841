//! Telling a biller's program what was paid: kept in order for whoever fetches, and called where a call was asked for.
//!
//! **Invariant:** a call is signed as Standard Webhooks says (HMAC-SHA-256 over its id, time and body), carries no name, and comes
//! again until it is taken, always under the same id. The secret follows from the program's own and is stored nowhere.

use axum::http::{Request, header};
use bytes::Bytes;
use journal::{JobFault, RunningJob};
use serde_json::json;
use spine::{Cx, Fault, Id, IdKind, Job};

use super::join::{BillerId, BillerState};
use crate::Gateway;
use crate::bills::Bill;
use crate::gateway::model::Request as Paid;
use crate::rails::workers::{PART, id_in};
use crate::rows::billers as rows;

/// The job that calls a biller.
pub(crate) const TELL: &str = "payments.biller.tell";

#[derive(Debug)]
pub(crate) struct EventKind;

impl IdKind for EventKind {
    const PREFIX: &'static str = "bev";
}

/// The identifier of something told.
pub(crate) type EventId = Id<EventKind>;

/// Notes down that money came for a bill, for the institution's programs. Institutions that have none keep nothing.
pub(crate) fn note(cx: &mut Cx<'_>, bill: &Bill, paid: &Paid, receipt: &str) -> Result<(), Fault> {
    let Some(biller) = rows::of(cx.tx(), &bill.biller)?.filter(|biller| biller.state == BillerState::Open) else {
        return Ok(());
    };
    let id: EventId = cx.id();
    let body = json!({
        "id": id,
        "type": "bill.paid",
        "timestamp": cx.now(),
        "data": {
            "number": bill.number,
            "reference": bill.reference,
            "amount_minor": paid.amount.minor(),
            "paid_minor": bill.paid.minor() + paid.amount.minor(),
            "left_minor": bill.left().minor() - paid.amount.minor(),
            "currency": bill.amount.currency(),
            "receipt": receipt,
        },
    });
    let now = cx.now();
    rows::insert_event(cx.tx(), id, &bill.biller, &body, now)?;
    if biller.hook.is_some() {
        cx.enqueue(Job::new(TELL, json!({ "event": id, "biller": biller.id })));
    }
    Ok(())
}

/// Calls the biller.
pub(crate) async fn deliver(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (event, biller): (EventId, BillerId) = (id_in(&job, "event")?, id_in(&job, "biller")?);
    let look = move |cx: &mut Cx<'_>| Ok((rows::find(cx.tx(), biller)?, rows::event(cx.tx(), event)?));
    let (Some(known), Some(body)) = gateway.acts().read(&job.caller(PART), look).await? else { return Ok(()) };
    let Some(hook) = known.hook.filter(|_| known.state == BillerState::Open) else { return Ok(()) };
    let (time, body) = (gateway.clock().now().as_seconds().to_string(), body.to_string());
    let secret = gateway.hook_secret(biller);
    let (id, dot) = (event.to_string(), b".".as_slice());
    let sum = crypto::hmac_sha256(secret.reveal(), &[id.as_bytes(), dot, time.as_bytes(), dot, body.as_bytes()]);
    let request = Request::post(hook)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", time)
        .header("webhook-signature", format!("v1,{}", crypto::base64(&sum)))
        .body(Bytes::from(body))
        .map_err(|_| JobFault::Dead("payments.biller.hook"))?;
    match gateway.outbound().send(request).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        // Gone for good, as Standard Webhooks has it: whatever it missed, it can fetch.
        Ok(answer) if answer.status().as_u16() == 410 => Ok(()),
        Ok(_) => Err(JobFault::Again("payments.biller.refused")),
        Err(_) => Err(JobFault::Again("payments.biller.unreachable")),
    }
}
