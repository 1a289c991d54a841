//! Codes that people copy by hand from paper: drawn, shown in groups of four, read as they are typed.
//!
//! **Invariant:** letters that look alike and vowels are left out, so no code is misread and none is a word; every
//! letter is drawn without bias. Twelve letters hold 56 bits, the ten after the name 47.

use edge::Visit;
use spine::{Cx, Secret};

/// 26 letters: neither vowels nor `0`, `1`, `L`, `S`, `Y`.
const LETTERS: &[u8; 26] = b"BCDFGHJKMNPQRTVWXZ23456789";
/// Letters of a code.
pub(crate) const LENGTH: usize = 12;
/// How many of them name a printed code in its set.
pub(crate) const NAME: usize = 2;

/// A fresh code.
pub(crate) fn draw(visit: &Visit) -> Secret<String> {
    let mut code = String::new();
    while code.len() < LENGTH {
        // 234 is the largest multiple of 26 that a byte holds.
        let bytes = crypto::sha256(&[b"identity letters 1:", &visit.site().settings().entropy.seed()]);
        let fair = bytes.iter().filter(|byte| **byte < 234);
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(byte % 26))).map(|letter| char::from(*letter));
        let lacking = LENGTH - code.len();
        code.extend(letters.take(lacking));
    }
    Secret::new(code)
}

/// A fresh code within an operation.
pub(crate) fn draw_in(cx: &mut Cx<'_>) -> String {
    let letter =
        |place: u64| usize::try_from(place).ok().and_then(|place| LETTERS.get(place)).map(|one| char::from(*one));
    (0..LENGTH).filter_map(|_| letter(cx.random_below(26))).collect()
}

/// As it is printed: `K7QF-9M2X-T4HD`.
pub(crate) fn shown(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A code as it was typed: capitals, dashes and spaces do not matter; none if it cannot be one.
pub(crate) fn typed(text: &str) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .flat_map(char::to_uppercase)
        .take(40)
        .collect();
    (code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(typed(" k7qf-9m2x t4hd ").as_deref(), Some("K7QF9M2XT4HD"));
        assert_eq!(shown("K7QF9M2XT4HD"), "K7QF-9M2X-T4HD");
        for wrong in ["", "K7QF-9M2X-T4H", "K7QF-9M2X-T4HDD", "K7QF-9M2X-T4HO", "１２３４５６７８９０１２"]
        {
            assert_eq!(typed(wrong), None, "{wrong}");
        }
    }
}
