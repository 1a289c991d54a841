//! How fast it is: the demonstration's ten thousand people. `bench registers` measures a million.
//!
//! **Invariant:** measured on SQLite with full durability, on this machine, beside whatever else runs on it.

use std::time::{Duration, Instant};

use registers::Fields;
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
