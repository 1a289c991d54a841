//! The ledger against a model of it that fits on one screen, and each of its walls.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Acts, Key, Subscriptions};
use payments::{
    AccountId, AccountKind, Booked, Bound, NewAccount, Step, Transfer, TransferId, balances_of, open_account, transfers,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use spine::{Caller, Currency, Cx, Fault, Migration};
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};

use crate::bench::lsl;

fn migrations() -> Vec<Migration> {
    journal::MIGRATIONS.iter().chain(payments::MIGRATIONS).copied().collect()
}

fn acts(database: &TestDatabase) -> (Acts, Arc<TestClock>) {
    let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::clone(&clock) as _,
        Arc::new(SeededEntropy::default()),
        Arc::new(Everything),
        Subscriptions::default(),
    );
    (acts, clock)
}

async fn write<T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static>(
    acts: &Acts,
    operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    acts.write(&Caller::system("test"), &Key::none(), operation).await
}

async fn open(acts: &Acts, reference: String, currency: &'static str) -> AccountId {
    write(acts, move |cx| {
        let currency = Currency::parse(currency).unwrap();
        open_account(
            cx,
            &NewAccount {
                reference: &reference,
                kind: AccountKind::Liability,
                currency,
                name: "it",
                bound: Bound::None,
            },
        )
    })
    .await
    .unwrap()
}

async fn book(acts: &Acts, batch: Vec<Transfer>) -> Result<Vec<Booked>, Fault> {
    write(acts, move |cx| transfers(cx, &batch)).await
}

fn id(number: u8) -> TransferId {
    TransferId::from_bytes([number; 16])
}

fn moving(number: u8, debit: AccountId, credit: AccountId, minor: i64) -> Transfer {
    Transfer { id: id(number), step: Step::Move { debit, credit, amount: lsl(minor) }, reference: "it".to_owned() }
}

fn holding(number: u8, debit: AccountId, credit: AccountId, minor: i64) -> Transfer {
    let step = Step::Hold { debit, credit, amount: lsl(minor), expires_at: None };
    Transfer { id: id(number), step, reference: "it".to_owned() }
}

fn settling(number: u8, of: u8, posts: bool) -> Transfer {
    let of = id(of);
    let step = if posts { Step::Post { of, amount: None } } else { Step::Void { of } };
    Transfer { id: id(number), step, reference: "it".to_owned() }
}

async fn balances(acts: &Acts, reference: &'static str) -> [i64; 4] {
    let read = move |cx: &mut Cx<'_>| {
        let sql = "SELECT debits_posted, credits_posted, debits_pending, credits_pending FROM payments_account WHERE reference = $1";
        let row = cx.tx().first(sql, &[reference.into()])?.unwrap();
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    };
    acts.read(&Caller::system("test"), read).await.unwrap()
}

async fn must_be_sound(acts: &Acts) {
    let audit = acts.read(&Caller::system("test"), payments::audit).await.unwrap();
    assert!(audit.is_sound(), "{:?}", audit.findings);
}

fn on_each(test: impl AsyncFn(Acts, Arc<TestClock>, AccountId, AccountId)) {
    for database in testkit::databases(&migrations()) {
        let (acts, clock) = acts(&database);
        testkit::block_on(async {
            let (a, b) = (open(&acts, "a".to_owned(), "LSL").await, open(&acts, "b".to_owned(), "LSL").await);
            test(acts.clone(), clock, a, b).await;
            must_be_sound(&acts).await;
        });
    }
}

#[test]
fn a_hold_is_settled_once() {
    on_each(async |acts, _, a, b| {
        book(&acts, vec![holding(1, a, b, 100), holding(2, a, b, 50)]).await.unwrap();
        assert_eq!((balances(&acts, "a").await, balances(&acts, "b").await), ([0, 0, 150, 0], [0, 0, 0, 150]));
        book(&acts, vec![settling(3, 1, true), settling(4, 2, false)]).await.unwrap();
        assert_eq!((balances(&acts, "a").await, balances(&acts, "b").await), ([100, 0, 0, 0], [0, 100, 0, 0]));
        for (number, of, posts) in [(5, 1, true), (6, 1, false), (7, 2, true), (8, 2, false)] {
            let fault = book(&acts, vec![settling(number, of, posts)]).await.unwrap_err();
            assert_eq!(fault.code(), "payments.transfer.settled");
        }
        assert_eq!(book(&acts, vec![settling(3, 1, true)]).await.unwrap(), [Booked::Before]);
        let fault = book(&acts, vec![settling(9, 3, true)]).await.unwrap_err();
        assert_eq!(fault.code(), "payments.transfer.not_pending");
    });
}

#[test]
fn a_hold_that_expired_can_only_be_voided() {
    on_each(async |acts, clock, a, b| {
        let expires_at = Some(acts.now().plus_seconds(60));
        let step = Step::Hold { debit: a, credit: b, amount: lsl(5), expires_at };
        book(&acts, vec![Transfer { id: id(1), step, reference: "it".to_owned() }]).await.unwrap();
        clock.step(60);
        assert_eq!(book(&acts, vec![settling(2, 1, true)]).await.unwrap_err().code(), "payments.transfer.expired");
        book(&acts, vec![settling(2, 1, false)]).await.unwrap();
        assert_eq!(balances(&acts, "a").await, [0; 4]);
    });
}

#[test]
fn a_batch_is_all_or_nothing_and_each_transfer_once() {
    on_each(async |acts, _, a, b| {
        let broken = vec![moving(1, a, b, 10), moving(2, b, a, 5), moving(3, a, a, 1)];
        assert_eq!(book(&acts, broken).await.unwrap_err().code(), "payments.transfer.same");
        assert_eq!(balances(&acts, "a").await, [0; 4]);
        let fine = vec![moving(1, a, b, 10), moving(2, b, a, 5), moving(1, a, b, 10)];
        assert_eq!(book(&acts, fine.clone()).await.unwrap(), [Booked::Now, Booked::Now, Booked::Before]);
        assert_eq!(book(&acts, fine).await.unwrap(), [Booked::Before; 3]);
        assert_eq!(balances(&acts, "a").await, [10, 5, 0, 0]);
        for other in [moving(1, a, b, 11), moving(1, b, a, 10), holding(1, a, b, 10)] {
            assert_eq!(book(&acts, vec![other]).await.unwrap_err().code(), "payments.transfer.reused");
        }
    });
}

#[test]
fn what_cannot_be_booked() {
    on_each(async |acts, _, a, b| {
        let rand = open(&acts, "zar".to_owned(), "ZAR").await;
        let unknown = AccountId::from_bytes([9; 16]);
        for (transfer, code) in [
            (moving(1, a, b, 0), "payments.transfer.amount"),
            (moving(1, a, b, -1), "payments.transfer.amount"),
            (moving(1, a, b, i64::MIN), "payments.transfer.amount"),
            (moving(1, a, b, i64::MAX), "payments.transfer.amount"),
            (moving(1, a, rand, 1), "payments.transfer.currency"),
            (moving(1, a, unknown, 1), "payments.account.unknown"),
            (settling(1, 2, true), "payments.transfer.unknown"),
        ] {
            assert_eq!(book(&acts, vec![transfer]).await.unwrap_err().code(), code);
        }
        let many = vec![moving(1, a, b, 1); payments::ledger::BATCH + 1];
        assert_eq!(book(&acts, many).await.unwrap_err().code(), "payments.transfer.batch");
        let again = write(&acts, |cx| {
            let currency = Currency::parse("ZAR").unwrap();
            open_account(
                cx,
                &NewAccount { reference: "a", kind: AccountKind::Liability, currency, name: "it", bound: Bound::None },
            )
        });
        assert_eq!(again.await.unwrap_err().code(), "payments.account.differs");
    });
}

#[test]
fn no_balance_wraps_around() {
    on_each(async |acts, _, a, b| {
        let largest = 1_i64 << 53;
        let batch: Vec<Transfer> = (0..1023_u16)
            .map(|number| {
                let mut bytes = [1; 16];
                bytes[..2].copy_from_slice(&number.to_be_bytes());
                Transfer { id: TransferId::from_bytes(bytes), ..moving(0, a, b, largest) }
            })
            .collect();
        book(&acts, batch).await.unwrap();
        book(&acts, vec![holding(200, a, b, largest - 1)]).await.unwrap();
        for transfer in [moving(201, a, b, 1), holding(201, a, b, 1)] {
            assert_eq!(book(&acts, vec![transfer]).await.unwrap_err().code(), "payments.account.full");
        }
        book(&acts, vec![settling(202, 200, true)]).await.unwrap();
        assert_eq!(balances(&acts, "a").await, [i64::MAX, 0, 0, 0]);
    });
}

#[test]
fn a_hot_account_takes_many_writers() {
    on_each(async |acts, _, a, b| {
        let mut running = Vec::new();
        for writer in 0..8_u8 {
            let acts = acts.clone();
            running.push(tokio::spawn(async move {
                for round in 0..5_u8 {
                    let batch = (0..20).map(|n| {
                        let mut bytes = [writer; 16];
                        (bytes[1], bytes[2]) = (round, n);
                        Transfer { id: TransferId::from_bytes(bytes), ..moving(0, a, b, 1) }
                    });
                    book(&acts, batch.collect()).await.unwrap();
                }
            }));
        }
        for one in running {
            one.await.unwrap();
        }
        assert_eq!(balances(&acts, "a").await, [800, 0, 0, 0]);
    });
}

/// One step of a random story: what to do, with which accounts, how much, under which identifier.
#[derive(Clone, Debug)]
enum Deed {
    Move(u8, usize, usize, i64),
    Hold(u8, usize, usize, i64),
    Settle(u8, u8, bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    let amount = prop_oneof![4 => 1..1000_i64, 1 => -5..1_i64, 1 => Just(1_i64 << 53)];
    prop_oneof![
        (0..40_u8, 0..4_usize, 0..4_usize, amount.clone()).prop_map(|(n, a, b, m)| Deed::Move(n, a, b, m)),
        (0..40_u8, 0..4_usize, 0..4_usize, amount).prop_map(|(n, a, b, m)| Deed::Hold(n, a, b, m)),
        (0..40_u8, 0..40_u8, any::<bool>()).prop_map(|(n, of, posts)| Deed::Settle(n, of, posts)),
    ]
}

/// The ledger as anybody would write it who had no database.
#[derive(Clone, Default)]
struct Model {
    entries: BTreeMap<u8, (usize, usize, i64, &'static str, Option<u8>)>,
}

impl Model {
    /// Whether the deed changes something, changes nothing because it was done before, or is refused.
    fn does(&mut self, deed: &Deed) -> Option<Booked> {
        let (number, entry) = match *deed {
            Deed::Move(number, a, b, minor) => (number, (a, b, minor, "posted", None)),
            Deed::Hold(number, a, b, minor) => (number, (a, b, minor, "pending", None)),
            Deed::Settle(number, of, posts) => {
                let held = *self.entries.get(&of).filter(|held| held.3 == "pending")?;
                (number, (held.0, held.1, held.2, if posts { "posted" } else { "voided" }, Some(of)))
            }
        };
        if entry.0 == entry.1 || entry.2 <= 0 {
            return None;
        }
        if let Some(known) = self.entries.get(&number) {
            return (*known == entry).then_some(Booked::Before);
        }
        if entry.4.is_some() && self.entries.values().any(|done| done.4 == entry.4) {
            return None;
        }
        self.entries.insert(number, entry);
        Some(Booked::Now)
    }

    fn balance(&self, account: usize) -> [i64; 4] {
        let mut sums = [0; 4];
        for (number, (debit, credit, minor, state, _)) in &self.entries {
            let open = *state == "pending" && !self.entries.values().any(|done| done.4 == Some(*number));
            for (side, of) in [debit, credit].into_iter().enumerate() {
                if *of == account {
                    sums[side] += if *state == "posted" { *minor } else { 0 };
                    sums[side + 2] += if open { *minor } else { 0 };
                }
            }
        }
        sums
    }
}

/// The same story, with identifiers and accounts of its own, so that many fit into one database.
fn transfer(story: u8, accounts: &[AccountId], deed: &Deed) -> Transfer {
    let named = |number: u8| {
        let mut bytes = [story; 16];
        bytes[15] = number;
        TransferId::from_bytes(bytes)
    };
    let (number, step) = match *deed {
        Deed::Move(n, a, b, m) => (n, Step::Move { debit: accounts[a], credit: accounts[b], amount: lsl(m) }),
        Deed::Hold(n, a, b, m) => {
            (n, Step::Hold { debit: accounts[a], credit: accounts[b], amount: lsl(m), expires_at: None })
        }
        Deed::Settle(n, of, true) => (n, Step::Post { of: named(of), amount: None }),
        Deed::Settle(n, of, false) => (n, Step::Void { of: named(of) }),
    };
    Transfer { id: named(number), step, reference: "story".to_owned() }
}

/// Tells a story to the ledger, in batches, and to the model; they agree on each answer and on every balance.
async fn tell(acts: &Acts, story: u8, batches: &[Vec<Deed>]) {
    let mut accounts = Vec::new();
    for place in 0..4 {
        accounts.push(open(acts, format!("story:{story}:{place}"), "LSL").await);
    }
    let mut model = Model::default();
    for batch in batches {
        let mut next = model.clone();
        let expected: Option<Vec<Booked>> = batch.iter().map(|deed| next.does(deed)).collect();
        let booked = book(acts, batch.iter().map(|deed| transfer(story, &accounts, deed)).collect()).await;
        assert_eq!(booked.ok(), expected, "{batch:?}");
        if expected.is_some() {
            model = next;
        }
    }
    let stands = move |cx: &mut Cx<'_>| accounts.iter().map(|id| balances_of(cx, *id)).collect::<Result<Vec<_>, _>>();
    for (place, account) in acts.read(&Caller::system("test"), stands).await.unwrap().iter().enumerate() {
        let [a, b, c, d] = model.balance(place);
        let is = (account.debits_posted, account.credits_posted, account.debits_pending, account.credits_pending);
        assert_eq!(is, (a, b, c, d), "account {place}");
    }
    must_be_sound(acts).await;
}

#[test]
fn any_story_is_told_as_the_model_tells_it() {
    for database in testkit::databases(&migrations()) {
        let (acts, _) = acts(&database);
        let config = Config { cases: 40, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() };
        let story = std::cell::Cell::new(0_u8);
        let batches = prop::collection::vec(prop::collection::vec(deed(), 1..6), 1..16);
        let told = TestRunner::new(config).run(&batches, |batches| {
            story.set(story.get().wrapping_add(1));
            testkit::block_on(tell(&acts, story.get(), &batches));
            Ok(())
        });
        told.unwrap();
    }
}

#[test]
fn the_auditor_finds_what_is_wrong() {
    for database in testkit::databases(&migrations()) {
        let (acts, _) = acts(&database);
        testkit::block_on(async {
            let (a, b) = (open(&acts, "a".to_owned(), "LSL").await, open(&acts, "b".to_owned(), "LSL").await);
            book(&acts, vec![moving(1, a, b, 10)]).await.unwrap();
            must_be_sound(&acts).await;
            let tamper = |cx: &mut Cx<'_>| {
                cx.may("it.ledger.tamper", &spine::Resource::new("Ledger", "1"))?;
                cx.record(spine::Act::new("it.ledger.tampered"));
                Ok(cx.tx().execute("UPDATE payments_account SET debits_posted = 11 WHERE reference = 'a'", &[])?)
            };
            write(&acts, tamper).await.unwrap();
            let audit = acts.read(&Caller::system("test"), payments::audit).await.unwrap();
            assert_eq!(audit.findings.len(), 2, "out of balance, and not what the transfers say: {:?}", audit.findings);
        });
    }
}
