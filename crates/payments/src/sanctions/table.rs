//! A list in CSV (RFC 4180, UTF-8), for a country's own: one entry a line, under these names in this order.
//!
//! | column | what stands in it |
//! |---|---|
//! | `list_date` | the day of the list, `2026-11-26`: the same in every line |
//! | `reference` | the list's own number of the entry |
//! | `kind` | `person`, `entity`, `vessel`, `aircraft` |
//! | `name` | the name |
//! | `good_aliases`, `low_aliases` | other names, with `;` between them |
//! | `born` | `1971-03-05`, `1971`, `1970-1975`; more than one with `;` between them |
//! | `countries` | with `;` between them |
//! | `documents` | kind, number and country of each with a bar between them, `passport\|A1234567\|Example`; more with `;` |
//! | `listed_on` | a day, or nothing |
//!
//! **Invariant:** one line that is wrong refuses the file, and is named: half a list is no list.

use spine::{Date, Fault, Timestamp};

use super::entry::{Born, Document, Entry, EntryKind, Growing, Listing, Name, Quality, at, tidy};

/// The names in the first line.
const COLUMNS: [&str; 10] = [
    "list_date",
    "reference",
    "kind",
    "name",
    "good_aliases",
    "low_aliases",
    "born",
    "countries",
    "documents",
    "listed_on",
];

/// Reads the list.
pub(super) fn read(bytes: &[u8]) -> Result<Listing, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::invalid("payments.iso20022.encoding"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let (mut entries, mut dated, mut head) = (Growing::default(), None, false);
    for line in lines.records() {
        let line = line.map_err(|error| {
            let number = error.position().map_or(0, csv::Position::line);
            at("payments.sanctions.line", &number.to_string(), "")
        })?;
        if !head {
            if !line.iter().eq(COLUMNS) {
                return Err(Fault::invalid("payments.sanctions.columns").with("columns", COLUMNS.join(",")));
            }
            head = true;
            continue;
        }
        let number = line.position().map_or(0, csv::Position::line);
        let cells: [&str; 10] = {
            let mut cells = line.iter();
            std::array::from_fn(|_| cells.next().unwrap_or_default())
        };
        let (day, entry) = entry(cells, number)?;
        if dated.is_some_and(|known| known != day) {
            return Err(at("payments.sanctions.date", &place(number, "list_date"), &entry.reference));
        }
        dated = Some(day);
        entries.push(entry, &number.to_string())?;
    }
    if !head {
        return Err(Fault::invalid("payments.sanctions.columns").with("columns", COLUMNS.join(",")));
    }
    // Whose day it is makes no difference to how old a list may be.
    let dated = dated.map(|day| Timestamp::start_of(day, &jiff::tz::TimeZone::UTC));
    entries.done(dated.unwrap_or(Timestamp::BEGINNING))
}

fn place(line: u64, column: &str) -> String {
    format!("{line}, {column}")
}

fn entry(cells: [&str; 10], line: u64) -> Result<(Date, Entry), Fault> {
    let [list_date, reference, kind, name, good, low, born, countries, documents, listed] = cells;
    let reference = tidy(reference);
    let wrong = |code, column| at(code, &place(line, column), &reference);
    let day = |text: &str, column| strict(text).ok_or_else(|| wrong("payments.sanctions.date", column));
    let name = tidy(name);
    for (cell, column) in [(&reference, "reference"), (&name, "name")] {
        if cell.is_empty() {
            return Err(wrong("payments.sanctions.missing", column));
        }
    }
    let kind = EntryKind::of(kind.trim()).ok_or_else(|| wrong("payments.sanctions.kind", "kind"))?;
    let mut names = vec![Name { text: name, quality: Quality::Primary }];
    names.extend(many(good).map(|text| Name { text, quality: Quality::Good }));
    names.extend(many(low).map(|text| Name { text, quality: Quality::Low }));
    let born: Option<Vec<Born>> = many(born).map(|text| span(&text)).collect();
    let entry = Entry {
        kind,
        names,
        born: born.ok_or_else(|| wrong("payments.sanctions.date", "born"))?,
        countries: many(countries).collect(),
        documents: many(documents).map(|text| document(&text)).collect(),
        listed_on: if listed.trim().is_empty() { None } else { Some(day(listed, "listed_on")?) },
        reference: reference.clone(),
    };
    Ok((day(list_date, "list_date")?, entry))
}

/// The parts of a cell.
fn many(cell: &str) -> impl Iterator<Item = String> {
    cell.split(';').map(tidy).filter(|text| !text.is_empty())
}

/// `2026-11-26` and nothing else.
fn strict(text: &str) -> Option<Date> {
    let day: Date = text.trim().parse().ok()?;
    (day.to_string() == text.trim() && (1800..=2200).contains(&day.year())).then_some(day)
}

fn span(text: &str) -> Option<Born> {
    let year = |text: &str| -> Option<i16> {
        let text = text.trim();
        if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
    };
    if let Some(day) = strict(text) {
        return Some(Born { from: day, to: day, about: false });
    }
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Born::years(year(from)?, year(to)?, false)
}

fn document(text: &str) -> Document {
    let mut parts = text.splitn(3, '|').map(tidy);
    let (first, number) = (parts.next().unwrap_or_default(), parts.next());
    match number {
        Some(number) => Document { kind: first, number, country: parts.next().filter(|it| !it.is_empty()) },
        None => Document { kind: String::new(), number: first, country: None },
    }
}
