//! The second officer approves: the money is set aside, the batch is signed, and its day is awaited.
//!
//! **Invariant:** never who prepared it; never more than the programme has. What is set aside for one run no other can use.

use payments::ledger::{self, Step, Transfer};
use serde_json::json;
use spine::{Act, Cx, Fault, Job, Timestamp};

use crate::engine::Grants;
use crate::model::{Run, RunId, RunState};
use crate::money::{self, Booking};
use crate::rows::runs as rows;
use crate::runs::{found, pay, resource, signed};

/// Approves a run.
///
/// # Errors
/// `grants.run.{unknown,unchecked,nothing}`; `grants.programme.short`; a refusal; the store's faults.
pub fn approve(cx: &mut Cx<'_>, grants: &Grants, id: RunId) -> Result<Run, Fault> {
    let mut run = found(cx, id)?;
    cx.may("grants.run.approve", &resource(cx, grants, &run)?)?;
    if run.state != RunState::Checked {
        return Err(Fault::conflict("grants.run.unchecked"));
    }
    if run.tally.ready == 0 {
        return Err(Fault::conflict("grants.run.nothing"));
    }
    let amount = grants.money(run.tally.ready_minor);
    let free = money::purse(cx, &run.programme)?.free();
    if free < amount.minor() {
        let short = grants.money(amount.minor().saturating_sub(free));
        return Err(Fault::conflict("grants.programme.short").with("amount", amount).with("short", short));
    }
    let debit = money::programme_account(cx, grants, &run.programme)?;
    let credit = money::run_account(cx, grants, id)?;
    let (id_of, step) = (money::transfer_id(id, 0, 0, Booking::Hold), Step::Move { debit, credit, amount });
    ledger::book(cx, &[Transfer { id: id_of, step, reference: id.to_string() }])?;
    run.state = RunState::Approved;
    run.approved_by = Some(cx.actor().id.clone());
    run.approved_at = Some(cx.now());
    run.signed = Some(signed::sign(cx, grants, &run)?);
    rows::update(cx.tx(), &run)?;
    let begins = Timestamp::start_of(run.pay_on, &grants.inner.zone).max(cx.now());
    cx.enqueue(Job::new(pay::PAY, json!({ "run": id, "position": 0 })).not_before(begins));
    let act = Act::new("grants.run.approved").on(id).with("programme", run.programme.as_str());
    cx.record(act.with("lines", run.tally.ready).with("amount_minor", run.tally.ready_minor));
    Ok(run)
}
