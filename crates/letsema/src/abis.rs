//! `letsema abis-double`: an ABIS to try with, a process of its own, as a real one would be.
//!
//! **Invariant:** the secret comes by the environment and never by the command line, which others can read. One started by a
//! demonstration ends with it, and forgets everything.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use edge::{Outbound, OutboundLimits};
use identity::AbisLink;
use identity::abis_double::{DoubleSettings, routes};
use spine::Secret;
use tokio::process::{Child, Command};

use crate::clock::SystemClock;
use crate::{serve, wallet};

/// The environment variable that holds the secret, as the command line declares it.
pub(crate) const SECRET: &str = "LETSEMA_ABIS_SECRET";

/// Runs the double.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(listen: SocketAddr, answers: String, secret: String, with_parent: bool) -> Result<(), String> {
    let settings = DoubleSettings {
        answers_url: answers,
        secret: Secret::new(secret.into_bytes()),
        clock: Arc::new(SystemClock),
        outbound: Outbound::new(OutboundLimits::default()),
    };
    let listener = serve::listen(listen).await?;
    wallet::until_the_end(serve::serve(listener, routes(settings)), with_parent).await
}

/// The double beside a demonstration.
pub(crate) struct Beside {
    address: SocketAddr,
    secret: String,
}

impl Beside {
    /// One on a free port with a fresh secret.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn new() -> Result<Self, String> {
        Ok(Self { address: wallet::free_address()?, secret: crypto::hex(&crypto::random::<32>()) })
    }

    /// How the program reaches it.
    pub(crate) fn link(&self) -> AbisLink {
        let secret = Secret::new(self.secret.clone().into_bytes());
        AbisLink { base_url: format!("http://{}", self.address), secret }
    }

    /// Starts it.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn start(&self, answers: &str) -> Result<Child, String> {
        let own =
            std::env::current_exe().map_err(|error| format!("the program does not know where it lies: {error}"))?;
        Command::new(own)
            .args(["abis-double", "--listen", &self.address.to_string(), "--answers", answers, "--with-parent"])
            .env(SECRET, &self.secret)
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("the ABIS double could not be started: {error}"))
    }
}
