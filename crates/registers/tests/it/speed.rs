//! How fast it is: the demonstration's ten thousand people always, a million when asked
//! (`cargo nextest run -p registers --run-ignored only million`).
//!
//! **Invariant:** measured on SQLite with full durability, on this machine, beside whatever else runs on it.

use std::time::{Duration, Instant};

use registers::{Fields, Look, Query};
use serde_json::json;

use crate::world::{Bench, bench, object, per};

fn names(which: &str) -> Vec<String> {
    let file = std::fs::read_to_string(crate::world::pack().join("population/names.toml")).unwrap();
    let table: toml::Table = file.parse().unwrap();
    table[which].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn people(range: std::ops::Range<usize>) -> impl Iterator<Item = Fields> {
    let (given, family) = (names("female"), names("surnames"));
    range.map(move |n| {
        object(json!({
            "national_id": format!("{:012}", n * 7_919 % 1_000_000_007),
            "person": per(n),
            "given": given[n * 31 % given.len()],
            "family": family[n * 17 % family.len()],
            "born": format!("{}-{:02}-{:02}", 1930 + n % 90, n % 12 + 1, n % 28 + 1),
            "sex": "female",
            "district": "maseru",
            "village": "Ha-Mohale",
            "phone": format!("+2665{:07}", n),
        }))
    })
}

fn sqlite() -> Bench {
    let migrations: Vec<_> = journal::MIGRATIONS.iter().chain(registers::MIGRATIONS).copied().collect();
    bench(testkit::sqlite(&migrations))
}

#[expect(clippy::disallowed_methods, reason = "a test of speed measures")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn ten_thousand_people_in_seconds() {
    testkit::block_on(async {
        let bench = sqlite();
        let batch: Vec<Fields> = people(0..10_000).collect();
        let start = now();
        assert_eq!(bench.enrol_many("civil-person", batch).await, 10_000);
        let took = start.elapsed();
        println!("10,000 people in {took:?}, {:.0}/s", 10_000.0 / took.as_secs_f64());
        assert!(took < Duration::from_secs(12), "{took:?}; 4 s on a machine with nothing else to do");
    });
}

/// The 50th and 99th of a hundred, and the slowest.
async fn percentiles<F: Future>(times: usize, what: &str, mut one: impl FnMut(usize) -> F) -> Duration {
    let mut took = Vec::with_capacity(times);
    for number in 0..times {
        let start = now();
        one(number).await;
        took.push(start.elapsed());
    }
    took.sort();
    let (half, most, last) = (took[times / 2], took[times * 99 / 100], took[times - 1]);
    println!("{what}: p50 {half:?}, p99 {most:?}, slowest {last:?}");
    most
}

#[test]
#[ignore = "writes a million records"]
fn a_million_people() {
    testkit::block_on(async {
        let bench = sqlite();
        let start = now();
        for batch in 0..200 {
            bench.enrol_many("civil-person", people(batch * 5_000..(batch + 1) * 5_000).collect()).await;
        }
        println!("1,000,000 people in {:?}", start.elapsed());
        let key = |n: usize| format!("{:012}", (n * 999_331 % 1_000_000) * 7_919 % 1_000_000_007);
        let find = percentiles(2000, "find", |n| {
            let (registers, key) = (bench.registers.clone(), key(n));
            let found = bench.read(move |cx| registers::find(cx, &registers, "civil-person", &key));
            async move { assert!(found.await.unwrap().is_some()) }
        });
        assert!(find.await < Duration::from_millis(5));
        percentiles(500, "look up, with its act made durable", |n| {
            let (registers, look) = (bench.registers.clone(), Look::new("civil-person", key(n), "test"));
            let seen = bench.write(move |cx| registers::look_up(cx, &registers, &look));
            async move { seen.await.unwrap() }
        })
        .await;
        let (given, family) = (names("female"), names("surnames"));
        for (what, words) in [
            (
                "search, given and family name",
                &(|n: usize| format!("{} {}", given[n % given.len()], family[n * 7 % family.len()]))
                    as &dyn Fn(usize) -> String,
            ),
            ("search, family name", &|n| family[n % family.len()].clone()),
            ("search, beginnings", &|n| format!("mo {}", &given[n % given.len()].chars().take(3).collect::<String>())),
        ] {
            percentiles(200, what, |n| {
                let (registers, query) = (bench.registers.clone(), Query::new("civil-person").words(words(n)));
                let found = bench.write(move |cx| registers::search(cx, &registers, &query));
                async move { found.await.unwrap() }
            })
            .await;
        }
    });
}
