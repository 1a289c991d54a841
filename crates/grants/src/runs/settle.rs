//! What became of payments that were carried: paid, or come back.
//!
//! **Invariant:** an answer counts once, for the try it belongs to. When nothing waits any more the run closes, and what was
//! set aside and not paid goes back to the programme; what comes back after that opens it again.

use payments::ledger::{self, Step, Transfer, TransferId};
use spine::{Act, Cx, Fault};

use crate::engine::{Grants, Told};
use crate::model::{Payment, PaymentState, Run, RunId, RunState};
use crate::money;
use crate::rows::{lines, runs as rows};
use crate::runs::{found, notify, repair, resource};

/// Keeps what a carrier says of orders, each by its identifier. Orders that are not of this engine are passed over.
///
/// # Errors
/// A refusal; the store's faults.
pub fn told(cx: &mut Cx<'_>, grants: &Grants, answers: &[(TransferId, Told)]) -> Result<(), Fault> {
    let mut known: Option<((RunId, RunId), RunId)> = None;
    let mut of_run: Vec<(i64, i64, Told)> = Vec::with_capacity(answers.len());
    for (id, told) in answers {
        let Some((range, line, attempt)) = money::read_id(*id) else { continue };
        if known.is_none_or(|(own, _)| own != range) {
            if let Some((_, run)) = known.take() {
                settle(cx, grants, run, std::mem::take(&mut of_run))?;
            }
            known = rows::between(cx.tx(), range)?.map(|run| (range, run));
        }
        if known.is_some() {
            of_run.push((line, attempt, told.clone()));
        }
    }
    match known {
        Some((_, run)) => settle(cx, grants, run, of_run),
        None => Ok(()),
    }
}

/// Keeps what is said of lines of one run: line, try, and what became of it.
fn settle(cx: &mut Cx<'_>, grants: &Grants, id: RunId, mut answers: Vec<(i64, i64, Told)>) -> Result<(), Fault> {
    let mut run = found(cx, id)?;
    cx.may("grants.payment.settle", &resource(cx, grants, &run)?)?;
    answers.sort_by_key(|answer| answer.0);
    let (Some(first), Some(last)) = (answers.first(), answers.last()) else { return Ok(()) };
    let range = (first.0 - 1, last.0);
    let all = lines::between(cx.tx(), id, range)?;
    let open = all.iter().filter(|line| line.state == PaymentState::Held).count();
    let mut settled = Vec::with_capacity(answers.len());
    let mut answers = answers.into_iter().peekable();
    for mut line in all {
        while answers.next_if(|answer| answer.0 < line.line).is_some() {}
        let Some((_, _, told)) = answers.next_if(|answer| answer.0 == line.line && answer.1 == line.attempt) else {
            continue;
        };
        if keep(cx, &mut run, &mut line, told) {
            settled.push(line);
        }
    }
    if settled.is_empty() {
        return Ok(());
    }
    write(cx, &run, &settled, (settled.len() == open).then_some(range))?;
    let failed = settled.iter().filter(|line| line.state == PaymentState::Failed).count();
    cx.record(Act::new("grants.payment.settled").on(id).with("lines", settled.len()).with("failed", failed));
    cx.enqueue(notify::job(id, settled.iter().map(|line| line.line)));
    close_if_done(cx, grants, run)?;
    // Who chose another account after the batch was signed is not asked again.
    settled
        .iter()
        .filter(|line| line.state == PaymentState::Failed)
        .try_for_each(|line| repair::moved_on(cx, grants, line))
}

/// Puts an answer on its line and on the tally; false if it changes nothing.
fn keep(cx: &Cx<'_>, run: &mut Run, line: &mut Payment, told: Told) -> bool {
    let (tally, amount) = (&mut run.tally, line.amount_minor);
    match (line.state, told) {
        (PaymentState::Held, Told::Paid(reference)) => {
            tally.held -= 1;
            tally.paid += 1;
            tally.paid_minor += amount;
            line.state = PaymentState::Paid;
            line.carrier_reference = Some(reference);
        }
        (PaymentState::Held, Told::Failed(reason)) => {
            tally.held -= 1;
            tally.failed += 1;
            line.state = PaymentState::Failed;
            line.reason = Some(reason);
        }
        // It was there and came back.
        (PaymentState::Paid, Told::Failed(reason)) => {
            tally.paid -= 1;
            tally.paid_minor -= amount;
            tally.failed += 1;
            line.state = PaymentState::Failed;
            line.reason = Some(reason);
            if run.state == RunState::Closed {
                run.state = RunState::Sent;
            }
        }
        _ => return false,
    }
    line.changed_at = cx.now();
    true
}

/// Writes lines that are settled: in one statement where all that was held in a range is paid under one reference.
fn write(cx: &mut Cx<'_>, run: &Run, settled: &[Payment], range: Option<(i64, i64)>) -> Result<(), Fault> {
    let mark = |line: &Payment| {
        let way = line.account.as_ref().map(|account| account.way.code())?;
        (line.state == PaymentState::Paid).then_some(())?;
        Some((way, line.carrier_reference.clone()?))
    };
    let same = settled.first().and_then(mark);
    let same = same.filter(|first| settled.iter().all(|line| mark(line).as_ref() == Some(first)));
    if let (Some(range), Some((way, reference))) = (range, same) {
        let now = cx.now();
        return Ok(lines::pay(cx.tx(), run.id, range, (way, &reference), now).map(drop)?);
    }
    for line in settled {
        lines::set(cx.tx(), line)?;
    }
    Ok(())
}

/// Closes a run of which nothing waits, and gives back what was set aside and not paid; keeps how it stands.
pub(crate) fn close_if_done(cx: &mut Cx<'_>, grants: &Grants, mut run: Run) -> Result<(), Fault> {
    let tally = run.tally;
    if run.state == RunState::Sent && tally.ready == 0 && tally.held == 0 && tally.failed == 0 {
        let rest = ledger::called(cx, &money::run_reference(run.id))?
            .map_or(0, |account| account.credits_posted.saturating_sub(account.debits_posted));
        if rest > 0 {
            let debit = money::run_account(cx, grants, run.id)?;
            let credit = money::programme_account(cx, grants, &run.programme)?;
            let step = Step::Move { debit, credit, amount: grants.money(rest) };
            let id = cx.id();
            ledger::book(cx, &[Transfer { id, step, reference: run.id.to_string() }])?;
        }
        run.tally.returned_minor += rest;
        run.state = RunState::Closed;
        let act =
            Act::new("grants.run.closed").on(run.id).with("paid", tally.paid).with("paid_minor", tally.paid_minor);
        cx.record(act.with("returned_minor", rest));
    }
    rows::update(cx.tx(), &run)?;
    Ok(())
}
