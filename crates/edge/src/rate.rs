//! How often somebody may do something: a token bucket in memory (GCRA, ITU-T I.371), told to wait when empty.
//!
//! **Invariant:** memory is bounded: two generations of at most [`GENERATION`] counters. It protects one
//! instance against a flood; what must hold over all instances (PIN attempts) is counted in the database.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use spine::{Clock, Fault, FaultKind};

/// Counters in one generation; an older generation is dropped when the younger is full.
pub const GENERATION: usize = 50_000;

/// A limit: `burst` at once, all of it again after `seconds`.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// What is limited: `identity.signin`.
    pub name: &'static str,
    /// How many at once.
    pub burst: u32,
    /// In how many seconds an empty bucket is full again.
    pub seconds: u32,
}

/// Counts, by bucket and by whom.
pub struct RateLimiter {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    counters: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<u64, i64>,
    old: HashMap<u64, i64>,
}

impl RateLimiter {
    /// An empty limiter on this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, hasher: RandomState::new(), counters: Mutex::default() }
    }

    /// Takes one token from `who`'s bucket.
    ///
    /// # Errors
    /// `edge.rate.exceeded` with the seconds to wait.
    pub fn take(&self, bucket: &Bucket, who: &str) -> Result<(), Fault> {
        self.take_many(bucket, who, 1)
    }

    /// Takes `count` tokens from `who`'s bucket, or none of them.
    ///
    /// # Errors
    /// `edge.rate.exceeded` with the seconds to wait.
    pub fn take_many(&self, bucket: &Bucket, who: &str, count: u32) -> Result<(), Fault> {
        let now = self.clock.now().as_micros();
        let full = i64::from(bucket.seconds) * 1_000_000;
        let taken = full / i64::from(bucket.burst.max(1)) * i64::from(count);
        let place = self.hasher.hash_one((bucket.name, who));
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        // A counter that lies further ahead than a full bucket was kept before the clock stepped back: it says nothing now,
        // and nobody is refused for it.
        let kept = counters.get(place);
        let spent_until = if kept > now.saturating_add(full) { now } else { kept.max(now) };
        let wait = spent_until - now - (full - taken);
        if wait > 0 {
            let seconds = u32::try_from((wait + 999_999) / 1_000_000).unwrap_or(u32::MAX);
            return Err(Fault::new(FaultKind::TooMany, "edge.rate.exceeded")
                .with("seconds", i64::from(seconds))
                .with("count", i64::from(seconds))
                .retry_after(seconds));
        }
        counters.set(place, spent_until + taken);
        Ok(())
    }
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RateLimiter")
    }
}

impl Generations {
    fn get(&self, place: u64) -> i64 {
        self.young.get(&place).or_else(|| self.old.get(&place)).copied().unwrap_or(i64::MIN)
    }

    fn set(&mut self, place: u64, until: i64) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(place, until);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use spine::Timestamp;

    use super::*;

    struct Hand(AtomicI64);
    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn empties_and_fills_again() {
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000_000)));
        let limiter = RateLimiter::new(clock.clone());
        let bucket = Bucket { name: "test", burst: 3, seconds: 30 };
        let take = |who: &str| limiter.take(&bucket, who).map_err(|fault| fault.retry_after_seconds().unwrap());
        assert_eq!([take("a"), take("a"), take("a"), take("a")], [Ok(()), Ok(()), Ok(()), Err(10)]);
        assert_eq!(take("b"), Ok(()));
        clock.0.fetch_add(10_000_000, Ordering::Relaxed);
        assert_eq!([take("a"), take("a")], [Ok(()), Err(10)]);
        clock.0.fetch_add(300_000_000, Ordering::Relaxed);
        assert_eq!([take("a"), take("a"), take("a"), take("a")], [Ok(()), Ok(()), Ok(()), Err(10)]);
        let many = |count| limiter.take_many(&bucket, "c", count).map_err(|fault| fault.retry_after_seconds().unwrap());
        assert_eq!([many(4), many(2), many(2), many(1), many(1)], [Err(10), Ok(()), Err(10), Ok(()), Err(10)]);
        // The clock steps back an hour: nobody is refused for what was before.
        clock.0.fetch_sub(3_600_000_000, Ordering::Relaxed);
        assert_eq!([take("a"), take("a"), take("a"), take("a")], [Ok(()), Ok(()), Ok(()), Err(10)]);
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = RateLimiter::new(Arc::new(Hand(AtomicI64::new(0))));
        let bucket = Bucket { name: "test", burst: 1, seconds: 1 };
        for who in 0..GENERATION * 3 {
            let _ = limiter.take(&bucket, &who.to_string());
        }
        let counters = limiter.counters.lock().unwrap();
        assert!(counters.young.len() <= GENERATION && counters.old.len() <= GENERATION);
    }
}
