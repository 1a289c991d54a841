//! One search key for a name that people write in several spellings.
//!
//! The rules are the pack's: Lesotho and South Africa spell the same language differently
//! (Tšepo/Tshepo, Lineo/Dineo). Here is only the machine that applies them.
//!
//! **Invariant:** a key finds candidates; it never decides that two people are one.

use serde::Deserialize;

/// Ordered replacements that turn every spelling of a name into one key (`names.toml` in the pack).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folding {
    /// Pairs `[from, to]`, applied in order to lower-case text; a `from` that begins with `^` matches
    /// at the start of a word only.
    #[serde(default)]
    replace: Vec<(String, String)>,
    /// Letters written twice count once.
    #[serde(default)]
    collapse_doubles: bool,
}

impl Folding {
    /// Folds one or more words; the keys are joined by one space. Anything but letters and digits separates words,
    /// apostrophes and marks vanish.
    #[must_use]
    pub fn fold(&self, name: &str) -> String {
        self.words(name).join(" ")
    }

    /// The key of each word.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<String> {
        plain(name).split(' ').filter(|word| !word.is_empty()).map(|word| self.word(word)).collect()
    }

    fn word(&self, word: &str) -> String {
        let mut key = word.to_owned();
        for (from, to) in &self.replace {
            if let Some(start) = from.strip_prefix('^') {
                if let Some(rest) = key.strip_prefix(start) {
                    key = format!("{to}{rest}");
                }
            } else if !from.is_empty() {
                key = key.replace(from.as_str(), to);
            }
        }
        if self.collapse_doubles {
            let mut last = None;
            key.retain(|letter| last.replace(letter) != Some(letter));
        }
        key
    }
}

/// Lower case, apostrophes dropped, Latin marks dropped, all else to spaces.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{300}'..='\u{36f}' => {}
            'š' => out.push('š'),
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => out.push('a'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' | 'ī' => out.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ō' => out.push('o'),
            'ù' | 'ú' | 'û' | 'ü' | 'ū' => out.push('u'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            letter if letter.is_alphanumeric() => out.push(letter),
            _ => out.push(' '),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_rules_in_order_and_collapses() {
        let folding = Folding {
            replace: [("tš", "ts"), ("tsh", "ts"), ("^d", "l"), ("w", "o")]
                .map(|(from, to)| (from.to_owned(), to.to_owned()))
                .into(),
            collapse_doubles: true,
        };
        assert_eq!(folding.fold("Tšepo"), folding.fold("TSHEPO"));
        assert_eq!(folding.fold("Dineo"), "lineo");
        assert_eq!(folding.fold("'Mathabo  Mmathabo"), "mathabo mathabo");
        assert_eq!(folding.words("Pule-Lerato O’Brien"), ["pule", "lerato", "obrien"]);
        assert_eq!(folding.fold("  ¡! "), "");
    }
}
