//! Verification for organisations that must know whom they have before them: a yes or no first, what their licence lets
//! them be told, in bulk for payrolls, whether somebody lives, and word when somebody has died.
//!
//! **Invariant:** an organisation asks under a licence the country declares (`verifiers.toml`); every question about a
//! person is an act she can see; an answer holds no more than the licence allows, and what was compared is not in the act.
//!
//! | file | its job |
//! |---|---|
//! | `licence.rs` | [`Licences`]: who may ask what, on which legal basis |
//! | `check.rs` | [`verify`]: one question and its answer |
//! | `batch.rs` | many lines at once, streamed in and out |
//! | `life.rs` | [`attest_life`], [`last_life`], [`last_lives`]: proof of life |
//! | `watch.rs` | [`watch`], [`changes`]; what a death closes ([`closed_by_death`]) and reopens |
//! | `api.rs`, `pages.rs` | the interface of organisations; pages of people and attesting officers |

mod api;
mod batch;
mod check;
mod licence;
mod life;
mod pages;
mod watch;

use axum::Router;

pub use check::{Answer, Compared, Question, verify};
pub use licence::{LicenceError, Licences, Verifier};
pub use life::{Life, attest_life, last_life, last_lives};
pub(crate) use watch::follow;
pub use watch::{Told, Wanted, changes, closed_by_death, reopened, unwatch, watch};

use crate::settings::Identity;

pub(crate) fn routes() -> Router<Identity> {
    api::routes().merge(pages::routes())
}
