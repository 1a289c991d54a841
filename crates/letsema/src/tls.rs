//! Our own certificate: TLS for whoever visits us.
//!
//! **Invariant:** a connection that does not finish its handshake in ten seconds is dropped; at most 512 are shaking hands
//! at once, and each by itself. The files are read again every minute, so that a renewed certificate is used without a restart; if they are broken
//! the old one stays.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::serve::{IncomingStream, Listener};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::TlsFiles;

/// Handshakes at once.
const AT_ONCE: usize = 512;
/// How long one may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the files are looked at.
const AGAIN: Duration = Duration::from_secs(60);

/// Reads the certificate and its key: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
///
/// # Errors
/// A sentence that names the file.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&files.certificate).map_err(|error| format!("{certificate}: {error}"))?.collect();
    let chain = chain.map_err(|error| format!("{certificate}: {error}"))?;
    let own = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| format!("{key}: {error}"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, own)
        .map_err(|error| format!("{certificate} and {key} do not fit together: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Connections whose handshake is done.
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Takes connections from `listener`.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn over(listener: TcpListener, files: TlsFiles) -> Result<Self, String> {
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let acceptor = acceptor(&files)?;
        let (done, ready) = mpsc::channel(AT_ONCE);
        tokio::spawn(shake_hands(listener, files, acceptor, done));
        Ok(Self { ready, address })
    }
}

async fn shake_hands(
    mut listener: TcpListener,
    files: TlsFiles,
    mut acceptor: TlsAcceptor,
    done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut again = tokio::time::interval(AGAIN);
    loop {
        tokio::select! {
            (stream, peer) = Listener::accept(&mut listener) => {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let (acceptor, done) = (acceptor.clone(), done.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        let _ = done.send((stream, peer)).await;
                    }
                    drop(place);
                });
            }
            _ = again.tick() => match self::acceptor(&files) {
                Ok(new) => acceptor = new,
                Err(error) => tracing::warn!(error, "the certificate could not be read again; the old one stays"),
            },
            () = done.closed() => return,
        }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Says who is at the other end in the one way that the frame reads it.
pub(crate) async fn known(mut request: Request) -> Request {
    if let Some(ConnectInfo(Peer(peer))) = request.extensions().get::<ConnectInfo<Peer>>().copied() {
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    request
}
