//! `letsema acquirer`: the simulated card acquirer, a process of its own, as a real one would be.
//!
//! **Invariant:** as for a wallet: the secret comes by the environment, and one started by a demonstration ends with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use edge::{Outbound, OutboundLimits};
use payments::cards::{AcquirerLink, Acquirers};
use payments::simulator::acquirer::{AcquirerSettings, routes};
use serde_json::Value as Json;
use spine::Secret;
use tokio::process::Child;

use crate::beside;
use crate::clock::SystemClock;
use crate::serve;
use crate::wallet::{self, Beside, until_the_end};

#[derive(Args)]
pub(crate) struct AcquirerArgs {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Where to tell what happens, such as https://letsema.example/api/payments/acquirers/kopano.
    #[arg(long)]
    callback: String,
    /// Scheme, host and port of its own page; where it listens, if this is left out.
    #[arg(long)]
    own_url: Option<String>,
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

/// Runs an acquirer.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(args: AcquirerArgs) -> Result<(), String> {
    let own_url = args.own_url.unwrap_or_else(|| format!("http://{}", args.listen));
    let secret = Secret::new(args.secret.into_bytes());
    let mut settings = AcquirerSettings::new(args.callback, own_url, secret, Arc::new(SystemClock));
    if let Some(file) = args.authority {
        let pem = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        settings.outbound = Outbound::trusting(OutboundLimits::default(), &pem)?;
    }
    let listener = serve::listen(args.listen).await?;
    until_the_end(serve::serve(listener, routes(settings)), args.with_parent).await
}

/// The acquirers beside a demonstration.
pub(crate) struct AcquirersBeside(Vec<Beside>);

/// Those of the pack, each on a free port.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn beside(pack: &Path) -> Result<AcquirersBeside, String> {
    let file = pack.join("acquirers.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let acquirers = Acquirers::parse(&text, |_| None).map_err(|error| error.to_string())?;
    Ok(AcquirersBeside(acquirers.iter().map(|it| Beside::new(&it.id)).collect::<Result<_, _>>()?))
}

impl AcquirersBeside {
    /// How the gateway reaches them.
    pub(crate) fn links(&self) -> Vec<(String, AcquirerLink)> {
        let link = |it: &Beside| AcquirerLink { api: it.link(), pages: format!("http://{}", it.address) };
        self.0.iter().map(|it| (it.id.clone(), link(it))).collect()
    }

    /// Starts them.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn start(&self, port: u16) -> Result<Vec<Child>, String> {
        let callback = |it: &Beside| format!("http://127.0.0.1:{port}/api/payments/acquirers/{}", it.id);
        self.0.iter().map(|it| it.start_as(&["acquirer"], &callback(it), false)).collect()
    }

    /// What `demo.json` says of them.
    pub(crate) fn said(&self) -> Json {
        beside::said(&self.0)
    }
}
