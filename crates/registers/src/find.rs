//! Reads for other engines: no permission is asked and no act recorded here, because the operation that needs the
//! record asks and records what it does with it.
//!
//! **Invariant:** never called for somebody who merely wants to look; that is `look_up.rs`. A sealed record is not found.

use std::collections::BTreeMap;

use spine::{Cx, Date, Fault};

use crate::record::{Record, folded};
use crate::register::Registers;
use crate::rows::{self, AT_ONCE};

/// Records on one page.
const PAGE: i64 = 500;
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

/// Some records as they are true today, in the order of their keys, after `after`; and the key after which the next page
/// begins. A page may be shorter, or empty, where records do not hold today; the last has no next.
///
/// # Errors
/// As [`find`].
pub fn page(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    after: &str,
) -> Result<(Vec<Record>, Option<String>), Fault> {
    let (mut records, next) = whole_page(cx, registers, register, after)?;
    records.retain(|record| !record.sealed);
    Ok((records, next))
}

/// As [`page`], with sealed records, for an export.
pub(crate) fn whole_page(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    after: &str,
) -> Result<(Vec<Record>, Option<String>), Fault> {
    let register = registers.need(register)?;
    let today = registers.day(cx.now());
    let ids = rows::page(cx.tx(), register.id(), after, PAGE)?;
    let next = match ids.last() {
        Some(last) if i64::try_from(ids.len()).is_ok_and(|count| count == PAGE) => {
            rows::key_of(cx.tx(), register.id(), last)?
        }
        _ => None,
    };
    let mut records = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(AT_ONCE) {
        let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
        let mut held = rows::held_many(cx.tx(), &ids)?;
        held.retain(|record| record.holds_on(today));
        held.sort_by(|one, two| one.key.cmp(&two.key));
        records.extend(held);
    }
    Ok((records, next))
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
