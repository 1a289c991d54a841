//! A seeded country in miniature: deeds, money and the log under everything that goes wrong, and auditors who add up.
//!
//! **Invariant:** the same seed gives the same story. Whatever happens (the same request again, two at once, a restart
//! between steps, a clock that jumps), the auditors find nothing: money is conserved, every key happened once, and every
//! act has a receipt that holds.
#![expect(clippy::expect_used, reason = "in a simulation a failure should be loud")]

use std::sync::Arc;

use crypto::{Algorithm, SigningKey};
use journal::log::{LogKey, Sequencer, receipt, verify};
use journal::{Acts, Key, Subscriptions, acts_on};
use payments::{AccountId, AccountKind, Bound, NewAccount, Step, Transfer, audit, open_account, transfer};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use spine::{Act, Caller, Currency, Cx, Fault, Migration, Money, Resource};
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};

/// The tables of the simulated rooms.
#[must_use]
pub fn migrations() -> Vec<Migration> {
    [journal::MIGRATIONS, payments::MIGRATIONS].concat()
}

/// A country in miniature.
pub struct World {
    database: TestDatabase,
    clock: Arc<TestClock>,
    entropy: Arc<SeededEntropy>,
    acts: Acts,
    log: Arc<LogKey>,
    random: ChaCha20Rng,
    accounts: Vec<AccountId>,
    deeds: u64,
}

/// What the auditors saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Deeds that were to happen once.
    pub deeds: u64,
    /// Leaves whose receipts hold.
    pub proven: u64,
}

impl World {
    /// A country on a fresh database, with a few accounts.
    pub async fn new(database: TestDatabase, seed: u64) -> Self {
        let (clock, entropy) = (Arc::new(TestClock::at("2026-11-24T08:00:00Z")), Arc::new(SeededEntropy::default()));
        let key = SigningKey::generate(Algorithm::EdDsa).expect("a key");
        let mut world = Self {
            acts: acts(&database.store, &clock, &entropy),
            log: Arc::new(LogKey::new("sim/log", key).expect("a name")),
            random: ChaCha20Rng::seed_from_u64(seed),
            accounts: Vec::new(),
            deeds: 0,
            database,
            clock,
            entropy,
        };
        for (reference, kind) in [
            ("sim-wallet", AccountKind::Asset),
            ("sim-income", AccountKind::Income),
            ("sim-other", AccountKind::Income),
            ("sim-suspense", AccountKind::Suspense),
        ] {
            let open = move |cx: &mut Cx<'_>| {
                let new = NewAccount { reference, kind, currency: xts(), name: reference, bound: Bound::None };
                cx.record(Act::new("sim.account.opened").on(reference));
                open_account(cx, &new)
            };
            let account = world.acts.write(&caller(), &Key::none(), open).await.expect("an account");
            world.accounts.push(account);
        }
        world
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound
    }

    /// One thing happens.
    pub async fn step(&mut self) {
        match self.below(20) {
            0 => self.restart(),
            1 => {
                let seconds = i64::try_from(self.below(7_200)).expect("small") - 3_600;
                self.clock.step(seconds);
            }
            2 | 3 => drop(self.sequencer().step().await.expect("the log grows")),
            4..=6 if self.deeds > 0 => {
                // The same request again, as after a lost answer: it happens no second time.
                let deed = self.below(self.deeds);
                self.deed(deed).await.expect("the first answer again");
            }
            7 => {
                let deed = self.next();
                let (one, two) = tokio::join!(self.deed(deed), self.deed(deed));
                one.and(two).expect("two at once are one");
            }
            _ => {
                let deed = self.next();
                self.deed(deed).await.expect("a deed");
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.deeds += 1;
        self.deeds - 1
    }

    /// The program ends and another instance opens the same database.
    fn restart(&mut self) {
        self.acts = acts(&testkit::open_again(&self.database), &self.clock, &self.entropy);
    }

    fn sequencer(&self) -> Sequencer {
        Sequencer::new(self.acts.clone(), Arc::clone(&self.log))
    }

    /// Moves money between two accounts; what and how much follow from the deed's number.
    async fn deed(&self, deed: u64) -> Result<(), Fault> {
        let pick = |salt: u64| {
            let place = usize::try_from((deed * 2_654_435_761 + salt) % self.accounts.len() as u64).expect("small");
            self.accounts.get(place).copied().expect("an account")
        };
        let (debit, mut credit) = (pick(0), pick(1));
        if debit == credit {
            credit = pick(2);
        }
        let amount = Money::new(i64::try_from(deed % 9_999).expect("small") + 1, xts());
        let key = Key::new("sim.deed", &deed.to_string(), &deed.to_be_bytes());
        let operation = move |cx: &mut Cx<'_>| {
            cx.may("sim.deed.do", &Resource::new("Deed", deed))?;
            let step = Step::Move { debit, credit, amount };
            let booking = Transfer { id: cx.id(), step, reference: format!("deed-{deed}") };
            transfer(cx, &booking)?;
            cx.record(Act::new("sim.deed.done").about("per_sim").on(format!("deed-{deed}")));
            Ok(())
        };
        self.acts.write(&caller(), &key, operation).await
    }

    /// The auditors add everything up. Fails loudly at what they find.
    pub async fn audit(&self) -> Audited {
        while self.sequencer().step().await.expect("the log grows") > 0 {}
        let sums = self.acts.read(&caller(), audit).await.expect("the ledger is read");
        assert!(sums.is_sound(), "money was made or lost: {sums:?}");
        let mut proven = 0;
        for deed in 0..self.deeds {
            let object = format!("deed-{deed}");
            let look = move |cx: &mut Cx<'_>| {
                let times = acts_on(cx, &object, None, 10)?.iter().filter(|act| act.kind == "sim.deed.done").count();
                Ok((times, receipt(cx, "sim.deed.done", &object)?))
            };
            let (times, receipt) = self.acts.read(&caller(), look).await.expect("the journal is read");
            assert_eq!(times, 1, "deed {deed} happened {times} times");
            verify(&receipt.expect("a receipt"), &self.log.verifier()).expect("a receipt that holds");
            proven += 1;
        }
        Audited { deeds: self.deeds, proven }
    }
}

fn xts() -> Currency {
    Currency::parse("XTS").expect("the code for tests")
}

fn caller() -> Caller {
    Caller::system("sim")
}

fn acts<S: spine::Database + Clone>(store: &S, clock: &Arc<TestClock>, entropy: &Arc<SeededEntropy>) -> Acts {
    let (clock, entropy) = (Arc::clone(clock), Arc::clone(entropy));
    Acts::new(Arc::new(store.clone()), clock, entropy, Arc::new(Everything), Subscriptions::default())
}
