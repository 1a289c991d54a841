//! A settlement goes on, account by account, until all are settled.
//!
//! What is owed is set aside from the deposit (`RESERVED`); then it passes through the hub's multilateral account, and deposit and
//! position move together (`COMMITTED`): whoever owed has less deposit and owes nothing of these windows any more.
//!
//! **Invariant:** an account takes each step once, in order; asked again for a step it took, it does nothing. The bookings of a step
//! bear identifiers derived from settlement, account and step.

use payments::ledger::{self, Step as Booking, Transfer, TransferId};
use spine::{Act, Cx, Fault, Money, Resource};

use super::{Net, Settlement, State};
use crate::caps;
use crate::model::{Account, AccountType};
use crate::rows::{participants, settlement as rows};

/// One account is to take one step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) account: i64,
    pub(crate) to: State,
    pub(crate) reason: String,
    pub(crate) reference: Option<String>,
}

fn found(cx: &mut Cx<'_>, id: i64) -> Result<Settlement, Fault> {
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.settlement.unknown"))
}

/// Moves accounts of a settlement on.
///
/// # Errors
/// `switch.settlement.{unknown,account,order,ended}`, `payments.account.bound` if a deposit is too small; a refusal; the store's
/// faults.
pub(crate) fn advance(cx: &mut Cx<'_>, id: i64, steps: &[Step]) -> Result<(), Fault> {
    cx.may("switch.settlement.run", &Resource::new("Settlement", id))?;
    let known = found(cx, id)?;
    if known.state == State::Aborted.code() {
        return Err(Fault::conflict("switch.settlement.ended"));
    }
    let mut nets = rows::nets(cx.tx(), id)?;
    let now = cx.now();
    for step in steps {
        let net = nets.iter_mut().find(|net| net.account == step.account);
        let net = net.ok_or_else(|| Fault::not_found("switch.settlement.account"))?;
        if net.state != step.to {
            if net.state.next() != Some(step.to) {
                return Err(Fault::conflict("switch.settlement.order"));
            }
            book(cx, id, net, step.to)?;
        }
        net.state = step.to;
        net.reason.clone_from(&step.reason);
        net.reference = step.reference.clone().or(net.reference.take());
        rows::set_net(cx.tx(), id, net, now)?;
    }
    cx.record(Act::new("switch.settlement.advanced").on(id).with("accounts", steps.len()));
    conclude(cx, &known, &nets)
}

/// The settlement stands where its slowest account stands.
fn conclude(cx: &mut Cx<'_>, known: &Settlement, nets: &[Net]) -> Result<(), Fault> {
    let slowest = nets.iter().map(|net| net.state).min().unwrap_or(State::Settled);
    let some_settled = nets.iter().any(|net| net.state == State::Settled);
    let state = if some_settled && slowest != State::Settled { "SETTLING" } else { slowest.code() };
    let now = cx.now();
    if state == known.state {
        return Ok(());
    }
    rows::set(cx.tx(), known.id, state, &known.reason, now)?;
    if slowest != State::Settled {
        return Ok(());
    }
    for (window, _) in rows::parts(cx.tx(), known.id)? {
        let content = super::content(cx, window)?;
        let parts = rows::of_window(cx.tx(), window)?;
        let all = content.keys().all(|currency| {
            parts.iter().any(|(own, by, state)| own == currency && (*by == known.id || state == State::Settled.code()))
        });
        if all {
            rows::set_window(cx.tx(), window, "SETTLED", &known.reason, now)?;
        }
    }
    cx.record(Act::new("switch.settlement.settled").on(known.id));
    Ok(())
}

struct Accounts {
    position: Account,
    deposit: Account,
    multilateral: Account,
}

fn accounts(cx: &mut Cx<'_>, net: &Net) -> Result<Accounts, Fault> {
    let currency = net.amount.currency();
    let unknown = || Fault::not_found("switch.account.unknown");
    let position = participants::account(cx.tx(), &net.participant, currency, AccountType::Position)?;
    let deposit = participants::numbered(cx.tx(), net.account)?;
    let multilateral = participants::hub_account(cx.tx(), currency, AccountType::HubMultilateralSettlement)?;
    Ok(Accounts {
        position: position.ok_or_else(unknown)?,
        deposit: deposit.ok_or_else(unknown)?,
        multilateral: multilateral.ok_or_else(unknown)?,
    })
}

/// The identifier of a booking, the same whenever it is made.
fn booking_id(settlement: i64, account: i64, step: &str) -> TransferId {
    let hash = crypto::sha256(&[b"switch/settlement\0", format!("{settlement}/{account}/{step}").as_bytes()]);
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash;
    TransferId::from_bytes(bytes)
}

fn book(cx: &mut Cx<'_>, settlement: i64, net: &Net, to: State) -> Result<(), Fault> {
    let minor = net.amount.minor();
    if minor == 0 || !matches!(to, State::PsTransfersReserved | State::PsTransfersCommitted) {
        return Ok(());
    }
    let Accounts { mut position, deposit, multilateral } = accounts(cx, net)?;
    let (amount, through) = (Money::new(minor.saturating_abs(), net.amount.currency()), multilateral.ledger);
    let booking = |step: &str, what| {
        let id = booking_id(settlement, net.account, step);
        Transfer { id, step: what, reference: format!("switch:settlement:{settlement}") }
    };
    let moved = |debit, credit| Booking::Move { debit, credit, amount };
    let mut batch = Vec::with_capacity(3);
    match (to, minor > 0) {
        (State::PsTransfersReserved, true) => {
            let (debit, credit) = (deposit.ledger, through);
            batch.push(booking("reserve", Booking::Hold { debit, credit, amount, expires_at: None }));
        }
        (State::PsTransfersReserved, false) => {}
        (_, true) => {
            let of = booking_id(settlement, net.account, "reserve");
            batch.push(booking("pay", Booking::Post { of, amount: None }));
            batch.push(booking("position", moved(through, position.ledger)));
        }
        (_, false) => {
            batch.push(booking("receive", moved(through, deposit.ledger)));
            // What it was owed it may have spent since: then its cap gives way, and takes back what it lent first thing.
            let books = caps::books(cx, &position)?;
            let lacks = amount.minor() - caps::available(&books);
            if lacks > 0 {
                batch.push(caps::grant(cx, &position, lacks)?);
                position.granted_minor += lacks;
                position.surplus_minor += lacks;
                participants::set_grant(cx.tx(), position.number, position.granted_minor, position.surplus_minor)?;
            }
            batch.push(booking("position", moved(position.ledger, through)));
        }
    }
    if !batch.is_empty() {
        ledger::book(cx, &batch)?;
    }
    caps::regrant(cx, &net.participant, net.amount.currency())
}

/// Gives a settlement up of which nothing has been paid; its windows can be settled anew.
///
/// # Errors
/// `switch.settlement.{unknown,ended,paid}`; a refusal; the store's faults.
pub(crate) fn abort(cx: &mut Cx<'_>, id: i64, reason: &str) -> Result<(), Fault> {
    cx.may("switch.settlement.run", &Resource::new("Settlement", id))?;
    let known = found(cx, id)?;
    if known.state == State::Aborted.code() {
        return Ok(());
    }
    let nets = rows::nets(cx.tx(), id)?;
    if known.state == State::Settled.code() || nets.iter().any(|net| net.state >= State::PsTransfersCommitted) {
        return Err(Fault::conflict("switch.settlement.paid"));
    }
    let now = cx.now();
    for mut net in nets {
        if net.state == State::PsTransfersReserved && net.amount.minor() > 0 {
            let of = booking_id(id, net.account, "reserve");
            let (booking, step) = (booking_id(id, net.account, "give-up"), Booking::Void { of });
            let reference = format!("switch:settlement:{id}");
            ledger::book(cx, &[Transfer { id: booking, step, reference }])?;
            caps::regrant(cx, &net.participant, net.amount.currency())?;
        }
        net.state = State::Aborted;
        reason.clone_into(&mut net.reason);
        rows::set_net(cx.tx(), id, &net, now)?;
    }
    for (window, _) in rows::parts(cx.tx(), id)? {
        rows::set_window(cx.tx(), window, "CLOSED", reason, now)?;
    }
    rows::delete_parts(cx.tx(), id)?;
    rows::set(cx.tx(), id, State::Aborted.code(), reason, now)?;
    cx.record(Act::new("switch.settlement.aborted").on(id));
    Ok(())
}

/// Settles closed windows from beginning to end in one transaction, with one reference of the settlement bank; gives the number.
///
/// # Errors
/// As [`super::begin`] and [`advance`].
pub fn settle(cx: &mut Cx<'_>, windows: &[i64], reason: &str, reference: &str) -> Result<i64, Fault> {
    let id = super::begin(cx, super::DEFAULT_MODEL, windows, reason)?;
    let nets = rows::nets(cx.tx(), id)?;
    for to in State::ORDER.into_iter().skip(1) {
        let step = |net: &Net| Step {
            account: net.account,
            to,
            reason: reason.to_owned(),
            reference: Some(reference.to_owned()),
        };
        let steps: Vec<Step> = nets.iter().map(step).collect();
        advance(cx, id, &steps)?;
    }
    Ok(id)
}
