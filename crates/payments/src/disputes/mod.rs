//! Disputes: a payer says that something is wrong with what she paid, whoever has the money answers, the treasury decides;
//! each by its day.
//!
//! **Invariant:** one dispute for a payment. From its first moment the money is held in the ledger, if it is still there, and
//! leaves it only by the decision: back to the payer, or free again. A day that has passed shows, and decides nothing.
//!
//! | file | its job |
//! |---|---|
//! | `model.rs` | [`Dispute`], [`Recourse`] of the pack |
//! | `raise.rs` | [`raise`] |
//! | `charged_back.rs` | the payer's bank took a charge back |
//! | `settle.rs` | [`answer`], [`decide`] |
//! | `pages.rs` | the payer's and the officers' pages |

pub(crate) mod charged_back;
mod model;
pub(crate) mod pages;
mod raise;
mod settle;

pub use model::{Dispute, DisputeId, DisputeState, Reason, Recourse};
pub use raise::{of, raise};
pub use settle::{answer, decide, open};
