//! The auditor: replays the whole ledger from its transfers, and holds it against the money that the wallets brought.
//!
//! **Invariant:** it reads only, and trusts no balance.

use serde::{Deserialize, Serialize};
use spine::{Currency, Cx, Fault};

use crate::gateway::arrive::ArrivalState;
use crate::gateway::model::PaymentState;
use crate::gateway::receive;
use crate::ledger::{self, Account, Known, Verified};
use crate::rows::ledger as rows;
use crate::rows::requests::{self, Brought};
use crate::rows::returns;
use crate::rows::{agents, arrivals, disbursements, disputes};

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
    let told = Told {
        brought,
        given_back,
        paid_out,
        arrived: arrivals::arrived(cx.tx())?,
        settled: arrivals::settled(cx.tx())?,
        charged_back: disputes::charged_back(cx.tx())?,
        kept: arrivals::kept(cx.tx())?,
        moved: agents::moved(cx.tx())?,
        withdrawn: agents::withdrawn(cx.tx())?,
    };
    accounted_for(&accounts, &told, &mut findings);
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

/// What rails said, added up.
struct Told {
    brought: Vec<Brought>,
    given_back: Vec<(String, i64)>,
    paid_out: Vec<(String, String, i64)>,
    arrived: Vec<(String, String, ArrivalState, i64)>,
    settled: Vec<(String, String, Currency, i64)>,
    charged_back: Vec<(String, i64)>,
    kept: Vec<(String, i64)>,
    /// Float from one counter to another: their accounts, minor units.
    moved: Vec<(String, String, i64)>,
    /// Float paid out to banks: the counter's account, minor units.
    withdrawn: Vec<(String, i64)>,
}

/// A rail's account holds what it brought and did not get back; suspense holds what was not applied.
fn accounted_for(accounts: &[Account], told: &Told, findings: &mut Vec<String>) {
    for account in accounts {
        let (held, told) = match account.reference.split_once(':') {
            Some(("wallet" | "bank" | "cash" | "hub" | "acquirer", _)) => {
                (account.held(), told.on_rail(&account.reference))
            }
            Some(("suspense", currency)) => (-account.held(), told.in_suspense(currency)),
            _ => continue,
        };
        if held != told {
            findings.push(format!("{}: holds {held}, the payments say {told}", account.reference));
        }
    }
}

impl Told {
    fn on_rail(&self, rail: &str) -> i64 {
        // What an officer sent back is among what was paid out; what a wallet took back is not.
        let stays = |one: &&Brought| {
            receive::rail_account(&one.wallet) == rail
                && (one.state != PaymentState::Refunded || !receive::gives_back(&one.wallet))
        };
        let brought: i64 = self.brought.iter().filter(stays).map(|one| one.minor).sum();
        let arrived: i64 = self.arrived.iter().filter(|(on, ..)| on == rail).map(|(.., minor)| minor).sum();
        let back: i64 = self
            .given_back
            .iter()
            .filter(|(wallet, _)| receive::rail_account(wallet) == rail && receive::gives_back(wallet))
            .map(|(_, minor)| minor)
            .sum();
        let out: i64 = self.paid_out.iter().filter(|(on, ..)| on == rail).map(|(.., minor)| minor).sum();
        let into: i64 = self.settled.iter().filter(|(bank, ..)| bank == rail).map(|(.., minor)| minor).sum();
        let left: i64 = self.settled.iter().filter(|(_, wallet, ..)| wallet == rail).map(|(.., minor)| minor).sum();
        let gone = self.charged_back.iter().chain(&self.kept).filter(|(on, _)| on == rail);
        let gone: i64 = gone.map(|(_, minor)| minor).sum();
        let gave: i64 = self.moved.iter().filter(|(from, ..)| from == rail).map(|(.., minor)| minor).sum();
        let got: i64 = self.moved.iter().filter(|(_, to, _)| to == rail).map(|(.., minor)| minor).sum();
        let banked: i64 = self.withdrawn.iter().filter(|(from, _)| from == rail).map(|(_, minor)| minor).sum();
        brought + arrived - back - out + into - left - gone + gave - got + banked
    }

    fn in_suspense(&self, currency: &str) -> i64 {
        let waits = |one: &&Brought| {
            one.currency == currency && matches!(one.state, PaymentState::Refunding | PaymentState::Review)
        };
        let brought: i64 = self.brought.iter().filter(waits).map(|one| one.minor).sum();
        let named_nothing = self.arrived.iter().filter(|(_, of, state, _)| {
            of == currency && matches!(state, ArrivalState::Waiting | ArrivalState::Returning)
        });
        brought + named_nothing.map(|(.., minor)| minor).sum::<i64>()
    }
}
