//! What becomes of a case when its payment ends: paid, it goes on; failed or too late, it waits and says so.
//!
//! **Invariant:** a payment moves its case once, however often the news of it comes; for a case that was withdrawn the
//! payments engine gives the money back, and nothing happens here.

use journal::{JobFault, RunningJob, Workers};
use serde_json::Value as Json;
use spine::{Cx, Fault, Resource};

use crate::answer::keep;
use crate::flow::{self, text};
use crate::model::CaseState;
use crate::start::act;
use crate::{Services, rows};

/// The job that brings news of a payment.
pub(crate) const JOB: &str = "services.payment.ended";

/// Takes the news of a payment: `{"request": id, "state": …}`.
///
/// # Errors
/// The store's faults; never for a payment that is not of a case.
pub fn payment_ended(cx: &mut Cx<'_>, services: &Services, news: &Json) -> Result<bool, Fault> {
    let Some(request) = text(news, "request") else { return Ok(false) };
    let Some(mut case) = rows::case_by_payment(cx.tx(), request)? else { return Ok(false) };
    cx.may("services.case.pay", &Resource::new("Case", case.id))?;
    let view = payments::view(cx, request)?;
    if case.state != CaseState::Paying {
        return Ok(false);
    }
    if let Some(receipt) = view.receipt {
        case.receipt = Some(receipt);
        cx.record(act("services.case.paid", &case).with("payment", request));
        flow::advance(cx, services, &mut case)?;
    } else if view.state.is_final() {
        // The applicant may ask for a new payment; the old one takes no money any more.
        case.payment = None;
        cx.record(act("services.case.unpaid", &case).with("payment", request));
    } else {
        return Ok(false);
    }
    keep(cx, &case)?;
    Ok(true)
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
