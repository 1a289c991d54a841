//! Text as a mobile network carries it: the GSM 7-bit alphabet (3GPP TS 23.038 §6.2), folded where a
//! letter has a close relative in it, cut into parts where it is long.
//!
//! **Invariant:** folding never makes a text longer in septets than its own letters, and no part cuts a
//! letter in two: neither an escape from its letter nor a surrogate from its pair.

use serde::{Deserialize, Serialize};

/// Septets of a message in one part, and of each part of several (the rest is the header that joins them).
const GSM_ONE: usize = 160;
const GSM_EACH: usize = 153;
/// The same in UCS-2, in 16-bit units.
const UCS_ONE: usize = 70;
const UCS_EACH: usize = 67;

/// The default alphabet, without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table: an escape and a septet each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// The alphabet a text needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Seven bits a letter.
    Gsm7,
    /// Sixteen bits a letter, because one of them is in no other way to be had.
    Ucs2,
}

/// A text as it goes over the air.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sms {
    /// Its alphabet.
    pub alphabet: Alphabet,
    /// Its parts, in order; one for a text that fits.
    pub parts: Vec<String>,
}

impl Sms {
    /// Prepares a text: folded into seven bits if that is possible, else left exactly as it is.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let folded = fold(text);
        let sevens = |text: &str| text.chars().all(|letter| septets(letter).is_some());
        if sevens(&folded) {
            Self { alphabet: Alphabet::Gsm7, parts: cut(&folded, GSM_ONE, GSM_EACH, |it| septets(it).unwrap_or(0)) }
        } else {
            Self { alphabet: Alphabet::Ucs2, parts: cut(text, UCS_ONE, UCS_EACH, char::len_utf16) }
        }
    }

    /// How many parts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// The whole text as the phone shows it.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts.concat()
    }
}

/// Letters that the alphabet lacks, as their closest relatives: `Tšepiso` becomes `Tsepiso`.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if septets(letter).is_some() {
            out.push(letter);
        } else {
            out.push_str(&relative(letter));
        }
    }
    out
}

fn relative(letter: char) -> String {
    let plain = match letter {
        'š' | 'ś' => "s",
        'Š' | 'Ś' => "S",
        'ž' => "z",
        'Ž' => "Z",
        'ç' | 'č' => "c",
        'Č' => "C",
        'á' | 'â' | 'ã' | 'ā' => "a",
        'À' | 'Á' | 'Â' | 'Ã' | 'Ā' => "A",
        'ê' | 'ë' | 'ē' => "e",
        'È' | 'Ê' | 'Ë' | 'Ē' => "E",
        'í' | 'î' | 'ï' | 'ī' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ī' => "I",
        'ó' | 'ô' | 'õ' | 'ō' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ō' => "O",
        'ú' | 'û' | 'ū' => "u",
        'Ù' | 'Ú' | 'Û' | 'Ū' => "U",
        '’' | '‘' | 'ʼ' | '`' | '´' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '–' | '—' | '‑' | '−' | '•' | '·' => "-",
        '…' => "...",
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => " ",
        // Joiners and marks of direction show nothing.
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{300}'..='\u{36f}' => "",
        other => return other.to_string(),
    };
    plain.to_owned()
}

/// What a letter takes, in septets; none if the alphabet lacks it.
pub(crate) fn septets(letter: char) -> Option<usize> {
    if BASIC.contains(letter) {
        Some(1)
    } else if EXTENDED.contains(letter) {
        Some(2)
    } else {
        None
    }
}

/// Cuts a text into parts of at most `each` units, or leaves it whole if it fits into `one`.
fn cut(text: &str, one: usize, each: usize, units: impl Fn(char) -> usize) -> Vec<String> {
    if text.chars().map(&units).sum::<usize>() <= one {
        return vec![text.to_owned()];
    }
    let (mut parts, mut part, mut used) = (Vec::new(), String::new(), 0);
    for letter in text.chars() {
        let size = units(letter);
        if used + size > each {
            parts.push(std::mem::take(&mut part));
            used = 0;
        }
        part.push(letter);
        used += size;
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_letter_makes_three_parts_of_one() {
        // 139 characters with one "š": the figures of research/services.md §4.4.
        let text = format!("Tšepiso, {}", "k".repeat(130));
        assert_eq!(text.chars().count(), 139);
        assert_eq!(cut(&text, UCS_ONE, UCS_EACH, char::len_utf16).len(), 3, "as it stands, in sixteen bits");
        assert_eq!((Sms::of(&text).alphabet, Sms::of(&text).count()), (Alphabet::Gsm7, 1));
        assert!(Sms::of(&text).text().starts_with("Tsepiso, "));
    }

    #[test]
    fn parts_at_the_edges() {
        let parts = |letter: &str, count: usize| Sms::of(&letter.repeat(count)).count();
        assert_eq!(
            [parts("a", 0), parts("a", 160), parts("a", 161), parts("a", 306), parts("a", 307)],
            [1, 1, 2, 2, 3]
        );
        assert_eq!([parts("€", 80), parts("€", 81)], [1, 2]);
        assert_eq!([parts("ж", 70), parts("ж", 71), parts("ж", 134), parts("ж", 135)], [1, 2, 2, 3]);
        // 152 letters and an escaped one: the pair does not fit into 153 and moves on whole.
        let torn = Sms::of(&format!("{}{}", "a".repeat(152), "€".repeat(5)));
        assert_eq!(torn.count(), 2, "162 septets");
        assert_eq!(torn.parts[0].chars().count(), 152);
        // A pair of surrogates is not cut either: 66 and 2 do not fit into 67.
        let pair = Sms::of(&format!("{}{}", "ж".repeat(66), "😀".repeat(3)));
        assert_eq!(pair.parts[0].chars().count(), 66);
    }

    #[test]
    fn folds_what_has_a_relative_and_nothing_else() {
        assert_eq!(fold("’Muso oa Lesotho – tšebeletso “e ntle”…"), "'Muso oa Lesotho - tsebeletso \"e ntle\"...");
        assert_eq!(fold("è é ò à ñ £ €"), "è é ò à ñ £ €");
        let mixed = "Tšepo жж";
        assert_eq!(Sms::of(mixed).text(), mixed, "what needs sixteen bits anyway keeps its letters");
    }

    proptest! {
        #[test]
        fn parts_join_to_the_whole_and_fit(text in "[a-zš€’ж😀\\^ ]{0,400}") {
            let sms = Sms::of(&text);
            let units = |part: &String| match sms.alphabet {
                Alphabet::Gsm7 => part.chars().map(|it| septets(it).unwrap()).sum::<usize>(),
                Alphabet::Ucs2 => part.encode_utf16().count(),
            };
            let (one, each) = match sms.alphabet { Alphabet::Gsm7 => (160, 153), Alphabet::Ucs2 => (70, 67) };
            let most = if sms.count() == 1 { one } else { each };
            prop_assert!(sms.parts.iter().all(|part| units(part) <= most));
            let whole = if sms.alphabet == Alphabet::Gsm7 { fold(&text) } else { text };
            prop_assert_eq!(sms.text(), whole);
        }
    }
}
