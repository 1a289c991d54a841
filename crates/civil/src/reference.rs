//! Numbers that people copy from a slip: a prefix, eight random digits and one that checks them.
//!
//! **Invariant:** a number says nothing of how many there are; the check digit is the national number's (Damm), so a
//! wrong digit or a swap of neighbours is noticed.

use spine::{Cx, Fault};

/// How often a number that is taken is drawn anew.
const DRAWS: usize = 16;

/// A number that `taken` does not know: `B4830 1725 6` without its spaces.
///
/// # Errors
/// What `taken` faults with; `civil.reference.exhausted` if every number drawn is taken.
pub fn fresh(
    cx: &mut Cx<'_>,
    prefix: &str,
    mut taken: impl FnMut(&mut Cx<'_>, &str) -> Result<bool, Fault>,
) -> Result<String, Fault> {
    for _ in 0..DRAWS {
        let serial = format!("{:08}", cx.random_below(100_000_000));
        let number = format!("{prefix}{serial}{}", spine::check_digit(&serial).unwrap_or_default());
        if !taken(cx, &number)? {
            return Ok(number);
        }
    }
    Err(Fault::unavailable("civil.reference.exhausted"))
}

/// The number as somebody wrote it, if it checks.
#[must_use]
pub fn parse(written: &str) -> Option<String> {
    let plain: String = written.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    let plain = plain.to_ascii_uppercase();
    let digits = plain.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    (digits.len() == 9 && spine::check_digit(digits) == Some(0)).then_some(plain)
}

/// The number as people read it.
#[must_use]
pub fn shown(number: &str) -> String {
    let start = number.len().saturating_sub(9);
    let (prefix, digits) = number.split_at_checked(start).unwrap_or(("", number));
    let parts = [digits.get(..4), digits.get(4..8), digits.get(8..)];
    format!("{prefix} {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" ")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_copy() {
        let number = format!("B48301725{}", spine::check_digit("48301725").unwrap());
        assert_eq!(parse(&shown(&number)).as_deref(), Some(number.as_str()));
        assert_eq!(parse(&number.to_lowercase()).as_deref(), Some(number.as_str()));
        for wrong in ["", "B", "B48301725", "B483017250000", "B84301725"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
