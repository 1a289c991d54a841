//! Payment as a service: a ministry or municipality joins by itself, and its own programs send bills and hear what was paid.
//!
//! **Invariant:** one officer of the institution asks and another officer, of the treasury, opens; only the hash of a key is
//! kept, and it opens nothing but that institution's bills. What was paid can always be fetched again, in order; a call
//! that tells of it is signed, and told until it was taken.
//!
//! | file | its job |
//! |---|---|
//! | `join.rs` | [`ask`], [`open`], [`close`], [`make_key`] |
//! | `api.rs` | bills over the interface |
//! | `tell.rs` | what was paid, to whoever asked to be told |
//! | `pages.rs` | the officers' page |
//! | `sandbox.rs` | a key at once for who writes a program, in a demonstration |

pub(crate) mod api;
mod join;
pub(crate) mod pages;
mod sandbox;
mod tell;

pub use join::{Biller, BillerId, BillerState, Keys, all, ask, close, make_key, new_key, open};
pub use sandbox::sandbox_routes;
pub(crate) use tell::{EventId, TELL, deliver, note};
