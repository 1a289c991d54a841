//! `letsema import mosip FILE…` and `letsema import opencrvs FILE…`: people and entries of other systems, a line at a time.
//!
//! **Invariant:** nothing is lost: each line that does not come in is told with its number and the reason, and kept as it is in
//! the file of rejected lines. The same file again adds nothing, so a run that was broken off is simply run again. Nothing is
//! held in memory but a batch. The mapping stands in docs/guides/importing.md.

mod mosip;
mod opencrvs;
mod values;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use civil::{Civil, Incoming, Taken};
use indicatif::{ProgressBar, ProgressStyle};
use journal::Key;
use serde_json::{Map, Value as Json, json};
use spine::{Caller, Cx, Fault, Language};

use crate::command;
use crate::program::Program;
use values::Places;

/// Records in one act.
const BATCH: usize = 200;
/// The longest line, in bytes.
const LONGEST: usize = 1 << 20;

/// What is to be taken in.
pub(crate) struct Asked {
    pub(crate) system: System,
    pub(crate) files: Vec<PathBuf>,
    /// Say what would come of it, and write nothing.
    pub(crate) dry_run: bool,
    /// Where lines go that do not come in.
    pub(crate) rejected: Option<PathBuf>,
}

/// Where it comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Mosip,
    OpenCrvs,
}

/// A line, and its number in its file.
struct Line {
    number: usize,
    text: String,
    incoming: Incoming,
}

/// How many came to what.
#[derive(Default)]
struct Totals {
    new: usize,
    known: usize,
    differ: usize,
    held: usize,
    wrong: usize,
}

impl Totals {
    fn count(&mut self, taken: Taken) {
        match taken {
            Taken::New => self.new += 1,
            Taken::Known => self.known += 1,
            Taken::Differs => self.differ += 1,
            Taken::Held => self.held += 1,
        }
    }

    fn as_json(&self) -> Json {
        json!({ "new": self.new, "known": self.known, "differ": self.differ, "held": self.held, "wrong": self.wrong })
    }
}

struct Run<'a> {
    program: &'a Program,
    asked: &'a Asked,
    places: Places,
    rejected: Option<File>,
    totals: Totals,
}

/// Takes files in.
///
/// # Errors
/// A sentence for the command line; lines that are wrong are told on the way and are no error.
pub(crate) async fn run(program: &Program, asked: &Asked) -> Result<(), String> {
    let rejected = asked.rejected.as_ref().map(File::create).transpose().map_err(|error| error.to_string())?;
    let known = &program.country;
    let places = Places::new(known.settlements.iter().map(|one| (one.id.as_str(), &one.name)));
    let mut run = Run { program, asked, places, rejected, totals: Totals::default() };
    for file in &asked.files {
        run.file(file).await?;
    }
    command::say(&run.totals.as_json().to_string());
    if run.totals.held > 0 {
        command::say("held records wait for a registrar at /civil/held");
    }
    Ok(())
}

impl Run<'_> {
    async fn file(&mut self, path: &Path) -> Result<(), String> {
        let shown = path.display().to_string();
        let told = |error: std::io::Error| format!("{shown}: {error}");
        let file = File::open(path).map_err(told)?;
        let length = file.metadata().map_err(told)?.len();
        let bar = progress(length, &shown);
        let mut reader = BufReader::new(file);
        let mut heads: Option<Vec<String>> = None;
        let (mut batch, mut number, mut bytes) = (Vec::new(), 0_usize, Vec::new());
        let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        loop {
            bytes.clear();
            let read = reader.read_until(b'\n', &mut bytes).map_err(told)?;
            let ended = read == 0;
            number += usize::from(!ended);
            bar.inc(read as u64);
            if !ended && !bytes.trim_ascii().is_empty() {
                match self.line(&bytes, is_csv.then_some(&mut heads)) {
                    Ok(Some((text, incoming))) => batch.push(Line { number, text, incoming }),
                    Ok(None) => {}
                    Err(reason) => self.reject(&shown, number, &String::from_utf8_lossy(&bytes), &reason),
                }
            }
            if batch.len() >= BATCH || (ended && !batch.is_empty()) {
                self.batch(&shown, std::mem::take(&mut batch)).await;
            }
            if ended {
                bar.finish_and_clear();
                return Ok(());
            }
        }
    }

    /// A line as a record; none for the heads of a CSV file.
    fn line(
        &self,
        bytes: &[u8],
        heads: Option<&mut Option<Vec<String>>>,
    ) -> Result<Option<(String, Incoming)>, String> {
        if bytes.len() > LONGEST {
            return Err("the line is too long".to_owned());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "the line is not UTF-8".to_owned())?.trim();
        let text = text.trim_start_matches('\u{feff}');
        let record = match heads {
            None => serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?,
            Some(heads) => {
                let cells = cells(text)?;
                let Some(names) = heads else {
                    *heads = Some(cells);
                    return Ok(None);
                };
                if cells.len() != names.len() {
                    return Err(format!("{} cells where the first line names {}", cells.len(), names.len()));
                }
                let filled = names.iter().cloned().zip(cells).filter(|(_, cell)| !cell.trim().is_empty());
                Json::Object(filled.map(|(name, cell)| (name, json!(cell.trim()))).collect::<Map<_, _>>())
            }
        };
        let incoming = match self.asked.system {
            System::Mosip => mosip::read(&record, &self.places),
            System::OpenCrvs => opencrvs::read(&record, &self.places),
        }?;
        Ok(Some((text.to_owned(), incoming)))
    }

    /// Writes a batch; if one of it does not come in, each by itself, so that one bad line loses nothing else.
    async fn batch(&mut self, file: &str, lines: Vec<Line>) {
        let all: Vec<Incoming> = lines.iter().map(|line| line.incoming.clone()).collect();
        if let Ok(taken) = self.take(all).await {
            for (line, one) in lines.iter().zip(taken) {
                self.count(file, line, one);
            }
            return;
        }
        for line in &lines {
            match self.take(vec![line.incoming.clone()]).await {
                Ok(taken) => taken.into_iter().for_each(|one| self.count(file, line, one)),
                Err(fault) => {
                    let reason = self.said(&fault);
                    self.reject(file, line.number, &line.text, &reason);
                }
            }
        }
    }

    fn count(&mut self, file: &str, line: &Line, taken: Taken) {
        self.totals.count(taken);
        if taken == Taken::Differs {
            let reason = "this record came in before and said something else; what is here was left as it is";
            self.tell(file, line.number, &line.text, reason);
        }
    }

    async fn take(&self, all: Vec<Incoming>) -> Result<Vec<Taken>, Fault> {
        let civil: Civil = self.program.civil.clone();
        let caller = Caller::system("import");
        if self.asked.dry_run {
            return self.program.acts.read(&caller, move |cx: &mut Cx<'_>| civil::rehearse(cx, &civil, &all)).await;
        }
        let work = move |cx: &mut Cx<'_>| civil::take(cx, &civil, &all);
        self.program.acts.write(&caller, &Key::none(), work).await
    }

    fn said(&self, fault: &Fault) -> String {
        let english = Language::new("en");
        let words = &self.program.country.words;
        let fields =
            fault.fields().iter().map(|field| format!("{}: {}", field.field, words.say(&english, &field.text)));
        let fields: Vec<String> = fields.collect();
        format!("{} ({}) {}", words.say(&english, fault.text()), fault.code(), fields.join("; "))
    }

    /// A line that cannot come in.
    fn reject(&mut self, file: &str, number: usize, text: &str, reason: &str) {
        self.totals.wrong += 1;
        self.tell(file, number, text, reason);
    }

    /// Tells of a line that does not come in, and keeps it.
    fn tell(&mut self, file: &str, number: usize, text: &str, reason: &str) {
        command::failed_line(&format!("{file}: line {number}: {}", reason.trim()));
        if let Some(kept) = &mut self.rejected
            && let Err(error) = writeln!(kept, "{}", text.trim_end())
        {
            command::failed_line(&format!("{file}: line {number} could not be kept: {error}"));
        }
    }
}

/// The cells of one line of CSV (RFC 4180; a cell holds no line break).
fn cells(text: &str) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let record = reader.records().next().ok_or("the line is empty")?.map_err(|error| error.to_string())?;
    Ok(record.iter().map(str::to_owned).collect())
}

fn progress(length: u64, name: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(name.to_owned());
    bar
}
