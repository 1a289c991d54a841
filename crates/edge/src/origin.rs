//! Did this request come from our own pages, and does this link lead to them?
//!
//! **Invariant:** a request that changes state and carries cookies is refused when the browser says it
//! came from elsewhere; the form's token is the second wall. A `next` that is not a local path is dropped.

use axum::http::{HeaderMap, Method, header};
use spine::Fault;

/// Refuses a state-changing request that another site's page sent (Fetch Metadata, else `Origin`).
///
/// # Errors
/// `edge.form.origin`, forbidden.
pub(crate) fn check(base_url: &str, method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or("?"));
    let refused = || Err(Fault::forbidden("edge.form.origin"));
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site"))
        && !matches!(site, "same-origin" | "none")
    {
        return refused();
    }
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let host = origin.split_once("://").map(|(_, host)| host);
    let own_host = text(header::HOST);
    if origin == base_url || (host.is_some() && host == own_host) { Ok(()) } else { refused() }
}

/// The path if it is local to this site and safe to redirect to; `//host`, `https:`, backslashes and
/// control characters are not.
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let fine = text.len() <= 2000
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.chars().all(|letter| letter.is_ascii_graphic() && !matches!(letter, '\\' | '"' | '<' | '>'));
    fine.then_some(text)
}

/// Percent-encodes a value for a query (RFC 3986 §2.3: everything but unreserved characters).
#[must_use]
pub fn encode_query(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths() {
        for good in ["/", "/a/b?c=d&e=%20f#g"] {
            assert_eq!(local_path(good), Some(good));
        }
        let long = format!("/{}", "a".repeat(3000));
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/\t/evil",
            "/é",
            &long,
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn origins() {
        let verdict = |pairs: &[(&'static str, &str)]| {
            let headers =
                pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
            check("https://gov.ls", &Method::POST, &headers).is_ok()
        };
        assert!(verdict(&[]));
        assert!(verdict(&[("origin", "https://gov.ls"), ("sec-fetch-site", "same-origin")]));
        assert!(verdict(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!verdict(&[("origin", "https://evil.example"), ("host", "gov.ls")]));
        assert!(!verdict(&[("origin", "null"), ("host", "gov.ls")]));
        assert!(!verdict(&[("sec-fetch-site", "cross-site")]));
        assert!(!verdict(&[("sec-fetch-site", "same-site")]));
    }
}
