//! Programmes, runs and payments as officers see them.
//!
//! **Invariant:** sums and reasons leave no trace of any one person; whoever opens one payment leaves an act she sees.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault};

use crate::engine::Grants;
use crate::mapper::resolve::{Resolved, known, person_of};
use crate::model::{List, Payment, PaymentState, Run, RunId};
use crate::money::{self, Purse};
use crate::rows::{lines, lists, runs as rows};
use crate::runs::reconcile::{Reconciled, added_up};
use crate::runs::{found, resource};

/// Lists, runs and lines shown on one page.
const SHOWN: i64 = 12;
/// Lines shown on one page.
pub(crate) const LINES: i64 = 50;

/// A programme: what it has, and what goes on in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeView {
    /// What it has.
    pub purse: Purse,
    /// Its newest lists.
    pub lists: Vec<List>,
    /// Its newest runs.
    pub runs: Vec<Run>,
    /// Payments that came back, at most a page of them.
    pub failed: i64,
    /// Whether the asker may bring lists.
    pub may_take: bool,
    /// Whether she may give it money.
    pub may_fund: bool,
}

/// Every programme the asker may see, with what it has.
///
/// # Errors
/// A refusal if there is none; the store's faults.
pub fn desk(cx: &mut Cx<'_>, grants: &Grants) -> Result<Vec<(String, Purse)>, Fault> {
    let mut seen = Vec::new();
    for programme in grants.programmes().iter() {
        let resource = money::resource(cx, programme);
        if cx.could("grants.programme.view", &resource) {
            seen.push((programme.id().to_owned(), money::purse(cx, programme.id())?));
        }
    }
    if let (true, Some(first)) = (seen.is_empty(), grants.programmes().iter().next()) {
        cx.may("grants.programme.view", &money::resource(cx, first))?;
    }
    Ok(seen)
}

/// Shows a programme.
///
/// # Errors
/// `grants.programme.unknown`; a refusal; the store's faults.
pub fn programme(cx: &mut Cx<'_>, grants: &Grants, id: &str) -> Result<ProgrammeView, Fault> {
    let resource = money::resource(cx, grants.programme(id)?);
    cx.may("grants.programme.view", &resource)?;
    let failed = lines::failed(cx.tx(), id, LINES)?.len();
    Ok(ProgrammeView {
        purse: money::purse(cx, id)?,
        lists: lists::of(cx.tx(), id, SHOWN)?,
        runs: rows::of(cx.tx(), id, SHOWN)?,
        failed: i64::try_from(failed).unwrap_or(0),
        may_take: cx.could("grants.list.take", &resource),
        may_fund: cx.could("grants.programme.fund", &resource),
    })
}

/// A run, added up, with what its lines were refused and came back for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// The list's name.
    pub list: String,
    /// Added up again.
    pub reconciled: Reconciled,
    /// Why lines were refused, and how many.
    pub refused: Vec<(String, i64)>,
    /// Why lines came back, and how many.
    pub failed: Vec<(String, i64)>,
    /// Why lines were stopped, and how many.
    pub stopped: Vec<(String, i64)>,
    /// Whether the asker may approve it.
    pub may_approve: bool,
    /// Whether she may give it up.
    pub may_withdraw: bool,
}

/// Shows a run.
///
/// # Errors
/// `grants.run.unknown`; a refusal; the store's faults.
pub fn run(cx: &mut Cx<'_>, grants: &Grants, id: RunId) -> Result<RunView, Fault> {
    let run = found(cx, id)?;
    let resource = resource(cx, grants, &run)?;
    cx.may("grants.run.view", &resource)?;
    let (may_approve, may_withdraw) =
        (cx.could("grants.run.approve", &resource), cx.could("grants.run.withdraw", &resource));
    let list = crate::lists::take::found(cx, run.list)?.name;
    Ok(RunView {
        list,
        reconciled: added_up(cx, &run)?,
        refused: lines::reasons(cx.tx(), id, PaymentState::Refused)?,
        failed: lines::reasons(cx.tx(), id, PaymentState::Failed)?,
        stopped: lines::reasons(cx.tx(), id, PaymentState::Stopped)?,
        may_approve,
        may_withdraw,
        run,
    })
}

/// Lines of a run that stand so, after `line`: numbers are told, names are not.
///
/// # Errors
/// As [`run`].
pub fn lines(
    cx: &mut Cx<'_>,
    grants: &Grants,
    id: RunId,
    state: PaymentState,
    line: i64,
) -> Result<Vec<Payment>, Fault> {
    let run = found(cx, id)?;
    cx.may("grants.run.view", &resource(cx, grants, &run)?)?;
    let lines = lines::standing(cx.tx(), id, line, state, LINES)?;
    cx.record(Act::new("grants.run.viewed").on(id).with("state", state.code()).with("lines", lines.len()));
    Ok(lines)
}

/// Payments of a programme that came back and wait, oldest first.
///
/// # Errors
/// As [`programme`].
pub fn failures(cx: &mut Cx<'_>, grants: &Grants, id: &str) -> Result<Vec<Payment>, Fault> {
    cx.may("grants.run.view", &money::resource(cx, grants.programme(id)?))?;
    let failed = lines::failed(cx.tx(), id, LINES)?;
    cx.record(Act::new("grants.failures.viewed").on(id).with("lines", failed.len()));
    Ok(failed)
}

/// One payment: whose, where to, and what may be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentView {
    /// The payment.
    pub payment: Payment,
    /// The name of whom it is to.
    pub name: Option<String>,
    /// Where she is paid now.
    pub resolved: Resolved,
    /// Whether the asker may send it again.
    pub may_repair: bool,
    /// Whether she may give it up.
    pub may_give_up: bool,
}

/// Opens one payment.
///
/// # Errors
/// `grants.payment.unknown`; `grants.run.unknown`; a refusal; the store's faults.
pub fn payment(cx: &mut Cx<'_>, grants: &Grants, id: RunId, line: i64) -> Result<PaymentView, Fault> {
    let run = found(cx, id)?;
    let resource = resource(cx, grants, &run)?;
    cx.may("grants.payment.view", &resource)?;
    let payment = lines::find(cx.tx(), id, line)?.ok_or_else(|| Fault::not_found("grants.payment.unknown"))?;
    let failed = payment.state == PaymentState::Failed;
    let may_repair = failed && cx.could("grants.payment.repair", &resource.clone().is("own", false));
    let may_give_up = failed && cx.could("grants.payment.give_up", &resource);
    let person = person_of(cx, grants, &payment.payee)?;
    let resolved = known(cx, &payment.payee)?;
    let mut act = Act::new("grants.payment.viewed").on(id).because("grants", "grants-programme");
    act.subject.clone_from(&payment.person);
    cx.record(act.with("line", line));
    Ok(PaymentView { name: person.map(|person| person.name()), payment, resolved, may_repair, may_give_up })
}
