//! What a super-agent sees of her agents, and an agent of herself: float, cash, what a day usually takes, who runs out today.
//!
//! **Invariant:** nobody's payment is shown: these are sums of a counter.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Money, Resource};

use super::commission::{DAY_SECONDS, earned};
use super::model::{AgentId, CounterDevice, Shift, Taking, account, place};
use super::shift::{expected, lent, own};
use crate::ledger;
use crate::rails::payout::Rails;
use crate::rows::agents as rows;

/// How many days say what a day usually takes.
const DAYS: i64 = 7;

/// How a counter stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// What it may still take, with what its devices may take without a network.
    pub float: Money,
    /// How much of that is its devices'.
    pub lent: Money,
    /// What it has taken today.
    pub today: Money,
    /// What it has taken on a day, of the last seven, rounded up.
    pub usual: Money,
    /// What it has earned and was not paid.
    pub commission: Money,
    /// Whether what today may still bring is more than the float.
    pub runs_out: bool,
}

/// An agent as her super-agent sees her.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentView {
    /// Her identifier.
    pub id: AgentId,
    /// Her counter.
    pub place: String,
    /// What people call her.
    pub name: String,
    /// Where she is.
    pub town: String,
    /// How she stands.
    pub standing: Standing,
    /// Her last shift that ended: what should have been there, and what was counted.
    pub last: Option<(Money, Money)>,
}

/// A super-agent's desk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Desk {
    /// Her own float.
    pub float: Money,
    /// Her agents, those that run out today first.
    pub agents: Vec<AgentView>,
}

/// A counter as its clerk sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CounterView {
    /// The counter.
    pub place: String,
    /// How it stands.
    pub standing: Standing,
    /// The shift that is open, and what should lie in the drawer now.
    pub shift: Option<(Shift, Money)>,
    /// The devices that may take, and what each still may.
    pub devices: Vec<(CounterDevice, Money)>,
    /// What was taken without a network and did not pay.
    pub trouble: Vec<Taking>,
}

fn standing(cx: &mut Cx<'_>, rails: &Rails, place: &str, own: &ledger::Account) -> Result<Standing, Fault> {
    let (now, currency) = (cx.now(), own.currency);
    let lent = lent(cx, place)?;
    let float = own.available() + lent;
    let (midnight, _) = rails.banks.bounds(rails.banks.day(now));
    let mut accounts = vec![account(place)];
    accounts.extend(rows::devices(cx.tx(), place)?.iter().map(|device| account(&device.allowance)));
    let (mut today, mut before) = (0, 0);
    for one in &accounts {
        today += rows::taken(cx.tx(), one, midnight, now.plus_seconds(1))?;
        before += rows::taken(cx.tx(), one, midnight.plus_seconds(-DAYS * DAY_SECONDS), midnight)?;
    }
    let usual = (before + DAYS - 1) / DAYS;
    let commission = ledger::called(cx, &earned(place))?.map_or(0, |it| it.available().max(0));
    let money = |minor| Money::new(minor, currency);
    Ok(Standing {
        float: money(float),
        lent: money(lent),
        today: money(today),
        usual: money(usual),
        commission: money(commission),
        runs_out: float < (usual - today).max(1),
    })
}

/// The agents of whoever acts. The look is an act, so it must run as a write.
///
/// # Errors
/// `payments.cash.{place,closed}`; a refusal; the store's faults.
pub fn desk(cx: &mut Cx<'_>, rails: &Rails) -> Result<Desk, Fault> {
    let place = place(cx)?;
    cx.may("payments.agent.view", &Resource::new("Agent", &place).is("own", true))?;
    let own = ledger::called(cx, &account(&place))?.ok_or_else(|| Fault::conflict("payments.cash.closed"))?;
    let mut agents = Vec::new();
    for agent in rows::of(cx.tx(), &place)? {
        let Some(account) = ledger::called(cx, &account(&agent.place))? else { continue };
        agents.push(AgentView {
            standing: standing(cx, rails, &agent.place, &account)?,
            last: rows::last_shift(cx.tx(), &agent.place, account.currency)?.and_then(|shift| shift.ended),
            id: agent.id,
            place: agent.place,
            name: agent.name,
            town: agent.town,
        });
    }
    agents.sort_by_key(|agent| !agent.standing.runs_out);
    cx.record(Act::new("payments.agent.viewed").on(place).with("agents", agents.len()));
    Ok(Desk { float: Money::new(own.available(), own.currency), agents })
}

/// The counter of whoever acts.
///
/// # Errors
/// `payments.cash.{place,closed}`; a refusal; the store's faults.
pub fn counter(cx: &mut Cx<'_>, rails: &Rails) -> Result<CounterView, Fault> {
    let (place, own) = own(cx)?;
    let shift = match rows::open_shift(cx.tx(), &place, own.currency)? {
        Some(shift) => {
            let expected = expected(cx, &shift, &own)?;
            Some((shift, expected))
        }
        None => None,
    };
    let mut devices = Vec::new();
    for device in rows::devices(cx.tx(), &place)?.into_iter().filter(|device| device.ended_at.is_none()) {
        let left = ledger::called(cx, &account(&device.allowance))?.map_or(0, |it| it.available());
        devices.push((device, Money::new(left, own.currency)));
    }
    let standing = standing(cx, rails, &place, &own)?;
    let trouble = rows::trouble(cx.tx(), &place)?;
    Ok(CounterView { place, standing, shift, devices, trouble })
}
