//! Agents: small counters that take cash for the government, and the super-agents who give them float and take it back.
//!
//! **Invariant:** what an agent has in float and in cash is the same sum all through a shift, whatever she takes and however she is
//! rebalanced; only what is paid in at the bank, taken out there, or earned changes it. Float is never lent: it moves between
//! accounts of the ledger that cannot be overdrawn.
//!
//! | file | its job |
//! |---|---|
//! | `model.rs` | [`Agent`], [`Shift`], [`CounterDevice`] |
//! | `register.rs` | [`register`]: a super-agent takes an agent on |
//! | `float.rs` | [`move_float`]: against cash, both ways; [`withdraw`]: to the bank |
//! | `shift.rs` | [`begin_shift`], [`end_shift`]: counted cash against what should be there |
//! | `commission.rs` | [`settle`]: what an agent has earned goes to her wallet in the evening |
//! | `sight.rs` | [`desk`], [`counter`]: what both see; who runs out today |
//! | `offline.rs`, `api.rs` | [`lend`]: a device's allowance; [`take_offline`]: what it took without a network |
//! | `desk_pages.rs`, `counter_pages.rs` | `/agents` and `/agent` |

pub(crate) mod api;
mod commission;
mod counter_pages;
mod desk_pages;
mod float;
mod model;
mod offline;
mod register;
mod shift;
mod sight;

use axum::Router;

use crate::Gateway;

pub use commission::settle;
pub(crate) use commission::{SETTLE, settle_again};
pub(crate) use desk_pages::folded;
pub use float::{Way, move_float, withdraw};
pub use model::{Agent, AgentId, CounterDevice, CounterDeviceId, NewAgent, Shift, Taking, TakingState};
pub(crate) use offline::{LAPSE, lapse};
pub use offline::{PACKET, lend, take_back, take_offline};
pub use register::register;
pub use shift::{begin_shift, end_shift};
pub use sight::{CounterView, Desk, Standing, counter, desk};

pub(crate) fn routes() -> Router<Gateway> {
    desk_pages::routes().merge(counter_pages::routes())
}
