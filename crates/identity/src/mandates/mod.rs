//! Acting for others: parents and guardians for children, carers and those with a power of attorney for whoever gave it or
//! cannot, officers of an organisation for it.
//!
//! **Invariant:** a mandate opens the scopes it names, which the pack declares, and nothing else; it counts from one request
//! to the next, so its end is felt at once. Guardianship follows from the family and is stored nowhere. Nobody signs in as
//! another, changes her PIN, says that she lives, or gives a mandate in her name: no scope may name that.
//!
//! | file | its job |
//! |---|---|
//! | `rules.rs` | [`MandateRules`]: the pack's kinds and scopes; [`Mandates`]: them proved |
//! | `mandate.rs` | [`Mandate`] and its states |
//! | `give.rs` | a person gives one, the other accepts |
//! | `register.rs` | an officer registers one on evidence, a second agrees; organisations |
//! | `end.rs` | the end of one, by either, by an officer, by a death or a lock |
//! | `acting.rs` | for whom a session acts, and whether it still may |
//! | `elsewhere.rs` | signing in at another program for another: the `act` claim |
//! | `pages.rs`, `choose_pages.rs`, `officer_pages.rs` | one's own mandates, the choice, the officers' desk |

pub(crate) mod acting;
pub(crate) mod choose_pages;
mod elsewhere;
pub(crate) mod end;
mod give;
mod mandate;
mod officer_pages;
mod pages;
mod register;
pub(crate) mod rules;

pub(crate) use acting::ActedBy;
use axum::Router;
pub use end::end as end_mandate;
pub use give::{Offer, answer as answer_offer, offer};
pub use mandate::{Mandate, MandateId, MandateState};
pub use register::{OrganisationId, Proposal, approve, propose, register_organisation};
pub use rules::{MandateError, MandateRules, Mandates};

use crate::settings::Identity;

/// The pages.
pub(crate) fn routes() -> Router<Identity> {
    pages::routes().merge(choose_pages::routes()).merge(elsewhere::routes()).merge(officer_pages::routes())
}
