//! `letsema verify FILE`: checks a document offline, holding nothing but the log's public key.
//!
//! **Invariant:** the answer is the exit code too: 0 holds, 1 does not.

use std::path::Path;

use serde_json::{Value as Json, json};
use services::verify::{MAX_FILE, verify};

use crate::command;

/// Checks a document.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn run(file: &Path, key: &str, as_json: bool) -> Result<(), String> {
    let shown = file.display();
    let size = std::fs::metadata(file).map_err(|error| format!("{shown}: {error}"))?.len();
    if size > MAX_FILE as u64 {
        return Err(format!("{shown}: the file is too large to be a document of ours"));
    }
    let bytes = std::fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let verified = verify(&bytes, key).map_err(|fault| format!("{shown}: NOT VALID: {fault}"))?;
    let proven = &verified.proven;
    if as_json {
        let said = json!({
            "valid": true, "certificate": verified.certificate, "act": proven.act,
            "log": { "name": proven.log, "index": proven.index, "size": proven.size },
        });
        command::say(&serde_json::to_string_pretty(&said).unwrap_or_default());
        return Ok(());
    }
    let mut lines = vec![format!("{shown}: VALID")];
    let certificate = &verified.certificate;
    for name in ["name", "authority", "issuer", "reference", "issued_on", "valid_until"] {
        if let Some(said) = certificate.get(name).and_then(words) {
            lines.push(format!("  {:<14}{said}", name.replace('_', " ")));
        }
    }
    for (name, value) in certificate.get("fields").and_then(Json::as_object).into_iter().flatten() {
        if let Some(said) =
            words(value).filter(|_| !matches!(name.as_str(), "reference" | "verify_url" | "verify_place"))
        {
            lines.push(format!("    {:<18}{said}", name.replace('_', " ")));
        }
    }
    lines.push(format!("  leaf {} of {} in the log {}", proven.index, proven.size, proven.log));
    command::say(&lines.join("\n"));
    Ok(())
}

/// A text, in English if it is in several languages.
fn words(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Object(said) => said.get("en").or_else(|| said.values().next()).and_then(Json::as_str).map(str::to_owned),
        _ => None,
    }
}
