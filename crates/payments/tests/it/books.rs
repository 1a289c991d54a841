//! The books under any story: bounds, parts, sweeps, lapses, windows, restarts, two instances at once, and a bit flipped.
//!
//! A story is told to the ledger on each database and to a model of it that has no database, no memory to lose and no
//! cleverness; they agree on each answer and on every balance, and both databases end with the same hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Acts, Key, Subscriptions};
use payments::ledger::{
    self, Movement, balances_at, book_each, close_account, copy, mark, movements, statement, tick, verify, verify_copy,
};
use payments::{AccountId, AccountKind, Booked, Bound, NewAccount, Step, Transfer, TransferId, transfers};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use spine::{Act, Caller, Cx, Fault, Migration, Resource, Timestamp};
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};

use crate::bench::lsl;

const ACCOUNTS: usize = 5;
const BOUNDS: [Bound; ACCOUNTS] =
    [Bound::None, Bound::None, Bound::DebitsWithinCredits, Bound::CreditsWithinDebits, Bound::DebitsWithinCredits];

/// A ledger on one database, which can be closed and opened as a program that is killed and started.
struct House {
    database: TestDatabase,
    acts: Acts,
    clock: Arc<TestClock>,
    entropy: Arc<SeededEntropy>,
    accounts: Vec<AccountId>,
}

fn caller() -> Caller {
    Caller::system("test")
}

impl House {
    async fn on(database: TestDatabase) -> Self {
        let (clock, entropy) = (Arc::new(TestClock::at("2026-11-24T08:00:00Z")), Arc::new(SeededEntropy::default()));
        let acts = instance(&database.store, &clock, &entropy);
        let mut house = Self { database, acts, clock, entropy, accounts: Vec::new() };
        for (place, bound) in BOUNDS.into_iter().enumerate() {
            let account = house.open(&format!("account-{place}"), bound).await;
            house.accounts.push(account);
        }
        house
    }

    fn each() -> Vec<TestDatabase> {
        let migrations: Vec<Migration> = journal::MIGRATIONS.iter().chain(payments::MIGRATIONS).copied().collect();
        testkit::databases(&migrations)
    }

    async fn open(&self, reference: &str, bound: Bound) -> AccountId {
        let reference = reference.to_owned();
        let open = move |cx: &mut Cx<'_>| {
            let (kind, currency) = (AccountKind::Liability, lsl(1).currency());
            payments::open_account(cx, &NewAccount { reference: &reference, kind, currency, name: "it", bound })
        };
        self.write(open).await.unwrap()
    }

    async fn write<T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static>(
        &self,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.acts.write(&caller(), &Key::none(), operation).await
    }

    async fn read<T: Send + 'static>(
        &self,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.acts.read(&caller(), operation).await
    }

    async fn book(&self, batch: Vec<Transfer>) -> Result<Vec<Booked>, Fault> {
        self.write(move |cx| transfers(cx, &batch)).await
    }

    /// The program ends and starts: nothing that was in memory is there any more.
    fn restart(&mut self) {
        self.acts = instance(&testkit::open_again(&self.database), &self.clock, &self.entropy);
    }

    async fn balances(&self) -> Vec<[i64; 4]> {
        let accounts = self.accounts.clone();
        let all = move |cx: &mut Cx<'_>| {
            accounts.iter().map(|id| Ok(shown(&ledger::find(cx, *id)?.unwrap()))).collect::<Result<Vec<_>, Fault>>()
        };
        self.read(all).await.unwrap()
    }

    async fn sound(&self) -> String {
        let verified = self.read(verify).await.unwrap();
        assert!(verified.findings.is_empty(), "{:?}", verified.findings);
        let again = verify_copy(self.copy().await.as_slice()).unwrap();
        assert_eq!((&again.head, &again.findings), (&verified.head, &verified.findings), "a copy is the same ledger");
        assert_eq!((again.transfers, again.open_holds), (verified.transfers, verified.open_holds));
        verified.head
    }

    async fn copy(&self) -> Vec<u8> {
        let write = |cx: &mut Cx<'_>| {
            let mut out = Vec::new();
            copy(cx, &mut out).map(|()| out)
        };
        self.read(write).await.unwrap()
    }
}

fn shown(account: &payments::Account) -> [i64; 4] {
    [account.debits_posted, account.credits_posted, account.debits_pending, account.credits_pending]
}

fn instance(store: &(impl spine::Database + Clone), clock: &Arc<TestClock>, entropy: &Arc<SeededEntropy>) -> Acts {
    let (clock, entropy) = (Arc::clone(clock), Arc::clone(entropy));
    Acts::new(Arc::new(store.clone()), clock, entropy, Arc::new(Everything), Subscriptions::default())
}

/// One step of a story. Accounts and transfers go by small numbers, so that they meet.
#[derive(Clone, Debug)]
enum Deed {
    Move(u8, usize, usize, i64),
    Sweep(u8, usize, usize, i64),
    Hold(u8, usize, usize, i64, Option<u8>),
    Post(u8, u8, Option<i64>),
    Void(u8, u8),
    /// Time passes, and the ledger's clock strikes.
    Tick(u8),
    Restart,
}

fn deed() -> impl Strategy<Value = Deed> {
    let amount = || prop_oneof![6 => 1..500_i64, 1 => -2..1_i64, 1 => Just(1_i64 << 53), 1 => Just(i64::MAX)];
    let (any, place) = (0..60_u8, 0..ACCOUNTS);
    prop_oneof![
        5 => (any.clone(), place.clone(), place.clone(), amount()).prop_map(|(n, a, b, m)| Deed::Move(n, a, b, m)),
        1 => (any.clone(), place.clone(), place.clone(), amount()).prop_map(|(n, a, b, m)| Deed::Sweep(n, a, b, m)),
        4 => (any.clone(), place.clone(), place, amount(), prop::option::of(1..5_u8))
            .prop_map(|(n, a, b, m, e)| Deed::Hold(n, a, b, m, e)),
        4 => (any.clone(), any.clone(), prop::option::of(1..300_i64)).prop_map(|(n, of, m)| Deed::Post(n, of, m)),
        2 => (any.clone(), any).prop_map(|(n, of)| Deed::Void(n, of)),
        2 => (0..3_u8).prop_map(Deed::Tick),
        1 => Just(Deed::Restart),
    ]
}

fn named(number: u8) -> TransferId {
    TransferId::from_bytes([number; 16])
}

fn transfer(accounts: &[AccountId], now: Timestamp, deed: &Deed) -> Option<Transfer> {
    let (number, step) = match *deed {
        Deed::Move(n, a, b, m) => (n, Step::Move { debit: accounts[a], credit: accounts[b], amount: lsl(m) }),
        Deed::Sweep(n, a, b, m) => (n, Step::Sweep { debit: accounts[a], credit: accounts[b], at_most: lsl(m) }),
        Deed::Hold(n, a, b, m, minutes) => {
            let expires_at = minutes.map(|minutes| now.plus_seconds(i64::from(minutes) * 60));
            (n, Step::Hold { debit: accounts[a], credit: accounts[b], amount: lsl(m), expires_at })
        }
        Deed::Post(n, of, amount) => (n, Step::Post { of: named(of), amount: amount.map(lsl) }),
        Deed::Void(n, of) => (n, Step::Void { of: named(of) }),
        Deed::Tick(_) | Deed::Restart => return None,
    };
    Some(Transfer { id: named(number), step, reference: "story".to_owned() })
}

/// What the model remembers of a booking.
#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Moved(usize, usize, i64),
    Swept(usize, usize, i64, i64),
    Held(usize, usize, i64, Option<Timestamp>),
    Posted(u8, i64),
    Voided(u8),
}

/// The ledger as anybody would write it who had all the time in the world.
#[derive(Clone, Default)]
struct Model {
    kept: BTreeMap<u8, Kept>,
    lapsed: Vec<u8>,
}

impl Model {
    fn settled(&self, of: u8) -> bool {
        self.lapsed.contains(&of)
            || self.kept.values().any(|kept| matches!(kept, Kept::Posted(one, _) | Kept::Voided(one) if *one == of))
    }

    fn balances(&self) -> Vec<[i128; 4]> {
        let mut all = vec![[0_i128; 4]; ACCOUNTS];
        let mut add = |debit: usize, credit: usize, posted: i64, pending: i64| {
            all[debit][0] += i128::from(posted);
            all[credit][1] += i128::from(posted);
            all[debit][2] += i128::from(pending);
            all[credit][3] += i128::from(pending);
        };
        for (number, kept) in &self.kept {
            match *kept {
                Kept::Moved(debit, credit, minor) | Kept::Swept(debit, credit, minor, _) => {
                    add(debit, credit, minor, 0)
                }
                Kept::Held(debit, credit, minor, _) if !self.settled(*number) => add(debit, credit, 0, minor),
                Kept::Posted(of, minor) => {
                    let Some(Kept::Held(debit, credit, ..)) = self.kept.get(&of) else { unreachable!() };
                    add(*debit, *credit, minor, 0);
                }
                Kept::Held(..) | Kept::Voided(_) => {}
            }
        }
        all
    }

    fn keeps_the_rules(&self) -> bool {
        self.balances().iter().zip(BOUNDS).all(|([dp, cp, dw, cw], bound)| {
            let fits = dp + dw <= i128::from(i64::MAX) && cp + cw <= i128::from(i64::MAX);
            fits && match bound {
                Bound::None => true,
                Bound::DebitsWithinCredits => dp + dw <= *cp,
                Bound::CreditsWithinDebits => cp + cw <= *dp,
            }
        })
    }

    /// What the deed comes to: done, known already, or refused.
    fn does(&mut self, now: Timestamp, deed: &Deed) -> Option<Booked> {
        let (number, kept) = match *deed {
            Deed::Move(n, a, b, m) => (n, Kept::Moved(a, b, m)),
            Deed::Sweep(n, a, b, m) => {
                let [dp, cp, dw, _] = self.balances()[a];
                let left = if BOUNDS[a] == Bound::DebitsWithinCredits { cp - dp - dw } else { i128::from(i64::MAX) };
                (n, Kept::Swept(a, b, i64::try_from(left).unwrap().min(m), m))
            }
            Deed::Hold(n, a, b, m, minutes) => {
                (n, Kept::Held(a, b, m, minutes.map(|minutes| now.plus_seconds(i64::from(minutes) * 60))))
            }
            Deed::Post(n, of, part) => {
                let Some(Kept::Held(_, _, minor, _)) = self.kept.get(&of) else { return None };
                let part = part.unwrap_or(*minor);
                if part > *minor {
                    return None;
                }
                (n, Kept::Posted(of, part))
            }
            Deed::Void(n, of) => {
                let Some(Kept::Held(..)) = self.kept.get(&of) else { return None };
                (n, Kept::Voided(of))
            }
            Deed::Tick(_) | Deed::Restart => unreachable!(),
        };
        if let Kept::Moved(a, b, minor) | Kept::Held(a, b, minor, _) | Kept::Swept(a, b, _, minor) = kept
            && (a == b || !(1..=1 << 53).contains(&minor))
        {
            return None;
        }
        if let Some(known) = self.kept.get(&number) {
            let same = match (known, &kept) {
                (Kept::Swept(a, b, had, _), Kept::Swept(c, d, _, most)) => (a, b) == (c, d) && had <= most,
                (known, kept) => known == kept,
            };
            return same.then_some(Booked::Before);
        }
        match kept {
            Kept::Swept(_, _, minor, _) if minor <= 0 => return None,
            Kept::Posted(of, _) | Kept::Voided(of) if self.settled(of) => return None,
            Kept::Posted(of, _) => {
                if let Some(Kept::Held(_, _, _, Some(end))) = self.kept.get(&of)
                    && *end <= now
                {
                    return None;
                }
            }
            _ => {}
        }
        let mut next = self.clone();
        next.kept.insert(number, kept);
        next.keeps_the_rules().then(|| *self = next).map(|()| Booked::Now)
    }

    fn tick(&mut self, now: Timestamp) {
        let over = |kept: &Kept| matches!(kept, Kept::Held(_, _, _, Some(end)) if *end <= now);
        let lapsed: Vec<u8> =
            self.kept.iter().filter(|(number, kept)| over(kept) && !self.settled(**number)).map(|(n, _)| *n).collect();
        self.lapsed.extend(lapsed);
    }
}

/// Tells a story, batch by batch, and answers the hash that the ledger ends with.
async fn tell(database: TestDatabase, batches: &[Vec<Deed>]) -> String {
    let mut house = House::on(database).await;
    let mut model = Model::default();
    for batch in batches {
        let booking: Vec<&Deed> = batch.iter().filter(|deed| !matches!(deed, Deed::Tick(_) | Deed::Restart)).collect();
        let now = house.acts.now();
        let mut next = model.clone();
        let expected: Option<Vec<Booked>> = booking.iter().map(|deed| next.does(now, deed)).collect();
        let wanted: Vec<Transfer> = booking.iter().filter_map(|deed| transfer(&house.accounts, now, deed)).collect();
        let booked = house.book(wanted).await;
        assert_eq!(booked.as_ref().ok(), expected.as_ref(), "{batch:?}: {booked:?}");
        if expected.is_some() {
            model = next;
        }
        for deed in batch {
            match deed {
                Deed::Tick(minutes) => {
                    house.clock.step(i64::from(*minutes) * 60);
                    house.write(tick).await.unwrap();
                    model.tick(house.acts.now());
                }
                Deed::Restart => house.restart(),
                _ => {}
            }
        }
        let stands: Vec<[i128; 4]> = house.balances().await.iter().map(|account| account.map(i128::from)).collect();
        assert_eq!(stands, model.balances(), "{batch:?}");
    }
    house.sound().await
}

#[test]
fn any_story_ends_alike_on_every_database() {
    let config = Config { cases: 24, rng_seed: RngSeed::Fixed(24), failure_persistence: None, ..Config::default() };
    let batches = prop::collection::vec(prop::collection::vec(deed(), 1..7), 1..20);
    let told = TestRunner::new(config).run(&batches, |batches| {
        let heads: Vec<String> = House::each().into_iter().map(|one| testkit::block_on(tell(one, &batches))).collect();
        assert!(heads.windows(2).all(|two| two[0] == two[1]), "{heads:?}");
        Ok(())
    });
    told.unwrap();
}

fn moving(number: u8, debit: AccountId, credit: AccountId, minor: i64) -> Transfer {
    Transfer { id: named(number), step: Step::Move { debit, credit, amount: lsl(minor) }, reference: "it".to_owned() }
}

fn on_each(test: impl AsyncFn(House)) {
    for database in House::each() {
        testkit::block_on(async { test(House::on(database).await).await });
    }
}

#[test]
fn a_chain_is_booked_whole_or_refused_whole_and_refuses_no_other() {
    on_each(async |house| {
        let [a, b, c, ..] = house.accounts[..] else { unreachable!() };
        for broken in 0..4_u8 {
            // Account 2 may give only what it has, which is nothing: the leg from there is refused, wherever it stands.
            let leg = |place: u8| {
                let number = 100 + broken * 8 + place;
                if place == broken { moving(number, c, a, 1) } else { moving(number, a, b, 10) }
            };
            let chains = vec![
                vec![moving(broken * 2, a, b, 1)],
                (0..4).map(leg).collect(),
                vec![moving(broken * 2 + 1, b, a, 1)],
            ];
            let write = move |cx: &mut Cx<'_>| {
                cx.may("it.chains.book", &Resource::new("Ledger", "it"))?;
                cx.record(Act::new("it.chains.booked"));
                let outcomes = book_each(cx, &chains)?;
                Ok(outcomes.iter().map(|one| one.as_ref().map_err(Fault::code).is_ok()).collect::<Vec<bool>>())
            };
            assert_eq!(house.write(write).await.unwrap(), [true, false, true]);
            let times = i64::from(broken) + 1;
            assert_eq!(house.balances().await[0], [times, times, 0, 0]);
        }
        house.sound().await;
        let long = vec![vec![moving(0, a, b, 1); ledger::LEGS + 1]];
        let write = move |cx: &mut Cx<'_>| {
            cx.may("it.chains.book", &Resource::new("Ledger", "it"))?;
            Ok(book_each(cx, &long)?[0].as_ref().unwrap_err().code().to_owned())
        };
        assert_eq!(house.write(write).await.unwrap(), "payments.transfer.batch");
    });
}

#[test]
fn what_faults_after_booking_has_booked_nothing() {
    on_each(async |house| {
        let [a, b, ..] = house.accounts[..] else { unreachable!() };
        // Many at once share a commit: those that fault take nothing of the others with them.
        let mut running = Vec::new();
        for number in 0..40_u8 {
            let acts = house.acts.clone();
            running.push(async move {
                let deed = move |cx: &mut Cx<'_>| {
                    cx.may("it.books.book", &Resource::new("Ledger", "it"))?;
                    ledger::book(cx, &[moving(number, a, b, 1)])?;
                    cx.record(Act::new("it.books.booked"));
                    if number % 3 == 0 { Err(Fault::conflict("payments.transfer.reused")) } else { Ok(()) }
                };
                acts.post(&caller(), &Key::none(), deed).await.is_ok()
            });
        }
        let mut done = 0;
        for one in futures_of(running).await {
            done += i64::from(one);
        }
        assert_eq!((done, house.balances().await[0]), (26, [26, 0, 0, 0]));
        house.sound().await;
    });
}

async fn futures_of<F: Future<Output = bool> + Send + 'static>(all: Vec<F>) -> Vec<bool> {
    let running: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut outcomes = Vec::new();
    for one in running {
        outcomes.push(one.await.unwrap());
    }
    outcomes
}

#[test]
fn a_panic_in_the_middle_loses_nothing_of_the_others() {
    on_each(async |house| {
        let [a, b, ..] = house.accounts[..] else { unreachable!() };
        let mut running = Vec::new();
        for number in 0..30_u8 {
            let acts = house.acts.clone();
            running.push(async move {
                let deed = move |cx: &mut Cx<'_>| {
                    cx.may("it.books.book", &Resource::new("Ledger", "it"))?;
                    ledger::book(cx, &[moving(number, a, b, 1)])?;
                    cx.record(Act::new("it.books.booked"));
                    assert!(number != 7 && number != 20, "as a mistake of ours would");
                    Ok(())
                };
                acts.post(&caller(), &Key::none(), deed).await.is_ok()
            });
        }
        let done = futures_of(running).await.into_iter().filter(|one| *one).count();
        assert_eq!((done, house.balances().await[0]), (28, [28, 0, 0, 0]));
        house.sound().await;
    });
}

#[test]
fn two_instances_take_turns_and_neither_books_on_what_is_old() {
    on_each(async |house| {
        let [a, b, c, ..] = house.accounts[..] else { unreachable!() };
        house.book(vec![moving(255, a, c, 100)]).await.unwrap();
        let other = instance(&testkit::open_again(&house.database), &house.clock, &house.entropy);
        // Account 2 has 100 and may give no more, whichever of the two is asked.
        let mut running = Vec::new();
        for number in 0..120_u8 {
            let acts = if number % 2 == 0 { house.acts.clone() } else { other.clone() };
            running.push(async move {
                let deed = move |cx: &mut Cx<'_>| transfers(cx, &[moving(number, c, b, 1)]);
                acts.write(&caller(), &Key::none(), deed).await.is_ok()
            });
        }
        let done = futures_of(running).await.into_iter().filter(|one| *one).count();
        assert_eq!((done, house.balances().await[2]), (100, [100, 100, 0, 0]));
        house.sound().await;
    });
}

#[test]
fn a_closed_account_takes_nothing_but_the_giving_up_of_what_is_held() {
    on_each(async |mut house| {
        let [a, b, ..] = house.accounts[..] else { unreachable!() };
        let hold = Step::Hold { debit: a, credit: b, amount: lsl(5), expires_at: None };
        let held = |number| Transfer { id: named(number), step: hold.clone(), reference: "it".to_owned() };
        house.book(vec![held(1), held(2), moving(3, a, b, 1)]).await.unwrap();
        let code = house.write(move |cx| close_account(cx, a)).await.unwrap_err();
        assert_eq!(code.code(), "payments.account.not_empty");
        house.book(vec![moving(4, b, a, 1)]).await.unwrap();
        for _ in 0..2 {
            house.write(move |cx| close_account(cx, a)).await.unwrap();
            let post = Step::Post { of: named(1), amount: None };
            for step in [post, hold.clone(), Step::Move { debit: b, credit: a, amount: lsl(1) }] {
                let refused = house.book(vec![Transfer { id: named(9), step, reference: "it".to_owned() }]).await;
                assert_eq!(refused.unwrap_err().code(), "payments.account.closed");
            }
            house.restart();
        }
        let void = Step::Void { of: named(1) };
        house.book(vec![Transfer { id: named(10), step: void, reference: "it".to_owned() }]).await.unwrap();
        assert_eq!(house.balances().await[0], [1, 1, 5, 0]);
        house.sound().await;
    });
}

#[test]
fn balances_of_any_moment_are_what_they_were() {
    on_each(async |house| {
        let [a, b, c, ..] = house.accounts[..] else { unreachable!() };
        let mut were: Vec<(Timestamp, Vec<[i64; 4]>)> = vec![(house.acts.now(), house.balances().await)];
        // More than a snapshot's worth, in batches and singly.
        let mut number = 0_u32;
        for round in 0..12_u32 {
            house.clock.step(3_600);
            let size = if round % 3 == 0 { 1_500 } else { 3 };
            let batch: Vec<Transfer> = (0..size)
                .map(|_| {
                    number += 1;
                    let mut id = [7; 16];
                    id[..4].copy_from_slice(&number.to_be_bytes());
                    let (debit, credit) = if number.is_multiple_of(7) { (a, c) } else { (a, b) };
                    let amount = lsl(i64::from(number % 90 + 1));
                    let step = match number % 5 {
                        0 => Step::Hold { debit, credit, amount, expires_at: None },
                        1 if number > 5 => {
                            let mut of = [7; 16];
                            of[..4].copy_from_slice(&(number - 1).to_be_bytes());
                            let of = TransferId::from_bytes(of);
                            if number.is_multiple_of(2) { Step::Void { of } } else { Step::Post { of, amount: None } }
                        }
                        _ => Step::Move { debit, credit, amount },
                    };
                    Transfer { id: TransferId::from_bytes(id), step, reference: "it".to_owned() }
                })
                .collect();
            house.book(batch).await.unwrap();
            were.push((house.acts.now(), house.balances().await));
        }
        for (moment, balances) in were {
            let accounts = house.accounts.clone();
            let then = move |cx: &mut Cx<'_>| {
                accounts.iter().map(|id| Ok(shown(&balances_at(cx, *id, moment)?))).collect::<Result<Vec<_>, Fault>>()
            };
            assert_eq!(house.read(then).await.unwrap(), balances, "{moment:?}");
        }
        let lines = house.read(move |cx| statement(cx, b, None, 10)).await.unwrap();
        let from = lines[9].before;
        let older = house.read(move |cx| statement(cx, b, Some(from), 10)).await.unwrap();
        assert_eq!(older.len(), 10);
        assert!(lines.iter().chain(&older).map(|line| line.seq).is_sorted_by(|one, next| one > next));
        assert!(lines.iter().all(|line| !line.is_debit && line.other == "account-0"));
        house.sound().await;
    });
}

#[test]
fn each_posting_lies_in_one_window_and_windows_net_to_nothing() {
    on_each(async |house| {
        let [a, b, ..] = house.accounts[..] else { unreachable!() };
        let mut running = Vec::new();
        for number in 0..60_u8 {
            let acts = house.acts.clone();
            running.push(async move {
                let deed = move |cx: &mut Cx<'_>| {
                    cx.may("it.windows.do", &Resource::new("Ledger", "it"))?;
                    cx.record(Act::new("it.windows.done"));
                    if number % 10 == 9 {
                        mark(cx, "window", &number.to_string())?;
                    } else {
                        ledger::book(cx, &[moving(number, a, b, 1 + i64::from(number))])?;
                    }
                    Ok(())
                };
                acts.post(&caller(), &Key::none(), deed).await.is_ok()
            });
        }
        assert!(futures_of(running).await.into_iter().all(|one| one));
        let ends = |cx: &mut Cx<'_>| {
            let sql = "SELECT seq FROM payments_mark WHERE kind = 'window' ORDER BY seq";
            cx.tx().query(sql, &[])?.iter().map(|row| Ok(row.get(0)?)).collect::<Result<Vec<i64>, Fault>>()
        };
        let mut ends = house.read(ends).await.unwrap();
        assert_eq!(ends.len(), 6);
        ends.push(i64::MAX);
        let (mut from, mut sum) = (0, Movement::default());
        for end in ends {
            let of = house.read(move |cx| movements(cx, from, end)).await.unwrap();
            let debits: i64 = of.values().map(|one| one.debits).sum();
            assert_eq!(debits, of.values().map(|one| one.credits).sum::<i64>());
            sum.debits += of.get(&a).map_or(0, |one| one.debits);
            sum.credits += of.get(&b).map_or(0, |one| one.credits);
            from = end;
        }
        let [debits, ..] = house.balances().await[0];
        assert_eq!((sum.debits, sum.credits), (debits, debits));
    });
}

#[test]
fn a_flipped_bit_is_found() {
    let tampers = [
        "UPDATE payments_transfer SET amount_minor = amount_minor + 1 WHERE seq = 7",
        "UPDATE payments_transfer SET debit = 2, credit = 1 WHERE seq = 8",
        "UPDATE payments_transfer SET reference = 'another' WHERE seq = 6",
        "UPDATE payments_transfer SET expires_at = 1 WHERE seq = 7",
        "DELETE FROM payments_transfer WHERE seq = 8",
        "DELETE FROM payments_batch WHERE number = (SELECT MAX(number) FROM payments_batch)",
        "UPDATE payments_batch SET at = at + 1 WHERE number = 6",
        "UPDATE payments_balance SET credits_posted = credits_posted + 1 WHERE account = 2",
        "UPDATE payments_account SET bound = 'none' WHERE number = 3",
        "UPDATE payments_mark SET subject = 'another' WHERE seq = 2",
        "UPDATE payments_account SET closed_at = NULL, currency = 'ZAR' WHERE number = 1",
    ];
    for tamper in tampers {
        on_each(async |house| {
            let [a, b, ..] = house.accounts[..] else { unreachable!() };
            house.book(vec![moving(1, a, b, 5), moving(2, b, a, 3)]).await.unwrap();
            house.book(vec![moving(3, a, b, 7)]).await.unwrap();
            house.sound().await;
            let change = move |cx: &mut Cx<'_>| {
                cx.may("it.ledger.tamper", &Resource::new("Ledger", "it"))?;
                cx.record(Act::new("it.ledger.tampered"));
                Ok(cx.tx().execute(tamper, &[])?)
            };
            assert_eq!(house.write(change).await.unwrap(), 1, "{tamper}");
            let verified = house.read(verify).await.unwrap();
            assert!(!verified.findings.is_empty(), "{tamper}");
        });
    }
}

#[test]
fn a_copy_with_any_letter_changed_or_any_line_gone_is_not_taken_for_it() {
    on_each(async |house| {
        let [a, b, ..] = house.accounts[..] else { unreachable!() };
        house.book(vec![moving(1, a, b, 5), moving(2, b, a, 3)]).await.unwrap();
        let hold = Step::Hold { debit: a, credit: b, amount: lsl(9), expires_at: None };
        house.book(vec![Transfer { id: named(3), step: hold, reference: "it".to_owned() }]).await.unwrap();
        let head = house.sound().await;
        let whole = house.copy().await;
        let passes = |copy: &[u8]| verify_copy(copy).is_ok_and(|told| told.findings.is_empty() && told.head == head);
        assert!(passes(&whole));
        for place in 0..whole.len() {
            let mut other = whole.clone();
            other[place] = if other[place] == b'1' { b'2' } else { b'1' };
            assert!(!passes(&other), "{place}: {}", String::from_utf8_lossy(&other));
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        for place in 0..lines.len() {
            let without: Vec<u8> =
                lines.iter().enumerate().filter(|(at, _)| *at != place).flat_map(|(_, line)| *line).copied().collect();
            assert!(!passes(&without), "without line {place}");
            let mut twice = lines.clone();
            twice.insert(place, lines[place]);
            assert!(!passes(&twice.concat()), "line {place} twice");
        }
        assert!(!passes(&whole[..whole.len() - 1]) && !passes(b"") && !passes(&vec![b'['; 100_000]));
    });
}

#[test]
fn the_ledger_is_sealed_once_for_what_it_holds() {
    on_each(async |house| {
        let [a, b, ..] = house.accounts[..] else { unreachable!() };
        let seals = async || {
            let count = |cx: &mut Cx<'_>| Ok(journal::acts_on(cx, "ledger", None, 50)?.len());
            house.read(count).await.unwrap()
        };
        for (booked, sealed) in [(true, 2), (false, 2), (true, 4), (false, 4)] {
            if booked {
                house.book(vec![moving(u8::try_from(sealed).unwrap(), a, b, 1)]).await.unwrap();
            }
            house.write(tick).await.unwrap();
            // One act is the booking's own.
            assert_eq!(seals().await, sealed);
        }
        house.sound().await;
    });
}
