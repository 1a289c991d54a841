//! Answers to one page of questions.
//!
//! **Invariant:** only a draft takes answers, only its applicant or who acts for her gives them, and only to what is asked now.

use edge::Answers;
use spine::{Cx, Fault, Resource};

use crate::Services;
use crate::model::{Case, CaseId, CaseState};
use crate::start::act;
use crate::{questions, rows};

/// Keeps the answers to a page. Answers to questions that are no longer asked are forgotten.
///
/// # Errors
/// `services.answer.wrong` with a fault for each field; `services.case.sent` if it is no draft any more.
pub fn answer(cx: &mut Cx<'_>, services: &Services, id: CaseId, page: &str, given: &Answers) -> Result<(), Fault> {
    let mut case = own(cx, id, "services.case.answer")?;
    if case.state != CaseState::Draft {
        return Err(Fault::conflict("services.case.sent"));
    }
    let service = services.catalogue().version(&case.service, &case.version)?;
    let today = services.today(cx);
    let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, today);
    let asked = service.asked(&facts)?;
    let (_, fields) = asked
        .iter()
        .find(|(own, _)| own.id.get_ref() == page)
        .ok_or_else(|| Fault::not_found("services.page.missing"))?;
    let read = questions::read(service, fields, given, &facts, &services.inner.country)?;
    case.answers.extend(read);
    let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, today);
    let still: Vec<String> = service
        .asked(&facts)?
        .into_iter()
        .flat_map(|(_, fields)| fields)
        .map(|field| field.id.get_ref().clone())
        .collect();
    case.answers.retain(|id, _| still.contains(id));
    keep(cx, &case)?;
    cx.record(act("services.case.answered", &case).with("page", page));
    Ok(())
}

/// The case, if whoever asks may do this with it.
pub(crate) fn own(cx: &mut Cx<'_>, id: CaseId, action: &str) -> Result<Case, Fault> {
    let case = rows::case(cx.tx(), id)?.ok_or_else(|| Fault::not_found("services.case.missing"))?;
    let own = cx.actor().is_for(&case.applicant);
    let resource = Resource::new("Case", case.id).with("service", case.service.clone()).is("own", own);
    cx.may(action, &resource)?;
    Ok(case)
}

/// Keeps a case, if nobody changed it meanwhile.
pub(crate) fn keep(cx: &mut Cx<'_>, case: &Case) -> Result<(), Fault> {
    if rows::update_case(cx.tx(), case)? { Ok(()) } else { Err(Fault::conflict("services.case.changed")) }
}
