//! One behaviour suite, on both databases.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in tests a failure should be loud")]

mod behaviour;
mod migrations;
mod recovery;
mod sharing;
mod tls;

use spine::{Database, Fault, Migration, Tx, Value};
use testkit::TestDatabase;

/// The tables the suite works on.
pub(crate) const TABLES: &[Migration] = &[Migration {
    engine: "it",
    number: 1,
    name: "things",
    sql: "CREATE TABLE it_thing (\n    id TEXT PRIMARY KEY,\n    n BIGINT NOT NULL CHECK (n >= 0),\n    note TEXT,\n    data BLOB\n);\nCREATE INDEX it_thing_n ON it_thing (n);\n",
}];

/// Runs work that writes and gives its value.
pub(crate) fn write<T: Send + 'static, F>(
    database: &TestDatabase,
    mut work: F,
) -> impl Future<Output = Result<T, Fault>> + Send + use<T, F>
where
    F: FnMut(&mut dyn Tx) -> Result<T, Fault> + Send + 'static,
{
    write_in(&database.store, move |tx| work(tx))
}

/// The same, in a store opened with settings of its own.
pub(crate) fn write_in<T: Send + 'static, F>(
    store: &store::Store,
    mut work: F,
) -> impl Future<Output = Result<T, Fault>> + Send + use<T, F>
where
    F: FnMut(&mut dyn Tx) -> Result<T, Fault> + Send + 'static,
{
    let answer = store.write(Box::new(move |tx| Ok(Box::new(work(tx)?))));
    async move { Ok(*answer.await?.downcast::<T>().unwrap()) }
}

/// Runs work that reads and gives its value.
pub(crate) async fn read<T: Send + 'static>(
    database: &TestDatabase,
    mut work: impl FnMut(&mut dyn Tx) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let answer = database.store.read(Box::new(move |tx| Ok(Box::new(work(tx)?)))).await?;
    Ok(*answer.downcast::<T>().unwrap())
}

pub(crate) const INSERT: &str = "INSERT INTO it_thing (id, n, note, data) VALUES ($1, $2, $3, $4)";

pub(crate) fn insert(tx: &mut dyn Tx, id: &str, n: i64) -> Result<u64, Fault> {
    Ok(tx.execute(INSERT, &[id.into(), n.into(), Value::Null, Value::Null])?)
}

pub(crate) fn count(tx: &mut dyn Tx) -> Result<i64, Fault> {
    Ok(tx.query("SELECT COUNT(*) FROM it_thing", &[])?[0].get(0)?)
}

/// Runs `test` on each database.
pub(crate) fn on_each(test: impl AsyncFn(&TestDatabase)) {
    for database in testkit::databases(TABLES) {
        testkit::block_on(test(&database));
    }
}
