//! The auditor: replays the whole ledger from its transfers, and holds it against the money that the wallets brought.
//!
//! **Invariant:** it reads only, and trusts no balance.

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault};

use crate::gateway::model::PaymentState;
use crate::ledger::{self, Account, Known, Verified};
use crate::rows::disbursements;
use crate::rows::ledger as rows;
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
    let Verified { transfers, mut findings, .. } = ledger::verify(cx)?;
    let accounts: Vec<Account> = rows::accounts(cx.tx())?.iter().map(Known::shown).collect();
    let brought = requests::brought(cx.tx())?;
    let given_back = returns::given_back(cx.tx())?;
    let paid_out = disbursements::paid_out(cx.tx())?;
    accounted_for(&accounts, &brought, &given_back, &paid_out, &mut findings);
    for (currency, minor) in disbursements::contested(cx.tx())? {
        let held = accounts.iter().find(|it| it.reference == format!("contested:{currency}")).map_or(0, Account::held);
        if held != minor {
            findings.push(format!("contested:{currency}: holds {held}, the payments say {minor}"));
        }
    }
    for id in returns::odd(cx.tx())? {
        findings.push(format!("{id}: more goes back than was paid"));
    }
    for id in requests::odd_requests(cx.tx())? {
        findings.push(format!("{id}: state and payments disagree"));
    }
    Ok(Audit { accounts: accounts.len(), transfers, findings })
}

/// A wallet's account holds what it brought and did not get back; suspense holds what was not applied.
fn accounted_for(
    accounts: &[Account],
    brought: &[Brought],
    given_back: &[(String, i64)],
    paid_out: &[(String, String, i64)],
    findings: &mut Vec<String>,
) {
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
        let out = paid_out.iter().filter(|(rail, _, _)| account.reference == *rail);
        let told = brought.iter().filter(of_account).map(|one| one.minor).sum::<i64>()
            - back.map(|(_, minor)| minor).sum::<i64>()
            - out.map(|(_, _, minor)| minor).sum::<i64>();
        if held != told {
            findings.push(format!("{}: holds {held}, the payments say {told}", account.reference));
        }
    }
}
