//! The dead are not paid: what is ready or lies to be fetched is stopped in the commit of the registration. And what nobody
//! fetched in time goes back.
//!
//! **Invariant:** what a carrier has in hand already is not touched here; its answer still counts. A stopped line gives its
//! money back to the programme when its run closes.

use payments::ledger::{self, Step};
use serde::Deserialize;
use serde_json::json;
use spine::{Act, Cx, Fault, Job, Resource};

use crate::engine::Grants;
use crate::model::{Payment, PaymentState, Run, RunId, RunState};
use crate::money::{self, Booking};
use crate::rows::lines;
use crate::runs::{found, settle};
use crate::vouchers::end;

/// Stops what a person who has died was to be paid.
pub(crate) fn of_the_dead(cx: &mut Cx<'_>, grants: &Grants, person: &str) -> Result<(), Fault> {
    let Some(person) = grants.inner.population.person(cx, person)? else { return Ok(()) };
    for line in lines::open_of(cx.tx(), &person.national_id)? {
        let carried = line.account.as_ref().is_some_and(|account| account.way.is_carried());
        if line.state == PaymentState::Held && carried {
            continue;
        }
        cx.may("grants.payment.stop", &Resource::new("Payment", line.run))?;
        let run = found(cx, line.run)?;
        stop(cx, grants, run, line, "dead")?;
    }
    Ok(())
}

/// The job that sends back what nobody fetched.
pub(crate) const UNFETCHED: &str = "grants.run.unfetched";

/// Tries of lines of a run: each is sent back if it is still the one that waits.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Unfetched {
    run: RunId,
    lines: Vec<(i64, i64)>,
}

/// The job that will look after these payments in cash when the programme's time to fetch them is over.
pub(crate) fn unfetched_job<'a>(
    cx: &Cx<'_>,
    grants: &Grants,
    run: &Run,
    lines: impl Iterator<Item = &'a Payment>,
) -> Result<Option<Job>, Fault> {
    let until = grants.programme(&run.programme)?.fetch_until(cx.now());
    let tries: Vec<(i64, i64)> = lines.map(|line| (line.line, line.attempt)).collect();
    let job = Job::new(UNFETCHED, json!({ "run": run.id, "lines": tries })).not_before(until);
    Ok((!tries.is_empty()).then_some(job))
}

/// Stops what was not fetched in time.
pub(crate) fn unfetched(cx: &mut Cx<'_>, grants: &Grants, body: &Unfetched) -> Result<(), Fault> {
    for (line, attempt) in &body.lines {
        let run = found(cx, body.run)?;
        cx.may("grants.payment.stop", &Resource::new("Payment", run.id))?;
        let waits = |payment: &Payment| payment.state == PaymentState::Held && payment.attempt == *attempt;
        if let Some(payment) = lines::find(cx.tx(), run.id, *line)?.filter(waits) {
            stop(cx, grants, run, payment, "expired")?;
        }
    }
    Ok(())
}

/// Stops a payment that has not been made; what is held is given up.
pub(crate) fn stop(
    cx: &mut Cx<'_>,
    grants: &Grants,
    mut run: Run,
    mut line: Payment,
    reason: &'static str,
) -> Result<(), Fault> {
    let tally = &mut run.tally;
    match line.state {
        PaymentState::Ready => {
            tally.ready -= 1;
            if matches!(run.state, RunState::Checking | RunState::Checked) {
                tally.ready_minor -= line.amount_minor;
            }
        }
        PaymentState::Held => {
            tally.held -= 1;
            let step = Step::Void { of: money::id_of(&line, Booking::Hold) };
            ledger::book(cx, &[money::booking(&line, Booking::Void, step)])?;
            end::with_payment(cx, line.run, line.line)?;
        }
        PaymentState::Failed => tally.failed -= 1,
        _ => return Ok(()),
    }
    tally.stopped += 1;
    line.state = PaymentState::Stopped;
    line.reason = Some(reason.to_owned());
    line.changed_at = cx.now();
    lines::set(cx.tx(), &line)?;
    let mut act = Act::new("grants.payment.stopped").on(run.id).because("grants", "grants-programme");
    act.subject.clone_from(&line.person);
    cx.record(act.with("line", line.line).with("why", reason));
    settle::close_if_done(cx, grants, run)
}
