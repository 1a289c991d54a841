//! Payments: the nation's ledger, requests to pay, and the wallets they are paid with.
//!
//! **Invariant:** money is never made or lost: every movement is a transfer between two accounts in one
//! currency, and all that a wallet says it took is in the ledger, with its request or in suspense.
//!
//! | room | its job |
//! |---|---|
//! | `ledger/` | accounts and [`transfers`], in double entry |
//! | `gateway/` | requests to pay, from asking to receipt |
//! | `agents/` | counters of agents, and who gives them float |
//! | `charges/` | what a rail charges, and who bears it |
//! | `bills/` | what anybody who holds the number may pay |
//! | `billers/` | payment as a service: institutions whose programs send bills |
//! | `rails/` | wallets and what else brings and takes money |
//! | `funds/` | what a country levies for a purpose and spends on it |
//! | `disputes/` | a payer says that something is wrong; who has the money answers; the treasury decides |
//! | `merchants/` | small shops: a code on the counter, money every evening |
//! | `associations/` | burial societies: money goes out when so many signatories agree |
//! | `remittance/` | bills paid from abroad |
//! | `sanctions/` | published lists of names, taken from files and put in force by two officers |
//! | `screening/` | payments that a rule stops until officers have looked |
//! | `treasury/` | reconciling, exceptions, suspense, revenue |
//! | `audit.rs` | [`audit()`]: adds everything up again |
//! | `rows/` | every SQL text |

pub mod agents;
pub mod associations;
pub mod audit;
pub mod billers;
pub mod bills;
pub mod charges;
pub mod disputes;
pub mod funds;
mod gateway;
pub mod ledger;
pub mod merchants;
mod openapi;
mod rails;
pub mod remittance;
mod rows;
pub mod sanctions;
pub mod screening;
pub mod treasury;

pub use audit::{Audit, audit};
pub use gateway::arrive::{Arrival, ArrivalId, ArrivalState, apply};
pub use gateway::back::{send_back, send_payment_back, send_return};
pub use gateway::by_reference::{Fee, fee, pay_fee};
pub use gateway::check_digit::is_receipt_number;
pub use gateway::choose::choose_wallet;
pub(crate) use gateway::events::Emit;
pub use gateway::give_back::{give_back, give_back_again};
pub use gateway::model::{
    Attempt, AttemptId, AttemptState, NewRequest, Payment, PaymentId, PaymentState, Request, RequestId, RequestState,
    Return, ReturnId, ReturnState,
};
pub use gateway::receive::{News, Told, ToldState, receive};
pub use gateway::refund::refund;
pub use gateway::request::{request, withdraw};
pub use gateway::view::{Desk, Filter, Receipt, RequestView, desk, find, receipt, returned, view};
pub use gateway::{Gateway, Institutions, calls, routes};
pub use ledger::{
    Account, AccountId, AccountKind, Booked, Bound, NewAccount, Step, Transfer, TransferId, balances_of, open_account,
    post, transfer, transfers, void,
};
pub use openapi::openapi;
pub use rails::banks::{Bank, BankLink, Banks, BanksError, OwnAccount};
pub use rails::cards;
pub use rails::cash::{AtTheCounter, Taken, at_the_counter, open_counter, take_cash};
pub use rails::open_api::OpenApiLink;
pub use rails::payout::outcome::{PaidOut, PaidOutState, resolve};
pub use rails::payout::{
    ByPhone, Destination, Disbursement, DisbursementId, DisbursementState, Handed, NewDisbursement, Rails, disburse,
    disburse_all, disbursement,
};
pub use rails::wallets::{Wallet, WalletLink, Wallets, WalletsError};
pub use rails::workers::handlers;
pub use rails::{hubs, iso20022, simulator, vouchers};
use spine::Migration;

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "payments", number: 1, name: "ledger", sql: include_str!("../migrations/0001_ledger.sql") },
    Migration { engine: "payments", number: 2, name: "requests", sql: include_str!("../migrations/0002_requests.sql") },
    Migration { engine: "payments", number: 3, name: "returns", sql: include_str!("../migrations/0003_returns.sql") },
    Migration { engine: "payments", number: 4, name: "bounds", sql: include_str!("../migrations/0004_bounds.sql") },
    Migration { engine: "payments", number: 5, name: "books", sql: include_str!("../migrations/0005_books.sql") },
    Migration { engine: "payments", number: 6, name: "bills", sql: include_str!("../migrations/0006_bills.sql") },
    Migration {
        engine: "payments",
        number: 7,
        name: "remittances",
        sql: include_str!("../migrations/0007_remittances.sql"),
    },
    Migration {
        engine: "payments",
        number: 8,
        name: "merchants",
        sql: include_str!("../migrations/0008_merchants.sql"),
    },
    Migration { engine: "payments", number: 9, name: "billers", sql: include_str!("../migrations/0009_billers.sql") },
    Migration {
        engine: "payments",
        number: 10,
        name: "disbursements",
        sql: include_str!("../migrations/0010_disbursements.sql"),
    },
    Migration { engine: "payments", number: 11, name: "bank", sql: include_str!("../migrations/0011_bank.sql") },
    Migration {
        engine: "payments",
        number: 12,
        name: "treasury",
        sql: include_str!("../migrations/0012_treasury.sql"),
    },
    Migration {
        engine: "payments",
        number: 13,
        name: "disputes",
        sql: include_str!("../migrations/0013_disputes.sql"),
    },
    Migration {
        engine: "payments",
        number: 14,
        name: "screening",
        sql: include_str!("../migrations/0014_screening.sql"),
    },
    Migration {
        engine: "payments",
        number: 15,
        name: "associations",
        sql: include_str!("../migrations/0015_associations.sql"),
    },
    Migration { engine: "payments", number: 16, name: "hubs", sql: include_str!("../migrations/0016_hubs.sql") },
    Migration { engine: "payments", number: 17, name: "limits", sql: include_str!("../migrations/0017_limits.sql") },
    Migration { engine: "payments", number: 18, name: "cards", sql: include_str!("../migrations/0018_cards.sql") },
    Migration { engine: "payments", number: 20, name: "charges", sql: include_str!("../migrations/0020_charges.sql") },
    Migration { engine: "payments", number: 21, name: "agents", sql: include_str!("../migrations/0021_agents.sql") },
    Migration { engine: "payments", number: 22, name: "funds", sql: include_str!("../migrations/0022_funds.sql") },
    Migration {
        engine: "payments",
        number: 23,
        name: "limits_of_hours",
        sql: include_str!("../migrations/0023_limits_of_hours.sql"),
    },
    Migration { engine: "payments", number: 24, name: "fees", sql: include_str!("../migrations/0024_fees.sql") },
    Migration {
        engine: "payments",
        number: 25,
        name: "fees_from_abroad",
        sql: include_str!("../migrations/0025_fees_from_abroad.sql"),
    },
    Migration {
        engine: "payments",
        number: 26,
        name: "sanctions",
        sql: include_str!("../migrations/0026_sanctions.sql"),
    },
    Migration {
        engine: "payments",
        number: 27,
        name: "signatories_removed",
        sql: include_str!("../migrations/0027_signatories_removed.sql"),
    },
    Migration {
        engine: "payments",
        number: 28,
        name: "sanctions_look",
        sql: include_str!("../migrations/0028_sanctions_look.sql"),
    },
    Migration {
        engine: "payments",
        number: 29,
        name: "levies_of_part_years",
        sql: include_str!("../migrations/0029_levies_of_part_years.sql"),
    },
    Migration {
        engine: "payments",
        number: 30,
        name: "counters_payments",
        sql: include_str!("../migrations/0030_counters_payments.sql"),
    },
];
