//! The journal: every act, the answer given under every idempotency key, the work that remains, and
//! the evidence log that lets anybody prove any of it.
//!
//! **Invariant:** a change of state, its act, its events and its jobs commit together or not at all, and
//! [`Acts::write`] is the only way to make one.
//!
//! | file | its job |
//! |---|---|
//! | `acts.rs` | [`Acts`]: write and read, idempotency |
//! | `record.rs` | an act in the one byte form that the evidence log commits to |
//! | `authority.rs` | [`Policies`]: who may do what, by the pack's Cedar policies |
//! | `unseen.rs` | what a policy may not compare |
//! | `jobs.rs` | [`Workers`]: outside calls and reactions, retried with back-off |
//! | `dead_letters.rs`, `dead_letter_pages.rs` | jobs that need a person, and their page |
//! | `looks.rs` | who did what about a person |
//! | `log/` | the evidence log: Merkle tree, checkpoints, proofs, witnesses |
//! | `rows.rs` | every SQL text but the log's |

mod acts;
mod authority;
mod dead_letter_pages;
mod dead_letters;
mod jobs;
pub mod log;
mod looks;
mod record;
mod rows;
mod unseen;

pub use acts::{Acts, Key};
pub use authority::{Policies, PolicyError};
pub use dead_letter_pages::operation_routes;
pub use dead_letters::{DeadLetter, dead_letters, discard, retry};
pub use jobs::{JobFault, RunningJob, Subscriptions, Workers};
pub use looks::{ActView, acts_about, acts_on};
pub use record::{ActId, ActKind};
use spine::Migration;

/// The journal's tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "journal", number: 1, name: "acts", sql: include_str!("../migrations/0001_acts.sql") },
    Migration { engine: "journal", number: 2, name: "log", sql: include_str!("../migrations/0002_log.sql") },
];
