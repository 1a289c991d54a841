//! A QR code (ISO/IEC 18004) drawn into the page itself, so that nothing is loaded and nothing is stored.
//!
//! **Invariant:** dark on white in every colour scheme, with the four modules of quiet zone that the standard asks for;
//! what it says also stands beside it as text, for who cannot scan. Printed documents draw theirs in `documents`.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of quiet zone (§5.3.8).
const QUIET: i32 = 4;

/// The code of a text, with what it is for said to a screen reader; none for a text too long for one.
#[must_use]
pub fn qr(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut dark = String::new();
    for row in 0..code.size() {
        let mut column = 0;
        while column < code.size() {
            let start = column;
            while code.get_module(column, row) {
                column += 1;
            }
            if column > start {
                dark.push_str(&format!("M{} {}h{}v1H{}z", start + QUIET, row + QUIET, column - start, start + QUIET));
            }
            column += 1;
        }
    }
    let side = code.size() + 2 * QUIET;
    Some(html! {
        svg role="img" aria-label=(label) viewBox=(format!("0 0 {side} {side}")) width="224" height="224" shape-rendering="crispEdges" {
            path fill="#fff" d=(format!("M0 0h{side}v{side}H0z")) {}
            path d=(dark) {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_draws_every_dark_module_once() {
        let drawn = qr("otpauth://totp/Letsema:Lineo?secret=JBSWY3DPEHPK3PXP", "For your app").unwrap().into_string();
        let dark: i32 = drawn.split('h').skip(1).filter_map(|part| part.split('v').next()?.parse::<i32>().ok()).sum();
        let code =
            QrCode::encode_text("otpauth://totp/Letsema:Lineo?secret=JBSWY3DPEHPK3PXP", QrCodeEcc::Medium).unwrap();
        let modules = (0..code.size()).flat_map(|x| (0..code.size()).map(move |y| (x, y)));
        let real = i32::try_from(modules.filter(|(x, y)| code.get_module(*x, *y)).count()).unwrap();
        let side = code.size() + 2 * QUIET;
        // The white ground is drawn as one run as well.
        assert_eq!(dark, real + side);
        assert!(drawn.contains("aria-label=\"For your app\"") && drawn.len() < 12_000);
        assert!(qr(&"x".repeat(5_000), "too long").is_none());
    }
}
