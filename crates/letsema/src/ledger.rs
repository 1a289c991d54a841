//! `letsema ledger …`: the nation's books from the command line.
//!
//! **Invariant:** it reads only, and may while the program runs. The answer is the exit code too: 0 is sound, 1 is not.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use crypto::SystemEntropy;
use journal::{Acts, Subscriptions};
use spine::{Actor, Authority, Caller, Clock, Fault, Resource};
use store::{Store, StoreConfig};

use crate::clock::SystemClock;
use crate::command;
use crate::config::Config;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum LedgerAction {
    /// Replay the whole ledger: every hash, every rule, every balance.
    Verify {
        #[command(flatten)]
        books: Books,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
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
        LedgerAction::Verify { books, json } => verify(&books, json).await,
        LedgerAction::Export { books } => export(&books).await,
    }
}

async fn verify(books: &Books, as_json: bool) -> Result<(), String> {
    let acts = books.open()?;
    let verified = acts.read(&Caller::system("auditor"), payments::ledger::verify).await;
    let verified = verified.map_err(|fault| fault.to_string())?;
    if as_json {
        command::say(&serde_json::to_string_pretty(&verified).unwrap_or_default());
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
