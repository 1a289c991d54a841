//! A wallet that speaks M-Pesa's OpenAPI (version 2, asynchronous) in the place of our own protocol: C2B single stage, B2C, query
//! of a transaction's status, reversal, and results that are told to us.
//!
//! **Invariant:** nothing that is told decides anything, because a result carries no signature: it makes us ask, and what is
//! answered over TLS to our own key counts. Our identifier is the `ThirdPartyConversationID`, so that the other side takes each
//! thing once and answers `INS-10` to a repeat.
//!
//! | file | its job |
//! |---|---|
//! | `line.rs` | the calls, from jobs |
//! | `results.rs` | what it tells |
//!
//! **Absent:** statements, which this interface does not have: a day of such a wallet waits for one. How much was taken is not
//! told either: what was asked for stands, and our bank's statement of the settlement is what shows otherwise.

pub(crate) mod line;
pub(crate) mod results;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crypto::TransportKey;
use serde::Deserialize;
use spine::{Currency, Secret, Timestamp};

/// How long a session is used; the application at the operator's portal must let it live longer.
const SESSION_SECONDS: i64 = 600;
/// A session that is refused sooner than so many seconds after it was given is not yet known everywhere there.
const SETTLES_SECONDS: i64 = 60;

/// What the operator's portal gave us, from the configuration.
#[derive(Clone)]
pub struct OpenApiLink {
    /// Up to and without `/ipg`: `https://openapi.m-pesa.com/openapi`.
    pub base_url: String,
    /// The application's key.
    pub api_key: Secret<String>,
    /// The operator's public key that credentials are encrypted to.
    pub public_key: Arc<TransportKey>,
    /// Our short code.
    pub service_provider_code: String,
    /// The `Origin` that the application was registered with.
    pub origin: String,
}

impl fmt::Debug for OpenApiLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OpenApiLink")
    }
}

/// What the pack says of it: the market's name in the address, and its country in every call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Market {
    pub(crate) market: String,
    pub(crate) country: String,
}

/// A wallet's interface, and the session that is open there. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct OpenApi {
    link: OpenApiLink,
    market: Market,
    currency: Currency,
    session: Arc<Mutex<Option<Session>>>,
}

#[derive(Clone)]
struct Session {
    id: Secret<String>,
    since: Timestamp,
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Session")
    }
}

impl OpenApi {
    pub(crate) fn new(link: OpenApiLink, market: Market, currency: Currency) -> Self {
        Self { link, market, currency, session: Arc::default() }
    }

    fn session(&self, now: Timestamp) -> Option<Secret<String>> {
        let kept = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|it| now < it.since.plus_seconds(SESSION_SECONDS)).map(|it| it.id)
    }

    fn keep(&self, id: Secret<String>, since: Timestamp) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(Session { id, since });
    }

    /// It was refused: the next call opens another, unless this one is too young to be known.
    fn forget(&self, now: Timestamp) {
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|it| now >= it.since.plus_seconds(SETTLES_SECONDS)) {
            *kept = None;
        }
    }

    fn address(&self, call: &str) -> String {
        let base = self.link.base_url.trim_end_matches('/');
        format!("{base}/ipg/v2/{}/{call}/", self.market.market)
    }
}
