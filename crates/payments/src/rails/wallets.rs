//! The wallets of the country: who they are, which numbers they serve, within which limits. From the pack;
//! where they are and how they sign comes from the configuration.
//!
//! **Invariant:** a number has one form (`+` and digits) once it has been read; a wallet without a link is
//! never offered.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use spine::{Currency, Fault, FieldFault, Localised, Money, Personal, Secret, Text};

use crate::charges::Charges;
use crate::gateway::limits::RollingLimit;
use crate::rails::open_api::{Market, OpenApi, OpenApiLink};
use crate::rails::wrong_id;

/// Where a wallet's programming interface is, and the secret both sides sign with.
#[derive(Clone)]
pub struct WalletLink {
    /// Without a slash at the end: `https://api.wallet.example/letsema`.
    pub base_url: String,
    /// The key of the HMAC.
    pub secret: Secret<Vec<u8>>,
}

impl fmt::Debug for WalletLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WalletLink")
    }
}

/// A wallet.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// Stable, lower case: `mpesa`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// Who runs it.
    pub operator: String,
    /// Its currency.
    pub currency: Currency,
    /// The least and the most it takes at once.
    pub least: Money,
    /// The most it takes at once.
    pub most: Money,
    numbers: Vec<String>,
    market: Option<Market>,
    link: Option<Link>,
}

/// Where it is, and what it speaks.
#[derive(Clone, Debug)]
enum Link {
    /// The protocol of this crate's README.
    Ours(WalletLink),
    /// M-Pesa's OpenAPI.
    OpenApi(OpenApi),
}

/// All wallets of the country. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wallets {
    wallets: Arc<Vec<Wallet>>,
    prefix: String,
    digits: usize,
    approve_seconds: i64,
    service_code: Option<String>,
    limits: Arc<Vec<RollingLimit>>,
    charges: Charges,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum WalletsError {
    /// Not of the declared shape.
    #[error("wallets.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("wallets.toml: {wallet}: {problem}")]
    Value {
        /// The wallet's id.
        wallet: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    approve_within_seconds: i64,
    dial: Option<DialPart>,
    #[serde(default)]
    limits: Vec<RollingLimit>,
    number: NumberPart,
    wallets: Vec<WalletPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberPart {
    prefix: String,
    digits: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DialPart {
    service_code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletPart {
    id: String,
    name: Localised,
    operator: String,
    currency: Currency,
    /// Patterns: `#` stands for one digit.
    numbers: Vec<String>,
    least_minor: i64,
    most_minor: i64,
    /// Its place in M-Pesa's OpenAPI, if it speaks that.
    open_api: Option<Market>,
}

impl Wallets {
    /// Reads the pack's `wallets.toml`, and asks `link` for each wallet's address and secret.
    ///
    /// # Errors
    /// [`WalletsError`] naming the wallet.
    pub fn parse(text: &str, link: impl Fn(&str) -> Option<WalletLink>) -> Result<Self, WalletsError> {
        let file: File = toml::from_str(text)?;
        let mut wallets: Vec<Wallet> = Vec::new();
        for part in file.wallets {
            let refuse = |problem| WalletsError::Value { wallet: part.id.clone(), problem };
            if let Some(problem) = wrong_id(&part.id, wallets.iter().map(|known| known.id.as_str())) {
                return Err(refuse(problem));
            }
            if part.least_minor < 1 || part.most_minor < part.least_minor {
                return Err(refuse("the least must be at least 1 and no more than the most"));
            }
            if part.numbers.is_empty() || !part.numbers.iter().all(|pattern| pattern.starts_with(&file.number.prefix)) {
                return Err(refuse("numbers are patterns that begin with the country's prefix"));
            }
            let money = |minor| Money::new(minor, part.currency);
            wallets.push(Wallet {
                link: link(&part.id).map(Link::Ours),
                market: part.open_api,
                least: money(part.least_minor),
                most: money(part.most_minor),
                id: part.id,
                name: part.name,
                operator: part.operator,
                currency: part.currency,
                numbers: part.numbers,
            });
        }
        let NumberPart { prefix, digits } = file.number;
        let approve_seconds = file.approve_within_seconds.max(30);
        let service_code = file.dial.map(|dial| dial.service_code);
        if let Some(problem) = file.limits.iter().find_map(RollingLimit::problem) {
            return Err(WalletsError::Value { wallet: "limits".to_owned(), problem });
        }
        let (wallets, limits) = (Arc::new(wallets), Arc::new(file.limits));
        Ok(Self { wallets, prefix, digits, approve_seconds, service_code, limits, charges: Charges::default() })
    }

    pub(crate) fn limits(&self) -> &[RollingLimit] {
        &self.limits
    }

    /// The same, where the wallet called `id` is reached by M-Pesa's OpenAPI.
    ///
    /// # Errors
    /// [`WalletsError`] if the pack has no such wallet, or no place in that interface for it.
    pub fn speaking(self, id: &str, link: OpenApiLink) -> Result<Self, WalletsError> {
        let mut wallets = Arc::unwrap_or_clone(self.wallets);
        let refuse = |problem| WalletsError::Value { wallet: id.to_owned(), problem };
        let wallet = wallets.iter_mut().find(|wallet| wallet.id == id);
        let wallet = wallet.ok_or_else(|| refuse("the pack has no such wallet"))?;
        let market = wallet.market.clone().ok_or_else(|| refuse("open_api says its market and country"))?;
        wallet.link = Some(Link::OpenApi(OpenApi::new(link, market, wallet.currency)));
        Ok(Self { wallets: Arc::new(wallets), ..self })
    }

    /// The same, with what they and the other rails charge.
    #[must_use]
    pub fn charging(self, charges: Charges) -> Self {
        Self { charges, ..self }
    }

    /// What the rails charge.
    #[must_use]
    pub const fn charges(&self) -> &Charges {
        &self.charges
    }

    /// Each wallet, in the pack's order.
    pub fn iter(&self) -> impl Iterator<Item = &Wallet> {
        self.wallets.iter()
    }

    /// The wallets that can take this amount now.
    pub fn offered(&self, amount: Money) -> impl Iterator<Item = &Wallet> {
        self.iter().filter(move |wallet| wallet.link.is_some() && wallet.takes(amount))
    }

    /// The wallet called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Wallet> {
        self.iter().find(|wallet| wallet.id == id)
    }

    /// How long a payer may take to approve.
    #[must_use]
    pub const fn approve_seconds(&self) -> i64 {
        self.approve_seconds
    }

    /// What anybody dials to pay a bill: `*124#`; none if nothing is dialled here.
    #[must_use]
    pub fn service_code(&self) -> Option<&str> {
        self.service_code.as_deref()
    }

    /// What stands before a number at home: `+266`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The number that people write in many ways, in its one form; none if it is not one of this country.
    #[must_use]
    pub fn number(&self, written: &str) -> Option<Personal<String>> {
        let plain: String =
            written.chars().filter(|letter| !letter.is_whitespace() && !"-().".contains(*letter)).collect();
        let digits = plain
            .strip_prefix(&self.prefix)
            .or_else(|| self.prefix.strip_prefix('+').and_then(|code| plain.strip_prefix("00")?.strip_prefix(code)))
            .unwrap_or(&plain);
        let fine = digits.len() == self.digits && digits.bytes().all(|digit| digit.is_ascii_digit());
        fine.then(|| Personal::new(format!("{}{digits}", self.prefix)))
    }

    /// The wallet and number chosen for an amount, or what is wrong with the choice.
    pub(crate) fn choose(
        &self,
        amount: Money,
        wallet: &str,
        written: &str,
    ) -> Result<(&Wallet, Personal<String>), Fault> {
        let wrong = |field: &str, text| {
            Fault::invalid("payments.choice.wrong").fields_from([FieldFault { field: field.to_owned(), text }])
        };
        let chosen = self.find(wallet).filter(|wallet| wallet.link.is_some());
        let chosen = chosen.ok_or_else(|| wrong("wallet", Text::new("payments.choose.wallet_missing")))?;
        if !chosen.takes(amount) {
            let text = Text::new("payments.choose.limits").with("least", chosen.least).with("most", chosen.most);
            return Err(wrong("wallet", text));
        }
        let number = self.number(written);
        let number = number.ok_or_else(|| wrong("number", Text::new("payments.choose.number_wrong")))?;
        if !chosen.serves(&number) {
            let text = Text::new("payments.choose.number_foreign").with("wallet", chosen.name.clone());
            return Err(wrong("number", text));
        }
        Ok((chosen, number))
    }
}

impl Wallet {
    /// Whether it takes this amount.
    #[must_use]
    pub fn takes(&self, amount: Money) -> bool {
        amount.currency() == self.currency && (self.least.minor()..=self.most.minor()).contains(&amount.minor())
    }

    /// Whether a number in its one form is one of this wallet's.
    #[must_use]
    pub fn serves(&self, number: &Personal<String>) -> bool {
        self.numbers.iter().any(|pattern| matches(pattern, number.reveal()))
    }

    /// The account that holds what this wallet owes us.
    #[must_use]
    pub fn account(&self) -> String {
        format!("wallet:{}", self.id)
    }

    /// Whether it can be reached at all.
    pub(crate) const fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// How it is reached in our own protocol, if it speaks that.
    pub(crate) const fn link(&self) -> Option<&WalletLink> {
        match &self.link {
            Some(Link::Ours(link)) => Some(link),
            _ => None,
        }
    }

    /// How it is reached by M-Pesa's OpenAPI, if it speaks that.
    pub(crate) const fn open_api(&self) -> Option<&OpenApi> {
        match &self.link {
            Some(Link::OpenApi(open_api)) => Some(open_api),
            _ => None,
        }
    }
}

fn matches(pattern: &str, number: &str) -> bool {
    pattern.len() == number.len()
        && pattern
            .bytes()
            .zip(number.bytes())
            .all(|(wanted, is)| wanted == is || (wanted == b'#' && is.is_ascii_digit()))
}

/// A number as others may see it: `•••• ••34`.
#[must_use]
pub(crate) fn masked(number: &Personal<String>) -> String {
    if number.reveal().is_empty() {
        return String::new();
    }
    let tail: Vec<char> = number.reveal().chars().rev().take(2).collect();
    format!("•••• ••{}", tail.into_iter().rev().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = include_str!("../../../../packs/lesotho/wallets.toml");

    fn wallets() -> Wallets {
        let link = WalletLink { base_url: "http://x".to_owned(), secret: Secret::new(vec![1]) };
        Wallets::parse(PACK, |id| (id == "mpesa").then(|| link.clone())).unwrap()
    }

    #[test]
    fn numbers_have_one_form() {
        let form = |text| wallets().number(text).map(Personal::into_inner);
        for same in ["58001234", "5800 1234", "+266 5800-1234", "00266 58001234"] {
            assert_eq!(form(same), Some("+26658001234".to_owned()), "{same}");
        }
        for wrong in ["", "5800123", "580012345", "+27 58001234", "5800 123a", "٥٨٠٠١٢٣٤"] {
            assert_eq!(form(wrong), None, "{wrong}");
        }
        assert_eq!(masked(&Personal::new("+26658001234".to_owned())), "•••• ••34");
    }

    #[test]
    fn a_choice_is_checked() {
        let amount = Money::new(13_000, Currency::parse("LSL").unwrap());
        let field = |wallet, number| {
            wallets().choose(amount, wallet, number).map(|_| ()).map_err(|fault| fault.fields()[0].field.clone())
        };
        assert_eq!(field("mpesa", "58001234"), Ok(()));
        assert_eq!(field("mpesa", "62001234"), Err("number".to_owned()), "a number of another network");
        assert_eq!(field("ecocash", "62001234"), Err("wallet".to_owned()), "not connected");
        assert_eq!(field("", "58001234"), Err("wallet".to_owned()));
        assert_eq!(wallets().offered(amount).count(), 1);
        let cents = Money::new(1, Currency::parse("LSL").unwrap());
        assert_eq!(wallets().offered(cents).count(), 0);
    }

    #[test]
    fn a_wrong_pack_is_refused() {
        assert!(Wallets::parse(&PACK.replace("\"mpesa\"", "\"M-Pesa\""), |_| None).is_err());
        assert!(Wallets::parse(&PACK.replace("ecocash", "mpesa"), |_| None).is_err());
        assert!(Wallets::parse(&PACK.replace("least_minor", "smallest"), |_| None).is_err());
    }
}
