//! Many questions at once: a payroll of fifty thousand lines, read as it comes and answered as it is read.
//!
//! **Invariant:** one line in, one line out, in the same order; a bad line is told with its number and spoils nothing
//! else. No more than a batch of lines is held in memory, and no more is answered than the licence allows in a day. Each person asked about can see it, as with a single question.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use civil::{Person, national_id};
use edge::{Pieces, Site, streamed};
use http_body_util::BodyExt;
use journal::Key;
use serde::Serialize;
use serde_json::json;
use spine::{Caller, Cx, Fault};

use crate::rows::cards;
use crate::settings::Identity;
use crate::verification::check::{self, Answer, Compared, LINE_BYTES, Question};
use crate::verification::licence::Verifier;

/// Lines in one transaction.
const LINES: usize = 500;
/// At most so many lines in a file.
const FILE_LINES: u64 = 3_000_000;

/// How a whole file came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    lines: u64,
    yes: u64,
    near: u64,
    no: u64,
    wrong: u64,
}

/// One line: a question, or what is wrong with it.
type Line = (u64, Result<Question, &'static str>);

/// Answers a file of JSON Lines, line by line, as JSON Lines; the last line counts.
pub(super) fn stream(asking: Asking, body: Body) -> Body {
    let (mut pieces, answer) = streamed();
    tokio::spawn(async move {
        let mut work = Work { asking, totals: Totals::default() };
        if let Err(fault) = work.run(body, &mut pieces).await {
            tracing::warn!(%fault, "a file of questions broke off");
            let said = json!({"error": fault.code(), "lines": work.totals.lines}).to_string() + "\n";
            pieces.send(said).await;
        }
    });
    answer
}

/// Who asks, and why.
pub(super) struct Asking {
    pub(super) identity: Identity,
    pub(super) site: Site,
    pub(super) verifier: Verifier,
    pub(super) purpose: String,
    pub(super) caller: Caller,
}

struct Work {
    asking: Asking,
    totals: Totals,
}

impl Work {
    async fn run(&mut self, mut body: Body, pieces: &mut Pieces) -> Result<(), Fault> {
        let (mut rest, mut lines, mut number) = (Vec::new(), Vec::with_capacity(LINES), 0);
        loop {
            let frame = body.frame().await;
            let last = frame.is_none();
            if let Some(frame) = frame {
                let frame = frame.map_err(|_| Fault::invalid("identity.verification.broken"))?;
                rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            }
            while let Some(end) = next_line(&rest, last) {
                let line: Vec<u8> = rest.drain(..end).collect();
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                number += 1;
                lines.push((number, Question::of_line(&line, &self.asking.purpose)));
                if lines.len() == LINES {
                    self.answer(std::mem::take(&mut lines), pieces).await?;
                }
            }
            if rest.len() > LINE_BYTES || number > FILE_LINES {
                return Err(Fault::invalid("identity.verification.long"));
            }
            if last {
                self.answer(lines, pieces).await?;
                let said = json!({"totals": self.totals}).to_string() + "\n";
                return sent(pieces.send(said).await);
            }
        }
    }

    /// Answers some lines in one transaction and sends what was found.
    async fn answer(&mut self, lines: Vec<Line>, pieces: &mut Pieces) -> Result<(), Fault> {
        if lines.is_empty() {
            return Ok(());
        }
        let asking = &self.asking;
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        asking.site.limiter().take_many(&asking.verifier.bucket(), &asking.verifier.id, count)?;
        let (identity, verifier) = (asking.identity.clone(), asking.verifier.clone());
        let asked: Vec<Question> = lines.iter().filter_map(|(_, line)| line.as_ref().ok().cloned()).collect();
        let look = move |cx: &mut Cx<'_>| verify_all(cx, &identity, &verifier, &asked);
        let answers = asking.identity.inner.acts.write(&asking.caller, &Key::none(), look).await?;
        let mut answers = answers.into_iter();
        let mut text = String::with_capacity(lines.len() * 80);
        for (number, line) in &lines {
            self.totals.lines += 1;
            let said = match line {
                Err(problem) => {
                    self.totals.wrong += 1;
                    json!({"line": number, "error": problem}).to_string()
                }
                Ok(_) => match answers.next().flatten() {
                    Some(answer) => {
                        self.count(answer.verdict);
                        serde_json::to_string(&answer).map_err(|error| Fault::internal("identity.answer", error))?
                    }
                    None => {
                        self.totals.wrong += 1;
                        json!({"line": number, "error": "identity.verification.licence"}).to_string()
                    }
                },
            };
            text.push_str(&said);
            text.push('\n');
        }
        sent(pieces.send(text).await)
    }

    fn count(&mut self, verdict: Compared) {
        match verdict {
            Compared::Yes => self.totals.yes += 1,
            Compared::Near => self.totals.near += 1,
            Compared::No => self.totals.no += 1,
        }
    }
}

/// The reader may have gone.
fn sent(arrived: bool) -> Result<(), Fault> {
    if arrived { Ok(()) } else { Err(Fault::invalid("identity.verification.broken")) }
}

/// Where the next line ends, its break included.
fn next_line(rest: &[u8], last: bool) -> Option<usize> {
    let end = rest.iter().position(|byte| *byte == b'\n').map(|place| place + 1);
    end.or_else(|| (last && !rest.is_empty()).then_some(rest.len()))
}

/// Answers many questions; none for those the licence does not allow. People are looked up together.
fn verify_all(
    cx: &mut Cx<'_>,
    identity: &Identity,
    verifier: &Verifier,
    questions: &[Question],
) -> Result<Vec<Option<Answer>>, Fault> {
    check::may(cx, verifier)?;
    let numbers: Vec<String> = questions.iter().filter_map(|one| national_id::parse(&one.number)).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let found = identity.population()?.by_national_ids(cx, &numbers)?;
    let people: BTreeMap<&str, &Person> = found.iter().map(|person| (person.national_id.as_str(), person)).collect();
    let inactive: BTreeSet<String> = cards::all_inactive(cx.tx())?.into_iter().collect();
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        if check::allowed(verifier, question).is_err() {
            answers.push(None);
            continue;
        }
        let known = national_id::parse(&question.number).and_then(|number| people.get(number.as_str()).copied());
        let stead = if known.is_none() { check::person_of(cx, identity, &question.number)? } else { None };
        let person = known.or(stead.as_ref());
        let is_inactive = person.is_some_and(|person| inactive.contains(&person.id));
        answers.push(Some(check::answer(cx, identity, verifier, question, (person, is_inactive))?));
    }
    Ok(answers)
}
