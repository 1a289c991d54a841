//! Moments and days.
//!
//! **Invariant:** a moment is UTC microseconds in an `i64`; only the program's outermost room owns a
//! real clock. A day is a calendar date without a zone; which day it is *here* is the locale's to say.

use std::fmt;

pub use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 moment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a moment as RFC 3339 writes it, such as 2026-11-24T08:00:00Z")]
pub struct NotATimestamp;

impl Timestamp {
    /// The first moment, used as "since for ever" in histories.
    pub const BEGINNING: Self = Self(0);

    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch (RFC 7519 `NumericDate`).
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `seconds` later (earlier when negative), stopping at the ends of time.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The moment `millis` later.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1_000)))
    }

    /// Seconds from `earlier` to this moment, negative if this one is the earlier.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }

    /// The calendar day in `zone` at this moment.
    #[must_use]
    pub fn date_in(self, zone: &TimeZone) -> Date {
        zone.to_datetime(self.to_jiff()).date()
    }

    /// Hour and minute in `zone` at this moment.
    #[must_use]
    pub fn hour_minute_in(self, zone: &TimeZone) -> (i8, i8) {
        let local = zone.to_datetime(self.to_jiff());
        (local.hour(), local.minute())
    }

    /// The first moment of `date` in `zone`.
    #[must_use]
    pub fn start_of(date: Date, zone: &TimeZone) -> Self {
        zone.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()))
            .map_or(Self::BEGINNING, |start| Self(start.as_microsecond()))
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Parses RFC 3339, with any offset.
    ///
    /// # Errors
    /// [`NotATimestamp`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotATimestamp)?;
        Ok(Self(moment.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.6}", self.to_jiff())
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Tells the time. The program has one real clock; tests set theirs by hand.
pub trait Clock: Send + Sync + 'static {
    /// The moment now.
    fn now(&self) -> Timestamp;
}

/// Whole years from `birth` to `today`; 29 February counts on 1 March in a common year.
#[must_use]
pub fn age_in_years(birth: Date, today: Date) -> i64 {
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    i64::from(today.year()) - i64::from(birth.year()) - i64::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_rfc_3339() {
        let moment = Timestamp::from_micros(1_732_435_200_000_001);
        assert_eq!(moment.to_string(), "2024-11-24T08:00:00.000001Z");
        assert_eq!(Timestamp::parse("2024-11-24T10:00:00.000001+02:00"), Ok(moment));
        assert!(Timestamp::parse("24/11/2024").is_err());
    }

    #[test]
    fn the_day_is_the_zones() {
        let zone = TimeZone::get("Africa/Maseru").unwrap();
        let late = Timestamp::parse("2026-11-24T22:30:00Z").unwrap();
        assert_eq!(late.date_in(&zone), jiff::civil::date(2026, 11, 25));
        assert_eq!(
            Timestamp::start_of(jiff::civil::date(2026, 11, 25), &zone).to_string(),
            "2026-11-24T22:00:00.000000Z"
        );
    }

    #[test]
    fn ages() {
        let day = jiff::civil::date;
        assert_eq!(age_in_years(day(1954, 1, 2), day(2026, 1, 1)), 71);
        assert_eq!(age_in_years(day(1954, 1, 2), day(2026, 1, 2)), 72);
        assert_eq!(age_in_years(day(2008, 2, 29), day(2026, 2, 28)), 17);
        assert_eq!(age_in_years(day(2008, 2, 29), day(2026, 3, 1)), 18);
    }
}
