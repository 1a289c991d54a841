//! Cards: the payer is handed over to an acquirer's own page, and comes back without us having seen her card.
//!
//! **Invariant:** no card's number, name or code is asked for, taken or kept here. What counts is what the acquirer says under
//! its signature, told or asked for; that a browser came back says nothing.
//!
//! | file | its job |
//! |---|---|
//! | `acquirers.rs` | [`Acquirers`] of the pack |
//! | `begin.rs` | [`begin()`], [`begin_bill`]: a try by card |
//! | `receive.rs` | [`told()`]: what an acquirer says became of it |
//! | `workers.rs` | asking what became of a try |
//! | `pages.rs` | the page before the hand-over, the hand-over, and the way back |
//! | `api.rs` | the acquirer's calls |
//!
//! **Absent on purpose:** a form for a card.

pub(crate) mod acquirers;
pub(crate) mod api;
mod begin;
pub(crate) mod pages;
mod receive;
pub(crate) mod workers;

pub use acquirers::{Acquirer, AcquirerLink, Acquirers, AcquirersError};
pub use begin::{begin, begin_bill};
pub use receive::{CardState, CardTold, told};
