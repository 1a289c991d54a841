//! The dead are not paid: what is ready or lies to be fetched is stopped in the commit of the registration.
//!
//! **Invariant:** what a carrier has in hand already is not touched here; its answer still counts. A stopped line gives its
//! money back to the programme when its run closes.

use payments::ledger::{self, Step};
use spine::{Act, Cx, Fault, Resource};

use crate::engine::Grants;
use crate::model::{Payment, PaymentState, Run, RunState};
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
