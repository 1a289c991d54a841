//! Merchants: a small shop takes money by a code on the counter or by a request for each sale, and has it in her wallet
//! every evening.
//!
//! **Invariant:** what is sold is owed to the merchant in the ledger from the commit that took it until it is paid out or
//! given back; she can neither be paid out more than she is owed, nor give back what she has been paid.
//!
//! | file | its job |
//! |---|---|
//! | `emv.rs` | [`Code`]: the text of her QR code |
//! | `shop.rs` | [`register`], [`Merchant`], [`Counter`] of the pack |
//! | `sale.rs` | [`sell`]: a bill with her code |
//! | `settle.rs` | [`settle`]: what she is owed goes to her wallet |
//! | `pages.rs` | her till |

mod emv;
pub(crate) mod pages;
mod sale;
mod settle;
mod shop;

pub use emv::{Code, CodeError};
pub use sale::{give_back, sales, sell};
pub use settle::settle;
pub(crate) use settle::{SETTLE, settle_again};
pub use shop::{Counter, CounterError, Merchant, MerchantId, NewMerchant, mine, register};
