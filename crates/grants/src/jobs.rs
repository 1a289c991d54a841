//! What the engine does in the background: lists by rule, checks, payments, changes that come true.
//!
//! **Invariant:** each job is one step in one transaction, which leaves the next step as a job of its own; a step knows the
//! place it begins at, so that one that runs again finds itself done. So what was killed goes on, and nothing happens twice.

use journal::{JobFault, RunningJob, Workers};
use serde::Deserialize;
use serde_json::Value;
use spine::{Cx, Fault};

use crate::carried;
use crate::engine::Grants;
use crate::g2p::callback;
use crate::lists::by_rule;
use crate::mapper::choose;
use crate::model::{ChangeId, ListId, RunId};
use crate::runs;
use crate::vouchers::end;

/// The name the engine acts under.
pub(crate) const PART: &str = "grants";

#[derive(Deserialize)]
struct GatherBody {
    list: ListId,
    after: String,
}

#[derive(Deserialize)]
struct ChangeBody {
    change: ChangeId,
}

#[derive(Deserialize)]
struct StepBody {
    run: RunId,
    position: i64,
}

/// The handlers of this engine.
pub(crate) fn handlers(grants: Grants, workers: Workers) -> Workers {
    let (gather, change, check) = (grants.clone(), grants.clone(), grants.clone());
    let (pay, told, expire) = (grants.clone(), grants.clone(), grants.clone());
    let (call, unfetched, tell) = (grants.clone(), grants.clone(), grants);
    workers
        .handle(by_rule::GATHER, move |job| {
            let grants = gather.clone();
            step(gather.clone(), job, move |cx, body: &GatherBody| by_rule::step(cx, &grants, body.list, &body.after))
        })
        .handle(choose::CHANGE, move |job| {
            let grants = change.clone();
            step(change.clone(), job, move |cx, body: &ChangeBody| choose::come_true(cx, &grants, body.change))
        })
        .handle(runs::check::CHECK, move |job| {
            let grants = check.clone();
            step(check.clone(), job, move |cx, body: &StepBody| runs::check::step(cx, &grants, body.run, body.position))
        })
        .handle(runs::pay::PAY, move |job| {
            let grants = pay.clone();
            step(pay.clone(), job, move |cx, body: &StepBody| runs::pay::step(cx, &grants, body.run, body.position))
        })
        .handle(callback::CALL, move |job| callback::call(call.clone(), job))
        .handle(carried::TOLD, move |job| carried::told(told.clone(), job))
        .handle(end::EXPIRE, move |job| {
            let grants = expire.clone();
            step(expire.clone(), job, move |cx, body: &end::Body| end::expire(cx, &grants, body))
        })
        .handle(runs::stop::UNFETCHED, move |job| {
            let grants = unfetched.clone();
            step(unfetched.clone(), job, move |cx, body: &runs::stop::Unfetched| {
                runs::stop::unfetched(cx, &grants, body)
            })
        })
        .handle(runs::notify::TELL, move |job| {
            let grants = tell.clone();
            step(tell.clone(), job, move |cx, body: &runs::notify::Body| runs::notify::step(cx, &grants, body))
        })
}

/// Reads a job's body.
pub(crate) fn body<B: for<'de> Deserialize<'de>>(value: &Value) -> Result<B, JobFault> {
    B::deserialize(value).map_err(|_| JobFault::Dead("grants.job.body"))
}

/// Runs one step in one transaction, under the job's key.
async fn step<B, F>(grants: Grants, job: RunningJob, mut operation: F) -> Result<(), JobFault>
where
    B: for<'de> Deserialize<'de> + Send + 'static,
    F: FnMut(&mut Cx<'_>, &B) -> Result<(), Fault> + Send + 'static,
{
    let body: B = body(&job.body)?;
    let work = move |cx: &mut Cx<'_>| operation(cx, &body);
    grants.acts().write(&job.caller(PART), &job.key("step"), work).await?;
    Ok(())
}
