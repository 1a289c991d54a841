//! The partners who may collect money abroad: from the pack; where they are and how they sign comes from the configuration.
//!
//! **Invariant:** a partner without a link is never offered; a rate and a fee are whole numbers, and rounding is never for us.

use std::sync::Arc;

use serde::Deserialize;
use spine::{Currency, Localised, Personal};

use crate::rails::wallets::WalletLink;
use crate::rails::wrong_id;

/// A licensed partner abroad.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Stable, lower case.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// The country it collects in.
    pub from: Localised,
    /// The currency it collects.
    pub currency: Currency,
    pub(crate) rate_millionths: i64,
    pub(crate) fee: Fee,
    pub(crate) least_minor: i64,
    pub(crate) most_minor: i64,
    numbers: Numbers,
    link: Option<WalletLink>,
}

/// What a partner takes for a payment.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fee {
    pub(crate) fixed_minor: i64,
    pub(crate) thousandths: i64,
    pub(crate) most_minor: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    prefix: String,
    digits: usize,
}

/// All partners. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Corridors {
    partners: Arc<Vec<Partner>>,
    pub(crate) pay_within_seconds: i64,
    pub(crate) thirty_days_most_minor: i64,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum CorridorsError {
    /// Not of the declared shape.
    #[error("corridors.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("corridors.toml: {partner}: {problem}")]
    Value {
        /// The partner's id.
        partner: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    pay_within_seconds: i64,
    thirty_days_most_minor: i64,
    partners: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    id: String,
    name: Localised,
    from: Localised,
    currency: Currency,
    rate_millionths: i64,
    numbers: Numbers,
    fee: Fee,
    least_minor: i64,
    most_minor: i64,
}

impl Corridors {
    /// Reads the pack's `corridors.toml`, and asks `link` for each partner's address and secret.
    ///
    /// # Errors
    /// [`CorridorsError`] naming the partner.
    pub fn parse(text: &str, link: impl Fn(&str) -> Option<WalletLink>) -> Result<Self, CorridorsError> {
        let file: File = toml::from_str(text)?;
        let mut partners: Vec<Partner> = Vec::new();
        for part in file.partners {
            let refuse = |problem| CorridorsError::Value { partner: part.id.clone(), problem };
            if let Some(problem) = wrong_id(&part.id, partners.iter().map(|known| known.id.as_str())) {
                return Err(refuse(problem));
            }
            if !(1..=1_000_000_000_000).contains(&part.rate_millionths) {
                return Err(refuse("a rate is more than nothing, in millionths"));
            }
            let fee = &part.fee;
            if fee.fixed_minor < 0 || !(0..=1_000).contains(&fee.thousandths) || fee.most_minor < fee.fixed_minor {
                return Err(refuse("a fee is nothing or more, and its most no less than its fixed part"));
            }
            if part.least_minor < 1 || part.most_minor < part.least_minor || part.most_minor > 1 << 53 {
                return Err(refuse("the least must be at least 1 and no more than the most"));
            }
            partners.push(Partner {
                link: link(&part.id),
                id: part.id,
                name: part.name,
                from: part.from,
                currency: part.currency,
                rate_millionths: part.rate_millionths,
                fee: part.fee,
                least_minor: part.least_minor,
                most_minor: part.most_minor,
                numbers: part.numbers,
            });
        }
        let (pay, most) = (file.pay_within_seconds.max(600), file.thirty_days_most_minor);
        Ok(Self { partners: Arc::new(partners), pay_within_seconds: pay, thirty_days_most_minor: most })
    }

    /// Each partner, in the pack's order.
    pub fn iter(&self) -> impl Iterator<Item = &Partner> {
        self.partners.iter()
    }

    /// The partners that can collect now.
    pub fn offered(&self) -> impl Iterator<Item = &Partner> {
        self.iter().filter(|partner| partner.link.is_some())
    }

    /// The partner called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Partner> {
        self.iter().find(|partner| partner.id == id)
    }
}

impl Partner {
    pub(crate) const fn link(&self) -> Option<&WalletLink> {
        self.link.as_ref()
    }

    /// What stands before a number there.
    pub(crate) fn prefix(&self) -> &str {
        &self.numbers.prefix
    }

    /// A number there in its one form; none if it is not one.
    pub(crate) fn number(&self, written: &str) -> Option<Personal<String>> {
        let plain: String = written.chars().filter(|letter| !" -().".contains(*letter)).collect();
        let code = self.numbers.prefix.trim_start_matches('+');
        let digits = plain.strip_prefix(&self.numbers.prefix).or_else(|| plain.strip_prefix("00")?.strip_prefix(code));
        let digits = digits.unwrap_or_else(|| plain.strip_prefix('0').unwrap_or(&plain));
        let fine = digits.len() == self.numbers.digits && digits.bytes().all(|digit| digit.is_ascii_digit());
        fine.then(|| Personal::new(format!("{}{digits}", self.numbers.prefix)))
    }

    /// The account of what it owes us.
    pub(crate) fn account(&self) -> String {
        format!("partner:{}", self.id)
    }
}
