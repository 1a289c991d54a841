//! Finds records by words of names and by whole values, a page at a time.
//!
//! **Invariant:** names meet under every spelling the pack's folding joins; a page goes on where the one before
//! ended, whatever was enrolled in between. A sealed record is not found. Searching a register that tells of persons is an act; the words
//! searched for are not in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Text};

use crate::enrol::resource;
use crate::find;
use crate::look_up::visible;
use crate::record::{Record, RecordId, folded};
use crate::register::{Field, Register, Registers, Search};
use crate::rows::{self, AT_ONCE, Hit};

/// At most so many letters to search for.
const WORDS_LENGTH: usize = 200;
/// At most so many words of them count.
const WORDS: usize = 8;
/// At most so many records on a page.
const PAGE: usize = 200;
/// How many candidates are weighed at once, and how often, before a page is given as it is.
const CANDIDATES: usize = 200;
const ROUNDS: usize = 20;

/// What to search for.
#[derive(Clone)]
pub struct Query {
    register: String,
    words: String,
    filters: Vec<(String, String)>,
    view: Option<String>,
    after: Option<String>,
    limit: usize,
    purpose: String,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Query({})", self.register)
    }
}

impl Query {
    /// Every record of a register, 50 at a time.
    #[must_use]
    pub fn new(register: impl Into<String>) -> Self {
        Self {
            register: register.into(),
            words: String::new(),
            filters: Vec::new(),
            view: None,
            after: None,
            limit: 50,
            purpose: "search".to_owned(),
        }
    }

    /// Those with these words in their names, each from its beginning, in any order; or with this key.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.words = words.into();
        self
    }

    /// Those whose field holds this value.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.filters.push((field.into(), value.into()));
        self
    }

    /// With the fields of a view; without one, the columns of the list.
    #[must_use]
    pub fn view(mut self, view: Option<String>) -> Self {
        self.view = view;
        self
    }

    /// The page after this cursor, at most `limit` records long (200 at most).
    #[must_use]
    pub fn page(mut self, after: Option<String>, limit: usize) -> Self {
        self.after = after;
        self.limit = limit.clamp(1, PAGE);
        self
    }

    /// Why, as a code the pack explains; `search` if not said.
    #[must_use]
    pub fn because(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = purpose.into();
        self
    }
}

/// A page of what was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// The records, with the fields asked for.
    pub records: Vec<Record>,
    /// The cursor of the page after; none if this is the last.
    pub next: Option<String>,
}

/// Finds records.
///
/// # Errors
/// `registers.register.unknown`, `registers.search.field`, `registers.search.long`, `registers.cursor.lost`,
/// `registers.view.unknown`; the authority's refusal.
pub fn search(cx: &mut Cx<'_>, registers: &Registers, query: &Query) -> Result<Found, Fault> {
    let register = registers.need(&query.register)?;
    let fields = match &query.view {
        Some(view) => visible(register, Some(view))?,
        None => columns(register),
    };
    let wanted = Wanted::read(registers, register, query)?;
    let class = register.class_of(fields.iter().copied().chain(wanted.fields(register)));
    let mut resource = resource(register, class.name());
    if let Some(view) = &query.view {
        resource = resource.with("view", view.clone());
    }
    cx.may("registers.register.search", &resource)?;
    let found = match by_key(cx, registers, register, query)? {
        Some(record) => Found { records: vec![record], next: None },
        None => page(cx, registers, register, query, &wanted)?,
    };
    if class.is_personal() {
        let filters: Vec<&str> = query.filters.iter().map(|(field, _)| field.as_str()).collect();
        cx.record(
            Act::new("registers.register.searched")
                .on(register.id())
                .because(query.purpose.clone(), register.citation())
                .with("words", wanted.words.len())
                .with("filters", filters)
                .with("found", found.records.len()),
        );
    }
    let records = found.records.into_iter().map(|record| record.seen_in(register, &fields)).collect();
    Ok(Found { records, next: found.next })
}

/// What a list shows: its columns, the key and what the title needs.
pub(crate) fn columns(register: &Register) -> Vec<&str> {
    let list = register.list().iter().map(String::as_str);
    list.chain([register.key()]).chain(register.title_fields()).collect()
}

/// What is searched for, folded.
struct Wanted {
    words: Vec<String>,
    filters: Vec<(String, String)>,
}

impl Wanted {
    fn read(registers: &Registers, register: &Register, query: &Query) -> Result<Self, Fault> {
        if query.words.chars().count() > WORDS_LENGTH {
            return Err(Fault::invalid("registers.search.long").with("limit", WORDS_LENGTH));
        }
        for (name, _) in &query.filters {
            if !register.field(name).is_some_and(|field| register.searches_exactly(field)) {
                let text = Text::new("registers.search.field").with("field", name.as_str());
                return Err(Fault::invalid("registers.search.field").with("field", name.as_str()).field(name, text));
            }
        }
        let words: BTreeSet<String> = registers.folding().words(&query.words).into_iter().take(WORDS).collect();
        let mut words: Vec<String> = words.into_iter().collect();
        // The longest word names the fewest records; the others are looked for among these.
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        Ok(Self { words, filters: query.filters.clone() })
    }

    /// The fields that an answer tells something about, even if it does not show them.
    fn fields<'r>(&self, register: &'r Register) -> Vec<&'r str> {
        let asked = |field: &&Field| {
            let by_name = field.search() == Search::Name && !self.words.is_empty();
            by_name || self.filters.iter().any(|(name, _)| name == field.id())
        };
        register.fields().iter().filter(asked).map(Field::id).collect()
    }

    fn fits(&self, record: &Record) -> bool {
        self.filters.iter().all(|(field, value)| record.matches(field, value))
    }
}

/// The record whose key was typed in whole.
fn by_key(cx: &mut Cx<'_>, registers: &Registers, register: &Register, query: &Query) -> Result<Option<Record>, Fault> {
    let key = query.words.trim();
    if key.is_empty() || query.after.is_some() || !query.filters.is_empty() {
        return Ok(None);
    }
    let versions = rows::versions(cx.tx(), register.id(), key)?;
    let held = versions.into_iter().filter(|version| version.known_to.is_none() && !version.sealed).collect();
    Ok(find::shown(held, registers.day(cx.now())))
}

/// A candidate and the cursor that goes on after it.
struct Candidate {
    record: String,
    cursor: String,
}

fn page(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &Register,
    query: &Query,
    wanted: &Wanted,
) -> Result<Found, Fault> {
    let today = registers.day(cx.now());
    let mut way = Way::begin(cx, register, wanted, query.after.as_deref())?;
    let at_once = if wanted.filters.is_empty() { (query.limit + 1).min(CANDIDATES) } else { CANDIDATES };
    let mut kept: Vec<(Record, String)> = Vec::new();
    let mut last = None;
    for _ in 0..ROUNDS {
        let (candidates, is_end) = way.next(cx, register, at_once)?;
        last = candidates.last().map(|candidate| candidate.cursor.clone()).or(last);
        for chunk in candidates.chunks(AT_ONCE) {
            for (record, cursor) in load(cx, chunk, today)? {
                if wanted.fits(&record) {
                    kept.push((record, cursor));
                }
            }
        }
        if kept.len() > query.limit || is_end {
            let is_more = kept.len() > query.limit;
            kept.truncate(query.limit);
            let next = kept.last().filter(|_| is_more).map(|(_, cursor)| cursor.clone());
            return Ok(Found { records: kept.into_iter().map(|(record, _)| record).collect(), next });
        }
    }
    // Few of many candidates fit: what was found so far, and where to go on.
    Ok(Found { records: kept.into_iter().map(|(record, _)| record).collect(), next: last })
}

/// Loads candidates as they are true today, in their order.
fn load(cx: &mut Cx<'_>, candidates: &[Candidate], today: spine::Date) -> Result<Vec<(Record, String)>, Fault> {
    let ids: Vec<&str> = candidates.iter().map(|candidate| candidate.record.as_str()).collect();
    let mut held: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for record in rows::held_many(cx.tx(), &ids)?.into_iter().filter(|record| !record.sealed) {
        held.entry(record.id.to_string()).or_default().push(record);
    }
    let mut loaded = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let versions = held.remove(&candidate.record).unwrap_or_default();
        loaded.extend(find::shown(versions, today).map(|record| (record, candidate.cursor.clone())));
    }
    Ok(loaded)
}

/// How candidates are come by, and how far we are.
enum Way {
    /// All, by key.
    All { key: String },
    /// By a value, in the order of making.
    Value { field: String, value: String, after: String },
    /// By a word of a name.
    Words { driver: String, patterns: [String; 3], rest: Vec<String>, from: Hit },
}

impl Way {
    fn begin(cx: &mut Cx<'_>, register: &Register, wanted: &Wanted, after: Option<&str>) -> Result<Self, Fault> {
        let (record, place) = match after {
            None => (String::new(), None),
            Some(cursor) => {
                let (record, place) = cursor.split_once('-').unwrap_or((cursor, ""));
                let record: RecordId = record.parse().map_err(|_| lost())?;
                (record.to_string(), place.parse::<usize>().ok())
            }
        };
        let [driver, rest @ ..] = wanted.words.as_slice() else {
            return match wanted.filters.first() {
                Some((field, value)) => Ok(Self::Value { field: field.clone(), value: folded(value), after: record }),
                None if record.is_empty() => Ok(Self::All { key: String::new() }),
                None => {
                    let key = rows::key_of(cx.tx(), register.id(), &record)?.ok_or_else(lost)?;
                    Ok(Self::All { key })
                }
            };
        };
        let from = if record.is_empty() {
            Hit { value: driver.clone(), whole: String::new(), record }
        } else {
            let whole = rows::whole_of(cx.tx(), register.id(), &record)?.ok_or_else(lost)?;
            let value = whole.split_whitespace().nth(place.ok_or_else(lost)?).ok_or_else(lost)?.to_owned();
            Hit { value, whole, record }
        };
        let mut others = rest.iter().map(|word| format!("% {word}%"));
        let mut pattern = || others.next().unwrap_or_else(|| "%".to_owned());
        let patterns = [pattern(), pattern(), pattern()];
        let rest = rest.iter().skip(patterns.len()).map(|word| format!(" {word}")).collect();
        Ok(Self::Words { driver: driver.clone(), patterns, rest, from })
    }

    /// The next candidates, and whether they are the last.
    fn next(&mut self, cx: &mut Cx<'_>, register: &Register, count: usize) -> Result<(Vec<Candidate>, bool), Fault> {
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        match self {
            Self::All { key } => {
                let ids = rows::page(cx.tx(), register.id(), key, limit)?;
                if let Some(last) = ids.last() {
                    *key = rows::key_of(cx.tx(), register.id(), last)?.ok_or_else(lost)?;
                }
                let is_end = ids.len() < count;
                Ok((ids.into_iter().map(itself).collect(), is_end))
            }
            Self::Value { field, value, after } => {
                let ids = rows::search_exact(cx.tx(), register.id(), field, value, after, limit)?;
                if let Some(last) = ids.last() {
                    after.clone_from(last);
                }
                let is_end = ids.len() < count;
                Ok((ids.into_iter().map(itself).collect(), is_end))
            }
            Self::Words { driver, patterns, rest, from } => {
                let until = format!("{driver}\u{10ffff}");
                let hits = rows::search_names(cx.tx(), register.id(), from, &until, patterns, limit)?;
                if let Some(last) = hits.last() {
                    *from = last.clone();
                }
                let is_end = hits.len() < count;
                let fits = |hit: &Hit| rest.iter().all(|word| hit.whole.contains(word.as_str()));
                let hits = hits.into_iter().filter(fits);
                Ok((hits.filter_map(|hit| first_of_record(hit, driver)).collect(), is_end))
            }
        }
    }
}

fn itself(record: String) -> Candidate {
    Candidate { cursor: record.clone(), record }
}

/// A record that has several words with the same beginning is found once, under the first of them.
fn first_of_record(hit: Hit, driver: &str) -> Option<Candidate> {
    let place = hit.whole.split_whitespace().position(|word| word.starts_with(driver))?;
    let is_first = hit.whole.split_whitespace().nth(place) == Some(hit.value.as_str());
    is_first.then(|| Candidate { cursor: format!("{}-{place}", hit.record), record: hit.record })
}

fn lost() -> Fault {
    Fault::expired("registers.cursor.lost")
}
