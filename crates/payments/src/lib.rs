//! Payments: the nation's ledger, requests to pay, and the wallets they are paid with.
//!
//! **Invariant:** money is never made or lost: every movement is a transfer between two accounts in one
//! currency, and all that a wallet says it took is in the ledger, with its request or in suspense.
//!
//! | file | its job |
//! |---|---|
//! | `ledger.rs` | accounts and [`transfers`], in double entry |
//! | `audit.rs` | [`audit()`]: adds everything up again |
//! | `request.rs` | [`request()`], [`withdraw`] |
//! | `choose.rs`, `attempt.rs` | [`choose_wallet`]; what happens to an attempt |
//! | `receive.rs` | [`receive()`]: what a wallet tells; the one place where money comes in |
//! | `refund.rs` | [`refund()`]: money that belongs to nothing goes back |
//! | `view.rs` | [`view()`], [`find`], [`receipt`], [`desk`] |
//! | `give_back.rs` | a paid fee goes back |
//! | `talk.rs`, `workers.rs` | calls to wallets, from jobs |
//! | `api.rs`, `pages.rs`, `officer_pages.rs` | callbacks; the payer's and the officer's pages |
//! | `wallets.rs` | [`Wallets`] of the pack |
//! | `simulator/` | a wallet to try all this with, as a process of its own |
//! | `rows/` | every SQL text |

mod api;
mod attempt;
pub mod audit;
mod choose;
mod events;
mod gateway;
mod give_back;
pub mod ledger;
mod model;
mod officer_pages;
mod pages;
mod receipt_number;
pub mod receive;
mod refund;
pub mod request;
mod rows;
pub mod simulator;
mod talk;
pub mod view;
mod wallets;
mod workers;

pub use audit::{Audit, audit};
pub use choose::choose_wallet;
pub(crate) use events::Emit;
pub use gateway::{Gateway, routes};
pub use give_back::{give_back, give_back_again};
pub use ledger::{
    Account, AccountId, AccountKind, Booked, NewAccount, Step, Transfer, TransferId, balances_of, open_account, post,
    transfer, transfers, void,
};
pub use model::{
    Attempt, AttemptId, AttemptState, NewRequest, Payment, PaymentId, PaymentState, Request, RequestId, RequestState,
    Return, ReturnId, ReturnState,
};
pub use receipt_number::is_receipt_number;
pub use receive::{News, Told, ToldState, receive};
pub use refund::refund;
pub use request::{request, withdraw};
use spine::Migration;
pub use view::{Desk, Filter, Receipt, RequestView, desk, find, receipt, returned, view};
pub use wallets::{Wallet, WalletLink, Wallets, WalletsError};
pub use workers::handlers;

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "payments", number: 1, name: "ledger", sql: include_str!("../migrations/0001_ledger.sql") },
    Migration { engine: "payments", number: 2, name: "requests", sql: include_str!("../migrations/0002_requests.sql") },
    Migration { engine: "payments", number: 3, name: "returns", sql: include_str!("../migrations/0003_returns.sql") },
];
