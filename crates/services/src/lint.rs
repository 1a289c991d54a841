//! All texts of a pack, and whether they are spelt as this country spells them.
//!
//! **Invariant:** a lint tells of suspicion and where; it never changes a text. What looks foreign is the pack's to say
//! (`spelling.toml`), where two countries write one language differently.

use serde::Deserialize;
use spine::Localised;

use crate::pack::{Condition, Pack};

/// How one language is spelt here, and how elsewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spelling {
    /// Its tag in the pack's texts.
    pub language: String,
    /// Elsewhere's letters, and this country's.
    pub instead: Vec<(String, String)>,
    /// The same before a vowel only, and not after the third letter.
    pub before_vowel: Vec<(char, char, String)>,
}

impl Spelling {
    /// What looks foreign in a text, if anything.
    #[must_use]
    pub fn foreign(&self, text: &str) -> Option<String> {
        let tell =
            |word: &str, found: &str, wanted: &str| format!("{word:?}: here one writes {wanted:?}, not {found:?}");
        for word in text.split(|letter: char| !letter.is_alphabetic() && letter != '’') {
            // Names and abbreviations keep their own spelling.
            if word.chars().any(char::is_uppercase) {
                continue;
            }
            if let Some((found, wanted)) = self.instead.iter().find(|(found, _)| word.contains(found)) {
                return Some(tell(word, found, wanted));
            }
            for (found, wanted, after) in &self.before_vowel {
                let is_foreign = |(at, _): (usize, &str)| {
                    let (before, rest) = word.split_at(at);
                    let vowel = rest.chars().nth(1).is_some_and(|letter| "aeiou".contains(letter));
                    vowel && (after.is_empty() || !before.ends_with(after.as_str()))
                };
                if word.match_indices(*found).any(is_foreign) {
                    return Some(tell(word, &found.to_string(), &wanted.to_string()));
                }
            }
        }
        None
    }
}

/// Every text of a pack.
pub(crate) fn texts<'a>(pack: &'a Pack, out: &mut Vec<&'a Localised>) {
    let service = &pack.service;
    out.extend([&service.name, &service.summary, &service.legal_basis, &service.appeal]);
    out.extend(service.needs.iter().chain(&service.keywords));
    for evidence in &pack.evidence {
        out.push(&evidence.name);
        out.extend(&evidence.missing);
        out.extend(evidence.claims.iter().map(|claim| &claim.name));
    }
    for rule in &pack.rules {
        out.push(&rule.cite);
        rule.all.iter().for_each(|condition| condition_texts(condition, out));
    }
    for page in &pack.pages {
        out.extend(&page.title);
        for field in &page.fields {
            out.push(&field.label);
            out.extend(field.hint.iter().chain(&field.waiver));
            out.extend(field.options.iter().map(|option| &option.name));
            field.valid.iter().for_each(|condition| condition_texts(condition, out));
        }
    }
    for fee in &pack.fees {
        out.push(&fee.name);
        out.extend(&fee.cite);
    }
    out.extend(pack.withdrawal.iter().map(|withdrawal| &withdrawal.cite));
    for step in &pack.steps {
        out.push(&step.name);
        out.extend(step.note.iter().chain(&step.guide));
    }
    for output in &pack.outputs {
        out.extend([&output.name, &output.signed_by]);
    }
    out.extend(pack.words.values().flat_map(|words| words.values()));
}

fn condition_texts<'a>(condition: &'a Condition, out: &mut Vec<&'a Localised>) {
    out.push(&condition.otherwise);
    out.extend(&condition.advice);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_two_orthographies_apart() {
        let pairs = [("di", "li"), ("du", "lu"), ("kg", "kh"), ("tsh", "tš"), ("fj", "fsh")];
        let spelling = Spelling {
            language: "st".to_owned(),
            instead: pairs.map(|(found, wanted)| (found.to_owned(), wanted.to_owned())).into(),
            before_vowel: vec![('w', 'o', String::new()), ('y', 'e', "n".to_owned())],
        };
        for fine in
            ["Nchafatsa phasepoto ea hau", "Litefo le linomoro", "Tšebeletso ea ’muso", "Wi-Fi le YouTube", "ho senya"]
        {
            assert_eq!(spelling.foreign(fine), None, "{fine}");
        }
        for foreign in ["ditefo", "ho kgetha", "tshebeletso", "ya hao", "ho wela"] {
            assert!(spelling.foreign(foreign).is_some(), "{foreign}");
        }
    }
}
