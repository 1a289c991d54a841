//! Reconciliation: a participant says what it sent and received in a closed window, and hears whether the switch's books agree.
//!
//! **Invariant:** our side is read from the transfers each time, never from what was said; saying it again, with a late correction, replaces what
//! was said before and changes no money.

use std::collections::BTreeMap;

use spine::{Act, Currency, Cx, Fault, Resource};

use crate::rows::{settlement as rows, totals};

/// What went out of and into a participant in a window, in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) sent_count: i64,
    pub(crate) sent_minor: i64,
    pub(crate) received_count: i64,
    pub(crate) received_minor: i64,
}

/// What a participant said.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) participant: String,
    pub(crate) currency: Currency,
    pub(crate) said: Totals,
    pub(crate) agrees: bool,
}

fn own(cx: &mut Cx<'_>, participant: &str) -> Result<(), Fault> {
    let own = cx.actor().id == participant;
    cx.may("switch.totals.tell", &Resource::new("Participant", participant).is("own", own))
}

/// Our side, by currency.
///
/// # Errors
/// `switch.window.unknown`; a refusal; the store's faults.
pub(crate) fn ours(cx: &mut Cx<'_>, window: i64, participant: &str) -> Result<BTreeMap<Currency, Totals>, Fault> {
    own(cx, participant)?;
    rows::window(cx.tx(), window)?.ok_or_else(|| Fault::not_found("switch.window.unknown"))?;
    let mut all: BTreeMap<Currency, Totals> = BTreeMap::new();
    for (payer, payee, currency, minor, count) in rows::flows(cx.tx(), window)? {
        if payer == participant {
            let own = all.entry(currency).or_default();
            own.sent_count += count;
            own.sent_minor = own.sent_minor.saturating_add(minor);
        }
        if payee == participant {
            let own = all.entry(currency).or_default();
            own.received_count += count;
            own.received_minor = own.received_minor.saturating_add(minor);
        }
    }
    Ok(all)
}

/// Keeps what a participant says of a closed window; says for each currency whether it agrees. A currency it leaves out and in which
/// something moved does not.
///
/// # Errors
/// `switch.window.{unknown,open}`; a refusal; the store's faults.
pub(crate) fn tell(
    cx: &mut Cx<'_>,
    window: i64,
    participant: &str,
    said: &BTreeMap<Currency, Totals>,
) -> Result<Vec<(Currency, bool)>, Fault> {
    let ours = ours(cx, window, participant)?;
    let known = rows::window(cx.tx(), window)?;
    if known.is_none_or(|known| known.state == "OPEN") {
        return Err(Fault::conflict("switch.window.still_open"));
    }
    let now = cx.now();
    let mut currencies: Vec<Currency> = ours.keys().chain(said.keys()).copied().collect();
    currencies.sort_unstable();
    currencies.dedup();
    let mut answers = Vec::with_capacity(currencies.len());
    for currency in currencies {
        let theirs = said.get(&currency).copied().unwrap_or_default();
        let agrees = theirs == ours.get(&currency).copied().unwrap_or_default();
        totals::set(cx.tx(), window, participant, currency, (theirs, agrees), now)?;
        answers.push((currency, agrees));
    }
    let agree = answers.iter().all(|(_, agrees)| *agrees);
    cx.record(Act::new("switch.window.reconciled").on(participant).with("window", window).with("agrees", agree));
    Ok(answers)
}
