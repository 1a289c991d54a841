//! The front door: the home page, a person's own page, who looked at her data, and what she was told.
//!
//! **Invariant:** the portal knows nothing of its own; it puts together what the engines know.
//!
//! | file | its page |
//! |---|---|
//! | `home.rs` | `/`, `/my`, `/account` |
//! | `dialled.rs` | no page: bills on any phone, by USSD |
//! | `looks.rs` | `/my/looks`: every deed about a person |
//! | `notices.rs` | `/my/notices` |
//! | `entered.rs` | no page: what people are told when an event of theirs is entered |
//! | `awaited.rs` | no page: what signatories are told when something waits for them |
//! | `receipts.rs` | no page: what people are told when something of theirs is paid |
//! | `navigation.rs` | what stands in the bar, by who visits |

mod awaited;
mod dialled;
mod entered;
mod home;
mod looks;
mod navigation;
mod notices;
mod receipts;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use civil::Civil;
use journal::{Acts, Subscriptions, Workers};
use messages::Messages;
use services::Services;
use spine::{Language, Localised};

pub use dialled::BillMenu;
pub use navigation::{footer, navigation};

/// What the portal puts together. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    /// How deeds are read.
    pub acts: Acts,
    /// The services.
    pub services: Services,
    /// Births, deaths, marriages.
    pub civil: Civil,
    /// Notices.
    pub messages: Messages,
    /// The language of messages to people who never chose one.
    pub language: Language,
    /// What institutions are called.
    pub institutions: Arc<BTreeMap<String, Localised>>,
}

impl Portal {
    /// Which jobs events become.
    #[must_use]
    pub fn subscriptions(subscriptions: Subscriptions) -> Subscriptions {
        let subscriptions = subscriptions.on(entered::TOPIC, entered::JOB).on(receipts::TOPIC, receipts::JOB);
        subscriptions.on(awaited::TOPIC, awaited::JOB)
    }

    /// What it does in the background.
    #[must_use]
    pub fn handlers(&self, workers: Workers) -> Workers {
        let workers = receipts::handler(self.clone(), entered::handler(self.clone(), workers));
        awaited::handler(self.clone(), workers)
    }

    /// The portal's pages.
    pub fn routes(self) -> Router {
        home::routes().merge(looks::routes()).merge(notices::routes()).with_state(self)
    }
}
