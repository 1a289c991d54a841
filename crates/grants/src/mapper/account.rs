//! Whether an account can be one: a wallet's own number, a bank there is, and nothing where cash is fetched.
//!
//! **Invariant:** what is kept has one form, so that two ways of writing one account are one.

use spine::{Fault, FieldFault, Text};

use crate::engine::Grants;
use crate::model::Account;
use crate::programme::Way;

/// The account in its one form.
///
/// # Errors
/// `grants.account.wrong` with the fields `institution` or `address`.
pub fn fit(grants: &Grants, account: &Account) -> Result<Account, Fault> {
    let wrong = |field: &str, key: &'static str| {
        let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
        Fault::invalid("grants.account.wrong").fields_from([fault])
    };
    let (way, institution) = (account.way, account.institution.trim());
    let address = match way {
        Way::PostOffice | Way::Voucher => {
            return Ok(Account { way, institution: String::new(), address: String::new() });
        }
        Way::Wallet => {
            let rails = &grants.inner.rails;
            let wallet = rails.by_phone(institution).ok_or_else(|| wrong("institution", "grants.account.no_wallet"))?;
            let number = rails.wallets.number(&account.address);
            let number = number.ok_or_else(|| wrong("address", "grants.account.number"))?;
            if !wallet.serves(&number) {
                return Err(wrong("address", "grants.account.foreign"));
            }
            number.into_inner()
        }
        Way::Bank => {
            let bank = grants.inner.rails.banks.find(institution);
            let bank = bank.ok_or_else(|| wrong("institution", "grants.account.no_bank"))?;
            let number = bank.account_number(&account.address);
            number.ok_or_else(|| wrong("address", "grants.account.bank_number"))?.into_inner()
        }
    };
    Ok(Account { way, institution: institution.to_owned(), address })
}
