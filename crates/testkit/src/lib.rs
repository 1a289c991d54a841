//! What tests need: both databases, a clock set by hand, seeded randomness, an authority that says yes.
//!
//! **Invariant:** development only. A test that takes a [`TestDatabase`] runs on SQLite, and on PostgreSQL
//! too when `LETSEMA_TEST_POSTGRES` names a server (`make test` starts one).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "in tests a failure should be loud"
)]

mod authenticator;
mod words;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub use authenticator::{Authenticator, COPIED, PRESENT, VERIFIED};
use spine::{Actor, Authority, Clock, Entropy, Fault, Migration, Resource, Timestamp};
use store::{Store, StoreConfig};
pub use words::words;

/// A fresh database of its own, dropped with the value.
pub struct TestDatabase {
    /// The database.
    pub store: Store,
    /// Its URL, to open it again.
    pub url: String,
    sqlite_path: Option<PathBuf>,
}

/// A fresh SQLite file, and a fresh PostgreSQL schema where there is a server.
#[must_use]
pub fn databases(migrations: &[Migration]) -> Vec<TestDatabase> {
    let mut all = vec![sqlite(migrations)];
    match postgres_url() {
        Some(url) => all.push(postgres(&url, migrations)),
        None => eprintln!("LETSEMA_TEST_POSTGRES is not set: this test ran on SQLite only"),
    }
    all
}

/// The PostgreSQL server that tests may use.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
pub fn postgres_url() -> Option<String> {
    std::env::var("LETSEMA_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// Where something lies that whoever has the slow tests run must bring along.
///
/// # Panics
/// If the environment does not say.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
pub fn brought_as(variable: &str) -> PathBuf {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} says where it lies")).into()
}

/// A name no other test of this or another process has.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{count}", std::process::id())
}

/// A fresh SQLite file.
#[must_use]
pub fn sqlite(migrations: &[Migration]) -> TestDatabase {
    let path = std::env::temp_dir().join(format!("{}.db", unique("letsema_test")));
    remove_sqlite(&path);
    open(format!("sqlite:{}", path.display()), Some(path), migrations)
}

fn postgres(server: &str, migrations: &[Migration]) -> TestDatabase {
    let schema = unique("test");
    let admin = Store::open(&StoreConfig::for_url(server).expect("LETSEMA_TEST_POSTGRES is a postgres:// URL"))
        .expect("the test server answers");
    // Process numbers come round again: an earlier process may have left a schema of this name.
    for sql in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
        run_raw(&admin, Box::leak(sql.into_boxed_str()));
    }
    let join = if server.contains('?') { '&' } else { '?' };
    open(format!("{server}{join}options=-c%20search_path%3D{schema}"), None, migrations)
}

fn run_raw(store: &Store, sql: &'static str) {
    use spine::Database;
    let answer = store.write(Box::new(move |tx| Ok(Box::new(tx.execute(sql, &[])?))));
    block_on(answer).expect("the schema can be made");
}

/// The same database opened once more, as another instance of the program would.
#[must_use]
pub fn open_again(database: &TestDatabase) -> Store {
    open_url(&database.url)
}

/// As [`open_again`], by the address.
#[must_use]
pub fn open_url(url: &str) -> Store {
    Store::open(&StoreConfig::for_url(url).expect("a database URL")).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn open(url: String, sqlite_path: Option<PathBuf>, migrations: &[Migration]) -> TestDatabase {
    let store =
        Store::open(&StoreConfig::for_url(&url).expect("a database URL")).unwrap_or_else(|error| panic!("{error}"));
    store.migrate(migrations, Timestamp::BEGINNING).unwrap_or_else(|error| panic!("{error}"));
    TestDatabase { store, url, sqlite_path }
}

fn remove_sqlite(path: &std::path::Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A schema in PostgreSQL goes with the throw-away server.
        if let Some(path) = &self.sqlite_path {
            remove_sqlite(path);
        }
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that stands at `moment` (RFC 3339).
    #[must_use]
    pub fn at(moment: &str) -> Self {
        Self(AtomicI64::new(Timestamp::parse(moment).unwrap().as_micros()))
    }

    /// Moves it by `seconds`, back if negative.
    pub fn step(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Seeds that count up: every run of a test is the same.
#[derive(Debug, Default)]
pub struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes());
        seed
    }
}

/// Says yes to everybody.
#[derive(Debug)]
pub struct Everything;

impl Authority for Everything {
    fn decide(&self, _: &Actor, _: &str, _: &Resource) -> Result<(), Fault> {
        Ok(())
    }
}
