//! A file of a list comes in: read, compared with what is in force, and left for another officer.
//!
//! **Invariant:** what is in force stays as it is. Of a list one file waits at a time: a later one takes its place. The same bytes
//! are taken once, and a file that says it is older than what is in force is not taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use journal::Key;
use spine::{Caller, Cx, Fault, Resource, Timestamp};

use super::{ChangeKind, FileState, ListFile, ListFileId, Listing, entry};
use crate::Gateway;
use crate::rows::sanctions::{self as rows, Changed};
use crate::screening::Screening;

/// How far ahead of us the clock of whoever writes a list may be.
const AHEAD_SECONDS: i64 = 86_400;

/// Reads a file outside any transaction and takes it.
///
/// # Errors
/// As [`super::read`] and [`take`].
pub async fn take_file(
    gateway: &Gateway,
    caller: &Caller,
    key: &Key,
    list: &str,
    bytes: Bytes,
) -> Result<ListFileId, Fault> {
    let screening = gateway.rails().screening.clone();
    let format = screening.list(list)?.format;
    let parsing = tokio::task::spawn_blocking(move || {
        let sha256 = crypto::hex(&crypto::sha256(&[&bytes]));
        entry::read(format, &bytes).map(|listing| (Arc::new(listing), sha256))
    });
    let (listing, sha256) = parsing.await.map_err(|error| Fault::internal("payments.sanctions.unread", error))??;
    let list = list.to_owned();
    gateway.acts().write(caller, key, move |cx| take(cx, &screening, &list, &listing, &sha256)).await
}

/// Takes a list that was read from bytes with this SHA-256; another officer has to put it in force.
///
/// # Errors
/// `payments.sanctions.{list,known,older,future}`; a refusal; the store's faults.
pub fn take(
    cx: &mut Cx<'_>,
    screening: &Screening,
    list: &str,
    brought: &Listing,
    sha256: &str,
) -> Result<ListFileId, Fault> {
    cx.may("payments.sanctions.take", &Resource::new("SanctionsList", list))?;
    screening.list(list)?;
    let (in_force, waiting) = (rows::in_force(cx.tx(), list)?, rows::waiting(cx.tx(), list)?);
    if in_force.iter().chain(&waiting).any(|known| known.sha256 == sha256) {
        return Err(Fault::conflict("payments.sanctions.known"));
    }
    if in_force.is_some_and(|known| brought.dated_at < known.dated_at) {
        return Err(Fault::conflict("payments.sanctions.older"));
    }
    let now = cx.now();
    if brought.dated_at > now.plus_seconds(AHEAD_SECONDS) {
        return Err(Fault::invalid("payments.sanctions.future"));
    }
    if let Some(known) = waiting {
        rows::set(cx.tx(), &ListFile { state: FileState::Overtaken, decided_at: Some(now), ..known })?;
    }
    let changes = compare(rows::told(cx.tx(), list)?, brought)?;
    let file = new(cx, (list, sha256), brought, &changes, now);
    rows::insert(cx.tx(), &file)?;
    rows::insert_changes(cx.tx(), file.id, &changes)?;
    cx.record(file.act("payments.sanctions.taken").with("entries", file.entries));
    Ok(file.id)
}

fn new(
    cx: &mut Cx<'_>,
    (list, sha256): (&str, &str),
    brought: &Listing,
    changes: &[Changed],
    now: Timestamp,
) -> ListFile {
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let of = |kind| count(changes.iter().filter(|it| it.kind == kind).count());
    ListFile {
        id: cx.id(),
        list: list.to_owned(),
        sha256: sha256.to_owned(),
        state: FileState::Waiting,
        dated_at: brought.dated_at,
        entries: count(brought.entries.len()),
        added: of(ChangeKind::Added),
        removed: of(ChangeKind::Removed),
        changed: of(ChangeKind::Changed),
        brought_by: cx.actor().id.clone(),
        brought_at: now,
        decided_by: None,
        decided_at: None,
        note: None,
    }
}

/// What a list changes of what is in force.
fn compare(in_force: Vec<(String, String)>, brought: &Listing) -> Result<Vec<Changed>, Fault> {
    let mut before: BTreeMap<String, String> = in_force.into_iter().collect();
    let mut changes = Vec::new();
    for entry in &brought.entries {
        let told =
            serde_json::to_string(entry).map_err(|error| Fault::internal("payments.sanctions.unwritten", error))?;
        let former = before.remove(&entry.reference);
        let kind = match &former {
            None => ChangeKind::Added,
            Some(former) if *former != told => ChangeKind::Changed,
            Some(_) => continue,
        };
        changes.push(Changed { reference: entry.reference.clone(), kind, told, former });
    }
    let gone = |(reference, told)| Changed { reference, kind: ChangeKind::Removed, told, former: None };
    changes.extend(before.into_iter().map(gone));
    Ok(changes)
}
