//! Payments on their way into wallets and bank accounts: handed to the carrier in the commit that holds their money.
//!
//! **Invariant:** each try has an identifier that both sides know, so that one handed over twice is paid once. What cannot be
//! handed over has come back at once; what becomes of the others is told later, and `settle.rs` keeps it.

use std::collections::BTreeMap;

use payments::ledger::AccountId;
use spine::{Cx, Fault, Personal};

use crate::engine::{Grants, Handed, Order};
use crate::model::{Payment, PaymentState, Run};
use crate::money::{self, Booking};

/// Hands these payments over; answers those that came back at once, as they stand then.
pub(crate) fn hand_over(
    cx: &mut Cx<'_>,
    grants: &Grants,
    from: AccountId,
    run: &Run,
    lines: &[&Payment],
) -> Result<Vec<Payment>, Fault> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<&str> =
        lines.iter().map(|line| line.payee.as_str()).filter(|it| !it.starts_with("fid:")).collect();
    let people = grants.inner.population.by_national_ids(cx, &numbers)?;
    let names: BTreeMap<&str, String> =
        people.iter().map(|person| (person.national_id.as_str(), person.name())).collect();
    let orders: Vec<Order> = lines.iter().filter_map(|line| order(grants, run, line, &names)).collect();
    let handed = grants.inner.carrier.hand_over(cx, from, &orders)?;
    let came_back = lines.iter().zip(handed).filter_map(|(line, handed)| match handed {
        Handed::Now => None,
        Handed::Refused(reason) => {
            Some(Payment { state: PaymentState::Failed, reason: Some(reason), changed_at: cx.now(), ..(*line).clone() })
        }
    });
    Ok(came_back.collect())
}

fn order(grants: &Grants, run: &Run, line: &Payment, names: &BTreeMap<&str, String>) -> Option<Order> {
    let account = line.account.as_ref()?;
    let holder = names.get(line.payee.as_str()).cloned();
    Some(Order {
        id: money::id_of(line, Booking::Hold),
        way: account.way,
        institution: account.institution.clone(),
        address: Personal::new(account.address.clone()),
        holder: Personal::new(holder.unwrap_or_else(|| line.payee.trim_start_matches("fid:").to_owned())),
        amount: grants.money(line.amount_minor),
        // What banks carry to the payee is 35 characters without blanks.
        reference: format!("{}/{}", run.programme, run.period).chars().take(35).collect(),
    })
}
