//! SQL of lists, their lines, and the lines that do not stand.

use spine::{Row, Tx, TxError, Value};

use crate::model::{Entry, List, ListId, Source};

const INSERT: &str = "
    INSERT INTO grants_list (id, programme, name, source, state, lines, accepted, refused, control_minor, position, made_by, made_at)
    VALUES ($1, $2, $3, $4, 'taking', 0, 0, 0, 0, '', $5, $6)";

pub(crate) fn insert(tx: &mut dyn Tx, list: &List) -> Result<(), TxError> {
    let args = [
        list.id.into(),
        (&list.programme).into(),
        (&list.name).into(),
        list.source.code().into(),
        (&list.made_by).into(),
        list.made_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, programme, name, source, state, lines, accepted, refused, control_minor, position, made_by, made_at
    FROM grants_list WHERE id = $1";
const SELECT_NAMED: &str = "
    SELECT id, programme, name, source, state, lines, accepted, refused, control_minor, position, made_by, made_at
    FROM grants_list WHERE programme = $1 AND name = $2";
const SELECT_OF: &str = "
    SELECT id, programme, name, source, state, lines, accepted, refused, control_minor, position, made_by, made_at
    FROM grants_list WHERE programme = $1 ORDER BY id DESC LIMIT $2";

fn read(row: &Row) -> Result<List, TxError> {
    let source = Source::of(&row.get::<String>(3)?);
    Ok(List {
        id: row.get(0)?,
        programme: row.get(1)?,
        name: row.get(2)?,
        source: source.ok_or_else(|| TxError::Type("the source of a list".to_owned()))?,
        is_ready: row.get::<String>(4)? == "ready",
        lines: row.get(5)?,
        accepted: row.get(6)?,
        refused: row.get(7)?,
        control_minor: row.get(8)?,
        position: row.get(9)?,
        made_by: row.get(10)?,
        made_at: row.get(11)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: ListId) -> Result<Option<List>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn named(tx: &mut dyn Tx, programme: &str, name: &str) -> Result<Option<List>, TxError> {
    tx.first(SELECT_NAMED, &[programme.into(), name.into()])?.as_ref().map(read).transpose()
}

/// The newest lists of a programme.
pub(crate) fn of(tx: &mut dyn Tx, programme: &str, limit: i64) -> Result<Vec<List>, TxError> {
    tx.query(SELECT_OF, &[programme.into(), limit.into()])?.iter().map(read).collect()
}

const UPDATE: &str = "
    UPDATE grants_list SET state = $2, lines = $3, accepted = $4, refused = $5, control_minor = $6, position = $7 WHERE id = $1";

/// Writes how far a list is, and whether it is all there.
pub(crate) fn update(tx: &mut dyn Tx, list: &List) -> Result<(), TxError> {
    let state = if list.is_ready { "ready" } else { "taking" };
    let args = [
        list.id.into(),
        state.into(),
        list.lines.into(),
        list.accepted.into(),
        list.refused.into(),
        list.control_minor.into(),
        (&list.position).into(),
    ];
    tx.change(UPDATE, &args)
}

const INSERT_ENTRY: &str =
    "INSERT INTO grants_entry (list, line, payee, amount_minor, reference) VALUES ($1, $2, $3, $4, $5)";

pub(crate) fn insert_entries(tx: &mut dyn Tx, list: ListId, entries: &[Entry]) -> Result<(), TxError> {
    let list = list.to_string();
    let rows: Vec<[Value<'_>; 5]> = entries
        .iter()
        .map(|entry| {
            let (payee, reference) = ((&entry.payee).into(), (&entry.reference).into());
            [(&list).into(), entry.line.into(), payee, entry.amount_minor.into(), reference]
        })
        .collect();
    tx.insert(INSERT_ENTRY, &rows.iter().map(<[_; 5]>::as_slice).collect::<Vec<_>>())
}

const INSERT_REFUSAL: &str = "INSERT INTO grants_refusal (list, line, reason) VALUES ($1, $2, $3)";

pub(crate) fn insert_refusals(tx: &mut dyn Tx, list: ListId, lines: &[(i64, &'static str)]) -> Result<(), TxError> {
    let list = list.to_string();
    let rows: Vec<[Value<'_>; 3]> =
        lines.iter().map(|(line, reason)| [(&list).into(), (*line).into(), (*reason).into()]).collect();
    tx.insert(INSERT_REFUSAL, &rows.iter().map(<[_; 3]>::as_slice).collect::<Vec<_>>())
}

const SELECT_REFUSALS: &str =
    "SELECT line, reason FROM grants_refusal WHERE list = $1 AND line > $2 ORDER BY line LIMIT $3";

/// Lines that do not stand, after `line`.
pub(crate) fn refusals(tx: &mut dyn Tx, id: ListId, line: i64, limit: i64) -> Result<Vec<(i64, String)>, TxError> {
    let rows = tx.query(SELECT_REFUSALS, &[id.into(), line.into(), limit.into()])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const SELECT_TAKEN: &str = "
    SELECT payee FROM grants_entry WHERE list = $1 AND payee IN (
        $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
        $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51
    )";

/// Of these payees those who stand in the list already.
pub(crate) fn taken(tx: &mut dyn Tx, id: ListId, payees: &[&str]) -> Result<Vec<String>, TxError> {
    let mut found = Vec::new();
    for chunk in payees.chunks(50) {
        let mut args: Vec<Value<'_>> = vec![id.into()];
        let last = chunk.last().copied().unwrap_or_default();
        args.extend(chunk.iter().chain(std::iter::repeat(&last)).take(50).map(|payee| (*payee).into()));
        for row in tx.query(SELECT_TAKEN, &args)? {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}
