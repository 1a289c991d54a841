//! Net-debit caps, and whether a participant or an account is active.

use spine::{Act, Cx, Fault, Money};

use super::{ask, join::known};
use crate::caps;
use crate::model::AccountType;
use crate::rows::participants as rows;

/// A net-debit cap.
#[derive(Clone, Copy, Debug)]
pub struct Cap {
    /// The most the participant may owe, never less than nothing.
    pub amount: Money,
    /// An alarm is raised when no more than this part of it is left, 0 to 100.
    pub alarm_percent: i64,
}

/// Sets a participant's cap. One that falls below what it owes lets it receive, and send again once it owes less.
///
/// # Errors
/// `switch.cap.amount`, `switch.account.unknown`; a refusal; the store's faults.
pub fn set_cap(cx: &mut Cx<'_>, name: &str, cap: &Cap) -> Result<(), Fault> {
    ask(cx, name)?;
    known(cx, name)?;
    if cap.amount.minor() < 0 || cap.amount.minor() > 1 << 53 || !(0..=100).contains(&cap.alarm_percent) {
        return Err(Fault::invalid("switch.cap.amount"));
    }
    let currency = cap.amount.currency();
    let position = rows::account(cx.tx(), name, currency, AccountType::Position)?;
    let position = position.ok_or_else(|| Fault::not_found("switch.account.unknown"))?;
    rows::set_cap(cx.tx(), position.number, cap.amount.minor(), cap.alarm_percent)?;
    cx.record(Act::new("switch.cap.set").on(name).with("minor", cap.amount.minor()).with("currency", currency.code()));
    caps::regrant(cx, name, currency)
}

/// Lets a participant send and receive, or no more.
pub(crate) fn set_active(cx: &mut Cx<'_>, name: &str, active: bool) -> Result<(), Fault> {
    ask(cx, name)?;
    known(cx, name)?;
    rows::set_active(cx.tx(), name, active)?;
    cx.record(Act::new("switch.participant.changed").on(name).with("active", active));
    Ok(())
}

/// The same for one of its accounts.
pub(crate) fn set_account_active(cx: &mut Cx<'_>, name: &str, number: i64, active: bool) -> Result<(), Fault> {
    ask(cx, name)?;
    let account = rows::numbered(cx.tx(), number)?.filter(|account| account.participant == name);
    account.ok_or_else(|| Fault::not_found("switch.account.unknown"))?;
    rows::set_account_active(cx.tx(), number, active)?;
    cx.record(Act::new("switch.account.changed").on(number).with("active", active));
    Ok(())
}
