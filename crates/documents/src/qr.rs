//! QR codes (ISO/IEC 18004) as one outline, for pages and for PDFs.
//!
//! **Invariant:** the outline runs around the dark parts, so neighbouring modules never show a seam, and
//! it always carries the four modules of quiet zone that the standard asks for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};
use serde::Deserialize;

/// How much of the code may be lost: about 7, 15, 25 or 30 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 7 percent.
    Low,
    /// 15 percent; right for a clean page.
    #[default]
    Medium,
    /// 25 percent; right for paper that is folded and stamped.
    Quartile,
    /// 30 percent.
    High,
}

/// The text is longer than the largest QR code holds.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the text is longer than the largest QR code holds")]
pub struct TooLong;

/// Modules of quiet zone around the code (ISO/IEC 18004 §5.3.8).
pub(crate) const QUIET: i32 = 4;

/// The code's width in modules with its quiet zone, and its outline: closed loops of corners.
pub(crate) struct Modules {
    pub(crate) side: i32,
    pub(crate) loops: Vec<Vec<(i32, i32)>>,
}

/// An SVG picture of the code for a page: inline, hidden from screen readers, in the current colour.
/// Print the same address as text beside it.
///
/// # Errors
/// [`TooLong`] beyond some 2,900 bytes.
pub fn svg(text: &str, level: Level) -> Result<String, TooLong> {
    let Modules { side, loops } = modules(text, level)?;
    let mut path = String::new();
    for corners in loops {
        let mut at: Option<(i32, i32)> = None;
        for (x, y) in corners {
            // Writing to a String cannot fail.
            let _ = match at {
                None => write!(path, "M{x} {y}"),
                Some((_, from)) if from == y => write!(path, "h{}", x - at.map_or(0, |(from, _)| from)),
                Some((_, from)) => write!(path, "v{}", y - from),
            };
            at = Some((x, y));
        }
        path.push('z');
    }
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\" focusable=\"false\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

/// Encodes `text` and walks around its dark parts.
pub(crate) fn modules(text: &str, level: Level) -> Result<Modules, TooLong> {
    let level = match level {
        Level::Low => QrCodeEcc::Low,
        Level::Medium => QrCodeEcc::Medium,
        Level::Quartile => QrCodeEcc::Quartile,
        Level::High => QrCodeEcc::High,
    };
    let code = QrCode::encode_text(text, level).map_err(|_| TooLong)?;
    Ok(Modules { side: code.size() + 2 * QUIET, loops: outline(code.size(), |x, y| code.get_module(x, y)) })
}

/// Walks each border once with the dark on its right hand, so that holes turn the other way (non-zero fill).
fn outline(size: i32, dark: impl Fn(i32, i32) -> bool) -> Vec<Vec<(i32, i32)>> {
    // Every edge between dark and light, from its first corner. A corner where two dark modules touch has two.
    let mut edges: BTreeMap<(i32, i32), Vec<(i32, i32)>> = BTreeMap::new();
    for y in 0..size {
        for x in (0..size).filter(|x| dark(*x, y)) {
            let borders = [
                (!dark(x, y - 1), (x, y), (x + 1, y)),
                (!dark(x + 1, y), (x + 1, y), (x + 1, y + 1)),
                (!dark(x, y + 1), (x + 1, y + 1), (x, y + 1)),
                (!dark(x - 1, y), (x, y + 1), (x, y)),
            ];
            for (_, from, to) in borders.into_iter().filter(|(light, ..)| *light) {
                edges.entry(from).or_default().push(to);
            }
        }
    }
    let mut loops = Vec::new();
    while let Some((&start, _)) = edges.first_key_value() {
        let mut corners: Vec<(i32, i32)> = vec![start];
        let mut at = start;
        while let Some(next) = edges.get_mut(&at).and_then(Vec::pop) {
            if edges.get(&at).is_some_and(Vec::is_empty) {
                edges.remove(&at);
            }
            // Straight on: the corner between is none.
            if let [.., (ax, ay), last] = corners.as_mut_slice()
                && ((*ax == last.0 && last.0 == next.0) || (*ay == last.1 && last.1 == next.1))
            {
                *last = next;
            } else {
                corners.push(next);
            }
            at = next;
        }
        corners.pop();
        loops.push(corners.into_iter().map(|(x, y)| (x + QUIET, y + QUIET)).collect());
    }
    loops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_is_the_code() {
        let text = "https://letsema.example/v/LS-7KQ2-9XWM";
        let Modules { side, loops } = modules(text, Level::Medium).unwrap();
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        for y in 0..side {
            for x in 0..side {
                // Even crossings of a ray to the right from the module's centre mean light.
                let crossings = loops.iter().flat_map(|corners| {
                    corners
                        .iter()
                        .zip(corners.iter().cycle().skip(1))
                        .filter(|((ax, ay), (bx, by))| ax == bx && *ax > x && (*ay.min(by) <= y) && (y < *ay.max(by)))
                });
                assert_eq!(crossings.count() % 2 == 1, code.get_module(x - QUIET, y - QUIET), "{x} {y}");
            }
        }
    }

    #[test]
    fn a_page_can_carry_it() {
        let svg = svg("https://letsema.example/v/LS-7KQ2-9XWM", Level::Medium).unwrap();
        assert!(svg.len() < 4_000, "{}", svg.len());
        assert_eq!(super::svg(&"x".repeat(3000), Level::Low), Err(TooLong));
    }
}
