//! Banks and wallets at the switch: how they join, what they may owe, what they deposit.
//!
//! **Invariant:** every account here is an account of the ledger; no balance stands anywhere else.
//!
//! | file | its job |
//! |---|---|
//! | `join.rs` | the hub's own books; a participant and its accounts; how it is called and proves itself |
//! | `limits.rs` | net-debit caps; active or not |
//! | `funds.rs` | deposits and withdrawals at the settlement bank |

mod funds;
mod join;
mod limits;

pub(crate) use funds::finish_out;
pub use funds::{Direction, Funds, fund};
pub(crate) use join::open_hub;
pub use join::{Access, Joining, enrol, set_access, set_endpoint};
pub use limits::{Cap, set_cap};
pub(crate) use limits::{set_account_active, set_active};

use spine::{Cx, Fault, Resource};

/// Asks whether the actor may change participants.
fn ask(cx: &mut Cx<'_>, name: &str) -> Result<(), Fault> {
    cx.may("switch.participant.change", &Resource::new("Participant", name))
}
