//! Amounts as FSPIOP writes them (API Definition §7.2.13): `{"amount": "123.45", "currency": "LSL"}`.
//!
//! **Invariant:** what is not exactly such a text is refused: no sign, no exponent, no comma, no leading zero, no trailing
//! zero after the point, no digit that the currency does not have.

use serde::{Deserialize, Serialize};
use spine::{Currency, Money};

/// The most digits before the point.
const WHOLE_DIGITS: usize = 18;

/// An amount on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireAmount {
    /// Digits, and a point if there is a part.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
}

impl WireAmount {
    /// How an amount is written: without trailing zeros after the point.
    #[must_use]
    pub fn of(money: Money) -> Self {
        let digits = money.digits();
        let amount = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
        Self { amount: amount.to_owned(), currency: money.currency().code().to_owned() }
    }

    /// The amount in minor units, more than nothing; none if it is not one.
    #[must_use]
    pub fn read(&self) -> Option<Money> {
        let currency = Currency::parse(&self.currency).ok()?;
        let money = read_digits(&self.amount, currency)?;
        (money.minor() > 0).then_some(money)
    }
}

/// Digits as FSPIOP writes them, in minor units of `currency`.
#[must_use]
pub fn read_digits(text: &str, currency: Currency) -> Option<Money> {
    let places = usize::try_from(currency.minor_digits()).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let leading = whole.len() > 1 && whole.starts_with('0');
    let odd_part = text.contains('.') && (part.is_empty() || part.ends_with('0'));
    if whole.is_empty() || whole.len() > WHOLE_DIGITS || leading || odd_part || part.len() > places {
        return None;
    }
    if !plain(whole) || !plain(part) {
        return None;
    }
    let minor = format!("{whole}{part:0<places$}").parse().ok()?;
    Some(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(amount: &str) -> Option<i64> {
        WireAmount { amount: amount.into(), currency: "LSL".into() }.read().map(Money::minor)
    }

    #[test]
    fn what_the_definition_allows_and_nothing_else() {
        assert_eq!(read("1"), Some(100));
        assert_eq!(read("0.05"), Some(5));
        assert_eq!(read("123.4"), Some(12_340));
        for loose in
            ["", "0", "01", "1.0", "1.10", "1.", ".5", "1,000", "1e3", "-1", "+1", " 1", "1.234", "9999999999999999999"]
        {
            assert_eq!(read(loose), None, "{loose}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(minor in 1_i64..1 << 53) {
            let money = Money::new(minor, Currency::parse("LSL").unwrap());
            prop_assert_eq!(WireAmount::of(money).read(), Some(money));
        }

        #[test]
        fn garbage_never_panics(text in "\\PC{0,24}") {
            let _ = read(&text);
        }
    }
}
