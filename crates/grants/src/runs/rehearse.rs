//! A rehearsal: what a file would come to if it were run now, against real people, accounts, balances and floats.
//!
//! **Invariant:** it writes nothing. It asks what `check.rs` asks, line by line, in pieces, so a file of a million lines needs
//! no more memory than one of a thousand; where two lines name one person the second would be refused, and is.

use std::collections::{BTreeMap, HashSet};
use std::io::BufRead;

use serde::{Deserialize, Serialize};
use spine::{Caller, Cx, Date, Fault};

use crate::engine::Grants;
use crate::lists::line::{self, Columns};
use crate::model::Entry;
use crate::money;
use crate::programme::{Programme, Way};
use crate::rows::lines::Candidate;
use crate::rows::{accounts, lines};
use crate::runs::check::Facts;

/// Lines asked about together.
const PIECE: usize = 1_000;
/// Lines told one by one; the rest are counted by their reason.
const TOLD: usize = 100;

/// What a file would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Lines read.
    pub lines: i64,
    /// Lines that would be paid, and their sum in minor units.
    pub ready: (i64, i64),
    /// Lines that would be refused.
    pub refused: i64,
    /// Why, and how many lines for each reason.
    pub reasons: BTreeMap<String, i64>,
    /// The first of them, with their numbers.
    pub first_refused: Vec<(i64, String)>,
    /// By which way and institution how many would be paid, and how much.
    pub ways: BTreeMap<String, (i64, i64)>,
    /// What the programme has to pay with.
    pub free_minor: i64,
    /// What it would lack.
    pub short_minor: i64,
    /// For each district: cash that would be fetched, and what its post offices' floats hold.
    pub districts: BTreeMap<String, Cash>,
}

/// Cash in one district, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cash {
    /// What would be fetched.
    pub wanted_minor: i64,
    /// What the floats hold.
    pub float_minor: i64,
    /// What would be missing.
    pub short_minor: i64,
}

/// Rehearses a file as if it were paid on `pay_on`.
///
/// # Errors
/// `grants.programme.unknown`; `grants.list.{columns,amount_column,broken}`; a refusal; the store's faults.
pub async fn rehearse<R: BufRead + Send>(
    grants: &Grants,
    caller: &Caller,
    programme: &str,
    pay_on: Date,
    mut source: R,
) -> Result<Rehearsal, Fault> {
    let known = grants.programme(programme)?;
    let broken = |error: std::io::Error| Fault::unavailable("grants.list.broken").caused_by(error);
    let mut head = String::new();
    source.read_line(&mut head).map_err(broken)?;
    let columns = Columns::read(&head).ok_or_else(|| Fault::invalid("grants.list.columns"))?;
    let (fixed, most) = (known.fixed_amount(), known.most_minor());
    if !columns.has_amount() && fixed.is_none() {
        return Err(Fault::invalid("grants.list.amount_column"));
    }
    let period = known.period(pay_on);
    let mut told = Rehearsal::default();
    let (mut seen, mut piece, mut number) = (HashSet::new(), Vec::with_capacity(PIECE), 1_i64);
    loop {
        let mut text = Vec::new();
        let read = std::io::Read::take(&mut source, 1 << 20).read_until(b'\n', &mut text).map_err(broken)?;
        let is_end = read == 0;
        number += 1;
        let text = String::from_utf8_lossy(&text);
        let text = text.trim_end_matches(['\r', '\n']);
        if !text.trim().is_empty() {
            told.lines += 1;
            match line::read(text, &columns, grants.inner.currency, (fixed, most)) {
                Err(reason) => told.refuse(number, reason),
                // Twelve digits fit a word: a million of them are sixteen megabytes.
                Ok(asked) if !seen.insert(asked.payee.parse::<u64>().unwrap_or_default()) => {
                    told.refuse(number, "twice")
                }
                Ok(asked) => piece.push(Entry {
                    line: number,
                    payee: asked.payee,
                    amount_minor: asked.amount_minor,
                    reference: String::new(),
                }),
            }
        }
        if piece.len() == PIECE || is_end && !piece.is_empty() {
            let (engine, programme, period) = (grants.clone(), programme.to_owned(), period.clone());
            let entries = std::mem::take(&mut piece);
            let ask = move |cx: &mut Cx<'_>| weigh(cx, &engine, &programme, &period, &entries);
            told.add(grants.acts().read(caller, ask).await?);
        }
        if is_end {
            break;
        }
    }
    let (engine, programme) = (grants.clone(), programme.to_owned());
    let ask = move |cx: &mut Cx<'_>| funds(cx, &engine, &programme);
    let (free, floats) = grants.acts().read(caller, ask).await?;
    told.end(free, &floats);
    Ok(told)
}

/// What became of one line: its reason, or how and where it would be paid.
type Weighed = (i64, i64, Result<(String, Option<String>), &'static str>);

/// Asks about some lines as a run would.
fn weigh(
    cx: &mut Cx<'_>,
    grants: &Grants,
    programme: &str,
    period: &str,
    entries: &[Entry],
) -> Result<Vec<Weighed>, Fault> {
    let known: &Programme = grants.programme(programme)?;
    cx.may("grants.run.rehearse", &money::resource(cx, known))?;
    let mut candidates = Vec::with_capacity(entries.len());
    let (mut claimed, mut shared) = (Vec::new(), Vec::new());
    for entry in entries {
        let account = accounts::of(cx.tx(), &entry.payee)?;
        if lines::is_claimed(cx.tx(), (programme, period), &entry.payee)? {
            claimed.push(entry.line);
        }
        let others = match account.as_ref().filter(|account| account.way.is_carried()) {
            Some(account) => accounts::others(cx.tx(), &entry.payee, account)?,
            None => 0,
        };
        if others >= known.people_per_account() {
            shared.push(entry.line);
        }
        candidates.push(Candidate { entry: entry.clone(), account });
    }
    let facts = Facts::about(cx, grants, known, &candidates, (claimed, shared))?;
    let weighed = candidates.iter().map(|candidate| {
        let told = facts.reason(grants, known, candidate).map(|()| {
            let account = candidate.account.as_ref();
            let way = account.map_or(Way::Voucher, |account| account.way);
            let institution = account.map_or("", |account| account.institution.as_str());
            let place =
                if institution.is_empty() { way.code().to_owned() } else { format!("{}:{institution}", way.code()) };
            let person = facts.people.get(&candidate.entry.payee);
            (place, person.filter(|_| way == Way::PostOffice).map(|person| person.district.clone()))
        });
        (candidate.entry.line, candidate.entry.amount_minor, told)
    });
    Ok(weighed.collect())
}

/// What the programme may still pay, and what each district's floats hold.
fn funds(cx: &mut Cx<'_>, grants: &Grants, programme: &str) -> Result<(i64, BTreeMap<String, i64>), Fault> {
    let free = money::purse(cx, programme)?.free();
    let mut floats = BTreeMap::new();
    for office in &grants.inner.payouts.post_offices {
        *floats.entry(office.district.clone()).or_default() += money::float_left(cx, &office.id)?;
    }
    Ok((free, floats))
}

impl Rehearsal {
    fn refuse(&mut self, line: i64, reason: &str) {
        self.refused += 1;
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
        if self.first_refused.len() < TOLD {
            self.first_refused.push((line, reason.to_owned()));
        }
    }

    fn add(&mut self, weighed: Vec<Weighed>) {
        for (line, amount, told) in weighed {
            match told {
                Err(reason) => self.refuse(line, reason),
                Ok((place, district)) => {
                    self.ready = (self.ready.0 + 1, self.ready.1.saturating_add(amount));
                    let way = self.ways.entry(place).or_default();
                    *way = (way.0 + 1, way.1.saturating_add(amount));
                    if let Some(district) = district {
                        self.districts.entry(district).or_default().wanted_minor += amount;
                    }
                }
            }
        }
    }

    fn end(&mut self, free: i64, floats: &BTreeMap<String, i64>) {
        self.free_minor = free;
        self.short_minor = self.ready.1.saturating_sub(free).max(0);
        for (district, cash) in &mut self.districts {
            cash.float_minor = floats.get(district).copied().unwrap_or(0);
            cash.short_minor = cash.wanted_minor.saturating_sub(cash.float_minor).max(0);
        }
        self.first_refused.sort_unstable();
    }
}
