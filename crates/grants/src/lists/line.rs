//! One line of a file: a number, and perhaps an amount and a reference.
//!
//! **Invariant:** nothing is guessed. `1,000` and `1e3` are no amounts, a number whose check digit is wrong is nobody's; the
//! reason is the last part of a word's key (`grants.line.…`).

use civil::national_id;
use spine::{Currency, Money};

/// Longest reference.
const REFERENCE_BYTES: usize = 64;
/// Longest line.
pub(crate) const LINE_BYTES: usize = 1_024;

/// Where each value stands in a line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Columns {
    number: usize,
    amount: Option<usize>,
    reference: Option<usize>,
    separator: char,
}

impl Columns {
    /// Reads the first line of a file: `id_number`, and perhaps `amount` and `reference`, between commas or semicolons.
    pub(crate) fn read(head: &str) -> Option<Self> {
        let head = head.trim_start_matches('\u{feff}').trim();
        let separator = if head.contains(';') { ';' } else { ',' };
        let names = cells(head, separator)?;
        let place = |name: &str| names.iter().position(|one| one.trim().eq_ignore_ascii_case(name));
        Some(Self { number: place("id_number")?, amount: place("amount"), reference: place("reference"), separator })
    }

    /// Whether lines say how much.
    pub(crate) const fn has_amount(&self) -> bool {
        self.amount.is_some()
    }
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) payee: String,
    pub(crate) amount_minor: i64,
    pub(crate) reference: String,
}

/// Reads a line; `amount` is what is paid where it says none.
pub(crate) fn read(
    text: &str,
    columns: &Columns,
    currency: Currency,
    (amount, most): (Option<i64>, i64),
) -> Result<Asked, &'static str> {
    if text.len() > LINE_BYTES {
        return Err("long");
    }
    let cells = cells(text, columns.separator).ok_or("columns")?;
    let cell = |place: usize| cells.get(place).map(|cell| cell.trim());
    let number = cell(columns.number).ok_or("columns")?;
    let payee = national_id::parse(number).ok_or("number")?;
    let written = columns.amount.and_then(cell).unwrap_or_default();
    let amount_minor = match (written, amount) {
        ("", Some(amount)) => amount,
        ("", None) => return Err("amount_missing"),
        (written, _) => minor(written, currency).ok_or("amount")?,
    };
    within(amount_minor, most)?;
    let reference = columns.reference.and_then(cell).unwrap_or_default();
    if reference.len() > REFERENCE_BYTES || reference.chars().any(char::is_control) {
        return Err("reference");
    }
    Ok(Asked { payee, amount_minor, reference: reference.to_owned() })
}

/// Holds an amount to the programme's limit.
pub(crate) const fn within(amount_minor: i64, most: i64) -> Result<(), &'static str> {
    match amount_minor {
        ..1 => Err("amount"),
        amount if amount > most => Err("amount_most"),
        _ => Ok(()),
    }
}

/// An amount as a file says it, `600` or `600.00`, in minor units.
pub(crate) fn minor(written: &str, currency: Currency) -> Option<i64> {
    let places = currency.minor_digits() as usize;
    let whole = if written.contains('.') || places == 0 {
        format!("{currency} {written}")
    } else {
        format!("{currency} {written}.{:0places$}", 0)
    };
    whole.parse::<Money>().ok().map(Money::minor)
}

/// The cells of one line (RFC 4180); none if its quotes do not close.
fn cells(line: &str, separator: char) -> Option<Vec<String>> {
    if line.matches('"').count() % 2 == 1 {
        return None;
    }
    let separator = u8::try_from(separator).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(256)
        .from_reader(line.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lsl() -> Currency {
        Currency::parse("LSL").unwrap()
    }

    fn of(text: &str) -> Result<Asked, &'static str> {
        let columns = Columns::read("id_number,amount,reference").unwrap();
        read(text, &columns, lsl(), (None, 1_000_000))
    }

    #[test]
    fn reads_what_officers_write() {
        let number = national_id::of_serial(7);
        let asked = Asked { payee: number.clone(), amount_minor: 60_000, reference: "CGP 1".to_owned() };
        assert_eq!(of(&format!("{number},600.00,CGP 1")), Ok(asked.clone()));
        assert_eq!(of(&format!("\"{}\",600,\"CGP 1\"", national_id::shown(&number))), Ok(asked));
        let columns = Columns::read("\u{feff}Reference;ID_NUMBER").unwrap();
        let read = read(&format!("a;{number}"), &columns, lsl(), (Some(500), 500));
        assert_eq!(read.unwrap().amount_minor, 500);
        assert_eq!(Columns::read("number,amount"), None);
    }

    #[test]
    fn guesses_nothing() {
        let number = national_id::of_serial(7);
        for (text, reason) in [
            ("123456789012,600.00,x".to_owned(), "number"),
            (format!("{number},\"1,000\",x"), "amount"),
            (format!("{number},1e3,x"), "amount"),
            (format!("{number},600.000,x"), "amount"),
            (format!("{number},600.5,x"), "amount"),
            (format!("{number},-5.00,x"), "amount"),
            (format!("{number},0.00,x"), "amount"),
            (format!("{number},M600,x"), "amount"),
            (format!("{number},99999999999999999999,x"), "amount"),
            (format!("{number},10000.01,x"), "amount_most"),
            (format!("{number},,x"), "amount_missing"),
            (format!("{number},\"600,x"), "columns"),
            (String::new(), "columns"),
            (format!("{number},6.00,{}", "x".repeat(65)), "reference"),
            ("9".repeat(2_000), "long"),
        ] {
            assert_eq!(of(&text), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(text in "\\PC{0,80}") {
            let _ = of(&text);
        }

        #[test]
        fn amounts_come_back(amount in 1_i64..1_000_000) {
            let written = Money::new(amount, lsl()).digits();
            prop_assert_eq!(minor(&written, lsl()), Some(amount));
        }
    }
}
