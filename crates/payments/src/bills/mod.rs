//! Bills: an institution asks for money under a number that can be typed, said, printed and scanned, and whoever holds
//! the number may pay: the person herself, her brother abroad, a shop for cash.
//!
//! **Invariant:** a bill takes no more than it asks for; what it took is divided among its beneficiaries to the last minor
//! unit, in the commit that took it. Its page says what it is for and what is left, and nobody's name.
//!
//! | file | its job |
//! |---|---|
//! | `model.rs` | [`Bill`], [`NewBill`], [`Share`] |
//! | `make.rs` | [`make`], one or thousands; [`withdraw`] |
//! | `pay.rs` | [`pay`]: a request to pay for all or a part of it |
//! | `divide.rs` | who gets how much of a part |
//! | `applied.rs` | money came, or goes back |
//! | `pages.rs` | the page of a bill |

mod applied;
mod divide;
mod make;
mod model;
pub(crate) mod pages;
mod pay;

pub(crate) use applied::{applied, given_again, is_divided, taken_back, takes};
pub use divide::divide;
pub(crate) use make::{EXPIRE, expire, open};
pub use make::{make, withdraw};
pub(crate) use model::Standing;
pub use model::{Bill, BillId, BillState, NewBill, Share};
pub use pages::typed_amount;
pub(crate) use pay::{ask, payable};
pub use pay::{find, mine, pay, payments_of};
