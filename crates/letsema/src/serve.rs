//! The HTTP server: listening, with or without TLS, and ending in order; and `letsema serve`.
//!
//! **Invariant:** told to end, it takes no new requests, finishes those at work, and returns.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware::map_request;
use edge::{Outbound, OutboundLimits};
use messages::{Carriers, MailRelay, SmsGateway};
use payments::sanctions::Sources;
use tokio::net::TcpListener;

use crate::clock::SystemClock;
use crate::command;
use crate::config::Config;
use crate::program::{Program, Setup};
use crate::tls::{Peer, TlsListener, known};

/// Takes the address, so that a taken one is known before anything else happens.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}; choose another"))
}

/// Serves until told to end.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> Result<(), String> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(told_to_end()).await.map_err(ended)
}

fn ended(error: std::io::Error) -> String {
    format!("the server ended: {error}")
}

/// `letsema serve --config FILE`: everything, without inventions, until told to end.
///
/// # Errors
/// A sentence for the command line, or every fault of the file.
pub(crate) async fn country(file: &Path) -> Result<(), String> {
    let config = Config::read(file)?;
    let listener = listen(config.listen).await?;
    let (base_url, tls) = (config.base_url.clone(), config.tls.clone());
    let program = Program::open(setup(config)?).await?;
    program.work();
    command::say(&format!("{base_url} (log key {})", program.log_key));
    let Some(files) = tls else { return serve(listener, program.router).await };
    let router = program.router.layer(map_request(known));
    let service = router.into_make_service_with_connect_info::<Peer>();
    let listener = TlsListener::over(listener, files)?;
    axum::serve(listener, service).with_graceful_shutdown(told_to_end()).await.map_err(ended)
}

/// What the file says, brought together: folders made, carriers and calls to others ready.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn setup(config: Config) -> Result<Setup, String> {
    std::fs::create_dir_all(&config.data).map_err(|error| format!("{}: {error}", config.data.display()))?;
    let outbound = Outbound::trusting(OutboundLimits::default(), &config.authorities)?;
    let large = OutboundLimits { timeout_ms: 120_000, response_bytes: 16 << 20, ..OutboundLimits::default() };
    let lists = Sources { all: config.lists, outbound: Outbound::trusting(large, &config.authorities)? };
    let receipts = config.sms.as_ref().map(|sms| sms.secret.clone());
    let sms = config.sms.map(|sms| SmsGateway {
        base_url: sms.base_url,
        secret: sms.secret,
        sender: sms.sender,
        outbound: outbound.clone(),
        clock: Arc::new(SystemClock),
    });
    let mail = config.mail.map(MailRelay::new).transpose()?;
    Ok(Setup {
        data: config.data,
        database: config.database,
        base_url: config.base_url,
        pack: config.pack,
        inbox: false,
        outbound,
        carriers: Some(Carriers { sms, mail }),
        receipts,
        ussd: config.ussd,
        trusted_proxies: config.trusted_proxies,
        switch: config.switch,
        hubs: config.hubs,
        wallets: config.wallets,
        open_api: config.open_api,
        banks: config.banks,
        partners: config.partners,
        acquirers: config.acquirers,
        lists,
        abis: config.abis,
        clients: config.clients,
        witnesses: config.witnesses,
    })
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
