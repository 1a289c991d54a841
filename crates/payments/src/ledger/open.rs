//! Opening, finding and closing accounts.
//!
//! **Invariant:** a reference names one account for ever; opening and closing have their place in the sequence.

use spine::{Act, Cx, Fault, Resource};

use super::account::{Account, AccountId, Balances, NewAccount};
use super::books::{Books, Known};
use crate::rows::ledger as rows;

/// Opens an account, or finds the one that is open under the reference.
///
/// # Errors
/// `payments.account.differs` if it is open with another kind, currency or bound; a refusal; the store's faults.
pub fn open_account(cx: &mut Cx<'_>, new: &NewAccount<'_>) -> Result<AccountId, Fault> {
    cx.may("payments.account.open", &Resource::new("Account", new.reference).with("kind", new.kind.code()))?;
    account(cx, new)
}

/// As [`open_account`], within an operation that has permission already.
///
/// # Errors
/// `payments.account.differs`; the store's faults.
pub fn account(cx: &mut Cx<'_>, new: &NewAccount<'_>) -> Result<AccountId, Fault> {
    if let Some(found) = called(cx, new.reference)? {
        let same = found.kind == new.kind && found.currency == new.currency && found.bound == new.bound;
        return if same { Ok(found.id) } else { Err(Fault::conflict("payments.account.differs")) };
    }
    let (id, now): (AccountId, _) = (cx.id(), cx.now());
    Books::with(cx.tx(), now, |books, tx| {
        let number = books.next_number(tx)?;
        rows::insert_account(tx, id, number, new, now)?;
        let subject = description(number, new);
        books.mark_down("opened", subject);
        let account = Account {
            id,
            reference: new.reference.to_owned(),
            kind: new.kind,
            currency: new.currency,
            name: new.name.to_owned(),
            bound: new.bound,
            is_closed: false,
            debits_posted: 0,
            credits_posted: 0,
            debits_pending: 0,
            credits_pending: 0,
        };
        books.opened(Known::new(account, number, Balances::default()));
        Ok(())
    })?;
    cx.record(Act::new("payments.account.opened").on(id).with("reference", new.reference));
    Ok(id)
}

/// An account as the chain tells of it: what no transfer can say.
pub(super) fn description(number: i64, new: &NewAccount<'_>) -> String {
    format!("{number} {} {} {} {}", new.currency, new.kind.code(), new.bound.code(), new.reference)
}

/// Closes an account: from now on it takes nothing but the giving up of what is held. Closing twice is closing once.
///
/// # Errors
/// `payments.account.unknown`; `payments.account.not_empty` if it holds or owes anything; a refusal; the store's faults.
pub fn close_account(cx: &mut Cx<'_>, id: AccountId) -> Result<(), Fault> {
    cx.may("payments.account.close", &Resource::new("Account", id))?;
    let now = cx.now();
    Books::with(cx.tx(), now, |books, tx| {
        books.read_accounts(tx, std::iter::once(id))?;
        let known = books.account(id).ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
        let (number, is_closed) = (known.number, known.account.is_closed);
        if known.balances.debits_posted != known.balances.credits_posted {
            return Err(Fault::conflict("payments.account.not_empty"));
        }
        if !is_closed {
            rows::close_account(tx, number, now)?;
            books.mark_down("closed", number.to_string());
            books.closed(number);
        }
        Ok(())
    })?;
    cx.record(Act::new("payments.account.closed").on(id));
    Ok(())
}

/// An account with its balances.
///
/// # Errors
/// `payments.account.unknown`; a refusal; the store's faults.
pub fn balances_of(cx: &mut Cx<'_>, id: AccountId) -> Result<Account, Fault> {
    cx.may("payments.account.view", &Resource::new("Account", id))?;
    find(cx, id)?.ok_or_else(|| Fault::not_found("payments.account.unknown"))
}

/// An account with its balances, within an operation that has permission already. In the posting lane they count what this
/// very operation has booked.
///
/// # Errors
/// The store's faults.
pub fn find(cx: &mut Cx<'_>, id: AccountId) -> Result<Option<Account>, Fault> {
    if !cx.tx().posts() {
        return Ok(rows::accounts_of(cx.tx(), &[id])?.first().map(Known::shown));
    }
    let now = cx.now();
    Books::with(cx.tx(), now, |books, tx| {
        books.read_accounts(tx, std::iter::once(id))?;
        Ok(books.account(id).map(Known::shown))
    })
}

/// As [`find`], by what the account is called.
///
/// # Errors
/// The store's faults.
pub fn called(cx: &mut Cx<'_>, reference: &str) -> Result<Option<Account>, Fault> {
    if !cx.tx().posts() {
        return Ok(rows::account_called(cx.tx(), reference)?.as_ref().map(Known::shown));
    }
    let now = cx.now();
    Books::with(cx.tx(), now, |books, tx| Ok(books.called(tx, reference)?.map(Known::shown)))
}
