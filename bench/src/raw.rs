//! The limit: the same rows by the database's own driver and nothing else, in batches of as many as may share a commit
//! of the store, made as durable.
//!
//! **Invariant:** the rows are those that an act of `acts.rs` leaves: the thing, the act, the remembered answer. SQLite has
//! one writer; PostgreSQL gets as many connections as the store has, and its quickest way for many rows: arrays.

use crate::acts::{COUNT, INSERT_THING, Rows, rows};

/// Rows in one commit: as many units as may share one of the store's.
const BATCH: usize = 256;
/// Connections of the store that write to PostgreSQL.
const WRITERS: usize = 4;

const INSERT_ACT: &str = "
    INSERT INTO journal_act (id, at, kind, actor_kind, actor, on_behalf_of, subject, object, purpose, legal_basis, salt, record, sequenced)
    VALUES ($1, $2, 'bench.thing.done', 'person', 'per_bench', NULL, 'per_bench', $1, 'bench', 'none', $3, $4, 0)";
const INSERT_REQUEST: &str =
    "INSERT INTO journal_request (key, request_hash, outcome, made_at) VALUES ($1, $2, 'null', $3)";

pub(crate) fn sqlite(path: &str) {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").unwrap();
    let [thing, act, request] = [INSERT_THING, INSERT_ACT, INSERT_REQUEST].map(|sql| sql.replace('$', "?"));
    for first in (0..COUNT).step_by(BATCH) {
        let tx = connection.transaction().unwrap();
        for place in first..(first + BATCH).min(COUNT) {
            let row = rows(place, "raw");
            tx.prepare_cached(&thing).unwrap().execute((&row.id, 1)).unwrap();
            tx.prepare_cached(&act).unwrap().execute((&row.id, 1, &row.salt[..], &row.record)).unwrap();
            tx.prepare_cached(&request).unwrap().execute((&row.id, &row.salt[..], 1)).unwrap();
        }
        tx.commit().unwrap();
    }
}

const THINGS: &str = "INSERT INTO bench_thing (id, n) SELECT id, 1 FROM unnest($1::text[]) AS given (id)";
const ACTS: &str = "
    INSERT INTO journal_act (id, at, kind, actor_kind, actor, on_behalf_of, subject, object, purpose, legal_basis, salt, record, sequenced)
    SELECT id, 1, 'bench.thing.done', 'person', 'per_bench', NULL, 'per_bench', id, 'bench', 'none', salt, record, 0
    FROM unnest($1::text[], $2::bytea[], $3::text[]) AS given (id, salt, record)";
const REQUESTS: &str = "
    INSERT INTO journal_request (key, request_hash, outcome, made_at)
    SELECT id, salt, 'null', 1 FROM unnest($1::text[], $2::bytea[]) AS given (id, salt)";

pub(crate) fn postgres(url: &str) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
                let [things, acts, requests] = [THINGS, ACTS, REQUESTS].map(|sql| client.prepare(sql).unwrap());
                for first in (writer * BATCH..COUNT).step_by(WRITERS * BATCH) {
                    let rows: Vec<Rows> = (first..(first + BATCH).min(COUNT)).map(|place| rows(place, "raw")).collect();
                    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
                    let salts: Vec<&[u8]> = rows.iter().map(|row| &row.salt[..]).collect();
                    let records: Vec<&str> = rows.iter().map(|row| row.record.as_str()).collect();
                    let serializable = postgres::IsolationLevel::Serializable;
                    let mut tx = client.build_transaction().isolation_level(serializable).start().unwrap();
                    tx.execute(&things, &[&ids]).unwrap();
                    tx.execute(&acts, &[&ids, &salts, &records]).unwrap();
                    tx.execute(&requests, &[&ids, &salts]).unwrap();
                    tx.commit().unwrap();
                }
            });
        }
    });
}
