//! A shop: who owns it, what it is called, where its money goes.
//!
//! **Invariant:** a shop is its owner's, and its money goes to a number of a wallet that was read in its one form; its
//! account cannot be overdrawn.

use serde::Deserialize;
use serde_json::json;
use spine::{Act, Currency, Cx, Fault, FaultKind, FieldFault, Id, IdKind, Job, Personal, Resource, Text, Timestamp};

use super::settle::SETTLE;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount};
use crate::rails::wallets::Wallets;
use crate::rows::merchants as rows;

/// At most so many shops of one owner.
const SHOPS: usize = 5;

/// The kind of a merchant's identifier.
#[derive(Debug)]
pub struct MerchantKind;

impl IdKind for MerchantKind {
    const PREFIX: &'static str = "mer";
}

/// A merchant's identifier; it stands in her code.
pub type MerchantId = Id<MerchantKind>;

/// What the pack says of the codes of merchants.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    pub(crate) country: String,
    pub(crate) currency: Currency,
    pub(crate) currency_numeric: String,
    pub(crate) identifier: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) least_minor: i64,
    pub(crate) most_minor: i64,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// Not of the declared shape.
    #[error("merchants.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("merchants.toml: {0}")]
    Value(&'static str),
}

impl Counter {
    /// Reads the pack's `merchants.toml`.
    ///
    /// # Errors
    /// [`CounterError`].
    pub fn parse(text: &str) -> Result<Self, CounterError> {
        let counter: Self = toml::from_str(text)?;
        let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|it| it.is_ascii_digit());
        if counter.country.len() != 2 || !digits(&counter.currency_numeric, 3) || !digits(&counter.category, 4) {
            return Err(CounterError::Value("a country has two letters, a currency three digits, a category four"));
        }
        if !(1..=32).contains(&counter.identifier.len()) || !(1..=15).contains(&counter.city.chars().count()) {
            return Err(CounterError::Value("an identifier has at most 32 characters, a city 15"));
        }
        if counter.least_minor < 1 || counter.most_minor < counter.least_minor {
            return Err(CounterError::Value("the least must be at least 1 and no more than the most"));
        }
        Ok(counter)
    }
}

/// A shop to be registered.
#[derive(Clone, Debug)]
pub struct NewMerchant {
    /// What people call it, 2 to 25 characters: a code holds no more.
    pub name: String,
    /// Where it is, at most 15.
    pub city: String,
    /// The wallet its money goes to.
    pub wallet: String,
    /// The number with it, as typed.
    pub number: String,
}

/// A shop.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// Its identifier.
    pub id: MerchantId,
    /// Whose it is: a person's id.
    pub owner: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub city: String,
    /// The wallet its money goes to.
    pub wallet: String,
    /// The number with it.
    pub msisdn: Personal<String>,
    /// What it is owed.
    pub account: AccountId,
    /// How often it was paid out.
    pub settlements: i64,
    /// Since when.
    pub made_at: Timestamp,
}

/// Registers a shop of whoever acts. Her money goes to her wallet once a day from then on.
///
/// # Errors
/// `payments.merchant.wrong` with the fields `name`, `city`, `wallet` or `number`; `payments.merchant.many`; a refusal.
pub fn register(cx: &mut Cx<'_>, wallets: &Wallets, currency: Currency, new: &NewMerchant) -> Result<Merchant, Fault> {
    let owner = cx.actor().whose("payments.merchant.register")?.to_owned();
    cx.may("payments.merchant.register", &Resource::new("Merchant", &owner).is("own", true))?;
    if rows::of(cx.tx(), &owner)?.len() >= SHOPS {
        return Err(Fault::new(FaultKind::TooMany, "payments.merchant.many"));
    }
    let wrong = |field: &str, key| {
        let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
        Fault::invalid("payments.merchant.wrong").fields_from([fault])
    };
    let (name, city) = (new.name.trim(), new.city.trim());
    let plain = |text: &str| !text.chars().any(char::is_control);
    if !(2..=25).contains(&name.chars().count()) || !plain(name) {
        return Err(wrong("name", "payments.merchant.name_wrong"));
    }
    if !(2..=15).contains(&city.chars().count()) || !plain(city) {
        return Err(wrong("city", "payments.merchant.city_wrong"));
    }
    let wallet = wallets.find(&new.wallet).ok_or_else(|| wrong("wallet", "payments.choose.wallet_missing"))?;
    let number = wallets.number(&new.number).filter(|number| wallet.serves(number));
    let msisdn = number.ok_or_else(|| wrong("number", "payments.choose.number_wrong"))?;
    let id: MerchantId = cx.id();
    let (reference, kind) = (format!("merchant:{id}"), AccountKind::Liability);
    let bound = Bound::DebitsWithinCredits;
    let account = NewAccount { reference: &reference, kind, currency, name: "payments.account.merchant", bound };
    let merchant = Merchant {
        id,
        owner,
        name: name.to_owned(),
        city: city.to_owned(),
        wallet: wallet.id.clone(),
        msisdn,
        account: ledger::account(cx, &account)?,
        settlements: 0,
        made_at: cx.now(),
    };
    rows::insert(cx.tx(), &merchant)?;
    cx.enqueue(Job::new(SETTLE, json!({ "merchant": id })).not_before(cx.now().plus_seconds(86_400)));
    cx.record(Act::new("payments.merchant.registered").about(&merchant.owner).on(id).because("payment", "contract"));
    Ok(merchant)
}

/// The shops of whoever acts, with what each is owed.
///
/// # Errors
/// A refusal; the store's faults.
pub fn mine(cx: &mut Cx<'_>) -> Result<Vec<(Merchant, i64)>, Fault> {
    let owner = cx.actor().whose("payments.merchant.view")?.to_owned();
    cx.may("payments.merchant.view", &Resource::new("Merchant", &owner).is("own", true))?;
    let shops = rows::of(cx.tx(), &owner)?;
    shops
        .into_iter()
        .map(|shop| {
            let owed = ledger::find(cx, shop.account)?.map_or(0, |account| account.available());
            Ok((shop, owed))
        })
        .collect()
}

/// The shop, for its owner's deed.
pub(super) fn own(cx: &mut Cx<'_>, id: MerchantId, action: &str) -> Result<Merchant, Fault> {
    let shop = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.merchant.unknown"))?;
    let own = cx.actor().is_for(&shop.owner);
    cx.may(action, &Resource::new("Merchant", id).with("owner", &shop.owner).is("own", own))?;
    Ok(shop)
}
