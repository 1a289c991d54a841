//! Which lists there are and the rules, from the pack's `screening.toml`; and the names of the lists in force.
//!
//! **Invariant:** the names in memory are those that are in force in the transaction that asks. What a list says is not the pack's, it is
//! in the database (`sanctions/`).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;
use spine::{Fault, Folding, Localised, Tx};

use super::Place;
use crate::rows::sanctions as rows;
use crate::sanctions::{Format, Index};

/// The rules. Cheap to clone; with none, nothing is stopped.
#[derive(Clone, Default)]
pub struct Screening {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    folding: Folding,
    alike: i64,
    lists: Vec<ListRule>,
    velocity: Vec<Velocity>,
    structuring: Vec<Structuring>,
    /// The names of the lists in force, as they were last read.
    index: RwLock<Arc<Index>>,
}

/// A list that payments are held against.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRule {
    /// What it is called in rows, in the configuration and on the command line.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// How its files are written.
    pub format: Format,
    /// How many days old it may be before officers are told.
    pub days: i64,
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
    names: Names,
    #[serde(default)]
    lists: Vec<ListRule>,
    #[serde(default)]
    velocity: Vec<Velocity>,
    #[serde(default)]
    structuring: Vec<Structuring>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    alike: i64,
}

impl Screening {
    /// Reads the pack's `screening.toml`; `folding` is of its `names.toml`.
    ///
    /// # Errors
    /// [`ScreeningError`] naming the rule or the entry.
    pub fn parse(text: &str, folding: Folding) -> Result<Self, ScreeningError> {
        let file: File = toml::from_str(text)?;
        let refuse = |id: &str, problem| Err(ScreeningError::Value { id: id.to_owned(), problem });
        if !(50..=100).contains(&file.names.alike) {
            return refuse("names", "alike is from 50 to 100");
        }
        let mut known = BTreeSet::new();
        for list in &file.lists {
            let plain =
                |id: &str| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !(1..=30).contains(&list.id.len()) || !plain(&list.id) || !known.insert(&list.id) {
                return refuse(&list.id, "a list's id is its own, of a-z, 0-9 and -, at most 30");
            }
            if !(1..=3_660).contains(&list.days) {
                return refuse(&list.id, "days are from 1 to 3660");
            }
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
        let (alike, lists, velocity, structuring) = (file.names.alike, file.lists, file.velocity, file.structuring);
        Ok(Self { inner: Arc::new(Inner { folding, alike, lists, velocity, structuring, index: RwLock::default() }) })
    }

    /// How names are folded, and how many hundredths two must have alike.
    pub(crate) fn rules(&self) -> (&Folding, i64) {
        (&self.inner.folding, self.inner.alike)
    }

    /// The lists, in the pack's order.
    #[must_use]
    pub fn lists(&self) -> &[ListRule] {
        &self.inner.lists
    }

    /// The list called so.
    ///
    /// # Errors
    /// `payments.sanctions.list`.
    pub fn list(&self, id: &str) -> Result<&ListRule, Fault> {
        let found = self.inner.lists.iter().find(|list| list.id == id);
        found.ok_or_else(|| Fault::not_found("payments.sanctions.list").with("list", id))
    }

    /// The names in force in this transaction: those in memory, or read anew because a list has changed since.
    pub(crate) fn index(&self, tx: &mut dyn Tx) -> Result<Arc<Index>, Fault> {
        let known = Arc::clone(&self.inner.index.read().unwrap_or_else(PoisonError::into_inner));
        if self.inner.lists.is_empty() {
            return Ok(known);
        }
        let files = rows::all_in_force(tx)?;
        if known.files == files {
            return Ok(known);
        }
        let index = Arc::new(Index::new(self.rules(), files, rows::entries(tx)?));
        *self.inner.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&index);
        Ok(index)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_pack_is_named() {
        let rule = |more: &str| format!("illustrative = true\n[names]\nalike = 88\n{more}");
        let list = "[[lists]]\nid = \"un\"\nname = { en = \"UN\", st = \"UN\" }\nformat = \"un_xml\"\ndays = ";
        for (text, id) in [
            ("illustrative = true\n[names]\nalike = 10".to_owned(), "names"),
            (rule(&format!("{list}0")), "un"),
            (rule(&format!("{list}7\n{list}7")), "un"),
            (rule(&format!("{list}7").replace("\"un\"", "\"U N\"")), "U N"),
            (rule("[[velocity]]\nid = \"v\"\nplace = \"remittance\"\ndays = 0\npayments = 1\namount_minor = 500"), "v"),
            (
                rule(
                    "[[structuring]]\nid = \"s\"\nplace = \"remittance\"\ndays = 1\npayments = 1\nlimit_minor = 500\nhundredths = 100",
                ),
                "s",
            ),
        ] {
            match Screening::parse(&text, Folding::default()) {
                Err(ScreeningError::Value { id: named, .. }) => assert_eq!(named, id),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(Screening::parse(&rule(&format!("{list}7")), Folding::default()).unwrap().lists().len(), 1);
    }
}
