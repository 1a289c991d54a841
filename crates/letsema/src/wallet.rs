//! `letsema wallet`: the simulated wallet, a process of its own, as a real wallet would be.
//!
//! **Invariant:** the secret comes by the environment and never by the command line, which others can read. A wallet
//! started by a demonstration ends with it.

use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use payments::WalletLink;
use payments::simulator::{SimulatorSettings, routes};
use spine::Secret;
use tokio::process::{Child, Command};

use crate::clock::SystemClock;
use crate::serve;

/// The environment variable that holds the secret, as the command line declares it.
pub(crate) const SECRET: &str = "LETSEMA_WALLET_SECRET";

/// Runs a wallet.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(listen: SocketAddr, callback: String, secret: String, with_parent: bool) -> Result<(), String> {
    let settings = SimulatorSettings::new(callback, Secret::new(secret.into_bytes()), Arc::new(SystemClock));
    let listener = serve::listen(listen).await?;
    let serving = serve::serve(listener, routes(settings));
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

/// Where a wallet will listen, and the secret both sides sign with.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn link() -> Result<(SocketAddr, WalletLink, String), String> {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| format!("no port is free for a wallet: {error}"))?;
    let secret = crypto::hex(&crypto::random::<32>());
    let link = WalletLink { base_url: format!("http://{address}"), secret: Secret::new(secret.clone().into_bytes()) };
    Ok((address, link, secret))
}

/// Starts a wallet beside this process.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn start(address: SocketAddr, callback: &str, secret: &str) -> Result<Child, String> {
    let own = std::env::current_exe().map_err(|error| format!("the program does not know where it lies: {error}"))?;
    Command::new(own)
        .args(["wallet", "--listen", &address.to_string(), "--callback", callback, "--with-parent"])
        .env(SECRET, secret)
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the wallet could not be started: {error}"))
}
