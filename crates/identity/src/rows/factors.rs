//! Ways of signing in that are locked.
//!
//! **Invariant:** a row is a lock; what has none is open. Where next: `factor.rs`.

use spine::{Timestamp, Tx, TxError};

use crate::factor::{Factor, FactorLock};

const LOCK: &str = "INSERT INTO identity_factor_lock (account, factor, at_desk, locked_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (account, factor) DO UPDATE SET at_desk = $3, locked_at = $4";
const UNLOCK: &str = "DELETE FROM identity_factor_lock WHERE account = $1 AND factor = $2";
const LOCKS: &str = "SELECT factor, at_desk, locked_at FROM identity_factor_lock WHERE account = $1 ORDER BY factor";
const IS_LOCKED: &str = "SELECT 1 FROM identity_factor_lock WHERE account = $1 AND factor = $2";

pub(crate) fn lock(
    tx: &mut dyn Tx,
    account: &str,
    factor: Factor,
    at_desk: bool,
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [account.into(), factor.as_str().into(), i64::from(at_desk).into(), now.into()];
    tx.change(LOCK, &args)
}

/// Takes a lock away; false if there was none.
pub(crate) fn unlock(tx: &mut dyn Tx, account: &str, factor: Factor) -> Result<bool, TxError> {
    tx.execute(UNLOCK, &[account.into(), factor.as_str().into()]).map(|count| count > 0)
}

pub(crate) fn locks(tx: &mut dyn Tx, account: &str) -> Result<Vec<FactorLock>, TxError> {
    let mut locks = Vec::new();
    for row in tx.query(LOCKS, &[account.into()])? {
        // A factor that a newer program knows and this one does not is nothing to this one.
        if let Some(factor) = Factor::named(&row.get::<String>(0)?) {
            locks.push(FactorLock { factor, at_desk: row.get::<i64>(1)? != 0, locked_at: row.get(2)? });
        }
    }
    Ok(locks)
}

pub(crate) fn is_locked(tx: &mut dyn Tx, account: &str, factor: Factor) -> Result<bool, TxError> {
    Ok(tx.first(IS_LOCKED, &[account.into(), factor.as_str().into()])?.is_some())
}
