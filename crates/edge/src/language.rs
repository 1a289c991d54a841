//! Which language to answer in: the link's `?lang=`, else the cookie, else `Accept-Language`, else the default.
//!
//! **Invariant:** only a language the country speaks is ever chosen or stored.

use axum::http::{HeaderMap, header};
use spine::{Language, Words};

use crate::cookie;

/// The cookie that remembers the language.
pub(crate) const COOKIE: &str = "lang";

/// The language of this request, and whether a link just chose it (then it is to be remembered).
pub(crate) fn choose(words: &Words, query: Option<&str>, headers: &HeaderMap) -> (Language, bool) {
    let asked = query.and_then(|query| {
        query.split('&').filter_map(|pair| pair.strip_prefix("lang=")).find_map(|tag| words.language(tag))
    });
    if let Some(language) = asked {
        return (language, true);
    }
    let stored = cookie::read(headers, COOKIE).and_then(|tag| words.language(tag));
    let language = stored.or_else(|| accepted(words, headers)).unwrap_or_else(|| words.default_language());
    (language, false)
}

/// The best of `Accept-Language` (RFC 9110 §12.5.4); equal weights keep the visitor's order.
fn accepted(words: &Words, headers: &HeaderMap) -> Option<Language> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(u16, Language)> = None;
    for range in text.split(',').take(20) {
        let mut parts = range.split(';');
        let Some(language) = parts.next().and_then(|tag| words.language(tag.trim())) else { continue };
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1000, thousandths);
        if weight > 0 && best.as_ref().is_none_or(|(top, _)| weight > *top) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// A quality value (`0.8`) in thousandths; nonsense counts as nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let whole: u16 = whole.parse().unwrap_or(0);
    part.parse().ok().and_then(|part: u16| whole.checked_mul(1000)?.checked_add(part)).unwrap_or(0).min(1000)
}

/// The same address with `lang` set to `tag`.
pub(crate) fn link(path: &str, query: Option<&str>, tag: &str) -> String {
    let kept = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "lang"
    });
    let mut out = format!("{path}?");
    for pair in kept {
        out.push_str(pair);
        out.push('&');
    }
    out.push_str("lang=");
    out.push_str(tag);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_values() {
        assert_eq!(["1", "0.8", "0.125", "0", "1.0", "x", "9"].map(thousandths), [1000, 800, 125, 0, 1000, 0, 1000]);
    }

    #[test]
    fn the_link_keeps_the_rest_of_the_query() {
        assert_eq!(link("/a", None, "st"), "/a?lang=st");
        assert_eq!(link("/a", Some("x=1&lang=en&y"), "st"), "/a?x=1&y&lang=st");
    }
}
