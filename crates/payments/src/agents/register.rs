//! A super-agent takes an agent on.
//!
//! **Invariant:** an agent's counter is new and empty, so that nobody's float comes under another; what it may take is what the
//! super-agent gives it from her own.

use serde_json::json;
use spine::{Act, Currency, Cx, Fault, FieldFault, Job, Resource, Text};

use super::commission::{DAY_SECONDS, SETTLE};
use super::model::{Agent, AgentId, NewAgent, account, place};
use crate::ledger;
use crate::rails::account_of;
use crate::rails::wallets::Wallets;
use crate::rows::agents as rows;

/// Takes an agent on, under the institution of whoever acts.
///
/// # Errors
/// `payments.agent.wrong` with the fields `place`, `name`, `town`, `wallet` or `number`; a refusal; the store's faults.
pub fn register(cx: &mut Cx<'_>, wallets: &Wallets, currency: Currency, new: &NewAgent) -> Result<AgentId, Fault> {
    let super_agent = place(cx)?;
    cx.may("payments.agent.register", &Resource::new("Agent", &new.place))?;
    let wrong = |field: &str, key| {
        let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
        Fault::invalid("payments.agent.wrong").fields_from([fault])
    };
    let (counter, name, town) = (new.place.trim(), new.name.trim(), new.town.trim());
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(3..=40).contains(&counter.len()) || !counter.bytes().all(fine) {
        return Err(wrong("place", "payments.agent.place_wrong"));
    }
    if ledger::called(cx, &account(counter))?.is_some() {
        return Err(wrong("place", "payments.agent.place_taken"));
    }
    let plain = |text: &str, most| (2..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if !plain(name, 60) {
        return Err(wrong("name", "payments.agent.name_wrong"));
    }
    if !plain(town, 40) {
        return Err(wrong("town", "payments.agent.town_wrong"));
    }
    let wallet = wallets.find(&new.wallet).ok_or_else(|| wrong("wallet", "payments.choose.wallet_missing"))?;
    let number = wallets.number(&new.number).filter(|number| wallet.serves(number));
    let msisdn = number.ok_or_else(|| wrong("number", "payments.choose.number_wrong"))?;
    account_of(cx, &account(counter), currency)?;
    let agent = Agent {
        id: cx.id(),
        place: counter.to_owned(),
        name: name.to_owned(),
        town: town.to_owned(),
        super_agent,
        wallet: wallet.id.clone(),
        msisdn,
        settlements: 0,
        made_at: cx.now(),
    };
    rows::insert(cx.tx(), &agent)?;
    let evening = cx.now().plus_seconds(DAY_SECONDS);
    cx.enqueue(Job::new(SETTLE, json!({ "agent": agent.id })).not_before(evening));
    let act = Act::new("payments.agent.registered").on(agent.id).because("payment", "contract");
    cx.record(act.with("place", counter).with("super_agent", agent.super_agent.as_str()));
    Ok(agent.id)
}
