//! How many durable acts a second, beside what the database alone does with the same rows.

use std::sync::Arc;

use journal::{Acts, Key, Policies, Subscriptions};
use spine::{Act, Actor, Assurance, Caller, Database, Migration, Personal, Resource, Tx};
use testkit::{SeededEntropy, TestDatabase};

use crate::{RealClock, measure, raw};

/// Acts in one measurement, and how many are under way at the same time.
pub(crate) const COUNT: usize = 50_000;
const AT_ONCE: usize = 512;
/// Each is measured so often, in turns; the middle one counts.
const TURNS: usize = 3;

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
pub(crate) const INSERT_THING: &str = "INSERT INTO bench_thing (id, n) VALUES ($1, $2)";

pub(crate) fn run() {
    let steps: Vec<Migration> = journal::MIGRATIONS.iter().copied().chain([TABLE]).collect();
    println!("{COUNT} acts, {AT_ONCE} at once; the middle of {TURNS} runs");
    println!("{:<12} {:<34} {:>10} {:>14}", "database", "what", "a second", "CPU µs each");
    let mut raw = [(0.0, 0.0); TURNS];
    let mut spine = [(0.0, 0.0); TURNS];
    for name in ["SQLite", "PostgreSQL"] {
        for turn in 0..TURNS {
            let Some(database) = fresh(name, &steps) else { return };
            raw[turn] = rate(|| match database.url.strip_prefix("sqlite:") {
                Some(path) => raw::sqlite(path),
                None => raw::postgres(&database.url),
            });
            // Both begin with empty tables.
            let Some(database) = fresh(name, &steps) else { return };
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            spine[turn] = rate(|| runtime.block_on(acts(&database)));
        }
        let raw = say(name, "the same rows, raw, in batches", &mut raw);
        let spine = say(name, "acts: key, policy, journal", &mut spine);
        println!("{name:<12} acts reach {:.0} % of raw", spine / raw * 100.0);
    }
}

fn fresh(name: &str, steps: &[Migration]) -> Option<TestDatabase> {
    if name == "SQLite" { Some(testkit::sqlite(steps)) } else { testkit::databases(steps).into_iter().nth(1) }
}

/// Acts a second, and the CPU time of each in microseconds.
fn rate(run: impl FnOnce()) -> (f64, f64) {
    let took = measure(run);
    (COUNT as f64 / took.wall.as_secs_f64(), took.cpu.as_secs_f64() * 1e6 / COUNT as f64)
}

fn say(database: &str, what: &str, turns: &mut [(f64, f64); TURNS]) -> f64 {
    turns.sort_by(|one, two| one.0.total_cmp(&two.0));
    let (rate, cpu) = turns[TURNS / 2];
    println!("{database:<12} {what:<34} {rate:>10.0} {cpu:>14.1}");
    rate
}

/// What an act leaves, made without the spine.
pub(crate) struct Rows {
    pub(crate) id: String,
    pub(crate) record: String,
    pub(crate) salt: [u8; 32],
}

pub(crate) fn rows(place: usize, run: &str) -> Rows {
    let id = format!("{run}_{place:026}");
    let record = format!(
        "{{\"actor\":{{\"id\":\"per_bench\",\"institution\":null,\"kind\":\"person\"}},\"at\":\"2026-11-24T08:00:00.000000Z\",\"detail\":{{}},\"id\":\"{id}\",\"kind\":\"bench.thing.done\",\"legal_basis\":\"none\",\"object\":\"{id}\",\"on_behalf_of\":null,\"purpose\":\"bench\",\"subject\":\"per_bench\",\"v\":1,\"via\":\"api\"}}"
    );
    Rows { salt: crypto::sha256(&[id.as_bytes()]), id, record }
}

/// The whole spine: the policy asked, the operation's own row, the act written, its answer remembered under its key.
async fn acts(database: &TestDatabase) {
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::new(RealClock),
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
    // Nothing was lost on the way, and nothing written twice.
    let count = |tx: &mut dyn Tx| Ok(Box::new(tx.query(COUNT_ACTS, &[])?[0].get::<i64>(0)?) as spine::Answer);
    let kept = database.store.read(Box::new(count)).await.unwrap().downcast::<i64>().unwrap();
    assert_eq!(usize::try_from(*kept).unwrap(), COUNT);
}

const COUNT_ACTS: &str = "SELECT COUNT(*) FROM journal_act";

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
