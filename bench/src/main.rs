//! How many durable acts a second, and what the database alone would do in the same run.
//!
//! **Invariant:** each figure stands beside its limit from the same run: the same rows without the spine, in batches of
//! the same size. CPU time is the whole process's, so a busy machine shows.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a bench is run by hand, and measures"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::{Acts, Key, Policies, Subscriptions};
use spine::{Act, Actor, Assurance, Caller, Database, Migration, Personal, Resource, Tx};
use testkit::{SeededEntropy, TestClock, TestDatabase};

/// Acts in one measurement, and how many are under way at the same time.
const COUNT: usize = 20_000;
const AT_ONCE: usize = 512;
/// Rows in one commit of the raw limit: as many as may share a commit of the store.
const BATCH: usize = 256;

const POLICY: &str = r#"
@id("own") permit (principal is Person, action == Action::"bench.thing.do", resource is Thing) when { resource.own };
@id("other") permit (principal is System, action, resource);
"#;

const TABLE: Migration = Migration {
    engine: "bench",
    number: 1,
    name: "thing",
    sql: "CREATE TABLE bench_thing (\n    id TEXT PRIMARY KEY,\n    n BIGINT NOT NULL\n);\n",
};
const INSERT_THING: &str = "INSERT INTO bench_thing (id, n) VALUES ($1, $2)";
const INSERT_ACT: &str = "
    INSERT INTO journal_act (id, at, kind, actor_kind, actor, on_behalf_of, subject, object, purpose, legal_basis, salt, record, sequenced)
    VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, $8, $9, $10, $11, 0)";
const INSERT_REQUEST: &str =
    "INSERT INTO journal_request (key, request_hash, outcome, made_at) VALUES ($1, $2, $3, $4)";

fn main() {
    let steps: Vec<Migration> = journal::MIGRATIONS.iter().copied().chain([TABLE]).collect();
    println!("{:<12} {:<34} {:>10} {:>14}", "database", "what", "a second", "CPU µs each");
    for (name, database) in ["SQLite", "PostgreSQL"].into_iter().zip(testkit::databases(&steps)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let raw = measure(name, "the same rows, raw, in batches", || raw(&database));
        let store = measure(name, "the same rows through the store", || runtime.block_on(through_store(&database)));
        let spine = measure(name, "acts: key, policy, journal", || runtime.block_on(acts(&database)));
        let of_store = spine / store * 100.0;
        if raw.is_nan() {
            println!("{name:<12} the spine reaches {of_store:.0} % of the store");
        } else {
            println!("{name:<12} the spine reaches {:.0} % of raw, {of_store:.0} % of the store", spine / raw * 100.0);
        }
    }
}

fn measure(database: &str, what: &str, run: impl FnOnce() -> bool) -> f64 {
    let (begun, cpu) = (Instant::now(), cpu_time());
    if !run() {
        println!("{database:<12} {what:<34} {:>10}", "-");
        return f64::NAN;
    }
    let (took, cpu) = (begun.elapsed(), cpu_time() - cpu);
    let rate = COUNT as f64 / took.as_secs_f64();
    println!("{database:<12} {what:<34} {rate:>10.0} {:>14.1}", cpu.as_secs_f64() * 1e6 / COUNT as f64);
    rate
}

/// User and system time of this process (proc(5): fields 14 and 15, in hundredths of a second).
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

struct Rows {
    id: String,
    record: String,
    salt: [u8; 32],
}

fn rows(place: usize, run: &str) -> Rows {
    let id = format!("{run}_{place:026}");
    let record = format!(
        "{{\"actor\":{{\"id\":\"per_bench\",\"kind\":\"person\"}},\"at\":\"2026-11-24T08:00:00Z\",\"detail\":{{}},\"id\":\"{id}\",\"kind\":\"bench.thing.done\",\"legal_basis\":\"none\",\"object\":\"{id}\",\"purpose\":\"bench\",\"subject\":\"per_bench\",\"v\":1,\"via\":\"api\"}}"
    );
    Rows { salt: crypto::sha256(&[id.as_bytes()]), id, record }
}

/// The driver alone: SQLite by rusqlite, in one transaction for each batch. PostgreSQL's raw limit is the store's.
fn raw(database: &TestDatabase) -> bool {
    let Some(path) = database.url.strip_prefix("sqlite:") else { return false };
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").unwrap();
    for first in (0..COUNT).step_by(BATCH) {
        let tx = connection.transaction().unwrap();
        for place in first..(first + BATCH).min(COUNT) {
            let row = rows(place, "raw");
            tx.prepare_cached(&INSERT_THING.replace('$', "?")).unwrap().execute((&row.id, 1)).unwrap();
            tx.prepare_cached(&INSERT_ACT.replace('$', "?"))
                .unwrap()
                .execute((
                    &row.id,
                    1,
                    "bench.thing.done",
                    "person",
                    "per_bench",
                    "per_bench",
                    &row.id,
                    "bench",
                    "none",
                    &row.salt[..],
                    &row.record,
                ))
                .unwrap();
            tx.prepare_cached(&INSERT_REQUEST.replace('$', "?"))
                .unwrap()
                .execute((&row.id, &row.salt[..], "null", 1))
                .unwrap();
        }
        tx.commit().unwrap();
    }
    true
}

/// The same rows, one unit of work each, sharing commits.
async fn through_store(database: &TestDatabase) -> bool {
    let store = database.store.clone();
    concurrently(move |place| {
        let store = store.clone();
        async move {
            let row = rows(place, "store");
            store
                .write(Box::new(move |tx: &mut dyn Tx| {
                    tx.execute(INSERT_THING, &[(&row.id).into(), 1_i64.into()])?;
                    let args = [
                        (&row.id).into(),
                        1_i64.into(),
                        "bench.thing.done".into(),
                        "person".into(),
                        "per_bench".into(),
                        "per_bench".into(),
                        (&row.id).into(),
                        "bench".into(),
                        "none".into(),
                        (&row.salt).into(),
                        (&row.record).into(),
                    ];
                    tx.execute(INSERT_ACT, &args)?;
                    tx.execute(INSERT_REQUEST, &[(&row.id).into(), (&row.salt).into(), "null".into(), 1_i64.into()])?;
                    Ok(Box::new(()))
                }))
                .await
                .unwrap();
        }
    })
    .await;
    true
}

/// The whole spine: the key is looked up, the policy asked, the act written and remembered.
async fn acts(database: &TestDatabase) -> bool {
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::new(TestClock::at("2026-11-24T08:00:00Z")),
        Arc::new(SeededEntropy::default()),
        Arc::new(Policies::parse([("bench.cedar", POLICY)]).unwrap()),
        Subscriptions::default(),
    );
    let actor = Actor::person("per_bench", Personal::new("Bench".to_owned()), Assurance::Substantial);
    let caller = Caller { actor, ..Caller::system("bench") };
    concurrently(move |place| {
        let (acts, caller) = (acts.clone(), caller.clone());
        async move {
            let id = format!("spine_{place:026}");
            let key = Key::new("bench.thing.do", &id, id.as_bytes());
            acts.write(&caller, &key, move |cx| {
                cx.may("bench.thing.do", &Resource::new("Thing", &id).is("own", true))?;
                cx.tx().execute(INSERT_THING, &[(&id).into(), 1_i64.into()])?;
                cx.record(Act::new("bench.thing.done").about("per_bench").on(&id).because("bench", "none"));
                Ok(())
            })
            .await
            .unwrap();
        }
    })
    .await;
    true
}

async fn concurrently<F: Future<Output = ()> + Send + 'static>(one: impl Fn(usize) -> F + Send + Sync + 'static) {
    let one = Arc::new(one);
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|first| {
            let one = Arc::clone(&one);
            tokio::spawn(async move {
                for place in (first..COUNT).step_by(AT_ONCE) {
                    one(place).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
}
