//! Each wall of the ledger; `books.rs` tells it any story.

use std::sync::Arc;

use journal::{Acts, Key, Subscriptions};
use payments::{
    AccountId, AccountKind, Booked, Bound, NewAccount, Step, Transfer, TransferId, open_account, transfers,
};
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
        let of = payments::ledger::called(cx, reference)?.unwrap();
        Ok([of.debits_posted, of.credits_posted, of.debits_pending, of.credits_pending])
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
                Ok(cx.tx().execute("UPDATE payments_balance SET debits_posted = 11 WHERE account = 1", &[])?)
            };
            write(&acts, tamper).await.unwrap();
            let audit = acts.read(&Caller::system("test"), payments::audit).await.unwrap();
            assert_eq!(audit.findings.len(), 1, "not what the transfers say: {:?}", audit.findings);
        });
    }
}
