//! The national ID: numbers given out in its stead, enrolment, cards, and what ends them.
//!
//! **Invariant:** nobody decides alone on who somebody is; no secret of a person passes through an officer's hands; what
//! the country says of it stands in the pack's `enrolment.toml`.
//!
//! An application goes `begin` (evidence) → `describe` → `except` → `submit` → `judge` (who may be the same) → `approve`,
//! `send_back` or `refuse`; then `activate` opens the account, and a card waits in the queue.
//!
//! | file | its job |
//! |---|---|
//! | `rules.rs` | [`Rules`]: what the pack says |
//! | `application.rs` | [`Application`] and its states |
//! | `take.rs`, `introduce.rs` | an operator takes it; a chief introduces the person |
//! | `alike.rs`, `decide.rs` | who may be the same, and a person's verdict; the supervisor's decision |
//! | `activate.rs` | the code that opens the account |
//! | `card.rs`, `standing.rs` | cards from the queue to their end; an ID out of use and into use again |
//! | `abis/` | the port to an external ABIS |
//! | `packet/` | enrolment in a village without a network |
//! | `vid.rs` | [`Vid`]: numbers in a person's stead |
//! | `desk_pages.rs`, `application_pages.rs`, `alike_pages.rs`, `biometric_pages.rs` | operators and supervisors |
//! | `chief_pages.rs`, `card_pages.rs`, `people_pages.rs` | chiefs, the desk of cards, the desk people come to |
//! | `number_pages.rs`, `activate_pages.rs` | a person’s own |

pub(crate) mod abis;
mod activate;
mod activate_pages;
mod alike;
mod alike_pages;
mod application;
mod application_pages;
mod biometric_pages;
mod card;
mod card_pages;
mod chief_pages;
mod decide;
mod desk_pages;
mod introduce;
mod number_pages;
pub(crate) mod packet;
mod people_pages;
mod rules;
mod standing;
mod take;
pub(crate) mod vid;

use std::sync::Arc;

use axum::Router;
use civil::Civil;
use crypto::jose::DecryptionKey;
use journal::{Acts, Workers};
use messages::Messages;
use spine::{Cx, Date};

pub use activate::{Activated, LetterWaiting, activate, letters_waiting, renew_code};
pub use alike::{Alike, Beside, Source, beside, judge};
pub use application::{Application, ApplicationId, Biometrics, Exception, State, Told};
pub use card::{
    Card, CardDesk, CardId, CardStanding, CardState, EarlierCard, Place, Printed, ask_for_card, card_desk,
    card_standing, cards_of, delivery_arrived, hand_over, import_cards, lose_card, print_cards, revoked_cards,
    spoil_card, stock_blanks,
};
pub use decide::{Examined, applications, approve, examine, find_application, refuse, send_back};
pub use introduce::{
    Introduced, Introduction, IntroductionId, IntroductionState, answer_introduction, introduce, own_introductions,
};
pub use rules::{CardRules, Proof, Rules, RulesError, VidKind};
pub use standing::{deactivate, reactivate};
pub use take::{Beginning, begin, describe, except, submit, withdraw};
pub use vid::{OwnVid, Vid, VidMade, make_vid, own_vids, revoke_vid};

use crate::enrolment::abis::AbisLink;
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
    /// The ABIS, where one is connected.
    pub abis: Option<AbisLink>,
    /// What packets taken without a network are encrypted to; none, and none are taken.
    pub packet_key: Option<Arc<DecryptionKey>>,
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
        Router::new()
            .merge(desk_pages::routes())
            .merge(application_pages::routes())
            .merge(alike_pages::routes())
            .merge(biometric_pages::routes())
            .merge(abis::routes())
            .merge(packet::routes())
            .merge(chief_pages::routes())
            .merge(activate_pages::routes())
            .merge(card_pages::routes())
            .merge(people_pages::routes())
            .merge(number_pages::routes())
            .with_state(self.clone())
    }

    /// Adds the jobs that ask the ABIS.
    #[must_use]
    pub fn handlers(&self, workers: Workers) -> Workers {
        abis::handlers(self, workers)
    }

    pub(crate) fn packet_key(&self) -> Option<&DecryptionKey> {
        self.inner.packet_key.as_deref()
    }

    /// The key set that packets are encrypted to; empty where none are taken.
    #[must_use]
    pub fn packet_keys(&self) -> serde_json::Value {
        serde_json::json!({ "keys": self.packet_key().map(DecryptionKey::jwk).into_iter().collect::<Vec<_>>() })
    }

    /// The program's own address.
    pub(crate) fn address(&self) -> &str {
        &self.inner.identity.inner.issuer
    }

    pub(crate) fn abis(&self) -> Option<&AbisLink> {
        self.inner.abis.as_ref()
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

    pub(crate) fn messages(&self) -> &Messages {
        &self.inner.identity.inner.messages
    }

    /// The country's day at the moment of the operation.
    pub(crate) fn today(&self, cx: &Cx<'_>) -> Date {
        self.civil().population().today(cx)
    }

    pub(crate) fn civil(&self) -> &Civil {
        &self.inner.civil
    }
}
