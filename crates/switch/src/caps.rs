//! Net-debit caps, as the ledger keeps them.
//!
//! A position is an account whose debits may not exceed its credits. What it has been credited from the hub's account of caps is
//! its cap; so a transfer beyond it is refused by the ledger itself, whoever books it and however many at once. The cap in force
//! is the smaller of the one that was set and the deposit.
//!
//! **Invariant:** a cap that falls takes what is free at once, and the rest (`surplus`) before the next debit: a participant above
//! its cap can receive and not send.

use payments::ledger::{self, Account as Books, Step};
use spine::{Cx, Fault, Money};

use crate::model::{Account, AccountType};
use crate::rows::participants as rows;

/// What a participant owes the others: positive, or is owed: negative. What is held counts as owed.
#[must_use]
pub(crate) const fn position(account: &Account, books: &Books) -> i64 {
    let owed = account.granted_minor.saturating_add(books.debits_posted).saturating_add(books.debits_pending);
    owed.saturating_sub(books.credits_posted)
}

/// What an account within its credits can still be debited: of a deposit what is not set aside, of a cap what is not used.
#[must_use]
pub(crate) const fn available(books: &Books) -> i64 {
    books.credits_posted.saturating_sub(books.debits_posted).saturating_sub(books.debits_pending)
}

/// An account's balances.
pub(crate) fn books(cx: &mut Cx<'_>, account: &Account) -> Result<Books, Fault> {
    let lost = || Fault::internal("switch.account.lost", format!("account {} is not in the ledger", account.number));
    ledger::find(cx, account.ledger)?.ok_or_else(lost)
}

/// Brings what is granted to the smaller of cap and deposit, as far as it is free.
///
/// # Errors
/// The ledger's faults.
pub(crate) fn regrant(cx: &mut Cx<'_>, participant: &str, currency: spine::Currency) -> Result<(), Fault> {
    let position = rows::account(cx.tx(), participant, currency, AccountType::Position)?;
    let settlement = rows::account(cx.tx(), participant, currency, AccountType::Settlement)?;
    let (Some(mut position), Some(settlement)) = (position, settlement) else { return Ok(()) };
    let deposit = available(&books(cx, &settlement)?).max(0);
    let target = position.cap_minor.min(deposit);
    let more = target - position.granted_minor;
    if more > 0 {
        let step = grant(cx, &position, more)?;
        position.granted_minor = target;
        position.surplus_minor = 0;
        ledger::book(cx, &[step])?;
    } else {
        position.surplus_minor = -more;
        let step = take_surplus(cx, &mut position)?;
        if let Some(step) = step {
            ledger::book(cx, &[step])?;
        }
    }
    Ok(rows::set_grant(cx.tx(), position.number, position.granted_minor, position.surplus_minor)?)
}

fn caps(cx: &mut Cx<'_>, position: &Account) -> Result<Account, Fault> {
    let hub = rows::hub_account(cx.tx(), position.currency, AccountType::HubCaps)?;
    hub.ok_or_else(|| Fault::conflict("switch.hub.currency"))
}

/// The booking that credits a position with `minor` of cap.
pub(crate) fn grant(cx: &mut Cx<'_>, position: &Account, minor: i64) -> Result<ledger::Transfer, Fault> {
    let (debit, credit) = (caps(cx, position)?.ledger, position.ledger);
    let step = Step::Move { debit, credit, amount: Money::new(minor, position.currency) };
    Ok(ledger::Transfer { id: cx.id(), step, reference: format!("switch:cap:{}", position.number) })
}

/// The booking that takes back what of the surplus is free; none if nothing is.
pub(crate) fn take_surplus(cx: &mut Cx<'_>, position: &mut Account) -> Result<Option<ledger::Transfer>, Fault> {
    let take = position.surplus_minor.min(available(&books(cx, position)?));
    if take <= 0 {
        return Ok(None);
    }
    position.granted_minor -= take;
    position.surplus_minor -= take;
    let (debit, credit) = (position.ledger, caps(cx, position)?.ledger);
    let step = Step::Move { debit, credit, amount: Money::new(take, position.currency) };
    Ok(Some(ledger::Transfer { id: cx.id(), step, reference: format!("switch:cap:{}", position.number) }))
}
