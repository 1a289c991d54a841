//! The numbers that people read to one another: of a receipt, of a bill, of a fee. Eleven digits and a check digit, in groups.
//!
//! **Invariant:** one wrong digit, or two neighbours exchanged, are always found (`spine::damm`).

use spine::check_digit;

/// How many numbers there are without their check digit.
pub(crate) const HOW_MANY: u64 = 100_000_000_000;

/// The number `n` (below [`HOW_MANY`]) with its check digit: `4821-7735-6042`.
pub(crate) fn receipt_number(n: u64) -> String {
    let digits = format!("{:011}", n % HOW_MANY);
    let digits = format!("{digits}{}", check_digit(&digits).unwrap_or(0));
    let groups: Vec<String> =
        digits.as_bytes().chunks(4).map(|group| group.iter().map(|digit| char::from(*digit)).collect()).collect();
    groups.join("-")
}

/// How many bills can have numbers: theirs begin with a nine, so that a number typed at a shop says what it is.
pub(crate) const HOW_MANY_BILLS: u64 = 10_000_000_000;

/// The number of the bill `n` (below [`HOW_MANY_BILLS`]): `9482-7735-6043`.
pub(crate) fn bill_number(n: u64) -> String {
    receipt_number(9 * HOW_MANY_BILLS + n % HOW_MANY_BILLS)
}

/// The number of a bill in its one form, from what people type; none if it cannot be one.
pub(crate) fn read_bill_number(text: &str) -> Option<String> {
    read(text, '9', bill_number)
}

/// How many fees can have numbers: theirs begin with an eight.
pub(crate) const HOW_MANY_FEES: u64 = 10_000_000_000;

/// The number of the fee `n` (below [`HOW_MANY_FEES`]): `8482-7735-6042`.
pub(crate) fn fee_number(n: u64) -> String {
    receipt_number(8 * HOW_MANY_FEES + n % HOW_MANY_FEES)
}

/// The number of a fee in its one form, as [`read_bill_number`].
pub(crate) fn read_fee_number(text: &str) -> Option<String> {
    read(text, '8', fee_number)
}

fn read(text: &str, first: char, number: impl Fn(u64) -> String) -> Option<String> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | ' ')).collect();
    let n: u64 = digits.get(1..11).filter(|_| digits.len() == 12 && digits.starts_with(first))?.parse().ok()?;
    let number = number(n);
    (number.bytes().filter(|byte| *byte != b'-').eq(digits.bytes())).then_some(number)
}

/// Whether a text is a receipt's number, with or without its hyphens and spaces.
#[must_use]
pub fn is_receipt_number(text: &str) -> bool {
    let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | ' ')).collect();
    digits.len() == 12 && check_digit(&digits) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slip_of_one_digit_and_every_exchange_is_found() {
        for n in [0, 7, 48_217_735_604, 99_999_999_999, 12_345_678_901] {
            let number = receipt_number(n);
            assert!(is_receipt_number(&number) && number.len() == 14, "{number}");
            let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
            for place in 0..12 {
                for other in b'0'..=b'9' {
                    let mut slip = digits.clone();
                    slip[place] = other;
                    assert_eq!(is_receipt_number(std::str::from_utf8(&slip).unwrap()), slip == digits);
                }
                if place > 0 {
                    let mut slip = digits.clone();
                    slip.swap(place - 1, place);
                    assert_eq!(is_receipt_number(std::str::from_utf8(&slip).unwrap()), slip == digits);
                }
            }
        }
        assert!(!is_receipt_number("") && !is_receipt_number("4821-7735-604x") && !is_receipt_number("0"));
    }
}
