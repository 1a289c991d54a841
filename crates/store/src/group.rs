//! Transactions. A thread takes the units of work that are waiting, runs each in a savepoint of one
//! transaction, and answers all of them after one commit.
//!
//! **Invariant:** an answer is sent after the commit that made it durable. When a group cannot commit,
//! its members are run again one by one, so one member's trouble is never another's.
//!
//! A commit whose outcome is unknown (the connection broke while it ran) is answered
//! `store.commit.unknown`: whoever holds the idempotency key looks it up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use spine::{Answer, Fault, Tx, TxError};

use crate::queue::Task;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Serialisable read and write.
    Write,
    /// A read-only snapshot.
    Read,
}

/// Makes connections.
pub(crate) trait Connect: Send + Sync {
    fn connect(&self, mode: Mode) -> Result<Box<dyn Connection>, TxError>;
}

/// A connection, with the transaction that runs on it.
pub(crate) trait Connection: Tx + Send {
    fn begin(&mut self, mode: Mode) -> Result<(), TxError>;
    fn commit(&mut self) -> Result<(), TxError>;
    fn rollback(&mut self) -> Result<(), TxError>;
    fn savepoint(&mut self) -> Result<(), TxError>;
    fn release(&mut self) -> Result<(), TxError>;
    fn rollback_to_savepoint(&mut self) -> Result<(), TxError>;
    /// Runs statements that are not worth caching.
    fn batch(&mut self, sql: &str) -> Result<(), TxError>;
    fn prepare(&mut self, sql: &'static str) -> Result<(), TxError>;
    /// What the last statement that failed in this transaction means for the transaction as a whole.
    fn trouble(&self) -> Trouble;
    fn as_tx(&mut self) -> &mut dyn Tx;
}

/// Why a whole transaction cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// It can go on.
    None,
    /// Another transaction was first, or the database undid this one: run it again.
    Retry,
    /// The connection is gone.
    Broken,
}

/// Runs groups of units of work on one connection, which it opens and reopens.
pub(crate) struct Runner {
    connect: Arc<dyn Connect>,
    connection: Option<Box<dyn Connection>>,
    mode: Mode,
    patience: Duration,
    jitter: u64,
}

enum Outcome {
    Done(Vec<Result<Answer, Fault>>),
    Again(Trouble),
    Unknown,
}

impl Runner {
    pub(crate) fn new(connect: Arc<dyn Connect>, mode: Mode, patience: Duration) -> Self {
        // Threads must not step in time with one another; the seed need not be secret.
        let jitter = std::ptr::from_ref(&connect) as u64 | 1;
        Self { connect, connection: None, mode, patience, jitter }
    }

    /// Runs the tasks and answers each.
    pub(crate) fn run(&mut self, mut tasks: Vec<Task>) {
        if tasks.len() > 1 {
            match self.attempt(&mut tasks) {
                Ok(Outcome::Done(answers)) => return reply_all(tasks, answers),
                Ok(Outcome::Unknown) => return reply_fault(tasks, || Fault::unavailable("store.commit.unknown")),
                Ok(Outcome::Again(_)) | Err(_) => {}
            }
        }
        for task in tasks {
            self.run_alone(task);
        }
    }

    /// Runs one task in its own transaction, again and again while others are first, up to the limit of patience.
    fn run_alone(&mut self, task: Task) {
        let mut tasks = vec![task];
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(1);
        loop {
            let fault = match self.attempt(&mut tasks) {
                Ok(Outcome::Done(answers)) => return reply_all(tasks, answers),
                Ok(Outcome::Unknown) => return reply_fault(tasks, || Fault::unavailable("store.commit.unknown")),
                Ok(Outcome::Again(Trouble::Broken)) => TxError::Unavailable("the connection broke".to_owned()),
                Ok(Outcome::Again(_)) => TxError::Retry,
                Err(error) => error,
            };
            if waited >= self.patience || !matches!(fault, TxError::Retry | TxError::Unavailable(_)) {
                tracing::warn!(error = %fault, "a unit of work could not run");
                let mut fault = Some(Fault::from(fault).retry_after(1));
                return reply_fault(tasks, || {
                    fault.take().unwrap_or_else(|| Fault::unavailable("store.database.unavailable"))
                });
            }
            let pause_now = self.jittered(pause);
            std::thread::sleep(pause_now);
            waited += pause_now;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// One transaction for all the tasks. An error means that it could not even begin.
    fn attempt(&mut self, tasks: &mut [Task]) -> Result<Outcome, TxError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.connect(self.mode)?,
        };
        if let Err(error) = connection.begin(self.mode) {
            if connection.trouble() != Trouble::Broken {
                self.connection = Some(connection);
            }
            return Err(error);
        }
        let outcome = within(connection.as_mut(), tasks);
        match outcome {
            // A broken connection is dropped; the next attempt opens another.
            Outcome::Again(Trouble::Broken) | Outcome::Unknown => {}
            Outcome::Again(_) => {
                if connection.rollback().is_ok() {
                    self.connection = Some(connection);
                }
            }
            Outcome::Done(_) => self.connection = Some(connection),
        }
        Ok(outcome)
    }

    /// Between half and the whole of `pause`.
    fn jittered(&mut self, pause: Duration) -> Duration {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        let half = u64::try_from(pause.as_micros() / 2).unwrap_or(0).max(1);
        Duration::from_micros(half + self.jitter % half)
    }
}

/// Runs the tasks in the transaction that has begun, and commits.
fn within(connection: &mut dyn Connection, tasks: &mut [Task]) -> Outcome {
    let grouped = tasks.len() > 1;
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks.iter_mut() {
        if grouped && connection.savepoint().is_err() {
            return Outcome::Again(connection.trouble());
        }
        let answer = guarded(task, connection);
        if connection.trouble() != Trouble::None {
            return Outcome::Again(connection.trouble());
        }
        let ended = match (&answer, grouped) {
            (Ok(_), true) => connection.release(),
            (Err(_), true) => connection.rollback_to_savepoint(),
            (Err(_), false) => {
                answers.push(answer);
                return match connection.rollback() {
                    Ok(()) => Outcome::Done(answers),
                    Err(_) => Outcome::Again(connection.trouble()),
                };
            }
            (Ok(_), false) => Ok(()),
        };
        if ended.is_err() {
            return Outcome::Again(connection.trouble());
        }
        answers.push(answer);
    }
    match connection.commit() {
        Ok(()) => Outcome::Done(answers),
        Err(_) if connection.trouble() == Trouble::Broken => Outcome::Unknown,
        Err(_) => Outcome::Again(Trouble::Retry),
    }
}

/// Runs a task; a panic in it is a fault of that task alone.
fn guarded(task: &mut Task, connection: &mut dyn Connection) -> Result<Answer, Fault> {
    let work = &mut task.work;
    catch_unwind(AssertUnwindSafe(|| work(connection.as_tx())))
        .unwrap_or_else(|_| Err(Fault::internal("store.work.panicked", "a unit of work panicked")))
}

fn reply_all(tasks: Vec<Task>, answers: Vec<Result<Answer, Fault>>) {
    for (task, answer) in tasks.into_iter().zip(answers) {
        // Whoever asked may have gone; the work stands all the same.
        let _ = task.reply.send(answer);
    }
}

fn reply_fault(tasks: Vec<Task>, mut fault: impl FnMut() -> Fault) {
    for task in tasks {
        let _ = task.reply.send(Err(fault()));
    }
}
