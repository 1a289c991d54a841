//! The front door: the home page, a person's own page, who looked at her data, and what she was told.
//!
//! **Invariant:** the portal knows nothing of its own; it puts together what the engines know.
//!
//! | file | its page |
//! |---|---|
//! | `home.rs` | `/`, `/my`, `/account` |
//! | `looks.rs` | `/my/looks`: every deed about a person |
//! | `notices.rs` | `/my/notices` |
//! | `navigation.rs` | what stands in the bar, by who visits |

mod home;
mod looks;
mod navigation;
mod notices;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use journal::Acts;
use messages::Messages;
use services::Services;
use spine::Localised;

pub use navigation::{footer, navigation};

/// What the portal puts together. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    /// How deeds are read.
    pub acts: Acts,
    /// The services.
    pub services: Services,
    /// Notices.
    pub messages: Messages,
    /// What institutions are called.
    pub institutions: Arc<BTreeMap<String, Localised>>,
}

impl Portal {
    /// The portal's pages.
    pub fn routes(self) -> Router {
        home::routes().merge(looks::routes()).merge(notices::routes()).with_state(self)
    }
}
