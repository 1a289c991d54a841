//! What a phone shows next, and what is known when that is decided.
//!
//! **Invariant:** a screen is folded into the GSM alphabet and is no longer than a network carries (3GPP TS 23.038,
//! TS 24.090: 160 octets, 182 letters of seven bits); one that would be longer is cut, never split.

use std::pin::Pin;

use spine::{Fault, Language, Personal, Text, Words};

use crate::sms;

/// The most letters of a screen, those of the extension table counting twice.
pub const LONGEST: usize = 182;

/// One turn of a session: who asks, where she stood, what she typed.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Her number as the network says it: `+26658001234`.
    pub phone: Personal<String>,
    /// Where she stood, as the menu said it; none at the beginning.
    pub place: Option<String>,
    /// What she typed; none when she has just dialled, be it anew or after a session that dropped.
    pub input: Option<Personal<String>>,
}

/// What is shown next.
#[derive(Clone, Debug)]
pub struct Screen {
    pub(crate) language: Language,
    pub(crate) text: Text,
    /// Where she stands now; none ends the session.
    pub(crate) place: Option<String>,
    pub(crate) secret: bool,
}

impl Screen {
    /// Asks on: she stands at `place`, which comes back with what she types. It must hold no secret that is not sealed.
    #[must_use]
    pub const fn ask(language: Language, text: Text, place: String) -> Self {
        Self { language, text, place: Some(place), secret: false }
    }

    /// Says something and ends the session.
    #[must_use]
    pub const fn end(language: Language, text: Text) -> Self {
        Self { language, text, place: None, secret: false }
    }

    /// It holds a code: it is not kept for a request that comes again.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The same screen of a menu that hangs in another one, whose place carries its own.
    ///
    /// # Errors
    /// What `wrap` faults with.
    pub fn within(self, wrap: impl FnOnce(String) -> Result<String, Fault>) -> Result<Self, Fault> {
        Ok(Self { place: self.place.map(wrap).transpose()?, ..self })
    }

    /// The text as it goes over the air.
    pub(crate) fn said(&self, words: &Words) -> String {
        cut(&sms::fold(&words.say(&self.language, &self.text)))
    }
}

/// Cut to what a screen holds.
fn cut(text: &str) -> String {
    let mut left = LONGEST;
    let fits = |letter: &char| {
        let takes = sms::septets(*letter).unwrap_or(1);
        let fits = takes <= left;
        left = left.saturating_sub(takes);
        fits
    };
    text.chars().take_while(fits).map(|letter| if sms::septets(letter).is_some() { letter } else { '?' }).collect()
}

/// Whether a text, folded, fits on a screen: for tests of a country's words.
#[must_use]
pub fn fits(text: &str) -> bool {
    let septets = sms::fold(text).chars().map(sms::septets).try_fold(0, |sum, one| Some(sum + one?));
    septets.is_some_and(|septets| septets <= LONGEST)
}

/// What a menu decides.
pub type Turning<'a> = Pin<Box<dyn Future<Output = Result<Screen, Fault>> + Send + 'a>>;

/// Who decides what is shown: an engine above this one.
pub trait Menu: Send + Sync + 'static {
    /// The next screen.
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a>;

    /// Whether what is dialled behind the code, `*124*9482#`, is her first answer. Without this it is passed over: whoever
    /// dials so begins at the beginning.
    fn hears_what_is_dialled(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn screens_are_counted_in_septets() {
        assert!(fits(&"a".repeat(182)) && !fits(&"a".repeat(183)));
        assert!(fits(&"š".repeat(182)), "folded first");
        assert!(fits(&"€".repeat(91)) && !fits(&"€".repeat(92)));
        assert!(!fits("漢"));
        assert_eq!(cut("a漢b"), "a?b");
    }

    proptest! {
        #[test]
        fn whatever_is_said_fits(text in "\\PC{0,400}") {
            prop_assert!(fits(&cut(&sms::fold(&text))));
        }
    }
}
