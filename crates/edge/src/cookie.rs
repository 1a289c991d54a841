//! Cookies, read and set (RFC 6265bis).
//!
//! **Invariant:** every cookie of ours is `HttpOnly`, `SameSite=Lax` (a return from another site's sign-in
//! must still find it), for the whole path, and over TLS `Secure` with the `__Host-` prefix where it guards anything.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::site::Site;

/// The value of the cookie called `name`, if the request carries it.
#[must_use]
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(own, value)| (own == name).then_some(value))
}

/// The name of a cookie that guards something: `__Host-NAME` over TLS, `NAME` on a plain local server.
#[must_use]
pub fn guarded_name(site: &Site, name: &str) -> String {
    if site.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

/// A cookie to set.
#[derive(Clone, Debug)]
pub struct SetCookie {
    name: String,
    value: String,
    max_age_seconds: Option<u32>,
}

impl SetCookie {
    /// A cookie for as long as the browser runs.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), max_age_seconds: None }
    }

    /// The order to forget the cookie called `name`.
    #[must_use]
    pub fn forget(name: impl Into<String>) -> Self {
        Self::new(name, "").max_age(0)
    }

    /// Keeps it for `seconds`.
    #[must_use]
    pub const fn max_age(mut self, seconds: u32) -> Self {
        self.max_age_seconds = Some(seconds);
        self
    }

    /// The `Set-Cookie` value. A value with characters a cookie cannot hold gives an empty cookie.
    #[must_use]
    pub fn header(&self, site: &Site) -> HeaderValue {
        let fits = self.value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte));
        let value = if fits { self.value.as_str() } else { "" };
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", self.name);
        if let Some(seconds) = self.max_age_seconds {
            text.push_str(&format!("; Max-Age={seconds}"));
        }
        if site.is_https() {
            text.push_str("; Secure");
        }
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// Adds it to a response.
    pub fn set(&self, headers: &mut HeaderMap, site: &Site) {
        headers.append(header::SET_COOKIE, self.header(site));
    }
}
