//! Many payers at once, each wallet behaviour, bills paid in parts, withdrawals, steps of the clock, jobs that run twice, an
//! instance beside the first: whatever happens, no money is lost or made, and every payer ends with what she paid for or with her money.

use payments::bills::Bill;
use payments::{RequestId, RequestState};
use serde_json::json;
use spine::{Act, Caller, Cx, Job, Resource};

use crate::bench::{Bench, lsl, on_each, person};
use crate::bills::{anybody, bill, made};

/// A small generator, so that a seed says everything.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const NUMBERS: [&str; 12] = [
    "58001200", "58001201", "58001202", "58001203", "58001204", "58001205", "58001206", "58001207", "58001208",
    "58001209", "58001210", "58001211",
];

/// A bill of three beneficiaries, and the request of whoever began to pay a part of it.
async fn part_of_a_bill(bench: &Bench, dice: &mut Dice, bills: &mut Vec<Bill>) -> Option<RequestId> {
    if bills.is_empty() || dice.throw(3) == 0 {
        let reference = format!("ST-{}", bills.len());
        let shares = [("income:home-affairs", 3_333), ("income:council", 3_333), ("income:vat", 3_334)];
        bills.push(made(bench, bill(bench, &reference, &shares, true)).await);
    }
    let number = bills[usize::try_from(dice.throw(bills.len() as u64)).unwrap()].number.clone();
    let wallets = bench.gateway.wallets().clone();
    let part = lsl(100 + i64::try_from(dice.throw(3_000)).unwrap());
    let phone = NUMBERS[usize::try_from(dice.throw(12)).unwrap()];
    let pay = move |cx: &mut Cx<'_>| payments::bills::pay(cx, &wallets, &number, Some(part), "mpesa", phone);
    bench.write(&anybody(), pay).await.ok()
}

async fn one_deed(bench: &Bench, dice: &mut Dice, asked: &mut Vec<RequestId>, bills: &mut Vec<Bill>) {
    let pick = |dice: &mut Dice, asked: &[RequestId]| asked[usize::try_from(dice.throw(asked.len() as u64)).unwrap()];
    match dice.throw(12) {
        10..=11 => asked.extend(part_of_a_bill(bench, dice, bills).await),
        0..=2 => asked.push(bench.ask_for(100 + i64::try_from(dice.throw(900)).unwrap()).await),
        3..=6 if !asked.is_empty() => {
            let id = pick(dice, asked);
            let number = NUMBERS[usize::try_from(dice.throw(12)).unwrap()];
            let _ = bench.choose(id, number).await;
        }
        7 if !asked.is_empty() => {
            let id = pick(dice, asked);
            let _ = bench.write(&person("per_lineo"), move |cx| payments::withdraw(cx, id)).await;
        }
        8 => bench.clock.step(i64::try_from(dice.throw(400)).unwrap() - 100),
        _ => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
    }
    if dice.throw(2) == 0 {
        bench.work().await;
    }
    if dice.throw(6) == 0 {
        run_again(bench).await;
    }
}

/// Orders once more the work of every attempt and payment there is, as if workers had died before they said so.
async fn run_again(bench: &Bench) {
    let order = |cx: &mut Cx<'_>| {
        cx.may("it.job.order", &Resource::new("Job", "new"))?;
        for (sql, member, kinds) in [
            ("SELECT id FROM payments_attempt", "attempt", &["payments.wallet.push", "payments.wallet.ask"][..]),
            ("SELECT id FROM payments_payment", "payment", &["payments.wallet.refund"][..]),
        ] {
            for row in cx.tx().query(sql, &[])? {
                for kind in kinds {
                    cx.enqueue(Job::new(*kind, json!({ member: row.get::<String>(0)? })));
                }
            }
        }
        cx.record(Act::new("it.job.ordered"));
        Ok(())
    };
    bench.write(&Caller::system("test"), order).await.unwrap();
}

async fn ends_well(bench: &Bench, asked: &[RequestId]) {
    // Time passes until everything is over, and then some.
    for _ in 0..60 {
        bench.work().await;
        bench.clock.step(3_600);
        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
    }
    bench
        .wait_for("all that is on its way back", async || {
            let waiting = bench
                .read(|cx| Ok(cx.tx().query("SELECT id FROM payments_payment WHERE state = 'refunding'", &[])?.len()));
            waiting.await == 0
        })
        .await;
    for id in asked {
        let state = bench.state(*id).await;
        assert!(
            matches!(state, RequestState::Paid | RequestState::Expired | RequestState::Withdrawn),
            "{id} {state:?}"
        );
        let events = bench.events(*id).await;
        let ends = events.iter().filter(|event| *event != "failed").count();
        assert_eq!(ends, 1, "{id} ends once: {events:?}");
    }
    bench.must_be_sound().await;
    let dead = bench.read(|cx| journal::dead_letters(cx, None, 10)).await;
    assert!(dead.is_empty(), "{dead:?}");
}

/// Tells the histories of so many payers on each database, those of one story side by side, and has them end well.
fn storm(seeds: std::ops::Range<u64>, payers: usize) {
    for seed in seeds {
        on_each(async |mut bench| {
            let (mut dice, mut asked, mut bills) = (Dice(seed), Vec::new(), Vec::new());
            let mut deeds = 0;
            while asked.len() < payers {
                one_deed(&bench, &mut dice, &mut asked, &mut bills).await;
                deeds += 1;
                if deeds % 20 == 0 {
                    let audit = bench.audit().await;
                    assert!(audit.is_sound(), "seed {seed}: {:?}", audit.findings);
                }
                if dice.throw(25) == 0 {
                    bench.another_instance();
                }
            }
            ends_well(&bench, &asked).await;
            for bill in bills {
                divided(&bench, &bill).await;
            }
        });
    }
}

/// What was paid of a bill is what its beneficiaries got, and never more than it asked for.
async fn divided(bench: &Bench, bill: &Bill) {
    let id = bill.id;
    let sums = move |cx: &mut Cx<'_>| {
        let sql = "
            SELECT paid_minor, amount_minor,
                (SELECT CAST(SUM(paid_minor) AS BIGINT) FROM payments_bill_share WHERE bill = payments_bill.id)
            FROM payments_bill WHERE id = $1";
        let row = cx.tx().first(sql, &[id.into()])?.unwrap();
        Ok([row.get::<i64>(0)?, row.get(1)?, row.get(2)?])
    };
    let [paid, amount, got] = bench.read(sums).await;
    assert!(paid <= amount && paid == got, "{}: {paid} of {amount} paid, {got} divided", bill.number);
}

#[test]
fn seeds_one_and_two() {
    storm(1..3, 25);
}

#[test]
fn seeds_three_and_four() {
    storm(3..5, 25);
}

#[test]
#[ignore = "slow: make test-all"]
fn ten_thousand_histories() {
    storm(100..200, 50);
}

#[test]
fn many_payers_at_once() {
    on_each(async |bench| {
        let mut asked = Vec::new();
        for _ in 0..25 {
            let id = bench.ask_for(1_000).await;
            bench.choose(id, "58001204").await.unwrap();
            asked.push(id);
        }
        for id in &asked {
            bench.until(*id, RequestState::Paid).await;
        }
        assert_eq!(bench.balance("income:home-affairs").await, -25_000);
        bench
            .wait_for("the last callbacks", async || {
                let log = bench.log().await;
                log["lines"].as_array().unwrap().iter().filter(|line| line["what"] == "told").count() == 50
            })
            .await;
        bench.must_be_sound().await;
    });
}
