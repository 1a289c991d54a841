//! Every SQL text of the store's own: the table of applied migrations, and one to take turns by (`pg/mod.rs`).

use spine::{Timestamp, TxError};

use crate::group::Connection;

pub(crate) const CREATE_MIGRATIONS: &str = "
CREATE TABLE IF NOT EXISTS store_migration (
    engine TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (engine, number)
);
CREATE TABLE IF NOT EXISTS store_lane (
    name TEXT PRIMARY KEY
);
";

/// PostgreSQL: how its planner is to think of us. Nearly every question is by key and what it finds is in memory, so an index costs hardly
/// more than a row; and a question is not worth a crew of workers or a compiler.
pub(crate) const POSTGRES_SESSION: &str =
    "SET random_page_cost = 1.1; SET max_parallel_workers_per_gather = 0; SET jit = off";

/// PostgreSQL: tables that have grown by a fifth since the server last counted what is in them.
pub(crate) const POSTGRES_GROWN: &str = "
    SELECT quote_ident(relname) FROM pg_stat_user_tables
    WHERE schemaname = current_schema() AND n_mod_since_analyze > 500 + n_live_tup / 5 ORDER BY relname";

const APPLIED: &str = "SELECT checksum FROM store_migration WHERE engine = $1 AND number = $2";

const INSERT: &str =
    "INSERT INTO store_migration (engine, number, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)";

pub(crate) fn applied(connection: &mut dyn Connection, engine: &str, number: u32) -> Result<Option<String>, TxError> {
    let rows = connection.query(APPLIED, &[engine.into(), i64::from(number).into()])?;
    rows.first().map(|row| row.get(0)).transpose()
}

pub(crate) fn insert(
    connection: &mut dyn Connection,
    step: &spine::Migration,
    checksum: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    let number = i64::from(step.number);
    let args = [step.engine.into(), number.into(), step.name.into(), checksum.into(), now.into()];
    connection.execute(INSERT, &args).map(|_| ())
}
