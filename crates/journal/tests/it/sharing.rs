//! Acts share commits, and come in twice, and are refused, and lose their connection: under each key it happens once.
//!
//! **Invariant:** what was answered stands, with its act, its event's job and its remembered answer; what was refused left
//! nothing; the same request again gets the first answer, though its operation could not be done a second time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use journal::{Acts, Key};
use serde_json::json;
use spine::{Act, Caller, Cx, Database, Event, Fault, Job, Resource};

use crate::{Bench, on_each};

/// Makes a thing that can be made only once, and says how many times it was asked to try.
fn make(cx: &mut Cx<'_>, id: &str, fails: bool) -> Result<String, Fault> {
    cx.may("it.thing.make", &Resource::new("Thing", id))?;
    cx.tx().execute("INSERT INTO it_counter (id, n) VALUES ($1, 1)", &[id.into()])?;
    cx.record(Act::new("it.thing.made").about("per_1").on(id).because("testing", "none"));
    cx.emit(Event { topic: "it.counter.counted", body: json!({ "id": id }) });
    cx.enqueue(Job::new("it.other", json!({ "id": id })));
    if fails { Err(Fault::invalid("it.on.purpose")) } else { Ok(format!("made {id}")) }
}

/// How many rows each table has for a thing.
async fn left_of(acts: &Acts) -> BTreeMap<String, [usize; 4]> {
    const TABLES: [&str; 4] = [
        "SELECT id FROM it_counter",
        "SELECT object FROM journal_act",
        "SELECT key FROM journal_request",
        "SELECT body FROM journal_job",
    ];
    let read = |cx: &mut Cx<'_>| {
        let mut left: BTreeMap<String, [usize; 4]> = BTreeMap::new();
        for (place, sql) in TABLES.into_iter().enumerate() {
            for row in cx.tx().query(sql, &[])? {
                let text: String = row.get(0)?;
                let id = text.trim_start_matches("make:").trim_start_matches("{\"id\":\"").trim_end_matches("\"}");
                left.entry(id.to_owned()).or_default()[place] += 1;
            }
        }
        Ok(left)
    };
    acts.read(&Caller::system("test"), read).await.unwrap()
}

/// The thing, its act, its key, and two jobs.
const WHOLE: [usize; 4] = [1, 1, 1, 2];

async fn many(acts: &Acts, count: usize) -> Vec<(String, Result<String, Fault>)> {
    let running = (0..count).map(|number| {
        let acts = acts.clone();
        tokio::spawn(async move {
            // Every third request comes twice at once, every seventh fails after it has written.
            let id = format!("t{}", if number % 3 == 2 { number - 1 } else { number });
            let fails = number % 7 == 0;
            let key = Key::new("make", &id, b"");
            let made = id.clone();
            (id, acts.write(&Caller::system("test"), &key, move |cx| make(cx, &made, fails)).await)
        })
    });
    let mut answers = Vec::new();
    for one in running.collect::<Vec<_>>() {
        answers.push(one.await.unwrap());
    }
    answers
}

#[test]
fn many_at_once_each_happen_once_and_whole() {
    on_each(async |bench: Bench| {
        let answers = many(&bench.acts, 210).await;
        let left = left_of(&bench.acts).await;
        for (id, answer) in &answers {
            match answer {
                Ok(said) => assert_eq!(said, &format!("made {id}")),
                Err(fault) => assert_eq!(fault.code(), "it.on.purpose"),
            }
        }
        let made: Vec<&String> = answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(id, _)| id).collect();
        assert!(made.len() > 150);
        for id in made {
            assert_eq!(left.get(id), Some(&WHOLE), "{id}");
        }
        assert!(left.values().all(|rows| *rows == WHOLE), "{left:?}");
        // All of them again: nothing happens, and every answer is the first one's.
        let again = many(&bench.acts, 210).await;
        assert_eq!(left_of(&bench.acts).await, left);
        for (id, answer) in again.iter().filter(|(id, _)| left.contains_key(id)) {
            assert_eq!(answer.as_ref().unwrap(), &format!("made {id}"));
        }
    });
}

#[test]
fn a_lost_connection_loses_no_act_and_doubles_none() {
    on_each(async |bench: Bench| {
        if !bench.database.url.starts_with("postgres") {
            return;
        }
        // The connections that write, each asked for its number by a unit that keeps its thread busy meanwhile.
        let backends: Arc<Mutex<Vec<i64>>> = Arc::default();
        let asked = (0..8).map(|_| {
            let backends = Arc::clone(&backends);
            bench.acts.database().write(Box::new(move |tx| {
                let backend = tx.query("SELECT CAST(pg_backend_pid() AS BIGINT)", &[])?[0].get(0)?;
                backends.lock().unwrap().push(backend);
                std::thread::sleep(std::time::Duration::from_millis(20));
                Ok(Box::new(()))
            }))
        });
        for one in asked.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        let admin = testkit::open_again(&bench.database);
        let cutter = tokio::spawn(async move {
            let mut backends = backends.lock().unwrap().clone();
            backends.dedup();
            for backend in backends {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                let cut = "SELECT CAST(pg_terminate_backend(CAST($1 AS INTEGER)) AS INTEGER)";
                drop(admin.write(Box::new(move |tx| Ok(Box::new(tx.query(cut, &[backend.into()])?.len())))).await);
            }
        });
        let answers = many(&bench.acts, 420).await;
        cutter.await.unwrap();
        let left = left_of(&bench.acts).await;
        assert!(left.values().all(|rows| *rows == WHOLE), "{left:?}");
        for (id, answer) in &answers {
            match answer {
                Ok(_) => assert!(left.contains_key(id), "{id}"),
                // Its twin may have made it before.
                Err(fault) => assert_eq!(fault.code(), "it.on.purpose"),
            }
        }
    });
}
