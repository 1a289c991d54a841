//! A charge of one payment: fixed before the payer agrees, booked with the payment, and given back with it if the rule says so.
//!
//! **Invariant:** a charge is fixed once for a request and a rail, and what was fixed is what is asked for and booked. All of a
//! payment comes onto the request's account first, as the rail states it, and the charge leaves from there, so that a rail's day
//! agrees line by line.

use spine::{Currency, Cx, Fault, Money};

use super::{Bears, Charge, Charges};
use crate::bills;
use crate::gateway::model::{Payment, Request};
use crate::gateway::receive::rail_account;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use crate::rows::charges as rows;

/// Whom a request's money is for, as the rules call it: who sent the bill, else the account.
pub(crate) fn payee(cx: &mut Cx<'_>, request: &Request) -> Result<String, Fault> {
    if let Some(bill) = request.bill {
        let bill = crate::rows::bills::bill(cx.tx(), bill)?;
        return bill.map(|bill| bill.biller).ok_or_else(|| Fault::not_found("payments.bill.unknown"));
    }
    Ok(ledger::find(cx, request.account)?.map(|account| account.reference).unwrap_or_default())
}

/// What a rail charges for a request, fixed now unless it has been.
pub(crate) fn fix(cx: &mut Cx<'_>, charges: &Charges, request: &Request, rail: &str) -> Result<Option<Charge>, Fault> {
    if let Some(known) = of(cx, request, rail)? {
        return Ok(Some(known));
    }
    let payee = payee(cx, request)?;
    let charge = charges.reckon(rail, &payee, request.amount);
    if let Some(charge) = &charge {
        rows::insert(cx.tx(), request.id, rail, charge)?;
    }
    Ok(charge)
}

/// What a rail charges for a request, as it was fixed.
pub(crate) fn of(cx: &mut Cx<'_>, request: &Request, rail: &str) -> Result<Option<Charge>, Fault> {
    Ok(rows::find(cx.tx(), request.id, rail)?)
}

/// What a rail has earned and was not paid.
pub(crate) fn earned(cx: &mut Cx<'_>, rail: &str, currency: Currency) -> Result<AccountId, Fault> {
    // What a counter's device earns is the counter's.
    let rail = rail_account(rail);
    let reference = format!("charge:{}", rail.split('/').next().unwrap_or_default());
    let (kind, name, bound) = (AccountKind::Liability, "payments.account.charge", Bound::None);
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound })
}

/// What the government bears of charges.
fn state(cx: &mut Cx<'_>, currency: Currency) -> Result<AccountId, Fault> {
    let reference = format!("charge:state:{currency}");
    let (kind, name, bound) = (AccountKind::Income, "payments.account.charge_state", Bound::None);
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound })
}

/// Books the charge of a payment that was applied, in its commit.
pub(crate) fn booked(cx: &mut Cx<'_>, request: &Request, payment: &Payment, charge: &Charge) -> Result<(), Fault> {
    let of = *payment.id.as_bytes();
    let credit = earned(cx, &payment.wallet, charge.fee.currency())?;
    let debit = match charge.bears {
        Bears::Payer => request.account,
        Bears::Biller => {
            bills::taken_back(cx, request, charge.fee, of)?;
            request.account
        }
        Bears::State => state(cx, charge.fee.currency())?,
    };
    move_fee(cx, request, (of, b"charge"), (debit, credit), charge.fee)
}

/// The charge that goes back when `amount` goes back to the payer: only with all that she paid.
pub(crate) fn returned(request: &Request, charge: Option<Charge>, amount: Money) -> Result<Option<Charge>, Fault> {
    let Some(charge) = charge.filter(|charge| charge.returned) else { return Ok(None) };
    Ok((charge.total(request.amount)? == amount).then_some(charge))
}

/// The rail gives its charge back for a payment that goes back, to whoever bore it.
pub(crate) fn given_back(
    cx: &mut Cx<'_>,
    request: &Request,
    rail: &str,
    charge: &Charge,
    of: [u8; 16],
) -> Result<(), Fault> {
    let debit = earned(cx, rail, charge.fee.currency())?;
    let credit = match charge.bears {
        Bears::Payer | Bears::Biller => request.account,
        Bears::State => state(cx, charge.fee.currency())?,
    };
    move_fee(cx, request, (of, b"return"), (debit, credit), charge.fee)?;
    if charge.bears == Bears::Biller { bills::given_again(cx, request, charge.fee, of) } else { Ok(()) }
}

/// The transfer follows from what it belongs to, so that it happens once.
fn move_fee(
    cx: &mut Cx<'_>,
    request: &Request,
    (of, way): ([u8; 16], &[u8]),
    (debit, credit): (AccountId, AccountId),
    amount: Money,
) -> Result<(), Fault> {
    let id = TransferId::from_bytes(crypto::short_hash(&[b"letsema/charge/leg/v1\0", way, b"\0", &of]));
    let step = Step::Move { debit, credit, amount };
    let reference = request.id.to_string();
    ledger::book(cx, &[Transfer { id, step, reference }]).map(drop)
}
