//! What is told to whom: notices, the messages that carry them, and who carries those.
//!
//! **Invariant:** an address and a text are personal; `Debug` shows neither. A secret text (a one-time
//! code) has an end, after which it is nowhere.

use std::fmt;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use spine::{Id, IdKind, Language, Personal, Text, Timestamp};

use crate::sms::Sms;

/// The kind of a notice's identifier.
#[derive(Debug)]
pub struct NoticeKind;

impl IdKind for NoticeKind {
    const PREFIX: &'static str = "ntc";
}

/// A notice's identifier.
pub type NoticeId = Id<NoticeKind>;

/// The kind of a message's identifier.
#[derive(Debug)]
pub struct MessageKind;

impl IdKind for MessageKind {
    const PREFIX: &'static str = "msg";
}

/// A message's identifier, which is also its key with whoever carries it.
pub type MessageId = Id<MessageKind>;

/// Something to tell a person.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    /// Whom, if she is known to the program: then it also stands among her notices.
    pub person: Option<String>,
    /// Her telephone: an SMS goes there.
    pub phone: Option<Personal<String>>,
    /// Her e-mail address: a mail goes there.
    pub email: Option<Personal<String>>,
    /// The language to say it in.
    pub language: Language,
    /// What it is about, in a few words; the subject of a mail.
    pub subject: Text,
    /// The whole sentence. An SMS holds this alone, so it must be clear without the subject.
    pub body: Text,
    /// Why it is sent, as a code: `identity.signin`.
    pub purpose: &'a str,
    /// It holds a code or a link that lets somebody in: kept for a quarter of an hour, shown to nobody.
    pub secret: bool,
}

/// A way to reach a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A short message to a phone.
    Sms,
    /// A mail.
    Email,
}

impl Channel {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    pub(crate) fn of(code: &str) -> Self {
        if code == "email" { Self::Email } else { Self::Sms }
    }
}

/// A message ready to go.
#[derive(Clone)]
pub struct Outgoing {
    /// Its identifier; carrying the same one twice is to show it once.
    pub id: MessageId,
    /// The way.
    pub channel: Channel,
    /// Where to.
    pub address: Personal<String>,
    /// The subject of a mail.
    pub subject: Personal<String>,
    /// The text of a mail.
    pub body: Personal<String>,
    /// The text of a short message, folded and cut.
    pub sms: Sms,
}

impl Outgoing {
    pub(crate) fn new(id: MessageId, channel: Channel, address: String, subject: String, body: String) -> Self {
        let sms = Sms::of(&body);
        let (address, subject, body) = (Personal::new(address), Personal::new(subject), Personal::new(body));
        Self { id, channel, address, subject, body, sms }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Outgoing({}, {:?})", self.id, self.channel)
    }
}

/// Why a message was not carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CarryFault {
    /// Not now: try again.
    Later,
    /// This address takes none; trying again will not help.
    Refused,
}

/// What carrying ends with: the carrier's own reference, or why not.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Result<String, CarryFault>> + Send + 'a>>;

/// Who carries messages: an SMPP link, a mail relay, the development inbox. Called by workers only.
pub trait Carrier: Send + Sync + 'static {
    /// Carries a message, or says why not. The same id may come again after a crash.
    fn carry<'a>(&'a self, message: &'a Outgoing) -> Carrying<'a>;
}

/// Carries everything at once, to nowhere but the inbox page of a demonstration.
#[derive(Clone, Copy, Debug, Default)]
pub struct DevelopmentInbox;

impl Carrier for DevelopmentInbox {
    fn carry<'a>(&'a self, message: &'a Outgoing) -> Carrying<'a> {
        let reference = format!("inbox:{}", message.id);
        Box::pin(std::future::ready(Ok(reference)))
    }
}

/// A notice as its person sees it.
#[derive(Clone, Serialize, Deserialize)]
pub struct OwnNotice {
    /// Its identifier, and the cursor for the notices before it.
    pub id: NoticeId,
    /// When it was sent.
    pub at: Timestamp,
    /// The language it was said in.
    pub language: Language,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// Why it was sent.
    pub purpose: String,
    /// The ways it went.
    pub channels: Vec<Channel>,
    /// The gateway says that one of them did not reach her.
    pub failed: bool,
}

impl fmt::Debug for OwnNotice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "OwnNotice({})", self.id)
    }
}
