//! The country's funds, from the pack's `funds.toml`.
//!
//! **Invariant:** a fund has an account of its own; a levy is whole parts in ten thousand of what is declared, half a minor unit rounded
//! up, and never more than was declared.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use spine::{Currency, Localised};

use crate::ledger::LARGEST_MINOR;

/// What accounts of funds are called by.
const PREFIX: &str = "fund:";
/// Parts of an amount are in ten thousand.
const WHOLE: i64 = 10_000;

/// The funds of a country. Cheap to clone; a country without has none.
#[derive(Clone, Debug, Default)]
pub struct Funds {
    file: Arc<File>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    illustrative: bool,
    #[serde(default)]
    funds: Vec<Fund>,
}

/// A fund.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fund {
    /// Stable: `universal-service`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What it is for, in a sentence.
    pub purpose: Localised,
    /// The institution that keeps it.
    pub keeper: String,
    /// Its account in the ledger.
    pub account: String,
    /// The currency of it.
    pub currency: Currency,
    /// What is levied for it.
    #[serde(default)]
    pub levies: Vec<Levy>,
    /// Who pays.
    #[serde(default)]
    pub contributors: Vec<Contributor>,
}

/// What is levied for a fund.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levy {
    /// Stable.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What it is a part of.
    pub of: Localised,
    /// In ten thousand.
    pub parts: i64,
    /// How many days after its assessment it is due.
    pub due_days: i64,
}

/// Who pays levies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contributor {
    /// Stable.
    pub id: String,
    /// What people call it: a company, never a person.
    pub name: Localised,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum FundsError {
    /// Not of the declared shape.
    #[error("funds.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("funds.toml: {fund}: {problem}")]
    Value {
        /// The fund.
        fund: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl Funds {
    /// Reads the pack's `funds.toml`.
    ///
    /// # Errors
    /// [`FundsError`] naming the fund.
    pub fn parse(text: &str) -> Result<Self, FundsError> {
        let file: File = toml::from_str(text)?;
        let (mut ids, mut accounts) = (BTreeSet::new(), BTreeSet::new());
        for fund in &file.funds {
            let refuse = |problem| Err(FundsError::Value { fund: fund.id.clone(), problem });
            if !plain(&fund.id) || !ids.insert(fund.id.as_str()) {
                return refuse("an id is small letters, digits and hyphens, and its own");
            }
            let own = fund.account.strip_prefix(PREFIX).is_some_and(plain);
            if !own || !accounts.insert(fund.account.as_str()) {
                return refuse("an account begins with fund: and is the fund's own");
            }
            let mut known = BTreeSet::new();
            let levies = fund.levies.iter().map(|levy| ("levy", levy.id.as_str()));
            let contributors = fund.contributors.iter().map(|one| ("contributor", one.id.as_str()));
            if !levies.chain(contributors).all(|(kind, id)| plain(id) && known.insert((kind, id))) {
                return refuse("levies and contributors have ids of their own");
            }
            if !fund.levies.iter().all(|levy| (1..=WHOLE).contains(&levy.parts) && (1..=400).contains(&levy.due_days)) {
                return refuse("the parts are from 1 to 10000, the days from 1 to 400");
            }
        }
        Ok(Self { file: Arc::new(file) })
    }

    /// All funds.
    pub fn iter(&self) -> impl Iterator<Item = &Fund> {
        self.file.funds.iter()
    }

    /// The fund called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Fund> {
        self.iter().find(|fund| fund.id == id)
    }

    /// Whether what the file says is an example.
    #[must_use]
    pub fn illustrative(&self) -> bool {
        self.file.illustrative
    }
}

fn plain(id: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&id.len()) && id.bytes().all(fine)
}

impl Fund {
    /// What people call a contributor; one that the pack knows no more is called by its id.
    #[must_use]
    pub fn contributor(&self, id: &str) -> Option<&Contributor> {
        self.contributors.iter().find(|one| one.id == id)
    }
}

impl Levy {
    /// What it comes to, in minor units.
    #[must_use]
    pub fn reckon(&self, base_minor: i64) -> i64 {
        let product = i128::from(base_minor.clamp(0, LARGEST_MINOR)) * i128::from(self.parts);
        i64::try_from((product + i128::from(WHOLE / 2)) / i128::from(WHOLE)).unwrap_or(LARGEST_MINOR)
    }

    /// Its rate in hundredths of the hundred, as people write it: `1.25`.
    #[must_use]
    pub fn percent(&self) -> String {
        format!("{}.{:02}", self.parts / 100, self.parts % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = include_str!("../../../../packs/lesotho/funds.toml");

    #[test]
    fn the_pack_is_read_and_what_is_wrong_is_named() {
        let funds = Funds::parse(FILE).unwrap();
        assert!(funds.illustrative());
        assert_eq!(funds.iter().count(), 1);
        for (from, to) in [
            ("parts = 100", "parts = 0"),
            ("parts = 100", "parts = 10001"),
            ("due_days = 60", "due_days = 0"),
            ("account = \"fund:universal-service\"", "account = \"income:universal-service\""),
            ("account = \"fund:universal-service\"", "account = \"fund:\""),
            ("id = \"operator-two\"", "id = \"operator-one\""),
            ("id = \"universal-service\"", "id = \"Universal\""),
            ("illustrative = true", ""),
        ] {
            assert!(Funds::parse(&FILE.replace(from, to)).is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn a_levy_is_within_half_a_unit_of_its_part(base in 0..LARGEST_MINOR, parts in 1..=WHOLE) {
            let text = Localised::default();
            let levy = Levy { id: String::new(), name: text.clone(), of: text, parts, due_days: 1 };
            let exact = i128::from(base) * i128::from(parts);
            let off = i128::from(levy.reckon(base)) * i128::from(WHOLE) - exact;
            prop_assert!(-i128::from(WHOLE / 2) < off && off <= i128::from(WHOLE / 2));
            prop_assert!(levy.reckon(base) <= base);
        }
    }
}
