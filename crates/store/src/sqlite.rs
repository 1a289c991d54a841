//! One SQLite connection: write-ahead log, full durability, strict tables.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection as Raw, ErrorCode, OpenFlags, ToSql};
use spine::{Row, TxError, Value};

use crate::dialect;
use crate::group::{Connect, Connection, Mode, Trouble};

/// How long to wait for another process that holds the file.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Prepared statements kept; the whole program has fewer.
const STATEMENTS_KEPT: usize = 1024;

pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Connect for Sqlite {
    fn connect(&self, mode: Mode) -> Result<Box<dyn Connection>, TxError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let raw = Raw::open_with_flags(&self.path, flags).map_err(|error| classify(&error).0)?;
        let settings = || -> rusqlite::Result<()> {
            raw.busy_timeout(BUSY_WAIT)?;
            raw.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
            raw.pragma_update(None, "journal_mode", "WAL")?;
            raw.pragma_update(None, "synchronous", "FULL")?;
            raw.pragma_update(None, "foreign_keys", true)?;
            raw.pragma_update(None, "trusted_schema", false)?;
            raw.pragma_update(None, "temp_store", "MEMORY")?;
            raw.pragma_update(None, "cache_size", if mode == Mode::Read { -4096 } else { -8192 })?;
            raw.pragma_update(None, "wal_autocheckpoint", 4000)?;
            raw.pragma_update(None, "journal_size_limit", 64 << 20)?;
            raw.pragma_update(None, "query_only", mode == Mode::Read)?;
            // A plan is made once for a text, and not anew for each value in it (the query planner stability guarantee).
            raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
        };
        settings().map_err(|error| classify(&error).0)?;
        Ok(Box::new(SqliteConnection { raw, texts: HashMap::new(), trouble: Trouble::None }))
    }
}

struct SqliteConnection {
    raw: Raw,
    texts: HashMap<&'static str, Arc<str>>,
    trouble: Trouble,
}

impl SqliteConnection {
    fn text(&mut self, sql: &'static str) -> Arc<str> {
        self.texts.entry(sql).or_insert_with(|| dialect::sqlite_parameters(sql).into()).clone()
    }

    fn note<T>(&mut self, result: rusqlite::Result<T>) -> Result<T, TxError> {
        result.map_err(|error| {
            let (fault, mut trouble) = classify(&error);
            // A full disk or an I/O error may have undone the whole transaction.
            if trouble == Trouble::None && self.raw.is_autocommit() {
                trouble = Trouble::Retry;
            }
            // The first trouble is the transaction's; what fails after it says nothing new.
            if self.trouble == Trouble::None {
                self.trouble = trouble;
            }
            fault
        })
    }

    fn control(&mut self, sql: &str) -> Result<(), TxError> {
        let result = self.raw.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        self.note(result).map(|_| ())
    }
}

fn fetch(raw: &Raw, text: &str, args: &[Value<'_>]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = raw.prepare_cached(text)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(args.iter().map(Bound)))?;
    let mut fetched = Vec::new();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for place in 0..columns {
            values.push(owned(row.get_ref(place)?)?);
        }
        fetched.push(Row::new(values));
    }
    Ok(fetched)
}

fn owned(value: ValueRef<'_>) -> rusqlite::Result<Value<'static>> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(_) => Value::from(value.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => Value::from(bytes.to_vec()),
        ValueRef::Real(_) => {
            let wrong = "a floating-point column; the program has none".to_owned();
            return Err(rusqlite::Error::InvalidColumnType(0, wrong, rusqlite::types::Type::Real));
        }
    })
}

struct Bound<'a>(&'a Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Connection for SqliteConnection {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError> {
        let text = self.text(sql);
        let result = self
            .raw
            .prepare_cached(&text)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(args.iter().map(Bound))));
        self.note(result).map(|count| count as u64)
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let text = self.text(sql);
        let result = fetch(&self.raw, &text, args);
        self.note(result)
    }

    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError> {
        let text = self.text(sql);
        let result = self.raw.prepare_cached(&text).and_then(|mut statement| {
            rows.iter()
                .try_for_each(|row| statement.execute(rusqlite::params_from_iter(row.iter().map(Bound))).map(drop))
        });
        self.note(result)
    }

    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let mut found = Vec::new();
        for key in keys {
            found.append(&mut self.query(sql, std::slice::from_ref(key))?);
        }
        Ok(found)
    }

    fn begin(&mut self, mode: Mode) -> Result<(), TxError> {
        self.trouble = Trouble::None;
        self.control(if mode == Mode::Read { "BEGIN DEFERRED" } else { "BEGIN IMMEDIATE" })
    }
    fn commit(&mut self) -> Result<(), TxError> {
        self.control("COMMIT")
    }
    fn rollback(&mut self) -> Result<(), TxError> {
        if self.raw.is_autocommit() { Ok(()) } else { self.control("ROLLBACK") }
    }
    fn savepoint(&mut self) -> Result<(), TxError> {
        self.control("SAVEPOINT unit")
    }
    fn release(&mut self) -> Result<(), TxError> {
        self.control("RELEASE unit")
    }
    fn rollback_to_savepoint(&mut self) -> Result<(), TxError> {
        self.control("ROLLBACK TO unit")?;
        self.control("RELEASE unit")
    }
    fn batch(&mut self, sql: &str) -> Result<(), TxError> {
        let result = self.raw.execute_batch(sql);
        self.note(result)
    }
    fn prepare(&mut self, sql: &'static str) -> Result<(), TxError> {
        let text = self.text(sql);
        let result = self.raw.prepare(&text).map(|_| ());
        self.note(result)
    }
    fn trouble(&self) -> Trouble {
        self.trouble
    }
}

/// What an error is to the caller, and what it means for the transaction.
fn classify(error: &rusqlite::Error) -> (TxError, Trouble) {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return match error {
            rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::Utf8Error(..) => {
                (TxError::Type(error.to_string()), Trouble::None)
            }
            _ => (TxError::Other(error.to_string()), Trouble::None),
        };
    };
    // The message names tables and columns, never values.
    let text = message.clone().unwrap_or_else(|| failure.to_string());
    match failure.code {
        ErrorCode::ConstraintViolation => match failure.extended_code {
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                (TxError::Unique(text), Trouble::None)
            }
            rusqlite::ffi::SQLITE_CONSTRAINT_DATATYPE => (TxError::Type(text), Trouble::None),
            _ => (TxError::Rule(text), Trouble::None),
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (TxError::Retry, Trouble::Retry),
        ErrorCode::TypeMismatch => (TxError::Type(text), Trouble::None),
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => {
            (TxError::Unavailable(text), Trouble::Retry)
        }
        _ => (TxError::Other(text), Trouble::None),
    }
}
