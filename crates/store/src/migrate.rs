//! The migration runner: forward only, one transaction a step, checksummed.
//!
//! **Invariant:** a step runs once for a database, whichever of several instances comes first; a step
//! whose text changed after it ran is refused. Steps newer than this program are left alone: they are
//! made so that the previous version goes on working (expand, then contract).

use aws_lc_rs::digest;
use spine::{Migration, Timestamp, TxError};

use crate::config::Backend;
use crate::group::{Connection, Mode};
use crate::{dialect, rows};

/// A step that has just been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The engine.
    pub engine: &'static str,
    /// Its number within the engine.
    pub number: u32,
    /// What it does.
    pub name: &'static str,
}

/// The tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database said no.
    #[error("migration {step} failed; nothing of it was kept: {cause}")]
    Step {
        /// Engine, number and name.
        step: String,
        /// What the database said.
        cause: TxError,
    },
    /// An applied step reads differently now.
    #[error("migration {step} was applied with another text; restore the text and add a new step instead")]
    Changed {
        /// Engine, number and name.
        step: String,
    },
    /// The database cannot be reached.
    #[error("{0}")]
    Database(#[from] TxError),
}

pub(crate) fn migrate(
    connection: &mut dyn Connection,
    backend: &Backend,
    steps: &[Migration],
    now: Timestamp,
) -> Result<Vec<Applied>, MigrateError> {
    let schema = |sql: &str| match backend {
        Backend::Sqlite { .. } => dialect::sqlite_schema(sql),
        Backend::Postgres { .. } => dialect::postgres_schema(sql),
    };
    if matches!(backend, Backend::Postgres { .. }) {
        // Instances that start together take turns; the lock goes with the connection.
        connection.batch("SELECT pg_advisory_lock(5504171426)")?;
    }
    connection.batch(&schema(rows::CREATE_MIGRATIONS))?;
    let mut applied = Vec::new();
    for step in steps {
        let name = format!("{}/{:04}_{}", step.engine, step.number, step.name);
        let checksum = checksum(step.sql);
        connection.begin(Mode::Write)?;
        match rows::applied(connection, step.engine, step.number)? {
            Some(known) if known == checksum => connection.rollback()?,
            Some(_) => {
                connection.rollback()?;
                return Err(MigrateError::Changed { step: name });
            }
            None => {
                let run = connection
                    .batch(&schema(step.sql))
                    .and_then(|()| rows::insert(connection, step, &checksum, now))
                    .and_then(|()| connection.commit());
                if let Err(cause) = run {
                    let _ = connection.rollback();
                    return Err(MigrateError::Step { step: name, cause });
                }
                applied.push(Applied { engine: step.engine, number: step.number, name: step.name });
            }
        }
    }
    Ok(applied)
}

fn checksum(sql: &str) -> String {
    digest::digest(&digest::SHA256, sql.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

const SQLITE_COLUMNS: &str = "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1";
const POSTGRES_COLUMNS: &str =
    "SELECT CAST(table_name || '.' || column_name AS TEXT) COLLATE \"C\" FROM information_schema.columns
    WHERE table_schema = current_schema() ORDER BY 1";

pub(crate) fn columns(connection: &mut dyn Connection, backend: &Backend) -> Result<Vec<String>, TxError> {
    let sql = match backend {
        Backend::Sqlite { .. } => SQLITE_COLUMNS,
        Backend::Postgres { .. } => POSTGRES_COLUMNS,
    };
    connection.query(sql, &[])?.iter().map(|row| row.get(0)).collect()
}
