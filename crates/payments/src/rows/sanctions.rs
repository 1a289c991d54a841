//! SQL of published lists: their files, what is in force, what each file changes.

use spine::{Row, Timestamp, Tx, TxError, Value};

use super::requests::odd;
use crate::sanctions::{Change, ChangeKind, Entry, FileState, ListFile, ListFileId};

const INSERT: &str = "
    INSERT INTO payments_sanctions_file
        (id, list, sha256, state, dated_at, entries, added, removed, changed, brought_by, brought_at)
    VALUES ($1, $2, $3, 'waiting', $4, $5, $6, $7, $8, $9, $10)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &ListFile) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        (&new.list).into(),
        (&new.sha256).into(),
        new.dated_at.into(),
        new.entries.into(),
        new.added.into(),
        new.removed.into(),
        new.changed.into(),
        (&new.brought_by).into(),
        new.brought_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, list, sha256, state, dated_at, entries, added, removed, changed, brought_by, brought_at, decided_by, decided_at,
        note
    FROM payments_sanctions_file WHERE id = $1";
const SELECT_LIVE: &str = "
    SELECT id, list, sha256, state, dated_at, entries, added, removed, changed, brought_by, brought_at, decided_by, decided_at,
        note
    FROM payments_sanctions_file WHERE list = $1 AND state = $2";

fn read(row: &Row) -> Result<ListFile, TxError> {
    Ok(ListFile {
        id: row.get(0)?,
        list: row.get(1)?,
        sha256: row.get(2)?,
        state: FileState::of(&row.get::<String>(3)?).ok_or_else(|| odd("a list's state"))?,
        dated_at: row.get(4)?,
        entries: row.get(5)?,
        added: row.get(6)?,
        removed: row.get(7)?,
        changed: row.get(8)?,
        brought_by: row.get(9)?,
        brought_at: row.get(10)?,
        decided_by: row.get(11)?,
        decided_at: row.get(12)?,
        note: row.get(13)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: ListFileId) -> Result<Option<ListFile>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

fn live(tx: &mut dyn Tx, list: &str, state: FileState) -> Result<Option<ListFile>, TxError> {
    tx.first(SELECT_LIVE, &[list.into(), state.code().into()])?.as_ref().map(read).transpose()
}

/// The file of a list that payments are held against.
pub(crate) fn in_force(tx: &mut dyn Tx, list: &str) -> Result<Option<ListFile>, TxError> {
    live(tx, list, FileState::InForce)
}

/// The file of a list that an officer has to look at.
pub(crate) fn waiting(tx: &mut dyn Tx, list: &str) -> Result<Option<ListFile>, TxError> {
    live(tx, list, FileState::Waiting)
}

const SET: &str =
    "UPDATE payments_sanctions_file SET state = $2, decided_by = $3, decided_at = $4, note = $5 WHERE id = $1";

pub(crate) fn set(tx: &mut dyn Tx, file: &ListFile) -> Result<(), TxError> {
    let args = [
        file.id.into(),
        file.state.code().into(),
        file.decided_by.as_ref().into(),
        file.decided_at.into(),
        file.note.as_ref().into(),
    ];
    tx.change(SET, &args)
}

const FILES_IN_FORCE: &str = "SELECT id, list FROM payments_sanctions_file WHERE state = 'in_force' ORDER BY list";

/// Which file of each list is in force, in the order of the lists.
pub(crate) fn all_in_force(tx: &mut dyn Tx) -> Result<Vec<ListFileId>, TxError> {
    tx.query(FILES_IN_FORCE, &[])?.iter().map(|row| row.get(0)).collect()
}

const ENTRIES: &str = "SELECT list, told FROM payments_sanctions_entry";

/// Every entry in force, with its list.
pub(crate) fn entries(tx: &mut dyn Tx) -> Result<Vec<(String, Entry)>, TxError> {
    let of = |row: &Row| Ok((row.get(0)?, entry(&row.get::<String>(1)?)?));
    tx.query(ENTRIES, &[])?.iter().map(of).collect()
}

fn entry(told: &str) -> Result<Entry, TxError> {
    serde_json::from_str(told).map_err(|_| odd("an entry of a list"))
}

const TOLD: &str = "SELECT reference, told FROM payments_sanctions_entry WHERE list = $1";

/// What is in force of a list, as it is kept: reference and text.
pub(crate) fn told(tx: &mut dyn Tx, list: &str) -> Result<Vec<(String, String)>, TxError> {
    tx.query(TOLD, &[list.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const ENTRY: &str = "SELECT told FROM payments_sanctions_entry WHERE list = $1 AND reference = $2";
const LATEST: &str = "
    SELECT c.told FROM payments_sanctions_change c JOIN payments_sanctions_file f ON f.id = c.file
    WHERE f.list = $1 AND c.reference = $2 AND f.state IN ('in_force', 'former') ORDER BY f.id DESC LIMIT 1";

/// What is in force of an entry; of one that no longer is, what was last.
pub(crate) fn entry_of(tx: &mut dyn Tx, list: &str, reference: &str) -> Result<Option<Entry>, TxError> {
    let args = [list.into(), reference.into()];
    let row = match tx.first(ENTRY, &args)? {
        Some(row) => Some(row),
        None => tx.first(LATEST, &args)?,
    };
    row.map(|row| entry(&row.get::<String>(0)?)).transpose()
}

/// What a file changes of one entry, as it is kept.
pub(crate) struct Changed {
    pub(crate) reference: String,
    pub(crate) kind: ChangeKind,
    /// What the file says; of what it no longer has, what was said before.
    pub(crate) told: String,
    pub(crate) former: Option<String>,
}

const INSERT_CHANGE: &str =
    "INSERT INTO payments_sanctions_change (file, reference, change, told, former) VALUES ($1, $2, $3, $4, $5)";

pub(crate) fn insert_changes(tx: &mut dyn Tx, file: ListFileId, all: &[Changed]) -> Result<(), TxError> {
    let rows: Vec<[Value<'_>; 5]> = all
        .iter()
        .map(|it| {
            let (kind, former) = (it.kind.code().into(), it.former.as_ref().into());
            [file.into(), (&it.reference).into(), kind, (&it.told).into(), former]
        })
        .collect();
    let rows: Vec<&[Value<'_>]> = rows.iter().map(<[Value<'_>; 5]>::as_slice).collect();
    tx.insert(INSERT_CHANGE, &rows)
}

const CHANGES: &str = "
    SELECT reference, change, told, former FROM payments_sanctions_change WHERE file = $1
    ORDER BY reference LIMIT $2 OFFSET $3";

/// What a file changes, in the order of references, after so many.
pub(crate) fn changes(tx: &mut dyn Tx, file: ListFileId, after: i64, limit: i64) -> Result<Vec<Change>, TxError> {
    let of = |row: &Row| {
        let former: Option<String> = row.get(3)?;
        Ok(Change {
            kind: ChangeKind::of(&row.get::<String>(1)?).ok_or_else(|| odd("a change of a list"))?,
            entry: entry(&row.get::<String>(2)?)?,
            former: former.map(|told| entry(&told)).transpose()?,
        })
    };
    tx.query(CHANGES, &[file.into(), limit.into(), after.into()])?.iter().map(of).collect()
}

const REMOVE: &str = "
    DELETE FROM payments_sanctions_entry WHERE list = $1
        AND reference IN (SELECT reference FROM payments_sanctions_change WHERE file = $2 AND change <> 'added')";
const ADD: &str = "
    INSERT INTO payments_sanctions_entry (list, reference, file, told)
    SELECT $1, reference, file, told FROM payments_sanctions_change WHERE file = $2 AND change <> 'removed'";

/// What a file changes is in force.
pub(crate) fn apply(tx: &mut dyn Tx, file: &ListFile) -> Result<(), TxError> {
    tx.execute(REMOVE, &[(&file.list).into(), file.id.into()])?;
    tx.change(ADD, &[(&file.list).into(), file.id.into()])
}

const LOOK: &str = "SELECT looked_at, problem FROM payments_sanctions_look WHERE list = $1";

/// When a list was last looked up where it is published, and what went wrong.
pub(crate) fn look(tx: &mut dyn Tx, list: &str) -> Result<Option<(Timestamp, Option<String>)>, TxError> {
    tx.first(LOOK, &[list.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

const SET_LOOK: &str = "
    INSERT INTO payments_sanctions_look (list, looked_at, problem) VALUES ($1, $2, $3)
    ON CONFLICT (list) DO UPDATE SET looked_at = excluded.looked_at, problem = excluded.problem";

pub(crate) fn set_look(tx: &mut dyn Tx, list: &str, at: Timestamp, problem: Option<&str>) -> Result<(), TxError> {
    tx.change(SET_LOOK, &[list.into(), at.into(), problem.into()])
}
