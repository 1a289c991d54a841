//! The tests a pack brings along: given facts, what must come out (`letsema pack test`).
//!
//! **Invariant:** a trial runs the same code as a case; nothing is imitated.

use serde_json::{Value as Json, json};

use crate::pack::Trial;
use crate::service::Service;
use rules::Facts;

/// What a trial showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The trial.
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// What came out otherwise than said; none if all is well.
    pub faults: Vec<TrialFault>,
}

/// Something that came out otherwise than a trial says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected}, got {got}")]
pub struct TrialFault {
    /// What was asked for.
    pub what: String,
    /// What the trial says.
    pub expected: String,
    /// What came out.
    pub got: String,
}

/// Runs all trials of a pack.
#[must_use]
pub fn run_trials(service: &Service) -> Vec<Tried> {
    service.pack.tests.iter().map(|trial| run(service, trial)).collect()
}

fn run(service: &Service, trial: &Trial) -> Tried {
    let facts = facts(service, trial);
    let mut faults = Vec::new();
    for (what, expected) in &trial.expect {
        let expected = value(expected);
        let got = outcome(service, what, &facts).unwrap_or_else(|problem| json!({ "problem": problem }));
        if got != expected {
            faults.push(TrialFault { what: what.clone(), expected: expected.to_string(), got: got.to_string() });
        }
    }
    let line = service.text.as_bytes().iter().take(trial.name.span().start).filter(|byte| **byte == b'\n').count() + 1;
    Tried { name: trial.name.get_ref().clone(), line, faults }
}

fn facts(service: &Service, trial: &Trial) -> Facts {
    let mut facts = Facts::default();
    facts.set("applicant", json!({}));
    for evidence in &service.pack.evidence {
        facts.set(evidence.id.get_ref(), Json::Null);
    }
    for field in service.pack.pages.iter().flat_map(|page| &page.fields) {
        facts.set(field.id.get_ref(), Json::Null);
    }
    for (path, given) in &trial.given {
        facts.set_path(path, value(given));
    }
    for rule in &service.pack.rules {
        let ok = rule.all.iter().all(|condition| service.condition(condition, &facts).unwrap_or(false));
        facts.set(rule.id.get_ref(), json!({ "ok": ok }));
    }
    facts
}

/// `fee`: minor units; `kept`: minor units of it when the case is taken back (`begun` is given); `asks`: pages; `steps`: steps; `RULE.ok`; any other name is an expression of the rules.
fn outcome(service: &Service, what: &str, facts: &Facts) -> Result<Json, String> {
    let told = |fault: spine::Fault| fault.cause().map_or_else(|| fault.code().to_owned(), ToString::to_string);
    match what {
        "fee" => Ok(json!(service.price(facts).map_err(told)?.minor)),
        "kept" => {
            let fee = service.price(facts).map_err(told)?.minor;
            let begun = facts.get("begun").and_then(Json::as_bool).unwrap_or(false);
            Ok(json!(service.kept(facts, fee, begun).map_err(told)?))
        }
        "asks" => Ok(service.asked(facts).map_err(told)?.iter().map(|(page, _)| json!(page.id.get_ref())).collect()),
        "steps" => Ok(service.steps(facts).map_err(told)?.iter().map(|step| json!(step.id.get_ref())).collect()),
        "refused_by" => Ok(service.unmet(facts).map_err(told)?.iter().map(|unmet| json!(unmet.rule)).collect()),
        rule => match rule.strip_suffix(".ok").and_then(|rule| facts.get(rule)) {
            Some(outcome) => Ok(outcome.get("ok").cloned().unwrap_or(Json::Null)),
            None => Err(format!("a trial expects fee, kept, asks, steps, refused_by or RULE.ok, and not {rule:?}")),
        },
    }
}

fn value(value: &toml::Value) -> Json {
    match value {
        toml::Value::String(text) if text == "null" => Json::Null,
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number.to_string()),
        toml::Value::Boolean(truth) => json!(truth),
        toml::Value::Datetime(day) => json!(day.to_string()),
        toml::Value::Array(items) => items.iter().map(self::value).collect(),
        toml::Value::Table(table) => {
            Json::Object(table.iter().map(|(name, value)| (name.clone(), self::value(value))).collect())
        }
    }
}
