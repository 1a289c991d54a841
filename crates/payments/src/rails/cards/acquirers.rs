//! The acquirers of the country: who they are and within which limits, from the pack; where they are and how they sign, from
//! the configuration.
//!
//! **Invariant:** an acquirer without a link is never offered; a browser is sent to its declared origin and to no other.

use std::sync::Arc;

use serde::Deserialize;
use spine::{Currency, Localised, Money};

use crate::rails::wallets::WalletLink;
use crate::rails::wrong_id;

/// How an acquirer's account begins: `acquirer:kopano`.
pub(crate) const PREFIX: &str = "acquirer:";

/// Where an acquirer's interface is, and on which origin its pages are.
#[derive(Clone, Debug)]
pub struct AcquirerLink {
    /// Its interface and the secret both sides sign with.
    pub api: WalletLink,
    /// The origin of the pages that people are sent to: `https://pay.acquirer.example`.
    pub pages: String,
}

/// An acquirer.
#[derive(Clone, Debug)]
pub struct Acquirer {
    /// Stable, lower case: `kopano`.
    pub id: String,
    /// What people call paying by it.
    pub name: Localised,
    /// The kinds of cards it takes, as people know them.
    pub cards: String,
    /// Its currency.
    pub currency: Currency,
    /// The least it takes at once.
    pub least: Money,
    /// The most it takes at once.
    pub most: Money,
    commission_thousandths: i64,
    link: Option<AcquirerLink>,
}

/// All acquirers of the country. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Acquirers {
    acquirers: Arc<Vec<Acquirer>>,
    pay_within_seconds: i64,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum AcquirersError {
    /// Not of the declared shape.
    #[error("acquirers.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("acquirers.toml: {acquirer}: {problem}")]
    Value {
        /// The acquirer's id.
        acquirer: String,
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
    acquirers: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    id: String,
    name: Localised,
    cards: String,
    currency: Currency,
    least_minor: i64,
    most_minor: i64,
    commission_thousandths: i64,
}

impl Acquirers {
    /// Reads the pack's `acquirers.toml`, and asks `link` for each acquirer's address and secret.
    ///
    /// # Errors
    /// [`AcquirersError`] naming the acquirer.
    pub fn parse(text: &str, link: impl Fn(&str) -> Option<AcquirerLink>) -> Result<Self, AcquirersError> {
        let file: File = toml::from_str(text)?;
        let mut acquirers: Vec<Acquirer> = Vec::new();
        for part in file.acquirers {
            let refuse = |problem| AcquirersError::Value { acquirer: part.id.clone(), problem };
            if let Some(problem) = wrong_id(&part.id, acquirers.iter().map(|known| known.id.as_str())) {
                return Err(refuse(problem));
            }
            if part.least_minor < 1 || part.most_minor < part.least_minor || part.most_minor > 1 << 53 {
                return Err(refuse("the least must be at least 1 and no more than the most"));
            }
            if !(0..=200).contains(&part.commission_thousandths) {
                return Err(refuse("a commission is from nothing to a fifth, in thousandths"));
            }
            let money = |minor| Money::new(minor, part.currency);
            acquirers.push(Acquirer {
                link: link(&part.id),
                least: money(part.least_minor),
                most: money(part.most_minor),
                id: part.id,
                name: part.name,
                cards: part.cards,
                currency: part.currency,
                commission_thousandths: part.commission_thousandths,
            });
        }
        // Less than a minute nobody types a card in; longer than a day nothing waits.
        let pay_within_seconds = file.pay_within_seconds.clamp(60, 86_400);
        Ok(Self { acquirers: Arc::new(acquirers), pay_within_seconds })
    }

    /// Each acquirer, in the pack's order.
    pub fn iter(&self) -> impl Iterator<Item = &Acquirer> {
        self.acquirers.iter()
    }

    /// Those that can take this amount now.
    pub fn offered(&self, amount: Money) -> impl Iterator<Item = &Acquirer> {
        self.iter().filter(move |acquirer| acquirer.link.is_some() && acquirer.takes(amount))
    }

    /// The acquirer called `id`, or whose account is called so.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Acquirer> {
        let id = id.strip_prefix(PREFIX).unwrap_or(id);
        self.iter().find(|acquirer| acquirer.id == id)
    }

    /// How long somebody may stay on an acquirer's page.
    #[must_use]
    pub const fn pay_within_seconds(&self) -> i64 {
        self.pay_within_seconds
    }
}

impl Acquirer {
    /// Whether it takes this amount.
    #[must_use]
    pub fn takes(&self, amount: Money) -> bool {
        amount.currency() == self.currency && (self.least.minor()..=self.most.minor()).contains(&amount.minor())
    }

    /// The account that holds what this acquirer owes us.
    #[must_use]
    pub fn account(&self) -> String {
        format!("{PREFIX}{}", self.id)
    }

    /// The account of what this acquirer has kept for its work.
    #[must_use]
    pub fn commission_account(&self) -> String {
        format!("commission:{}", self.id)
    }

    /// The most it may keep when it settles `whole`, its commission in it; rounded in our favour.
    #[must_use]
    pub fn most_commission(&self, whole: i64) -> i64 {
        i64::try_from(i128::from(whole) * i128::from(self.commission_thousandths) / 1_000).unwrap_or(0)
    }

    pub(crate) const fn link(&self) -> Option<&AcquirerLink> {
        self.link.as_ref()
    }
}

impl AcquirerLink {
    /// Whether a browser may be sent there: an address on the declared origin, of characters that need no care.
    pub(crate) fn may_send_to(&self, url: &str) -> bool {
        let rest = url.strip_prefix(self.pages.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.starts_with('/'))
            && url.len() <= 500
            && url.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

#[cfg(test)]
mod tests {
    use spine::Secret;

    use super::*;

    const PACK: &str = include_str!("../../../../../packs/lesotho/acquirers.toml");

    fn link() -> AcquirerLink {
        let api = WalletLink { base_url: "http://x".to_owned(), secret: Secret::new(vec![1]) };
        AcquirerLink { api, pages: "https://pay.example".to_owned() }
    }

    #[test]
    fn a_browser_goes_to_the_declared_origin_and_nowhere_else() {
        for fine in ["https://pay.example/hosted/1", "https://pay.example/?s=1"] {
            assert!(link().may_send_to(fine), "{fine}");
        }
        for wrong in [
            "https://pay.example",
            "https://pay.example.evil.example/1",
            "https://pay.example@evil.example/",
            "http://pay.example/1",
            "//evil.example/1",
            "https://pay.example/1\r\nset-cookie: a",
        ] {
            assert!(!link().may_send_to(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_pack_is_refused_and_one_that_is_not_connected_is_not_offered() {
        for (from, to) in
            [("\"kopano\"", "\"Kopano\""), ("least_minor", "smallest"), ("= 30", "= 201"), ("= 500", "= 0")]
        {
            assert!(Acquirers::parse(&PACK.replace(from, to), |_| None).is_err(), "{to}");
        }
        let amount = Money::new(13_000, Currency::parse("LSL").unwrap());
        assert_eq!(Acquirers::parse(PACK, |_| None).unwrap().offered(amount).count(), 0);
        let connected = Acquirers::parse(PACK, |_| Some(link())).unwrap();
        assert_eq!(connected.offered(amount).count(), 1);
        let one = connected.find("acquirer:kopano").unwrap();
        assert_eq!((one.most_commission(10_000), one.most_commission(33)), (300, 0));
    }
}
