//! Claims with the evidence for them (OpenID Connect for Identity Assurance 1.0).
//!
//! **Invariant:** a claim is told as verified only if the population register says it; what was asked for with a value
//! that does not hold leaves the whole element out (§6.5); no more of the verification is told than was asked for.

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use spine::Timestamp;

use crate::provider::catalogue::{EVIDENT, Facts};

/// What a country calls its way of knowing people, from its pack.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFramework {
    /// Its name in `trust_framework`.
    pub name: String,
    /// How surely the register knows people, in `assurance_level`.
    pub assurance_level: String,
    /// What kind of record the evidence is, in `record.type`.
    pub record_type: String,
    /// Who keeps it, in `record.source.name`.
    pub source_name: String,
    /// The country, in `record.source.country_code` (ISO 3166-1 alpha-3).
    pub country_code: String,
}

impl TrustFramework {
    /// What stands behind a claim, whole.
    fn verification(&self, now: Timestamp) -> Json {
        let time = rfc3339(now);
        json!({
            "trust_framework": self.name,
            "assurance_level": self.assurance_level,
            "time": time,
            "evidence": [{
                "type": "electronic_record",
                "check_details": [{"check_method": "data", "time": time}],
                "record": {
                    "type": self.record_type,
                    "source": {"name": self.source_name, "country_code": self.country_code},
                },
            }],
        })
    }
}

/// A moment in UTC, to the second (RFC 3339).
fn rfc3339(moment: Timestamp) -> String {
    let text = moment.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// Adds `verified_claims` to what is told, as far as requests are met.
pub(crate) fn tell(
    told: &mut Map<String, Json>,
    trust: Option<&TrustFramework>,
    facts: &Facts,
    requests: &[Json],
    now: Timestamp,
) {
    // Without evidence there is nothing to tell: the register does not know her, or there is none.
    let Some(trust) = trust.filter(|_| facts.value("individual_id").is_some()) else { return };
    let whole = trust.verification(now);
    let mut met: Vec<Json> = requests.iter().filter_map(|request| meet(request, facts, &whole)).collect();
    match met.len() {
        0 => {}
        1 => drop(told.insert("verified_claims".to_owned(), met.remove(0))),
        _ => drop(told.insert("verified_claims".to_owned(), Json::Array(met))),
    }
}

/// One request, if it can be met.
fn meet(request: &Json, facts: &Facts, whole: &Json) -> Option<Json> {
    let verification = narrowed(request.get("verification")?, whole)?;
    let mut claims = Map::new();
    for (name, details) in request.get("claims")?.as_object()? {
        let value = facts.value(name).filter(|_| EVIDENT.contains(&name.as_str()));
        match value {
            Some(value) if fits(details, value) => drop(claims.insert(name.clone(), value.clone())),
            _ => {}
        }
    }
    if claims.is_empty() { None } else { Some(json!({"verification": verification, "claims": claims})) }
}

/// Whether a value is what was asked for (§6.3).
fn fits(details: &Json, value: &Json) -> bool {
    let one = details.get("value").is_none_or(|wanted| wanted == value);
    let any = details.get("values").and_then(Json::as_array).is_none_or(|values| values.contains(value));
    one && any
}

/// The part of the verification that was asked for; none if something of it does not hold.
fn narrowed(asked: &Json, whole: &Json) -> Option<Json> {
    let mut out = Map::new();
    // The framework is always told (§5.1).
    out.insert("trust_framework".to_owned(), whole.get("trust_framework")?.clone());
    for (name, details) in asked.as_object()? {
        let Some(value) = whole.get(name) else {
            if is_essential(details) || constrained(details) {
                return None;
            }
            continue;
        };
        match (name.as_str(), details) {
            ("evidence", Json::Array(wanted)) => {
                let kinds = |one: &Json| one.get("type").is_none_or(|kind| fits(kind, &json!("electronic_record")));
                if !wanted.iter().any(kinds) {
                    return None;
                }
                out.insert(name.clone(), value.clone());
            }
            ("time", details) => {
                if details.get("max_age").is_some_and(|age| !age.is_u64()) {
                    return None;
                }
                out.insert(name.clone(), value.clone());
            }
            (_, details) if fits(details, value) => drop(out.insert(name.clone(), value.clone())),
            _ => return None,
        }
    }
    Some(Json::Object(out))
}

fn is_essential(details: &Json) -> bool {
    details.get("essential").and_then(Json::as_bool).unwrap_or(false)
}

fn constrained(details: &Json) -> bool {
    details.get("value").is_some() || details.get("values").is_some()
}
