//! A list is begun, taken line by line, and finished.
//!
//! **Invariant:** a name is one list for ever. A piece that comes again is answered as the first time, another in its place is
//! refused; a list that is finished takes no more. Somebody stands in a list once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault};

use crate::engine::Grants;
use crate::lists::line::{self, Asked, Columns};
use crate::model::{Entry, List, ListId, Source};
use crate::money::resource;
use crate::rows::lists as rows;

/// Lines in one piece: one transaction.
pub(crate) const PIECE: usize = 1_000;
/// Longest name of a list.
const NAME_BYTES: usize = 120;

/// A list to be begun.
#[derive(Clone, Debug)]
pub struct NewList {
    /// The programme.
    pub programme: String,
    /// What it is called.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
}

/// What became of a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Lines that stand.
    pub accepted: i64,
    /// Lines that do not, each with its reason.
    pub refused: Vec<(i64, String)>,
}

/// Begins a list, or finds the one of this name.
///
/// # Errors
/// `grants.programme.unknown`; `grants.list.{name,source}`; a refusal; the store's faults.
pub fn begin(cx: &mut Cx<'_>, grants: &Grants, new: &NewList) -> Result<List, Fault> {
    let programme = grants.programme(&new.programme)?;
    cx.may("grants.list.take", &resource(cx, programme))?;
    let name = new.name.trim();
    if name.is_empty() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
        return Err(Fault::invalid("grants.list.name"));
    }
    if let Some(known) = rows::named(cx.tx(), programme.id(), name)? {
        return if known.source == new.source { Ok(known) } else { Err(Fault::conflict("grants.list.source")) };
    }
    let list = List {
        id: cx.id(),
        programme: programme.id().to_owned(),
        name: name.to_owned(),
        source: new.source,
        is_ready: false,
        lines: 0,
        accepted: 0,
        refused: 0,
        control_minor: 0,
        position: String::new(),
        made_by: cx.actor().id.clone(),
        made_at: cx.now(),
    };
    rows::insert(cx.tx(), &list)?;
    cx.record(Act::new("grants.list.begun").on(list.id).with("programme", programme.id()));
    Ok(list)
}

pub(crate) fn found(cx: &mut Cx<'_>, id: ListId) -> Result<List, Fault> {
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("grants.list.unknown"))
}

/// A list that still takes lines, for whoever may bring them.
pub(crate) fn open(cx: &mut Cx<'_>, grants: &Grants, id: ListId) -> Result<List, Fault> {
    let list = found(cx, id)?;
    let resource = resource(cx, grants.programme(&list.programme)?);
    cx.may("grants.list.take", &resource)?;
    if list.is_ready { Err(Fault::conflict("grants.list.closed")) } else { Ok(list) }
}

/// Takes a piece of a file: lines with their numbers. The caller's key makes it happen once.
///
/// # Errors
/// `grants.list.{unknown,closed,columns}`; a refusal; the store's faults.
pub fn take_lines(
    cx: &mut Cx<'_>,
    grants: &Grants,
    id: ListId,
    head: &str,
    lines: &[(i64, String)],
) -> Result<Taken, Fault> {
    let list = open(cx, grants, id)?;
    let programme = grants.programme(&list.programme)?;
    let columns = Columns::read(head).ok_or_else(|| Fault::invalid("grants.list.columns"))?;
    let (fixed, most) = (programme.fixed_amount(), programme.most_minor());
    if !columns.has_amount() && fixed.is_none() {
        return Err(Fault::invalid("grants.list.amount_column"));
    }
    let read =
        |(number, text): &(i64, String)| (*number, line::read(text, &columns, grants.inner.currency, (fixed, most)));
    keep(cx, list, lines.iter().map(read).collect())
}

/// Keeps what lines ask for, but those of somebody who stands in the list already.
pub(crate) fn keep(
    cx: &mut Cx<'_>,
    mut list: List,
    lines: Vec<(i64, Result<Asked, &'static str>)>,
) -> Result<Taken, Fault> {
    let payees: Vec<&str> =
        lines.iter().filter_map(|(_, line)| line.as_ref().ok()).map(|asked| asked.payee.as_str()).collect();
    let mut known: BTreeSet<String> = rows::taken(cx.tx(), list.id, &payees)?.into_iter().collect();
    let (mut entries, mut refused) = (Vec::with_capacity(lines.len()), Vec::new());
    for (number, line) in lines {
        match line {
            Err(reason) => refused.push((number, reason)),
            Ok(asked) if !known.insert(asked.payee.clone()) => refused.push((number, "twice")),
            Ok(Asked { payee, amount_minor, reference }) => {
                entries.push(Entry { line: number, payee, amount_minor, reference });
            }
        }
    }
    rows::insert_entries(cx.tx(), list.id, &entries)?;
    rows::insert_refusals(cx.tx(), list.id, &refused)?;
    let sum: i128 = entries.iter().map(|entry| i128::from(entry.amount_minor)).sum();
    let control = i64::try_from(i128::from(list.control_minor) + sum).ok().filter(|sum| *sum < 1 << 53);
    list.control_minor = control.ok_or_else(|| Fault::invalid("grants.list.sum"))?;
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let (accepted, bad) = (count(entries.len()), count(refused.len()));
    list.lines += accepted + bad;
    list.accepted += accepted;
    list.refused += bad;
    rows::update(cx.tx(), &list)?;
    let act = Act::new("grants.list.taken").on(list.id).with("programme", list.programme.as_str());
    cx.record(act.with("accepted", accepted).with("refused", bad));
    let refused = refused.into_iter().map(|(line, reason)| (line, reason.to_owned())).collect();
    Ok(Taken { accepted, refused })
}

/// Ends a list. `control` is what whoever brought it says it sums to: lines and minor units.
///
/// # Errors
/// `grants.list.{unknown,control,differs,empty}`; a refusal; the store's faults.
pub fn finish(cx: &mut Cx<'_>, grants: &Grants, id: ListId, lines: i64, control: Option<i64>) -> Result<List, Fault> {
    let mut list = found(cx, id)?;
    let resource = resource(cx, grants.programme(&list.programme)?);
    cx.may("grants.list.take", &resource)?;
    if list.lines != lines {
        return Err(Fault::conflict("grants.list.differs"));
    }
    if control.is_some_and(|sum| sum != list.control_minor) {
        return Err(Fault::conflict("grants.list.control"));
    }
    if list.is_ready {
        return Ok(list);
    }
    list.is_ready = true;
    rows::update(cx.tx(), &list)?;
    let act = Act::new("grants.list.finished").on(list.id).with("programme", list.programme.as_str());
    cx.record(act.with("accepted", list.accepted).with("control_minor", list.control_minor));
    Ok(list)
}
