//! A participant joins: its name, its accounts in a currency, where it is called, how it proves itself.

use payments::ledger::{self, AccountId, AccountKind, Bound, NewAccount};
use serde_json::Value;
use spine::{Act, Currency, Cx, Fault, Resource, Secret};

use super::ask;
use crate::fspiop::headers::is_name;
use crate::fspiop::signature;
use crate::model::{Account, AccountType};
use crate::rows::{participants as rows, settlement};

/// The shortest token taken: 128 bits in base64url are 22 characters.
const SHORTEST_TOKEN: usize = 22;
/// The endpoints one participant may have, and how long each may be.
const ENDPOINTS: usize = 80;
const ENDPOINT_LENGTH: usize = 512;

/// Who joins, and in which currency.
#[derive(Clone, Debug)]
pub struct Joining {
    /// Its FSP identifier: letters, digits, dash, underscore, point; up to 32.
    pub name: String,
    /// In what it pays and is paid.
    pub currency: Currency,
}

/// How a participant proves itself.
#[derive(Clone, Debug)]
pub struct Access {
    /// What it sends as a bearer token; only its hash is kept.
    pub token: Secret<String>,
    /// Its public key, a JWK.
    pub jws_key: Option<Value>,
    /// Whether what it sends must be signed.
    pub signs: bool,
}

/// Opens the hub's own books in each currency, and the first window, where they are not open.
pub(crate) fn open_hub(cx: &mut Cx<'_>, hub: &str, currencies: &[Currency]) -> Result<(), Fault> {
    ask(cx, hub)?;
    if rows::find(cx.tx(), hub)?.is_none() {
        let now = cx.now();
        rows::insert(cx.tx(), hub, true, now)?;
        cx.record(Act::new("switch.hub.opened").on(hub));
    }
    for currency in currencies {
        for kind in [AccountType::HubReconciliation, AccountType::HubMultilateralSettlement, AccountType::HubCaps] {
            open(cx, hub, *currency, kind)?;
        }
    }
    if settlement::open_window(cx.tx())?.is_none() {
        let now = cx.now();
        let window = settlement::insert_window(cx.tx(), "opened with the hub", now)?;
        cx.record(Act::new("switch.window.opened").on(window));
    }
    if settlement::models(cx.tx())?.is_empty() {
        let now = cx.now();
        settlement::insert_model(cx.tx(), crate::settlement::DEFAULT_MODEL, None, now)?;
    }
    Ok(())
}

/// Enters a participant, or opens its accounts in one more currency.
///
/// # Errors
/// `switch.participant.name`; `switch.hub.currency` if the hub has no books in the currency; a refusal; the store's faults.
pub fn enrol(cx: &mut Cx<'_>, joining: &Joining) -> Result<(), Fault> {
    ask(cx, &joining.name)?;
    if !is_name(&joining.name) {
        return Err(Fault::invalid("switch.participant.name"));
    }
    let known = rows::find(cx.tx(), &joining.name)?;
    if known.as_ref().is_some_and(|known| known.is_hub) {
        return Err(Fault::conflict("switch.participant.hub"));
    }
    if rows::hub_account(cx.tx(), joining.currency, AccountType::HubCaps)?.is_none() {
        return Err(Fault::conflict("switch.hub.currency"));
    }
    if known.is_none() {
        let now = cx.now();
        rows::insert(cx.tx(), &joining.name, false, now)?;
        cx.record(Act::new("switch.participant.joined").on(&joining.name));
    }
    for kind in [AccountType::Position, AccountType::Settlement] {
        open(cx, &joining.name, joining.currency, kind)?;
    }
    Ok(())
}

/// Opens an account, or finds it open.
pub(crate) fn open(cx: &mut Cx<'_>, name: &str, currency: Currency, kind: AccountType) -> Result<(), Fault> {
    if rows::account(cx.tx(), name, currency, kind)?.is_some() {
        return Ok(());
    }
    let ledger = in_ledger(cx, name, currency, kind)?;
    let (number, now) = (rows::next_number(cx.tx())?, cx.now());
    let new = Account {
        number,
        participant: name.to_owned(),
        currency,
        kind,
        ledger,
        active: true,
        cap_minor: 0,
        alarm_percent: 10,
        granted_minor: 0,
        surplus_minor: 0,
    };
    rows::insert_account(cx.tx(), &new, now)?;
    cx.record(Act::new("switch.account.opened").on(number).with("type", kind.code()));
    Ok(())
}

fn in_ledger(cx: &mut Cx<'_>, name: &str, currency: Currency, kind: AccountType) -> Result<AccountId, Fault> {
    let (of, sort, bound) = match kind {
        // Neither owes more than it has been granted, nor takes out more than it paid in.
        AccountType::Position => ("position", AccountKind::Liability, Bound::DebitsWithinCredits),
        AccountType::Settlement => ("settlement", AccountKind::Liability, Bound::DebitsWithinCredits),
        AccountType::HubReconciliation => ("reconciliation", AccountKind::Asset, Bound::None),
        AccountType::HubMultilateralSettlement => ("multilateral", AccountKind::Liability, Bound::None),
        AccountType::HubCaps => ("caps", AccountKind::Asset, Bound::None),
    };
    let reference = format!("switch:{of}:{name}:{currency}");
    let name = format!("switch.account.{of}");
    ledger::account(cx, &NewAccount { reference: &reference, kind: sort, currency, name: &name, bound })
}

/// Says where a participant is called.
///
/// # Errors
/// `switch.participant.unknown`, `switch.endpoint.address`; a refusal; the store's faults.
pub fn set_endpoint(cx: &mut Cx<'_>, name: &str, kind: &str, value: &str) -> Result<(), Fault> {
    ask(cx, name)?;
    known(cx, name)?;
    let sound = |text: &str| text.chars().all(|letter| letter.is_ascii_graphic());
    let fits = !kind.is_empty() && kind.len() <= 80 && value.len() <= ENDPOINT_LENGTH && sound(kind) && sound(value);
    let is_address = !kind.starts_with("FSPIOP") || value.starts_with("http://") || value.starts_with("https://");
    if !fits || !is_address || rows::endpoints(cx.tx(), name)?.len() >= ENDPOINTS {
        return Err(Fault::invalid("switch.endpoint.address"));
    }
    rows::set_endpoint(cx.tx(), name, kind, value)?;
    cx.record(Act::new("switch.endpoint.set").on(name).with("type", kind));
    Ok(())
}

/// Says how a participant proves itself; what counted before counts no more.
///
/// # Errors
/// `switch.participant.unknown`, `switch.access.token`, `switch.access.key`; a refusal; the store's faults.
pub fn set_access(cx: &mut Cx<'_>, name: &str, access: &Access) -> Result<(), Fault> {
    cx.may("switch.participant.admit", &Resource::new("Participant", name))?;
    known(cx, name)?;
    let token = access.token.reveal();
    if token.len() < SHORTEST_TOKEN || !token.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err(Fault::invalid("switch.access.token"));
    }
    if access.jws_key.as_ref().is_some_and(|jwk| signature::key(jwk).is_none()) {
        return Err(Fault::invalid("switch.access.key"));
    }
    if access.signs && access.jws_key.is_none() {
        return Err(Fault::invalid("switch.access.key"));
    }
    let hash = crypto::sha256(&[token.as_bytes()]);
    let jwk = access.jws_key.as_ref().map(Value::to_string);
    rows::set_access(cx.tx(), name, Some(&hash), jwk.as_deref(), access.signs)?;
    cx.record(Act::new("switch.participant.admitted").on(name).with("signs", access.signs));
    Ok(())
}

pub(super) fn known(cx: &mut Cx<'_>, name: &str) -> Result<(), Fault> {
    let known = rows::find(cx.tx(), name)?;
    known.map(|_| ()).ok_or_else(|| Fault::not_found("switch.participant.unknown"))
}
