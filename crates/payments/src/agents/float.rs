//! Rebalancing: a super-agent gives float to an agent for the cash in her drawer, or takes float back and brings cash; and what a
//! counter does not need goes to the bank.
//!
//! **Invariant:** float that moves is booked once from one counter to another, with its row, and never more than is there.

use spine::{Act, Cx, Fault, FieldFault, Id, Money, Personal, Resource, Text};

use super::model::{Agent, AgentId, FloatKind, account, place};
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rails::payout::disburse::go;
use crate::rails::payout::{Destination, DisbursementId, NewDisbursement, Rails};
use crate::rows::agents as rows;

/// Which way float goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// To the agent, who gives cash for it.
    Give,
    /// From the agent, who gets cash for it.
    Take,
}

/// Moves float between a super-agent and her agent, against cash that changes hands the other way.
///
/// # Errors
/// `payments.agent.{unknown,amount}`, `payments.cash.closed`, `payments.agent.short` if there is not so much; a refusal; the
/// store's faults.
pub fn move_float(cx: &mut Cx<'_>, id: AgentId, way: Way, amount: Money) -> Result<(), Fault> {
    let agent = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.agent.unknown"))?;
    let own = place(cx)? == agent.super_agent;
    cx.may("payments.agent.rebalance", &Resource::new("Agent", id).is("own", own))?;
    let (from, to) = ends(&agent, way);
    shift_float(cx, from, to, amount, true)?;
    let act = Act::new("payments.agent.rebalanced").on(id).because("payment", "contract");
    cx.record(act.with("from", from).with("to", to).with("amount_minor", amount.minor()));
    Ok(())
}

fn ends(agent: &Agent, way: Way) -> (&str, &str) {
    match way {
        Way::Give => (&agent.super_agent, &agent.place),
        Way::Take => (&agent.place, &agent.super_agent),
    }
}

/// Books float from one counter to another. The operation has permission.
pub(super) fn shift_float(
    cx: &mut Cx<'_>,
    from: &str,
    to: &str,
    amount: Money,
    against_cash: bool,
) -> Result<(), Fault> {
    if !(1..=ledger::LARGEST_MINOR).contains(&amount.minor()) {
        return Err(Fault::invalid("payments.agent.amount"));
    }
    let closed = || Fault::conflict("payments.cash.closed");
    let debit = ledger::called(cx, &account(from))?.ok_or_else(closed)?;
    if debit.currency != amount.currency() {
        return Err(Fault::invalid("payments.agent.amount"));
    }
    let credit = account_of(cx, &account(to), amount.currency())?;
    let id: Id<FloatKind> = cx.id();
    let step = Step::Move { debit: debit.id, credit, amount };
    let transfer = Transfer { id: TransferId::from_bytes(*id.as_bytes()), step, reference: id.to_string() };
    ledger::book(cx, &[transfer]).map_err(|fault| match fault.code() {
        "payments.account.bound" => Fault::conflict("payments.agent.short"),
        _ => fault,
    })?;
    let (now, by) = (cx.now(), cx.actor().id.clone());
    rows::insert_float(cx.tx(), id, (from, to), amount, against_cash, (&by, now)).map_err(Fault::from)
}

/// Pays float that a super-agent does not need out to her bank account.
///
/// # Errors
/// `payments.cash.closed`, `payments.agent.short`; `payments.agent.wrong` with the fields `amount`, `bank`, `number` or `holder`;
/// a refusal; the store's faults.
pub fn withdraw(
    cx: &mut Cx<'_>,
    rails: &Rails,
    amount: Money,
    (bank, number, holder): (&str, &str, &str),
) -> Result<DisbursementId, Fault> {
    let place = place(cx)?;
    cx.may("payments.agent.withdraw", &Resource::new("Counter", &place).is("own", true))?;
    let from = ledger::called(cx, &account(&place))?.ok_or_else(|| Fault::conflict("payments.cash.closed"))?;
    let id: DisbursementId = cx.id();
    let new = NewDisbursement {
        id,
        from: from.id,
        to: Destination::Bank {
            bank: bank.to_owned(),
            account: Personal::new(number.to_owned()),
            holder: Personal::new(holder.trim().to_owned()),
        },
        amount,
        reference: format!("FLOAT-{}", place.chars().take(28).collect::<String>()),
    };
    go(cx, rails, &new).map_err(|fault| {
        let field = match fault.code() {
            "payments.account.bound" => return Fault::conflict("payments.agent.short"),
            "payments.disbursement.amount" | "payments.disbursement.limits" => "amount",
            "payments.disbursement.bank" => "bank",
            "payments.disbursement.account" => "number",
            "payments.disbursement.holder" => "holder",
            _ => return fault,
        };
        let text = Text::named(format!("fault.{}", fault.code()));
        Fault::invalid("payments.agent.wrong").fields_from([FieldFault { field: field.to_owned(), text }])
    })?;
    let act = Act::new("payments.agent.withdrawn").on(id).because("payment", "contract");
    cx.record(act.with("place", place).with("amount_minor", amount.minor()));
    Ok(id)
}
