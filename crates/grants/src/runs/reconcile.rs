//! A run added up again three ways: its rows, its tally, and the ledger.
//!
//! **Invariant:** accepted, refused and pending are all lines, and what was paid is what the ledger posted, to the last minor
//! unit, at every moment. It only reads, and may be asked as often as one likes.

use payments::ledger;
use serde::{Deserialize, Serialize};
use spine::{Cx, Fault};

use crate::engine::Grants;
use crate::lists::take;
use crate::model::{PaymentState, Run, RunId, RunState, Tally};
use crate::money;
use crate::rows::lines;
use crate::runs::{found, resource};

/// What a run comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Lines of the list.
    pub listed: i64,
    /// Lines of the run, counted anew.
    pub lines: i64,
    /// Paid, counted anew: lines and minor units.
    pub paid: (i64, i64),
    /// Refused and stopped.
    pub refused: (i64, i64),
    /// Ready, held, or come back.
    pub pending: (i64, i64),
    /// The list's control sum.
    pub control_minor: i64,
    /// Set aside in the ledger when it was approved.
    pub reserved_minor: i64,
    /// Posted in the ledger to whoever carried or gave it.
    pub posted_minor: i64,
    /// Held in the ledger.
    pub held_minor: i64,
    /// Gone back to the programme.
    pub returned_minor: i64,
    /// Whether all of it agrees.
    pub agrees: bool,
}

/// Adds a run up again.
///
/// # Errors
/// `grants.run.unknown`; a refusal; the store's faults.
pub fn reconcile(cx: &mut Cx<'_>, grants: &Grants, id: RunId) -> Result<Reconciled, Fault> {
    let run = found(cx, id)?;
    cx.may("grants.run.view", &resource(cx, grants, &run)?)?;
    added_up(cx, &run)
}

pub(crate) fn added_up(cx: &mut Cx<'_>, run: &Run) -> Result<Reconciled, Fault> {
    let list = take::found(cx, run.list)?;
    let account = ledger::called(cx, &money::run_reference(run.id))?;
    let same =
        Tally { ready_minor: run.tally.ready_minor, returned_minor: run.tally.returned_minor, ..Tally::default() };
    let (mut told, mut tally) = (Reconciled::default(), same);
    let mut held_rows = 0;
    for (state, lines, minor) in lines::count(cx.tx(), run.id)? {
        told.lines += lines;
        tally.lines += lines;
        let (part, count) = match state {
            PaymentState::Paid => {
                tally.paid_minor = minor;
                (&mut told.paid, &mut tally.paid)
            }
            PaymentState::Refused => (&mut told.refused, &mut tally.refused),
            PaymentState::Stopped => (&mut told.refused, &mut tally.stopped),
            PaymentState::Ready => (&mut told.pending, &mut tally.ready),
            PaymentState::Held => {
                held_rows = minor;
                (&mut told.pending, &mut tally.held)
            }
            PaymentState::Failed => (&mut told.pending, &mut tally.failed),
        };
        (part.0, part.1) = (part.0 + lines, part.1 + minor);
        *count = lines;
    }
    told.listed = list.accepted;
    told.control_minor = list.control_minor;
    if let Some(account) = account {
        // What came back after it had been paid is credited anew.
        let back = account.credits_posted.saturating_sub(run.tally.ready_minor);
        told.reserved_minor = account.credits_posted.saturating_sub(back);
        told.held_minor = account.debits_pending;
        told.returned_minor = run.tally.returned_minor;
        told.posted_minor = account.debits_posted.saturating_sub(told.returned_minor).saturating_sub(back);
    }
    let is_checked = !matches!(run.state, RunState::Checking | RunState::Withdrawn);
    let is_set_aside = run.approved_by.is_some();
    let sums = [told.paid.1, told.refused.1, told.pending.1].iter().sum::<i64>();
    told.agrees = tally == run.tally
        && told.posted_minor == told.paid.1
        && told.held_minor == held_rows
        && (!is_checked || told.listed == told.lines && sums == told.control_minor)
        && (!is_set_aside || told.reserved_minor == run.tally.ready_minor);
    Ok(told)
}
