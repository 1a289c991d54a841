//! The auditor: adds the whole ledger up again from its transfers, and holds it against the balances and
//! against the money that the wallets brought.
//!
//! **Invariant:** it reads only, and trusts no balance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Resource};

use crate::gateway::model::PaymentState;
use crate::ledger::{Account, AccountId};
use crate::rows::ledger::{self as rows, Sum};
use crate::rows::requests::{self, Brought};
use crate::rows::returns;

/// What the auditor found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Audit {
    /// How many accounts there are.
    pub accounts: usize,
    /// How many transfers there are.
    pub transfers: i64,
    /// What is wrong, one sentence each; empty when the books are sound.
    pub findings: Vec<String>,
}

impl Audit {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Audits the ledger.
///
/// # Errors
/// A refusal; the store's faults.
pub fn audit(cx: &mut Cx<'_>) -> Result<Audit, Fault> {
    cx.may("payments.ledger.audit", &Resource::new("Ledger", "ledger"))?;
    let accounts = rows::accounts(cx.tx())?;
    let mut findings = Vec::new();
    balanced(&accounts, &mut findings);
    for sum in [Sum::DebitsPosted, Sum::CreditsPosted, Sum::DebitsPending, Sum::CreditsPending] {
        let told: BTreeMap<AccountId, i64> = rows::sums(cx.tx(), sum)?.into_iter().collect();
        derived(&accounts, sum, &told, &mut findings);
    }
    let brought = requests::brought(cx.tx())?;
    let given_back = returns::given_back(cx.tx())?;
    accounted_for(&accounts, &brought, &given_back, &mut findings);
    for id in returns::odd(cx.tx())? {
        findings.push(format!("{id}: more goes back than was paid"));
    }
    for id in requests::odd_requests(cx.tx())? {
        findings.push(format!("{id}: state and payments disagree"));
    }
    Ok(Audit { accounts: accounts.len(), transfers: rows::count_transfers(cx.tx())?, findings })
}

/// Debits equal credits in every currency, posted and pending.
fn balanced(accounts: &[Account], findings: &mut Vec<String>) {
    let mut totals: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
    for account in accounts {
        let total = totals.entry(account.currency.code()).or_default();
        total.0 += i128::from(account.debits_posted) - i128::from(account.credits_posted);
        total.1 += i128::from(account.debits_pending) - i128::from(account.credits_pending);
    }
    for (currency, (posted, pending)) in totals {
        if (posted, pending) != (0, 0) {
            findings.push(format!("{currency}: debits exceed credits by {posted} posted and {pending} pending"));
        }
    }
}

/// Balances are what the transfers add up to.
fn derived(accounts: &[Account], sum: Sum, told: &BTreeMap<AccountId, i64>, findings: &mut Vec<String>) {
    for account in accounts {
        let stands = match sum {
            Sum::DebitsPosted => account.debits_posted,
            Sum::CreditsPosted => account.credits_posted,
            Sum::DebitsPending => account.debits_pending,
            Sum::CreditsPending => account.credits_pending,
        };
        let told = told.get(&account.id).copied().unwrap_or(0);
        if stands != told {
            findings.push(format!("{}: {sum:?} stands at {stands}, the transfers say {told}", account.reference));
        }
    }
}

/// A wallet's account holds what it brought and did not get back; suspense holds what was not applied.
fn accounted_for(accounts: &[Account], brought: &[Brought], given_back: &[(String, i64)], findings: &mut Vec<String>) {
    for account in accounts {
        let of_account = |one: &&Brought| match account.reference.split_once(':') {
            Some(("wallet", wallet)) => one.wallet == wallet && one.state != PaymentState::Refunded,
            Some(("suspense", currency)) => {
                one.currency == currency && matches!(one.state, PaymentState::Refunding | PaymentState::Review)
            }
            _ => false,
        };
        let held = match account.reference.split_once(':') {
            Some(("wallet", _)) => account.held(),
            Some(("suspense", _)) => -account.held(),
            _ => continue,
        };
        let back = given_back.iter().filter(|(wallet, _)| account.reference == format!("wallet:{wallet}"));
        let told = brought.iter().filter(of_account).map(|one| one.minor).sum::<i64>()
            - back.map(|(_, minor)| minor).sum::<i64>();
        if held != told {
            findings.push(format!("{}: holds {held}, the payments say {told}", account.reference));
        }
    }
}
