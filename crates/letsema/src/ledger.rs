//! `letsema ledger …`: the nation's books from the command line.
//!
//! **Invariant:** it reads only, and may while the program runs. The answer is the exit code too: 0 is sound, 1 is not.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use crypto::SystemEntropy;
use journal::{Acts, Subscriptions};
use payments::ledger::{self, Verified};
use spine::{Actor, Authority, Caller, Clock, Date, Fault, Money, Resource};
use store::{Store, StoreConfig};

use crate::clock::SystemClock;
use crate::command;
use crate::config::Config;
use crate::program::Program;
use crate::serve;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum LedgerAction {
    /// Replay the whole ledger: every hash, every rule, every balance.
    Verify {
        #[command(flatten)]
        books: Books,
        /// A copy instead, as `letsema ledger copy` writes it.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the whole ledger into a file that anybody verifies without the database: its head is the ledger's own.
    Copy {
        #[command(flatten)]
        books: Books,
        /// Where to; it must not be there yet.
        file: PathBuf,
    },
    /// What a list of payments would come to if it were run now: what would be refused and why, whether the programme has the
    /// money, and where post offices' floats would run out. Nothing is written.
    Rehearse {
        /// The configuration of the installation.
        #[arg(long, env = "LETSEMA_CONFIG", default_value = "/etc/letsema/letsema.toml")]
        config: PathBuf,
        /// The programme's id in the pack.
        #[arg(long)]
        programme: String,
        /// The day of payment; today if not given.
        #[arg(long)]
        day: Option<Date>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        /// The list: CSV with a line of names first.
        file: PathBuf,
    },
    /// The whole ledger as a journal that hledger reads, with every balance asserted at its end.
    Export {
        #[command(flatten)]
        books: Books,
    },
}

/// Which ledger.
#[derive(Args)]
pub(crate) struct Books {
    /// The configuration of the installation.
    #[arg(long, env = "LETSEMA_CONFIG", default_value = "/etc/letsema/letsema.toml")]
    config: PathBuf,
    /// The database itself instead, such as a demonstration's: sqlite:PATH or postgres://…
    #[arg(long)]
    database: Option<String>,
}

/// Runs a command on the ledger.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(action: LedgerAction) -> Result<(), String> {
    match action {
        LedgerAction::Verify { books, file: None, json } => say(&verify(&books).await?, json),
        LedgerAction::Verify { file: Some(file), json, .. } => say(&verify_file(&file)?, json),
        LedgerAction::Copy { books, file } => copy(&books, &file).await,
        LedgerAction::Export { books } => export(&books).await,
        LedgerAction::Rehearse { config, programme, day, json, file } => {
            let program = Program::open(serve::setup(Config::read(&config)?)?).await?;
            rehearse(&program, &programme, day, json, &file).await
        }
    }
}

async fn verify(books: &Books) -> Result<Verified, String> {
    let acts = books.open()?;
    let verified = acts.read(&Caller::system("auditor"), ledger::verify).await;
    verified.map_err(|fault| fault.to_string())
}

fn verify_file(file: &Path) -> Result<Verified, String> {
    let shown = file.display();
    let source = File::open(file).map_err(|error| format!("{shown}: {error}"))?;
    ledger::verify_copy(BufReader::new(source)).map_err(|error| format!("{shown}: {error}"))
}

async fn copy(books: &Books, file: &Path) -> Result<(), String> {
    let acts = books.open()?;
    let mut out = BufWriter::new(File::create_new(file).map_err(|error| format!("{}: {error}", file.display()))?);
    let written = acts.read(&Caller::system("auditor"), move |cx| ledger::copy(cx, &mut out)).await;
    written.map_err(|fault| fault.cause().map_or_else(|| fault.to_string(), |cause| format!("{fault}: {cause}")))
}

fn say(verified: &Verified, as_json: bool) -> Result<(), String> {
    if as_json {
        command::say(&serde_json::to_string_pretty(verified).unwrap_or_default());
    } else {
        command::say(&format!(
            "{} transfers in {} batches on {} accounts, {} holds open\nhead {}",
            verified.transfers, verified.batches, verified.accounts, verified.open_holds, verified.head
        ));
        verified.findings.iter().for_each(|finding| command::say(finding));
    }
    match verified.findings.len() {
        0 => Ok(()),
        count => Err(format!("the ledger is NOT SOUND: {count} findings")),
    }
}

async fn export(books: &Books) -> Result<(), String> {
    let acts = books.open()?;
    let mut after = Some(0);
    while let Some(from) = after {
        let page = acts.read(&Caller::system("auditor"), move |cx| payments::treasury::journal(cx, None, from)).await;
        let page = page.map_err(|fault| fault.to_string())?;
        command::say(page.text.trim_end_matches('\n'));
        after = page.next;
    }
    Ok(())
}

async fn rehearse(
    program: &Program,
    programme: &str,
    day: Option<Date>,
    as_json: bool,
    file: &Path,
) -> Result<(), String> {
    let shown = file.display();
    let source = BufReader::new(File::open(file).map_err(|error| format!("{shown}: {error}"))?);
    let day = day.unwrap_or_else(|| program.acts.now().date_in(program.country.words.zone()));
    let told = grants::rehearse(&program.grants, &Caller::system("rehearsal"), programme, day, source).await;
    let told = told.map_err(|fault| format!("{shown}: {fault}"))?;
    if as_json {
        command::say(&serde_json::to_string_pretty(&told).unwrap_or_default());
        return Ok(());
    }
    let money = |minor| Money::new(minor, program.country.currency);
    command::say(&format!(
        "{} lines: {} would be paid, {} in all; {} would be refused",
        told.lines,
        told.ready.0,
        money(told.ready.1),
        told.refused
    ));
    for (reason, lines) in &told.reasons {
        command::say(&format!("  refused, {reason}: {lines}"));
    }
    for (line, reason) in &told.first_refused {
        command::say(&format!("    line {line}: {reason}"));
    }
    for (way, (lines, minor)) in &told.ways {
        command::say(&format!("  by {way}: {lines}, {}", money(*minor)));
    }
    command::say(&format!("the programme has {}", money(told.free_minor)));
    if told.short_minor > 0 {
        command::say(&format!("  and lacks {}", money(told.short_minor)));
    }
    for (district, cash) in told.districts.iter().filter(|(_, cash)| cash.short_minor > 0) {
        let (wanted, float) = (money(cash.wanted_minor), money(cash.float_minor));
        command::say(&format!("  {district}: {wanted} would be fetched, the floats hold {float}"));
    }
    Ok(())
}

impl Books {
    /// Whoever runs the program may read its books; nothing else is allowed to him here.
    fn open(&self) -> Result<Acts, String> {
        let url = match &self.database {
            Some(url) => url.clone(),
            None => Config::read(&self.config)?.database.reveal().clone(),
        };
        let config = StoreConfig::for_url(&url).map_err(|error| error.to_string())?;
        let store = Store::open(&config).map_err(|error| error.to_string())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Ok(Acts::new(Arc::new(store), clock, Arc::new(SystemEntropy), Arc::new(Auditor), Subscriptions::default()))
    }
}

/// Allows the reading of the ledger.
struct Auditor;

impl Authority for Auditor {
    fn decide(&self, _: &Actor, action: &str, _: &Resource) -> Result<(), Fault> {
        if action == "payments.ledger.audit" { Ok(()) } else { Err(Fault::forbidden("journal.act.forbidden")) }
    }
}
