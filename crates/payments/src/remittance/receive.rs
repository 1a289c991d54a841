//! What a partner tells of a remittance: told late, twice or wrongly, the money is in the books once.
//!
//! **Invariant:** one commit holds both sides: what the partner owes in its currency against the exchange account, and
//! the same worth at home against it to the bill. What does not fit waits in suspense for an officer.

use serde_json::json;
use spine::{Currency, Cx, Fault, Job, Money, Resource};

use super::corridors::Partner;
use super::order::{PUSH, Remittance, RemittanceId, RemittanceState};
use crate::gateway::arrive::paid_by;
use crate::gateway::receive::{News, Told, ToldState, code, suspense};
use crate::gateway::request;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use crate::rows::remittances as rows;

/// What a partner says of a remittance: `amount_minor` is what it collected, its fee in it.
pub type Collected = Told<RemittanceId>;

/// Takes what a partner says. The caller has made sure that it is this partner who says it.
///
/// # Errors
/// `payments.remittance.unknown`; `payments.callback.{amount,reference,reused}`; a refusal; the store's faults.
pub fn receive(cx: &mut Cx<'_>, partner: &Partner, told: &Collected) -> Result<News, Fault> {
    let own = cx.actor().id == partner.account();
    cx.may("payments.wallet.report", &Resource::new("Wallet", &partner.id).is("own", own))?;
    let known = rows::find(cx.tx(), told.id)?.filter(|known| known.partner == partner.id);
    let known = known.ok_or_else(|| Fault::not_found("payments.remittance.unknown"))?;
    match told.state {
        ToldState::Pending => Ok(News::Old),
        ToldState::Declined if known.state.is_open() => {
            let reason = code(told.reason.as_deref());
            rows::set(cx.tx(), known.id, RemittanceState::Declined, Some(&reason), None)?;
            cx.record(known.act("payments.remittance.declined").with("reason", reason));
            Ok(News::Declined)
        }
        ToldState::Declined => Ok(News::Old),
        ToldState::Paid => paid(cx, partner, &known, told),
    }
}

fn paid(cx: &mut Cx<'_>, partner: &Partner, known: &Remittance, told: &Collected) -> Result<News, Fault> {
    let (reference, collected) = (&told.reference, told.money(partner.currency)?);
    if let Some(before) = &known.reference {
        // A second movement for one remittance is a partner's mistake that a person has to talk about.
        return if before == reference { Ok(News::Old) } else { Err(Fault::conflict("payments.callback.reused")) };
    }
    // Nobody told the partner of one that is held.
    if collected != known.total() || known.is_held() {
        return odd(cx, partner, known, collected, reference);
    }
    let owed = of_partner(cx, partner)?;
    let (abroad, request) = (exchange(cx, partner.currency)?, request::found(cx, known.request)?);
    // The partner keeps its fee; what it owes us is the principal.
    let step = Step::Move { debit: owed, credit: abroad, amount: known.principal };
    book(cx, known, step)?;
    let home = exchange_reference(request.amount.currency());
    exchange(cx, request.amount.currency())?;
    let news = paid_by(cx, &home, known.id.to_string().as_str(), request.amount, request)?;
    let state = if news == News::Paid { RemittanceState::Paid } else { RemittanceState::Review };
    rows::set(cx.tx(), known.id, state, None, Some(reference))?;
    cx.record(
        known
            .act("payments.remittance.paid")
            .with("principal_minor", known.principal.minor())
            .with("state", state.code()),
    );
    Ok(news)
}

/// Another amount than was agreed: it waits in suspense, in the currency it came in.
fn odd(cx: &mut Cx<'_>, partner: &Partner, known: &Remittance, came: Money, reference: &str) -> Result<News, Fault> {
    let (debit, credit) = (of_partner(cx, partner)?, suspense(cx, came.currency())?);
    book(cx, known, Step::Move { debit, credit, amount: came })?;
    rows::set(cx.tx(), known.id, RemittanceState::Review, Some("wrong_amount"), Some(reference))?;
    cx.record(known.act("payments.remittance.suspended").with("came_minor", came.minor()));
    Ok(News::Suspense)
}

fn book(cx: &mut Cx<'_>, known: &Remittance, step: Step) -> Result<(), Fault> {
    let id = TransferId::from_bytes(*known.id.as_bytes());
    ledger::book(cx, &[Transfer { id, step, reference: known.id.to_string() }]).map(drop)
}

fn of_partner(cx: &mut Cx<'_>, partner: &Partner) -> Result<AccountId, Fault> {
    let (kind, currency, name) = (AccountKind::Asset, partner.currency, "payments.account.partner");
    ledger::account(cx, &NewAccount { reference: &partner.account(), kind, currency, name, bound: Bound::None })
}

fn exchange_reference(currency: Currency) -> String {
    format!("exchange:{currency}")
}

/// What was exchanged out of a currency and into it.
fn exchange(cx: &mut Cx<'_>, currency: Currency) -> Result<AccountId, Fault> {
    let (reference, kind, name) = (exchange_reference(currency), AccountKind::Asset, "payments.account.exchange");
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound: Bound::None })
}

/// The partner took the order, or may have.
pub(crate) fn told(cx: &mut Cx<'_>, id: RemittanceId) -> Result<(), Fault> {
    moved(cx, id, RemittanceState::Ordered, RemittanceState::Told, None)
}

/// The partner never heard of it: tell it again.
pub(crate) fn again(cx: &mut Cx<'_>, id: RemittanceId) -> Result<(), Fault> {
    cx.may("payments.remittance.move", &Resource::new("Remittance", id))?;
    let known = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.remittance.unknown"))?;
    if known.state.is_open() {
        cx.enqueue(Job::new(PUSH, json!({ "remittance": id })));
        cx.record(known.act("payments.remittance.told_again"));
    }
    Ok(())
}

/// The partner will not.
pub(crate) fn refused(cx: &mut Cx<'_>, id: RemittanceId, reason: &str) -> Result<(), Fault> {
    moved(cx, id, RemittanceState::Ordered, RemittanceState::Declined, Some(reason))
}

/// Nobody paid in time. Money may still come; it is dealt with then.
pub(crate) fn lapse(cx: &mut Cx<'_>, id: RemittanceId) -> Result<(), Fault> {
    moved(cx, id, RemittanceState::Ordered, RemittanceState::Expired, None)?;
    moved(cx, id, RemittanceState::Told, RemittanceState::Expired, None)
}

fn moved(
    cx: &mut Cx<'_>,
    id: RemittanceId,
    from: RemittanceState,
    to: RemittanceState,
    reason: Option<&str>,
) -> Result<(), Fault> {
    cx.may("payments.remittance.move", &Resource::new("Remittance", id))?;
    let known = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.remittance.unknown"))?;
    if known.state == from {
        rows::set(cx.tx(), id, to, reason, None)?;
        cx.record(known.act("payments.remittance.moved").with("state", to.code()));
    }
    Ok(())
}
