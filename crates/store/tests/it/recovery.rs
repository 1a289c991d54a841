//! The database goes away, fills up, or is slow: a clear answer, nothing lost, and work goes on afterwards.

use std::time::Duration;

use spine::{Database, FaultKind, Tx, Value};
use store::{Store, StoreConfig};

use crate::behaviour::join_all;
use crate::{TABLES, count, insert, on_each, read, write_in};

#[test]
fn a_full_disk_is_an_answer_and_loses_nothing() {
    let database = testkit::sqlite(TABLES);
    testkit::block_on(async {
        let mut config = StoreConfig::for_url(&database.url).unwrap();
        config.patience = Duration::from_millis(50);
        let store = Store::open(&config).unwrap();
        write_in(&store, |tx| insert(tx, "before", 1)).await.unwrap();
        // SQLite's own limit on pages stands for the disk's; it answers SQLITE_FULL just the same.
        write_in(&store, |tx| Ok(tx.query("PRAGMA max_page_count = 30", &[])?.len())).await.unwrap();
        let (mut kept, mut refused) = (1, 0);
        for number in 0..10 {
            let insert_big = move |tx: &mut dyn Tx| {
                let (id, big) = (format!("big{number}"), vec![7_u8; 40_000]);
                Ok(tx.execute(crate::INSERT, &[id.into(), 1.into(), Value::Null, big.into()])?)
            };
            match write_in(&store, insert_big).await {
                Ok(_) => kept += 1,
                Err(fault) => {
                    assert_eq!((fault.kind(), fault.code()), (FaultKind::Unavailable, "store.database.unavailable"));
                    refused += 1;
                }
            }
        }
        assert!(refused > 0);
        assert_eq!(read(&database, count).await.unwrap(), kept);
        write_in(&store, |tx| Ok(tx.query("PRAGMA max_page_count = 100000", &[])?.len())).await.unwrap();
        write_in(&store, |tx| insert(tx, "after", 1)).await.unwrap();
        assert_eq!(read(&database, count).await.unwrap(), kept + 1);
    });
}

#[test]
fn a_full_queue_refuses_at_once() {
    on_each(async |database| {
        let mut config = StoreConfig::for_url(&database.url).unwrap();
        config.queue_limit = 2;
        config.group_limit = 1;
        config.postgres_writers = 1;
        let small = Store::open(&config).unwrap();
        let slow = (0..20).map(|_| {
            small.write(Box::new(|tx| {
                std::thread::sleep(Duration::from_millis(5));
                Ok(Box::new(count(tx)?))
            }))
        });
        let answers = join_all(slow.collect()).await;
        let refused = answers
            .iter()
            .filter(|answer| answer.as_ref().is_err_and(|fault| fault.code() == "store.queue.full"))
            .count();
        assert!(refused > 0);
        assert!(
            answers
                .iter()
                .all(|answer| answer.is_ok()
                    || answer.as_ref().is_err_and(|fault| fault.retry_after_seconds() == Some(1)))
        );
    });
}

#[test]
fn a_cut_connection_is_opened_again() {
    let Some(url) = testkit::postgres_url() else { return };
    for database in testkit::databases(TABLES).into_iter().filter(|database| database.url.starts_with("postgres")) {
        testkit::block_on(async {
            let own = format!("{}&application_name=letsema_cut", database.url);
            let own = Store::open(&StoreConfig::for_url(&own).unwrap()).unwrap();
            let add = |id: &'static str| own.write(Box::new(move |tx| Ok(Box::new(insert(tx, id, 1)?))));
            add("a").await.unwrap();
            let admin = Store::open(&StoreConfig::for_url(&url).unwrap()).unwrap();
            let cut = write_in(&admin, |tx| {
                let sql = "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity
                    WHERE application_name = 'letsema_cut'";
                Ok(tx.query(sql, &[])?[0].get::<i64>(0)?)
            });
            assert!(cut.await.unwrap() > 0);
            write_in(&own, |tx| insert(tx, "b", 1)).await.unwrap();
            assert_eq!(read(&database, count).await.unwrap(), 2);
        });
    }
}

/// The server's own housekeeping comes by once a minute; until it does, the planner would know nothing of a new table.
#[test]
fn a_table_is_counted_as_it_grows() {
    for database in testkit::databases(TABLES).into_iter().filter(|database| database.url.starts_with("postgres")) {
        testkit::block_on(async {
            let mut config = StoreConfig::for_url(&database.url).unwrap();
            config.postgres_writers = 1;
            let store = Store::open(&config).unwrap();
            let counted = |tx: &mut dyn Tx| {
                let sql = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = CAST('it_thing' AS regclass)";
                Ok(tx.query(sql, &[])?[0].get::<i64>(0)?)
            };
            assert!(read(&database, counted).await.unwrap() <= 0);
            for piece in 0..40 {
                let add = move |tx: &mut dyn Tx| {
                    (0..100).try_for_each(|number| insert(tx, &format!("{piece}.{number}"), 1).map(drop))
                };
                write_in(&store, add).await.unwrap();
                // The server hears of what was written once a second.
                tokio::time::sleep(Duration::from_millis(100)).await;
                if read(&database, counted).await.unwrap() > 0 {
                    return;
                }
            }
            panic!("4,000 rows, and nobody counted them");
        });
    }
}

#[test]
fn an_unreachable_server_is_said_plainly() {
    let mut config = StoreConfig::for_url("postgres://nobody@127.0.0.1:1/none").unwrap();
    config.patience = Duration::from_millis(10);
    let error = Store::open(&config).err().unwrap().to_string();
    assert!(error.starts_with("cannot open the database"), "{error}");
}
