//! Who somebody is: accounts of people and officers, signing in, sessions, and the OpenID provider through which
//! the portal and other programs let people in.
//!
//! **Invariant:** an unknown login is answered like a known one with a wrong secret; secrets, codes and tokens are
//! stored hashed or sealed and stand in no act and no log; whatever ends a session ends all that hangs on it.
//!
//! | file | its job |
//! |---|---|
//! | `settings.rs` | [`Identity`]: what the engine is made of |
//! | `account.rs`, `enrol.rs` | accounts, and the operations on them |
//! | `factor.rs` | [`Factor`]: the ways of signing in, each locked by itself |
//! | `sign_in.rs`, `throttle.rs`, `post.rs` | secret, code, session; how often; the message with the code |
//! | `second/` | the second step: messages, authenticator apps, printed codes |
//! | `ussd/`, `by_pin.rs` | the menu on any phone; deeds by PIN |
//! | `assurance.rs`, `step_up.rs` | how surely somebody is known; more where more is needed |
//! | `recovery/` | getting back in: by printed code, or at a service point |
//! | `secret_change.rs`, `secret_pages.rs` | a new PIN or password |
//! | `fresh.rs`, `letters.rs`, `rules.rs` | signed in a moment ago; codes copied by hand; what the country decides |
//! | `session.rs`, `recognise.rs` | sessions, and the middleware that knows them |
//! | `passkey.rs` | WebAuthn |
//! | `provider/` | the OpenID provider: clients, requests, tokens, what they say, its endpoints and pages |
//! | `enrolment/` | the national ID: numbers in its stead, enrolment, cards |
//! | `mandates/` | acting for others |
//! | `devices/` | devices and systems of organisations |
//! | `verification/` | questions of banks and payrolls, proof of life, and what a death closes |
//! | `pages.rs`, `flow.rs` | the pages of a sign-in, one thing each, and the way through them |
//! | `portal.rs` | the portal as a client of this provider: `/sign-in`, `/sign-out` |
//! | `browsers.rs`, `account_pages.rs`, `passkey_pages.rs` | one's own browsers, sessions and passkeys |
//! | `openapi.rs` | what the JSON interfaces say of themselves |
//! | `keys.rs`, `rows/` | derived secrets and tokens; every SQL text |

mod account;
mod account_pages;
mod assurance;
mod browsers;
mod by_pin;
mod devices;
mod enrol;
mod enrolment;
mod factor;
mod flow;
mod fresh;
mod keys;
mod letters;
mod mandates;
mod openapi;
mod pages;
mod passkey;
mod passkey_pages;
#[cfg(test)]
mod passkey_vectors;
mod portal;
mod post;
mod provider;
mod recognise;
mod recovery;
mod rows;
mod rules;
mod second;
mod secret_change;
mod secret_pages;
mod session;
mod settings;
mod sign_in;
mod step_up;
mod throttle;
mod ussd;
mod verification;

pub use account::{Kind, language_of, names_of, normal_login};
pub use assurance::AssuranceRules;
pub use devices::{
    Device, DeviceId, DeviceKind, DeviceRules, DeviceState, NewDevice, register_device, rotate_device_key,
    set_device_state,
};
pub use enrol::{NewOfficer, NewPerson, enrol_officer, enrol_person, set_lock, set_secret};
pub use enrolment::abis::{AbisLink, double as abis_double};
pub use enrolment::packet::{
    Packet, PacketFault, PacketForm, Taken as PacketTaken, Upload, UploadId, UploadState, add_operator_key,
    dismiss_packet, end_operator_key, operator_keys, packets_to_review,
};
pub use enrolment::{
    Activated, Alike, Application, ApplicationId, Beginning, Beside, Biometrics, Card, CardDesk, CardId, CardRules,
    CardStanding, CardState, EarlierCard, Enrolment, EnrolmentSettings, Examined, Exception, Introduced, Introduction,
    IntroductionId, IntroductionState, LetterWaiting, OwnVid, Place, Printed, Proof, Rules, RulesError, Source, State,
    Told as ToldOfPerson, Vid, VidKind, VidMade, activate, answer_introduction, applications, approve, ask_for_card,
    begin, beside, card_desk, card_standing, cards_of, deactivate, delivery_arrived, describe, examine, except,
    find_application, hand_over, import_cards, introduce, judge, letters_waiting, lose_card, make_vid,
    own_introductions, own_vids, print_cards, reactivate, refuse, renew_code, revoke_vid, revoked_cards, send_back,
    spoil_card, stock_blanks, submit, withdraw,
};
pub use factor::{Factor, FactorLock, factor_locks, lock_factor, unlock_factor};
pub use mandates::{
    Mandate, MandateError, MandateId, MandateRules, MandateState, Mandates, Offer, OrganisationId, Proposal,
    answer_offer, approve as approve_mandate, end_mandate, offer as offer_mandate, propose as propose_mandate,
    register_organisation,
};
pub use openapi::openapi;
pub use provider::assurance::TrustFramework;
pub use provider::ciba::{ByPin, Waiting};
pub use provider::client::{ClientError, secret_digest};
pub use provider::metadata::{AuthMethod, ClientMetadata, Delivery, GrantType, Profile, TokenFormat};
pub use recognise::recognise;
pub use rules::{EvidenceKind, PasswordRules, PinRules, RecoveryRules, SignInRules, UssdRules};
pub use session::{SessionId, SessionKind, SessionView, end_all_own, end_own, own_sessions};
pub use settings::{Identity, IdentitySettings, SettingsError};
use spine::Migration;
pub use ussd::Owner;
pub use verification::{
    Answer, Compared, LicenceError, Licences, Life, Question, Told, Verifier, Wanted, attest_life, changes,
    closed_by_death, last_life, last_lives, reopened, unwatch, verify, watch,
};

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    step(1, "accounts", include_str!("../migrations/0001_accounts.sql")),
    step(2, "provider", include_str!("../migrations/0002_provider.sql")),
    step(10, "verification", include_str!("../migrations/0010_verification.sql")),
    step(11, "factors", include_str!("../migrations/0011_factors.sql")),
    step(12, "sign_in", include_str!("../migrations/0012_sign_in.sql")),
    step(13, "mandates", include_str!("../migrations/0013_mandates.sql")),
    step(14, "act", include_str!("../migrations/0014_act.sql")),
    step(15, "devices", include_str!("../migrations/0015_devices.sql")),
    step(20, "vids", include_str!("../migrations/0020_vids.sql")),
    step(21, "enrolment", include_str!("../migrations/0021_enrolment.sql")),
    step(22, "cards", include_str!("../migrations/0022_cards.sql")),
    step(23, "abis", include_str!("../migrations/0023_abis.sql")),
    step(24, "packets", include_str!("../migrations/0024_packets.sql")),
    step(30, "families", include_str!("../migrations/0030_families.sql")),
];

const fn step(number: u32, name: &'static str, sql: &'static str) -> Migration {
    Migration { engine: "identity", number, name, sql }
}
