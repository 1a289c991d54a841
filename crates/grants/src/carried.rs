//! The payments engine as the carrier, and what it tells of payments.
//!
//! **Invariant:** an order's identifier is the disbursement's and its hold's, so nothing goes out twice. Of what is told only
//! the fact is taken from the event; how it stands is read from where it is kept.

use journal::{JobFault, RunningJob, Subscriptions};
use payments::ledger::{AccountId, TransferId};
use payments::{Destination, DisbursementId, DisbursementState, NewDisbursement, Rails, disburse_all, disbursement};
use serde::Deserialize;
use spine::{Cx, Fault};

use crate::engine::{Carrier, Grants, Handed, Order, Told};
use crate::jobs;
use crate::programme::Way;
use crate::runs;

/// The job that hears what became of a payment.
pub(crate) const TOLD: &str = "grants.payment.told";

/// Hands orders to the country's wallets and banks.
#[derive(Debug)]
pub struct ByRails(pub Rails);

impl Carrier for ByRails {
    fn hand_over(&self, cx: &mut Cx<'_>, from: AccountId, orders: &[Order]) -> Result<Vec<Handed>, Fault> {
        let batch: Vec<NewDisbursement> = orders.iter().map(|order| disbursed(&self.0, order, from)).collect();
        let handed = disburse_all(cx, &self.0, &batch)?;
        let answers = handed.into_iter().map(|one| match one {
            payments::Handed::Now | payments::Handed::Before => Handed::Now,
            payments::Handed::Refused(code) => Handed::Refused(reason(&code).to_owned()),
        });
        Ok(answers.collect())
    }
}

fn disbursed(rails: &Rails, order: &Order, from: AccountId) -> NewDisbursement {
    let to = match order.way {
        Way::Bank => Destination::Bank {
            bank: order.institution.clone(),
            account: order.address.clone(),
            holder: order.holder.clone(),
        },
        _ => match rails.by_phone(&order.institution) {
            Some(one) => one.destination(order.address.clone()),
            // Not there any more: the payments engine says so.
            None => Destination::Wallet { wallet: order.institution.clone(), number: order.address.clone() },
        },
    };
    let id = DisbursementId::from_bytes(*order.id.as_bytes());
    NewDisbursement { id, from, to, amount: order.amount, reference: order.reference.clone() }
}

/// A rail's code (a wallet's, a hub's, or ISO 20022 `ExternalStatusReason1Code`) as the last part of a reason's key.
fn reason(code: &str) -> &str {
    match code {
        "AC01" | "payments.disbursement.account" => "account_number",
        "AC04" | "AC06" | "account_closed" => "account_closed",
        "BE01" | "payments.disbursement.holder" => "name_differs",
        "unknown_number" | "payments.disbursement.number" => "unknown_number",
        // FSPIOP API Definition §7.6: 52xx the payee's limit, 54xx the payee is blocked.
        "payments.disbursement.limits" | "hub_5200" => "wallet_limit",
        "hub_5400" => "account_closed",
        "no_answer" | "expired" => "no_answer",
        "payments.disbursement.wallet" | "payments.disbursement.bank" | "payments.disbursement.hub" => "not_connected",
        _ => "refused_by_carrier",
    }
}

/// Which events become jobs of this engine.
pub(crate) fn subscriptions(subscriptions: Subscriptions) -> Subscriptions {
    let topics = ["payments.disbursement.paid", "payments.disbursement.failed", "payments.disbursement.returned"];
    topics.into_iter().fold(subscriptions, |all, topic| all.on(topic, TOLD))
}

#[derive(Deserialize)]
struct Body {
    disbursement: DisbursementId,
}

/// Takes what became of a payment; one that is not of this engine is passed over.
pub(crate) async fn told(grants: Grants, job: RunningJob) -> Result<(), JobFault> {
    let Body { disbursement: id } = jobs::body(&job.body)?;
    let engine = grants.clone();
    let work = move |cx: &mut Cx<'_>| {
        let known = disbursement(cx, id)?;
        let rail = known.rail_reference.clone().unwrap_or_else(|| known.rail.clone());
        let told = match known.state {
            DisbursementState::Paid => Told::Paid(rail),
            DisbursementState::Failed | DisbursementState::Returned => {
                Told::Failed(reason(known.reason.as_deref().unwrap_or_default()).to_owned())
            }
            _ => return Ok(()),
        };
        runs::told(cx, &engine, &[(TransferId::from_bytes(*id.as_bytes()), told)])
    };
    grants.acts().write(&job.caller(jobs::PART), &job.key("told"), work).await?;
    Ok(())
}
