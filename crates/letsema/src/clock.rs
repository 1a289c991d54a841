//! The real clock. The only place in the house that reads it.
//!
//! **Invariant:** whoever else needs the time is given a [`Clock`].

use std::time::{SystemTime, UNIX_EPOCH};

use spine::{Clock, Timestamp};

/// The machine's clock, in UTC.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the outermost room, which owns the real clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
