//! A bank to try the bank rail with: a process of its own that keeps one account, takes pain.001, tells of it by pain.002 and
//! camt.054, states its days by camt.053, sends money back by pacs.004, and misbehaves on request.
//!
//! How it behaves hangs on the last two digits of the account that a payment goes to:
//!
//! | digits | what it does |
//! |---|---|
//! | `02` | rejects the payment: the account is closed (AC04) |
//! | `03` | says nothing, ever |
//! | `04` | makes the payment, and says so twice |
//! | `05` | makes the payment, and sends the money back afterwards |
//! | `06` | is late |
//! | `07` | sends its report with a wrong signature, then the real one |
//! | `08` | pays another amount than it was told |
//! | `09` | answers 503 twice, then takes the file |
//! | `10` | takes the file and pays, but neither its answer nor its reports arrive |
//! | `11` | refuses the whole file |
//! | others | makes the payment |
//!
//! Whoever runs it makes somebody pay in with `POST /pay-in` (`amount_minor`, `reference`, and `manner`: `twice`, `lost`, `forged`,
//! `late_line`, or `debit` for money that leaves and nobody ordered) and ends the day with `POST /end-of-day`.
//!
//! **Invariant:** the same `MsgId` is the same file, paid once; closing balance is opening balance and what moved.

mod book;
mod server;
mod telling;

use std::fmt;
use std::sync::Arc;

use edge::{Outbound, OutboundLimits};
use spine::{Clock, Currency, Date, Secret};

pub use server::routes;

/// What the simulated bank needs to know.
#[derive(Clone)]
pub struct BankSettings {
    /// Where it tells us: `http://127.0.0.1:8080/api/payments/banks/cbl`.
    pub callback_url: String,
    /// The secret both sides sign with.
    pub secret: Secret<Vec<u8>>,
    /// The one account it keeps.
    pub account: String,
    /// Its currency.
    pub currency: Currency,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The day at the bank, if it is not that of UTC.
    pub day: Arc<dyn Fn() -> Date + Send + Sync>,
    /// How it calls us.
    pub outbound: Outbound,
    /// How long a payment takes, in milliseconds.
    pub delay_ms: u64,
    /// How long an answer hangs that never arrives, in milliseconds.
    pub hang_ms: u64,
}

impl BankSettings {
    /// A bank that takes 0.8 seconds over a payment.
    #[must_use]
    pub fn new(
        callback_url: impl Into<String>,
        secret: Secret<Vec<u8>>,
        account: impl Into<String>,
        currency: Currency,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let today = Arc::clone(&clock);
        let limits = OutboundLimits { connect_ms: 2_000, timeout_ms: 10_000, response_bytes: 64 * 1024 };
        Self {
            callback_url: callback_url.into(),
            secret,
            account: account.into(),
            currency,
            clock,
            day: Arc::new(move || today.now().date_in(&jiff::tz::TimeZone::UTC)),
            outbound: Outbound::new(limits),
            delay_ms: 800,
            hang_ms: 30_000,
        }
    }
}

impl fmt::Debug for BankSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BankSettings")
    }
}
