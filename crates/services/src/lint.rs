//! All texts of a pack, and whether its Sesotho is spelt as Lesotho spells it.
//!
//! **Invariant:** a lint tells of suspicion and where; it never changes a text. What it looks for is the difference
//! between the two orthographies of one language: `di`, `du`, `kg`, `tsh`, `fj`, and `w` or `y` before a vowel, but for
//! `ny`, which both write (*senya*, *nyane*).

use spine::Localised;

use crate::pack::{Condition, Pack};

/// Spellings of South Africa's orthography, with Lesotho's beside them.
const FOREIGN: [(&str, &str); 5] = [("di", "li"), ("du", "lu"), ("kg", "kh"), ("tsh", "tš"), ("fj", "fsh")];

/// What looks foreign in a Sesotho text, if anything.
#[must_use]
pub fn spelling(text: &str) -> Option<String> {
    for word in text.split(|letter: char| !letter.is_alphabetic() && letter != '’') {
        // Names and abbreviations keep their own spelling.
        if word.chars().any(char::is_uppercase) {
            continue;
        }
        let vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
        if let Some((found, wanted)) = FOREIGN.iter().find(|(found, _)| word.contains(found)) {
            return Some(format!("{word:?}: Lesotho writes {wanted:?}, not {found:?}"));
        }
        for (found, wanted) in [('w', 'o'), ('y', 'e')] {
            let foreign = |(at, _): (usize, &str)| {
                let (before, after) = word.split_at(at);
                vowel(after.chars().nth(1)) && !(found == 'y' && before.ends_with('n'))
            };
            if word.match_indices(found).any(foreign) {
                return Some(format!("{word:?}: Lesotho writes {wanted:?}, not {found:?}, before a vowel"));
            }
        }
    }
    None
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
        for fine in [
            "Nchafatsa phasepoto ea hau",
            "Litefo le linomoro",
            "Tšebeletso ea ’muso",
            "Wi-Fi le YouTube",
            "e senyehile, e nyane",
        ] {
            assert_eq!(spelling(fine), None, "{fine}");
        }
        for foreign in ["ditefo", "ho kgetha", "tshebeletso", "ya hao", "ho wela", "moyeng"] {
            assert!(spelling(foreign).is_some(), "{foreign}");
        }
    }
}
