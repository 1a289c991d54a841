//! What the country decides about signing in, from its pack: `identity.toml`.
//!
//! **Invariant:** without a word of the pack the stricter holds. Nothing of one country stands here.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use spine::{Date, Localised, Text};

use crate::assurance::AssuranceRules;

/// The rules of signing in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInRules {
    /// How people reach the menu on any phone; none, and nobody dials.
    pub ussd: Option<UssdRules>,
    /// What a PIN may be.
    pub pin: PinRules,
    /// What a password may be.
    pub password: PasswordRules,
    /// How people get back in.
    pub recovery: RecoveryRules,
    /// How surely people are known.
    pub assurance: AssuranceRules,
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

/// What a password may be: long, and not one that others try first. Of what it is made is nobody's business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordRules {
    /// The fewest letters.
    pub shortest: usize,
    /// Words that stand near: of the program, the country, the house.
    pub words: Vec<String>,
    /// Passwords that were breached, in lower case (`breached-passwords.txt`).
    #[serde(skip)]
    pub breached: Arc<BTreeSet<String>>,
}

/// The most letters of a password.
pub(crate) const LONGEST_PASSWORD: usize = 128;
/// What must be left of a password without a word that others try.
const OWN_LETTERS: usize = 6;

impl Default for PasswordRules {
    fn default() -> Self {
        Self { shortest: 15, words: Vec::new(), breached: Arc::default() }
    }
}

impl PasswordRules {
    /// The lines of a list of breached passwords; comments begin with `#`.
    #[must_use]
    pub fn list(text: &str) -> Arc<BTreeSet<String>> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Arc::new(lines.map(str::to_lowercase).collect())
    }

    /// What is wrong with a password that somebody chooses; `login` is hers.
    pub(crate) fn wrong(&self, password: &str, login: &str) -> Option<Text> {
        let letters = password.chars().count();
        if letters < self.shortest || letters > LONGEST_PASSWORD {
            return Some(Text::new("identity.password.length").with("shortest", self.shortest));
        }
        let folded: Vec<char> = password.to_lowercase().chars().collect();
        let near = self.words.iter().map(|word| word.to_lowercase()).chain(login.split('.').map(str::to_owned));
        let near: Vec<String> = near.filter(|word| word.chars().count() > 3).collect();
        let kinds: BTreeSet<&char> = folded.iter().collect();
        if kinds.len() < OWN_LETTERS || self.is_little_more(&folded, &near) {
            return Some(Text::new("identity.password.breached"));
        }
        None
    }

    /// Whether little is left of a password without the words in it that others try.
    fn is_little_more(&self, folded: &[char], near: &[String]) -> bool {
        // The fewest letters left of each beginning of it.
        let mut left: Vec<usize> = vec![0];
        for end in 1..=folded.len() {
            let mut fewest = left.last().map_or(0, |fewest| fewest + 1);
            for start in 0..end.saturating_sub(3) {
                let part: String = folded.iter().skip(start).take(end - start).collect();
                if self.breached.contains(&part) || near.contains(&part) {
                    fewest = fewest.min(left.get(start).copied().unwrap_or(fewest));
                }
            }
            left.push(fewest);
        }
        left.last().is_some_and(|left| *left < OWN_LETTERS)
    }
}

/// How people get back in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecoveryRules {
    /// How long it waits, while she is told by every address and may stop it.
    pub wait_minutes: i64,
    /// How many days the code is good after that.
    pub good_days: i64,
    /// For how many days she is known less surely afterwards.
    pub lowered_days: i64,
    /// How many kinds of evidence an officer must have seen.
    pub needed: usize,
    /// The kinds.
    pub evidence: Vec<EvidenceKind>,
}

/// What an officer goes by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceKind {
    /// Its id: `card`.
    pub id: String,
    /// What the officer confirms.
    pub name: Localised,
}

impl Default for RecoveryRules {
    fn default() -> Self {
        Self { wait_minutes: 24 * 60, good_days: 7, lowered_days: 7, needed: 2, evidence: Vec::new() }
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
    let kinds: BTreeSet<&u8> = digits.iter().collect();
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

    #[test]
    fn a_password_is_long_and_not_one_that_others_try() {
        let rules = PasswordRules {
            words: vec!["Letsema".to_owned()],
            breached: PasswordRules::list("# a comment\npassword1234\niloveyou\n"),
            ..PasswordRules::default()
        };
        let wrong = |password: &str| rules.wrong(password, "m.mokoena").map(|text| text.key().to_owned());
        for short in ["", "short", "fourteen chars"] {
            assert_eq!(wrong(short).as_deref(), Some("identity.password.length"), "{short}");
        }
        assert!(wrong(&"long enough and more ".repeat(7)).is_some(), "more than 128");
        for tried in [
            "PassWord1234abc",
            "xx-Password1234",
            "aaaaaaaaaaaaaaaa",
            "12121212121212121212",
            "letsemaletsema12",
            "mokoenaMokoena7",
        ] {
            assert_eq!(wrong(tried).as_deref(), Some("identity.password.breached"), "{tried}");
        }
        for fine in [
            "a long password of four words",
            "Ke rata lipere tse tšoeu",
            "correct horse battery",
            "iloveyou and the mountains",
        ] {
            assert_eq!(wrong(fine), None, "{fine}");
        }
    }

    proptest! {
        #[test]
        fn any_password_gets_an_answer(password in "\\PC{0,160}") {
            let said = PasswordRules::default().wrong(&password, "m.mokoena");
            prop_assert!(said.is_some() || (15..=128).contains(&password.chars().count()));
        }

        #[test]
        fn whatever_is_typed_gets_an_answer(pin in "\\PC{0,12}") {
            let said = wrong(&pin);
            prop_assert!(said.is_some() || (pin.len() == 6 && pin.bytes().all(|digit| digit.is_ascii_digit())));
        }
    }
}
