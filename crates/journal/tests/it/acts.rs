//! The one way to change state.

use journal::Key;
use spine::{Act, Caller, Cx, Fault, FaultKind, Resource};

use crate::{Bench, on_each};

/// Adds one to a counter and answers its new value.
fn count(cx: &mut Cx<'_>, id: &str) -> Result<i64, Fault> {
    cx.may("it.counter.count", &Resource::new("Counter", id))?;
    let sql =
        "INSERT INTO it_counter (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = it_counter.n + 1 RETURNING n";
    let n = cx.tx().query(sql, &[id.into()])?[0].get(0)?;
    cx.record(Act::new("it.counter.counted").about("per_1").on(id).because("testing", "none"));
    Ok(n)
}

async fn acts_on_record(bench: &Bench) -> usize {
    let caller = Caller::system("test");
    bench.acts.read(&caller, |cx| Ok(journal::acts_about(cx, "per_1", None, 100)?.len())).await.unwrap()
}

#[test]
fn a_repeated_key_gets_the_first_answer_and_happens_once() {
    on_each(async |bench| {
        let caller = Caller::system("test");
        let key = Key::new("count", "k1", b"body");
        for _ in 0..3 {
            assert_eq!(bench.acts.write(&caller, &key, |cx| count(cx, "a")).await.unwrap(), 1);
        }
        let fault =
            bench.acts.write(&caller, &Key::new("count", "k1", b"another"), |cx| count(cx, "a")).await.unwrap_err();
        assert_eq!((fault.kind(), fault.code()), (FaultKind::Conflict, "journal.key.reused"));
        assert_eq!(bench.acts.write(&caller, &Key::new("count", "k2", b"body"), |cx| count(cx, "a")).await.unwrap(), 2);
        assert_eq!(bench.acts.write(&caller, &Key::none(), |cx| count(cx, "a")).await.unwrap(), 3);
        assert_eq!(acts_on_record(&bench).await, 3);
    });
}

#[test]
fn many_at_once_under_one_key_happen_once() {
    on_each(async |bench| {
        let mut running = Vec::new();
        for _ in 0..40 {
            let acts = bench.acts.clone();
            running.push(tokio::spawn(async move {
                acts.write(&Caller::system("test"), &Key::new("count", "same", b""), |cx| count(cx, "a")).await
            }));
        }
        for one in running {
            assert_eq!(one.await.unwrap().unwrap(), 1);
        }
        assert_eq!(acts_on_record(&bench).await, 1);
    });
}

#[test]
fn a_refused_operation_leaves_nothing_and_its_key_is_free() {
    on_each(async |bench| {
        let caller = Caller::system("test");
        let key = Key::new("count", "k", b"");
        let refused = bench.acts.write(&caller, &key, |cx| {
            count(cx, "a")?;
            Err::<i64, _>(Fault::invalid("it.on.purpose"))
        });
        assert_eq!(refused.await.unwrap_err().code(), "it.on.purpose");
        assert_eq!(acts_on_record(&bench).await, 0);
        assert_eq!(bench.acts.write(&caller, &key, |cx| count(cx, "a")).await.unwrap(), 1);
    });
}

#[test]
fn a_change_without_an_act_cannot_commit() {
    on_each(async |bench| {
        let caller = Caller::system("test");
        let key = Key::none();
        let silent = bench.acts.write(&caller, &key, |cx| {
            cx.tx().execute("INSERT INTO it_counter (id, n) VALUES ('x', 1)", &[])?;
            Ok(())
        });
        assert_eq!(silent.await.unwrap_err().code(), "spine.operation.unrecorded");
        let rows =
            bench.acts.read(&caller, |cx| Ok(cx.tx().query("SELECT n FROM it_counter", &[])?.len())).await.unwrap();
        assert_eq!(rows, 0);
    });
}

#[test]
fn when_the_clock_steps_back_a_little_time_stands_still_and_else_it_is_followed() {
    on_each(async |bench| {
        let caller = Caller::system("test");
        let before = bench.acts.now();
        bench.clock.step(-5);
        assert_eq!(bench.acts.now(), before);
        bench.clock.step(-3595);
        assert_eq!(bench.acts.now(), before.plus_seconds(-3600), "others' clocks have not stood still");
        for _ in 0..2 {
            bench.acts.write(&caller, &Key::none(), |cx| count(cx, "a")).await.unwrap();
        }
        bench.clock.step(7200);
        bench.acts.write(&caller, &Key::none(), |cx| count(cx, "a")).await.unwrap();
        let views = bench.acts.read(&caller, |cx| journal::acts_about(cx, "per_1", None, 10)).await.unwrap();
        assert!(views.is_sorted_by(|newer, older| newer.at >= older.at && newer.id > older.id));
        assert_eq!(views[0].kind, "it.counter.counted");
        assert_eq!(views[0].actor.id, "test");
        let page = bench.acts.read(&caller, move |cx| journal::acts_on(cx, "a", Some(views[0].id), 1)).await.unwrap();
        assert_eq!(page.len(), 1);
    });
}

#[test]
fn another_instance_sees_the_same_keys() {
    on_each(async |bench| {
        let caller = Caller::system("test");
        let key = Key::new("count", "k", b"");
        assert_eq!(bench.acts.write(&caller, &key, |cx| count(cx, "a")).await.unwrap(), 1);
        let store = store_again(&bench);
        let again = journal::Acts::new(
            std::sync::Arc::new(store),
            bench.clock.clone(),
            std::sync::Arc::new(testkit::SeededEntropy::default()),
            std::sync::Arc::new(testkit::Everything),
            journal::Subscriptions::default(),
        );
        assert_eq!(again.write(&caller, &key, |cx| count(cx, "a")).await.unwrap(), 1);
        assert_eq!(acts_on_record(&bench).await, 1);
    });
}

fn store_again(bench: &Bench) -> impl spine::Database {
    testkit::open_again(&bench.database)
}
