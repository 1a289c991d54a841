//! Transactions. A thread takes the units of work that are waiting, runs them in one transaction, and answers all of
//! them after one commit.
//!
//! **Invariant:** an answer is sent after the commit that made it durable. One member's trouble is never another's: a group
//! in which one must be undone runs again with each in a savepoint, and one that cannot commit runs again one by one.
//!
//! A commit whose outcome is unknown (the connection broke while it ran) is answered
//! `store.commit.unknown`: whoever holds the idempotency key looks it up.

use std::sync::Arc;
use std::time::Duration;

use spine::{Answer, Fault, Row, TxError, Value};

use crate::queue::Task;
use crate::seat::Seat;
use crate::unit::{Appended, Unit, write_out};

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Serialisable read and write.
    Write,
    /// The same, one after the other over all instances of the program.
    Post,
    /// A read-only snapshot.
    Read,
}

/// Makes connections.
pub(crate) trait Connect: Send + Sync {
    fn connect(&self, mode: Mode) -> Result<Box<dyn Connection>, TxError>;
}

/// A connection, with the transaction that runs on it.
pub(crate) trait Connection: Send {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError>;
    /// Runs a statement whose count nobody wants. While the connection works lazily it may be sent only.
    fn change(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        self.execute(sql, args).map(drop)
    }
    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError>;
    /// Sends a `SELECT` that [`Connection::query`] will be asked for, unless something changes before. Nothing to do where
    /// asking is no journey.
    fn ask_ahead(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<(), TxError> {
        Ok(())
    }
    /// Runs a `SELECT … WHERE … = $1` for each of the keys.
    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError>;
    /// Runs an `INSERT INTO … VALUES ($1, …)` for each of the rows; lazily as [`Connection::change`].
    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError>;
    fn begin(&mut self, mode: Mode) -> Result<(), TxError>;
    /// Whether changes may be sent without waiting for what the database says of them, from now on.
    fn lazily(&mut self, _: bool) {}
    /// Waits for all that was sent. An error says that the transaction is lost, whoever has heard of it before.
    fn settle(&mut self) -> Result<(), TxError> {
        Ok(())
    }
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
    seat: Seat,
    mode: Mode,
    patience: Duration,
    jitter: u64,
}

/// How units of work share a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// There is only one: undoing it is undoing the transaction.
    Alone,
    /// Nothing stands between them, changes are sent and not waited for, and what they append is written together: the
    /// quickest, while none must be undone.
    Together,
    /// Each in a savepoint, with what it appends.
    Apart,
}

enum Outcome {
    Done(Vec<Result<Answer, Fault>>),
    /// One unit must be undone and the others not.
    Tangled,
    Again(Trouble),
    Unknown,
}

impl Runner {
    /// A runner of `mode`; one that `posts` has a seat for the posting lane's companion.
    pub(crate) fn new(connect: Arc<dyn Connect>, mode: Mode, posts: bool, patience: Duration) -> Self {
        // Threads must not step in time with one another; the seed need not be secret.
        let jitter = std::ptr::from_ref(&connect) as u64 | 1;
        Self { connect, connection: None, seat: Seat::new(posts), mode, patience, jitter }
    }

    /// Runs the tasks and answers each.
    pub(crate) fn run(&mut self, mut tasks: Vec<Task>) {
        if tasks.len() > 1 {
            for sharing in [Sharing::Together, Sharing::Apart] {
                match self.attempt(&mut tasks, sharing) {
                    Ok(Outcome::Done(answers)) => return reply_all(tasks, answers),
                    Ok(Outcome::Unknown) => return reply_fault(tasks, || Fault::unavailable("store.commit.unknown")),
                    Ok(Outcome::Tangled) => {}
                    Ok(Outcome::Again(_)) | Err(_) => break,
                }
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
            let fault = match self.attempt(&mut tasks, Sharing::Alone) {
                Ok(Outcome::Done(answers)) => return reply_all(tasks, answers),
                Ok(Outcome::Unknown) => return reply_fault(tasks, || Fault::unavailable("store.commit.unknown")),
                Ok(Outcome::Again(Trouble::Broken)) => TxError::Unavailable("the connection broke".to_owned()),
                Ok(Outcome::Again(_) | Outcome::Tangled) => TxError::Retry,
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
    fn attempt(&mut self, tasks: &mut [Task], sharing: Sharing) -> Result<Outcome, TxError> {
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
        let begun = self.seat.mark();
        let outcome = within(connection.as_mut(), &mut self.seat, tasks, sharing);
        match outcome {
            Outcome::Done(_) => {}
            Outcome::Tangled => self.seat.undo(begun),
            Outcome::Again(_) | Outcome::Unknown => self.seat.empty(),
        }
        match outcome {
            // A broken connection is dropped; the next attempt opens another.
            Outcome::Again(Trouble::Broken) | Outcome::Unknown => {}
            Outcome::Again(_) | Outcome::Tangled => {
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
fn within(connection: &mut dyn Connection, seat: &mut Seat, tasks: &mut [Task], sharing: Sharing) -> Outcome {
    let begun = seat.mark();
    connection.lazily(sharing == Sharing::Together);
    let mut answers = Vec::with_capacity(tasks.len());
    let mut appended = Appended::new();
    for task in tasks.iter_mut() {
        if sharing == Sharing::Apart && connection.savepoint().is_err() {
            return Outcome::Again(connection.trouble());
        }
        let mark = seat.mark();
        let mut unit = Unit::new(connection, &mut appended, seat);
        let mut answer = unit.run(&mut task.work);
        let changed = unit.changed();
        if seat.is_lost() {
            // A panic took the companion with it, and what others had done in it.
            return Outcome::Again(Trouble::Retry);
        }
        if sharing != Sharing::Together && answer.is_ok() {
            answer = write_out(connection, &mut appended).map_err(Fault::from).and(answer);
            appended.clear();
        }
        if sharing == Sharing::Alone && answer.is_ok() {
            answer = seat.write_out(connection).and(answer);
        }
        if answer.is_err() {
            seat.undo(mark);
        }
        if connection.trouble() != Trouble::None {
            return Outcome::Again(connection.trouble());
        }
        let ended = match (&answer, sharing) {
            (Ok(_), Sharing::Alone | Sharing::Together) => Ok(()),
            (Ok(_), Sharing::Apart) => connection.release(),
            (Err(_), Sharing::Apart) => connection.rollback_to_savepoint(),
            (Err(_), Sharing::Together) if changed => return Outcome::Tangled,
            (Err(_), Sharing::Together) => Ok(()),
            (Err(_), Sharing::Alone) => {
                answers.push(answer);
                seat.undo(begun);
                return match connection.rollback() {
                    Ok(()) => Outcome::Done(answers),
                    Err(_) => Outcome::Again(connection.trouble()),
                };
            }
        };
        if ended.is_err() {
            return Outcome::Again(connection.trouble());
        }
        answers.push(answer);
    }
    let written = write_out(connection, &mut appended).map_err(Fault::from);
    let written = if sharing == Sharing::Alone { written } else { written.and_then(|()| seat.write_out(connection)) };
    let written = written.and_then(|()| Ok(connection.settle()?));
    if written.is_err() {
        return match connection.trouble() {
            Trouble::None => Outcome::Tangled,
            trouble => Outcome::Again(trouble),
        };
    }
    match connection.commit() {
        Ok(()) => {
            seat.committed();
            Outcome::Done(answers)
        }
        Err(_) if connection.trouble() == Trouble::Broken => Outcome::Unknown,
        Err(_) => Outcome::Again(Trouble::Retry),
    }
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
