//! The rails: how money comes from outside and goes there.
//!
//! **Invariant:** whoever is outside is asked from jobs only, never within an operation; what he says is taken
//! once, whichever way it comes.
//!
//! | file | its job |
//! |---|---|
//! | `wallets.rs`, `banks.rs` | [`wallets::Wallets`] and [`banks::Banks`] of the pack |
//! | `talk.rs`, `workers.rs` | calls to wallets, from jobs |
//! | `speaking.rs`, `open_api/` | the same to a wallet that speaks M-Pesa's OpenAPI |
//! | `api.rs` | their callbacks |
//! | `hubs/` | [`hubs::Hubs`]: hubs between banks and wallets that we are a member of |
//! | `payout/` | [`payout::disburse()`]: money to somebody's wallet or bank account |
//! | `cards/` | the hand-over to an acquirer's page |
//! | `cash.rs`, `cash_pages.rs` | notes and coins at a counter, against what it has paid in |
//! | `vouchers.rs` | a fee paid by a voucher of the government |
//! | `banking/` | files of payments to our bank |
//! | `iso20022/` | the messages of banks and of the clearing |
//! | `simulator/` | a wallet to try all this with, as a process of its own |

pub(crate) mod api;
pub(crate) mod banking;
pub(crate) mod banks;
pub mod cards;
pub(crate) mod cash;
pub(crate) mod cash_pages;
pub mod hubs;
pub mod iso20022;
pub(crate) mod open_api;
pub(crate) mod payout;
pub mod simulator;
pub(crate) mod speaking;
pub(crate) mod talk;
pub mod vouchers;
pub(crate) mod wallets;
pub(crate) mod workers;

use spine::{Currency, Cx, Fault};

use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount};

/// What is wrong with the id of a rail in the pack, if anything is.
pub(crate) fn wrong_id<'a>(id: &str, mut known: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let fine = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_wrong = id.is_empty() || !id.bytes().all(fine) || known.any(|one| one == id);
    is_wrong.then_some("an id is of lower-case letters and digits, and unique")
}

/// The account that stands for a rail: `wallet:mpesa`, `bank:cbl`.
pub(crate) fn account_of(cx: &mut Cx<'_>, reference: &str, currency: Currency) -> Result<AccountId, Fault> {
    let (kind, name, bound) = match reference.split_once(':') {
        Some(("bank", _)) => (AccountKind::Asset, "payments.account.bank", Bound::None),
        Some(("hub", _)) => (AccountKind::Asset, "payments.account.hub", Bound::None),
        Some(("acquirer", _)) => (AccountKind::Asset, "payments.account.acquirer", Bound::None),
        // What vouchers are spent from, filled in the commit that spends them.
        Some(("voucher", _)) => (AccountKind::Liability, "payments.account.voucher", Bound::DebitsWithinCredits),
        // What an acquirer kept of what was paid: income that did not reach us.
        Some(("commission", _)) => (AccountKind::Income, "payments.account.commission", Bound::None),
        // What an office has paid in: it takes no more in cash than that.
        Some(("cash", _)) => (AccountKind::Liability, "payments.account.cash", Bound::DebitsWithinCredits),
        _ => (AccountKind::Asset, "payments.account.wallet", Bound::None),
    };
    ledger::account(cx, &NewAccount { reference, kind, currency, name, bound })
}
