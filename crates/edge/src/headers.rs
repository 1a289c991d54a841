//! What we tell the browser to forbid: everything the page does not need.
//!
//! **Invariant:** a page runs no script but one whose hash it names itself, and loads nothing from
//! elsewhere. Every answer carries these headers, set by the frame unless the handler said stricter.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::style;

/// A script of our own that a page may run, allowed by its hash: passkeys need one.
#[derive(Clone, Copy, Debug)]
pub struct OwnScript(&'static str);

impl OwnScript {
    /// The script's source, without `<script>` around it. It must not contain `</script`.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self(source)
    }

    /// The source.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.0
    }
}

/// Style that only a few pages need, beside the site's one sheet; allowed by its hash.
#[derive(Clone, Copy, Debug)]
pub struct OwnStyle(&'static str);

impl OwnStyle {
    /// The style's source, in the same CSS as the sheet. It must not contain `</style`.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self(source)
    }

    /// The text as it stands in the page.
    pub(crate) fn text(self) -> String {
        style::squeeze(self.0)
    }
}

/// The hash source of an inline element (CSP Level 3 §2.3.1).
fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", crypto::base64(&crypto::sha256(&[text.as_bytes()])))
}

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash_source(style::sheet()));

/// The Content-Security-Policy of a page (CSP Level 3).
pub(crate) fn page_policy(form_action: &[String], styles: &[OwnStyle], script: Option<OwnScript>) -> String {
    let mut policy = format!("default-src 'none'; style-src {}", *STYLE_HASH);
    for style in styles {
        policy.push(' ');
        policy.push_str(&hash_source(&style.text()));
    }
    policy.push_str("; img-src 'self' data:; form-action 'self'");
    for origin in form_action {
        policy.push(' ');
        policy.push_str(origin);
    }
    policy.push_str("; base-uri 'none'; frame-ancestors 'none'");
    if let Some(script) = script {
        policy.push_str(&format!("; script-src {}; connect-src 'self'", hash_source(script.0)));
    }
    policy
}

/// The policy of whatever is not a page.
const BARE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds what the answer does not say itself.
pub(crate) fn complete(headers: &mut HeaderMap, https: bool, signed_in: bool) {
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(BARE_POLICY));
    let cache = if signed_in { "no-store" } else { "private, no-cache" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    if https {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(value);
    }
}
