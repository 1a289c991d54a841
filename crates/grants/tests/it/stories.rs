//! Stories drawn by chance: answers lost, late, doubled and out of order; accounts changed, payments given up. Rows, tally and
//! ledger agree after every step, nobody is paid twice, and a rehearsal says what a run comes to.

use std::collections::BTreeMap;

use grants::mapper::choose;
use grants::runs::{give_up, repair};
use grants::{Grants, PaymentState, RunState, rehearse};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use spine::Cx;

use crate::world::{PENSION, World, approver, herself, on_each, preparer, wallet};

const PEOPLE: i64 = 6;

#[derive(Clone, Debug)]
enum Step {
    Pay(usize),
    Fail(usize),
    Choose(i64, u8),
    Repair(i64),
    GiveUp(i64),
    Work,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_usize).prop_map(Step::Pay),
        4 => (0..12_usize).prop_map(Step::Fail),
        2 => (1..=PEOPLE, 0..9_u8).prop_map(|(line, digit)| Step::Choose(line, digit)),
        2 => (1..=PEOPLE).prop_map(Step::Repair),
        1 => (1..=PEOPLE).prop_map(Step::GiveUp),
        1 => Just(Step::Work),
    ]
}

#[test]
fn whatever_happens_it_adds_up() {
    let config = Config { cases: 6, rng_seed: RngSeed::Fixed(24), failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 5..40), |steps| {
            on_each(async |world: World| story(&world, &steps).await);
            Ok(())
        })
        .unwrap();
}

async fn story(world: &World, steps: &[Step]) {
    let people = world.pensioners(1, PEOPLE.unsigned_abs()).await;
    world.fund(10_000_000).await;
    let list = world.gathered("November").await.id;
    let run = world.paid_out(list, "2026-11-24").await;
    let mut paid: BTreeMap<String, i64> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Pay(place) | Step::Fail(place) => {
                let Some(order) = world.orders().get(*place).cloned() else { continue };
                let told = if matches!(step, Step::Pay(_)) {
                    world.pay(&order).await
                } else {
                    world.fail(&order, "account_closed").await
                };
                // A carrier that contradicts itself is the ledger's to refuse.
                if told.is_ok() && matches!(step, Step::Pay(_)) {
                    paid.insert(order.id.to_string(), order.amount.minor());
                }
            }
            Step::Choose(line, digit) => {
                let payment = world.payment(run, *line).await;
                let (number, phone) = (payment.payee.clone(), format!("5801{digit}{line:03}"));
                let person = people.iter().find(|one| one.number == number).unwrap();
                let work = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &number, &wallet(&phone));
                world.write(&herself(&person.id), work).await.unwrap();
            }
            Step::Repair(line) => {
                let line = *line;
                let _ = world.write(&preparer(), move |cx, grants| repair(cx, grants, run, line)).await;
            }
            Step::GiveUp(line) => {
                let line = *line;
                let _ = world.write(&approver(), move |cx, grants| give_up(cx, grants, run, line)).await;
            }
            Step::Work => world.work().await,
        }
        world.agrees(run).await;
    }
    let told = world.agrees(run).await;
    assert_eq!(told.paid.1, paid.values().sum::<i64>(), "what carriers paid is what was posted");
    assert_eq!(told.paid.0 + told.refused.0 + told.pending.0, told.listed);
    for line in 1..=PEOPLE {
        let payment = world.payment(run, line).await;
        assert!(payment.state != PaymentState::Ready);
    }
    if told.pending.0 == 0 {
        assert_eq!(world.run(run).await.state, RunState::Closed);
        assert_eq!(told.returned_minor + told.posted_minor, told.reserved_minor);
    }
}

#[test]
fn a_rehearsal_says_what_a_run_comes_to() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 1_500).await;
        world.fund(90_000_000).await;
        let stranger = civil::national_id::of_serial(88_888);
        let mut text = "id_number,amount\n".to_owned();
        for one in &people {
            text.push_str(&format!("{},900.00\n", one.number));
        }
        text.push_str(&format!("{stranger},900.00\n{},900.00\n{},1e3\n", people[0].number, people[1].number));
        let day = "2026-11-24".parse().unwrap();
        let source = std::io::Cursor::new(text.clone());
        let told = rehearse(&world.grants, &preparer(), PENSION, day, source).await.unwrap();
        assert_eq!((told.lines, told.ready, told.refused), (1_503, (1_500, 135_000_000), 3));
        assert_eq!(
            told.reasons,
            [("amount", 1), ("twice", 1), ("unknown", 1)].map(|(it, n)| (it.to_owned(), n)).into()
        );
        assert_eq!((told.free_minor, told.short_minor), (90_000_000, 45_000_000));
        assert_eq!(told.ways.get("wallet:mpesa"), Some(&(1_500, 135_000_000)));
        let list = world.list("November", &text).await.unwrap().list;
        let run = world.prepare(list.id, "2026-11-24").await.unwrap().id;
        world.work().await;
        let checked = world.run(run).await.tally;
        assert_eq!((checked.ready, checked.ready_minor), told.ready);
        let again = rehearse(&world.grants, &preparer(), PENSION, day, std::io::Cursor::new(text)).await.unwrap();
        assert_eq!((again.ready.0, again.reasons.get("doubled")), (0, Some(&1_500)));
    });
}

#[test]
fn a_rehearsal_says_where_cash_runs_out() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 2).await;
        world.meddle("UPDATE grants_account SET way = 'post-office', institution = '', address = ''").await;
        world.fund(1_000_000).await;
        let float = |cx: &mut Cx<'_>, grants: &Grants| grants::give_float(cx, grants, "post-leribe", 100_000);
        world.write(&crate::world::treasury(), float).await.unwrap();
        let text = format!("id_number\n{}\n{}\n", people[0].number, people[1].number);
        let day = "2026-11-24".parse().unwrap();
        let told = rehearse(&world.grants, &preparer(), PENSION, day, std::io::Cursor::new(text)).await.unwrap();
        let leribe = told.districts.get("leribe").unwrap();
        assert_eq!((leribe.wanted_minor, leribe.float_minor, leribe.short_minor), (180_000, 100_000, 80_000));
    });
}
