//! A national identity number: eleven digits that mean nothing, and one that checks them.
//!
//! **Invariant:** the check digit (H. M. Damm, 2004: a totally anti-symmetric quasigroup of order 10) catches every
//! single wrong digit and every swap of neighbours. A number is shown in threes and compared without spaces.

/// Digits altogether.
pub const DIGITS: usize = 12;

/// The quasigroup: weakly totally anti-symmetric, with a diagonal of zeros.
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// How many serials there are.
pub const SERIALS: u64 = 90_000_000_000;

/// The digit that, set behind these, makes the whole check to nought; none if they are not digits.
#[must_use]
pub fn check_digit(digits: &str) -> Option<u8> {
    digits.bytes().try_fold(0_u8, |interim, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        TABLE.get(usize::from(interim))?.get(usize::from(digit)).copied()
    })
}

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
    fn the_published_example() {
        assert_eq!(check_digit("572"), Some(4));
        assert_eq!(check_digit("5724"), Some(0));
    }

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
