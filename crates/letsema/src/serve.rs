//! The HTTP server: listening, and ending in order.
//!
//! **Invariant:** told to end, it takes no new requests, finishes those at work, and returns.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

/// Takes the address, so that a taken one is known before anything else happens.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("{address}: {error}; choose another with --port or --listen"))
}

/// Serves until told to end.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> Result<(), String> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(told_to_end())
        .await
        .map_err(|error| format!("the server ended: {error}"))
}

/// Ctrl-C, or SIGTERM from whoever runs the program.
async fn told_to_end() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
