//! An account as other systems write it in one line: a phone number, or `institution:number`, `post-office`, `voucher`.
//!
//! **Invariant:** what is written comes back when it is read; what cannot be an account of this country is none.

use crate::engine::Grants;
use crate::mapper::account::fit;
use crate::model::Account;
use crate::programme::Way;

/// Reads an address; the account in its one form.
#[must_use]
pub fn read_address(grants: &Grants, written: &str) -> Option<Account> {
    let written = written.trim();
    let account = |way, institution: &str, address: &str| Account {
        way,
        institution: institution.to_owned(),
        address: address.to_owned(),
    };
    let wished = match written.split_once(':') {
        None if written == Way::PostOffice.code() => account(Way::PostOffice, "", ""),
        None if written == Way::Voucher.code() => account(Way::Voucher, "", ""),
        None => {
            let number = grants.inner.rails.wallets.number(written)?;
            let wallet = grants.inner.rails.wallets.iter().find(|wallet| wallet.serves(&number))?;
            account(Way::Wallet, &wallet.id, written)
        }
        Some((institution, number)) => {
            let is_wallet = grants.inner.rails.by_phone(institution).is_some();
            account(if is_wallet { Way::Wallet } else { Way::Bank }, institution, number)
        }
    };
    fit(grants, &wished).ok()
}

/// Writes an account as [`read_address`] reads it.
#[must_use]
pub fn write_address(account: &Account) -> String {
    match account.way {
        Way::PostOffice | Way::Voucher => account.way.code().to_owned(),
        Way::Wallet | Way::Bank => format!("{}:{}", account.institution, account.address),
    }
}
