//! What registers know of the applicant, taken over once and kept with the case.
//!
//! **Invariant:** only the claims a pack names are taken, and every look is an act about the applicant, with the
//! service's purpose and legal basis.

use serde_json::{Map, Value as Json, json};
use spine::{Act, Cx, Fault};

use crate::Services;
use crate::pack::Evidence;
use crate::service::{Service, unanswerable};
use rules::Facts;

/// Asks every register the pack names.
pub(crate) fn gather(
    cx: &mut Cx<'_>,
    services: &Services,
    service: &Service,
    applicant: &Json,
    person: &str,
) -> Result<Map<String, Json>, Fault> {
    let mut gathered = Map::new();
    for evidence in &service.pack.evidence {
        let facts = service.facts(applicant, &gathered, &std::collections::BTreeMap::new(), services.today(cx));
        let found = find(cx, services, service, evidence, &facts)?;
        let purpose = evidence.purpose.clone().unwrap_or_else(|| service.pack.service.purpose.clone());
        let mut act = Act::new("services.evidence.looked")
            .about(person)
            .because(purpose, service.legal_basis())
            .with("register", evidence.register.get_ref().as_str())
            .with("service", service.id())
            .with("found", found.is_some());
        if let Some(found) = &found {
            let fields: Vec<&str> = evidence.claims.iter().map(|claim| claim.field.get_ref().as_str()).collect();
            act = act.on(found.get("record").and_then(Json::as_str).unwrap_or_default()).with("fields", fields);
        }
        cx.record(act);
        gathered.insert(evidence.id.get_ref().clone(), found.unwrap_or(Json::Null));
    }
    Ok(gathered)
}

fn find(
    cx: &mut Cx<'_>,
    services: &Services,
    service: &Service,
    evidence: &Evidence,
    facts: &Facts,
) -> Result<Option<Json>, Fault> {
    let register = evidence.register.get_ref();
    let registers = &services.inner.registers;
    let text = |value: Json| match value {
        Json::String(text) => Some(text),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let record = if let Some(key) = &evidence.key {
        match text(service.rules.value(key.get_ref(), facts).map_err(unanswerable)?) {
            Some(key) => registers::find(cx, registers, register, &key)?,
            None => None,
        }
    } else {
        let Some((field, value)) = evidence.matching.iter().next() else { return Ok(None) };
        match text(service.rules.value(value.get_ref(), facts).map_err(unanswerable)?) {
            Some(value) => registers::find_by(cx, registers, register, field, &value)?,
            None => None,
        }
    };
    let read_at = cx.now();
    Ok(record.map(|record| {
        let fields: Map<String, Json> = evidence
            .claims
            .iter()
            .map(|claim| {
                let field = claim.field.get_ref();
                (field.clone(), record.fields().get(field).cloned().unwrap_or(Json::Null))
            })
            .collect();
        json!({
            "register": register,
            "record": record.id().to_string(),
            "revision": record.revision(),
            "read_at": read_at.to_string(),
            "fields": fields,
        })
    }))
}
