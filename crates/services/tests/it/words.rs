//! Words: every key that services and the journal say is there, in both languages and with the same arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::country;

const LANGUAGES: [&str; 2] = ["en-LS", "st-LS"];

/// Codes of faults that are only ever internal, or that stand by a dead job: nobody reads a sentence for them.
const UNSAID: [&str; 18] = [
    "services.withdrawal.kept",
    "services.evidence.unwritable",
    "services.layout.missing",
    "services.output.not_yet_in_log",
    "services.output.uncanonical",
    "services.output.undrawn",
    "services.output.unknown",
    "services.rule.unanswerable",
    "services.version.missing",
    // Kinds of acts and jobs, and actions of policies; the portal says acts under `act.`.
    "services.payment.ended",
    "services.output.issued",
    "services.output.seal",
    "services.output.sealed",
    "services.pack.publish",
    "services.pack.published",
    "services.evidence.looked",
    // What the OpenAPI document calls an operation.
    "services.document.status",
    // What a mandate may cover where no policy is asked.
    "services.case.view",
];

fn flatten(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, out),
            other => drop(out.insert(key, other.as_str().unwrap_or_default().to_owned())),
        }
    }
}

/// All messages of a language.
pub(crate) fn messages(language: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (_, text) in country::texts(&format!("messages/{language}"), ".toml") {
        flatten("", &text.parse().unwrap(), &mut out);
    }
    out
}

fn has(messages: &BTreeMap<String, String>, key: &str) -> bool {
    messages.contains_key(key) || ["one", "other"].iter().all(|form| messages.contains_key(&format!("{key}.{form}")))
}

/// The text of every source file of a crate.
pub(crate) fn sources(folder: &Path, out: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// Texts between quotation marks that begin like a key of this engine.
fn keys(engine: &str) -> BTreeSet<String> {
    let mut texts = Vec::new();
    sources(&country::root().join("crates").join(engine).join("src"), &mut texts);
    let plain = |text: &&str| {
        text.starts_with(&format!("{engine}."))
            && text.split('.').count() >= 2
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_')
    };
    texts.iter().flat_map(|text| text.split('"').filter(plain).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Every key is said as it stands, or as a fault, or as an act; or it is the name of an action that policies know.
#[test]
fn every_key_of_the_services_is_said_in_both_languages() {
    let policies: String = country::texts("policies", ".cedar").into_iter().map(|(_, text)| text).collect();
    for language in LANGUAGES {
        let said = messages(language);
        let unsaid: Vec<String> = keys("services")
            .into_iter()
            .filter(|key| !UNSAID.contains(&key.as_str()))
            .filter(|key| {
                ![key.clone(), format!("fault.{key}"), format!("act.{key}"), format!("purpose.{key}")]
                    .iter()
                    .any(|key| has(&said, key))
            })
            .filter(|key| !policies.contains(&format!("Action::\"{key}\"")))
            // The scope of a form's key.
            .filter(|key| {
                !["services.start", "services.submit", "services.answer", "services.verify"].contains(&key.as_str())
                    && key.split('.').count() > 2
            })
            .collect();
        assert!(unsaid.is_empty(), "{language}: {unsaid:#?}");
    }
}

/// What a page or a message asks for by name, and every fault that is not internal.
#[test]
fn what_is_asked_for_by_name_is_there() {
    for engine in ["services", "journal"] {
        let mut texts = Vec::new();
        sources(&country::root().join("crates").join(engine).join("src"), &mut texts);
        let mut asked = BTreeSet::new();
        for text in &texts {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (call, prefix) in [
                (".t(\"", ""),
                (".t1(\"", ""),
                ("Text::new(\"", ""),
                ("Text::named(\"", ""),
                ("Fault::invalid(\"", "fault."),
                ("Fault::unauthenticated(\"", "fault."),
                ("Fault::forbidden(\"", "fault."),
                ("Fault::not_found(\"", "fault."),
                ("Fault::conflict(\"", "fault."),
                ("Fault::expired(\"", "fault."),
                ("Fault::unavailable(\"", "fault."),
            ] {
                let found = code.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                asked.extend(found.map(|key| format!("{prefix}{key}")));
            }
        }
        assert!(asked.len() > 10, "{engine}: {asked:?}");
        for language in LANGUAGES {
            let said = messages(language);
            let missing: Vec<&String> = asked.iter().filter(|key| !has(&said, key)).collect();
            assert!(missing.is_empty(), "{engine} in {language}: {missing:#?}");
        }
    }
}

fn arguments(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

#[test]
fn both_languages_say_the_same_with_the_same_arguments() {
    let [english, sesotho] = LANGUAGES.map(messages);
    for file in ["services", "policy", "journal"] {
        let mut own = BTreeMap::new();
        flatten("", &country::text(&format!("messages/en-LS/{file}.toml")).parse().unwrap(), &mut own);
        let mut other = BTreeMap::new();
        flatten("", &country::text(&format!("messages/st-LS/{file}.toml")).parse().unwrap(), &mut other);
        assert_eq!(own.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{file}.toml");
        for key in own.keys() {
            assert_eq!(arguments(&english[key]), arguments(&sesotho[key]), "{key}");
            assert!(!sesotho[key].trim().is_empty() && !english[key].trim().is_empty(), "{key}");
        }
    }
}

#[test]
fn sesotho_is_spelt_as_in_lesotho() {
    let (said, spelling) = (messages("st-LS"), country::spelling());
    assert_eq!(spelling[0].language, "st");
    let foreign: Vec<String> = said
        .iter()
        // Loan words such as *phasewete* are identity's to weigh; examples of addresses are no words.
        .filter(|(key, text)| !key.trim_start_matches("act.").starts_with("identity.") && !text.contains('@'))
        .filter_map(|(key, text)| {
            let words: String =
                text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
            spelling[0].foreign(&words).map(|problem| format!("{key}: {problem}"))
        })
        .collect();
    assert!(foreign.is_empty(), "{foreign:#?}");
}
