//! Every line of a run, before anything is paid: is she known and alive, was she proved alive lately, is there an account,
//! is it hers alone, is she paid already for this period, is it within the limits.
//!
//! **Invariant:** each line becomes one payment, ready or refused with the first reason that holds; a chunk is one transaction
//! and leaves the digest of what is ready in it. Nobody is ready twice for one programme and period: a unique index says so.

use std::collections::{BTreeMap, BTreeSet};

use civil::Person;
use serde_json::json;
use spine::{Act, Cx, Fault, Job, Timestamp};

use crate::engine::Grants;
use crate::lists::take;
use crate::model::{List, Payment, PaymentState, Run, RunId, RunState};
use crate::programme::{Programme, Way};
use crate::rows::lines::{self, Candidate};
use crate::rows::runs::{self as rows, Chunk};
use crate::runs::{found, resource, signed};

/// The job that checks the next chunk.
pub(crate) const CHECK: &str = "grants.run.check";
/// Lines in one chunk.
pub(crate) const CHUNK: i64 = 1_000;

/// Checks the chunk after `position`; nothing if it was checked before.
pub(crate) fn step(cx: &mut Cx<'_>, grants: &Grants, id: RunId, position: i64) -> Result<(), Fault> {
    let mut run = found(cx, id)?;
    cx.may("grants.run.step", &resource(cx, grants, &run)?)?;
    if run.state != RunState::Checking || run.position != position {
        return Ok(());
    }
    let list = take::found(cx, run.list)?;
    let candidates = lines::candidates(cx.tx(), run.list, position, CHUNK)?;
    let is_last = i64::try_from(candidates.len()).is_ok_and(|count| count < CHUNK);
    if let Some(last) = candidates.last().map(|candidate| candidate.entry.line) {
        check_chunk(cx, grants, &mut run, &list, candidates, last)?;
    }
    let act = Act::new("grants.run.checked").on(id).with("lines", run.tally.lines).with("ready", run.tally.ready);
    cx.record(act.with("refused", run.tally.refused));
    if is_last {
        run.state = RunState::Checked;
        run.position = 0;
    } else {
        cx.enqueue(Job::new(CHECK, json!({ "run": id, "position": run.position })));
    }
    rows::update(cx.tx(), &run)?;
    Ok(())
}

fn check_chunk(
    cx: &mut Cx<'_>,
    grants: &Grants,
    run: &mut Run,
    list: &List,
    candidates: Vec<Candidate>,
    last: i64,
) -> Result<(), Fault> {
    let programme = grants.programme(&run.programme)?;
    let facts = Facts::gather(cx, grants, run, (list, programme), &candidates, last)?;
    let mut lines = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let reason = facts.reason(grants, programme, &candidate).err();
        let state = if reason.is_none() { PaymentState::Ready } else { PaymentState::Refused };
        let person = facts.people.get(&candidate.entry.payee).map(|person| person.id.clone());
        lines.push(Payment {
            run: run.id,
            line: candidate.entry.line,
            programme: run.programme.clone(),
            period: run.period.clone(),
            payee: candidate.entry.payee,
            person,
            amount_minor: candidate.entry.amount_minor,
            account: candidate.account,
            state,
            reason: reason.map(str::to_owned),
            attempt: 1,
            carrier_reference: None,
            changed_at: cx.now(),
        });
    }
    lines::insert(cx.tx(), &lines)?;
    for line in &lines {
        run.tally.lines += 1;
        match line.state {
            PaymentState::Ready => {
                run.tally.ready += 1;
                run.tally.ready_minor += line.amount_minor;
            }
            _ => run.tally.refused += 1,
        }
    }
    let number = rows::count_chunks(cx.tx(), run.id)? + 1;
    let chunk = Chunk { number, last_line: last, digest: signed::digest(&lines)? };
    rows::insert_chunk(cx.tx(), run.id, &chunk)?;
    run.position = last;
    Ok(())
}

/// What is known of the people and accounts of some lines.
pub(crate) struct Facts {
    pub(crate) people: BTreeMap<String, Person>,
    lives: BTreeMap<String, Timestamp>,
    claimed: BTreeSet<i64>,
    shared: BTreeSet<i64>,
    life_since: Option<Timestamp>,
}

impl Facts {
    /// Asks for all lines together.
    pub(crate) fn gather(
        cx: &mut Cx<'_>,
        grants: &Grants,
        run: &Run,
        (list, programme): (&List, &Programme),
        candidates: &[Candidate],
        last: i64,
    ) -> Result<Self, Fault> {
        let range = (run.position, last);
        let claimed = lines::claimed(cx.tx(), (&run.programme, &run.period), list.id, range)?;
        let shared = lines::shared(cx.tx(), list.id, range, programme.people_per_account())?;
        Self::about(cx, grants, programme, candidates, (claimed, shared))
    }

    /// What is known of the people of some lines, besides which of them are paid already and whose account is shared.
    pub(crate) fn about(
        cx: &mut Cx<'_>,
        grants: &Grants,
        programme: &Programme,
        candidates: &[Candidate],
        (claimed, shared): (Vec<i64>, Vec<i64>),
    ) -> Result<Self, Fault> {
        let numbers: Vec<&str> = candidates
            .iter()
            .map(|candidate| candidate.entry.payee.as_str())
            .filter(|payee| !payee.starts_with("fid:"))
            .collect();
        let people = grants.inner.population.by_national_ids(cx, &numbers)?;
        let people: BTreeMap<String, Person> =
            people.into_iter().map(|person| (person.national_id.clone(), person)).collect();
        let life_since = programme.life_since(cx.now(), &grants.inner.zone);
        let lives = match life_since {
            None => BTreeMap::new(),
            Some(_) => {
                let ids: Vec<&str> = people.values().map(|person| person.id.as_str()).collect();
                identity::last_lives(cx, &ids)?
            }
        };
        let (claimed, shared) = (claimed.into_iter().collect(), shared.into_iter().collect());
        Ok(Self { people, lives, claimed, shared, life_since })
    }

    /// Why a line is not to be paid, if it is not: the last part of a word's key (`grants.reason.…`).
    pub(crate) fn reason(
        &self,
        grants: &Grants,
        programme: &Programme,
        candidate: &Candidate,
    ) -> Result<(), &'static str> {
        let entry = &candidate.entry;
        let person = self.people.get(&entry.payee);
        if person.is_none() && !entry.payee.starts_with("fid:") {
            return Err("unknown");
        }
        if person.is_some_and(|person| person.died.is_some()) {
            return Err("dead");
        }
        if self.claimed.contains(&entry.line) {
            return Err("doubled");
        }
        if entry.amount_minor > programme.most_minor() {
            return Err("amount_most");
        }
        let account = candidate.account.as_ref().ok_or("no_account")?;
        if !programme.ways().contains(&account.way) {
            return Err("way");
        }
        if account.way == Way::Wallet {
            let wallet = grants.inner.rails.by_phone(&account.institution).ok_or("no_wallet")?;
            if !wallet.takes(grants.money(entry.amount_minor)) {
                return Err("wallet_limit");
            }
        }
        if self.shared.contains(&entry.line) {
            return Err("shared");
        }
        let proved =
            |since: &Timestamp| person.is_some_and(|person| self.lives.get(&person.id).is_some_and(|at| at >= since));
        if self.life_since.as_ref().is_some_and(|since| !proved(since)) {
            return Err("life");
        }
        Ok(())
    }
}
