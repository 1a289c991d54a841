//! `on-…`: an answer that was promised is sent to the address the pack gives for its sender.
//!
//! **Invariant:** sent again until it is taken; the answer is what was kept, so every call says the same.

use axum::http::Request;
use bytes::Bytes;
use journal::{JobFault, RunningJob};
use serde::Deserialize;
use serde_json::json;
use spine::Cx;

use super::envelope::{header, signed};
use crate::engine::Grants;
use crate::jobs;
use crate::rows::asked as rows;

/// The job that calls back.
pub(crate) const CALL: &str = "grants.g2p.call";

#[derive(Deserialize)]
struct Body {
    client: String,
    correlation: String,
    action: String,
}

/// Calls a sender back.
pub(crate) async fn call(grants: Grants, job: RunningJob) -> Result<(), JobFault> {
    let Body { client, correlation, action } = jobs::body(&job.body)?;
    let address = grants.inner.payouts.source(&client).and_then(|source| source.callback.clone());
    let Some(address) = address else { return Ok(()) };
    let (of, id) = (client.clone(), correlation.clone());
    let look = move |cx: &mut Cx<'_>| Ok(rows::find(cx.tx(), (&of, "g2p-connect", &id))?);
    let kept = grants.acts().read(&job.caller(jobs::PART), look).await?;
    let Some(mut message) = kept else { return Err(JobFault::Dead("grants.transaction.unknown")) };
    if let Some(message) = message.as_object_mut() {
        message.insert("correlation_id".to_owned(), json!(correlation));
    }
    let head = header(&grants, &job.id.to_string(), &client, &action);
    let request = Request::post(format!("{}/on-{action}", address.trim_end_matches('/')))
        .header("content-type", "application/json")
        .body(Bytes::from(signed(&grants, &head, &message)))
        .map_err(|_| JobFault::Dead("grants.callback.address"))?;
    match grants.inner.outbound.send(request).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        _ => Err(JobFault::Again("grants.callback.refused")),
    }
}
