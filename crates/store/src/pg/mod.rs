//! One PostgreSQL connection: serialisable transactions, TLS where the URL asks for it.
//!
//! **Invariant:** the server answers in the order in which it was asked, so what was sent and not waited for has been done
//! before whatever is asked after it. What the server has against it is known at the next answer, and the transaction is lost.
//!
//! See `values.rs` for what goes over the wire, and `group.rs` for when nothing is waited for.

mod values;

use std::collections::HashMap;
use std::future::Future;
use std::ops::RangeInclusive;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use spine::{Row, TxError, Value, tx::only_reads};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::dialect;
use crate::group::{Connect, Connection, Mode, Trouble};
use crate::rows;
use values::{Encoded, classify, owned};

/// Rows in one statement.
const ROWS_AT_ONCE: usize = 1_000;
/// Between which transactions since a text was new the tables are counted; afterwards the server's housekeeping has come by.
const COUNTED: RangeInclusive<u64> = 4..=16_384;

pub(crate) struct Postgres {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Postgres {
    /// Reads the URL. With `root_certificate` or `sslmode=require` the connection is encrypted and the server's
    /// certificate is checked, name included.
    pub(crate) fn new(url: &str, root_certificate: Option<&Path>) -> Result<Self, String> {
        let mut config: Config = url.parse().map_err(|error: Error| error.to_string())?;
        config.connect_timeout(Duration::from_secs(3)).tcp_user_timeout(Duration::from_secs(10));
        if config.get_application_name().is_none() {
            config.application_name("letsema");
        }
        let wants_tls = root_certificate.is_some() || config.get_ssl_mode() == SslMode::Require;
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
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| TxError::Unavailable(error.to_string()))?;
        // The connection is served whenever somebody waits for an answer of it, and only then.
        let client = runtime.block_on(async {
            let client = match &self.tls {
                Some(tls) => {
                    let (client, serving) = self.config.connect(tls.clone()).await?;
                    tokio::spawn(serving);
                    client
                }
                None => {
                    let (client, serving) = self.config.connect(NoTls).await?;
                    tokio::spawn(serving);
                    client
                }
            };
            client.batch_execute(rows::POSTGRES_SESSION).await?;
            Ok(client)
        });
        let client = client.map_err(|error| classify(&error).0)?;
        Ok(Box::new(PgConnection {
            changes: Vec::new(),
            ahead: Vec::new(),
            client: Arc::new(client),
            runtime,
            statements: HashMap::new(),
            begun: 0,
            lazily: false,
            lost: false,
            trouble: Trouble::None,
        }))
    }
}

/// A question to the server, or what it answered.
enum Asked<T> {
    Coming(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>),
    Answered(Result<T, Error>),
}

impl<T> Asked<T> {
    fn by(question: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self::Coming(Box::pin(question))
    }

    /// Hands it to the connection, which sends all that it has, in this order, when somebody waits.
    fn send(&mut self) {
        if let Self::Coming(coming) = self
            && let Poll::Ready(answer) = coming.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            *self = Self::Answered(answer);
        }
    }

    async fn answer(self) -> Result<T, Error> {
        match self {
            Self::Coming(coming) => coming.await,
            Self::Answered(answer) => answer,
        }
    }
}

/// For how many an engine's text is prepared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    /// As it is.
    One,
    /// An `INSERT` for many rows, which come as one array for each parameter.
    Rows,
    /// A `SELECT` for many keys, which come as one array.
    Keys,
}

/// A question that goes ahead of whoever will ask it.
struct Ahead {
    sql: &'static str,
    params: Vec<Encoded>,
    coming: Asked<Vec<tokio_postgres::Row>>,
}

struct PgConnection {
    /// What goes with the next question and is not waited for before that, in order.
    changes: Vec<Asked<u64>>,
    /// What will be asked, as long as nothing changes.
    ahead: Vec<Ahead>,
    client: Arc<Client>,
    runtime: Runtime,
    statements: HashMap<(Form, &'static str), Statement>,
    /// How many transactions began since a text was new here.
    begun: u64,
    lazily: bool,
    lost: bool,
    trouble: Trouble,
}

impl PgConnection {
    fn statement(&mut self, form: Form, sql: &'static str) -> Result<Statement, TxError> {
        if let Some(statement) = self.statements.get(&(form, sql)) {
            return Ok(statement.clone());
        }
        let text = match form {
            Form::One => sql.to_owned(),
            Form::Rows => {
                let one = self.statement(Form::One, sql)?;
                let types: Vec<&str> = one.params().iter().map(Type::name).collect();
                dialect::postgres_rows(sql, &types)
            }
            Form::Keys => {
                let one = self.statement(Form::One, sql)?;
                dialect::postgres_keys(sql, one.params().first().map_or("text", Type::name))
            }
        };
        let client = Arc::clone(&self.client);
        let statement = self.wait(Asked::by(async move { client.prepare(&text).await }))?;
        self.statements.insert((form, sql), statement.clone());
        self.begun = 0;
        Ok(statement)
    }

    /// The server plans a text once, for tables as large as they were and for what it knew of them. New ones grow, and between two
    /// indexes of an empty table it had no reason to choose well. Its own housekeeping comes by once a minute.
    fn look_again(&mut self, mode: Mode) -> Result<(), TxError> {
        if mode != Mode::Read && COUNTED.contains(&self.begun) {
            for row in self.query(rows::POSTGRES_GROWN, &[])? {
                self.batch(&format!("ANALYZE {}", row.get::<String>(0)?))?;
            }
        }
        self.batch("DISCARD PLANS")
    }

    fn counted(&self, statement: Statement, params: Vec<Encoded>) -> Asked<u64> {
        let client = Arc::clone(&self.client);
        Asked::by(async move { client.execute_raw(&statement, params).await })
    }

    fn answered(&self, statement: Statement, params: Vec<Encoded>) -> Asked<Vec<tokio_postgres::Row>> {
        let client = Arc::clone(&self.client);
        Asked::by(async move {
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
            client.query(&statement, &params).await
        })
    }

    /// Sends what goes before it and then itself, in one journey, and waits for all of it but the questions ahead.
    fn wait<T>(&mut self, mut own: Asked<T>) -> Result<T, TxError> {
        let mut changes = std::mem::take(&mut self.changes);
        let (before, own) = self.runtime.block_on(async {
            changes.iter_mut().for_each(Asked::send);
            self.ahead.iter_mut().for_each(|one| one.coming.send());
            own.send();
            let mut before = Ok(0);
            for one in changes {
                let done = one.answer().await;
                before = before.and(done);
            }
            (before, own.answer().await)
        });
        self.note(before).inspect_err(|_| self.lost = true).map_err(|_| lost()).and_then(|_| self.note(own))
    }

    /// Takes a change along, and waits for it if somebody must know now.
    fn change_by(&mut self, statement: Statement, params: Vec<Encoded>) -> Result<(), TxError> {
        self.ahead.clear();
        let coming = self.counted(statement, params);
        if !self.lazily {
            return self.wait(coming).map(drop);
        }
        self.changes.push(coming);
        Ok(())
    }

    fn note<T>(&mut self, result: Result<T, Error>) -> Result<T, TxError> {
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

/// Why a statement failed that was sent after one that had failed.
fn lost() -> TxError {
    TxError::Other("an earlier statement of this commit failed".to_owned())
}

impl Connection for PgConnection {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, TxError> {
        self.ahead.clear();
        let statement = self.statement(Form::One, sql)?;
        let params = Encoded::each(args, statement.params())?;
        let coming = self.counted(statement, params);
        self.wait(coming)
    }

    fn change(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        let statement = self.statement(Form::One, sql)?;
        let params = Encoded::each(args, statement.params())?;
        self.change_by(statement, params)
    }

    fn ask_ahead(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<(), TxError> {
        let statement = self.statement(Form::One, sql)?;
        let params = Encoded::each(args, statement.params())?;
        let coming = self.answered(statement, params.clone());
        self.ahead.push(Ahead { sql, params, coming });
        Ok(())
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        if !only_reads(sql) {
            self.ahead.clear();
        }
        let statement = self.statement(Form::One, sql)?;
        let params = Encoded::each(args, statement.params())?;
        let asked = self.ahead.iter().position(|one| one.sql == sql && one.params == params);
        let coming = match asked {
            Some(place) => self.ahead.swap_remove(place).coming,
            None => self.answered(statement, params),
        };
        self.wait(coming)?.iter().map(owned).collect()
    }

    fn insert(&mut self, sql: &'static str, rows: &[&[Value<'_>]]) -> Result<(), TxError> {
        if let [row] = rows {
            return self.change(sql, row);
        }
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let statement = self.statement(Form::Rows, sql)?;
            let params = Encoded::columns(rows, statement.params())?;
            self.change_by(statement, params)?;
        }
        Ok(())
    }

    fn query_each(&mut self, sql: &'static str, keys: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        let mut found = Vec::new();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let statement = self.statement(Form::Keys, sql)?;
            let params = Encoded::keys(keys, statement.params())?;
            let coming = self.answered(statement, params);
            for row in self.wait(coming)? {
                found.push(owned(&row)?);
            }
        }
        Ok(found)
    }

    fn begin(&mut self, mode: Mode) -> Result<(), TxError> {
        (self.trouble, self.lost) = (Trouble::None, false);
        self.begun += 1;
        if self.begun.is_power_of_two()
            && let Err(error) = self.look_again(mode)
        {
            tracing::debug!(%error, "plans were not made anew");
            (self.trouble, self.lost) = (Trouble::None, false);
        }
        self.batch(match mode {
            Mode::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            // Instances take turns. The lock comes before the snapshot, which thus sees what the one before has done.
            Mode::Post => "BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE store_lane IN EXCLUSIVE MODE",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })
    }
    fn lazily(&mut self, lazily: bool) {
        self.lazily = lazily;
    }
    fn settle(&mut self) -> Result<(), TxError> {
        if !self.changes.is_empty() {
            self.wait(Asked::Answered(Ok(())))?;
        }
        if self.lost { Err(lost()) } else { Ok(()) }
    }
    fn commit(&mut self) -> Result<(), TxError> {
        self.batch("COMMIT")
    }
    fn rollback(&mut self) -> Result<(), TxError> {
        // What waits to be sent never is.
        self.changes.clear();
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
        self.ahead.clear();
        let (client, sql) = (Arc::clone(&self.client), sql.to_owned());
        self.wait(Asked::by(async move { client.batch_execute(&sql).await }))
    }
    fn prepare(&mut self, sql: &'static str) -> Result<(), TxError> {
        let client = Arc::clone(&self.client);
        self.wait(Asked::by(async move { client.prepare(sql).await })).map(drop)
    }
    fn trouble(&self) -> Trouble {
        self.trouble
    }
}
