//! What becomes of a payment, from whichever rail and in whichever order it is heard.
//!
//! **Invariant:** the hold is posted or voided once, with the state. Money that a rail says it paid is in the ledger always: if
//! it says so after it had said that it would not, against the account `contested:CURRENCY`, and an officer looks.

use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Act, Currency, Cx, Event, Fault, Job, Money, Resource, Timestamp};

use super::disburse::PUSH;
use super::{Disbursement, DisbursementId, DisbursementState};
use crate::gateway::back;
use crate::gateway::receive::{Told, code};
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rails::wallets::Wallet;
use crate::rows::disbursements as rows;

/// The job that asks a wallet what became of a payment.
pub(crate) const ASK: &str = "payments.disbursement.ask";

/// What a wallet says of a payment to one of its numbers.
pub type PaidOut = Told<DisbursementId, PaidOutState>;

/// What became of a payment, as the wallet sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaidOutState {
    /// Not yet known.
    Pending,
    /// The number has the money.
    Paid,
    /// It will not get it.
    Failed,
}

/// What a rail says happened, in this engine's own words.
pub(crate) enum Heard<'a> {
    Paid { reference: &'a str, amount: Money },
    Failed { reason: &'a str },
    Returned { reference: &'a str, reason: &'a str, amount: Money },
}

fn moved(cx: &mut Cx<'_>, id: DisbursementId) -> Result<Disbursement, Fault> {
    cx.may("payments.disbursement.move", &Resource::new("Disbursement", id))?;
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.disbursement.unknown"))
}

pub(crate) fn act(kind: &'static str, of: &Disbursement) -> Act {
    let act = Act::new(kind).on(of.id).because("payment", "contract");
    act.with("reference", of.reference.as_str()).with("amount_minor", of.amount.minor())
}

/// The wallet knows of it, or may know: from now on it is asked.
pub(crate) fn sent(
    cx: &mut Cx<'_>,
    id: DisbursementId,
    rail_reference: Option<&str>,
    ask_at: Timestamp,
) -> Result<(), Fault> {
    let known = moved(cx, id)?;
    if known.state == DisbursementState::Made {
        rows::set(cx.tx(), id, DisbursementState::Sent, None, rail_reference, None)?;
        cx.enqueue(Job::new(ASK, json!({ "disbursement": id })).not_before(ask_at));
        cx.record(act("payments.disbursement.sent", &known).with("sure", rail_reference.is_some()));
    }
    Ok(())
}

/// The wallet has never heard of it: it is pushed once more, under the same identifier.
pub(crate) fn unheard(cx: &mut Cx<'_>, id: DisbursementId) -> Result<(), Fault> {
    let known = moved(cx, id)?;
    if known.state == DisbursementState::Sent {
        rows::set(cx.tx(), id, DisbursementState::Made, None, None, None)?;
        cx.enqueue(Job::new(PUSH, json!({ "disbursement": id })));
        cx.record(act("payments.disbursement.unheard", &known));
    }
    Ok(())
}

/// The wallet will not make it.
pub(crate) fn refused(cx: &mut Cx<'_>, id: DisbursementId, reason: &str) -> Result<(), Fault> {
    let known = moved(cx, id)?;
    heard(cx, &known, &Heard::Failed { reason }).map(|_| ())
}

/// Takes what a wallet says of a payment. The caller has made sure that it is this wallet who says it.
///
/// # Errors
/// `payments.disbursement.unknown`, `payments.callback.{amount,reference}`; a refusal; the store's faults.
pub(crate) fn told(cx: &mut Cx<'_>, wallet: &Wallet, told: &PaidOut) -> Result<bool, Fault> {
    let own = cx.actor().id == wallet.account();
    cx.may("payments.wallet.report", &Resource::new("Wallet", &wallet.id).is("own", own))?;
    let known = rows::find(cx.tx(), told.id)?.filter(|it| it.rail == wallet.account());
    let known = known.ok_or_else(|| Fault::not_found("payments.disbursement.unknown"))?;
    match told.state {
        PaidOutState::Pending => Ok(false),
        PaidOutState::Failed => heard(cx, &known, &Heard::Failed { reason: &code(told.reason.as_deref()) }),
        PaidOutState::Paid => {
            let reference = told.reference.as_str();
            if !(1..=64).contains(&reference.len()) || !reference.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Fault::invalid("payments.callback.reference"));
            }
            let fits = (1..=ledger::LARGEST_MINOR).contains(&told.amount_minor);
            if told.currency != Some(wallet.currency) || !fits {
                return Err(Fault::invalid("payments.callback.amount"));
            }
            let amount = Money::new(told.amount_minor, wallet.currency);
            heard(cx, &known, &Heard::Paid { reference, amount })
        }
    }
}

/// Takes what any rail says. Answers whether it was news.
pub(crate) fn heard(cx: &mut Cx<'_>, known: &Disbursement, said: &Heard<'_>) -> Result<bool, Fault> {
    use DisbursementState::{Failed, Made, Paid, Returned, Review, Sent};
    match (known.state, said) {
        (Made | Sent, Heard::Paid { reference, amount }) if *amount == known.amount => {
            settle(cx, known, Step::Post { of: known.hold(), amount: None })?;
            end(cx, known, Paid, None, Some(reference), "payments.disbursement.paid")?;
        }
        // Another amount than was asked for: the hold stays until an officer has found out.
        (Made | Sent, Heard::Paid { reference, .. }) => review(cx, known, "wrong_amount", Some(reference))?,
        (Made | Sent, Heard::Failed { reason }) => {
            settle(cx, known, Step::Void { of: known.hold() })?;
            end(cx, known, Failed, Some(reason), None, "payments.disbursement.failed")?;
        }
        (Failed, Heard::Paid { reference, amount }) if *amount == known.amount => {
            contest(cx, known, *amount)?;
            review(cx, known, "paid_after_all", Some(reference))?;
        }
        (Paid, Heard::Returned { reference, reason, amount }) if *amount == known.amount => {
            give_back(cx, known)?;
            end(cx, known, Returned, Some(reason), Some(reference), "payments.disbursement.returned")?;
        }
        (Paid, Heard::Returned { .. }) => review(cx, known, "returned_in_part", None)?,
        (Made | Sent, Heard::Returned { reason, .. }) => {
            // It failed after the rail had let it go: nobody had told us yet that it was gone.
            settle(cx, known, Step::Void { of: known.hold() })?;
            end(cx, known, Failed, Some(reason), None, "payments.disbursement.failed")?;
        }
        // Another amount than was asked for, after a no: nothing is booked that nobody can explain; the statement will show it.
        (Failed, Heard::Paid { .. }) => return Ok(false),
        // What is known already, and a no after the money had arrived: the statement will show which is right.
        (Paid | Returned | Review, _) | (Failed, Heard::Failed { .. } | Heard::Returned { .. }) => return Ok(false),
    }
    Ok(true)
}

/// An officer has found out what became of a payment on which the rail contradicted itself: the payee has the money, or has not.
///
/// # Errors
/// `payments.disbursement.{unknown,not_in_review}`, `payments.account.bound`; a refusal; the store's faults.
pub fn resolve(cx: &mut Cx<'_>, id: DisbursementId, has_it: bool) -> Result<(), Fault> {
    let known = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.disbursement.unknown"))?;
    let resource = Resource::new("Disbursement", id).with("state", known.state.code());
    cx.may("payments.disbursement.resolve", &resource)?;
    let reason = known.reason.clone().unwrap_or_default();
    match (known.state, reason.as_str(), has_it) {
        (DisbursementState::Review, "wrong_amount", true) => {
            settle(cx, &known, Step::Post { of: known.hold(), amount: None })?;
        }
        (DisbursementState::Review, "wrong_amount", false) => settle(cx, &known, Step::Void { of: known.hold() })?,
        // Whoever paid bears it after all; or the rail has taken it back.
        (DisbursementState::Review, "paid_after_all", _) => {
            let credit = contested(cx, known.amount.currency())?;
            let rail = account_of(cx, &known.rail, known.amount.currency())?;
            let debit = if has_it { known.from } else { rail };
            settle(cx, &known, Step::Move { debit, credit, amount: known.amount })?;
        }
        (DisbursementState::Review, "returned_in_part", true) => {}
        (DisbursementState::Review, "returned_in_part", false) => give_back(cx, &known)?,
        _ => return Err(Fault::conflict("payments.disbursement.not_in_review")),
    }
    let (state, topic) = if has_it {
        (DisbursementState::Paid, "payments.disbursement.paid")
    } else if reason == "returned_in_part" {
        (DisbursementState::Returned, "payments.disbursement.returned")
    } else {
        (DisbursementState::Failed, "payments.disbursement.failed")
    };
    end(cx, &known, state, Some("found_out"), None, topic)
}

fn settle(cx: &mut Cx<'_>, of: &Disbursement, step: Step) -> Result<(), Fault> {
    let id: TransferId = cx.id();
    ledger::book(cx, &[Transfer { id, step, reference: of.id.to_string() }]).map(|_| ())
}

fn end(
    cx: &mut Cx<'_>,
    of: &Disbursement,
    state: DisbursementState,
    reason: Option<&str>,
    reference: Option<&str>,
    topic: &'static str,
) -> Result<(), Fault> {
    let now = cx.now();
    rows::set(cx.tx(), of.id, state, reason, reference, Some(now))?;
    let act = act(topic, of);
    cx.record(match reason {
        Some(reason) => act.with("reason", reason),
        None => act,
    });
    cx.emit(Event { topic, body: json!({ "disbursement": of.id, "reference": of.reference }) });
    // Money that went back by hand names what it gave back.
    let arrived = state == DisbursementState::Paid;
    back::ended(cx, &of.reference, arrived)
}

fn review(cx: &mut Cx<'_>, of: &Disbursement, reason: &str, reference: Option<&str>) -> Result<(), Fault> {
    rows::set(cx.tx(), of.id, DisbursementState::Review, Some(reason), reference, None)?;
    cx.record(act("payments.disbursement.contested", of).with("reason", reason));
    Ok(())
}

/// What the rail paid after it had said that it would not, until somebody has found out.
fn contest(cx: &mut Cx<'_>, of: &Disbursement, amount: Money) -> Result<(), Fault> {
    let debit = contested(cx, amount.currency())?;
    let credit = account_of(cx, &of.rail, amount.currency())?;
    settle(cx, of, Step::Move { debit, credit, amount })
}

pub(crate) fn contested(cx: &mut Cx<'_>, currency: Currency) -> Result<AccountId, Fault> {
    let (reference, name) = (format!("contested:{currency}"), "payments.account.contested");
    let kind = AccountKind::Suspense;
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound: Bound::None })
}

/// The money is with the rail again, and the payer's.
fn give_back(cx: &mut Cx<'_>, of: &Disbursement) -> Result<(), Fault> {
    let debit = account_of(cx, &of.rail, of.amount.currency())?;
    settle(cx, of, Step::Move { debit, credit: of.from, amount: of.amount })
}
