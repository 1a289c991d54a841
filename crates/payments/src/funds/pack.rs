//! The country's funds, from the pack's `funds.toml`.
//!
//! **Invariant:** a fund has an account of its own; a levy is whole parts in ten thousand of what is declared, for part of a year in
//! proportion to its days where the pack says so. All is multiplied first and divided once, half a minor unit rounded up, and it is
//! never more than was declared.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use spine::{Currency, Localised};

use super::part::Part;
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
    /// How it is reckoned for who was licensed for part of a year; without it, it is for whole years only.
    pub part_year: Option<PartYear>,
}

/// How a levy is reckoned for part of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartYear {
    /// In proportion to the days of it, the first and the last among them.
    ByDays,
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
    /// What it comes to for this part of a year, in minor units: declared × parts × days ÷ (10,000 × days of the year).
    #[must_use]
    pub fn reckon(&self, base_minor: i64, part: Part) -> i64 {
        let base = i128::from(base_minor.clamp(0, LARGEST_MINOR));
        let product = base * i128::from(self.parts) * i128::from(part.days);
        let whole = i128::from(WHOLE) * i128::from(part.of.max(1));
        i64::try_from((product * 2 + whole) / (whole * 2)).unwrap_or(LARGEST_MINOR)
    }

    /// Its rate in hundredths of the hundred, as people write it: `1.25`.
    #[must_use]
    pub fn percent(&self) -> String {
        percent(self.parts)
    }
}

/// Parts in ten thousand as people write them in the hundred: `1.25`.
pub(super) fn percent(parts: i64) -> String {
    format!("{}.{:02}", parts / 100, parts % 100)
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
            ("part_year = \"by-days\"", "part_year = \"by-months\""),
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
        fn a_levy_is_within_half_a_unit_of_its_part(base in 0..LARGEST_MINOR, parts in 1..=WHOLE, days in 1..=366_i64, leap: bool) {
            let (text, of) = (Localised::default(), if leap { 366 } else { 365 });
            let part = Part { days: days.min(of), of };
            let levy = Levy {
                id: String::new(), name: text.clone(), of: text, parts, due_days: 1, part_year: Some(PartYear::ByDays),
            };
            let whole = i128::from(WHOLE * of);
            let exact = i128::from(base) * i128::from(parts) * i128::from(part.days);
            let off = i128::from(levy.reckon(base, part)) * whole - exact;
            prop_assert!(-whole < off * 2 && off * 2 <= whole);
            prop_assert!(levy.reckon(base, part) <= base);
            let all = levy.reckon(base, Part { days: of, of });
            prop_assert!(levy.reckon(base, part) <= all);
        }
    }
}
