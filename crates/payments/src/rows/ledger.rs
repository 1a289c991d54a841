//! SQL of accounts and transfers, and the sums the auditor compares.

use spine::{Currency, Money, Row, Timestamp, Tx, TxError};

use crate::ledger::{Account, AccountId, AccountKind, Bound, Entry, EntryState, NewAccount, TransferId};

const INSERT_ACCOUNT: &str = "
    INSERT INTO payments_account
        (id, reference, kind, currency, name, debits_posted, credits_posted, debits_pending, credits_pending, made_at,
         bound)
    VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, $6, $7)";

pub(crate) fn insert_account(
    tx: &mut dyn Tx,
    id: AccountId,
    new: &NewAccount<'_>,
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [
        id.into(),
        new.reference.into(),
        new.kind.code().into(),
        new.currency.code().into(),
        new.name.into(),
        now.into(),
        new.bound.code().into(),
    ];
    tx.execute(INSERT_ACCOUNT, &args).map(|_| ())
}

const SELECT_ACCOUNT: &str = "
    SELECT id, reference, kind, currency, name, debits_posted, credits_posted, debits_pending, credits_pending, bound
    FROM payments_account WHERE id = $1";
const SELECT_ACCOUNT_CALLED: &str = "
    SELECT id, reference, kind, currency, name, debits_posted, credits_posted, debits_pending, credits_pending, bound
    FROM payments_account WHERE reference = $1";
const SELECT_ACCOUNTS: &str = "
    SELECT id, reference, kind, currency, name, debits_posted, credits_posted, debits_pending, credits_pending, bound
    FROM payments_account ORDER BY reference";

pub(crate) fn account(tx: &mut dyn Tx, id: AccountId) -> Result<Option<Account>, TxError> {
    tx.first(SELECT_ACCOUNT, &[id.into()])?.as_ref().map(account_row).transpose()
}

pub(crate) fn account_called(tx: &mut dyn Tx, reference: &str) -> Result<Option<Account>, TxError> {
    tx.first(SELECT_ACCOUNT_CALLED, &[reference.into()])?.as_ref().map(account_row).transpose()
}

pub(crate) fn accounts(tx: &mut dyn Tx) -> Result<Vec<Account>, TxError> {
    tx.query(SELECT_ACCOUNTS, &[])?.iter().map(account_row).collect()
}

fn account_row(row: &Row) -> Result<Account, TxError> {
    let kind = AccountKind::of(&row.get::<String>(2)?).ok_or_else(|| TxError::Type("an account's kind".to_owned()))?;
    let bound = row.get::<String>(9)?;
    let bound = Bound::ALL.into_iter().find(|one| one.code() == bound);
    Ok(Account {
        id: row.get(0)?,
        reference: row.get(1)?,
        kind,
        currency: currency(row, 3)?,
        name: row.get(4)?,
        bound: bound.ok_or_else(|| TxError::Type("an account's bound".to_owned()))?,
        debits_posted: row.get(5)?,
        credits_posted: row.get(6)?,
        debits_pending: row.get(7)?,
        credits_pending: row.get(8)?,
    })
}

pub(crate) fn currency(row: &Row, place: usize) -> Result<Currency, TxError> {
    Currency::parse(&row.get::<String>(place)?).map_err(|error| TxError::Type(error.to_string()))
}

const WRITE_BALANCES: &str = "
    UPDATE payments_account
    SET debits_posted = $2, credits_posted = $3, debits_pending = $4, credits_pending = $5 WHERE id = $1";

pub(crate) fn write_balances(tx: &mut dyn Tx, account: &Account) -> Result<(), TxError> {
    let args = [
        account.id.into(),
        account.debits_posted.into(),
        account.credits_posted.into(),
        account.debits_pending.into(),
        account.credits_pending.into(),
    ];
    tx.execute(WRITE_BALANCES, &args).map(|_| ())
}

const INSERT_TRANSFER: &str = "
    INSERT INTO payments_transfer
        (id, debit_account, credit_account, amount_minor, currency, state, pending_of, reference, at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

pub(crate) fn insert_transfer(tx: &mut dyn Tx, id: TransferId, entry: &Entry, now: Timestamp) -> Result<(), TxError> {
    let state = match entry.state {
        EntryState::Pending => "pending",
        EntryState::Posted => "posted",
        EntryState::Voided => "voided",
    };
    let currency = entry.amount.currency();
    let args = [
        id.into(),
        entry.debit.into(),
        entry.credit.into(),
        entry.amount.minor().into(),
        currency.code().into(),
        state.into(),
        entry.pending_of.into(),
        (&entry.reference).into(),
        now.into(),
        entry.expires_at.into(),
    ];
    tx.execute(INSERT_TRANSFER, &args).map(|_| ())
}

const SELECT_TRANSFER: &str = "
    SELECT debit_account, credit_account, amount_minor, currency, state, pending_of, reference, expires_at
    FROM payments_transfer WHERE id = $1";

pub(crate) fn transfer(tx: &mut dyn Tx, id: TransferId) -> Result<Option<Entry>, TxError> {
    let Some(row) = tx.first(SELECT_TRANSFER, &[id.into()])? else { return Ok(None) };
    let state = match row.get::<String>(4)?.as_str() {
        "pending" => EntryState::Pending,
        "posted" => EntryState::Posted,
        _ => EntryState::Voided,
    };
    Ok(Some(Entry {
        debit: row.get(0)?,
        credit: row.get(1)?,
        amount: Money::new(row.get(2)?, currency(&row, 3)?),
        state,
        pending_of: row.get(5)?,
        reference: row.get(6)?,
        expires_at: row.get(7)?,
    }))
}

const SELECT_SETTLED_BY: &str = "SELECT id FROM payments_transfer WHERE pending_of = $1";

pub(crate) fn settled_by(tx: &mut dyn Tx, of: TransferId) -> Result<Option<TransferId>, TxError> {
    tx.first(SELECT_SETTLED_BY, &[of.into()])?.map(|row| row.get(0)).transpose()
}

const COUNT_TRANSFERS: &str = "SELECT COUNT(*) FROM payments_transfer";

pub(crate) fn count_transfers(tx: &mut dyn Tx) -> Result<i64, TxError> {
    tx.first(COUNT_TRANSFERS, &[])?.map_or(Ok(0), |row| row.get(0))
}

/// One side of the books as the transfers tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sum {
    DebitsPosted,
    CreditsPosted,
    DebitsPending,
    CreditsPending,
}

const SUM_DEBITS_POSTED: &str = "
    SELECT debit_account, CAST(SUM(amount_minor) AS BIGINT) FROM payments_transfer
    WHERE state = 'posted' GROUP BY debit_account";
const SUM_CREDITS_POSTED: &str = "
    SELECT credit_account, CAST(SUM(amount_minor) AS BIGINT) FROM payments_transfer
    WHERE state = 'posted' GROUP BY credit_account";
const SUM_DEBITS_PENDING: &str = "
    SELECT debit_account, CAST(SUM(amount_minor) AS BIGINT) FROM payments_transfer held
    WHERE state = 'pending' AND NOT EXISTS (SELECT 1 FROM payments_transfer done WHERE done.pending_of = held.id)
    GROUP BY debit_account";
const SUM_CREDITS_PENDING: &str = "
    SELECT credit_account, CAST(SUM(amount_minor) AS BIGINT) FROM payments_transfer held
    WHERE state = 'pending' AND NOT EXISTS (SELECT 1 FROM payments_transfer done WHERE done.pending_of = held.id)
    GROUP BY credit_account";

pub(crate) fn sums(tx: &mut dyn Tx, sum: Sum) -> Result<Vec<(AccountId, i64)>, TxError> {
    let sql = match sum {
        Sum::DebitsPosted => SUM_DEBITS_POSTED,
        Sum::CreditsPosted => SUM_CREDITS_POSTED,
        Sum::DebitsPending => SUM_DEBITS_PENDING,
        Sum::CreditsPending => SUM_CREDITS_PENDING,
    };
    tx.query(sql, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
