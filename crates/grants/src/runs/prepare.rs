//! An officer prepares a run, or gives it up.
//!
//! **Invariant:** only a list that is all there can be run; until a run is approved it has moved nothing.

use serde_json::json;
use spine::{Act, Cx, Date, Fault, Job};

use crate::engine::Grants;
use crate::lists::take;
use crate::model::{ListId, Run, RunId, RunState, Tally};
use crate::money;
use crate::rows::{lines, runs as rows};
use crate::runs::{check, found, resource};

/// A run to be prepared.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The list.
    pub list: ListId,
    /// The day it is to be paid.
    pub pay_on: Date,
}

/// Prepares a run of a list; workers check its lines.
///
/// # Errors
/// `grants.list.{unknown,taking}`; `grants.run.day`; a refusal; the store's faults.
pub fn prepare(cx: &mut Cx<'_>, grants: &Grants, new: &NewRun) -> Result<Run, Fault> {
    let list = take::found(cx, new.list)?;
    let programme = grants.programme(&list.programme)?;
    cx.may("grants.run.prepare", &money::resource(cx, programme))?;
    if !list.is_ready {
        return Err(Fault::conflict("grants.list.taking"));
    }
    let today = grants.inner.population.today(cx);
    let latest = today.checked_add(jiff::Span::new().years(1)).unwrap_or(today);
    if new.pay_on < today || new.pay_on > latest {
        return Err(Fault::invalid("grants.run.day"));
    }
    let run = Run {
        id: cx.id(),
        programme: list.programme.clone(),
        list: list.id,
        period: programme.period(new.pay_on),
        pay_on: new.pay_on,
        state: RunState::Checking,
        position: 0,
        tally: Tally::default(),
        prepared_by: cx.actor().id.clone(),
        prepared_at: cx.now(),
        approved_by: None,
        approved_at: None,
        signed: None,
        trouble: None,
    };
    rows::insert(cx.tx(), &run)?;
    cx.enqueue(Job::new(check::CHECK, json!({ "run": run.id, "position": 0 })));
    let act = Act::new("grants.run.prepared").on(run.id).with("programme", run.programme.as_str());
    cx.record(act.with("list", run.list.to_string()).with("period", run.period.as_str()));
    Ok(run)
}

/// Gives a run up that is not approved; its lines may stand in another.
///
/// # Errors
/// `grants.run.{unknown,approved}`; a refusal; the store's faults.
pub fn withdraw(cx: &mut Cx<'_>, grants: &Grants, id: RunId) -> Result<(), Fault> {
    let mut run = found(cx, id)?;
    cx.may("grants.run.withdraw", &resource(cx, grants, &run)?)?;
    if !matches!(run.state, RunState::Checking | RunState::Checked) {
        return Err(Fault::conflict("grants.run.approved"));
    }
    let now = cx.now();
    let stopped = lines::stop_ready(cx.tx(), id, now)?;
    run.state = RunState::Withdrawn;
    run.tally.stopped += i64::try_from(stopped).unwrap_or(0);
    (run.tally.ready, run.tally.ready_minor) = (0, 0);
    rows::update(cx.tx(), &run)?;
    cx.record(Act::new("grants.run.withdrawn").on(id).with("lines", run.tally.lines));
    Ok(())
}
