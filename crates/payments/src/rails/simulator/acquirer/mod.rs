//! A card acquirer to try the hand-over with: a process of its own, with a page where somebody chooses a test card. It takes no
//! card's number, holds no money and remembers nothing after it ends.
//!
//! How it behaves hangs on the test card that is chosen ([`TestCard`]); while a session is opened, on the amount: one that ends
//! in `.09` is answered 503 twice, one that ends in `.10` is taken and not answered, one that ends in `.11` is refused.
//!
//! **Invariant:** the same key is the same session or refund, with the same answer; it never gives back more than it took.

mod book;
mod page;
mod server;

use std::fmt;
use std::sync::Arc;

use edge::Outbound;
pub use server::routes;
use spine::{Clock, Secret};

use super::SimulatorSettings;

/// What the simulated acquirer needs to know.
#[derive(Clone)]
pub struct AcquirerSettings {
    /// Where it says what became of a session: `http://127.0.0.1:8080/api/payments/acquirers/kopano`.
    pub callback_url: String,
    /// The origin of its own pages: `http://127.0.0.1:9090`.
    pub own_url: String,
    /// The secret both sides sign with.
    pub secret: Secret<Vec<u8>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How it calls.
    pub outbound: Outbound,
    /// How long its bank takes, in milliseconds.
    pub delay_ms: u64,
    /// How long an answer hangs that never arrives, in milliseconds.
    pub hang_ms: u64,
    /// What it keeps of what it settles, in thousandths.
    pub commission_thousandths: i64,
}

impl AcquirerSettings {
    /// A bank that takes 0.3 seconds, and a commission of a fortieth.
    #[must_use]
    pub fn new(
        callback_url: impl Into<String>,
        own_url: impl Into<String>,
        secret: Secret<Vec<u8>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let SimulatorSettings { callback_url, secret, clock, outbound, hang_ms, .. } =
            SimulatorSettings::new(callback_url, secret, clock);
        Self {
            callback_url,
            own_url: own_url.into(),
            secret,
            clock,
            outbound,
            delay_ms: 300,
            hang_ms,
            commission_thousandths: 25,
        }
    }
}

impl fmt::Debug for AcquirerSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AcquirerSettings")
    }
}

/// The cards of the page: each behaves in its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TestCard {
    Pays,
    Declines,
    TurnsBack,
    Slow,
    Twice,
    DeclinesThenPays,
    Forged,
    OtherAmount,
    Lost,
    Late,
}

impl TestCard {
    pub(super) const ALL: [Self; 10] = [
        Self::Pays,
        Self::Declines,
        Self::TurnsBack,
        Self::Slow,
        Self::Twice,
        Self::DeclinesThenPays,
        Self::Forged,
        Self::OtherAmount,
        Self::Lost,
        Self::Late,
    ];

    /// As it stands in the form.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Pays => "pays",
            Self::Declines => "declines",
            Self::TurnsBack => "turns_back",
            Self::Slow => "slow",
            Self::Twice => "twice",
            Self::DeclinesThenPays => "declines_then_pays",
            Self::Forged => "forged",
            Self::OtherAmount => "other_amount",
            Self::Lost => "lost",
            Self::Late => "late",
        }
    }

    pub(super) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|card| card.code() == code)
    }

    /// What the page calls it: in English, and in the country's other language.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pays => ("A card that pays", "Karete e lefang"),
            Self::Declines => ("A card without enough money", "Karete e se nang chelete e lekaneng"),
            Self::TurnsBack => ("No card: turn back", "Ha ho karete: khutlela morao"),
            Self::Slow => ("A card whose bank is slow", "Karete eo banka ea eona e liehang"),
            Self::Twice => ("A payment told of twice", "Tefo e boleloang habeli"),
            Self::DeclinesThenPays => ("Declined, then paid after all", "E hanoa, ebe ea lefa"),
            Self::Forged => ("A forged message comes first", "Molaetsa oa bohata o tla pele"),
            Self::OtherAmount => ("Another amount is taken", "Ho nkoa chelete e fapaneng"),
            Self::Lost => ("The message is lost", "Molaetsa oa lahleha"),
            Self::Late => ("Paid when the time is over", "E lefa nako e felile"),
        }
    }
}
