//! A voucher of a programme of the government pays a request or a bill. Whose voucher it is, what it is worth and whom it may pay,
//! the engine above knows; here its value comes in.
//!
//! **Invariant:** a voucher is spent whole: what it is worth is what is paid. Its value comes through the account
//! `voucher:PROGRAMME`, which the engine above fills in the same commit, and which is empty after it.

use serde::{Deserialize, Serialize};
use spine::{Act, Currency, Cx, Fault, Localised, Money, Resource};

use super::account_of;
use crate::bills;
use crate::charges::{self, Charges, asked};
use crate::gateway::arrive::paid_by;
use crate::gateway::choose::must_be_payable;
use crate::gateway::model::RequestId;
use crate::gateway::receive::News;
use crate::gateway::request::{found, resource};
use crate::ledger::AccountId;
use crate::rows::requests as rows;

/// What a voucher is to pay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToPay {
    /// A request, by its payer.
    Request(RequestId),
    /// A bill, by whoever holds its number.
    Bill(String),
}

/// What is due.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Due {
    /// Whom it is for: who sent the bill, else the account.
    pub payee: String,
    /// What it is for.
    pub description: Localised,
    /// What people know it by.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Whether less may be paid.
    pub in_parts: bool,
}

/// What was paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paid {
    /// The request that was paid.
    pub request: RequestId,
    /// Its receipt.
    pub receipt: String,
}

/// What a voucher has to come to.
///
/// # Errors
/// `payments.request.{unknown,paid,over}`, `payments.bill.{number,unknown,over}`; a refusal; the store's faults.
pub fn due(cx: &mut Cx<'_>, what: &ToPay) -> Result<Due, Fault> {
    match what {
        ToPay::Request(id) => {
            let request = found(cx, *id)?;
            cx.may("payments.request.pay", &resource(cx, &request))?;
            must_be_payable(cx, &request)?;
            let payee = charges::payee(cx, &request)?;
            let (description, reference, amount) = (request.description, request.reference, request.amount);
            Ok(Due { payee, description, reference, amount, in_parts: false })
        }
        ToPay::Bill(typed) => {
            let bill = bills::find(cx, typed)?;
            cx.may("payments.bill.pay", &Resource::new("Bill", &bill.number))?;
            let amount = bills::payable(&bill, None, cx.now())?;
            let (payee, in_parts) = (bill.biller, bill.in_parts);
            Ok(Due { payee, description: bill.description, reference: bill.number, amount, in_parts })
        }
    }
}

/// Where a programme's vouchers are spent from.
///
/// # Errors
/// The store's faults.
pub fn account(cx: &mut Cx<'_>, programme: &str, currency: Currency) -> Result<AccountId, Fault> {
    account_of(cx, &format!("voucher:{programme}"), currency)
}

/// Pays with a voucher: `serial` is what it is called, and `amount`, what it is worth, is in [`account`].
///
/// # Errors
/// As [`due`]; `payments.bill.part`, `payments.request.over`.
pub fn pay(
    cx: &mut Cx<'_>,
    charges: &Charges,
    what: &ToPay,
    (programme, serial): (&str, &str),
    amount: Money,
) -> Result<Paid, Fault> {
    due(cx, what)?;
    let request = match what {
        ToPay::Request(id) => found(cx, *id)?,
        ToPay::Bill(typed) => {
            let bill = bills::find(cx, typed)?;
            let part = bills::payable(&bill, Some(amount), cx.now())?;
            bills::ask(cx, &bill, part, bill.expires_at)?
        }
    };
    let (id, rail) = (request.id, format!("voucher:{programme}"));
    let charge = charges::fix(cx, charges, &request, &rail)?;
    if asked(request.amount, charge.as_ref())? != amount {
        return Err(Fault::conflict("payments.request.over"));
    }
    if paid_by(cx, &rail, serial, amount, request)? != News::Paid {
        return Err(Fault::conflict("payments.request.over"));
    }
    cx.record(Act::new("payments.voucher.taken").on(id).because("payment", "contract").with("programme", programme));
    let receipt = rows::request(cx.tx(), id)?.and_then(|request| request.receipt).unwrap_or_default();
    Ok(Paid { request: id, receipt })
}
