//! Any day: whatever institutions and the hub do in whatever order, the switch's books hold.
//!
//! The model is thirty lines: what each owes, what each deposited, what is held. It knows nothing of ledgers.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use axum::http::{Method, StatusCode};

use crate::world::{FSPS, World, asking, migrations, minor};

const CAP: i64 = 100_000;

#[derive(Clone, Debug)]
enum Deed {
    Ask { from: usize, to: usize, minor: i64 },
    Fulfil { which: usize },
    Decline { which: usize },
    Repeat { which: usize },
    Close,
    Settle,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => (0_usize..3, 0_usize..3, 1_i64..60_000).prop_map(|(from, to, minor)| Deed::Ask { from, to, minor }),
        5 => (0_usize..40).prop_map(|which| Deed::Fulfil { which }),
        1 => (0_usize..40).prop_map(|which| Deed::Decline { which }),
        1 => (0_usize..40).prop_map(|which| Deed::Repeat { which }),
        1 => Just(Deed::Close),
        1 => Just(Deed::Settle),
    ]
}

/// Payer, payee, amount.
type Flow = (usize, usize, i64);

#[derive(Default)]
struct Model {
    /// What each owes, what is held included.
    owes: BTreeMap<usize, i64>,
    deposits: BTreeMap<usize, i64>,
    /// Body, payer, payee, amount, whether it is still held.
    asked: Vec<(Value, usize, usize, i64, bool)>,
    open: Vec<Flow>,
    closed: Vec<(i64, Vec<Flow>)>,
    window: i64,
}

impl Model {
    async fn apply(&mut self, world: &World, deed: &Deed) {
        match *deed {
            Deed::Ask { from, to, minor } if from != to => {
                let body = asking(FSPS[from], FSPS[to], minor);
                let id = body["transferId"].as_str().unwrap().to_owned();
                world.send(FSPS[from], Method::POST, "/transfers", &body).await;
                let fits = self.owes(from) + minor <= CAP.min(self.deposit(from));
                if fits {
                    *self.owes.entry(from).or_default() += minor;
                    self.asked.push((body, from, to, minor, true));
                } else {
                    let told = world.told(FSPS[from], "PUT", &format!("{id}/error")).await;
                    let code = told.body["errorInformation"]["errorCode"].as_str().unwrap().to_owned();
                    assert!(["4001", "4200"].contains(&code.as_str()), "{code}");
                }
            }
            Deed::Fulfil { which } => {
                let Some((body, from, to, minor, held)) = self.some(which) else { return };
                let id = body["transferId"].as_str().unwrap().to_owned();
                assert_eq!(world.fulfil(FSPS[to], &id).await, StatusCode::OK);
                if held {
                    *self.owes.entry(to).or_default() -= minor;
                    self.open.push((from, to, minor));
                    self.end(&id);
                }
            }
            Deed::Decline { which } => {
                let Some((body, from, to, minor, held)) = self.some(which) else { return };
                let id = body["transferId"].as_str().unwrap().to_owned();
                let no = serde_json::json!({ "errorInformation": { "errorCode": "5100", "errorDescription": "no" } });
                world.send(FSPS[to], Method::PUT, &format!("/transfers/{id}/error"), &no).await;
                if held {
                    *self.owes.entry(from).or_default() -= minor;
                    self.end(&id);
                }
            }
            Deed::Repeat { which } => {
                let Some((body, from, ..)) = self.some(which) else { return };
                assert_eq!(world.send(FSPS[from], Method::POST, "/transfers", &body).await.0, StatusCode::ACCEPTED);
            }
            Deed::Close => {
                let id = self.window;
                let next = world.write(move |cx| switch::close_window(cx, id, "day")).await.unwrap();
                self.closed.push((id, std::mem::take(&mut self.open)));
                self.window = next;
            }
            Deed::Settle => {
                let Some((id, flows)) = self.closed.pop() else { return };
                let settle = move |cx: &mut spine::Cx<'_>| switch::settle(cx, &[id], "day", "b");
                let mut nets: BTreeMap<usize, i64> = BTreeMap::new();
                for (from, to, minor) in &flows {
                    *nets.entry(*from).or_default() += minor;
                    *nets.entry(*to).or_default() -= minor;
                }
                // Who owes more than it has deposited cannot be settled with; then nothing of it happens.
                let outcome = world.write(settle).await;
                if nets.iter().any(|(who, net)| *net > self.deposit(*who)) {
                    assert_eq!(outcome.unwrap_err().code(), "payments.account.bound");
                    self.closed.push((id, flows));
                    return;
                }
                outcome.unwrap();
                for (who, net) in nets {
                    *self.owes.entry(who).or_default() -= net;
                    let deposit = self.deposit(who) - net;
                    self.deposits.insert(who, deposit);
                }
                let again = world.write(move |cx| switch::settle(cx, &[id], "day", "b")).await;
                assert_eq!(again.unwrap_err().code(), "switch.window.settled");
            }
            Deed::Ask { .. } => {}
        }
    }

    fn owes(&self, who: usize) -> i64 {
        self.owes.get(&who).copied().unwrap_or(0)
    }

    fn deposit(&self, who: usize) -> i64 {
        self.deposits.get(&who).copied().unwrap_or(100_000)
    }

    fn some(&self, which: usize) -> Option<(Value, usize, usize, i64, bool)> {
        let place = which.checked_rem(self.asked.len())?;
        self.asked.get(place).cloned()
    }

    fn end(&mut self, id: &str) {
        for one in self.asked.iter_mut().filter(|one| one.0["transferId"] == id) {
            one.4 = false;
        }
    }
}

fn any_day(deeds: &[Deed], database: &testkit::TestDatabase) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::start(database, std::sync::Arc::new(testkit::Everything)).await;
        let mut model = Model { window: 1, ..Model::default() };
        for deed in deeds {
            model.apply(&world, deed).await;
        }
        for (place, name) in FSPS.iter().enumerate() {
            assert_eq!(world.position(name).await, model.owes(place), "{name} owes");
            assert_eq!(world.deposited(name).await, model.deposit(place), "{name} has deposited");
        }
        let (_, hub) = world.admin(Method::GET, "/participants/Hub/accounts", &Value::Null).await;
        let through =
            hub.as_array().unwrap().iter().find(|one| one["ledgerAccountType"] == "HUB_MULTILATERAL_SETTLEMENT");
        assert_eq!(minor(&through.unwrap()["value"]), 0, "nothing stays where settlements pass");
        world.must_be_sound().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_books_hold(deeds in proptest::collection::vec(deed(), 1..40)) {
        for database in testkit::databases(&migrations()) {
            any_day(&deeds, &database);
        }
    }
}
