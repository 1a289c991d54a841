//! Funds that a country keeps for a purpose, such as a universal service fund: levies come in, projects are paid, and anybody may
//! see both.
//!
//! **Invariant:** what a fund has is one account of the ledger that cannot be overdrawn. It is paid from for a project and within its
//! budget, never by one officer alone; what was asked for is held from then on. Every figure that is shown is added up from what the
//! ledger booked on that account. Which funds there are, and their levies, is the pack's (`funds.toml`).
//!
//! | file | its job |
//! |---|---|
//! | `pack.rs` | [`Funds`], [`Fund`], [`Levy`] |
//! | `model.rs` | [`Assessment`], [`Project`], [`FundPayment`] |
//! | `levy.rs` | [`assess`]: what a contributor owes for a year, as a bill |
//! | `part.rs` | [`Licence`], [`Part`]: a levy for less than a year |
//! | `spend.rs` | [`plan`] a project; [`ask`] for a payment; [`decide`], by another officer |
//! | `sight.rs` | [`year`]: what anybody sees; [`desk`]: what its keepers see |
//! | `pages.rs`, `desk_pages.rs` | `/funds` |

mod desk_pages;
mod levy;
mod model;
mod pack;
mod pages;
mod part;
mod sight;
mod spend;

use axum::Router;
use spine::{Cx, Fault, Resource};

use crate::Gateway;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount};

pub use levy::{NewAssessment, assess};
pub use model::{Assessment, AssessmentId, FundPayment, FundPaymentId, FundPaymentState, Project, ProjectId};
pub use pack::{Contributor, Fund, Funds, FundsError, Levy, PartYear};
pub use part::{Licence, Part};
pub use sight::{Entry, FundDesk, FundYear, ProjectView, Side, desk, look, year};
pub use spend::{NewFundPayment, NewProject, ask, decide, plan};

pub(crate) fn routes() -> Router<Gateway> {
    pages::routes().merge(desk_pages::routes())
}

/// The fund called `id`, for a deed of one of its keepers.
fn kept<'a>(cx: &mut Cx<'_>, funds: &'a Funds, id: &str, action: &str) -> Result<&'a Fund, Fault> {
    let fund = funds.find(id).ok_or_else(|| Fault::not_found("payments.fund.unknown"))?;
    let own = cx.actor().institution.as_deref() == Some(fund.keeper.as_str());
    cx.may(action, &Resource::new("Fund", id).is("own", own))?;
    Ok(fund)
}

/// The account of a fund, opened if it is not.
fn account(cx: &mut Cx<'_>, fund: &Fund) -> Result<AccountId, Fault> {
    let (kind, name, bound) = (AccountKind::Liability, "payments.account.fund", Bound::DebitsWithinCredits);
    ledger::account(cx, &NewAccount { reference: &fund.account, kind, currency: fund.currency, name, bound })
}
