//! What a participant pays in at the settlement bank, and takes out of it.
//!
//! **Invariant:** a deposit that covers what is owed cannot be taken out; a movement's identifier stands for one movement.

use payments::ledger::{self, Step};
use spine::{Act, Cx, Fault, Money, Resource};

use crate::caps;
use crate::model::{Account, AccountType, Transfer, TransferKind, TransferState};
use crate::rows::{participants as rows, transfers};

/// Which way money goes at the settlement bank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Paid in: at once.
    In,
    /// Taken out: set aside first, committed or given up later.
    Out,
    /// Taken out, and already gone.
    Gone,
}

/// A movement at the settlement bank.
#[derive(Clone, Debug)]
pub struct Funds {
    /// A UUID of whoever records it.
    pub id: String,
    /// Whose money.
    pub participant: String,
    /// How much.
    pub amount: Money,
    /// Which way.
    pub direction: Direction,
}

fn settlement_of(cx: &mut Cx<'_>, name: &str, currency: spine::Currency) -> Result<(Account, Account), Fault> {
    let own = rows::account(cx.tx(), name, currency, AccountType::Settlement)?;
    let own = own.ok_or_else(|| Fault::not_found("switch.account.unknown"))?;
    if !own.active {
        return Err(Fault::conflict("switch.account.inactive").with("name", name));
    }
    let bank = rows::hub_account(cx.tx(), currency, AccountType::HubReconciliation)?;
    Ok((own, bank.ok_or_else(|| Fault::conflict("switch.hub.currency"))?))
}

/// Records money paid in, or sets money aside that is to be taken out.
///
/// # Errors
/// `switch.funds.reused`, `switch.funds.needed`, `switch.account.unknown`, `payments.account.bound`; a refusal; the store's faults.
pub fn fund(cx: &mut Cx<'_>, funds: &Funds) -> Result<(), Fault> {
    cx.may("switch.funds.record", &Resource::new("Participant", &funds.participant))?;
    let hash = digest(funds);
    if let Some(known) = transfers::find(cx.tx(), &funds.id)? {
        let same = crypto::constant_time_eq(&known.request_hash, &hash);
        return if same { Ok(()) } else { Err(Fault::conflict("switch.funds.reused")) };
    }
    let currency = funds.amount.currency();
    let (own, bank) = settlement_of(cx, &funds.participant, currency)?;
    let (id, now, amount) = (cx.id(), cx.now(), funds.amount);
    let is_in = funds.direction == Direction::In;
    let step = match funds.direction {
        Direction::In => Step::Move { debit: bank.ledger, credit: own.ledger, amount },
        Direction::Out => Step::Hold { debit: own.ledger, credit: bank.ledger, amount, expires_at: None },
        Direction::Gone => Step::Move { debit: own.ledger, credit: bank.ledger, amount },
    };
    let ended = funds.direction != Direction::Out;
    ledger::book(cx, &[ledger::Transfer { id, step, reference: funds.id.clone() }])?;
    let (hub, participant) = (bank.participant, funds.participant.clone());
    let (payer, payee) = if is_in { (hub, participant) } else { (participant, hub) };
    let row = Transfer {
        id: funds.id.clone(),
        kind: if is_in { TransferKind::FundsIn } else { TransferKind::FundsOut },
        payer,
        payee,
        amount,
        state: if ended { TransferState::Committed } else { TransferState::Reserved },
        request_hash: hash.to_vec(),
        condition: None,
        hold: Some(id),
        fulfilment: None,
        answer_hash: None,
        error: None,
        window: None,
        bulk: None,
        expires_at: None,
        prepared_at: now,
        completed_at: ended.then_some(now),
    };
    transfers::append(cx.tx(), row);
    let kind = match funds.direction {
        Direction::In => "switch.funds.paid_in",
        Direction::Out => "switch.funds.set_aside",
        Direction::Gone => "switch.funds.taken_out",
    };
    cx.record(Act::new(kind).on(&funds.participant).with("minor", amount.minor()).with("currency", currency.code()));
    caps::regrant(cx, &funds.participant, currency)?;
    if is_in { Ok(()) } else { still_covered(cx, &funds.participant, currency) }
}

/// What is left must cover what is owed.
fn still_covered(cx: &mut Cx<'_>, name: &str, currency: spine::Currency) -> Result<(), Fault> {
    let (own, _) = settlement_of(cx, name, currency)?;
    let Some(position) = rows::account(cx.tx(), name, currency, AccountType::Position)? else { return Ok(()) };
    let owed = caps::position(&position, &caps::books(cx, &position)?);
    let deposit = caps::available(&caps::books(cx, &own)?);
    if owed > deposit { Err(Fault::conflict("switch.funds.needed")) } else { Ok(()) }
}

/// Ends a withdrawal: the money has left, or stays.
///
/// # Errors
/// `switch.transfer.unknown`; a refusal; the store's faults.
pub(crate) fn finish_out(cx: &mut Cx<'_>, participant: &str, id: &str, left: bool) -> Result<(), Fault> {
    cx.may("switch.funds.record", &Resource::new("Participant", participant))?;
    let known = transfers::find(cx.tx(), id)?;
    let known = known.filter(|known| known.kind == TransferKind::FundsOut && known.payer == participant);
    let known = known.ok_or_else(|| Fault::not_found("switch.transfer.unknown"))?;
    let state = if left { TransferState::Committed } else { TransferState::Aborted };
    if known.state == state {
        return Ok(());
    }
    let (TransferState::Reserved, Some(of)) = (known.state, known.hold) else {
        return Err(Fault::conflict("switch.funds.ended"));
    };
    let (booking, now) = (cx.id(), cx.now());
    let step = if left { Step::Post { of, amount: None } } else { Step::Void { of } };
    ledger::book(cx, &[ledger::Transfer { id: booking, step, reference: id.to_owned() }])?;
    let currency = known.amount.currency();
    transfers::end(cx.tx(), &Transfer { state, completed_at: Some(now), ..known })?;
    let kind = if left { "switch.funds.taken_out" } else { "switch.funds.kept" };
    cx.record(Act::new(kind).on(participant).with("transfer", id));
    caps::regrant(cx, participant, currency)
}

fn digest(funds: &Funds) -> [u8; 32] {
    let text = format!("{}:{}:{:?}", funds.participant, funds.amount, funds.direction);
    crypto::sha256(&[text.as_bytes()])
}
