//! What the country decides about signing in, from its pack: `identity.toml`.
//!
//! **Invariant:** without a word of the pack the stricter holds. Nothing of one country stands here.

use serde::Deserialize;
use spine::{Date, Text};

/// The rules of signing in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInRules {
    /// How people reach the menu on any phone; none, and nobody dials.
    pub ussd: Option<UssdRules>,
    /// What a PIN may be.
    pub pin: PinRules,
}

/// The menu that people dial.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UssdRules {
    /// What they dial: `*123#`.
    pub service_code: String,
}

/// What a PIN may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PinRules {
    /// How many digits.
    pub digits: usize,
    /// PINs that too many people choose, beside sequences and repetitions.
    pub forbidden: Vec<String>,
}

impl Default for PinRules {
    fn default() -> Self {
        Self { digits: 6, forbidden: Vec::new() }
    }
}

impl PinRules {
    /// What is wrong with a PIN that somebody chooses; `born` and `number` are hers, for others guess those first.
    pub(crate) fn wrong(&self, pin: &str, born: Option<Date>, number: &str) -> Option<Text> {
        let digits: Vec<u8> = pin.bytes().collect();
        if digits.len() != self.digits || !digits.iter().all(u8::is_ascii_digit) {
            return Some(Text::new("identity.pin.length").with("digits", i64::try_from(self.digits).unwrap_or(0)));
        }
        if is_run(&digits) || is_repeated(&digits) || self.forbidden.iter().any(|one| one == pin) {
            return Some(Text::new("identity.pin.simple"));
        }
        if born.is_some_and(|born| days(born).iter().any(|day| day.contains(pin) || pin.contains(day.as_str()))) {
            return Some(Text::new("identity.pin.birth"));
        }
        number.contains(pin).then(|| Text::new("identity.pin.number"))
    }
}

/// Each digit one more than the last, or one less, round the ten: 123456, 987654, 890123.
fn is_run(digits: &[u8]) -> bool {
    let steps =
        |step: u8| digits.windows(2).all(|pair| matches!(pair, [one, two] if (one - b'0' + step) % 10 == two - b'0'));
    digits.len() > 1 && (steps(1) || steps(9))
}

/// A shorter part again and again: 111111, 121212, 123123; or two digits only.
fn is_repeated(digits: &[u8]) -> bool {
    let of = |length: usize| digits.chunks(length).all(|part| digits.starts_with(part));
    let kinds: std::collections::BTreeSet<&u8> = digits.iter().collect();
    kinds.len() < 3 || (1..=digits.len() / 2).any(of)
}

/// A day as people write it in digits.
fn days(day: Date) -> Vec<String> {
    let (year, month, date) = (day.year(), day.month(), day.day());
    let short = year.rem_euclid(100);
    vec![
        format!("{date:02}{month:02}{year:04}"),
        format!("{year:04}{month:02}{date:02}"),
        format!("{date:02}{month:02}{short:02}"),
        format!("{month:02}{date:02}{short:02}"),
        format!("{short:02}{month:02}{date:02}"),
        format!("{month:02}{date:02}{year:04}"),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrong(pin: &str) -> Option<String> {
        let rules = PinRules { forbidden: vec!["159753".to_owned()], ..PinRules::default() };
        let born = "1992-03-14".parse().unwrap();
        rules.wrong(pin, Some(born), "0123456789").map(|text| text.key().to_owned())
    }

    #[test]
    fn a_pin_that_others_guess_is_refused() {
        for (pin, why) in [
            ("12345", "length"),
            ("1234567", "length"),
            ("12345a", "length"),
            ("１２３４５６", "length"),
            ("", "length"),
            ("123456", "simple"),
            ("654321", "simple"),
            ("890123", "simple"),
            ("111111", "simple"),
            ("121212", "simple"),
            ("123123", "simple"),
            ("112211", "simple"),
            ("159753", "simple"),
            ("140392", "birth"),
            ("920314", "birth"),
            ("031492", "birth"),
            ("199203", "birth"),
            ("141992", "birth"),
        ] {
            assert_eq!(wrong(pin).as_deref(), Some(format!("identity.pin.{why}").as_str()), "{pin}");
        }
        assert_eq!(
            PinRules::default().wrong("471183", None, "00471183000").map(|text| text.key().to_owned()).as_deref(),
            Some("identity.pin.number")
        );
        assert_eq!(wrong("471183"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_gets_an_answer(pin in "\\PC{0,12}") {
            let said = wrong(&pin);
            prop_assert!(said.is_some() || (pin.len() == 6 && pin.bytes().all(|digit| digit.is_ascii_digit())));
        }
    }
}
