//! `letsema wallet`: the simulated wallet, a process of its own, as a real wallet would be.
//!
//! **Invariant:** the secret comes by the environment and never by the command line, which others can read. A wallet
//! started by a demonstration ends with it.

use std::io::Read;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use crypto::TransportKeyPair;
use edge::{Outbound, OutboundLimits};
use payments::WalletLink;
use payments::simulator::open_api::{self, OpenApiSettings};
use payments::simulator::{SimulatorSettings, routes};
use serde::{Deserialize, Serialize};
use spine::Secret;
use tokio::process::{Child, Command};

use crate::clock::SystemClock;
use crate::{command, serve};

/// The ports that programs beside a demonstration listen on.
const PORTS: Range<u16> = 20_000..32_000;

/// The environment variable that holds the secret, as the command line declares it.
pub(crate) const SECRET: &str = "LETSEMA_WALLET_SECRET";

/// Runs a wallet.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(
    listen: SocketAddr,
    (callback, secret): (String, String),
    market: Option<(String, String)>,
    authority: Option<&Path>,
    with_parent: bool,
) -> Result<(), String> {
    let mut settings =
        SimulatorSettings::new(callback, Secret::new(secret.clone().into_bytes()), Arc::new(SystemClock));
    if let Some(file) = authority {
        let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        settings.outbound = Outbound::trusting(OutboundLimits::default(), &pem)?;
    }
    let listener = serve::listen(listen).await?;
    let routes = match market {
        Some(market) => as_open_api(settings, secret, market)?,
        None => routes(settings),
    };
    until_the_end(serve::serve(listener, routes), with_parent).await
}

/// As M-Pesa's OpenAPI shows a wallet; the public key is printed as the operator's portal would show it.
fn as_open_api(
    wallet: SimulatorSettings,
    api_key: String,
    (market, service_provider_code): (String, String),
) -> Result<Router, String> {
    let keys = TransportKeyPair::generate().map_err(|error| error.to_string())?;
    let public = keys.public_der().map_err(|error| error.to_string())?;
    command::say(&crypto::base64(&public));
    let api_key = Secret::new(api_key);
    Ok(open_api::routes(OpenApiSettings { wallet, api_key, keys, market, service_provider_code }))
}

/// Serves until told to end, or with the parent until it ends.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn until_the_end(
    serving: impl Future<Output = Result<(), String>>,
    with_parent: bool,
) -> Result<(), String> {
    if !with_parent {
        return serving.await;
    }
    // The parent holds the other end of our standard input; when it ends, however it ends, that closes.
    let alone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        ended = serving => ended,
        _ = alone => Ok(()),
    }
}

/// Where the next port is looked for.
static LOOKED: AtomicU32 = AtomicU32::new(0);

/// A free port of this machine, below those that systems give to calls that go out: what is free now stays free until a program
/// beside this one listens there. Never the same twice, and other processes look elsewhere first.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let first = std::process::id().wrapping_mul(16);
    for _ in 0..PORTS.len() {
        let place = first.wrapping_add(LOOKED.fetch_add(1, Ordering::Relaxed)) % PORTS.len() as u32;
        let port = PORTS.start + u16::try_from(place).unwrap_or_default();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err("no port is free for a program beside this one".to_owned())
}

/// A simulated wallet beside this process: where it listens, and the secret both sides sign with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Beside {
    pub(crate) id: String,
    pub(crate) address: SocketAddr,
    secret: String,
}

impl Beside {
    /// A wallet on a free port with a fresh secret.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn new(id: &str) -> Result<Self, String> {
        let address = free_address()?;
        Ok(Self { id: id.to_owned(), address, secret: crypto::hex(&crypto::random::<32>()) })
    }

    /// How the gateway reaches it.
    pub(crate) fn link(&self) -> WalletLink {
        let secret = Secret::new(self.secret.clone().into_bytes());
        WalletLink { base_url: format!("http://{}", self.address), secret }
    }

    /// Whether it still runs, from an earlier start.
    pub(crate) fn runs(&self) -> bool {
        std::net::TcpStream::connect_timeout(&self.address, Duration::from_millis(300)).is_ok()
    }

    /// Starts it. One that is kept outlives this process, as a real wallet would.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn start(&self, callback: &str, kept: bool) -> Result<Child, String> {
        self.start_as(&["wallet"], callback, kept)
    }

    /// Starts it as another kind of program of ours, by its command and what that needs.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn start_as(&self, what: &[&str], callback: &str, kept: bool) -> Result<Child, String> {
        let own =
            std::env::current_exe().map_err(|error| format!("the program does not know where it lies: {error}"))?;
        let mut command = Command::new(own);
        command
            .args(what)
            .args(["--listen", &self.address.to_string(), "--callback", callback])
            .env(SECRET, &self.secret);
        if kept {
            command.stdin(Stdio::null());
        } else {
            command.arg("--with-parent").stdin(Stdio::piped()).kill_on_drop(true);
        }
        command.spawn().map_err(|error| format!("{what:?} could not be started: {error}"))
    }
}
