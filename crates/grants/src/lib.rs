//! Grants: the government pays people. Pensions, child grants, subsidies, bursaries, payrolls, from a list to the last
//! payment that came back.
//!
//! **Invariant:** nobody is paid twice for one programme and period, nothing is paid that two officers did not agree to, and
//! nothing that the programme does not have. Every line of a run ends paid, refused or stopped; rows, tally and ledger agree
//! to the last minor unit.
//!
//! | file | its job |
//! |---|---|
//! | `programme.rs`, `payouts.rs` | [`Programmes`], [`Payouts`]: what the pack says |
//! | `engine.rs` | [`Grants`], [`Carrier`] |
//! | `carried.rs` | [`ByRails`]: the payments engine as the carrier |
//! | `lists/` | whom to pay: by file, by rule, from another system |
//! | `mapper/` | where to: ID → account, with a cooling-off |
//! | `runs/` | prepared, checked, approved, signed, paid, carried, settled, repaired, added up, rehearsed |
//! | `post_office.rs` | cash over a counter |
//! | `vouchers/` | single-use, backed, good without a network |
//! | `money.rs` | the ledger's accounts behind it |
//! | `tell.rs` | what people are told |
//! | `ussd/` | one's own grants on any phone |
//! | `jobs.rs` | what runs in the background |
//! | `govstack/`, `g2p/` | the same in the words of GovStack and of G2P Connect |
//! | `api.rs`, `pages/`, `rows/` | interface, pages, every SQL text |

mod api;
mod carried;
mod engine;
mod g2p;
mod govstack;
mod jobs;
pub mod lists;
pub mod mapper;
mod model;
mod money;
mod openapi;
mod pages;
mod payouts;
pub mod post_office;
mod programme;
mod rows;
pub mod runs;
mod tell;
mod ussd;
pub mod vouchers;

pub use carried::ByRails;
pub use engine::{Carrier, Grants, GrantsSettings, Handed, Order, Told};
pub use model::{
    Account, Change, ChangeId, Entry, List, ListId, Payment, PaymentState, Run, RunId, RunState, Source, Tally,
};
pub use money::{Purse, fund, give_float};
pub use openapi::openapi;
pub use payouts::{Payouts, PostOffice, SourceSystem};
pub use programme::{About, Every, Programme, Programmes, Way};
pub use runs::{Rehearsal, rehearse};
use spine::Migration;

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "grants", number: 1, name: "grants", sql: include_str!("../migrations/0001_grants.sql") },
    Migration { engine: "grants", number: 2, name: "vouchers", sql: include_str!("../migrations/0002_vouchers.sql") },
    Migration {
        engine: "grants",
        number: 3,
        name: "interfaces",
        sql: include_str!("../migrations/0003_interfaces.sql"),
    },
];
