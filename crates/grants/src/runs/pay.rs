//! A run is paid: chunk by chunk, the money of each line is held for whoever carries it.
//!
//! **Invariant:** a chunk is one transaction, which holds thousands of transfers in one booking and leaves the next chunk and
//! the carrying as jobs; one that runs again finds itself done. What is not under the signature is not paid: the run stops
//! and says so.

use payments::ledger::{self, Step};
use serde_json::json;
use spine::{Act, Cx, Fault, Job};

use crate::engine::Grants;
use crate::model::{Payment, PaymentState, Run, RunId, RunState};
use crate::money::{self, Booking};
use crate::programme::Way;
use crate::rows::lines;
use crate::rows::runs::{self as rows, Chunk};
use crate::runs::{carry, found, notify, resource, settle, signed, stop};
use crate::vouchers::issue;

/// The job that pays the next chunk.
pub(crate) const PAY: &str = "grants.run.pay";

/// Pays the chunk after `position`; nothing if it was paid before.
pub(crate) fn step(cx: &mut Cx<'_>, grants: &Grants, id: RunId, position: i64) -> Result<(), Fault> {
    let mut run = found(cx, id)?;
    cx.may("grants.run.step", &resource(cx, grants, &run)?)?;
    if !matches!(run.state, RunState::Approved | RunState::Paying) || run.position != position {
        return Ok(());
    }
    if run.state == RunState::Approved {
        if !signed::holds(cx, grants, &run)? {
            return trouble(cx, run, "signature");
        }
        run.state = RunState::Paying;
    }
    let Some(chunk) = rows::chunk_after(cx.tx(), id, position)? else {
        run.state = RunState::Sent;
        cx.record(Act::new("grants.run.sent").on(id).with("lines", run.tally.lines));
        return settle::close_if_done(cx, grants, run);
    };
    let all = lines::between(cx.tx(), id, (position, chunk.last_line))?;
    if signed::digest(&all)? != chunk.digest {
        return trouble(cx, run, "altered");
    }
    hold_chunk(cx, grants, &mut run, &chunk, all)?;
    cx.enqueue(Job::new(PAY, json!({ "run": id, "position": run.position })));
    rows::update(cx.tx(), &run)?;
    Ok(())
}

/// Stops a run for a person to look at.
fn trouble(cx: &mut Cx<'_>, mut run: Run, why: &'static str) -> Result<(), Fault> {
    run.trouble = Some(why.to_owned());
    rows::update(cx.tx(), &run)?;
    cx.record(Act::new("grants.run.stopped").on(run.id).with("why", why).with("line", run.position));
    Ok(())
}

fn hold_chunk(cx: &mut Cx<'_>, grants: &Grants, run: &mut Run, chunk: &Chunk, all: Vec<Payment>) -> Result<(), Fault> {
    let ready: Vec<Payment> = all.into_iter().filter(|line| line.state == PaymentState::Ready).collect();
    let refused = hold(cx, grants, run, &ready)?;
    let now = cx.now();
    let held = lines::hold(cx.tx(), run.id, (run.position, chunk.last_line), now)?;
    let held = i64::try_from(held).unwrap_or(i64::MAX);
    run.tally.ready -= held;
    run.tally.held += held;
    run.position = chunk.last_line;
    for line in &refused {
        lines::set(cx.tx(), line)?;
        run.tally.held -= 1;
        run.tally.failed += 1;
    }
    let told: Vec<i64> = ready.iter().filter(|line| is_fetched(line)).chain(&refused).map(|line| line.line).collect();
    if !told.is_empty() {
        cx.enqueue(notify::job(run.id, told));
    }
    cx.record(Act::new("grants.run.held").on(run.id).with("chunk", chunk.number).with("lines", held));
    Ok(())
}

/// Whether she fetches it herself.
fn is_fetched(line: &Payment) -> bool {
    line.account.as_ref().is_some_and(|account| !account.way.is_carried())
}

/// Holds the money of these payments, each way in one booking; answers those that cannot be carried, as they stand then.
pub(crate) fn hold(cx: &mut Cx<'_>, grants: &Grants, run: &Run, lines: &[Payment]) -> Result<Vec<Payment>, Fault> {
    let debit = money::run_account(cx, grants, run.id)?;
    let fetched = lines.iter().filter(|line| is_fetched(line));
    let mut batch = Vec::new();
    for line in fetched {
        let Some(account) = &line.account else { continue };
        let (credit, amount) = (money::payout_account(cx, grants, account.way)?, grants.money(line.amount_minor));
        batch.push(money::booking(line, Booking::Hold, Step::Hold { debit, credit, amount, expires_at: None }));
    }
    ledger::book(cx, &batch)?;
    let cash = lines.iter().filter(|line| line.account.as_ref().is_some_and(|account| account.way == Way::PostOffice));
    if let Some(job) = stop::unfetched_job(cx, grants, run, cash)? {
        cx.enqueue(job);
    }
    issue::for_payments(cx, grants, run, lines)?;
    let is_carried = |line: &&Payment| line.account.as_ref().is_some_and(|account| account.way.is_carried());
    let carried: Vec<&Payment> = lines.iter().filter(is_carried).collect();
    carry::hand_over(cx, grants, debit, run, &carried)
}
