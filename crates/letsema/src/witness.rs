//! `letsema witness`: watches a log from another machine and cosigns its heads.
//!
//! **Invariant:** it holds its own key and its own memory, and nothing of the program it watches.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crypto::{Algorithm, SigningKey};
use journal::log::{Cosigner, LogKey, witness_routes};

use crate::clock::SystemClock;
use crate::{command, serve};

/// Runs a witness.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(listen: SocketAddr, name: &str, log: String, data: &Path) -> Result<(), String> {
    std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let key = SigningKey::in_file(&data.join("witness.key"), Algorithm::EdDsa).map_err(|error| error.to_string())?;
    let key = LogKey::new(name, key).map_err(|error| error.to_string())?;
    let cosigner =
        Cosigner::new(key, log, &data.join("seen.json"), Arc::new(SystemClock)).map_err(|error| error.to_string())?;
    command::say(&format!("witness {} listens on http://{listen}\nits key: {}", name, cosigner.verifier()));
    serve::serve(serve::listen(listen).await?, witness_routes(Arc::new(cosigner))).await
}
