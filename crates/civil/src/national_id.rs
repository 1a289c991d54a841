//! A national identity number: eleven digits that mean nothing, and one that checks them.
//!
//! **Invariant:** the check digit (`spine::damm`) catches every single wrong digit and every swap of neighbours. A number is shown in threes and compared without spaces.

use spine::check_digit;

/// Digits altogether.
pub const DIGITS: usize = 12;

/// How many serials there are.
pub const SERIALS: u64 = 90_000_000_000;

/// The number with this serial, which is below ten to the eleventh and should be random.
#[must_use]
pub fn of_serial(serial: u64) -> String {
    // The first digit is never 0, so that no spreadsheet eats it.
    let serial = format!("{:011}", 10_000_000_000 + serial % SERIALS);
    let digit = check_digit(&serial).unwrap_or_default();
    format!("{serial}{digit}")
}

/// The digits of a number as somebody wrote it, if it is one.
#[must_use]
pub fn parse(written: &str) -> Option<String> {
    let digits: String = written.chars().filter(|letter| !matches!(letter, ' ' | '-' | '\u{a0}')).collect();
    (digits.len() == DIGITS && check_digit(&digits) == Some(0)).then_some(digits)
}

/// The number as people read it: in threes.
#[must_use]
pub fn shown(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        let number = of_serial(12_345);
        assert_eq!(parse(&shown(&number)).as_deref(), Some(number.as_str()));
        assert_eq!(shown("123456789012"), "123 456 789 012");
        for wrong in ["", "1", "12345678901a", "１２３４５６７８９０１２", "1234567890123"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn catches_every_wrong_digit_and_every_swap(serial in 0_u64..90_000_000_000, place in 0_usize..DIGITS, other in 0_u8..10) {
            let number = of_serial(serial);
            let mut wrong = number.clone().into_bytes();
            wrong[place] = b'0' + other;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(parse(&wrong).is_some(), wrong == number);
            if place > 0 {
                let mut swapped = number.clone().into_bytes();
                swapped.swap(place - 1, place);
                let swapped = String::from_utf8(swapped).unwrap();
                prop_assert_eq!(parse(&swapped).is_some(), swapped == number);
            }
        }
    }
}
