//! The site's one stylesheet, inlined into every page so that the first visit is one request. What few pages need they
//! bring along themselves ([`crate::OwnStyle`]).
//!
//! **Invariant:** under 3.2 KB gzipped, and the text whose hash the Content-Security-Policy allows is
//! exactly the text in the page. Colours pass WCAG 2.2 AA in light and dark (1.4.3, 1.4.11).

use std::sync::LazyLock;

static SHEET: LazyLock<String> = LazyLock::new(|| squeeze(include_str!("style.css")));

/// The stylesheet without the spaces its readers need, for programs of ours that have no [`crate::Site`].
pub fn sheet() -> &'static str {
    &SHEET
}

/// Drops line breaks and the spaces that mean nothing in our own sheet: around `{ } ; ,`, after `:` of a
/// declaration, and around `>`. Quoted text stays as it is.
pub(crate) fn squeeze(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut quoted = false;
    let mut letters = css.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '"' {
            quoted = !quoted;
        }
        if quoted || !letter.is_whitespace() {
            if letter == '}' && !quoted && out.ends_with(';') {
                out.pop();
            }
            out.push(letter);
            continue;
        }
        while letters.next_if(|next| next.is_whitespace()).is_some() {}
        let after = out.chars().next_back();
        let before = letters.peek().copied();
        let idle = |letter: Option<char>| letter.is_none_or(|letter| "{};,>".contains(letter));
        let after_colon = after == Some(':');
        if !(idle(after) || idle(before) || after_colon) {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squeezes() {
        let css = "a, b > c {\n  margin: 0 1px;\n  content: \"a ; b\"; }\n@media (min-width: 40em) { .x :focus { top: calc(1px + 2px) } }\n";
        assert_eq!(
            squeeze(css),
            "a,b>c{margin:0 1px;content:\"a ; b\"}@media (min-width:40em){.x :focus{top:calc(1px + 2px)}}"
        );
        assert!(!sheet().contains("</"));
    }
}
