//! Telling people things: SMS and e-mail, said in their language, carried by workers, kept for them to
//! read again; and the inbox that stands in for the network in a demonstration.
//!
//! **Invariant:** a notice commits with the deed it tells of; a secret text (a one-time code) is gone a
//! quarter of an hour later; addresses and texts are in no log, act or job.
//!
//! | file | its job |
//! |---|---|
//! | `model.rs` | [`Notice`], [`Channel`], [`Carrier`], [`DevelopmentInbox`] |
//! | `send.rs` | [`Messages::send`] |
//! | `deliver.rs` | the workers: carrying, forgetting |
//! | `own.rs` | [`Messages::notices_of`]: a person's own notices |
//! | `inbox.rs` | the development inbox: `/inbox`, `/api/inbox` |
//! | `carriers.rs`, `gateway.rs`, `mail.rs` | the carriers of a real installation: an SMS gateway, a mail relay |
//! | `receipt.rs` | what the gateway tells of a message: `/api/messages/receipts` |
//! | `sms.rs` | the GSM alphabet: folding, parts |
//! | `ussd/` | the menu on any phone: the aggregator's door, screens, a phone in the browser |
//! | `rows.rs` | every SQL text |

mod carriers;
mod deliver;
mod gateway;
mod inbox;
mod mail;
mod model;
mod own;
mod receipt;
mod rows;
mod send;
pub mod sms;
pub mod ussd;

use std::fmt;
use std::sync::Arc;

pub use carriers::Carriers;
pub use gateway::SmsGateway;
pub use inbox::inbox_routes;
pub use mail::{MailRelay, MailSecurity, MailSettings};
pub use model::{
    Carrier, CarryFault, Carrying, Channel, DevelopmentInbox, MessageId, MessageKind, Notice, NoticeId, NoticeKind,
    Outgoing, OwnNotice,
};
pub use receipt::{ReceiptState, Told, receipt_routes, take as take_receipt};
use spine::{Language, Migration, Words};

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "messages", number: 1, name: "messages", sql: include_str!("../migrations/0001_messages.sql") },
    Migration { engine: "messages", number: 2, name: "receipts", sql: include_str!("../migrations/0002_receipts.sql") },
    Migration { engine: "messages", number: 3, name: "ussd", sql: include_str!("../migrations/0003_ussd.sql") },
];

/// The engine: the words to say things in, and who carries them. Cheap to clone.
#[derive(Clone)]
pub struct Messages {
    words: Arc<Words>,
    carrier: Arc<dyn Carrier>,
}

impl Messages {
    /// Says things in these words, and carries them to the development inbox.
    #[must_use]
    pub fn new(words: Arc<Words>) -> Self {
        Self { words, carrier: Arc::new(DevelopmentInbox) }
    }

    /// The same with another carrier.
    #[must_use]
    pub fn carried_by(mut self, carrier: Arc<dyn Carrier>) -> Self {
        self.carrier = carrier;
        self
    }

    /// The country's languages, each with its own name.
    #[must_use]
    pub fn languages(&self) -> Vec<(Language, String)> {
        self.words.locales().map(|locale| (locale.language.clone(), locale.name.clone())).collect()
    }

    /// The language for who has said none.
    #[must_use]
    pub fn default_language(&self) -> Language {
        self.words.default_language()
    }

    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    pub(crate) fn carrier(&self) -> &Arc<dyn Carrier> {
        &self.carrier
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Messages")
    }
}
