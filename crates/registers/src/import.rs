//! Takes in a whole file: CSV or JSON Lines, read as it comes, in batches of an act each.
//!
//! **Invariant:** one bad line loses nothing else; every line is either enrolled or in the report. An import that
//! broke off is given again with the same name and goes on where it was: each batch has its own idempotency key.
//! Neither the report nor what is remembered of a batch holds any value from the file.

use std::collections::BTreeMap;
use std::io::BufRead;

use journal::{Acts, Key};
use serde::{Deserialize, Serialize};
use spine::{Caller, Cx, Fault, Text};

use crate::enrol::{already, prepare, tidy, whole, write_batch};
use crate::lines::Lines;
use crate::register::{Fields, Register, Registers};

/// Records in one batch.
const BATCH: usize = 500;
/// Faults told one by one; the rest are counted.
const FAULTS_TOLD: usize = 1000;

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Format {
    /// Comma- or semicolon-separated values with a header of field ids (RFC 4180).
    #[default]
    #[serde(rename = "csv")]
    Csv,
    /// One JSON object a line.
    #[serde(rename = "jsonl")]
    JsonLines,
}

impl Format {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/jsonl",
        }
    }

    /// The form that a media type or file name tells, if it does.
    #[must_use]
    pub fn told_by(text: &str) -> Option<Self> {
        let text = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| text.ends_with(end));
        match () {
            () if ends(&["/csv", ".csv"]) => Some(Self::Csv),
            () if ends(&["/jsonl", "/x-ndjson", "/jsonlines", ".jsonl", ".ndjson"]) => Some(Self::JsonLines),
            () => None,
        }
    }
}

/// What is wrong with one line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LineFault {
    /// The line, from 1; of several lines the first.
    pub line: u64,
    /// The field, where it is one field's fault.
    pub field: Option<String>,
    /// What is wrong.
    pub problem: Text,
}

impl LineFault {
    pub(crate) fn of(line: u64, field: Option<&str>, problem: Text) -> Self {
        Self { line, field: field.map(str::to_owned), problem }
    }
}

/// How far an import is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Bytes read.
    pub bytes: u64,
    /// Records enrolled.
    pub enrolled: u64,
    /// Records refused.
    pub refused: u64,
}

/// What became of a file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Records enrolled.
    pub enrolled: u64,
    /// Records refused.
    pub refused: u64,
    /// Why, line by line; the first thousand faults.
    pub faults: Vec<LineFault>,
}

/// A file to take in.
#[derive(Clone, Debug)]
pub struct Import {
    /// The register.
    pub register: String,
    /// The form of the file.
    pub format: Format,
    /// What this import is called, so that it can be taken up again: the same name stands for the same file.
    pub name: String,
    /// Why, as a code the pack explains.
    pub purpose: String,
}

/// Enrols every record of a file that its register allows, and tells of every one that it does not.
///
/// # Errors
/// `registers.register.unknown`; `registers.import.header` and `registers.import.columns` when the header of a CSV file
/// names what the register does not have; `journal.key.reused` when the name stood for another file; the authority's
/// refusal. A fault on the way leaves the batches before it enrolled.
pub async fn import<R: BufRead>(
    acts: &Acts,
    registers: &Registers,
    caller: &Caller,
    import: &Import,
    source: R,
    mut progress: impl FnMut(Progress),
) -> Result<Report, Fault> {
    let register = registers.need(&import.register)?.clone();
    let allowed = register.clone();
    acts.read(caller, move |cx| cx.may("registers.register.import", &whole(&allowed))).await?;
    let mut lines = Lines::begin(source, import.format, &register)?;
    let (mut report, mut batch) = (Report::default(), Batch::default());
    loop {
        let read = lines.next()?;
        let is_end = read.is_none();
        if let Some((line, read)) = read {
            match read.and_then(|fields| checked(&register, line, fields)) {
                Ok(fields) => batch.records.push((line, fields)),
                Err(faults) => report.refuse(faults),
            }
        }
        if batch.records.len() == BATCH || (is_end && !batch.records.is_empty()) {
            batch.send(acts, registers, caller, import, &mut report).await?;
        }
        if batch.records.is_empty() {
            progress(Progress { bytes: lines.bytes(), enrolled: report.enrolled, refused: report.refused });
        }
        if is_end {
            report.faults.sort_by_key(|fault| fault.line);
            return Ok(report);
        }
    }
}

fn checked(register: &Register, line: u64, fields: Fields) -> Result<Fields, Vec<LineFault>> {
    let fields = tidy(fields);
    let faults = register.schema.faults(&fields);
    if faults.is_empty() {
        return Ok(fields);
    }
    Err(faults.into_iter().map(|fault| LineFault::of(line, Some(&fault.field), fault.text)).collect())
}

impl Report {
    fn refuse(&mut self, faults: Vec<LineFault>) {
        self.refused += 1;
        let room = FAULTS_TOLD.saturating_sub(self.faults.len());
        self.faults.extend(faults.into_iter().take(room));
    }
}

/// Records on their way, each with its line.
#[derive(Default)]
struct Batch {
    number: u64,
    records: Vec<(u64, Fields)>,
}

/// What is remembered of a batch: how many were enrolled, and the lines of those whose key was taken.
#[derive(Clone, Serialize, Deserialize)]
struct Sent {
    enrolled: u64,
    taken: Vec<u64>,
    faults: BTreeMap<u64, Vec<String>>,
}

impl Batch {
    async fn send(
        &mut self,
        acts: &Acts,
        registers: &Registers,
        caller: &Caller,
        import: &Import,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let records = std::mem::take(&mut self.records);
        let bytes =
            serde_json::to_vec(&records).map_err(|error| Fault::internal("registers.import.unwritable", error))?;
        let scope = format!("registers.import:{}:{}", caller.actor.id, import.register);
        let key = Key::new(&scope, &format!("{}:{}", import.name, self.number), &bytes);
        self.number += 1;
        let (registers, import) = (registers.clone(), import.clone());
        let sent = acts.write(caller, &key, move |cx| take(cx, &registers, &import, &records)).await?;
        report.enrolled += sent.enrolled;
        let key = || Text::new("registers.field.taken");
        for line in sent.taken {
            report.refuse(vec![LineFault::of(line, None, key())]);
        }
        for (line, fields) in sent.faults {
            let date = |field: &String| LineFault::of(line, Some(field), Text::new("registers.field.date"));
            report.refuse(fields.iter().map(date).collect());
        }
        Ok(())
    }
}

/// Enrols one batch: those whose keys are free.
fn take(cx: &mut Cx<'_>, registers: &Registers, import: &Import, records: &[(u64, Fields)]) -> Result<Sent, Fault> {
    let register = registers.need(&import.register)?;
    cx.may("registers.register.import", &whole(register))?;
    let mut sent = Sent { enrolled: 0, taken: Vec::new(), faults: BTreeMap::new() };
    let (mut rows, mut numbers) = (Vec::new(), Vec::new());
    for (line, fields) in records {
        match prepare(cx, registers, register, fields.clone(), None) {
            Ok((row, _)) => {
                rows.push(row);
                numbers.push(*line);
            }
            Err(faults) => {
                sent.faults.insert(*line, faults.into_iter().map(|fault| fault.field).collect());
            }
        }
    }
    let taken = already(cx, register, &rows)?;
    for place in taken.iter().rev() {
        rows.remove(*place);
        sent.taken.push(numbers.remove(*place));
    }
    sent.taken.sort_unstable();
    sent.enrolled = u64::try_from(rows.len()).unwrap_or(0);
    if !rows.is_empty() {
        write_batch(cx, register, &rows, &import.purpose)?;
    }
    Ok(sent)
}
