//! Reads for other engines: no permission is asked and no act recorded here, because the operation that needs the
//! record asks and records what it does with it.
//!
//! **Invariant:** never called for somebody who merely wants to look; that is `look_up.rs`. A sealed record is not found.

use std::collections::BTreeMap;

use spine::{Cx, Date, Fault};

use crate::record::{Record, folded};
use crate::register::Registers;
use crate::rows::{self, AT_ONCE};

/// At most so many records with one value.
const FOUND_AT_MOST: i64 = 200;

/// The record with this key, as it is true today.
///
/// # Errors
/// `registers.register.unknown`; the store's faults.
pub fn find(cx: &mut Cx<'_>, registers: &Registers, register: &str, key: &str) -> Result<Option<Record>, Fault> {
    let register = registers.need(register)?;
    let today = registers.day(cx.now());
    Ok(rows::valid(cx.tx(), register.id(), key, today)?.filter(|record| !record.sealed))
}

/// The record with this identifier (or key), as it is true today or else nearest to today, sealed or not: for the engine
/// that seals and corrects.
///
/// # Errors
/// As [`find`].
pub fn find_record(cx: &mut Cx<'_>, registers: &Registers, register: &str, id: &str) -> Result<Option<Record>, Fault> {
    let register = registers.need(register)?;
    let held = rows::versions(cx.tx(), register.id(), id)?.into_iter().filter(|version| version.known_to.is_none());
    Ok(shown(held.collect(), registers.day(cx.now())))
}

/// The records with these keys, as they are true today, in the order of the keys; those that are not there are left out.
///
/// # Errors
/// As [`find`].
pub fn find_many(cx: &mut Cx<'_>, registers: &Registers, register: &str, keys: &[&str]) -> Result<Vec<Record>, Fault> {
    let register = registers.need(register)?;
    let today = registers.day(cx.now());
    let mut found = BTreeMap::new();
    for chunk in keys.chunks(AT_ONCE) {
        for record in rows::valid_many(cx.tx(), register.id(), chunk, today)?.into_iter().filter(|one| !one.sealed) {
            found.insert(record.key.clone(), record);
        }
    }
    Ok(keys.iter().filter_map(|key| found.remove(*key)).collect())
}

/// The record whose `field` (searched exactly, or the subject) holds `value` today; of several the one made last.
///
/// # Errors
/// As [`find_all_by`].
pub fn find_by(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    field: &str,
    value: &str,
) -> Result<Option<Record>, Fault> {
    Ok(find_all_by(cx, registers, register, field, value)?.pop())
}

/// The records whose `field` holds `value` today, in the order of their making, at most 200.
///
/// # Errors
/// `registers.search.field` if the field is not searched exactly; as [`find`].
pub fn find_all_by(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    field: &str,
    value: &str,
) -> Result<Vec<Record>, Fault> {
    let register = registers.need(register)?;
    if !register.field(field).is_some_and(|field| register.searches_exactly(field)) {
        return Err(Fault::invalid("registers.search.field").with("field", field));
    }
    let today = registers.day(cx.now());
    let ids = rows::search_exact(cx.tx(), register.id(), field, &folded(value), "", FOUND_AT_MOST)?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for chunk in ids.chunks(AT_ONCE) {
        let held = rows::held_many(cx.tx(), chunk)?;
        let fits = |record: &Record| !record.sealed && record.holds_on(today) && record.matches(field, value);
        found.extend(held.into_iter().filter(fits));
    }
    found.sort_by_key(Record::id);
    Ok(found)
}

/// Of the versions of one record, the one that is true on `today`; else the last that was, or the first that will be.
pub(crate) fn shown(held: Vec<Record>, today: Date) -> Option<Record> {
    let rank = |record: &Record| (record.holds_on(today), record.valid_from <= today, record.valid_from);
    held.into_iter().max_by_key(rank)
}
