//! One PostgreSQL connection: serialisable transactions, TLS where the URL asks for it.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use spine::{Row, TxError, Value};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::dialect;
use crate::group::{Connect, Connection, Mode, Trouble};

/// Rows in one statement.
const ROWS_AT_ONCE: usize = 1_000;

pub(crate) struct Postgres {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Postgres {
    /// Reads the URL. With `root_certificate` or `sslmode=require` the connection is encrypted and the server's
    /// certificate is checked, name included.
    pub(crate) fn new(url: &str, root_certificate: Option<&Path>) -> Result<Self, String> {
        let mut config: Config = url.parse().map_err(|error: postgres::Error| error.to_string())?;
        config
            .connect_timeout(Duration::from_secs(3))
            .tcp_user_timeout(Duration::from_secs(10))
            .application_name("letsema");
        let wants_tls = root_certificate.is_some() || config.get_ssl_mode() == postgres::config::SslMode::Require;
        let tls = if wants_tls { Some(tls_connector(root_certificate)?) } else { None };
        Ok(Self { config, tls })
    }
}

fn tls_connector(root_certificate: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let path = root_certificate
        .ok_or("sslmode=require needs sslrootcert=FILE, the authority that signed the server's certificate")?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| format!("{}: {error}", path.display()))? {
        let certificate = certificate.map_err(|error| format!("{}: {error}", path.display()))?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(client))
}

impl Connect for Postgres {
    fn connect(&self, _mode: Mode) -> Result<Box<dyn Connection>, TxError> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let client = client.map_err(|error| classify(&error).0)?;
        Ok(Box::new(PgConnection {
            client,
            statements: HashMap::new(),
            statements_for_rows: HashMap::new(),
            statements_for_keys: HashMap::new(),
            trouble: Trouble::None,
        }))
    }
}

struct PgConnection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    statements_for_rows: HashMap<&'static str, Statement>,
    statements_for_keys: HashMap<&'static str, Statement>,
    trouble: Trouble,
}

impl PgConnection {
    fn statement(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// The same `INSERT` for many rows, which come as one array for each parameter.
    fn statement_for_rows(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements_for_rows.get(sql) {
            return Ok(statement.clone());
        }
        let one = self.statement(sql)?;
        let types: Vec<&str> = one.params().iter().map(Type::name).collect();
        let statement = self.client.prepare(&dialect::postgres_rows(sql, &types))?;
        self.statements_for_rows.insert(sql, statement.clone());
        Ok(statement)
    }

    /// The same `SELECT` for many keys, which come as one array.
    fn statement_for_keys(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements_for_keys.get(sql) {
            return Ok(statement.clone());
        }
        let one = self.statement(sql)?;
        let kind = one.params().first().map_or("text", Type::name);
        let statement = self.client.prepare(&dialect::postgres_keys(sql, kind))?;
        self.statements_for_keys.insert(sql, statement.clone());
        Ok(statement)
    }

    fn note<T>(&mut self, result: Result<T, postgres::Error>) -> Result<T, TxError> {
        result.map_err(|error| {
            let (fault, mut trouble) = classify(&error);
            if self.client.is_closed() {
                trouble = Trouble::Broken;
            }
            // The first trouble is the transaction's; what fails after it says nothing new.
            if self.trouble == Trouble::None {
                self.trouble = trouble;
            }
            fault
        })
    }
}

fn owned(row: &postgres::Row) -> Result<Row, TxError> {
    let mut values = Vec::with_capacity(row.len());
    for (place, column) in row.columns().iter().enumerate() {
        let wrong = |error: postgres::Error| TxError::Type(error.to_string());
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(place).map_err(wrong)?.map_or(Value::Null, Value::Int),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(place)
                .map_err(wrong)?
                .map_or(Value::Null, |number| Value::Int(number.into())),
            Type::INT2 => row
                .try_get::<_, Option<i16>>(place)
                .map_err(wrong)?
                .map_or(Value::Null, |number| Value::Int(number.into())),
            Type::BOOL => row
                .try_get::<_, Option<bool>>(place)
                .map_err(wrong)?
                .map_or(Value::Null, |truth| Value::Int(truth.into())),
            Type::TEXT | Type::VARCHAR | Type::NAME => {
                row.try_get::<_, Option<String>>(place).map_err(wrong)?.map_or(Value::Null, Value::from)
            }
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(place).map_err(wrong)?.map_or(Value::Null, Value::from),
            ref other => return Err(TxError::Type(format!("column {place} is {other}; cast it to BIGINT or TEXT"))),
        };
        values.push(value);
    }
    Ok(Row::new(values))
}

/// One parameter of many rows, as an array.
#[derive(Debug)]
struct Column<'a> {
    rows: &'a [&'a [Value<'a>]],
    place: usize,
}

impl ToSql for Column<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let values: Option<Vec<Bound<'_>>> = self.rows.iter().map(|row| row.get(self.place).map(Bound)).collect();
        values.ok_or("a row has too few values")?.to_sql(ty, out)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

#[derive(Debug)]
struct Bound<'a>(&'a Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Value::Int(number), &Type::BOOL) => (*number != 0).to_sql(ty, out),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => text.as_ref().to_sql(ty, out),
            (Value::Blob(bytes), &Type::BYTEA) => bytes.as_ref().to_sql(ty, out),
            (_, wanted) => Err(format!("the column wants {wanted}").into()),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

impl Connection for PgConnection {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError> {
        let bound: Vec<Bound<'_>> = args.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let result = self.statement(sql).and_then(|statement| self.client.execute(&statement, &params));
        self.note(result)
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let bound: Vec<Bound<'_>> = args.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let result = self.statement(sql).and_then(|statement| self.client.query(&statement, &params));
        self.note(result)?.iter().map(owned).collect()
    }

    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError> {
        if let [row] = rows {
            return self.execute(sql, row).map(drop);
        }
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let result = self.statement_for_rows(sql).and_then(|statement| {
                let columns: Vec<Column<'_>> =
                    (0..statement.params().len()).map(|place| Column { rows, place }).collect();
                let params: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                self.client.execute(&statement, &params)
            });
            self.note(result)?;
        }
        Ok(())
    }

    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let mut found = Vec::new();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let bound: Vec<Bound<'_>> = keys.iter().map(Bound).collect();
            let result =
                self.statement_for_keys(sql).and_then(|statement| self.client.query(&statement, &[&bound.as_slice()]));
            for row in self.note(result)? {
                found.push(owned(&row)?);
            }
        }
        Ok(found)
    }

    fn begin(&mut self, mode: Mode) -> Result<(), TxError> {
        self.trouble = Trouble::None;
        self.batch(match mode {
            Mode::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            // Instances take turns. The lock comes before the snapshot, which thus sees what the one before has done.
            Mode::Post => "BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE store_lane IN EXCLUSIVE MODE",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })
    }
    fn commit(&mut self) -> Result<(), TxError> {
        self.batch("COMMIT")
    }
    fn rollback(&mut self) -> Result<(), TxError> {
        self.batch("ROLLBACK")
    }
    fn savepoint(&mut self) -> Result<(), TxError> {
        self.batch("SAVEPOINT unit")
    }
    fn release(&mut self) -> Result<(), TxError> {
        self.batch("RELEASE unit")
    }
    fn rollback_to_savepoint(&mut self) -> Result<(), TxError> {
        self.batch("ROLLBACK TO unit; RELEASE unit")
    }
    fn batch(&mut self, sql: &str) -> Result<(), TxError> {
        let result = self.client.batch_execute(sql);
        self.note(result)
    }
    fn prepare(&mut self, sql: &'static str) -> Result<(), TxError> {
        let result = self.client.prepare(sql).map(|_| ());
        self.note(result)
    }
    fn trouble(&self) -> Trouble {
        self.trouble
    }
}

/// What an error is to the caller, and what it means for the transaction.
fn classify(error: &postgres::Error) -> (TxError, Trouble) {
    let Some(answer) = error.as_db_error() else {
        // No answer of the server: a value of the wrong type, or the connection.
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        let text = format!("{error}{cause}");
        return if text.contains("serializing parameter") || text.contains("deserializing column") {
            (TxError::Type(text), Trouble::None)
        } else {
            (TxError::Unavailable(text), Trouble::Broken)
        };
    };
    // The constraint's name and never the detail, which holds values.
    let name = answer.constraint().or(answer.table()).unwrap_or("").to_owned();
    let code = answer.code();
    match *code {
        SqlState::UNIQUE_VIOLATION => (TxError::Unique(name), Trouble::None),
        SqlState::CHECK_VIOLATION | SqlState::NOT_NULL_VIOLATION | SqlState::FOREIGN_KEY_VIOLATION => {
            (TxError::Rule(name), Trouble::None)
        }
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => (TxError::Retry, Trouble::Retry),
        SqlState::DATATYPE_MISMATCH | SqlState::UNDEFINED_FUNCTION => {
            (TxError::Type(answer.message().to_owned()), Trouble::None)
        }
        SqlState::READ_ONLY_SQL_TRANSACTION => (TxError::Other(answer.message().to_owned()), Trouble::None),
        _ if matches!(code.code().get(..2), Some("08" | "57")) => {
            (TxError::Unavailable(answer.message().to_owned()), Trouble::Broken)
        }
        _ if code.code().starts_with("53") => (TxError::Unavailable(answer.message().to_owned()), Trouble::Retry),
        _ => (TxError::Other(format!("{}: {}", code.code(), answer.message())), Trouble::None),
    }
}
