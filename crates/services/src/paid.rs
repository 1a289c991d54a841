//! What becomes of a case when its payment ends: paid, it goes on; failed or too late, it waits and says so.
//!
//! **Invariant:** a payment moves its case once, however often the news of it comes. For a case that was withdrawn the
//! payments engine gives the money back, and nothing happens here.

use journal::{JobFault, RunningJob, Workers};
use payments::{RequestId, RequestState};
use serde_json::Value as Json;
use spine::{Cx, Fault, Resource};

use crate::answer::{keep, own};
use crate::flow::{self, text};
use crate::model::{CaseId, CaseState};
use crate::start::act;
use crate::{Services, rows};

/// The job that brings news of a payment.
pub(crate) const JOB: &str = "services.payment.ended";

/// Takes the news of a payment: `{"request": id}`. Answers whether the case moved.
///
/// # Errors
/// The store's faults; never for a payment that is not of a case.
pub fn payment_ended(cx: &mut Cx<'_>, services: &Services, news: &Json) -> Result<bool, Fault> {
    let Some(id) = text(news, "request").and_then(|id| id.parse::<RequestId>().ok()) else { return Ok(false) };
    let Some(mut case) = rows::case_by_payment(cx.tx(), &id.to_string())? else { return Ok(false) };
    let Some(request) = payments::find(cx, id)? else { return Ok(false) };
    if case.state != CaseState::Paying {
        return Ok(false);
    }
    cx.may("services.case.pay", &Resource::new("Case", case.id))?;
    if let Some(receipt) = request.receipt {
        case.receipt = Some(receipt);
        cx.record(act("services.case.paid", &case).with("payment", id.to_string()));
        flow::advance(cx, services, &mut case)?;
    } else if request.state == RequestState::Expired {
        // The applicant may ask for a new request; the old one takes no money any more.
        case.payment = None;
        cx.record(act("services.case.unpaid", &case).with("payment", id.to_string()));
    } else {
        return Ok(false);
    }
    keep(cx, &case)?;
    Ok(true)
}

/// Asks for the money anew, when the first request ran out. Answers the request to pay.
///
/// # Errors
/// `services.case.not_paying` if nothing is to be paid.
pub fn pay(cx: &mut Cx<'_>, services: &Services, id: CaseId) -> Result<String, Fault> {
    let mut case = own(cx, id, "services.case.submit")?;
    if case.state != CaseState::Paying {
        return Err(Fault::conflict("services.case.not_paying"));
    }
    if let Some(open) = &case.payment {
        cx.record(act("services.case.reminded", &case));
        return Ok(open.clone());
    }
    flow::ask_for_money(cx, services, &mut case)?;
    keep(cx, &case)?;
    cx.record(act("services.case.asked_to_pay", &case));
    case.payment.ok_or_else(|| Fault::conflict("services.case.not_paying"))
}

pub(crate) fn handler(services: Services, workers: Workers) -> Workers {
    workers.handle(JOB, move |job: RunningJob| {
        let services = services.clone();
        async move {
            let (caller, key, body) = (job.caller("services"), job.key("case"), job.body.clone());
            let acts = services.acts().clone();
            let outcome = acts.write(&caller, &key, move |cx| payment_ended(cx, &services, &body)).await;
            outcome.map(drop).map_err(|fault| match fault.code() {
                // Somebody else changed the case at the same moment.
                "services.case.changed" => JobFault::Again("services.case.changed"),
                _ => JobFault::from(fault),
            })
        }
    })
}
