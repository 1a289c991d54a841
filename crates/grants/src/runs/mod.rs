//! A run: one round of paying a list for a period.
//!
//! **Invariant:** one officer prepares and another approves; what is paid is what was signed; the money is set aside in the
//! ledger when it is approved, so no run begins that cannot be paid. Every line ends paid, refused or stopped, and the sums
//! of rows, tally and ledger agree at every moment ([`reconcile()`]).
//!
//! | file | its job |
//! |---|---|
//! | `prepare.rs`, `plan.rs` | [`prepare`], [`withdraw`]; [`plan`]: runs that prepare themselves |
//! | `check.rs` | every line before it is paid: alive, proof of life, account, ghosts, limits |
//! | `signed.rs` | the batch as bytes, signed, and held to its signature |
//! | `approve.rs` | [`approve`]: the second officer |
//! | `pay.rs` | money is held, a chunk at a time |
//! | `carry.rs`, `settle.rs` | handed over; what became of it ([`told`]) |
//! | `repair.rs` | [`repair`], [`give_up`]: a payment that came back |
//! | `stop.rs` | the dead are not paid |
//! | `reconcile.rs` | [`reconcile()`]: rows, tally and ledger |
//! | `rehearse.rs` | [`rehearse`]: what a run would come to |
//! | `notify.rs` | people told that their money is there |
//! | `view.rs` | a run as officers see it |

pub(crate) mod approve;
pub(crate) mod carry;
pub(crate) mod check;
pub(crate) mod notify;
pub(crate) mod pay;
pub(crate) mod plan;
pub(crate) mod prepare;
pub(crate) mod reconcile;
pub(crate) mod rehearse;
pub(crate) mod repair;
pub(crate) mod settle;
pub(crate) mod signed;
pub(crate) mod stop;
pub(crate) mod view;

pub use approve::approve;
pub use plan::plan;
pub use prepare::{NewRun, prepare, withdraw};
pub use reconcile::{Reconciled, reconcile};
pub use rehearse::{Rehearsal, rehearse};
pub use repair::{give_up, repair};
pub use settle::told;
pub use view::{PaymentView, ProgrammeView, RunView, desk, failures, lines, payment, programme, run};

use spine::{Cx, Fault, Resource};

use crate::engine::Grants;
use crate::model::{Run, RunId};
use crate::rows::runs as rows;

/// The run with this identifier.
pub(crate) fn found(cx: &mut Cx<'_>, id: RunId) -> Result<Run, Fault> {
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("grants.run.unknown"))
}

/// A run as policies see it.
pub(crate) fn resource(cx: &Cx<'_>, grants: &Grants, run: &Run) -> Result<Resource, Fault> {
    let resource = crate::money::resource(cx, grants.programme(&run.programme)?);
    let resource = Resource { kind: "Run", id: run.id.to_string(), ..resource };
    Ok(resource.is("prepared_by_self", run.prepared_by == cx.actor().id))
}
