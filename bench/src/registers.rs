//! A register of a million people: how long it takes to write, and how long a look-up, with its durable act, and a
//! search take beside what the disk alone takes to make one small write durable.
//!
//! **Invariant:** one at a time, while the evidence log grows beside it as in the program.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::log::{LogKey, Sequencer};
use journal::{Acts, Key, Policies, Subscriptions};
use registers::{Fields, Look, Query, Registers};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use spine::{Caller, Cx, Fault, Migration};
use testkit::{SeededEntropy, TestDatabase};

use crate::{RealClock, measure, resident};

/// Records written by one act.
const BATCH: usize = 5_000;
const TIMES: usize = 2_000;
const REGISTER: &str = "civil-person";
const POLICY: &str = r#"@id("bench") permit (principal is System, action, resource);"#;

pub(crate) fn run(count: usize) {
    let steps: Vec<Migration> = journal::MIGRATIONS.iter().chain(registers::MIGRATIONS).copied().collect();
    for database in testkit::databases(&steps) {
        let name = if database.url.starts_with("sqlite:") { "SQLite" } else { "PostgreSQL" };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        println!("{name}: {count} records");
        runtime.block_on(one(&database, count));
    }
}

async fn one(database: &TestDatabase, count: usize) {
    let bench = Bench::open(database);
    let took = measure(|| tokio::task::block_in_place(|| write(&bench, count)));
    let rate = count as f64 / took.wall.as_secs_f64();
    println!("  written: {rate:.0} a second, {:.1} CPU µs each", took.cpu.as_secs_f64() * 1e6 / count as f64);
    println!("  measuring; the program has {} MiB resident", resident("self"));
    disk();
    let sequencer = tokio::spawn(bench.sequencer.clone().run());
    // Numbers far from one another, so that no page is warm because of the one before.
    let key = |n: usize| number(n * 999_331 % count);
    percentiles("find, without an act", |n| {
        let (registers, key) = (bench.registers.clone(), key(n));
        let found = move |cx: &mut Cx<'_>| registers::find(cx, &registers, REGISTER, &key);
        let (acts, caller) = (bench.acts.clone(), bench.caller.clone());
        async move { assert!(acts.read(&caller, found).await.unwrap().is_some()) }
    })
    .await;
    percentiles("look-up, with its act durable", |n| {
        let (registers, look) = (bench.registers.clone(), Look::new(REGISTER, key(n), "test"));
        bench.write(move |cx| registers::look_up(cx, &registers, &look))
    })
    .await;
    let (given, family) = (names("female"), names("surnames"));
    let words: [(&str, &dyn Fn(usize) -> String); 3] = [
        ("search, given and family name", &|n| format!("{} {}", given[n % given.len()], family[n * 7 % family.len()])),
        ("search, family name", &|n| family[n % family.len()].clone()),
        ("search, beginnings of both", &|n| {
            format!("mo {}", given[n % given.len()].chars().take(3).collect::<String>())
        }),
    ];
    for (what, words) in words {
        percentiles(what, |n| {
            let (registers, query) = (bench.registers.clone(), Query::new(REGISTER).words(words(n)));
            bench.write(move |cx| registers::search(cx, &registers, &query))
        })
        .await;
    }
    println!("  the program has {} MiB resident", resident("self"));
    sequencer.abort();
}

fn write(bench: &Bench, count: usize) {
    tokio::runtime::Handle::current().block_on(async {
        for first in (0..count).step_by(BATCH) {
            let batch: Vec<Fields> = people(first..(first + BATCH).min(count)).collect();
            let registers = bench.registers.clone();
            let enrol = move |cx: &mut Cx<'_>| {
                registers::enrol_many(cx, &registers, REGISTER, batch.clone()).map(|ids| ids.len())
            };
            bench.write(enrol).await;
        }
    });
}

struct Bench {
    acts: Acts,
    caller: Caller,
    registers: Registers,
    sequencer: Sequencer,
}

impl Bench {
    fn open(database: &TestDatabase) -> Self {
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::new(RealClock),
            Arc::new(SeededEntropy::default()),
            Arc::new(Policies::parse([("bench.cedar", POLICY)]).unwrap()),
            Subscriptions::default(),
        );
        let key = crypto::SigningKey::generate(crypto::Algorithm::EdDsa).unwrap();
        let sequencer = Sequencer::new(acts.clone(), Arc::new(LogKey::new("bench/log", key).unwrap()));
        let text = |path: &str| std::fs::read_to_string(pack().join(path)).unwrap();
        let declared = [("civil-person.toml".to_owned(), text("registers/civil-person.toml"))];
        let registers = Registers::parse(&declared, toml::from_str(&text("names.toml")).unwrap()).unwrap();
        Self { acts, caller: Caller::system("bench"), registers, sequencer }
    }

    fn write<T, F>(&self, operation: F) -> impl Future<Output = T> + use<T, F>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (acts, caller) = (self.acts.clone(), self.caller.clone());
        let running = tokio::spawn(async move { acts.write(&caller, &Key::none(), operation).await });
        async move { running.await.unwrap().unwrap() }
    }
}

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packs/lesotho")
}

fn names(which: &str) -> Vec<String> {
    let table: toml::Table = std::fs::read_to_string(pack().join("population/names.toml")).unwrap().parse().unwrap();
    table[which].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn number(n: usize) -> String {
    format!("{:012}", n * 7_919 % 1_000_000_007)
}

fn people(range: std::ops::Range<usize>) -> impl Iterator<Item = Fields> {
    let (given, family) = (names("female"), names("surnames"));
    range.map(move |n| {
        let person = json!({
            "national_id": number(n),
            "person": format!("per_{n:026}"),
            "given": given[n * 31 % given.len()],
            "family": family[n * 17 % family.len()],
            "born": format!("{}-{:02}-{:02}", 1930 + n % 90, n % 12 + 1, n % 28 + 1),
            "sex": "female",
            "district": "maseru",
            "village": "Ha-Mohale",
            "phone": format!("+2665{n:07}"),
        });
        person.as_object().unwrap().clone()
    })
}

async fn percentiles<F: Future>(what: &str, mut one: impl FnMut(usize) -> F) {
    let mut took = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        let begun = Instant::now();
        one(number).await;
        took.push(begun.elapsed());
    }
    say(what, took);
}

fn say(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let (half, most, last) = (took[took.len() / 2], took[took.len() * 99 / 100], took[took.len() - 1]);
    println!("  {what:<34} p50 {half:>9.2?}  p99 {most:>9.2?}  slowest {last:>9.2?}");
}

/// The limit of whatever is durable: as many bytes as an act dirties in the write-ahead log, and `fdatasync`.
fn disk() {
    let path = std::env::temp_dir().join(testkit::unique("letsema_bench"));
    let mut file = std::fs::File::create(&path).unwrap();
    let page = vec![7_u8; 32 * 1024];
    let mut took = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        // The log is written over and over again, and grows only at first.
        if number % 500 == 0 {
            file.rewind().unwrap();
        }
        let begun = Instant::now();
        file.write_all(&page).unwrap();
        file.sync_data().unwrap();
        took.push(begun.elapsed());
    }
    std::fs::remove_file(path).unwrap();
    say("the disk alone, 32 KiB durable", took);
}
