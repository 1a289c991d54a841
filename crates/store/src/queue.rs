//! The bounded queue of units of work and the threads that run them.
//!
//! **Invariant:** waiting happens in the queue and never on a thread of the HTTP server; a full or slow queue refuses at
//! once, so overload is an answer and not a pile-up. Large work takes its turn with small work and never all of them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spine::tx::Pending;
use spine::{Answer, Fault, FaultKind, Lane, Work};
use tokio::sync::oneshot;

use crate::config::StoreConfig;
use crate::group::{Connect, Mode, Runner};

/// Large units that share a commit when no small ones wait.
const LARGE_AT_ONCE: usize = 8;

/// A unit of work and where its answer goes.
pub(crate) struct Task {
    pub(crate) work: Work,
    pub(crate) reply: oneshot::Sender<Result<Answer, Fault>>,
    since: Instant,
}

/// A queue with its threads, which end when it goes.
pub(crate) struct Queue {
    shared: Arc<Shared>,
    limit: usize,
    patience: Duration,
}

struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    small: VecDeque<Task>,
    large: VecDeque<Task>,
    is_closed: bool,
}

impl Queue {
    /// Starts `threads` threads named `name`, each with a connection of its own; those that `post` have a seat for the
    /// posting lane's companion.
    pub(crate) fn start(
        name: &str,
        threads: usize,
        mode: Mode,
        posts: bool,
        connect: &Arc<dyn Connect>,
        config: &StoreConfig,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { waiting: Mutex::default(), wake: Condvar::new() });
        let queue = Self { shared, limit: config.queue_limit, patience: config.posting_patience };
        // Readers take one unit each: sharing a snapshot would make quick reads wait for slow ones.
        let group_limit = if mode == Mode::Read { 1 } else { config.group_limit.max(1) };
        for number in 0..threads.max(1) {
            let (shared, connect, patience) = (Arc::clone(&queue.shared), Arc::clone(connect), config.patience);
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                let mut runner = Runner::new(connect, mode, posts, patience);
                while let Some(tasks) = shared.take(group_limit) {
                    runner.run(tasks);
                }
            })?;
        }
        Ok(queue)
    }

    /// Queues a unit of work.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long work waits is measured, and decides nothing but whether more is let in"
    )]
    pub(crate) fn submit(&self, lane: Lane, work: Work) -> Pending {
        let (reply, answer) = oneshot::channel();
        let queued = self.queue(lane, Task { work, reply, since: Instant::now() });
        Box::pin(async move {
            queued?;
            answer.await.unwrap_or_else(|_| Err(Fault::unavailable("store.database.closed")))
        })
    }

    fn queue(&self, lane: Lane, task: Task) -> Result<(), Fault> {
        let mut waiting = self.shared.lock();
        let line = if lane == Lane::Bulk { &mut waiting.large } else { &mut waiting.small };
        if line.len() >= self.limit {
            return Err(Fault::unavailable("store.queue.full").retry_after(1));
        }
        if lane == Lane::Posting && line.front().is_some_and(|first| first.since.elapsed() > self.patience) {
            return Err(Fault::new(FaultKind::TooMany, "store.queue.slow").retry_after(1));
        }
        line.push_back(task);
        drop(waiting);
        self.shared.wake.notify_one();
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work and takes what is there: small units up to the limit, and one large one; or large ones alone. None
    /// when the queue is closed and empty.
    fn take(&self, limit: usize) -> Option<Vec<Task>> {
        let mut waiting = self.lock();
        while waiting.small.is_empty() && waiting.large.is_empty() {
            if waiting.is_closed {
                return None;
            }
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let small = waiting.small.len().min(limit);
        let mut tasks: Vec<Task> = waiting.small.drain(..small).collect();
        let large = waiting.large.len().min(if small == 0 { LARGE_AT_ONCE.min(limit) } else { 1 });
        tasks.extend(waiting.large.drain(..large));
        Some(tasks)
    }
}
