//! Reads the lines of a CSV file (RFC 4180) or of JSON Lines, one record at a time, whatever is wrong with them.
//!
//! **Invariant:** a bad line spoils itself and nothing else: a quote that is never closed, bytes that are not
//! UTF-8 or a line without end are told with their number, and reading goes on at the next line. No line is held
//! in memory beyond its limit.

use std::collections::VecDeque;
use std::io::{BufRead, Read};

use serde_json::Value;
use spine::{Fault, Text};

use crate::import::{Format, LineFault};
use crate::register::{Field, FieldKind, Fields, Register};

/// At most so many bytes in one record.
const LINE_BYTES: usize = 64 * 1024;
/// At most so many lines in one record of CSV, when a text holds line breaks.
const LINES_IN_RECORD: usize = 50;

/// One record of a file: its first line, and its fields or what is wrong.
pub(crate) type Read1 = (u64, Result<Fields, Vec<LineFault>>);

/// The lines of a file as records of a register.
pub(crate) struct Lines<R> {
    source: R,
    format: Format,
    columns: Vec<Field>,
    delimiter: u8,
    /// Lines read ahead while looking for a closing quote.
    ahead: VecDeque<(u64, Raw)>,
    number: u64,
    bytes: u64,
}

/// A line without its end.
enum Raw {
    Fine(Vec<u8>),
    TooLong,
}

/// Reads a file as an import would, and keeps nothing: how many records can be read, and what is wrong with the others.
///
/// # Errors
/// `registers.import.{header,columns}`.
pub fn rehearse(file: &[u8], format: Format, register: &Register) -> Result<(usize, Vec<LineFault>), Fault> {
    let (mut lines, mut sound, mut faults) = (Lines::begin(file, format, register)?, 0, Vec::new());
    while let Some((_, read)) = lines.next()? {
        match read {
            Ok(_) => sound += 1,
            Err(wrong) => faults.extend(wrong),
        }
    }
    Ok((sound, faults))
}

impl<R: BufRead> Lines<R> {
    /// Begins a file; of CSV, reads its header.
    pub(crate) fn begin(source: R, format: Format, register: &Register) -> Result<Self, Fault> {
        let mut lines =
            Self { source, format, columns: Vec::new(), delimiter: b',', ahead: VecDeque::new(), number: 0, bytes: 0 };
        if format == Format::Csv {
            lines.header(register)?;
        }
        Ok(lines)
    }

    /// Bytes read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn header(&mut self, register: &Register) -> Result<(), Fault> {
        let refuse = || Fault::invalid("registers.import.header");
        let line = match self.line()? {
            Some((_, Raw::Fine(line))) => line,
            _ => return Err(refuse()),
        };
        let count = |byte: u8| line.iter().filter(|one| **one == byte).count();
        if count(b';') > count(b',') {
            self.delimiter = b';';
        }
        let names = self.cells(&line).ok_or_else(refuse)?;
        for name in names {
            let Some(field) = register.field(name.trim()) else {
                let shown: String = name.trim().chars().take(40).collect();
                let text = Text::new("registers.import.column").with("column", shown.clone());
                return Err(Fault::invalid("registers.import.columns").field(shown, text));
            };
            if self.columns.iter().any(|column| column.id() == field.id()) {
                let text = Text::new("registers.import.twice").with("column", field.id());
                return Err(Fault::invalid("registers.import.columns").field(field.id(), text));
            }
            self.columns.push(field.clone());
        }
        Ok(())
    }

    /// The next record; none at the end. Empty lines are passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Read1>, Fault> {
        loop {
            let Some((number, raw)) = self.line()? else { return Ok(None) };
            let read = match raw {
                Raw::TooLong => Err(vec![LineFault::of(number, None, Text::new("registers.line.long"))]),
                Raw::Fine(line) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Raw::Fine(line) => match self.format {
                    Format::Csv => self.csv(number, line)?,
                    Format::JsonLines => json(number, &line),
                },
            };
            return Ok(Some((number, read)));
        }
    }

    fn csv(&mut self, number: u64, first: Vec<u8>) -> Result<Result<Fields, Vec<LineFault>>, Fault> {
        let one = |text: Text| Ok(Err(vec![LineFault::of(number, None, text)]));
        let Some(record) = self.closed(first)? else { return one(Text::new("registers.line.quote")) };
        if std::str::from_utf8(&record).is_err() {
            return one(Text::new("registers.line.encoding"));
        }
        let Some(cells) = self.cells(&record) else { return one(Text::new("registers.line.malformed")) };
        if cells.len() > self.columns.len() {
            return one(Text::new("registers.line.columns").with("count", self.columns.len()));
        }
        let (mut fields, mut faults) = (Fields::new(), Vec::new());
        for (column, cell) in self.columns.iter().zip(&cells) {
            match typed(column, cell.trim()) {
                Ok(Value::Null) => {}
                Ok(value) => {
                    fields.insert(column.id().to_owned(), value);
                }
                Err(text) => faults.push(LineFault::of(number, Some(column.id()), text)),
            }
        }
        Ok(if faults.is_empty() { Ok(fields) } else { Err(faults) })
    }

    /// The record that begins with `first`, with further lines until its quotes are closed. If they never are, or are
    /// closed where none may be, the further lines stay to be read one by one.
    fn closed(&mut self, first: Vec<u8>) -> Result<Option<Vec<u8>>, Fault> {
        let mut record = first;
        let mut taken = Vec::new();
        loop {
            match quotes(&record, self.delimiter) {
                Quotes::Closed => return Ok(Some(record)),
                Quotes::Open if taken.len() < LINES_IN_RECORD => {}
                Quotes::Open | Quotes::Wrong => break,
            }
            match self.line()? {
                Some((number, Raw::Fine(line))) if record.len() + line.len() < LINE_BYTES => {
                    record.push(b'\n');
                    record.extend_from_slice(&line);
                    taken.push((number, Raw::Fine(line)));
                }
                rest => {
                    taken.extend(rest);
                    break;
                }
            }
        }
        for line in taken.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(None)
    }

    /// The cells of one record.
    fn cells(&self, record: &[u8]) -> Option<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .buffer_capacity(record.len().max(16))
            .from_reader(record);
        let mut cells = csv::StringRecord::new();
        let is_there = reader.read_record(&mut cells).ok()?;
        is_there.then(|| cells.iter().map(str::to_owned).collect())
    }

    fn line(&mut self) -> Result<Option<(u64, Raw)>, Fault> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let broken = |error| Fault::internal("registers.import.unreadable", error);
        let limit = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
        let read = self.source.by_ref().take(limit).read_until(b'\n', &mut line).map_err(broken)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += u64::try_from(read).unwrap_or(0);
        if line.last() != Some(&b'\n') && line.len() == LINE_BYTES {
            self.skip_rest().map_err(broken)?;
            return Ok(Some((self.number, Raw::TooLong)));
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        if self.number == 1 && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(..3);
        }
        Ok(Some((self.number, Raw::Fine(line))))
    }

    /// Passes over the rest of a line that is too long.
    fn skip_rest(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                return Ok(());
            }
            let (count, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (buffer.len(), false),
            };
            self.source.consume(count);
            self.bytes += u64::try_from(count).unwrap_or(0);
            if is_end {
                return Ok(());
            }
        }
    }
}

/// How the quotes of a record stand.
enum Quotes {
    Closed,
    Open,
    Wrong,
}

/// RFC 4180 §2: a quoted cell begins right after a delimiter and ends right before one; within it a quote is written
/// twice. Elsewhere a quote is a letter like others.
fn quotes(record: &[u8], delimiter: u8) -> Quotes {
    let mut bytes = record.iter().copied().peekable();
    let mut at_start = true;
    while let Some(byte) = bytes.next() {
        if !(at_start && byte == b'"') {
            at_start = byte == delimiter;
            continue;
        }
        loop {
            match (bytes.next(), bytes.peek()) {
                (None, _) => return Quotes::Open,
                (Some(b'"'), Some(b'"')) => {
                    bytes.next();
                }
                (Some(b'"'), None) => return Quotes::Closed,
                (Some(b'"'), Some(next)) if *next == delimiter => break,
                (Some(b'"'), Some(_)) => return Quotes::Wrong,
                _ => {}
            }
        }
        at_start = false;
    }
    Quotes::Closed
}

fn json(number: u64, line: &[u8]) -> Result<Fields, Vec<LineFault>> {
    let one = |text: Text| vec![LineFault::of(number, None, text)];
    if std::str::from_utf8(line).is_err() {
        return Err(one(Text::new("registers.line.encoding")));
    }
    match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(one(Text::new("registers.line.malformed"))),
    }
}

/// A cell as its field's value. What the schema checks anyway is left to it.
fn typed(field: &Field, cell: &str) -> Result<Value, Text> {
    if cell.is_empty() {
        return Ok(Value::Null);
    }
    match field.kind() {
        FieldKind::Integer => cell.parse::<i64>().map(Value::from).map_err(|_| Text::new("registers.field.type")),
        FieldKind::Boolean => match cell {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Text::new("registers.field.type")),
        },
        _ => Ok(Value::from(cell)),
    }
}
