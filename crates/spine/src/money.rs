//! Amounts of money: whole minor units and a currency.
//!
//! **Invariant:** no float, no rounding and no mixing of currencies; arithmetic that would overflow
//! or mix says so. How an amount is shown (`M130.00`) is the locale's to say, in `words.rs`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code, such as `LSL`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three capital ASCII letters.
    ///
    /// # Errors
    /// [`MoneyError::NotACurrency`] otherwise.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::NotACurrency),
        }
    }

    /// Digits after the point: 2, but for the currencies where ISO 4217 says otherwise.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// The code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}
impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, MoneyError> {
        Self::parse(&code)
    }
}
impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount: `minor` units (lisente for LSL) of one currency. May be negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount cannot be.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("not an ISO 4217 currency code")]
    NotACurrency,
    /// Two currencies met in one sum.
    #[error("amounts of different currencies cannot be added")]
    Mixed,
    /// The result does not fit.
    #[error("the amount is out of range")]
    OutOfRange,
    /// Not an amount such as `LSL 130.00`.
    #[error("not an amount such as LSL 130.00")]
    NotAnAmount,
}

impl Money {
    /// `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] or [`MoneyError::OutOfRange`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Self { minor, ..self })
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] or [`MoneyError::OutOfRange`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        let negated = other.minor.checked_neg().ok_or(MoneyError::OutOfRange)?;
        self.plus(Self { minor: negated, ..other })
    }

    /// Digits with a point and no currency: `130.00`, `-0.05`, `7` (for a currency without minor units).
    #[must_use]
    pub fn digits(self) -> String {
        let places = self.currency.minor_digits();
        let unit = 10_u64.pow(places);
        let size = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, part) = (size / unit, size % unit);
        if places == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{part:0width$}", width = places as usize)
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.currency, self.digits())
    }
}
impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (code, digits) = text.split_once(' ').ok_or(MoneyError::NotAnAmount)?;
        let currency = Currency::parse(code)?;
        let places = currency.minor_digits() as usize;
        let (sign, size) = digits.strip_prefix('-').map_or((1, digits), |rest| (-1, rest));
        let (whole, part) = size.split_once('.').unwrap_or((size, ""));
        let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || part.len() != places || !plain(whole) || !plain(part) {
            return Err(MoneyError::NotAnAmount);
        }
        let minor: i128 = format!("{whole}{part}").parse().map_err(|_| MoneyError::OutOfRange)?;
        let minor = i64::try_from(sign * minor).map_err(|_| MoneyError::OutOfRange)?;
        Ok(Self { minor, currency })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lsl(minor: i64) -> Money {
        Money::new(minor, Currency::parse("LSL").unwrap())
    }

    #[test]
    fn shows_minor_units() {
        assert_eq!(lsl(13_000).to_string(), "LSL 130.00");
        assert_eq!(lsl(-5).to_string(), "LSL -0.05");
        assert_eq!(Money::new(7, Currency::parse("JPY").unwrap()).to_string(), "JPY 7");
    }

    #[test]
    fn refuses_to_mix_or_overflow() {
        let zar = Money::new(1, Currency::parse("ZAR").unwrap());
        assert_eq!(lsl(1).plus(zar), Err(MoneyError::Mixed));
        assert_eq!(lsl(i64::MAX).plus(lsl(1)), Err(MoneyError::OutOfRange));
        assert_eq!(lsl(0).minus(lsl(i64::MIN)), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn refuses_loose_amounts() {
        for text in [
            "130.00",
            "LSL",
            "LSL 1",
            "LSL 1.0",
            "LSL 1.000",
            "LSL +1.00",
            "lsl 1.00",
            "LSL 1,00",
            "LSL 99999999999999999999.00",
            "LSL .50",
        ] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(minor: i64) {
            prop_assert_eq!(lsl(minor).to_string().parse::<Money>(), Ok(lsl(minor)));
        }

        #[test]
        fn minus_undoes_plus(one in -1_000_000_000_i64..1_000_000_000, two in -1_000_000_000_i64..1_000_000_000) {
            prop_assert_eq!(lsl(one).plus(lsl(two)).unwrap().minus(lsl(two)).unwrap(), lsl(one));
        }
    }
}
