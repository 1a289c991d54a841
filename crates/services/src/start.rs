//! Beginning a case: who applies, and what is known of her already.
//!
//! **Invariant:** nobody begins without being known as surely as the service asks. One draft for a person and service:
//! beginning again goes on with it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use spine::{Act, Cx, Fault, Resource};

use crate::Services;
use crate::model::{Case, CaseId, CaseState};
use crate::rows;

/// Letters of a reference: no I, L, O or U, which are mistaken for others (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many of her newest cases are looked through for a draft.
const RECENT: u16 = 50;

/// Begins a case for whoever asks, or for whom she acts.
///
/// # Errors
/// `services.service.missing`; `services.case.assurance` if she is not known surely enough; `services.case.unknown_person`.
pub fn start(cx: &mut Cx<'_>, services: &Services, service: &str) -> Result<CaseId, Fault> {
    let service = services.catalogue().offered(service)?;
    let about = &service.pack.service;
    cx.may("services.case.start", &Resource::new("Service", service.id()).with("service", service.id()))?;
    if about.effective.0 > services.today(cx) {
        return Err(Fault::not_found("services.service.missing"));
    }
    if cx.actor().assurance < about.assurance {
        return Err(Fault::forbidden("services.case.assurance"));
    }
    let person_id = cx.actor().principal().to_owned();
    let recent = rows::cases_of(cx.tx(), &person_id, LAST, RECENT)?;
    let is_draft = |case: &&Case| {
        case.state == CaseState::Draft && case.service == service.id() && case.version == service.version()
    };
    if let Some(draft) = recent.iter().find(is_draft) {
        cx.record(act("services.case.resumed", draft));
        return Ok(draft.id);
    }
    let population = &services.inner.population;
    let person = population.person(cx, &person_id)?.ok_or_else(|| Fault::not_found("services.case.unknown_person"))?;
    let phone = reached_at(cx, services, &person)?;
    let applicant = json!({
        "id": person.id, "national_id": person.national_id, "given": person.given, "family": person.family,
        "name": person.name(), "born": person.born.to_string(), "district": person.district,
        "phone": phone, "email": person.email,
    });
    let evidence = crate::evidence::gather(cx, services, service, &applicant, &person_id)?;
    let case = Case {
        id: cx.id(),
        reference: reference(cx, &about.reference),
        service: service.id().to_owned(),
        version: service.version().to_owned(),
        applicant: person_id,
        language: cx.language().clone(),
        state: CaseState::Draft,
        step: None,
        answers: prefilled(service, &applicant, &evidence, services, cx)?,
        applicant_data: applicant,
        evidence,
        fee_minor: 0,
        payment: None,
        receipt: None,
        made_at: cx.now(),
        submitted_at: None,
        decided_at: None,
        ended_at: None,
        due_on: None,
        reason: None,
        revision: 1,
    };
    rows::insert_case(cx.tx(), &case)?;
    let deed = act("services.case.started", &case)
        .because(about.purpose.clone(), service.legal_basis())
        .with("service", service.id())
        .with("version", service.version());
    cx.record(deed);
    Ok(case.id)
}

/// Where she is told of her case: a child without a telephone through who acts for her.
fn reached_at(cx: &mut Cx<'_>, services: &Services, person: &civil::Person) -> Result<Option<String>, Fault> {
    if person.phone.is_some() || person.email.is_some() || cx.actor().id == person.id {
        return Ok(person.phone.clone());
    }
    let acting = cx.actor().id.clone();
    Ok(services.inner.population.person(cx, &acting)?.and_then(|acting| acting.phone))
}

/// Answers that registers give to begin with, where the pack says why they are asked all the same.
fn prefilled(
    service: &crate::Service,
    applicant: &Json,
    evidence: &serde_json::Map<String, Json>,
    services: &Services,
    cx: &Cx<'_>,
) -> Result<BTreeMap<String, Json>, Fault> {
    let facts = service.facts(applicant, evidence, &BTreeMap::new(), services.today(cx));
    let mut answers = BTreeMap::new();
    for field in service.pack.pages.iter().flat_map(|page| &page.fields) {
        if let Some(prefill) = &field.prefill
            && let Ok(value) = service.rules.value(prefill.get_ref(), &facts)
            && !value.is_null()
        {
            answers.insert(field.id.get_ref().clone(), value);
        }
    }
    Ok(answers)
}

/// An act about a case.
pub(crate) fn act(kind: &'static str, case: &Case) -> Act {
    Act::new(kind).about(case.applicant.clone()).on(case.id)
}

/// A reference nobody can guess from another: two letters and eight characters.
fn reference(cx: &mut Cx<'_>, prefix: &str) -> String {
    let one = letters(cx, 4);
    format!("{prefix}-{one}-{}", letters(cx, 4))
}

/// Random letters that are not mistaken for one another.
pub(crate) fn letters(cx: &mut Cx<'_>, count: usize) -> String {
    (0..count)
        .map(|_| {
            let place = usize::try_from(cx.random_below(32)).unwrap_or_default();
            char::from(LETTERS.get(place).copied().unwrap_or(b'0'))
        })
        .collect()
}

/// After every case, for the newest first.
pub(crate) const LAST: &str = "case_~";
