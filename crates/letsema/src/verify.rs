//! `letsema verify FILE`: checks a document offline, holding nothing but the log's public key; with `--online` also asks
//! whoever issued it whether it was revoked since.
//!
//! **Invariant:** the answer is the exit code too: 0 holds, 1 does not. Offline it says of which day it knows. The address
//! that is asked is the one in the document, which its evidence vouches for.

use std::path::Path;

use axum::http::Request;
use edge::{Outbound, OutboundLimits};
use journal::log::{self, Receipt};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use services::verify::{MAX_FILE, verify};

use crate::command;

/// Checks the receipt of a deed, such as a payment: that it stands in the log as it is written here.
fn proven(shown: &str, receipt: &Receipt, key: &str, as_json: bool) -> Result<(), String> {
    let proven = log::verify(receipt, key).map_err(|fault| format!("{shown}: NOT VALID: {fault}"))?;
    if as_json {
        let log = json!({ "name": proven.log, "index": proven.index, "size": proven.size });
        let said = json!({ "valid": true, "act": proven.act, "log": log });
        command::say(&serde_json::to_string_pretty(&said).unwrap_or_default());
        return Ok(());
    }
    command::say(&format!("{shown}: VALID"));
    for (name, value) in proven.act.as_object().into_iter().flatten() {
        command::say(&format!("  {name:<14}{}", words(value).unwrap_or_else(|| value.to_string())));
    }
    command::say(&format!("  leaf {} of {} in the log {}", proven.index, proven.size, proven.log));
    Ok(())
}

/// Checks a document.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(file: &Path, key: &str, as_json: bool, online: Option<Asking<'_>>) -> Result<(), String> {
    let shown = file.display();
    let size = std::fs::metadata(file).map_err(|error| format!("{shown}: {error}"))?.len();
    if size > MAX_FILE as u64 {
        return Err(format!("{shown}: the file is too large to be a document of ours"));
    }
    let bytes = std::fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    if let Ok(receipt) = serde_json::from_slice::<Receipt>(&bytes) {
        return proven(&shown.to_string(), &receipt, key, as_json);
    }
    let verified = verify(&bytes, key).map_err(|fault| format!("{shown}: NOT VALID: {fault}"))?;
    let proven = &verified.proven;
    let status = match online {
        Some(asking) => asking.status(&verified.certificate).await.map_err(|said| format!("{shown}: {said}"))?,
        None => Status::offline(&verified.certificate),
    };
    if as_json {
        let said = json!({
            "valid": status.state != "revoked", "status": status, "certificate": verified.certificate, "act": proven.act,
            "log": { "name": proven.log, "index": proven.index, "size": proven.size },
        });
        command::say(&serde_json::to_string_pretty(&said).unwrap_or_default());
        return status.outcome(&shown.to_string());
    }
    status.outcome(&shown.to_string())?;
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
    lines.push(format!("  {}", status.words()));
    command::say(&lines.join("\n"));
    Ok(())
}

/// Asks whoever issued a document.
pub(crate) struct Asking<'a> {
    /// PEM of an authority to trust beside the public web's.
    pub(crate) authority: Option<&'a Path>,
}

/// Whether a document still holds, as far as is known.
#[derive(Serialize, Deserialize)]
struct Status {
    /// `valid`, `expired`, `revoked`, or `unknown` to whoever has not asked.
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_on: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ground: Option<String>,
    /// The moment or day of which this is known.
    as_of: String,
}

impl Status {
    /// What a document says of itself: it was issued on its day, and nothing is known of the days since.
    fn offline(certificate: &Json) -> Self {
        let day = certificate.get("issued_on").and_then(Json::as_str).unwrap_or_default().to_owned();
        Self { state: "unknown".to_owned(), revoked_on: None, ground: None, as_of: day }
    }

    fn words(&self) -> String {
        match self.state.as_str() {
            "unknown" => format!("known as of {}; whether it was revoked since, --online asks", self.as_of),
            state => format!("{state} as of {}, says whoever issued it", self.as_of),
        }
    }

    fn outcome(&self, file: &str) -> Result<(), String> {
        if self.state != "revoked" {
            return Ok(());
        }
        let (day, ground) = (self.revoked_on.as_deref().unwrap_or("?"), self.ground.as_deref().unwrap_or("?"));
        Err(format!("{file}: REVOKED on {day} ({ground}), as of {}", self.as_of))
    }
}

impl Asking<'_> {
    async fn status(&self, certificate: &Json) -> Result<Status, String> {
        let address = certificate.get("verify").and_then(Json::as_str).unwrap_or_default();
        let (base, code) = address.split_once("/verify/").ok_or("the document names no address to ask at")?;
        let pem = match self.authority {
            Some(file) => std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?,
            None => Vec::new(),
        };
        let outbound = Outbound::trusting(OutboundLimits::default(), &pem)?;
        let address = format!("{base}/api/verify/{code}");
        let request = Request::get(&address).body(Default::default()).map_err(|error| format!("{address}: {error}"))?;
        let answer = outbound.send(request).await.map_err(|error| format!("{address}: {error}"))?;
        if !answer.status().is_success() {
            return Err(format!("{address}: answered {}; whether it was revoked is not known", answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| format!("{address}: {error}"))
    }
}

/// A text, in English if it is in several languages.
fn words(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Object(said) => said.get("en").or_else(|| said.values().next()).and_then(Json::as_str).map(str::to_owned),
        _ => None,
    }
}
