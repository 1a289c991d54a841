//! The headers every FSPIOP message bears (API Definition §3.2): whose it is, for whom, when, in which version.
//!
//! **Invariant:** a message without source, date or a version that is spoken here goes no further.

use axum::http::{HeaderMap, HeaderName, StatusCode};
use serde::{Deserialize, Serialize};

use super::error::{MISSING, Refused, SYNTAX, VERSION};

/// Who sends.
pub(crate) const SOURCE: &str = "fspiop-source";
/// For whom.
pub(crate) const DESTINATION: &str = "fspiop-destination";
/// The signature, JSON.
pub(crate) const SIGNATURE: &str = "fspiop-signature";
/// What was signed to be asked.
pub(crate) const URI: &str = "fspiop-uri";
/// The verb that was signed.
pub(crate) const METHOD: &str = "fspiop-http-method";

/// The versions spoken here, newest first.
pub(crate) const VERSIONS: [&str; 3] = ["2.0", "1.1", "1.0"];

/// What else of a message is handed on as it came.
const CARRIED: [&str; 7] = ["content-type", "date", SIGNATURE, URI, METHOD, "traceparent", "tracestate"];

/// What programs send as `Accept` whose writers said nothing: as if it were not there.
const ANYTHING: &str = "*/*";

/// The longest name of an institution (API Definition §7.3.15).
const NAME_LENGTH: usize = 32;

/// A verb: what a message does decides which headers it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Verb {
    /// Asks for something to be done.
    Post,
    /// Asks for what is known.
    Get,
    /// Tells the outcome.
    Put,
    /// Tells the end of a transfer that was reserved.
    Patch,
    /// Takes an alias out.
    Delete,
}

impl Verb {
    /// As HTTP writes it.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether an answer is wanted, and so `Accept`.
    const fn asks(self) -> bool {
        matches!(self, Self::Post | Self::Get | Self::Delete)
    }
}

/// The headers of a message, read.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// `FSPIOP-Source`.
    pub source: String,
    /// `FSPIOP-Destination`.
    pub destination: Option<String>,
    /// `Content-Type`, whose version answers are written in.
    pub version: String,
    /// All that is handed on, by lower-case name.
    pub carried: Vec<(String, String)>,
}

impl Head {
    /// Reads the headers of a message about `resource` (`transfers`).
    ///
    /// # Errors
    /// 3102 for a missing header, 3101 for one that cannot be read, 3001 (406) for a version not spoken here.
    pub(crate) fn read(headers: &HeaderMap, verb: Verb, resource: &str) -> Result<Self, Refused> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let needed = |name: &'static str| text(name).ok_or_else(|| Refused::new(MISSING, format!("header {name}")));
        let source = needed(SOURCE)?;
        needed("date")?;
        let content_type = needed("content-type")?;
        let version = versions(&content_type, resource, false)?;
        if verb.asks() {
            // An answer's version: the newest they take and we speak; the message's own where no Accept is sent.
            let accept = text("accept").filter(|accept| accept != ANYTHING).unwrap_or_else(|| content_type.clone());
            versions(&accept, resource, true)?;
        }
        let destination = text(DESTINATION).filter(|name| !name.is_empty());
        if !is_name(&source) || destination.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(Refused::new(SYNTAX, "name of an FSP"));
        }
        let mut carried: Vec<(String, String)> =
            CARRIED.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect();
        if verb.asks() {
            let accept = text("accept").filter(|accept| accept != ANYTHING);
            carried.extend(accept.map(|accept| ("accept".to_owned(), accept)));
        }
        Ok(Self { source, destination, version, carried })
    }
}

/// Letters, digits, dash, underscore and point: what stands in addresses, accounts and acts.
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
    (1..=NAME_LENGTH).contains(&text.len()) && text.bytes().all(plain)
}

/// The version a content type names, or the newest that an `Accept` allows.
fn versions(text: &str, resource: &str, may_be_several: bool) -> Result<String, Refused> {
    let mut spoken = None;
    for one in text.split(',') {
        let mut parts = one.split(';').map(str::trim);
        let wanted = format!("application/vnd.interoperability.{resource}+json");
        if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(&wanted)) {
            let header = if may_be_several { "accept" } else { "content-type" };
            return Err(Refused::new(SYNTAX, format!("header {header} is not {wanted}")));
        }
        let asked = parts.next().and_then(|part| part.strip_prefix("version="));
        let known = match asked {
            None if may_be_several => VERSIONS.first().copied(),
            None => None,
            Some(version) => VERSIONS.into_iter().find(|own| *own == version || own.split('.').next() == Some(version)),
        };
        spoken = spoken.or(known);
        if !may_be_several {
            break;
        }
    }
    spoken.map(str::to_owned).ok_or_else(|| {
        let refused = Refused::new(VERSION, format!("spoken here: {}", VERSIONS.join(", ")));
        refused.status(StatusCode::NOT_ACCEPTABLE)
    })
}

/// The content type of a message about `resource`.
#[must_use]
pub(crate) fn content_type(resource: &str, version: &str) -> String {
    format!("application/vnd.interoperability.{resource}+json;version={version}")
}

/// A header's name as HTTP/2 and our letters write it.
#[must_use]
pub(crate) fn named(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(content_type: &str, accept: Option<&str>) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(SOURCE, HeaderValue::from_static("bank"));
        map.insert("date", HeaderValue::from_static("Thu, 26 Nov 2026 06:00:00 GMT"));
        map.insert("content-type", HeaderValue::from_str(content_type).unwrap());
        if let Some(accept) = accept {
            map.insert("accept", HeaderValue::from_str(accept).unwrap());
        }
        map
    }

    #[test]
    fn versions_are_agreed_or_refused() {
        let kind = |version: &str| content_type("transfers", version);
        let read = |content: &str, accept: Option<&str>| Head::read(&headers(content, accept), Verb::Post, "transfers");
        assert_eq!(read(&kind("1.1"), Some(&kind("1"))).unwrap().version, "1.1");
        assert!(read(&kind("2.0"), Some("application/vnd.interoperability.transfers+json")).is_ok());
        let any = read(&kind("1.1"), Some(ANYTHING)).unwrap();
        assert!(any.version == "1.1" && !any.carried.iter().any(|(name, _)| name == "accept"));
        assert!(read(&kind("1.1"), Some("text/html")).unwrap_err().detail.contains("accept"));
        assert_eq!(read(&kind("3.0"), None).unwrap_err().code, VERSION);
        assert_eq!(read(&kind("1.0"), Some(&kind("9"))).unwrap_err().status, StatusCode::NOT_ACCEPTABLE);
        assert_eq!(read("application/json", None).unwrap_err().code, SYNTAX);
        assert_eq!(read("application/vnd.interoperability.transfers+json", None).unwrap_err().code, VERSION);
    }

    #[test]
    fn source_and_date_are_needed_and_names_are_plain() {
        let mut map = headers(&content_type("transfers", "1.0"), None);
        map.remove("date");
        assert_eq!(Head::read(&map, Verb::Put, "transfers").unwrap_err().code, MISSING);
        let mut map = headers(&content_type("transfers", "1.0"), None);
        map.insert(SOURCE, HeaderValue::from_static("a bank"));
        assert_eq!(Head::read(&map, Verb::Put, "transfers").unwrap_err().code, SYNTAX);
    }
}
