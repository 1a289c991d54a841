//! A window closes, and the next one opens, in the same transaction.

use payments::ledger;
use spine::{Act, Currency, Cx, Fault, Resource};

use crate::rows::{settlement as rows, transfers};

/// Closes the open window; gives the number of the one that opened.
///
/// # Errors
/// `switch.window.unknown`, `switch.window.not_open`; a refusal; the store's faults.
pub fn close_window(cx: &mut Cx<'_>, id: i64, reason: &str) -> Result<i64, Fault> {
    cx.may("switch.window.close", &Resource::new("Window", id))?;
    let known = rows::window(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.window.unknown"))?;
    let now = cx.now();
    if known.state != "OPEN" || rows::close_window(cx.tx(), id, reason, now)? != 1 {
        return Err(Fault::conflict("switch.window.not_open"));
    }
    let next = rows::insert_window(cx.tx(), "opened when the one before it closed", now)?;
    // Its place in the ledger's own sequence: whatever committed before it is in this window, and nothing else.
    let place = ledger::mark(cx, "switch.window", &id.to_string())?;
    cx.record(Act::new("switch.window.closed").on(id).with("next", next).with("place", place));
    Ok(next)
}

/// Adds a model of settlement for one currency, or for all that have none of their own.
///
/// # Errors
/// `switch.settlement.model_known`; a refusal; the store's faults.
pub(crate) fn add_model(cx: &mut Cx<'_>, name: &str, currency: Option<Currency>) -> Result<(), Fault> {
    cx.may("switch.settlement.run", &Resource::new("Settlement", "model"))?;
    let code = currency.as_ref().map(Currency::code);
    if rows::models(cx.tx())?.iter().any(|(own, only, ..)| own == name || (code.is_some() && only.as_deref() == code)) {
        return Err(Fault::conflict("switch.settlement.model_known"));
    }
    let now = cx.now();
    rows::insert_model(cx.tx(), name, code, now)?;
    cx.record(Act::new("switch.settlement.model_added").on(name));
    Ok(())
}

/// Lets settlements use a model, or no more.
///
/// # Errors
/// `switch.settlement.model`; a refusal; the store's faults.
pub(crate) fn set_model(cx: &mut Cx<'_>, name: &str, active: bool) -> Result<(), Fault> {
    cx.may("switch.settlement.run", &Resource::new("Settlement", "model"))?;
    if rows::set_model(cx.tx(), name, active)? == 0 {
        return Err(Fault::not_found("switch.settlement.model"));
    }
    cx.record(Act::new("switch.settlement.model_changed").on(name).with("active", active));
    Ok(())
}

/// Whether anything has ever been paid through the switch.
///
/// # Errors
/// A refusal; the store's faults.
pub fn any_transfer(cx: &mut Cx<'_>) -> Result<bool, Fault> {
    cx.may("switch.settlement.view", &Resource::new("Window", "all"))?;
    Ok(transfers::any(cx.tx())?)
}
