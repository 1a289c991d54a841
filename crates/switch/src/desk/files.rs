//! A settlement as files: one CSV of what each pays and receives, the same as orders to the settlement bank in ISO 20022 pacs.009, and
//! for each participant a statement of its deposit as camt.053.
//!
//! **Invariant:** a statement's opening balance, its one entry and its closing balance are the ledger's own, and lead from one to the other.

use payments::iso20022::{
    Balance, BalanceKind, Bank, BankAccount, Direction, Entry, InstitutionTransfer, InstitutionTransfers, Message,
    Remittance, Statement, StatementKind,
};
use payments::ledger::{self, Did};
use spine::{Currency, Cx, Date, Fault, Money, Timestamp};

use super::view::{Settling, settling};
use crate::Switch;
use crate::caps;
use crate::rows::participants;

/// Transfers on a deposit looked back over for a settlement's own.
const BACK: usize = 5_000;

/// Which file of a settlement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// What each pays and receives, as CSV.
    Nets,
    /// The orders to the settlement bank in one currency, pacs.009.001.08.
    Orders(Currency),
    /// The statement of one account, camt.053.001.08.
    Statement(i64),
}

impl Wanted {
    /// Reads a file's name: `nets.csv`, `LSL.pacs.009.xml`, `12.camt.053.xml`.
    pub(crate) fn read(name: &str) -> Option<Self> {
        if let Some(account) = name.strip_suffix(".camt.053.xml") {
            return account.parse().ok().map(Self::Statement);
        }
        match name.strip_suffix(".pacs.009.xml") {
            Some(currency) => Currency::parse(currency).ok().map(Self::Orders),
            None => (name == "nets.csv").then_some(Self::Nets),
        }
    }

    /// Its name and media type.
    pub(crate) fn called(self, id: i64) -> (String, &'static str) {
        match self {
            Self::Nets => (format!("settlement-{id}.csv"), "text/csv"),
            Self::Orders(currency) => (format!("settlement-{id}-{currency}.xml"), "application/xml"),
            Self::Statement(account) => (format!("settlement-{id}-{account}.xml"), "application/xml"),
        }
    }
}

/// Writes a file of a settlement.
///
/// # Errors
/// `switch.settlement.{unknown,empty,account,unpaid}`; a refusal; the store's faults.
pub(crate) fn write(cx: &mut Cx<'_>, switch: &Switch, id: i64, wanted: Wanted) -> Result<Vec<u8>, Fault> {
    let day_of = |at: Timestamp| at.date_in(&switch.inner.zone);
    match wanted {
        Wanted::Nets => settling(cx, id).map(|seen| csv(&seen).into_bytes()),
        Wanted::Orders(currency) => transfers(cx, id, (currency, &switch.inner.hub), day_of),
        Wanted::Statement(account) => statement(cx, id, account, day_of),
    }
}

/// `settlement,participant,currency,pays,receives,state`, in the amounts' own digits.
fn csv(seen: &Settling) -> String {
    let mut text = "settlement,participant,currency,pays,receives,state,reference\r\n".to_owned();
    for net in &seen.nets {
        let size = Money::new(net.amount.minor().saturating_abs(), net.amount.currency()).digits();
        let (pays, receives) = if net.amount.minor() > 0 { (size.as_str(), "") } else { ("", size.as_str()) };
        let reference = net.reference.as_deref().unwrap_or_default().replace(['"', ','], " ");
        let (id, currency, state) = (seen.settlement.id, net.amount.currency(), net.state.code());
        text += &format!("{id},{},{currency},{pays},{receives},{state},{reference}\r\n", net.participant);
    }
    text
}

/// The pacs.009 of one currency: whoever pays, pays the hub, and the hub pays whoever receives.
///
/// # Errors
/// `switch.settlement.{unknown,empty}`; a refusal; the store's faults.
fn transfers(
    cx: &mut Cx<'_>,
    id: i64,
    (currency, hub): (Currency, &str),
    day_of: impl Fn(Timestamp) -> Date,
) -> Result<Vec<u8>, Fault> {
    let seen = settling(cx, id)?;
    let moves = seen.nets.iter().filter(|net| net.amount.currency() == currency && net.amount.minor() != 0);
    let transfers: Vec<InstitutionTransfer> = moves
        .map(|net| {
            let (own, hub) = (Bank::Member(net.participant.clone()), Bank::Member(hub.to_owned()));
            let (debtor, creditor) = if net.amount.minor() > 0 { (own, hub) } else { (hub, own) };
            // As the entry of the participant's statement calls it.
            let transaction = format!("SETTLEMENT-{id}-{}", net.account);
            let amount = Money::new(net.amount.minor().saturating_abs(), currency);
            InstitutionTransfer { end_to_end: transaction.clone(), transaction, amount, debtor, creditor }
        })
        .collect();
    if transfers.is_empty() {
        return Err(Fault::not_found("switch.settlement.empty"));
    }
    let orders = InstitutionTransfers {
        id: format!("SWITCH-{id}-{currency}"),
        made_at: cx.now(),
        settles_on: day_of(seen.settlement.changed_at),
        clearing: Some(hub.to_owned()),
        transfers,
    };
    Message::InstitutionTransfers(orders).write()
}

/// The camt.053 of one participant's deposit for one settlement.
///
/// # Errors
/// `switch.settlement.{unknown,account,unpaid}`; a refusal; the store's faults.
fn statement(cx: &mut Cx<'_>, id: i64, account: i64, day_of: impl Fn(Timestamp) -> Date) -> Result<Vec<u8>, Fault> {
    let seen = settling(cx, id)?;
    let net = seen.nets.into_iter().find(|net| net.account == account);
    let net = net.ok_or_else(|| Fault::not_found("switch.settlement.account"))?;
    let own = participants::numbered(cx.tx(), account)?;
    let own = own.ok_or_else(|| Fault::not_found("switch.settlement.account"))?;
    let currency = net.amount.currency();
    let books = caps::books(cx, &own)?;
    let mut closing = books.credits_posted.saturating_sub(books.debits_posted);
    let reference = format!("switch:settlement:{id}");
    let (mut from, mut booked, mut seen_lines) = (None, None, 0);
    // The newest first: what came after the settlement is taken back until its own transfer is there.
    'back: while seen_lines < BACK && net.amount.minor() != 0 {
        let lines = ledger::statement(cx, own.ledger, from, 500)?;
        let Some(last) = lines.last() else { break };
        from = Some(last.before);
        seen_lines += lines.len();
        for line in lines.iter().filter(|line| line.did == Did::Posted) {
            if line.reference == reference {
                booked = Some(line.at);
                break 'back;
            }
            closing = closing.saturating_add(if line.is_debit { line.minor } else { -line.minor });
        }
        if last.before == 0 {
            break;
        }
    }
    if net.amount.minor() != 0 && booked.is_none() {
        return Err(Fault::conflict("switch.settlement.unpaid"));
    }
    let at: Timestamp = booked.unwrap_or(seen.settlement.changed_at);
    let (day, opening) = (day_of(at), closing.saturating_add(net.amount.minor()));
    let balance = |kind, minor| Balance { kind, amount: Money::new(minor, currency), day };
    let direction = if net.amount.minor() > 0 { Direction::Debit } else { Direction::Credit };
    let entry = Entry {
        reference: format!("SETTLEMENT-{id}-{account}"),
        amount: Money::new(net.amount.minor().saturating_abs(), currency),
        direction,
        booked: true,
        day,
        end_to_end: net.reference.clone(),
        party: None,
        remittance: Remittance::default(),
        returned: None,
    };
    let statement = Statement {
        kind: StatementKind::Statement,
        message: format!("SWITCH-{id}-{account}"),
        made_at: cx.now(),
        id: format!("SWITCH-{id}-{account}"),
        number: u64::try_from(id).ok(),
        account: BankAccount::Number(format!("{}-{currency}", net.participant)),
        currency,
        balances: vec![balance(BalanceKind::Opening, opening), balance(BalanceKind::Closing, closing)],
        entries: if net.amount.minor() == 0 { Vec::new() } else { vec![entry] },
    };
    Message::Statement(statement).write()
}
