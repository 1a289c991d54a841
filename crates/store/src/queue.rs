//! The bounded queue of units of work and the threads that run them.
//!
//! **Invariant:** waiting happens in the queue and never on a thread of the HTTP server; a full queue
//! refuses at once, so overload is an answer and not a pile-up.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use spine::tx::Pending;
use spine::{Answer, Fault, Work};
use tokio::sync::oneshot;

use crate::config::StoreConfig;
use crate::group::{Connect, Mode, Runner};

/// A unit of work and where its answer goes.
pub(crate) struct Task {
    pub(crate) work: Work,
    pub(crate) reply: oneshot::Sender<Result<Answer, Fault>>,
}

/// A queue with its threads.
pub(crate) struct Queue {
    sender: SyncSender<Task>,
}

impl Queue {
    /// Starts `threads` threads named `name`, each with a connection of its own.
    pub(crate) fn start(
        name: &str,
        threads: usize,
        mode: Mode,
        connect: &Arc<dyn Connect>,
        config: &StoreConfig,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(config.queue_limit);
        let receiver = Arc::new(Mutex::new(receiver));
        // Readers take one unit each: sharing a snapshot would make quick reads wait for slow ones.
        let group_limit = if mode == Mode::Read { 1 } else { config.group_limit.max(1) };
        for number in 0..threads.max(1) {
            let (receiver, connect, patience) = (Arc::clone(&receiver), Arc::clone(connect), config.patience);
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                let mut runner = Runner::new(connect, mode, patience);
                while let Some(tasks) = take(&receiver, group_limit) {
                    runner.run(tasks);
                }
            })?;
        }
        Ok(Self { sender })
    }

    /// Queues a unit of work.
    pub(crate) fn submit(&self, work: Work) -> Pending {
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.try_send(Task { work, reply });
        Box::pin(async move {
            match sent {
                Ok(()) => answer.await.unwrap_or_else(|_| Err(Fault::unavailable("store.database.closed"))),
                Err(TrySendError::Full(_)) => Err(Fault::unavailable("store.queue.full").retry_after(1)),
                Err(TrySendError::Disconnected(_)) => Err(Fault::unavailable("store.database.closed")),
            }
        })
    }
}

/// Waits for one unit of work and takes the others that are already there. None when the queue is closed.
fn take(receiver: &Mutex<Receiver<Task>>, limit: usize) -> Option<Vec<Task>> {
    let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tasks = vec![receiver.recv().ok()?];
    while tasks.len() < limit {
        match receiver.try_recv() {
            Ok(task) => tasks.push(task),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    Some(tasks)
}
