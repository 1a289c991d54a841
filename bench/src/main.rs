//! Figures beside their physical limits, printed as they come: `bench acts`, `bench ledger`, `bench paying`, `bench grants
//! [LINES]`, `bench registers [RECORDS]`; all without an argument. `bench identity SERVER.json` drives a provider, `bench fspiop DEMO.json PID` a switch. `bench/run` adds what is seen from outside the program. README.md says what was found.
//!
//! **Invariant:** each figure stands beside its limit from the same run: the same rows without the spine, in batches of
//! the same size, made as durable. CPU time is the whole process's, so a busy machine shows.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a bench is run by hand, and measures"
)]

mod acts;
mod fspiop;
mod grants;
mod identity;
mod ledger;
mod paying;
mod raw;
mod registers;

use std::time::{Duration, Instant, SystemTime};

use spine::{Clock, Timestamp};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [part, file, only @ ..] = args.as_slice()
        && part == "identity"
    {
        return identity::run(file, only.first().map_or("", String::as_str));
    }
    if let [part, rest @ ..] = args.as_slice()
        && part == "fspiop"
    {
        return fspiop::run(rest);
    }
    let wanted = |part: &str| args.is_empty() || args[0] == part;
    if wanted("acts") {
        acts::run();
    }
    if wanted("ledger") {
        ledger::run();
    }
    if wanted("paying") {
        paying::run();
    }
    if wanted("grants") {
        grants::run(args.get(1).map_or(488_000, |count| count.parse().unwrap()));
    }
    if wanted("registers") {
        registers::run(args.get(1).map_or(1_000_000, |count| count.parse().unwrap()));
    }
}

/// The machine's clock: identifiers made under a clock that stands still would fall all over their indexes.
pub(crate) struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }
}

/// How long a piece of work took, and how much of the processors.
pub(crate) struct Took {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

pub(crate) fn measure(run: impl FnOnce()) -> Took {
    let (begun, cpu) = (Instant::now(), cpu_time());
    run();
    Took { wall: begun.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// User and system time of this process (proc(5): fields 14 and 15, in hundredths of a second).
fn cpu_time() -> Duration {
    cpu_time_of("self")
}

/// The same of another process.
pub(crate) fn cpu_time_of(process: &str) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// What lies in memory now, in MiB (proc(5): `VmRSS`).
pub(crate) fn resident(process: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.chars().filter(char::is_ascii_digit).collect::<String>().parse::<u64>().unwrap() / 1024
}
