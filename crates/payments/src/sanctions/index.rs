//! The names of the lists in force, in memory, and how alike two names are.
//!
//! **Invariant:** what is found by key is what comparing with every name would find. A name is met in any order, case and spelling that
//! the pack folds into one; one word alone meets only what is that word when nothing stands between its letters.
//!
//! Of two names each word of the shorter is held against the nearest of the longer, and the mean of that must reach the pack's
//! `alike`. So at least one word reaches it by itself. A word that may be one step away stands under each of its letters left out, as
//! the word that is looked for does; a name with a word so long that it may be two steps away is compared each time. Whatever
//! is found so is first held against a bound that costs little: the letters that one has and the other has not.

use std::hash::{DefaultHasher, Hash, Hasher};

use spine::Folding;

use super::{Entry, ListFileId};

/// The names of some entries.
#[derive(Default)]
pub(crate) struct Index {
    /// The files that they are of.
    pub(crate) files: Vec<ListFileId>,
    alike: i64,
    /// List and reference of each entry.
    entries: Vec<(String, String)>,
    names: Vec<Listed>,
    /// A word or a name without its spaces, hashed, and the name; in order.
    keys: Vec<(u64, u32)>,
    /// Names that stand under no key that would find them.
    long: Vec<u32>,
}

struct Listed {
    entry: u32,
    words: Vec<Word>,
    whole: String,
}

struct Word {
    text: String,
    long: usize,
    letters: u64,
}

impl Word {
    fn new(text: String) -> Self {
        let letters = text.chars().fold(0, |all, letter| all | 1 << place(letter));
        Self { long: text.chars().count(), letters, text }
    }

    /// No fewer hundredths than they have alike.
    fn at_most(&self, other: &Self) -> i64 {
        let only = |one: u64, other: u64| usize::try_from((one & !other).count_ones()).unwrap_or(usize::MAX);
        let steps = only(self.letters, other.letters).max(only(other.letters, self.letters));
        let steps = steps.max(self.long.abs_diff(other.long));
        hundredths(self.long.max(other.long), steps)
    }

    fn alike(&self, other: &Self) -> i64 {
        if self.text == other.text {
            return 100;
        }
        hundredths(self.long.max(other.long), strsim::osa_distance(&self.text, &other.text))
    }
}

/// Which bit stands for a letter; several may share one.
fn place(letter: char) -> u32 {
    u32::from(letter) % 64
}

fn hundredths(longest: usize, steps: usize) -> i64 {
    let longest = longest.max(1);
    i64::try_from((longest - steps.min(longest)) * 100 / longest).unwrap_or(0)
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The word with each of its letters left out.
fn shorter(word: &str) -> impl Iterator<Item = String> {
    word.char_indices().map(|(at, letter)| {
        let (head, tail) = word.split_at(at);
        [head, tail.get(letter.len_utf8()..).unwrap_or_default()].concat()
    })
}

/// How alike two names are, in hundredths: each word of the shorter with the nearest of the longer.
fn words_alike(one: &[Word], other: &[Word]) -> i64 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() < 2 {
        return 0;
    }
    let mut left: Vec<&Word> = long.iter().collect();
    let mut sum = 0;
    for word in short {
        let nearest = left.iter().enumerate().map(|(place, it)| (word.alike(it), place)).max();
        if let Some((alike, place)) = nearest {
            sum += alike;
            left.remove(place);
        }
    }
    sum / i64::try_from(short.len()).unwrap_or(i64::MAX)
}

/// Whether two names may have so many hundredths alike, by what costs little to know.
fn may_reach(alike: i64, one: &[Word], other: &[Word]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    // What all words together may lack.
    let mut left = i64::try_from(short.len()).unwrap_or(0) * (100 - alike);
    for word in short {
        left -= 100 - long.iter().map(|it| word.at_most(it)).max().unwrap_or(0);
        if left < 0 {
            return false;
        }
    }
    short.len() >= 2
}

fn words(folding: &Folding, name: &str) -> (Vec<Word>, String) {
    let folded = folding.words(name);
    let whole = folded.concat();
    (folded.into_iter().map(Word::new).collect(), whole)
}

/// How alike two names are, in hundredths.
pub(crate) fn alike(folding: &Folding, one: &str, other: &str) -> i64 {
    let ((one, whole), (other, other_whole)) = (words(folding, one), words(folding, other));
    if !whole.is_empty() && whole == other_whole { 100 } else { words_alike(&one, &other) }
}

impl Index {
    /// Every name of these entries, each with its list. `alike` is from 50 to 100.
    pub(crate) fn new(
        (folding, alike): (&Folding, i64),
        files: Vec<ListFileId>,
        entries: impl IntoIterator<Item = (String, Entry)>,
    ) -> Self {
        let mut index = Self { files, alike, ..Self::default() };
        for (list, entry) in entries {
            let at = u32::try_from(index.entries.len()).unwrap_or(u32::MAX);
            for name in &entry.names {
                index.add(at, words(folding, &name.text));
            }
            index.entries.push((list, entry.reference));
        }
        index.keys.sort_unstable();
        index.keys.dedup();
        index
    }

    /// How many steps a word of so many letters may be away.
    fn steps(&self, longest: usize) -> usize {
        longest * usize::try_from(100 - self.alike).unwrap_or(0) / 100
    }

    fn keys_of<'a>(&'a self, word: &'a Word) -> impl Iterator<Item = u64> + 'a {
        let one_away = (self.steps(word.long + 1) >= 1).then(|| shorter(&word.text)).into_iter().flatten();
        std::iter::once(hash(&word.text)).chain(one_away.map(|text| hash(&text)))
    }

    fn add(&mut self, entry: u32, (words, whole): (Vec<Word>, String)) {
        if whole.is_empty() {
            return;
        }
        let at = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let mut keys: Vec<u64> = words.iter().flat_map(|word| self.keys_of(word)).collect();
        keys.push(hash(&whole));
        if words.iter().any(|word| self.steps(word.long + 2) >= 2) {
            self.long.push(at);
        }
        self.keys.extend(keys.into_iter().map(|key| (key, at)));
        self.names.push(Listed { entry, words, whole });
    }

    fn under(&self, key: u64) -> impl Iterator<Item = u32> {
        let from = self.keys.partition_point(|(known, _)| *known < key);
        let rest = self.keys.get(from..).unwrap_or_default();
        rest.iter().take_while(move |(known, _)| *known == key).map(|(_, name)| *name)
    }

    /// The entry that has a name most like this one, if alike enough: its list, its reference, and how alike in hundredths.
    pub(crate) fn listed(&self, folding: &Folding, name: &str) -> Option<(&str, &str, i64)> {
        if self.names.is_empty() {
            return None;
        }
        let (words, whole) = words(folding, name);
        if whole.is_empty() {
            return None;
        }
        let mut found: Vec<u32> = self.long.clone();
        found.extend(self.under(hash(&whole)));
        for word in &words {
            found.extend(self.keys_of(word).flat_map(|key| self.under(key)));
        }
        found.sort_unstable();
        found.dedup();
        let known = found.into_iter().filter_map(|at| self.names.get(usize::try_from(at).ok()?));
        let alike = |listed: &Listed| {
            if listed.whole == whole {
                100
            } else if may_reach(self.alike, &listed.words, &words) {
                words_alike(&listed.words, &words)
            } else {
                0
            }
        };
        let best = known
            .map(|listed| (alike(listed), listed.entry))
            .max_by_key(|(alike, entry)| (*alike, u32::MAX - entry))?;
        let (list, reference) = self.entries.get(usize::try_from(best.1).ok()?)?;
        (best.0 >= self.alike).then_some((list.as_str(), reference.as_str(), best.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sanctions::{EntryKind, Name, Quality};

    const NAMES: &str = include_str!("../../../../packs/lesotho/names.toml");

    fn folding() -> Folding {
        toml::from_str(NAMES).unwrap()
    }

    fn index(alike: i64, names: &[String]) -> Index {
        let named = |(place, name): (usize, &String)| {
            let names = vec![Name { text: name.clone(), quality: Quality::Primary }];
            let (reference, kind) = (place.to_string(), EntryKind::Person);
            let (born, countries, documents, listed_on) = (Vec::new(), Vec::new(), Vec::new(), None);
            ("one".to_owned(), Entry { reference, kind, names, born, countries, documents, listed_on })
        };
        Index::new((&folding(), alike), Vec::new(), names.iter().enumerate().map(named))
    }

    #[test]
    fn order_case_accents_and_spelling_are_one_name_and_a_relative_is_another() {
        let index =
            index(88, &["Tšeliso Joaquín Moshoeshoe".to_owned(), "Unosolo".to_owned(), "El-Ejemplo".to_owned()]);
        for (hit, reference) in [
            ("Tšeliso Joaquín Moshoeshoe", "0"),
            ("MOSHWESHWE, tshediso JOAQUIN", "0"),
            ("Tseliso Moshoeshoe", "0"),
            ("Tšeliso Moshoesoe", "0"),
            ("Ts’eliso  Joachín Moshoeshoe", "0"),
            ("unosolo", "1"),
            ("Uno Solo", "1"),
            ("ELEJEMPLO", "2"),
        ] {
            assert_eq!(index.listed(&folding(), hit).map(|it| it.1), Some(reference), "{hit}");
        }
        for miss in [
            "Moshoeshoe",
            "Tšeliso",
            "Lineo Moshoeshoe",
            "Tšepo Moshoeshoe",
            "Tšeliso Mokoena",
            "Unosolo Mokoena",
            "",
            "— !",
        ] {
            assert!(index.listed(&folding(), miss).is_none(), "{miss}");
        }
    }

    fn word() -> impl Strategy<Value = String> {
        let syllable = prop::sample::select(vec!["mo", "tše", "lo", "kho", "tla", "na", "li", "ra", "pho", "a"]);
        prop::collection::vec(syllable, 1..9).prop_map(|parts| parts.concat())
    }

    fn name() -> impl Strategy<Value = String> {
        prop::collection::vec(word(), 1..5).prop_map(|words| words.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// The keys find what comparing with every name finds, for a name with a few letters of it changed.
        #[test]
        fn the_keys_find_what_comparing_with_every_name_would(
            names in prop::collection::vec(name(), 1..20),
            which in any::<prop::sample::Index>(),
            steps in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec!['o', 'k', 'x', ' '])), 0..4),
            at_least in 50_i64..=100,
        ) {
            let mut asked: Vec<char> = which.get(&names).chars().collect();
            for (place, letter) in &steps {
                let place = place.index(asked.len());
                match *letter {
                    'x' if asked.len() > 1 => drop(asked.remove(place)),
                    'k' => asked.insert(place, 'k'),
                    letter => asked[place] = letter,
                }
            }
            let asked: String = asked.into_iter().collect();
            let best = names.iter().map(|listed| alike(&folding(), listed, &asked)).max().filter(|it| *it >= at_least);
            prop_assert_eq!(index(at_least, &names).listed(&folding(), &asked).map(|it| it.2), best, "{}", asked);
        }
    }
}
