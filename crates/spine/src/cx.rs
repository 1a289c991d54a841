//! The context of one operation: the transaction, the moment, who asks, what they may, and what the
//! operation leaves behind.
//!
//! **Invariant:** an operation that changed rows must have been allowed by the authority and must have
//! recorded an act; [`Cx::finish`] refuses to end it otherwise. Time and randomness come from here,
//! so running an operation again gives the same result.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Serialize;

use crate::act::{Act, Event, Job};
use crate::actor::{Actor, Caller};
use crate::fault::Fault;
use crate::id::{Id, IdKind};
use crate::text::Language;
use crate::time::Timestamp;
use crate::tx::{Companion, Row, Tx, TxError, Value, only_reads};

/// What an action is to be done to, as the policies see it.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// Its type in the policies: `Case`.
    pub kind: &'static str,
    /// Its identifier.
    pub id: String,
    /// Facts the policies may weigh.
    pub attributes: BTreeMap<&'static str, Attribute>,
}

/// A fact about a resource.
#[derive(Clone, Debug, Serialize)]
pub enum Attribute {
    /// Text, such as an owner's id.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Truth(bool),
}

impl Resource {
    /// A resource of `kind` with no facts.
    #[must_use]
    pub fn new(kind: &'static str, id: impl ToString) -> Self {
        Self { kind, id: id.to_string(), attributes: BTreeMap::new() }
    }

    /// Adds a text fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<String>) -> Self {
        self.attributes.insert(name, Attribute::Text(fact.into()));
        self
    }

    /// Adds a yes-or-no fact.
    #[must_use]
    pub fn is(mut self, name: &'static str, fact: bool) -> Self {
        self.attributes.insert(name, Attribute::Truth(fact));
        self
    }
}

/// Decides who may do what. Denies by default.
pub trait Authority: Send + Sync {
    /// Allows, or refuses with a fault that names the rule and what would change it.
    ///
    /// # Errors
    /// A [`crate::FaultKind::Forbidden`] or [`crate::FaultKind::Unauthenticated`] fault.
    fn decide(&self, actor: &Actor, action: &str, resource: &Resource) -> Result<(), Fault>;
}

/// Where the seed of each request's randomness comes from: the operating system, or a test's own numbers.
pub trait Entropy: Send + Sync + 'static {
    /// 32 fresh bytes nobody can foretell.
    fn seed(&self) -> [u8; 32];
}

/// What an operation leaves behind besides its rows.
#[derive(Debug, Default)]
pub struct Leavings {
    /// Deeds, in order.
    pub acts: Vec<Act>,
    /// What others may react to.
    pub events: Vec<Event>,
    /// Work for the workers.
    pub jobs: Vec<Job>,
}

/// The context of one operation.
pub struct Cx<'a> {
    tx: Counting<'a>,
    now: Timestamp,
    caller: &'a Caller,
    authority: &'a dyn Authority,
    random: ChaCha20Rng,
    ids_made: u16,
    allowed: bool,
    leavings: Leavings,
}

impl<'a> Cx<'a> {
    /// A context for one run of one operation; `seed` is the same for every run of the same request.
    pub fn new(
        tx: &'a mut dyn Tx,
        now: Timestamp,
        caller: &'a Caller,
        authority: &'a dyn Authority,
        seed: [u8; 32],
    ) -> Self {
        Self {
            tx: Counting { tx, writes: 0 },
            now,
            caller,
            authority,
            random: ChaCha20Rng::from_seed(seed),
            ids_made: 0,
            allowed: false,
            leavings: Leavings::default(),
        }
    }

    /// The transaction.
    pub fn tx(&mut self) -> &mut (dyn Tx + 'a) {
        &mut self.tx
    }

    /// The moment of the request.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> &'a Actor {
        &self.caller.actor
    }

    /// Who asks, through what, in which language.
    #[must_use]
    pub const fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// The language of the answer.
    #[must_use]
    pub const fn language(&self) -> &'a Language {
        &self.caller.language
    }

    /// Asks whether the actor may do `action` (`engine.noun.verb`) to `resource`.
    ///
    /// # Errors
    /// The authority's refusal; as [`crate::Behalf::allows`] for whoever acts for another.
    pub fn may(&mut self, action: &str, resource: &Resource) -> Result<(), Fault> {
        self.within(action, resource)?;
        self.authority.decide(&self.caller.actor, action, resource)?;
        self.allowed = true;
        Ok(())
    }

    /// Holds whoever acts for another to what she was given.
    fn within(&self, action: &str, resource: &Resource) -> Result<(), Fault> {
        let service = match resource.attributes.get("service") {
            Some(Attribute::Text(service)) => Some(service.as_str()),
            _ => None,
        };
        self.caller.actor.allows(action, service)
    }

    /// Whether the actor may do `action`, without refusing: for showing or hiding a button.
    #[must_use]
    pub fn could(&self, action: &str, resource: &Resource) -> bool {
        self.within(action, resource).is_ok() && self.authority.decide(&self.caller.actor, action, resource).is_ok()
    }

    /// A new identifier; those of one operation ascend.
    pub fn id<K: IdKind>(&mut self) -> Id<K> {
        let mut random: [u8; 10] = self.random_bytes();
        // RFC 9562 §6.2 method 1: the twelve bits after the version count within the operation.
        let [high, low, ..] = &mut random;
        [*high, *low] = (self.ids_made & 0x0fff).to_be_bytes();
        self.ids_made = self.ids_made.wrapping_add(1);
        Id::from_parts(self.now, random)
    }

    /// Random bytes, the same in every run of the same request.
    pub fn random_bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill_bytes(&mut bytes);
        bytes
    }

    /// A random whole number below `bound`, without bias.
    pub fn random_below(&mut self, bound: u64) -> u64 {
        let bound = bound.max(1);
        let usable = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.random.next_u64();
            if drawn < usable {
                return drawn % bound;
            }
        }
    }

    /// Leaves a deed in the journal and the evidence log.
    pub fn record(&mut self, act: Act) {
        self.leavings.acts.push(act);
    }

    /// Tells the other engines.
    pub fn emit(&mut self, event: Event) {
        self.leavings.events.push(event);
    }

    /// Leaves work for a worker.
    pub fn enqueue(&mut self, job: Job) {
        self.leavings.jobs.push(job);
    }

    /// Ends the operation and gives what it leaves behind; the journal then writes it with this same context.
    ///
    /// # Errors
    /// An internal fault if rows, events or jobs were written without an act, or an act without permission.
    pub fn finish(&mut self) -> Result<Leavings, Fault> {
        let left_work = !self.leavings.events.is_empty() || !self.leavings.jobs.is_empty();
        if self.leavings.acts.is_empty() && (self.tx.writes > 0 || left_work) {
            return Err(Fault::internal(
                "spine.operation.unrecorded",
                "an operation changed state and recorded no act",
            ));
        }
        if !self.allowed && !self.leavings.acts.is_empty() {
            return Err(Fault::internal("spine.operation.unauthorised", "an operation acted and asked no permission"));
        }
        Ok(std::mem::take(&mut self.leavings))
    }
}

/// Counts statements that change rows.
struct Counting<'a> {
    tx: &'a mut dyn Tx,
    writes: u64,
}

impl Tx for Counting<'_> {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError> {
        self.writes += 1;
        self.tx.execute(sql, args)
    }

    fn change(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        self.writes += 1;
        self.tx.change(sql, args)
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        self.writes += u64::from(!only_reads(sql));
        self.tx.query(sql, args)
    }

    fn ask_ahead(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        self.tx.ask_ahead(sql, args)
    }

    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError> {
        self.writes += 1;
        self.tx.insert(sql, rows)
    }

    fn append(&mut self, sql: &'static str, args: Vec<Value<'static>>) {
        self.writes += 1;
        self.tx.append(sql, args);
    }

    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        self.tx.query_each(sql, keys)
    }

    fn posts(&self) -> bool {
        self.tx.posts()
    }

    fn take(&mut self) -> Result<Option<Box<dyn Companion>>, TxError> {
        self.tx.take()
    }

    fn keep(&mut self, companion: Box<dyn Companion>, changed: bool) {
        self.writes += u64::from(changed);
        self.tx.keep(companion, changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Tx for Nothing {
        fn execute(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<u64, TxError> {
            Ok(1)
        }
        fn change(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<(), TxError> {
            Ok(())
        }
        fn query(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
            Ok(Vec::new())
        }
        fn ask_ahead(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<(), TxError> {
            Ok(())
        }
        fn insert(&mut self, _: &'static str, _: &[&[Value<'_>]]) -> Result<(), TxError> {
            Ok(())
        }
        fn append(&mut self, _: &'static str, _: Vec<Value<'static>>) {}
        fn query_each(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
            Ok(Vec::new())
        }
        fn posts(&self) -> bool {
            false
        }
        fn take(&mut self) -> Result<Option<Box<dyn Companion>>, TxError> {
            Err(TxError::Lane)
        }
        fn keep(&mut self, _: Box<dyn Companion>, _: bool) {}
    }
    struct Yes;
    impl Authority for Yes {
        fn decide(&self, _: &Actor, _: &str, _: &Resource) -> Result<(), Fault> {
            Ok(())
        }
    }
    struct Thing;
    impl IdKind for Thing {
        const PREFIX: &'static str = "thg";
    }

    fn run<T>(work: impl FnOnce(&mut Cx<'_>) -> T) -> (T, Result<Leavings, Fault>) {
        let (mut tx, caller) = (Nothing, Caller::system("test"));
        let mut cx = Cx::new(&mut tx, Timestamp::from_micros(1_000_000), &caller, &Yes, [1; 32]);
        let value = work(&mut cx);
        (value, cx.finish())
    }

    #[test]
    fn a_change_without_an_act_cannot_end() {
        let (_, end) = run(|cx| cx.tx().execute("UPDATE thing SET a = 1", &[]).unwrap());
        assert_eq!(end.unwrap_err().code(), "spine.operation.unrecorded");
        let (_, end) = run(|cx| {
            cx.tx().query(" INSERT INTO thing (a) VALUES (1) RETURNING a", &[]).map(|rows| rows.len()).unwrap()
        });
        assert_eq!(end.unwrap_err().code(), "spine.operation.unrecorded");
        let (_, end) = run(|cx| cx.enqueue(Job::new("later", serde_json::Value::Null)));
        assert_eq!(end.unwrap_err().code(), "spine.operation.unrecorded");
    }

    #[test]
    fn an_act_without_permission_cannot_end() {
        let (_, end) = run(|cx| cx.record(Act::new("thing.changed")));
        assert_eq!(end.unwrap_err().code(), "spine.operation.unauthorised");
    }

    #[test]
    fn reading_needs_neither() {
        let (_, end) = run(|cx| cx.tx().query("SELECT a FROM thing", &[]).map(|rows| rows.len()).unwrap());
        assert!(end.is_ok());
    }

    #[test]
    fn ids_ascend_and_runs_agree() {
        let make = |cx: &mut Cx<'_>| (0..300).map(|_| cx.id::<Thing>()).collect::<Vec<_>>();
        let (one, two) = (run(make).0, run(make).0);
        assert!(one.is_sorted());
        assert_eq!(one, two);
        assert!(run(|cx| (0..1000).all(|_| cx.random_below(7) < 7)).0);
    }
}
