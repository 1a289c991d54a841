//! A wallet to try the gateway with: a process of its own that speaks the wallets' protocol and misbehaves on
//! request. For demonstrations and tests; it holds no money and remembers nothing after it ends.
//!
//! How it behaves hangs on the last two digits of the phone number:
//!
//! | digits | what it does |
//! |---|---|
//! | `02` | declines: not enough money |
//! | `03` | never answers |
//! | `04` | approves, and says so twice |
//! | `05` | declines, then approves after all |
//! | `06` | approves when the time to approve is over |
//! | `07` | sends a callback with a wrong signature, then the real one |
//! | `08` | takes another amount than it was asked for |
//! | `09` | answers 503 twice, then takes the request |
//! | `10` | takes the request and the money, but neither its answer nor its callback arrives |
//! | `11` | refuses the request: it does not know the number |
//! | others | approves |
//!
//! A payment to a number behaves alike: `02` is not made, `05` fails and is made after all, `06` is late, and so on.
//!
//! `open_api.rs` is the same wallet as M-Pesa's OpenAPI shows it.
//!
//! **Invariant:** the same key is the same request or refund, with the same answer.

pub mod acquirer;
pub mod bank;
mod book;
pub mod open_api;
mod paying;
mod server;
mod telling;

use std::fmt;
use std::sync::Arc;

use edge::{Outbound, OutboundLimits};
use spine::{Clock, Secret};

pub use server::routes;

/// What the simulated wallet needs to know.
#[derive(Clone)]
pub struct SimulatorSettings {
    /// Where it says what became of a request: `http://127.0.0.1:8080/api/payments/callbacks/mpesa`.
    pub callback_url: String,
    /// The secret both sides sign with.
    pub secret: Secret<Vec<u8>>,
    /// The time, to sign with and to see whether a payer is late.
    pub clock: Arc<dyn Clock>,
    /// How it calls there.
    pub outbound: Outbound,
    /// How long a payer takes to answer, in milliseconds.
    pub delay_ms: u64,
    /// How long an answer hangs that never arrives, in milliseconds.
    pub hang_ms: u64,
}

impl SimulatorSettings {
    /// A payer who takes 0.8 seconds, and answers that hang for half a minute.
    #[must_use]
    pub fn new(callback_url: impl Into<String>, secret: Secret<Vec<u8>>, clock: Arc<dyn Clock>) -> Self {
        let limits = OutboundLimits { connect_ms: 2_000, timeout_ms: 10_000, response_bytes: 64 * 1024 };
        let outbound = Outbound::new(limits);
        Self { callback_url: callback_url.into(), secret, clock, outbound, delay_ms: 800, hang_ms: 30_000 }
    }
}

impl fmt::Debug for SimulatorSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SimulatorSettings")
    }
}

/// How it behaves for one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    Approve,
    Decline,
    Silent,
    Twice,
    DeclineThenApprove,
    Late,
    Forged,
    OtherAmount,
    Busy,
    Lost,
    Refuse,
}

impl Manner {
    pub(crate) fn of(number: &str) -> Self {
        match number.get(number.len().saturating_sub(2)..).unwrap_or_default() {
            "02" => Self::Decline,
            "03" => Self::Silent,
            "04" => Self::Twice,
            "05" => Self::DeclineThenApprove,
            "06" => Self::Late,
            "07" => Self::Forged,
            "08" => Self::OtherAmount,
            "09" => Self::Busy,
            "10" => Self::Lost,
            "11" => Self::Refuse,
            _ => Self::Approve,
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Decline => "decline",
            Self::Silent => "silent",
            Self::Twice => "twice",
            Self::DeclineThenApprove => "decline-then-approve",
            Self::Late => "late",
            Self::Forged => "forged",
            Self::OtherAmount => "other-amount",
            Self::Busy => "busy",
            Self::Lost => "lost",
            Self::Refuse => "refuse",
        }
    }
}
