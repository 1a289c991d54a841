//! How often a secret may be tried, counted in the database over all instances.
//!
//! **Invariant:** a try is counted before the secret is looked at, so that many at once are no way around the
//! limit; logins that name no account are counted and locked like those that do.

use spine::{Cx, Fault, Timestamp};

use crate::rows::accounts::{self, Attempt};

/// Tries in a row before the first lock.
pub(crate) const FREE_TRIES: i64 = 5;
/// The first lock; each further try doubles it.
const FIRST_LOCK_SECONDS: i64 = 60;
/// The longest.
const LONGEST_LOCK_SECONDS: i64 = 3600;
/// After so long without a try, all is forgotten.
const MEMORY_SECONDS: i64 = 24 * 3600;

/// What the count says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// It may be tried; if it is wrong, no further try for so many seconds.
    Go { then_wait: Option<i64> },
    /// It may not be tried for so many seconds.
    Wait(i64),
}

/// Counts a try under `key`, unless it is locked.
pub(crate) fn count(cx: &mut Cx<'_>, key: &str) -> Result<Turn, Fault> {
    let now = cx.now();
    let known = accounts::attempt(cx.tx(), key)?.filter(|known| now.seconds_since(known.tried_at) < MEMORY_SECONDS);
    if let Some(known) = known
        && let Some(seconds) = remaining(known, now)
    {
        return Ok(Turn::Wait(seconds));
    }
    let failures = known.map_or(0, |known| known.failures) + 1;
    let lock = lock_seconds(failures);
    let locked_until = lock.map_or(Timestamp::BEGINNING, |seconds| now.plus_seconds(seconds));
    accounts::set_attempt(cx.tx(), key, Attempt { failures, locked_until, tried_at: now })?;
    Ok(Turn::Go { then_wait: lock })
}

/// Forgets the tries under `key`: the secret was right.
pub(crate) fn clear(cx: &mut Cx<'_>, key: &str) -> Result<(), Fault> {
    accounts::clear_attempt(cx.tx(), key).map_err(Fault::from)
}

/// Seconds of a lock that remain. A clock that stepped back prolongs no lock beyond its own length.
fn remaining(known: Attempt, now: Timestamp) -> Option<i64> {
    let length = known.locked_until.seconds_since(known.tried_at);
    let left = known.locked_until.as_micros().saturating_sub(now.as_micros());
    (left > 0).then(|| (left.saturating_add(999_999) / 1_000_000).min(length))
}

/// The lock after so many failures: 1, 2, 4 … minutes, at most an hour.
fn lock_seconds(failures: i64) -> Option<i64> {
    let doublings = u32::try_from((failures - FREE_TRIES).min(20)).ok()?;
    Some(FIRST_LOCK_SECONDS.saturating_mul(1 << doublings).min(LONGEST_LOCK_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_grow_to_an_hour() {
        let locks: Vec<Option<i64>> = (1..=13).map(lock_seconds).collect();
        assert_eq!(locks.iter().take(4).flatten().count(), 0);
        let grown: Vec<i64> = locks.into_iter().flatten().collect();
        assert_eq!(grown, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(lock_seconds(i64::MAX), Some(3600));
    }

    #[test]
    fn a_clock_that_steps_back_prolongs_no_lock() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let known = Attempt { failures: 5, locked_until: at(1060), tried_at: at(1000) };
        assert_eq!(remaining(known, at(1000)), Some(60));
        assert_eq!(remaining(known, at(1059)), Some(1));
        assert_eq!(remaining(known, at(1060)), None);
        assert_eq!(remaining(known, at(10)), Some(60));
    }
}
