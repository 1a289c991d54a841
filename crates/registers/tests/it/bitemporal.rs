//! What was true on a day as far as was known at a moment, against a model that keeps every day of every moment.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use registers::{Change, Kind, Look, Record};
use serde_json::{Value, json};
use spine::{Date, Fault, FaultKind, Timestamp};

use crate::world::{Bench, object, on_each};

/// Days of the model; the last stands for all that follow.
const DAYS: usize = 24;

#[derive(Clone, Debug)]
struct Op {
    kind: Kind,
    day: usize,
    patch: BTreeMap<&'static str, Value>,
    seconds: i64,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let kind = prop_oneof![4 => Just(Kind::Change), 4 => Just(Kind::Correct), 1 => Just(Kind::End)];
    let name = prop::option::of(prop_oneof![Just(json!("Roma")), Just(json!("Morija"))]);
    let people = prop::option::of(prop_oneof![Just(json!(1)), Just(json!(2)), Just(Value::Null)]);
    let op = (kind, 0..DAYS, name, people, prop_oneof![Just(0_i64), 1..100_i64]).prop_map(
        |(kind, day, name, people, seconds)| {
            let patch = [("name", name), ("people", people)];
            let patch = patch.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
            Op { kind, day, patch, seconds }
        },
    );
    prop::collection::vec(op, 1..9)
}

type Days = Vec<Option<BTreeMap<String, Value>>>;

/// The model's idea of a change; false if it is refused.
fn apply(days: &mut Days, op: &Op) -> bool {
    if op.kind == Kind::End {
        let fits = op.day > 0 && days[op.day].is_some();
        if fits {
            days[op.day..].fill(None);
        }
        return fits;
    }
    let Some(old) = days[op.day].clone() else { return false };
    let before = days.clone();
    for (field, value) in &op.patch {
        let old = old.get(*field);
        let new = Some(value).filter(|value| !value.is_null());
        if old == new {
            continue;
        }
        let stands = |day: &Option<BTreeMap<String, Value>>| day.as_ref().is_some_and(|day| day.get(*field) == old);
        let end = (op.day..DAYS).take_while(|day| stands(&before[*day])).count() + op.day;
        let back = if op.kind == Kind::Correct {
            (0..op.day).rev().take_while(|day| stands(&before[*day])).count()
        } else {
            0
        };
        for day in &mut days[op.day - back..end] {
            let day = day.as_mut().unwrap();
            match new {
                Some(value) => day.insert((*field).to_owned(), value.clone()),
                None => day.remove(*field),
            };
        }
    }
    before != *days
}

fn day(number: usize) -> Date {
    let first: Date = "2020-02-20".parse().unwrap();
    first.checked_add(jiff::Span::new().days(i64::try_from(number).unwrap())).unwrap()
}

async fn as_of(bench: &Bench, code: &str, valid: Date, known: Timestamp) -> Option<BTreeMap<String, Value>> {
    let (registers, look) = (bench.registers.clone(), Look::new("place", code, "test").as_of(Some(valid), Some(known)));
    match bench.read(move |cx| registers::look_up(cx, &registers, &look)).await {
        Ok(record) => Some(record.fields().clone().into_iter().filter(|(name, _)| name != "code").collect()),
        Err(fault) => {
            assert_eq!(fault.code(), "registers.record.not_then");
            None
        }
    }
}

async fn versions(bench: &Bench, code: &str) -> Vec<Record> {
    let (registers, look) = (bench.registers.clone(), Look::new("place", code, "test"));
    bench.read(move |cx| registers::history(cx, &registers, &look)).await.unwrap()
}

async fn run(bench: &Bench, code: &str, ops: &[Op]) {
    let first = json!({"code": code, "name": "Roma", "people": 1});
    let command = registers::Enrol::new("place", object(first)).from(day(0));
    let registers = bench.registers.clone();
    let mut revision = bench.write(move |cx| registers::enrol(cx, &registers, &command)).await.unwrap().revision;
    let mut days: Days = vec![Some([("name".into(), json!("Roma")), ("people".into(), json!(1))].into()); DAYS];
    let mut moments: BTreeMap<Timestamp, Days> = BTreeMap::from([(bench.acts.now(), days.clone())]);
    for op in ops {
        bench.clock.step(op.seconds);
        let before = versions(bench, code).await;
        let fields = op.patch.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let command = Change::new(op.kind, "place", code, revision, fields).from(Some(day(op.day)));
        let registers = bench.registers.clone();
        let outcome: Result<registers::Stored, Fault> =
            bench.write(move |cx| registers::change(cx, &registers, &command)).await;
        assert_eq!(outcome.is_ok(), apply(&mut days, op), "{op:?} in {ops:?}: {outcome:?}");
        match outcome {
            Ok(stored) => revision = stored.revision,
            Err(fault) => assert_eq!(fault.kind(), FaultKind::Invalid),
        }
        moments.insert(bench.acts.now(), days.clone());
        let after = versions(bench, code).await;
        for (old, new) in before.iter().zip(&after) {
            assert_eq!((old.number(), old.fields(), old.known_from()), (new.number(), new.fields(), new.known_from()));
            assert!(old.known_to().is_none() || old.known_to() == new.known_to(), "what is closed stays closed");
        }
    }
    for (moment, days) in &moments {
        for (number, expected) in days.iter().enumerate() {
            assert_eq!(as_of(bench, code, day(number), *moment).await, *expected, "{moment} {number} {ops:?}");
        }
    }
}

#[test]
fn any_pair_of_day_and_moment_is_as_the_model_says() {
    on_each(async |bench| {
        let mut runner = TestRunner::deterministic();
        for case in 0..25 {
            let ops = ops().new_tree(&mut runner).unwrap().current();
            run(&bench, &format!("C{case}"), &ops).await;
        }
    });
}

#[test]
fn before_it_was_known_nothing_was() {
    on_each(async |bench| {
        let before = bench.acts.now();
        bench.clock.step(60);
        bench.enrol("place", json!({"code": "X", "name": "Roma"})).await.unwrap();
        assert!(as_of(&bench, "X", day(5000), before).await.is_none());
        assert!(as_of(&bench, "X", day(0), bench.acts.now()).await.is_none(), "it is true from today");
        assert!(as_of(&bench, "X", day(5000), bench.acts.now()).await.is_some());
    });
}
