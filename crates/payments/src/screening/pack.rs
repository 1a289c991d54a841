//! The list and the rules, from the pack's `screening.toml`.
//!
//! **Invariant:** a name is met in any order, case and spelling that the pack folds into one; one word alone meets nobody.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use spine::Folding;

use super::Place;

/// The rules. Cheap to clone; with none, nothing is stopped.
#[derive(Clone, Default)]
pub struct Screening {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    folding: Folding,
    alike: i64,
    entries: Vec<Entry>,
    velocity: Vec<Velocity>,
    structuring: Vec<Structuring>,
}

/// Somebody on the list; each name as folded words in order.
struct Entry {
    id: String,
    names: Vec<String>,
    folded: Vec<Vec<String>>,
}

/// Too many, or too much, in so many days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Velocity {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) days: i64,
    pub(super) payments: i64,
    pub(super) amount_minor: i64,
}

/// So many in so many days, each from a part of a limit up to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Structuring {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) days: i64,
    pub(super) payments: i64,
    pub(super) limit_minor: i64,
    pub(super) hundredths: i64,
}

impl Structuring {
    /// The least that counts as just under the limit.
    pub(super) const fn least_minor(&self) -> i64 {
        self.limit_minor / 100 * self.hundredths
    }
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ScreeningError {
    /// Not of the declared shape.
    #[error("screening.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("screening.toml: {id}: {problem}")]
    Value {
        /// The rule's or the entry's id.
        id: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    list: List,
    #[serde(default)]
    velocity: Vec<Velocity>,
    #[serde(default)]
    structuring: Vec<Structuring>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    alike: i64,
    #[serde(default)]
    entries: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    id: String,
    names: Vec<String>,
}

impl Screening {
    /// Reads the pack's `screening.toml`; `folding` is of its `names.toml`.
    ///
    /// # Errors
    /// [`ScreeningError`] naming the rule or the entry.
    pub fn parse(text: &str, folding: Folding) -> Result<Self, ScreeningError> {
        let file: File = toml::from_str(text)?;
        let refuse = |id: &str, problem| Err(ScreeningError::Value { id: id.to_owned(), problem });
        if !(50..=100).contains(&file.list.alike) {
            return refuse("list", "alike is from 50 to 100");
        }
        let counted = file.velocity.iter().map(|it| (&it.id, it.days, it.payments, it.amount_minor));
        let under = file.structuring.iter().map(|it| (&it.id, it.days, it.payments, it.limit_minor));
        for (id, days, payments, minor) in counted.chain(under) {
            if !(1..=366).contains(&days) || payments < 1 || !(100..=1 << 53).contains(&minor) {
                return refuse(id, "days are from 1 to 366, payments 1 or more, an amount 100 or more");
            }
        }
        if let Some(rule) = file.structuring.iter().find(|it| !(1..100).contains(&it.hundredths)) {
            return refuse(&rule.id, "hundredths are from 1 to 99");
        }
        let mut entries = Vec::with_capacity(file.list.entries.len());
        for Listed { id, names } in file.list.entries {
            let folded: Vec<Vec<String>> = names.iter().map(|name| folding.words(name)).collect();
            if folded.is_empty() || folded.iter().any(|words| words.len() < 2) {
                return refuse(&id, "every name has at least two words");
            }
            entries.push(Entry { id, names, folded });
        }
        let (alike, velocity, structuring) = (file.list.alike, file.velocity, file.structuring);
        Ok(Self { inner: Arc::new(Inner { folding, alike, entries, velocity, structuring }) })
    }

    /// The entry whose name is most like this one, if alike enough, and how alike in hundredths.
    pub(super) fn listed(&self, name: &str) -> Option<(&str, i64)> {
        let words = self.inner.folding.words(name);
        let best = |entry: &Entry| entry.folded.iter().map(|listed| alike(listed, &words)).max().unwrap_or(0);
        let entries = self.inner.entries.iter().map(|entry| (entry.id.as_str(), best(entry)));
        entries.max_by_key(|(_, alike)| *alike).filter(|(_, alike)| *alike >= self.inner.alike)
    }

    /// What the list calls an entry, for the officers' page alone.
    pub(super) fn names(&self, id: &str) -> &[String] {
        self.inner.entries.iter().find(|entry| entry.id == id).map_or(&[], |entry| &entry.names)
    }

    pub(super) fn velocity(&self, place: Place) -> impl Iterator<Item = &Velocity> {
        self.inner.velocity.iter().filter(move |rule| rule.place == place)
    }

    pub(super) fn structuring(&self, place: Place) -> impl Iterator<Item = &Structuring> {
        self.inner.structuring.iter().filter(move |rule| rule.place == place)
    }
}

impl fmt::Debug for Screening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Screening")
    }
}

/// Each word of the shorter name with the nearest of the longer, in hundredths; of one word alone nothing is said.
fn alike(one: &[String], other: &[String]) -> i64 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() < 2 {
        return 0;
    }
    let mut left: Vec<&String> = long.iter().collect();
    let mut whole = 0;
    for word in short {
        let nearest = left.iter().enumerate().map(|(place, it)| (words_alike(word, it), place)).max();
        if let Some((alike, place)) = nearest {
            whole += alike;
            left.remove(place);
        }
    }
    whole / i64::try_from(short.len()).unwrap_or(i64::MAX)
}

fn words_alike(one: &str, other: &str) -> i64 {
    let longest = one.chars().count().max(other.chars().count()).max(1);
    let steps = strsim::osa_distance(one, other).min(longest);
    i64::try_from((longest - steps) * 100 / longest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = include_str!("../../../../packs/lesotho/names.toml");

    fn with(list: &str) -> Result<Screening, ScreeningError> {
        Screening::parse(&format!("illustrative = true\n{list}"), toml::from_str(NAMES).unwrap())
    }

    #[test]
    fn order_case_accents_and_spelling_are_one_name_and_a_relative_is_another() {
        let list = "[list]\nalike = 88\n[[list.entries]]\nid = \"one\"\nnames = [\"Tšeliso Joaquín Moshoeshoe\"]";
        let screening = with(list).unwrap();
        for hit in [
            "Tšeliso Joaquín Moshoeshoe",
            "MOSHWESHWE, tshediso JOAQUIN",
            "Tseliso Moshoeshoe",
            "Tšeliso Moshoesoe",
            "Ts’eliso  Joachín Moshoeshoe",
        ] {
            assert!(screening.listed(hit).is_some(), "{hit}");
        }
        for miss in ["Moshoeshoe", "Tšeliso", "Lineo Moshoeshoe", "Tšepo Moshoeshoe", "Tšeliso Mokoena", "", "— !"]
        {
            assert!(screening.listed(miss).is_none(), "{miss}");
        }
    }

    #[test]
    fn a_wrong_pack_is_named() {
        let rule = |more: &str| format!("[list]\nalike = 88\n{more}");
        for (text, id) in [
            ("[list]\nalike = 10".to_owned(), "list"),
            (rule("[[list.entries]]\nid = \"one\"\nnames = [\"Pele\"]"), "one"),
            (rule("[[list.entries]]\nid = \"none\"\nnames = []"), "none"),
            (rule("[[velocity]]\nid = \"v\"\nplace = \"remittance\"\ndays = 0\npayments = 1\namount_minor = 500"), "v"),
            (
                rule(
                    "[[structuring]]\nid = \"s\"\nplace = \"remittance\"\ndays = 1\npayments = 1\nlimit_minor = 500\nhundredths = 100",
                ),
                "s",
            ),
        ] {
            match with(&text) {
                Err(ScreeningError::Value { id: named, .. }) => assert_eq!(named, id),
                other => panic!("{other:?}"),
            }
        }
    }
}
