//! The check digit of the numbers that people read to one another.
//!
//! **Invariant:** one wrong digit, or two neighbours exchanged, are always found (H. M. Damm, 2004: a totally anti-symmetric
//! quasigroup of order 10, with a diagonal of zeros).

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

/// The digit that, set behind these, makes the whole check to nought; none if they are not digits.
#[must_use]
pub fn check_digit(digits: &str) -> Option<u8> {
    digits.bytes().try_fold(0_u8, |interim, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        TABLE.get(usize::from(interim))?.get(usize::from(digit)).copied()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_example() {
        assert_eq!(check_digit("572"), Some(4));
        assert_eq!(check_digit("5724"), Some(0));
        assert_eq!(check_digit("57:4"), None);
    }

    proptest! {
        #[test]
        fn every_slip_and_every_exchange_is_found(serial in "[0-9]{1,18}", place in 0..18_usize, other in 0..10_u8) {
            let digit = check_digit(&serial).unwrap();
            let whole = format!("{serial}{digit}").into_bytes();
            prop_assert_eq!(check_digit(std::str::from_utf8(&whole).unwrap()), Some(0));
            let place = place % whole.len();
            let mut slip = whole.clone();
            slip[place] = b'0' + other;
            prop_assert_eq!(check_digit(std::str::from_utf8(&slip).unwrap()) == Some(0), slip == whole);
            let mut exchanged = whole.clone();
            let next = (place + 1) % whole.len();
            if next > place {
                exchanged.swap(place, next);
                prop_assert_eq!(check_digit(std::str::from_utf8(&exchanged).unwrap()) == Some(0), exchanged == whole);
            }
        }
    }
}
