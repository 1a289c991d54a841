//! Steps run once, in order, whole or not at all; both catalogues end up the same.

use spine::{Migration, Timestamp};
use store::{MigrateError, Store, StoreConfig};

use crate::TABLES;

fn step(number: u32, sql: &'static str) -> Migration {
    Migration { engine: "it", number, name: "step", sql }
}

#[test]
fn a_step_runs_once_and_may_not_change() {
    for database in testkit::databases(TABLES) {
        let now = Timestamp::from_micros(5);
        assert!(database.store.migrate(TABLES, now).unwrap().is_empty());
        let two = step(2, "ALTER TABLE it_thing ADD COLUMN extra TEXT;\n");
        assert_eq!(database.store.migrate(&[TABLES[0], two], now).unwrap().len(), 1);
        let changed = step(2, "ALTER TABLE it_thing ADD COLUMN other TEXT;\n");
        let error = database.store.migrate(&[TABLES[0], changed], now).unwrap_err();
        assert!(matches!(error, MigrateError::Changed { .. }), "{error}");
        assert!(error.to_string().contains("it/0002_step"), "{error}");
    }
}

#[test]
fn a_failing_step_leaves_nothing() {
    for database in testkit::databases(TABLES) {
        let bad =
            step(2, "CREATE TABLE it_other (\n    id TEXT PRIMARY KEY\n);\nCREATE TABLE it_thing (\n    id TEXT\n);\n");
        assert!(matches!(database.store.migrate(&[bad], Timestamp::BEGINNING), Err(MigrateError::Step { .. })));
        assert!(!database.store.columns().unwrap().contains(&"it_other.id".to_owned()));
    }
}

#[test]
fn instances_that_start_together_take_turns() {
    for database in testkit::databases(&[]) {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let url = database.url.clone();
                std::thread::spawn(move || {
                    let store = Store::open(&StoreConfig::for_url(&url).unwrap()).unwrap();
                    store.migrate(TABLES, Timestamp::BEGINNING).unwrap().len()
                })
            })
            .collect();
        let applied: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(applied, 1);
    }
}

#[test]
fn both_catalogues_are_the_same() {
    let all: Vec<_> = testkit::databases(TABLES).iter().map(|database| database.store.columns().unwrap()).collect();
    assert!(all[0].contains(&"it_thing.note".to_owned()));
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
}
