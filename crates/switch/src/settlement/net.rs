//! A settlement is begun: what each participant owes of the windows' transfers, netted over all of them.

use std::collections::BTreeMap;

use spine::{Act, Currency, Cx, Fault, Money, Resource};

use super::{Net, State};
use crate::model::AccountType;
use crate::rows::{participants, settlement as rows};

/// At most so many windows in one settlement.
const WINDOWS: usize = 366;

/// The currencies of a window in which anything committed, with how many transfers and how much.
pub(crate) fn content(cx: &mut Cx<'_>, window: i64) -> Result<BTreeMap<Currency, (i64, i64)>, Fault> {
    let mut content: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for (_, _, currency, minor, count) in rows::flows(cx.tx(), window)? {
        let entry = content.entry(currency).or_default();
        entry.0 += count;
        entry.1 = entry.1.checked_add(minor).ok_or_else(too_large)?;
    }
    Ok(content)
}

fn too_large() -> Fault {
    Fault::conflict("switch.settlement.large")
}

/// Begins a settlement of closed windows; gives its number.
///
/// # Errors
/// `switch.settlement.{model,windows,large,unbalanced}`, `switch.window.{unknown,open,settled}`; a refusal; the store's faults.
pub(crate) fn begin(cx: &mut Cx<'_>, model: &str, windows: &[i64], reason: &str) -> Result<i64, Fault> {
    cx.may("switch.settlement.run", &Resource::new("Settlement", "new"))?;
    let known = rows::models(cx.tx())?;
    let own = known.iter().find(|(name, _, active, _)| name == model && *active);
    let (_, only, ..) = own.ok_or_else(|| Fault::not_found("switch.settlement.model"))?;
    let others: Vec<&str> = known.iter().filter_map(|(_, currency, ..)| currency.as_deref()).collect();
    let takes = |currency: Currency| match only {
        Some(only) => only == currency.code(),
        None => !others.contains(&currency.code()),
    };
    if windows.is_empty() || windows.len() > WINDOWS {
        return Err(Fault::invalid("switch.settlement.windows"));
    }
    let now = cx.now();
    let id = rows::insert(cx.tx(), model, reason, now)?;
    let mut nets: BTreeMap<(Currency, String), i64> = BTreeMap::new();
    let mut any = false;
    for window in windows {
        let taken = take(cx, id, *window, takes, &mut nets)?;
        let state = match taken {
            Taken::Something => "PENDING_SETTLEMENT",
            Taken::Empty => "SETTLED",
            Taken::Nothing => continue,
        };
        any = true;
        rows::set_window(cx.tx(), *window, state, reason, now)?;
    }
    if !any {
        return Err(Fault::conflict("switch.window.settled"));
    }
    balanced(&nets)?;
    for ((currency, participant), minor) in nets {
        let account = participants::account(cx.tx(), &participant, currency, AccountType::Settlement)?;
        let account = account.ok_or_else(|| Fault::not_found("switch.account.unknown"))?;
        let net = Net {
            account: account.number,
            participant,
            participant_number: 0,
            amount: Money::new(minor, currency),
            state: State::PendingSettlement,
            reason: reason.to_owned(),
            reference: None,
        };
        rows::insert_net(cx.tx(), id, &net, now)?;
    }
    if rows::nets(cx.tx(), id)?.is_empty() {
        rows::set(cx.tx(), id, State::Settled.code(), reason, now)?;
    }
    cx.record(Act::new("switch.settlement.begun").on(id).with("windows", windows.len()));
    Ok(id)
}

/// What of a window there was to settle.
enum Taken {
    Something,
    /// Nothing was ever in it: it is settled by looking at it once.
    Empty,
    /// It is settled, or another model's.
    Nothing,
}

/// Takes what of a window the model settles and nobody has settled.
fn take(
    cx: &mut Cx<'_>,
    settlement: i64,
    window: i64,
    takes: impl Fn(Currency) -> bool,
    nets: &mut BTreeMap<(Currency, String), i64>,
) -> Result<Taken, Fault> {
    let known = rows::window(cx.tx(), window)?.ok_or_else(|| Fault::not_found("switch.window.unknown"))?;
    if known.state == "OPEN" {
        return Err(Fault::conflict("switch.window.open"));
    }
    let settled: Vec<Currency> = rows::of_window(cx.tx(), window)?.iter().map(|(currency, ..)| *currency).collect();
    let flows = rows::flows(cx.tx(), window)?;
    let flows_empty = flows.is_empty();
    let mut taken: Vec<Currency> = Vec::new();
    for (payer, payee, currency, minor, _) in flows {
        if settled.contains(&currency) || !takes(currency) {
            continue;
        }
        if !taken.contains(&currency) {
            rows::insert_part(cx.tx(), settlement, window, currency)?;
            taken.push(currency);
        }
        for (participant, change) in [(payer, minor), (payee, -minor)] {
            let net = nets.entry((currency, participant)).or_default();
            *net = net.checked_add(change).ok_or_else(too_large)?;
        }
    }
    Ok(match (taken.is_empty(), flows_empty && known.state == "CLOSED") {
        (false, _) => Taken::Something,
        (true, true) => Taken::Empty,
        (true, false) => Taken::Nothing,
    })
}

/// What all owe and are owed must be nothing together.
fn balanced(nets: &BTreeMap<(Currency, String), i64>) -> Result<(), Fault> {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for ((currency, _), minor) in nets {
        let sum = sums.entry(*currency).or_default();
        *sum = sum.checked_add(*minor).ok_or_else(too_large)?;
    }
    if sums.values().all(|sum| *sum == 0) {
        Ok(())
    } else {
        Err(Fault::internal("switch.settlement.unbalanced", "the nets of a settlement do not add up to nothing"))
    }
}
