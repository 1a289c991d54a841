//! Cash at a service point: a clerk takes notes and coins for a request or a bill, against what her office has paid in before.
//!
//! **Invariant:** an office can take no more in cash than it has paid in and not used: its account `cash:PLACE` is bounded in the
//! ledger, so that what lies in its drawer is never the government's loss. The office pays in by a transfer to our bank that
//! carries `FLOAT-PLACE`. Cash is taken for exactly what can be paid with it, and never goes into suspense.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Id, IdKind, Localised, Money, Resource};

use super::account_of;
use crate::charges::{self, Charge, Charges};
use crate::gateway::arrive::{paid_by, request_named};
use crate::gateway::model::{Request, RequestId};
use crate::gateway::receive::News;
use crate::ledger;
use crate::{bills, rows};

/// The kind of what a counter calls a movement.
#[derive(Debug)]
pub(crate) struct TakingKind;

impl IdKind for TakingKind {
    const PREFIX: &'static str = "csh";
}

type TakingId = Id<TakingKind>;

/// What the clerk has before her.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AtTheCounter {
    /// What is to be paid for.
    pub description: Localised,
    /// The bill's number or the request's reference.
    pub reference: String,
    /// How much it is.
    pub amount: Money,
    /// What the counter charges.
    pub charge: Option<Charge>,
    /// How much to take: the amount, and the charge if the payer bears it.
    pub total: Money,
    /// What her office may still take.
    pub left: Money,
}

/// What was taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// The request that was paid.
    pub request: RequestId,
    /// Its receipt.
    pub receipt: String,
    /// How much.
    pub amount: Money,
}

/// The place of whoever acts: her institution.
fn place(cx: &Cx<'_>) -> Result<String, Fault> {
    cx.actor().institution.clone().ok_or_else(|| Fault::forbidden("payments.cash.place"))
}

fn account(place: &str) -> String {
    format!("cash:{place}")
}

/// Lets a place take cash: its account is opened, with nothing in it.
///
/// # Errors
/// A refusal; the store's faults.
pub fn open_counter(cx: &mut Cx<'_>, place: &str, currency: spine::Currency) -> Result<(), Fault> {
    cx.may("payments.cash.open", &Resource::new("Counter", place))?;
    account_of(cx, &account(place), currency)?;
    cx.record(Act::new("payments.cash.opened").on(account(place)));
    Ok(())
}

/// Of these places those that take cash, each with what it may still take. The look is an act, so it must run as a write.
///
/// # Errors
/// A refusal; the store's faults.
pub(crate) fn counters(cx: &mut Cx<'_>, places: &[String]) -> Result<Vec<(String, Money)>, Fault> {
    cx.may("payments.treasury.view", &Resource::new("Treasury", "counters"))?;
    let mut open = Vec::new();
    for place in places {
        if let Some(known) = ledger::called(cx, &account(place))? {
            open.push((place.clone(), Money::new(known.available(), known.currency)));
        }
    }
    cx.record(Act::new("payments.treasury.viewed").on("counters").because("reconciliation", "contract"));
    Ok(open)
}

/// What a number or reference is for, and what the office may still take. Nobody's name is told.
///
/// # Errors
/// `payments.cash.{place,closed}`, `payments.request.{unknown,over}`, `payments.bill.over`; a refusal; the store's faults.
pub fn at_the_counter(cx: &mut Cx<'_>, charges: &Charges, typed: &str) -> Result<AtTheCounter, Fault> {
    let place = place(cx)?;
    cx.may("payments.cash.take", &Resource::new("Counter", &place))?;
    let left = left(cx, &place)?;
    let (description, reference, amount, payee) = match numbered(cx, typed)? {
        Some(bill) => {
            let amount = bills::payable(&bill, None, cx.now())?;
            (bill.description, bill.number, amount, bill.biller)
        }
        None => {
            let request = payable(cx, typed)?;
            let payee = charges::payee(cx, &request)?;
            (request.description, request.reference, request.amount, payee)
        }
    };
    let charge = charges.reckon(&account(&place), &payee, amount);
    let total = charges::asked(amount, charge.as_ref())?;
    Ok(AtTheCounter { description, reference, amount, charge, total, left })
}

/// Takes the cash. `told` is what the clerk saw that she should take, so that nothing else is paid than what she took.
///
/// # Errors
/// As [`at_the_counter`]; `payments.cash.{changed,float}`.
pub fn take_cash(cx: &mut Cx<'_>, charges: &Charges, typed: &str, told: Money) -> Result<Taken, Fault> {
    let place = place(cx)?;
    cx.may("payments.cash.take", &Resource::new("Counter", &place))?;
    let rail = account(&place);
    if left(cx, &place)?.minor() < told.minor() {
        return Err(Fault::conflict("payments.cash.float"));
    }
    let taking: TakingId = cx.id();
    let reference = taking.to_string();
    let request = match numbered(cx, typed)? {
        Some(bill) => {
            let amount = bills::payable(&bill, None, cx.now())?;
            bills::ask(cx, &bill, amount, bill.expires_at)?
        }
        None => payable(cx, typed)?,
    };
    let charge = charges::fix(cx, charges, &request, &rail)?;
    if charges::asked(request.amount, charge.as_ref())? != told {
        return Err(Fault::conflict("payments.cash.changed"));
    }
    let id = request.id;
    if paid_by(cx, &rail, &reference, told, request)? != News::Paid {
        return Err(Fault::conflict("payments.request.over"));
    }
    cx.record(Act::new("payments.cash.taken").on(id).because("payment", "contract").with("place", place));
    let paid = rows::requests::request(cx.tx(), id)?.and_then(|request| request.receipt);
    Ok(Taken { request: id, receipt: paid.unwrap_or_default(), amount: told })
}

fn left(cx: &mut Cx<'_>, place: &str) -> Result<Money, Fault> {
    let account = ledger::called(cx, &account(place))?.ok_or_else(|| Fault::conflict("payments.cash.closed"))?;
    Ok(Money::new(-account.held(), account.currency))
}

fn numbered(cx: &mut Cx<'_>, typed: &str) -> Result<Option<bills::Bill>, Fault> {
    match crate::gateway::check_digit::read_bill_number(typed) {
        Some(number) => Ok(rows::bills::bill_numbered(cx.tx(), &number)?),
        None => Ok(None),
    }
}

fn payable(cx: &mut Cx<'_>, typed: &str) -> Result<Request, Fault> {
    let request = request_named(cx, &[typed.trim()])?;
    let request = request.ok_or_else(|| Fault::not_found("payments.request.unknown"))?;
    if request.state.is_payable() && request.expires_at > cx.now() {
        Ok(request)
    } else {
        Err(Fault::conflict("payments.request.over"))
    }
}
