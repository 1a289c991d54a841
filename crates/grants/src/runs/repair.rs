//! A payment that came back: paid again, once, or given up.
//!
//! **Invariant:** only what came back is paid again, under a try of its own, to the account its payee has chosen. An officer
//! cannot send it elsewhere: where she helps somebody choose another account the cooling-off is kept, and the payment goes
//! by itself when the change comes true.

use spine::{Act, Cx, Fault};

use crate::engine::Grants;
use crate::mapper::resolve::person_of;
use crate::model::{Account, Payment, PaymentState, Run, RunId};
use crate::programme::Programme;
use crate::rows::{accounts, lines, runs as rows};
use crate::runs::{found, notify, pay, resource, stop};

/// Sends a payment that came back to the account its payee has now.
///
/// # Errors
/// `grants.payment.{unknown,not_failed}`; `grants.account.unknown`; `grants.payment.way`; a refusal; the store's faults.
pub fn repair(cx: &mut Cx<'_>, grants: &Grants, id: RunId, line: i64) -> Result<(), Fault> {
    let run = found(cx, id)?;
    let payment = failed(cx, id, line)?;
    let person = person_of(cx, grants, &payment.payee)?;
    let own = person.as_ref().is_some_and(|person| cx.actor().is_for(&person.id));
    let resource = resource(cx, grants, &run)?.is("own", own);
    cx.may("grants.payment.repair", &resource)?;
    let account = accounts::of(cx.tx(), &payment.payee)?;
    let account = account.ok_or_else(|| Fault::not_found("grants.account.unknown"))?;
    if !fits(grants.programme(&run.programme)?, &account) {
        return Err(Fault::conflict("grants.payment.way"));
    }
    again(cx, grants, run, payment, account)
}

/// Whether the programme pays in this way.
fn fits(programme: &Programme, account: &Account) -> bool {
    programme.ways().contains(&account.way)
}

fn failed(cx: &mut Cx<'_>, id: RunId, line: i64) -> Result<Payment, Fault> {
    let payment = lines::find(cx.tx(), id, line)?.ok_or_else(|| Fault::not_found("grants.payment.unknown"))?;
    if payment.state == PaymentState::Failed { Ok(payment) } else { Err(Fault::conflict("grants.payment.not_failed")) }
}

/// Whether something of a payee came back and waits.
pub(crate) fn waits(cx: &mut Cx<'_>, payee: &str) -> Result<bool, Fault> {
    Ok(lines::open_of(cx.tx(), payee)?.iter().any(|line| line.state == PaymentState::Failed))
}

/// Sends all that came back from a payee to the account she has chosen now, within an operation that has permission.
pub(crate) fn all_of(cx: &mut Cx<'_>, grants: &Grants, payee: &str, account: &Account) -> Result<(), Fault> {
    for line in lines::open_of(cx.tx(), payee)?.into_iter().filter(|line| line.state == PaymentState::Failed) {
        let run = found(cx, line.run)?;
        if fits(grants.programme(&run.programme)?, account) {
            again(cx, grants, run, line, account.clone())?;
        }
    }
    Ok(())
}

/// Sends what has just come back to the account its payee has chosen meanwhile, if she has chosen another.
pub(crate) fn moved_on(cx: &mut Cx<'_>, grants: &Grants, line: &Payment) -> Result<(), Fault> {
    let account = accounts::of(cx.tx(), &line.payee)?;
    let Some(account) = account.filter(|account| Some(account) != line.account.as_ref()) else { return Ok(()) };
    let run = found(cx, line.run)?;
    if fits(grants.programme(&run.programme)?, &account) {
        again(cx, grants, run, line.clone(), account)?;
    }
    Ok(())
}

/// Holds the money anew under the next try, and hands it on.
fn again(cx: &mut Cx<'_>, grants: &Grants, mut run: Run, mut line: Payment, account: Account) -> Result<(), Fault> {
    line.attempt += 1;
    line.account = Some(account);
    (line.reason, line.carrier_reference) = (None, None);
    line.state = PaymentState::Held;
    line.changed_at = cx.now();
    let came_back = pay::hold(cx, grants, &run, std::slice::from_ref(&line))?;
    let stands = came_back.first().unwrap_or(&line);
    lines::set(cx.tx(), stands)?;
    if stands.state == PaymentState::Held {
        run.tally.failed -= 1;
        run.tally.held += 1;
        rows::update(cx.tx(), &run)?;
    }
    if !line.account.as_ref().is_some_and(|account| account.way.is_carried()) {
        cx.enqueue(notify::job(run.id, [line.line]));
    }
    let mut act = Act::new("grants.payment.again").on(run.id).because("grants", "grants-programme");
    act.subject.clone_from(&line.person);
    cx.record(act.with("line", line.line).with("attempt", line.attempt));
    Ok(())
}

/// Gives up a payment that came back: its money goes back to the programme when the run closes.
///
/// # Errors
/// `grants.payment.{unknown,not_failed}`; a refusal; the store's faults.
pub fn give_up(cx: &mut Cx<'_>, grants: &Grants, id: RunId, line: i64) -> Result<(), Fault> {
    let run = found(cx, id)?;
    let payment = failed(cx, id, line)?;
    cx.may("grants.payment.give_up", &resource(cx, grants, &run)?)?;
    stop::stop(cx, grants, run, payment, "given_up")
}
