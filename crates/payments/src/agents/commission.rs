//! What an agent has earned goes to her wallet, once a day.
//!
//! **Invariant:** as for a shop's money: each payment has its number, and is made once under it. What she earns is what the pack's
//! `charges.toml` says for cash, booked with each payment.

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Money, Resource};

use super::model::{Agent, AgentId};
use crate::ledger;
use crate::rails::payout::disburse::go;
use crate::rails::payout::{Destination, DisbursementId, NewDisbursement, Rails};
use crate::rows::agents as rows;

/// The job that pays an agent her commission.
pub(crate) const SETTLE: &str = "payments.agent.settle";

pub(super) const DAY_SECONDS: i64 = 86_400;

/// The account of what a counter has earned.
pub(super) fn earned(place: &str) -> String {
    format!("charge:cash:{place}")
}

/// Pays an agent what she has earned; answers how much goes, in minor units.
///
/// # Errors
/// `payments.agent.unknown`; as [`crate::disburse`]; a refusal; the store's faults.
pub fn settle(cx: &mut Cx<'_>, rails: &Rails, id: AgentId) -> Result<i64, Fault> {
    let agent = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.agent.unknown"))?;
    cx.may("payments.agent.settle", &Resource::new("Agent", id))?;
    let Some(account) = ledger::called(cx, &earned(&agent.place))? else { return Ok(0) };
    let wallet = rails.wallets.find(&agent.wallet);
    let (least, most) = wallet.map_or((1, 0), |wallet| (wallet.least.minor(), wallet.most.minor()));
    let minor = account.available().min(most);
    if minor < least {
        return Ok(0);
    }
    let new = NewDisbursement {
        id: numbered(&agent),
        from: account.id,
        to: Destination::Wallet { wallet: agent.wallet.clone(), number: agent.msisdn.clone() },
        amount: Money::new(minor, account.currency),
        reference: format!("COMMISSION-{}", agent.settlements + 1),
    };
    go(cx, rails, &new)?;
    rows::settled(cx.tx(), id)?;
    cx.record(Act::new("payments.agent.settled").on(id).with("amount_minor", minor));
    Ok(minor)
}

/// The payment of this number to this agent, for ever the same.
fn numbered(agent: &Agent) -> DisbursementId {
    let number = agent.settlements.to_be_bytes();
    DisbursementId::from_bytes(crypto::short_hash(&[b"letsema/agent/commission/v1\0", agent.id.as_bytes(), &number]))
}

/// The same as a job, which leaves the next day's behind.
pub(crate) fn settle_again(cx: &mut Cx<'_>, rails: &Rails, id: AgentId) -> Result<(), Fault> {
    settle(cx, rails, id)?;
    cx.enqueue(Job::new(SETTLE, json!({ "agent": id })).not_before(cx.now().plus_seconds(DAY_SECONDS)));
    cx.record(Act::new("payments.agent.settling").on(id));
    Ok(())
}
