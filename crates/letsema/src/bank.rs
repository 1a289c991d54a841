//! `letsema bank`: the simulated bank, a process of its own, as a real bank would be.
//!
//! **Invariant:** as for a wallet: the secret comes by the environment, and one started by a demonstration ends with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use edge::{Outbound, OutboundLimits};
use jiff::tz::TimeZone;
use payments::Banks;
use payments::simulator::bank::{BankSettings, routes};
use serde_json::{Value as Json, json};
use spine::{Clock, Currency, Secret};
use tokio::process::Child;

use crate::clock::SystemClock;
use crate::serve;
use crate::wallet::{self, Beside, until_the_end};

#[derive(Args)]
pub(crate) struct BankArgs {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Where to tell what happens, such as https://letsema.example/api/payments/banks/cbl.
    #[arg(long)]
    callback: String,
    /// The number of the account it keeps.
    #[arg(long)]
    account: String,
    /// The account's currency.
    #[arg(long, default_value = "LSL")]
    currency: String,
    /// The bank's time zone.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// The secret both sides sign with.
    #[arg(long, env = wallet::SECRET, hide_env_values = true)]
    secret: String,
    /// PEM of an authority to trust when it calls us, beside the public web's.
    #[arg(long)]
    authority: Option<PathBuf>,
    /// End when standard input closes.
    #[arg(long)]
    with_parent: bool,
}

/// Runs a bank.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(args: BankArgs) -> Result<(), String> {
    let currency = Currency::parse(&args.currency).map_err(|error| error.to_string())?;
    let zone = TimeZone::get(&args.zone).map_err(|error| error.to_string())?;
    let secret = Secret::new(args.secret.into_bytes());
    let mut settings = BankSettings::new(args.callback, secret, args.account, currency, Arc::new(SystemClock));
    settings.day = Arc::new(move || SystemClock.now().date_in(&zone));
    if let Some(file) = args.authority {
        let pem = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        settings.outbound = Outbound::trusting(OutboundLimits::default(), &pem)?;
    }
    let listener = serve::listen(args.listen).await?;
    until_the_end(serve::serve(listener, routes(settings)), args.with_parent).await
}

/// The bank beside a demonstration.
pub(crate) struct BankBeside {
    pub(crate) beside: Beside,
    pub(crate) account: String,
    currency: Currency,
}

/// The bank of the pack that keeps the government's account, on a free port.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn beside(pack: &Path) -> Result<BankBeside, String> {
    let file = pack.join("banks.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let link = |_: &str| Some(payments::BankLink { base_url: String::new(), secret: Secret::new(Vec::new()) });
    let banks = Banks::parse(&text, TimeZone::UTC, link).map_err(|error| error.to_string())?;
    let own = banks.own().ok_or("banks.toml: no account is ours")?;
    Ok(BankBeside { beside: Beside::new(&own.bank.id)?, account: own.number.clone(), currency: own.currency })
}

impl BankBeside {
    /// What `demo.json` says of it.
    pub(crate) fn said(&self) -> Json {
        let address = self.beside.address;
        json!({ "id": self.beside.id, "url": format!("http://{address}"), "account": self.account })
    }

    /// Starts it.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn start(&self, port: u16, zone: &str) -> Result<Child, String> {
        let callback = format!("http://127.0.0.1:{port}/api/payments/banks/{}", self.beside.id);
        let what = ["bank", "--account", &self.account, "--currency", self.currency.code(), "--zone", zone];
        self.beside.start_as(&what, &callback, false)
    }
}
