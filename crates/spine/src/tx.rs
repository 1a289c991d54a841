//! The transaction as an engine sees it: asking and changing, four kinds of value. And the database behind it,
//! which only the outermost room can make.
//!
//! **Invariant:** nobody but the store opens, commits or retries a transaction. SQL is a static text
//! with `$1…`, the same for both databases.

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use crate::fault::{Fault, FaultKind};
use crate::id::{Id, IdKind};
use crate::time::{Date, Timestamp};

/// A value bound to or read from a column. Truth travels as 0 and 1; days and moments as text and integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(Cow<'a, str>),
    /// BLOB (`BYTEA`).
    Blob(Cow<'a, [u8]>),
}

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row(Vec<Value<'static>>);

/// What a database said no to.
#[derive(Debug, thiserror::Error)]
pub enum TxError {
    /// A unique key is taken. Holds what the database says of the key, for the log.
    #[error("unique key taken: {0}")]
    Unique(String),
    /// A CHECK, NOT NULL or foreign-key rule is broken.
    #[error("rule of the table broken: {0}")]
    Rule(String),
    /// A column holds or wants another type.
    #[error("type of a column: {0}")]
    Type(String),
    /// The work belongs in the posting lane ([`Lane::Posting`]).
    #[error("not in the posting lane")]
    Lane,
    /// Another transaction was first; the store retries.
    #[error("another transaction was first")]
    Retry,
    /// The database cannot be reached, is full or is going down.
    #[error("database not available: {0}")]
    Unavailable(String),
    /// Anything else, such as a text that is not SQL.
    #[error("database: {0}")]
    Other(String),
}

impl From<TxError> for Fault {
    fn from(error: TxError) -> Self {
        let (kind, code) = match &error {
            TxError::Unique(_) => (FaultKind::Conflict, "store.row.duplicate"),
            TxError::Retry | TxError::Unavailable(_) => (FaultKind::Unavailable, "store.database.unavailable"),
            TxError::Lane => (FaultKind::Internal, "store.lane.shared"),
            TxError::Rule(_) | TxError::Type(_) | TxError::Other(_) => (FaultKind::Internal, "store.database.failed"),
        };
        Self::new(kind, code).caused_by(error)
    }
}

/// A running transaction.
pub trait Tx {
    /// Runs a statement that answers no rows; returns how many it touched.
    ///
    /// # Errors
    /// [`TxError`]; after one, the operation must end.
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError>;

    /// Runs a statement of which nobody wants to know how many rows it touched. Where units share a commit it may be sent and
    /// not waited for: what the database has against it then undoes all of them, and each runs again with its own answers.
    ///
    /// # Errors
    /// [`TxError`], of this statement or an earlier one; after one, the operation must end.
    fn change(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError>;

    /// Runs a statement that answers rows.
    ///
    /// # Errors
    /// [`TxError`]; after one, the operation must end.
    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError>;

    /// Says that [`Tx::query`] will be asked this `SELECT` with these values, before anything changes: several questions
    /// are one journey then. It changes nothing but the time that takes.
    ///
    /// # Errors
    /// [`TxError`]; after one, the operation must end.
    fn ask_ahead(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError>;

    /// Runs an `INSERT INTO … VALUES ($1, …)` for each of many rows; as [`Tx::change`].
    ///
    /// # Errors
    /// [`TxError`]; after one, the operation must end.
    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError>;

    /// Adds a row by `INSERT INTO … VALUES ($1, …)`, written when the unit of work is at its end, together with the rows
    /// of the other units that share its commit. Nothing in the unit may read it; what the database has against it ends
    /// the unit as if its last statement had failed.
    fn append(&mut self, sql: &'static str, args: Vec<Value<'static>>);

    /// Runs a `SELECT … WHERE … = $1` for each of many keys, and answers the rows of all, in no order.
    ///
    /// # Errors
    /// [`TxError`]; after one, the operation must end.
    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError>;

    /// Whether this transaction is one of the posting lane.
    fn posts(&self) -> bool;

    /// Takes the posting lane's companion; none if there is none yet. It must be given back by [`Tx::keep`].
    ///
    /// # Errors
    /// [`TxError::Lane`] in any other lane.
    fn take(&mut self) -> Result<Option<Box<dyn Companion>>, TxError>;

    /// Gives the companion back, and says whether anything in it changed.
    fn keep(&mut self, companion: Box<dyn Companion>, changed: bool);
}

/// What the posting lane holds in memory beside the database: state that its transactions share and that no other lane
/// changes, such as balances. The store tells it what became of each transaction.
///
/// **Invariant:** it is a copy. Whatever it holds can be read from the database again, and it may be dropped at any time
/// between two transactions.
pub trait Companion: Any + Send {
    /// Where it stands now, for [`Companion::undo`].
    fn mark(&self) -> usize;

    /// Forgets what was done since the mark: the unit that did it has faulted.
    fn undo(&mut self, mark: usize);

    /// Writes what has changed, right before the commit.
    ///
    /// # Errors
    /// Whatever the database says; the transaction is undone.
    fn write_out(&mut self, tx: &mut dyn Tx) -> Result<(), Fault>;

    /// The transaction is durable: nothing can be undone any more.
    fn committed(&mut self);

    /// Itself, for the engine that knows its type.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// The queue in which a unit of work waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// Any writer may run it beside others.
    Shared,
    /// One writer runs it after the other, over all instances of the program, beside the lane's [`Companion`].
    Posting,
    /// As [`Lane::Posting`], for large work that can wait: it never keeps the small work waiting for more than its turn.
    Bulk,
}

impl dyn Tx + '_ {
    /// The first row of an answer, if there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn first(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>, TxError> {
        Ok(self.query(sql, args)?.into_iter().next())
    }
}

/// Whether a statement that answers rows leaves them as they are: a `SELECT`, or a `WITH` in which no other verb stands. A
/// text that begins otherwise counts as a change.
#[must_use]
pub fn only_reads(sql: &str) -> bool {
    let begins = |verb: &str| sql.trim_start().get(..verb.len()).is_some_and(|own| own.eq_ignore_ascii_case(verb));
    let changes = || {
        let mut words = sql.split(|letter: char| !letter.is_ascii_alphabetic());
        words.any(|word| ["INSERT", "UPDATE", "DELETE"].iter().any(|verb| word.eq_ignore_ascii_case(verb)))
    };
    begins("SELECT") || (begins("WITH") && !changes())
}

/// What a unit of work gives back.
pub type Answer = Box<dyn Any + Send>;

/// A unit of work inside one transaction. It may be run more than once, so it must be deterministic
/// and touch nothing but the transaction.
pub type Work = Box<dyn FnMut(&mut dyn Tx) -> Result<Answer, Fault> + Send>;

/// The answer to a unit of work, when the transaction has ended.
pub type Pending = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send>>;

/// A database that runs units of work. Made by `store`, held by `journal`.
pub trait Database: Send + Sync + 'static {
    /// Runs `work` in one serialisable transaction and answers once it is durable. Work that faults leaves nothing behind.
    fn write(&self, work: Work) -> Pending {
        self.write_in(Lane::Shared, work)
    }

    /// As [`Database::write`], in a lane.
    fn write_in(&self, lane: Lane, work: Work) -> Pending;

    /// Runs `work` on a snapshot; anything it tries to change is refused.
    fn read(&self, work: Work) -> Pending;
}

impl Row {
    /// A row of these values.
    #[must_use]
    pub const fn new(values: Vec<Value<'static>>) -> Self {
        Self(values)
    }

    /// The value in column `place` (from 0) as `T`.
    ///
    /// # Errors
    /// [`TxError::Type`] if it is something else or there is no such column.
    pub fn get<T: FromValue>(&self, place: usize) -> Result<T, TxError> {
        let value = self.0.get(place).ok_or_else(|| TxError::Type(format!("no column {place}")))?;
        T::from_value(value).map_err(|wanted| TxError::Type(format!("column {place} is not {wanted}")))
    }

    /// How many columns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A Rust type that can be read from a column.
pub trait FromValue: Sized {
    /// The value as this type, or the name of what was wanted.
    ///
    /// # Errors
    /// What was wanted.
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str>;
}

impl FromValue for i64 {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        if let Value::Int(number) = value { Ok(*number) } else { Err("an integer") }
    }
}
impl FromValue for bool {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        i64::from_value(value).map(|number| number != 0)
    }
}
impl FromValue for String {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        if let Value::Text(text) = value { Ok(text.clone().into_owned()) } else { Err("text") }
    }
}
impl FromValue for Vec<u8> {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        if let Value::Blob(bytes) = value { Ok(bytes.clone().into_owned()) } else { Err("bytes") }
    }
}
impl FromValue for serde_json::Value {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        let Value::Text(text) = value else { return Err("JSON text") };
        serde_json::from_str(text).map_err(|_| "JSON text")
    }
}
impl FromValue for Timestamp {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        i64::from_value(value).map(Self::from_micros).map_err(|_| "a moment")
    }
}
impl FromValue for Date {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        let Value::Text(text) = value else { return Err("a day") };
        text.parse().map_err(|_| "a day")
    }
}
impl<K: IdKind> FromValue for Id<K> {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        let Value::Text(text) = value else { return Err("an identifier") };
        text.parse().map_err(|_| "an identifier")
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value<'static>) -> Result<Self, &'static str> {
        if matches!(value, Value::Null) { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Int(i64::from(truth))
    }
}
impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}
impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}
impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}
impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(Cow::Owned(bytes))
    }
}
impl From<&serde_json::Value> for Value<'_> {
    fn from(json: &serde_json::Value) -> Self {
        Self::Text(Cow::Owned(json.to_string()))
    }
}
impl From<Timestamp> for Value<'_> {
    fn from(moment: Timestamp) -> Self {
        Self::Int(moment.as_micros())
    }
}
impl From<Date> for Value<'_> {
    fn from(day: Date) -> Self {
        Self::Text(Cow::Owned(day.to_string()))
    }
}
impl<K: IdKind> From<Id<K>> for Value<'_> {
    fn from(id: Id<K>) -> Self {
        Self::Text(Cow::Owned(id.to_string()))
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One step of an engine's tables, forward only. The same text runs on both databases: the store turns
/// `BIGINT`, `TEXT` and `BLOB` into what each calls them.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The engine, which is also the prefix of its tables.
    pub engine: &'static str,
    /// 1, 2, 3 … within the engine.
    pub number: u32,
    /// What the step does, as the file is named.
    pub name: &'static str,
    /// Statements, each ended by a semicolon at the end of a line.
    pub sql: &'static str,
}
