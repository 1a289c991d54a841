//! Officers look at what was stopped, and clear or confirm it with a reason.
//!
//! **Invariant:** what is decided of a name on the list, two officers have decided alike; of a number that was counted, one.

use spine::{Cx, Fault, Resource, Text};

use super::{Case, CaseId, CaseState, Decision, HELD, Place, RuleKind};
use crate::merchants::MerchantId;
use crate::rails::payout::{DisbursementId, Rails, disburse};
use crate::remittance::{self, RemittanceId};
use crate::rows::{merchants, screening as rows};

/// The longest reason.
const NOTE: usize = 300;
/// How many cases one page shows.
const PAGE: i64 = 100;

/// What waits for an officer, the oldest first, at most 100.
///
/// # Errors
/// A refusal; the store's faults.
pub fn cases(cx: &mut Cx<'_>) -> Result<Vec<Case>, Fault> {
    cx.may("payments.screening.view", &Resource::new("ScreeningCase", "desk"))?;
    Ok(rows::open(cx.tx(), PAGE)?)
}

/// A case for whoever may see it.
pub(super) fn case(cx: &mut Cx<'_>, id: CaseId) -> Result<Case, Fault> {
    cx.may("payments.screening.view", &Resource::new("ScreeningCase", id))?;
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.screening.unknown"))
}

/// An officer opens a case: that she did is on record.
pub(super) fn looked(cx: &mut Cx<'_>, id: CaseId) -> Result<(), Fault> {
    let known = case(cx, id)?;
    cx.record(known.act("payments.screening.viewed"));
    Ok(())
}

/// Decides, with a reason of 3 to 300 characters. A hit on the list is done when a second officer decides alike; if she decides
/// otherwise, hers is the proposal. Answers where the case stands.
///
/// # Errors
/// `payments.screening.{unknown,ended,decision,note,four_eyes}`; a refusal; the store's faults.
pub fn decide(cx: &mut Cx<'_>, rails: &Rails, id: CaseId, decision: &str, note: &str) -> Result<CaseState, Fault> {
    cx.may("payments.screening.decide", &Resource::new("ScreeningCase", id))?;
    let mut case = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.screening.unknown"))?;
    if !case.state.is_open() {
        return Err(Fault::conflict("payments.screening.ended"));
    }
    let wrong =
        |field: &str, code: &'static str, text: &'static str| Fault::invalid(code).field(field, Text::new(text));
    let decision = Decision::of(decision)
        .ok_or_else(|| wrong("decision", "payments.screening.decision", "fault.payments.screening.decision"))?;
    let note = note.trim();
    if !(3..=NOTE).contains(&note.chars().count()) || note.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(wrong("note", "payments.screening.note", "fault.payments.screening.note"));
    }
    let officer = cx.actor().id.clone();
    let by = (officer, note.to_owned());
    let done = match (case.kind, &case.first) {
        (RuleKind::List, Some((first, _))) if *first == by.0 => {
            return Err(Fault::conflict("payments.screening.four_eyes"));
        }
        (RuleKind::List, Some(_)) if case.proposed == Some(decision) => {
            case.second = Some(by);
            true
        }
        (kind, _) => {
            case.first = Some(by);
            kind != RuleKind::List
        }
    };
    case.proposed = Some(decision);
    case.state = match (done, decision) {
        (false, _) => CaseState::Proposed,
        (true, Decision::Clear) => CaseState::Cleared,
        (true, Decision::Confirm) => CaseState::Confirmed,
    };
    case.ended_at = done.then(|| cx.now());
    rows::set(cx.tx(), &case)?;
    cx.record(
        case.act("payments.screening.decided").with("decision", decision.code()).with("state", case.state.code()),
    );
    match case.state {
        CaseState::Cleared => cleared(cx, rails, &case)?,
        CaseState::Confirmed => confirmed(cx, &case)?,
        CaseState::Open | CaseState::Proposed => {}
    }
    Ok(case.state)
}

fn odd() -> Fault {
    Fault::not_found("payments.screening.unknown")
}

/// The payment goes on; a number that was counted is counted anew. A shop is paid with its next settlement.
fn cleared(cx: &mut Cx<'_>, rails: &Rails, case: &Case) -> Result<(), Fault> {
    match case.place {
        Place::Remittance => {
            let id: RemittanceId = case.subject.parse().map_err(|_| odd())?;
            let number = remittance::go_on(cx, id)?;
            let now = cx.now();
            Ok(rows::forget(cx.tx(), case.place, &number, now)?)
        }
        Place::Disbursement => disburse::release(cx, rails, case.subject.parse().map_err(|_| odd())?),
        Place::Settlement => {
            let id: MerchantId = case.subject.parse().map_err(|_| odd())?;
            let shop = merchants::find(cx.tx(), id)?.ok_or_else(odd)?;
            let now = cx.now();
            Ok(rows::forget(cx.tx(), case.place, &shop.msisdn, now)?)
        }
    }
}

/// A remittance stays as it is until its time is over, and a shop's money in its account. What was to be paid out is free again
/// for whoever was to pay it.
fn confirmed(cx: &mut Cx<'_>, case: &Case) -> Result<(), Fault> {
    if case.place != Place::Disbursement {
        return Ok(());
    }
    let id: DisbursementId = case.subject.parse().map_err(|_| odd())?;
    disburse::stop(cx, id, HELD)
}
