//! What the desk shows.

use std::collections::BTreeMap;

use spine::{Currency, Cx, Fault, Money, Resource};

use crate::caps;
use crate::model::{Account, AccountType, Participant};
use crate::rows::{letters, participants as rows, settlement, totals};
use crate::settlement::{Net, Settlement, Told, Window};

/// Windows and settlements on one page.
const SHOWN: i64 = 20;

/// A participant in one currency.
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) position: Account,
    /// What it owes the others; less than nothing if it is owed.
    pub(super) owes: Money,
    /// The smaller of the cap that was set and the deposit.
    pub(super) cap: Money,
    pub(super) deposit: Money,
    /// What it can still send.
    pub(super) left: Money,
    /// Less is left than its alarm wants.
    pub(super) alarm: bool,
}

/// Of one currency: transfers, and minor units of them together.
pub(super) type Sum = (Currency, i64, i64);

/// The whole desk.
pub(super) struct Desk {
    pub(super) standings: Vec<Standing>,
    pub(super) open: Option<(Window, Vec<Sum>)>,
    pub(super) closed: Vec<Window>,
    pub(super) settlements: Vec<Settlement>,
}

/// One participant.
pub(super) struct Seen {
    pub(super) participant: Participant,
    pub(super) standings: Vec<Standing>,
    /// Letters that could not be delivered at once.
    pub(super) waiting: i64,
}

/// One settlement.
pub(super) struct Settling {
    pub(super) settlement: Settlement,
    pub(super) windows: Vec<i64>,
    pub(super) nets: Vec<Net>,
}

fn standing(cx: &mut Cx<'_>, participant: &Participant, position: Account) -> Result<Option<Standing>, Fault> {
    let currency = position.currency;
    let settlement = rows::account(cx.tx(), &participant.name, currency, AccountType::Settlement)?;
    let Some(settlement) = settlement else { return Ok(None) };
    let owes = caps::position(&position, &caps::books(cx, &position)?);
    let deposit = caps::available(&caps::books(cx, &settlement)?);
    let cap = position.cap_minor.min(deposit.max(0));
    let left = cap.saturating_sub(owes).max(0);
    let alarm = left.saturating_mul(100) < cap.saturating_mul(position.alarm_percent);
    let money = |minor| Money::new(minor, currency);
    Ok(Some(Standing {
        name: participant.name.clone(),
        active: participant.active && position.active,
        owes: money(owes),
        cap: money(cap),
        deposit: money(deposit),
        left: money(left),
        alarm,
        position,
    }))
}

/// Everybody at a glance.
pub(super) fn desk(cx: &mut Cx<'_>) -> Result<Desk, Fault> {
    cx.may("switch.participant.view", &Resource::new("Participant", "all"))?;
    let mut standings = Vec::new();
    let accounts = rows::every_account(cx.tx())?;
    for participant in rows::all(cx.tx())?.iter().filter(|one| !one.is_hub) {
        let own = accounts.iter().filter(|own| own.participant == participant.name);
        for position in own.filter(|own| own.kind == AccountType::Position) {
            standings.extend(standing(cx, participant, position.clone())?);
        }
    }
    let mut open = None;
    if let Some(window) = settlement::windows(cx.tx(), "OPEN", 1)?.pop() {
        let mut sums: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
        for (_, _, currency, minor, count) in settlement::flows(cx.tx(), window.id)? {
            let sum = sums.entry(currency).or_default();
            *sum = (sum.0 + count, sum.1.saturating_add(minor));
        }
        open = Some((window, sums.into_iter().map(|(currency, (count, minor))| (currency, count, minor)).collect()));
    }
    let closed = settlement::windows(cx.tx(), "CLOSED", SHOWN)?;
    Ok(Desk { standings, open, closed, settlements: settlement::all(cx.tx(), "", SHOWN)? })
}

/// One participant, closely.
pub(super) fn participant(cx: &mut Cx<'_>, name: &str) -> Result<Seen, Fault> {
    cx.may("switch.participant.view", &Resource::new("Participant", name))?;
    let known = rows::find(cx.tx(), name)?.filter(|known| !known.is_hub);
    let participant = known.ok_or_else(|| Fault::not_found("switch.participant.unknown"))?;
    let mut standings = Vec::new();
    for position in rows::accounts(cx.tx(), name)?.into_iter().filter(|one| one.kind == AccountType::Position) {
        standings.extend(standing(cx, &participant, position)?);
    }
    let waiting = letters::waiting(cx.tx(), name)?;
    Ok(Seen { participant, standings, waiting })
}

/// A window: what went from whom to whom, and who says so too.
pub(super) type Inside = (Window, Vec<settlement::Flow>, Vec<Told>);

/// What is in a window.
pub(super) fn window(cx: &mut Cx<'_>, id: i64) -> Result<Inside, Fault> {
    cx.may("switch.settlement.view", &Resource::new("Window", id))?;
    let known = settlement::window(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.window.unknown"))?;
    Ok((known, settlement::flows(cx.tx(), id)?, totals::of_window(cx.tx(), id)?))
}

/// A settlement and what each owes of it.
pub(super) fn settling(cx: &mut Cx<'_>, id: i64) -> Result<Settling, Fault> {
    cx.may("switch.settlement.view", &Resource::new("Settlement", id))?;
    let known = settlement::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.settlement.unknown"))?;
    let mut windows: Vec<i64> = settlement::parts(cx.tx(), id)?.into_iter().map(|(window, _)| window).collect();
    windows.dedup();
    Ok(Settling { settlement: known, windows, nets: settlement::nets(cx.tx(), id)? })
}
