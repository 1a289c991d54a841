//! Sending a case: everything answered, the rules kept, the price known.
//!
//! **Invariant:** a case is sent once. What the rules refuse is not sent, and the applicant reads why and by which law.

use spine::{Cx, Fault, FieldFault, Text};

use crate::answer::{keep, own};
use crate::model::{CaseId, CaseState};
use crate::service::later;
use crate::start::act;
use crate::{Services, flow};

/// Sends a draft.
///
/// # Errors
/// `services.case.incomplete` with the fields not answered; `services.case.ineligible`; `services.case.sent`.
pub fn submit(cx: &mut Cx<'_>, services: &Services, id: CaseId) -> Result<CaseState, Fault> {
    let mut case = own(cx, id, "services.case.submit")?;
    if case.state != CaseState::Draft {
        return Err(Fault::conflict("services.case.sent"));
    }
    let service = services.catalogue().version(&case.service, &case.version)?;
    let today = services.today(cx);
    let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, today);
    let mut open = Vec::new();
    for field in service.asked(&facts)?.into_iter().flat_map(|(_, fields)| fields) {
        let answered = case.answers.get(field.id.get_ref()).is_some_and(|answer| !answer.is_null());
        if !answered && !field.optional {
            open.push(FieldFault { field: field.id.get_ref().clone(), text: Text::new("services.answer.missing") });
        }
    }
    if !open.is_empty() {
        return Err(Fault::conflict("services.case.incomplete").fields_from(open));
    }
    if let Some(unmet) = service.unmet(&facts)?.into_iter().next() {
        return Err(Fault::conflict("services.case.ineligible").with("reason", unmet.reason).with("cite", unmet.cite));
    }
    case.fee_minor = service.price(&facts)?.minor;
    case.submitted_at = Some(cx.now());
    case.due_on = later(today, service.pack.service.sla.decide.get_ref());
    cx.record(
        act("services.case.submitted", &case)
            .because(service.pack.service.purpose.clone(), service.legal_basis())
            .with("fee_minor", case.fee_minor),
    );
    flow::advance(cx, services, &mut case)?;
    keep(cx, &case)?;
    Ok(case.state)
}
