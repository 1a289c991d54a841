//! The banks of the country: which there are, how their accounts are numbered, and where the government's own account is. From
//! the pack; where our bank listens and how it signs comes from the configuration.
//!
//! **Invariant:** an account's number has one form (digits) once it has been read; without an own account nothing goes to banks.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::Deserialize;
use spine::{Currency, Date, Localised, Personal, Timestamp};

use super::iso20022::{Bank as BankName, BankAccount};
use super::wallets::WalletLink;

/// Where our bank's interface is, and the secret both sides sign with: as for a wallet.
pub type BankLink = WalletLink;

/// A bank.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Stable, lower case: `postbank`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    bic: Option<String>,
    member: String,
    digits: (usize, usize),
}

/// The account that payments go out from and arrive at.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    /// The bank that keeps it.
    pub bank: Bank,
    /// Its number.
    pub number: String,
    /// Whose it is.
    pub holder: String,
    /// Its currency.
    pub currency: Currency,
    link: Option<BankLink>,
}

/// All banks of the country. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Banks {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    banks: Vec<Bank>,
    own: Option<OwnAccount>,
    zone: Option<TimeZone>,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum BanksError {
    /// Not of the declared shape.
    #[error("banks.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("banks.toml: {bank}: {problem}")]
    Value {
        /// The bank's id.
        bank: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    own: OwnPart,
    banks: Vec<BankPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnPart {
    bank: String,
    number: String,
    holder: String,
    currency: Currency,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankPart {
    id: String,
    name: Localised,
    bic: Option<String>,
    member: String,
    account_digits: [usize; 2],
}

impl Banks {
    /// Reads the pack's `banks.toml`, and asks `link` for our own bank's address and secret. Days are those of `zone`.
    ///
    /// # Errors
    /// [`BanksError`] naming the bank.
    pub fn parse(text: &str, zone: TimeZone, link: impl Fn(&str) -> Option<BankLink>) -> Result<Self, BanksError> {
        let file: File = toml::from_str(text)?;
        let mut banks: Vec<Bank> = Vec::new();
        for part in file.banks {
            let refuse = |problem| BanksError::Value { bank: part.id.clone(), problem };
            let fine = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            if part.id.is_empty() || !part.id.chars().all(fine) || banks.iter().any(|known| known.id == part.id) {
                return Err(refuse("an id is of lower-case letters and digits, and unique"));
            }
            let [least, most] = part.account_digits;
            if least < 1 || most < least || most > 34 {
                return Err(refuse("an account has 1 to 34 digits, and no less than the least"));
            }
            if part.member.is_empty() || part.member.len() > 28 {
                return Err(refuse("a member of the clearing has 1 to 28 characters"));
            }
            let BankPart { id, name, bic, member, .. } = part;
            banks.push(Bank { id, name, bic, member, digits: (least, most) });
        }
        let OwnPart { bank, number, holder, currency } = file.own;
        let refuse = |problem| BanksError::Value { bank: bank.clone(), problem };
        let known = banks.iter().find(|known| known.id == bank).cloned();
        let known = known.ok_or_else(|| refuse("the own account is with one of the banks"))?;
        let number = known.account_number(&number).map(Personal::into_inner);
        let number = number.ok_or_else(|| refuse("the own account is numbered as the bank's accounts are"))?;
        let own = OwnAccount { link: link(&known.id), bank: known, number, holder, currency };
        Ok(Self { inner: Arc::new(Inner { banks, own: Some(own), zone: Some(zone) }) })
    }

    /// Each bank, in the pack's order.
    pub fn iter(&self) -> impl Iterator<Item = &Bank> {
        self.inner.banks.iter()
    }

    /// The bank called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Bank> {
        self.iter().find(|bank| bank.id == id)
    }

    /// Whose days are counted.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.inner.zone.clone().unwrap_or(TimeZone::UTC)
    }

    /// The bank's day at a moment.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        at.date_in(&self.zone())
    }

    /// When a day begins and ends.
    #[must_use]
    pub fn bounds(&self, day: Date) -> (Timestamp, Timestamp) {
        let zone = self.zone();
        let next = day.tomorrow().unwrap_or(day);
        (Timestamp::start_of(day, &zone), Timestamp::start_of(next, &zone))
    }

    /// The account that payments go out from, if our bank is connected.
    #[must_use]
    pub fn own(&self) -> Option<&OwnAccount> {
        self.inner.own.as_ref().filter(|own| own.link.is_some())
    }
}

impl Bank {
    /// The number in its one form; none if this bank numbers no account so.
    #[must_use]
    pub fn account_number(&self, written: &str) -> Option<Personal<String>> {
        let plain: String = written.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
        let fine = plain.bytes().all(|digit| digit.is_ascii_digit());
        (fine && (self.digits.0..=self.digits.1).contains(&plain.len())).then(|| Personal::new(plain))
    }

    /// The bank as messages name it.
    #[must_use]
    pub fn called(&self) -> BankName {
        match &self.bic {
            Some(bic) => BankName::Bic(bic.clone()),
            None => BankName::Member(self.member.clone()),
        }
    }
}

impl OwnAccount {
    /// The account in the ledger that stands for it.
    #[must_use]
    pub fn account(&self) -> String {
        format!("bank:{}", self.bank.id)
    }

    /// The account as messages name it.
    #[must_use]
    pub fn number(&self) -> BankAccount {
        BankAccount::Number(self.number.clone())
    }

    pub(crate) const fn link(&self) -> Option<&BankLink> {
        self.link.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = include_str!("../../../../packs/lesotho/banks.toml");

    #[test]
    fn accounts_have_one_form() {
        let banks = Banks::parse(PACK, TimeZone::UTC, |_| None).unwrap();
        let fnb = banks.find("fnb").unwrap();
        assert_eq!(fnb.account_number("620-1234 5678").map(Personal::into_inner), Some("62012345678".to_owned()));
        for wrong in ["", "6201234567", "620123456789", "6201234567a", "٦٢٠١٢٣٤٥٦٧٨"] {
            assert!(fnb.account_number(wrong).is_none(), "{wrong}");
        }
        assert!(banks.own().is_none(), "nobody is connected");
    }

    #[test]
    fn a_wrong_pack_is_refused() {
        assert!(Banks::parse(&PACK.replace("bank = \"cbl\"", "bank = \"none\""), TimeZone::UTC, |_| None).is_err());
        assert!(Banks::parse(&PACK.replace("9000000000017", "90-x"), TimeZone::UTC, |_| None).is_err());
        assert!(Banks::parse(&PACK.replace("\"fnb\"", "\"cbl\""), TimeZone::UTC, |_| None).is_err());
        assert!(Banks::parse(&PACK.replace("[11, 11]", "[11, 1]"), TimeZone::UTC, |_| None).is_err());
        assert!(Banks::parse(&PACK.replace("member", "number_of_member"), TimeZone::UTC, |_| None).is_err());
    }
}
