//! The vocabulary every room of the house shares: what an id, a moment, an amount, a sentence, an
//! actor, a refusal and a transaction are.
//!
//! **Invariant:** nothing here does I/O, knows a database dialect, or speaks HTTP. What an operation
//! needs of the world (the time, randomness, the transaction, who is asking) reaches it through
//! [`Cx`] and in no other way, so an operation can be retried, replayed and simulated.
//!
//! | file | what it says |
//! |---|---|
//! | `id.rs` | typed, time-ordered identifiers (`per_…`) |
//! | `time.rs` | [`Timestamp`], [`Date`], the [`Clock`] |
//! | `money.rs` | [`Money`] in minor units, never a float |
//! | `damm.rs` | the check digit of numbers that people read to one another |
//! | `text.rs`, `words.rs` | sentences as keys, and the languages that say them |
//! | `fold.rs` | one search key for a name written in several spellings |
//! | `actor.rs` | who acts, for whom, through what, how surely known |
//! | `behalf.rs` | for whom an actor acts where that is another, and how far |
//! | `act.rs` | what an operation leaves behind: acts, events, jobs |
//! | `cx.rs` | the context of one operation |
//! | `tx.rs` | the transaction, its values and rows, and the [`Database`] behind it |
//! | `fault.rs` | the closed set of ways to refuse |
//! | `guarded.rs` | [`Secret`] and [`Personal`], which cannot be printed |
//! | `canonical.rs` | one byte form of a JSON value, for hashing |

pub mod act;
pub mod actor;
pub mod behalf;
pub mod canonical;
pub mod cx;
pub mod damm;
pub mod fault;
pub mod fold;
pub mod guarded;
pub mod id;
pub mod money;
pub mod text;
pub mod time;
pub mod tx;
pub mod words;

pub use act::{Act, Event, Job};
pub use actor::{Actor, ActorKind, Assurance, Caller, Via};
pub use behalf::{Behalf, Scope};
pub use cx::{Authority, Cx, Entropy, Leavings, Resource};
pub use damm::check_digit;
pub use fault::{Fault, FaultKind, FieldFault};
pub use fold::Folding;
pub use guarded::{Personal, Secret};
pub use id::{Id, IdKind};
pub use money::{Currency, Money};
pub use text::{Arg, Language, Localised, Text};
pub use time::{Clock, Date, Timestamp};
pub use tx::{Answer, Companion, Database, Lane, Migration, Row, Tx, TxError, Value, Work};
pub use words::{Locale, Words};
