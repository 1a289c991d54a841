//! Where people are paid: ID → account, chosen by the person, on her page, on a phone or with an officer.
//!
//! **Invariant:** the first account holds at once; another waits through the cooling-off, and she is told when it was asked for
//! and when it comes true, so that what somebody else asked for can be stopped.
//!
//! | file | its job |
//! |---|---|
//! | `account.rs` | [`fit`]: whether an account can be one |
//! | `address.rs` | an account in one line, as other systems write it |
//! | `choose.rs` | [`choose`], [`stop_change`], [`unlink`] |
//! | `resolve.rs` | [`resolve`], [`payee_of`] |

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod choose;
pub(crate) mod resolve;

pub use account::fit;
pub use address::{read_address, write_address};
pub use choose::{Chosen, choose, stop_change, unlink};
pub use resolve::{OwnPayments, Resolved, own, payee_of, resolve};
