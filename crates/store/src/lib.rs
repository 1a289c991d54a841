//! SQLite and PostgreSQL behind one [`Tx`](spine::Tx).
//!
//! The store owns every transaction: it begins, groups, commits, retries and recovers; an engine
//! hands it a unit of work and cannot open a transaction in any other way.
//!
//! **Invariant:** work that answered was durable first; work that faulted left nothing behind; two
//! units of work never lose each other's updates, on either database.
//!
//! **Absent on purpose:** queries built at run time, an object mapper, asynchronous transactions. Units
//! of work are plain functions on a database thread, so no network call can happen inside one.
//!
//! | file | its job |
//! |---|---|
//! | `config.rs` | which database, how to reach it |
//! | `queue.rs` | the bounded queue and the database threads |
//! | `group.rs` | transactions: group commit, savepoints, retry, recovery |
//! | `seat.rs` | what the posting lane holds in memory beside its connection |
//! | `unit.rs` | one unit of work, and the rows it appends |
//! | `sqlite.rs`, `pg/` | one connection each |
//! | `dialect.rs` | the few words that differ |
//! | `migrate.rs`, `rows.rs` | the tables, forward only |

mod config;
mod dialect;
mod group;
mod migrate;
mod pg;
mod queue;
mod rows;
mod seat;
mod sqlite;
mod unit;

use std::sync::Arc;

pub use config::{Backend, ConfigError, StoreConfig};
pub use migrate::{Applied, MigrateError};
use spine::tx::Pending;
use spine::{Database, Lane, Migration, Timestamp, TxError, Work};

use crate::group::{Connect, Mode};
use crate::queue::Queue;

/// A database with its threads. Cheap to clone; the threads end when the last clone goes.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    connect: Arc<dyn Connect>,
    writers: Queue,
    /// On SQLite the one writer runs all lanes.
    posting: Option<Queue>,
    readers: Queue,
    backend: Backend,
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database answered no, or not at all.
    #[error("cannot open the database: {0}")]
    Connect(#[from] TxError),
    /// The TLS settings do not work.
    #[error("cannot set up TLS to the database: {0}")]
    Tls(String),
    /// A thread could not be started.
    #[error("cannot start a database thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl Store {
    /// Opens the database, proves that it answers, and starts its threads.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be reached or the settings are wrong.
    pub fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let connect: Arc<dyn Connect> = match &config.backend {
            Backend::Sqlite { path } => Arc::new(sqlite::Sqlite::new(path.clone())),
            Backend::Postgres { url, root_certificate } => {
                Arc::new(pg::Postgres::new(url.reveal(), root_certificate.as_deref()).map_err(OpenError::Tls)?)
            }
        };
        aside(|| connect.connect(Mode::Write).map(drop))?;
        let is_one = matches!(config.backend, Backend::Sqlite { .. });
        let start = |name, threads, mode, posts| Queue::start(name, threads, mode, posts, &connect, config);
        let writers = start("store-write", config.writers(), Mode::Write, is_one)?;
        let posting = if is_one { None } else { Some(start("store-post", 1, Mode::Post, true)?) };
        let readers = start("store-read", config.readers, Mode::Read, false)?;
        Ok(Self { inner: Arc::new(Inner { connect, writers, posting, readers, backend: config.backend.clone() }) })
    }

    /// Brings the tables up to date, each step in its own transaction, once, whichever instance comes first.
    ///
    /// # Errors
    /// [`MigrateError`] if a step fails or an applied step's text has changed since.
    pub fn migrate(&self, steps: &[Migration], now: Timestamp) -> Result<Vec<Applied>, MigrateError> {
        aside(|| {
            let mut connection = self.inner.connect.connect(Mode::Write)?;
            migrate::migrate(connection.as_mut(), &self.inner.backend, steps, now)
        })
    }

    /// Prepares a statement without running it, so that a test can prove every SQL text on this database.
    ///
    /// # Errors
    /// What the database says against it.
    pub fn prepare(&self, sql: &'static str) -> Result<(), TxError> {
        aside(|| self.inner.connect.connect(Mode::Write)?.prepare(sql))
    }

    /// The tables and their columns, `table.column`, sorted: the same on both databases.
    ///
    /// # Errors
    /// As any query.
    pub fn columns(&self) -> Result<Vec<String>, TxError> {
        aside(|| migrate::columns(self.inner.connect.connect(Mode::Read)?.as_mut(), &self.inner.backend))
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.inner.backend
    }
}

/// Runs `work` on a thread of its own: the PostgreSQL client blocks, and may not do so on a thread of the
/// asynchronous runtime, where a caller may well be standing.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

impl Database for Store {
    fn write_in(&self, lane: Lane, work: Work) -> Pending {
        match (&self.inner.posting, lane) {
            (Some(posting), Lane::Posting | Lane::Bulk) => posting.submit(lane, work),
            _ => self.inner.writers.submit(lane, work),
        }
    }

    fn read(&self, work: Work) -> Pending {
        self.inner.readers.submit(Lane::Shared, work)
    }
}
