//! Every SQL text of the registers, and rows as records.
//!
//! **Invariant:** the tables `registers_…` and no others. Lists are asked for fifty at a time, so that the texts
//! stay constant; a shorter list repeats its last value.

use spine::tx::FromValue;
use spine::{Date, Row, Timestamp, Tx, TxError, Value};

use crate::index::Entry;
use crate::record::{Cause, Record, RecordId};
use crate::register::Fields;
use crate::timeline::Slice;

/// How many values one text takes.
pub(crate) const AT_ONCE: usize = 50;

/// Fields of a row, as JSON text.
struct Json(Fields);

impl FromValue for Json {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        match serde_json::Value::from_value(value)? {
            serde_json::Value::Object(fields) => Ok(Self(fields)),
            _ => Err("a JSON object"),
        }
    }
}

/// Reads the columns that every query of records selects, in this order.
fn record(row: &Row) -> Result<Record, TxError> {
    let cause: String = row.get(5)?;
    Ok(Record {
        id: row.get(0)?,
        register: row.get(1)?,
        key: row.get(2)?,
        revision: row.get(3)?,
        number: row.get(4)?,
        cause: Cause::parse(&cause).ok_or_else(|| TxError::Type("a cause".to_owned()))?,
        valid_from: row.get(6)?,
        valid_to: row.get(7)?,
        known_from: row.get(8)?,
        known_to: row.get(9)?,
        fields: row.get::<Json>(10)?.0,
        reason: row.get(11)?,
        sealed: row.get(12)?,
    })
}

fn records(rows: &[Row]) -> Result<Vec<Record>, TxError> {
    rows.iter().map(record).collect()
}

const SELECT_VALID: &str = "
    SELECT r.id, r.register, r.key, r.revision, v.number, v.cause, v.valid_from, v.valid_to, v.known_from, v.known_to, v.fields, v.reason, r.sealed
    FROM registers_record r JOIN registers_version v ON v.record = r.id
    WHERE r.register = $1 AND r.key = $2
        AND v.known_to IS NULL AND v.valid_from <= $3 AND (v.valid_to IS NULL OR v.valid_to > $3)";

/// What is held to be true on `day`.
pub(crate) fn valid(tx: &mut dyn Tx, register: &str, key: &str, day: Date) -> Result<Option<Record>, TxError> {
    tx.first(SELECT_VALID, &[register.into(), key.into(), day.into()])?.as_ref().map(record).transpose()
}

const SELECT_VALID_MANY: &str = "
    SELECT r.id, r.register, r.key, r.revision, v.number, v.cause, v.valid_from, v.valid_to, v.known_from, v.known_to, v.fields, v.reason, r.sealed
    FROM registers_record r JOIN registers_version v ON v.record = r.id
    WHERE r.register = $1 AND v.known_to IS NULL AND v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to > $2)
        AND r.key IN (
            $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
            $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,
            $45, $46, $47, $48, $49, $50, $51, $52
        )";

/// The same for up to [`AT_ONCE`] keys.
pub(crate) fn valid_many(tx: &mut dyn Tx, register: &str, keys: &[&str], day: Date) -> Result<Vec<Record>, TxError> {
    let mut args: Vec<Value<'_>> = vec![register.into(), day.into()];
    fill(&mut args, keys.iter().map(|key| Value::from(*key)));
    records(&tx.query(SELECT_VALID_MANY, &args)?)
}

const SELECT_VERSIONS_BY_KEY: &str = "
    SELECT r.id, r.register, r.key, r.revision, v.number, v.cause, v.valid_from, v.valid_to, v.known_from, v.known_to, v.fields, v.reason, r.sealed
    FROM registers_record r JOIN registers_version v ON v.record = r.id
    WHERE r.register = $1 AND r.key = $2 ORDER BY v.number";
const SELECT_VERSIONS_BY_ID: &str = "
    SELECT r.id, r.register, r.key, r.revision, v.number, v.cause, v.valid_from, v.valid_to, v.known_from, v.known_to, v.fields, v.reason, r.sealed
    FROM registers_record r JOIN registers_version v ON v.record = r.id
    WHERE r.register = $1 AND r.id = $2 ORDER BY v.number";

/// Every version of the record with this key or identifier, in order.
pub(crate) fn versions(tx: &mut dyn Tx, register: &str, key: &str) -> Result<Vec<Record>, TxError> {
    let by_id = key.parse::<RecordId>().is_ok();
    let sql = if by_id { SELECT_VERSIONS_BY_ID } else { SELECT_VERSIONS_BY_KEY };
    records(&tx.query(sql, &[register.into(), key.into()])?)
}

const SELECT_HELD_MANY: &str = "
    SELECT r.id, r.register, r.key, r.revision, v.number, v.cause, v.valid_from, v.valid_to, v.known_from, v.known_to, v.fields, v.reason, r.sealed
    FROM registers_record r JOIN registers_version v ON v.record = r.id
    WHERE v.known_to IS NULL AND r.id IN (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42,
            $43, $44, $45, $46, $47, $48, $49, $50
        )";

const SELECT_HELD: &str = "
    SELECT r.id, r.register, r.key, r.revision, v.number, v.cause, v.valid_from, v.valid_to, v.known_from, v.known_to, v.fields, v.reason, r.sealed
    FROM registers_record r JOIN registers_version v ON v.record = r.id
    WHERE v.known_to IS NULL AND r.id = $1";

/// The versions of up to [`AT_ONCE`] records that are held to be so now.
pub(crate) fn held_many(tx: &mut dyn Tx, ids: &[&str]) -> Result<Vec<Record>, TxError> {
    // Most questions are about one: it is not asked for fifty times.
    if let [id] = ids {
        return records(&tx.query(SELECT_HELD, &[Value::from(*id)])?);
    }
    let mut args = Vec::with_capacity(AT_ONCE);
    fill(&mut args, ids.iter().map(|id| Value::from(*id)));
    records(&tx.query(SELECT_HELD_MANY, &args)?)
}

/// Adds [`AT_ONCE`] arguments; the last value stands for those that are missing.
fn fill<'a>(args: &mut Vec<Value<'a>>, values: impl Iterator<Item = Value<'a>>) {
    let end = args.len() + AT_ONCE;
    args.extend(values.take(AT_ONCE));
    let last = args.last().cloned().unwrap_or(Value::Null);
    args.resize(end, last);
}

const SELECT_KEY: &str = "SELECT key FROM registers_record WHERE register = $1 AND id = $2";

/// The key of a record, where a list goes on.
pub(crate) fn key_of(tx: &mut dyn Tx, register: &str, id: &str) -> Result<Option<String>, TxError> {
    tx.first(SELECT_KEY, &[register.into(), id.into()])?.map(|row| row.get(0)).transpose()
}

const SELECT_TAKEN: &str = "
    SELECT key FROM registers_record WHERE register = $1 AND key IN (
            $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43,
            $44, $45, $46, $47, $48, $49, $50, $51
        )";

/// Those of up to [`AT_ONCE`] keys that are taken already.
pub(crate) fn taken(tx: &mut dyn Tx, register: &str, keys: &[&str]) -> Result<Vec<String>, TxError> {
    let mut args: Vec<Value<'_>> = vec![register.into()];
    fill(&mut args, keys.iter().map(|key| Value::from(*key)));
    tx.query(SELECT_TAKEN, &args)?.iter().map(|row| row.get(0)).collect()
}

const SELECT_PAGE: &str = "SELECT id FROM registers_record WHERE register = $1 AND key > $2 ORDER BY key LIMIT $3";

/// Records in the order of their keys, after `key`.
pub(crate) fn page(tx: &mut dyn Tx, register: &str, key: &str, limit: i64) -> Result<Vec<String>, TxError> {
    tx.query(SELECT_PAGE, &[register.into(), key.into(), limit.into()])?.iter().map(|row| row.get(0)).collect()
}

const SEARCH_EXACT: &str = "
    SELECT record FROM registers_search
    WHERE register = $1 AND field = $2 AND value = $3 AND whole = '' AND record > $4
    ORDER BY record LIMIT $5";

/// Records with this value, in the order of their identifiers, after `after`.
pub(crate) fn search_exact(
    tx: &mut dyn Tx,
    register: &str,
    field: &str,
    value: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, TxError> {
    let args = [register.into(), field.into(), value.into(), after.into(), limit.into()];
    tx.query(SEARCH_EXACT, &args)?.iter().map(|row| row.get(0)).collect()
}

const SEARCH_NAMES: &str = "
    SELECT value, whole, record FROM registers_search
    WHERE register = $1 AND field = 'name' AND (value, whole, record) > ($2, $3, $4) AND value < $5
        AND whole LIKE $6 AND whole LIKE $7 AND whole LIKE $8
    ORDER BY value, whole, record LIMIT $9";

/// A word of a name, as the index holds it.
#[derive(Clone)]
pub(crate) struct Hit {
    pub(crate) value: String,
    pub(crate) whole: String,
    pub(crate) record: String,
}

/// Words after `from` and before `until`, of records in which all of `patterns` occur.
pub(crate) fn search_names(
    tx: &mut dyn Tx,
    register: &str,
    from: &Hit,
    until: &str,
    patterns: &[String; 3],
    limit: i64,
) -> Result<Vec<Hit>, TxError> {
    let [one, two, three] = patterns;
    let args = [
        register.into(),
        (&from.value).into(),
        (&from.whole).into(),
        (&from.record).into(),
        until.into(),
        one.into(),
        two.into(),
        three.into(),
        limit.into(),
    ];
    let hit = |row: &Row| Ok(Hit { value: row.get(0)?, whole: row.get(1)?, record: row.get(2)? });
    tx.query(SEARCH_NAMES, &args)?.iter().map(hit).collect()
}

const SELECT_WHOLE: &str =
    "SELECT whole FROM registers_search WHERE record = $1 AND register = $2 AND field = 'name' LIMIT 1";

/// All words of a record, where a search goes on.
pub(crate) fn whole_of(tx: &mut dyn Tx, register: &str, record: &str) -> Result<Option<String>, TxError> {
    tx.first(SELECT_WHOLE, &[record.into(), register.into()])?.map(|row| row.get(0)).transpose()
}

const INSERT_RECORD: &str =
    "INSERT INTO registers_record (id, register, key, revision, made_at) VALUES ($1, $2, $3, 1, $4)";
const INSERT_FIRST: &str = "
    INSERT INTO registers_version (record, number, cause, valid_from, known_from, fields)
    VALUES ($1, 1, 'enrolled', $2, $3, $4)";
const INSERT_ENTRY: &str = "
    INSERT INTO registers_search (register, field, value, whole, record) VALUES ($1, $2, $3, $4, $5)";

/// A record that is new.
pub(crate) struct New {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) valid_from: String,
    pub(crate) fields: String,
    pub(crate) entries: Vec<Entry>,
}

/// Writes new records with their first version and what they are found by.
pub(crate) fn insert(tx: &mut dyn Tx, register: &str, now: Timestamp, new: &[New]) -> Result<(), TxError> {
    let rows = new.iter().map(|one| [(&one.id).into(), register.into(), (&one.key).into(), now.into()]);
    insert_rows(tx, INSERT_RECORD, rows)?;
    let rows = new.iter().map(|one| [(&one.id).into(), (&one.valid_from).into(), now.into(), (&one.fields).into()]);
    insert_rows(tx, INSERT_FIRST, rows)?;
    // In the order of the table: a batch then touches each page of a large index once.
    let mut found: Vec<(&Entry, &str)> =
        new.iter().flat_map(|one| one.entries.iter().map(move |entry| (entry, one.id.as_str()))).collect();
    found.sort_unstable();
    insert_rows(tx, INSERT_ENTRY, found.into_iter().map(|(entry, id)| entry_row(register, id, entry)))
}

/// Writes what one record is found by.
pub(crate) fn insert_entries(tx: &mut dyn Tx, register: &str, id: &str, entries: &[Entry]) -> Result<(), TxError> {
    insert_rows(tx, INSERT_ENTRY, entries.iter().map(|entry| entry_row(register, id, entry)))
}

fn entry_row<'a>(register: &'a str, id: &'a str, entry: &'a Entry) -> [Value<'a>; 5] {
    [register.into(), (&entry.field).into(), (&entry.value).into(), (&entry.whole).into(), id.into()]
}

fn insert_rows<'a, const N: usize>(
    tx: &mut dyn Tx,
    sql: &'static str,
    rows: impl Iterator<Item = [Value<'a>; N]>,
) -> Result<(), TxError> {
    let rows: Vec<[Value<'a>; N]> = rows.collect();
    tx.insert(sql, &rows.iter().map(<[_; N]>::as_slice).collect::<Vec<_>>())
}

const ADVANCE: &str = "UPDATE registers_record SET revision = revision + 1 WHERE id = $1 AND revision = $2";

/// Counts the revision up; false if the record is not at `seen` any more.
pub(crate) fn advance(tx: &mut dyn Tx, id: RecordId, seen: i64) -> Result<bool, TxError> {
    Ok(tx.execute(ADVANCE, &[id.into(), seen.into()])? == 1)
}

const CLOSE: &str = "UPDATE registers_version SET known_to = $3 WHERE record = $1 AND number = $2 AND known_to IS NULL";

/// Says until when a version was held to be so.
pub(crate) fn close(tx: &mut dyn Tx, id: RecordId, number: i64, known_to: Timestamp) -> Result<(), TxError> {
    tx.change(CLOSE, &[id.into(), number.into(), known_to.into()])
}

const INSERT_VERSION: &str = "
    INSERT INTO registers_version (record, number, cause, valid_from, valid_to, known_from, fields, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Writes a version.
pub(crate) fn insert_version(
    tx: &mut dyn Tx,
    id: RecordId,
    number: i64,
    slice: &Slice,
    known_from: Timestamp,
) -> Result<(), TxError> {
    let fields = serde_json::to_string(&slice.fields).map_err(|_| TxError::Type("fields".to_owned()))?;
    let args = [
        id.into(),
        number.into(),
        slice.cause.name().into(),
        slice.from.into(),
        slice.to.into(),
        known_from.into(),
        fields.into(),
        slice.reason.as_deref().into(),
    ];
    tx.change(INSERT_VERSION, &args)
}

const DELETE_ENTRIES: &str = "DELETE FROM registers_search WHERE record = $1";

/// Forgets what a record was found by.
pub(crate) fn delete_entries(tx: &mut dyn Tx, id: &str) -> Result<(), TxError> {
    tx.change(DELETE_ENTRIES, &[id.into()])
}

const SET_SEALED: &str =
    "UPDATE registers_record SET sealed = $2, revision = revision + 1 WHERE id = $1 AND sealed <> $2";

/// Seals a record or opens it again; answers whether it was otherwise.
pub(crate) fn set_sealed(tx: &mut dyn Tx, id: RecordId, sealed: bool) -> Result<bool, TxError> {
    Ok(tx.execute(SET_SEALED, &[id.into(), i64::from(sealed).into()])? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        SET_SEALED,
        SELECT_VALID,
        SELECT_VALID_MANY,
        SELECT_VERSIONS_BY_KEY,
        SELECT_VERSIONS_BY_ID,
        SELECT_HELD,
        SELECT_HELD_MANY,
        SELECT_KEY,
        SELECT_TAKEN,
        SELECT_PAGE,
        SEARCH_EXACT,
        SEARCH_NAMES,
        SELECT_WHOLE,
        INSERT_RECORD,
        INSERT_FIRST,
        INSERT_ENTRY,
        ADVANCE,
        CLOSE,
        INSERT_VERSION,
        DELETE_ENTRIES,
    ];

    #[test]
    fn both_databases_understand_every_text() {
        for database in testkit::databases(crate::MIGRATIONS) {
            for sql in ALL {
                database.store.prepare(sql).unwrap_or_else(|error| panic!("{}: {sql}\n{error}", database.url));
            }
        }
    }
}
