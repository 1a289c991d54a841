//! SQL of runs, and of the digests of their chunks.

use spine::{Row, Tx, TxError};

use crate::model::{ListId, Run, RunId, RunState, Tally};

const INSERT: &str = "
    INSERT INTO grants_run (id, programme, list, period, pay_on, state, position, lines, ready, ready_minor, refused, held,
        paid, paid_minor, failed, stopped, returned_minor, prepared_by, prepared_at)
    VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $7, $8)";

pub(crate) fn insert(tx: &mut dyn Tx, run: &Run) -> Result<(), TxError> {
    let args = [
        run.id.into(),
        (&run.programme).into(),
        run.list.into(),
        (&run.period).into(),
        run.pay_on.into(),
        run.state.code().into(),
        (&run.prepared_by).into(),
        run.prepared_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, programme, list, period, pay_on, state, position, lines, ready, ready_minor, refused, held, paid, paid_minor,
        failed, stopped, returned_minor, prepared_by, prepared_at, approved_by, approved_at, signed, trouble
    FROM grants_run WHERE id = $1";
const SELECT_OF: &str = "
    SELECT id, programme, list, period, pay_on, state, position, lines, ready, ready_minor, refused, held, paid, paid_minor,
        failed, stopped, returned_minor, prepared_by, prepared_at, approved_by, approved_at, signed, trouble
    FROM grants_run WHERE programme = $1 ORDER BY id DESC LIMIT $2";

fn read(row: &Row) -> Result<Run, TxError> {
    let state = RunState::of(&row.get::<String>(5)?);
    Ok(Run {
        id: row.get(0)?,
        programme: row.get(1)?,
        list: row.get(2)?,
        period: row.get(3)?,
        pay_on: row.get(4)?,
        state: state.ok_or_else(|| TxError::Type("the state of a run".to_owned()))?,
        position: row.get(6)?,
        tally: Tally {
            lines: row.get(7)?,
            ready: row.get(8)?,
            ready_minor: row.get(9)?,
            refused: row.get(10)?,
            held: row.get(11)?,
            paid: row.get(12)?,
            paid_minor: row.get(13)?,
            failed: row.get(14)?,
            stopped: row.get(15)?,
            returned_minor: row.get(16)?,
        },
        prepared_by: row.get(17)?,
        prepared_at: row.get(18)?,
        approved_by: row.get(19)?,
        approved_at: row.get(20)?,
        signed: row.get(21)?,
        trouble: row.get(22)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: RunId) -> Result<Option<Run>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

/// The newest runs of a programme.
pub(crate) fn of(tx: &mut dyn Tx, programme: &str, limit: i64) -> Result<Vec<Run>, TxError> {
    tx.query(SELECT_OF, &[programme.into(), limit.into()])?.iter().map(read).collect()
}

const SELECT_LAST: &str = "SELECT id FROM grants_run WHERE list = $1 AND state <> 'withdrawn' ORDER BY id DESC LIMIT 1";

/// The last run of a list that was not given up.
pub(crate) fn last_of(tx: &mut dyn Tx, list: ListId) -> Result<Option<RunId>, TxError> {
    tx.first(SELECT_LAST, &[list.into()])?.map(|row| row.get(0)).transpose()
}

const SELECT_BETWEEN: &str = "SELECT id FROM grants_run WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT 2";

/// The one run between two identifiers; none if there is none, or another.
pub(crate) fn between(tx: &mut dyn Tx, (low, high): (RunId, RunId)) -> Result<Option<RunId>, TxError> {
    match tx.query(SELECT_BETWEEN, &[low.into(), high.into()])?.as_slice() {
        [one] => one.get(0).map(Some),
        _ => Ok(None),
    }
}

const UPDATE: &str = "
    UPDATE grants_run SET state = $2, position = $3, lines = $4, ready = $5, ready_minor = $6, refused = $7, held = $8, paid = $9,
        paid_minor = $10, failed = $11, stopped = $12, returned_minor = $13, approved_by = $14, approved_at = $15, signed = $16,
        trouble = $17
    WHERE id = $1";

pub(crate) fn update(tx: &mut dyn Tx, run: &Run) -> Result<(), TxError> {
    let tally = &run.tally;
    let args = [
        run.id.into(),
        run.state.code().into(),
        run.position.into(),
        tally.lines.into(),
        tally.ready.into(),
        tally.ready_minor.into(),
        tally.refused.into(),
        tally.held.into(),
        tally.paid.into(),
        tally.paid_minor.into(),
        tally.failed.into(),
        tally.stopped.into(),
        tally.returned_minor.into(),
        run.approved_by.clone().into(),
        run.approved_at.into(),
        run.signed.clone().into(),
        run.trouble.clone().into(),
    ];
    tx.change(UPDATE, &args)
}

/// A part of a run that is checked, signed and paid together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) number: i64,
    pub(crate) last_line: i64,
    pub(crate) digest: String,
}

const INSERT_CHUNK: &str = "INSERT INTO grants_chunk (run, number, last_line, digest) VALUES ($1, $2, $3, $4)";

pub(crate) fn insert_chunk(tx: &mut dyn Tx, run: RunId, chunk: &Chunk) -> Result<(), TxError> {
    let args = [run.into(), chunk.number.into(), chunk.last_line.into(), (&chunk.digest).into()];
    tx.change(INSERT_CHUNK, &args)
}

const COUNT_CHUNKS: &str = "SELECT COUNT(*) FROM grants_chunk WHERE run = $1";

pub(crate) fn count_chunks(tx: &mut dyn Tx, run: RunId) -> Result<i64, TxError> {
    tx.first(COUNT_CHUNKS, &[run.into()])?.map_or(Ok(0), |row| row.get(0))
}

const SELECT_CHUNKS: &str = "SELECT number, last_line, digest FROM grants_chunk WHERE run = $1 ORDER BY number";
const SELECT_NEXT: &str =
    "SELECT number, last_line, digest FROM grants_chunk WHERE run = $1 AND last_line > $2 ORDER BY number LIMIT 1";

fn chunk(row: &Row) -> Result<Chunk, TxError> {
    Ok(Chunk { number: row.get(0)?, last_line: row.get(1)?, digest: row.get(2)? })
}

/// Every chunk of a run, in order.
pub(crate) fn chunks(tx: &mut dyn Tx, run: RunId) -> Result<Vec<Chunk>, TxError> {
    tx.query(SELECT_CHUNKS, &[run.into()])?.iter().map(chunk).collect()
}

/// The chunk that goes on after `line`.
pub(crate) fn chunk_after(tx: &mut dyn Tx, run: RunId, line: i64) -> Result<Option<Chunk>, TxError> {
    tx.first(SELECT_NEXT, &[run.into(), line.into()])?.as_ref().map(chunk).transpose()
}
