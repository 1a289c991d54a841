//! One unit of work inside a transaction: its statements, the rows it appends, and whether it has left anything to undo.
//!
//! **Invariant:** appended rows are written after the unit's own statements, in the order in which their texts first
//! came; those of a unit that faulted are never written. A unit one of whose statements failed has faulted, whatever it says.
//!
//! See `group.rs` for how units share a transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};

use spine::{Answer, Companion, Fault, Row, Tx, TxError, Value, Work, tx::only_reads};

use crate::group::Connection;
use crate::seat::Seat;

/// Rows that wait to be written: the text of their `INSERT`, and the values of one row.
pub(crate) type Appended = Vec<(&'static str, Vec<Value<'static>>)>;

/// A unit of work at work.
pub(crate) struct Unit<'a> {
    connection: &'a mut dyn Connection,
    appended: &'a mut Appended,
    seat: &'a mut Seat,
    changed: bool,
    failed: bool,
}

impl<'a> Unit<'a> {
    /// A unit that runs on `connection` and adds to the rows that others may have `appended`.
    pub(crate) fn new(connection: &'a mut dyn Connection, appended: &'a mut Appended, seat: &'a mut Seat) -> Self {
        Self { connection, appended, seat, changed: false, failed: false }
    }

    /// Runs the work; a panic in it is a fault of it alone. A fault takes back what it appended.
    pub(crate) fn run(&mut self, work: &mut Work) -> Result<Answer, Fault> {
        let before = self.appended.len();
        let answer = catch_unwind(AssertUnwindSafe(|| work(&mut *self)))
            .unwrap_or_else(|_| Err(Fault::internal("store.work.panicked", "a unit of work panicked")));
        let answer = match answer {
            Ok(_) if self.failed => {
                Err(Fault::internal("store.statement.ignored", "a unit of work went on after a statement had failed"))
            }
            answer => answer,
        };
        if answer.is_err() {
            self.appended.truncate(before);
        }
        answer
    }

    /// Whether a statement changed something or failed: then a fault must be undone in the database too.
    pub(crate) const fn changed(&self) -> bool {
        self.changed
    }

    fn watch<T>(&mut self, only_reads: bool, result: Result<T, TxError>) -> Result<T, TxError> {
        self.changed |= !only_reads || result.is_err();
        self.failed |= result.is_err();
        result
    }
}

impl Tx for Unit<'_> {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError> {
        let result = self.connection.execute(sql, args);
        self.watch(false, result)
    }

    fn change(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        let result = self.connection.change(sql, args);
        self.watch(false, result)
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let result = self.connection.query(sql, args);
        self.watch(only_reads(sql), result)
    }

    fn ask_ahead(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        let result = self.connection.ask_ahead(sql, args);
        self.watch(true, result)
    }

    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError> {
        let result = self.connection.insert(sql, rows);
        self.watch(false, result)
    }

    fn append(&mut self, sql: &'static str, args: Vec<Value<'static>>) {
        self.appended.push((sql, args));
    }

    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let result = self.connection.query_each(sql, keys);
        self.watch(only_reads(sql), result)
    }

    fn posts(&self) -> bool {
        self.seat.posts()
    }

    fn take(&mut self) -> Result<Option<Box<dyn Companion>>, TxError> {
        self.seat.take()
    }

    fn keep(&mut self, companion: Box<dyn Companion>, _: bool) {
        self.seat.keep(companion);
    }
}

/// Writes the rows that wait, those of one text together.
pub(crate) fn write_out(connection: &mut dyn Connection, appended: &mut Appended) -> Result<(), TxError> {
    let mut texts: Vec<&'static str> = Vec::new();
    for (sql, _) in appended.iter() {
        if !texts.contains(sql) {
            texts.push(sql);
        }
    }
    for sql in texts {
        let rows: Vec<&[Value<'_>]> =
            appended.iter().filter(|(own, _)| *own == sql).map(|(_, row)| row.as_slice()).collect();
        connection.insert(sql, &rows)?;
    }
    appended.clear();
    Ok(())
}
