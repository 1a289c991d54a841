//! The national ID: numbers given out in its stead, enrolment, cards, and what ends them.
//!
//! **Invariant:** nobody decides alone on who somebody is; no secret of a person passes through an officer's hands; what
//! the country says of it stands in the pack's `enrolment.toml`.
//!
//! | file | its job |
//! |---|---|
//! | `rules.rs` | [`Rules`]: what the pack says |
//! | `vid.rs` | [`Vid`]: numbers in a person's stead |
//! | `number_pages.rs` | `/my/number`, `/account/factors` |

mod number_pages;
mod rules;
pub(crate) mod vid;

use std::sync::Arc;

use axum::Router;
use civil::Civil;
use journal::Acts;

pub use rules::{Rules, RulesError, VidKind};
pub use vid::{OwnVid, Vid, VidMade, make_vid, own_vids, revoke_vid};

use crate::keys::Keys;
use crate::settings::Identity;

/// What [`Enrolment`] is made of.
pub struct EnrolmentSettings {
    /// Accounts, and whatever opens by them.
    pub identity: Identity,
    /// Births, and the population.
    pub civil: Civil,
    /// What the country says.
    pub rules: Rules,
}

/// The national ID. Cheap to clone.
#[derive(Clone)]
pub struct Enrolment {
    inner: Arc<EnrolmentSettings>,
}

impl Enrolment {
    /// Brings it together.
    #[must_use]
    pub fn new(settings: EnrolmentSettings) -> Self {
        Self { inner: Arc::new(settings) }
    }

    /// Every page and endpoint of it.
    pub fn routes(&self) -> Router {
        number_pages::routes().with_state(self.clone())
    }

    /// What the country says.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.inner.rules
    }

    pub(crate) fn acts(&self) -> &Acts {
        &self.inner.identity.inner.acts
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.identity.inner.keys
    }

    pub(crate) fn civil(&self) -> &Civil {
        &self.inner.civil
    }
}
