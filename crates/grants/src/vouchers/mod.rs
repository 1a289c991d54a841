//! Vouchers: single-use, unguessable, backed to the lisente, good without a network.
//!
//! **Invariant:** a voucher's value is held in the ledger until it is redeemed, has expired or is cancelled, and it is redeemed
//! once, whichever devices took it in whichever order they are heard of: the first that is heard is paid, each other is
//! charged to its device's float. Its number is sealed, found by a keyed hash, and in no log, act or address.
//!
//! | file | its job |
//! |---|---|
//! | `model.rs` | [`Voucher`] and its states |
//! | `number.rs` | numbers and serials; the signed form that a device checks without a network |
//! | `issue.rs` | [`pre_activate`], [`activate`], vouchers of a run |
//! | `redeem.rs` | [`redeem`], [`hear`]: at once, and what devices tell later |
//! | `pay.rs` | [`pay()`]: a fee or a bill is paid with one |
//! | `end.rs` | [`cancel`]; the end of its time |
//! | `look.rs` | [`look`]; one's own |

pub(crate) mod end;
pub(crate) mod issue;
pub(crate) mod look;
mod model;
pub(crate) mod number;
mod pay;
pub(crate) mod redeem;

pub use end::cancel;
pub use issue::{Issued, NewVoucher, activate, pre_activate};
pub use look::{look, own};
pub use model::{Voucher, VoucherState};
pub use number::{Slip, check_slip};
pub use pay::pay;
pub use redeem::{Heard, Outcome, Redemption, hear, redeem};

use spine::{Cx, Resource};

use crate::engine::Grants;

/// A voucher as policies see it: whether the asking system is licensed for vouchers.
pub(crate) fn resource(cx: &Cx<'_>, grants: &Grants) -> Resource {
    let licensed = grants.inner.payouts.source(&cx.actor().id).is_some_and(|source| source.vouchers);
    Resource::new("Voucher", "voucher").is("licensed", licensed)
}
