//! Remittances: somebody abroad pays a bill or a fee at home, straight to whom it is owed. A licensed partner collects the money in
//! the sender's currency.
//!
//! **Invariant:** the sender sees every fee and the rate before she agrees, and is asked for that total and no other. The
//! two currencies meet in two transfers of one commit: what the partner owes, and what the payee gets.
//!
//! | file | its job |
//! |---|---|
//! | `corridors.rs` | [`Corridors`]: the pack's partners |
//! | `quote.rs` | [`quote`]: what it costs |
//! | `owed.rs` | what goes by the number that was typed |
//! | `order.rs` | [`order`]: the partner is to collect |
//! | `receive.rs` | what the partner tells |
//! | `workers.rs`, `api.rs`, `pages.rs` | calls, callbacks, pages |

pub(crate) mod api;
mod corridors;
mod order;
mod owed;
pub(crate) mod pages;
mod quote;
mod receive;
pub(crate) mod workers;

pub use corridors::{Corridors, CorridorsError, Partner};
pub(crate) use order::go_on;
pub use order::{NewOrder, Remittance, RemittanceId, RemittanceState, order, remittance};
pub use quote::{Quote, quote};
pub use receive::{Collected, receive};
