//! The journal through its face, on both databases.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in tests a failure should be loud")]

mod acts;
mod jobs;
mod log;
mod sharing;

use std::sync::Arc;

use journal::{Acts, Subscriptions};
use spine::Migration;
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};

pub(crate) const COUNTER: Migration = Migration {
    engine: "it",
    number: 1,
    name: "counter",
    sql: "CREATE TABLE it_counter (\n    id TEXT PRIMARY KEY,\n    n BIGINT NOT NULL\n);\n",
};

/// A journal on a fresh database, with a clock to move.
pub(crate) struct Bench {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) database: TestDatabase,
}

/// Runs `test` on each database.
pub(crate) fn on_each(test: impl AsyncFn(Bench)) {
    let migrations: Vec<Migration> = journal::MIGRATIONS.iter().copied().chain([COUNTER]).collect();
    for database in testkit::databases(&migrations) {
        let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
        let subscriptions = Subscriptions::default().on("it.counter.counted", "it.react");
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::new(SeededEntropy::default()),
            Arc::new(Everything),
            subscriptions,
        );
        testkit::block_on(test(Bench { acts, clock, database }));
    }
}
