//! Calls to other programs: wallets, gateways, other nodes. Workers only, never within a transaction.
//!
//! **Invariant:** bounded in time and size, follows no redirect, speaks plain HTTP to this machine only, and always
//! says whether the other side may have heard: "not sent" may be tried again freely, "unsure" only with the same
//! idempotency key.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// What one call may take.
#[derive(Clone, Copy, Debug)]
pub struct OutboundLimits {
    /// To connect, in milliseconds.
    pub connect_ms: u64,
    /// For the whole call, in milliseconds.
    pub timeout_ms: u64,
    /// Bytes of the answer's body.
    pub response_bytes: usize,
}

impl Default for OutboundLimits {
    fn default() -> Self {
        Self { connect_ms: 5_000, timeout_ms: 20_000, response_bytes: 1 << 20 }
    }
}

/// Why a call gave no answer. An answer with a status of 400 or more is an answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nobody there, TLS refused, or no such name: nothing was sent.
    #[error("could not connect")]
    NotSent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address is not one that may be called: nothing was sent.
    #[error("only https may be called, except on this machine")]
    NotAllowed,
    /// Sent, and no whole answer in time: the other side may have acted.
    #[error("no answer in time")]
    TimedOut,
    /// Sent, and the answer broke off: the other side may have acted.
    #[error("the answer broke off")]
    BrokenOff(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The other side acted and answered more than we read.
    #[error("the answer is too large")]
    TooLarge,
}

impl OutboundError {
    /// Whether the other side may have heard the request.
    #[must_use]
    pub const fn is_unsure(&self) -> bool {
        !matches!(self, Self::NotSent(_) | Self::NotAllowed)
    }
}

/// Calls other programs over HTTP/1.1, with connections kept for the next call.
#[derive(Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    limits: OutboundLimits,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.limits, out)
    }
}

impl Outbound {
    /// A client within these limits, trusting the public web's authorities.
    #[must_use]
    pub fn new(limits: OutboundLimits) -> Self {
        Self::over(hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots(), limits)
    }

    /// The same, trusting also the authorities in `pem`: a ministry's or an operator's own.
    ///
    /// # Errors
    /// A sentence, if that holds no certificate.
    pub fn trusting(limits: OutboundLimits, pem: &[u8]) -> Result<Self, String> {
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::over(hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls), limits))
    }

    fn over(tls: HttpsConnectorBuilder<WantsSchemes>, limits: OutboundLimits) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_millis(limits.connect_ms)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            // A bank is called hundreds of times a second; what is idle for half a minute is closed anyway.
            .pool_max_idle_per_host(64)
            .retry_canceled_requests(false)
            .build(tls.https_or_http().enable_http1().wrap_connector(tcp));
        Self { client, limits }
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// [`OutboundError`], which says whether the other side may have heard.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError> {
        if !may_be_called(request.uri()) {
            return Err(OutboundError::NotAllowed);
        }
        let whole = tokio::time::timeout(Duration::from_millis(self.limits.timeout_ms), self.exchange(request));
        whole.await.map_err(|_| OutboundError::TimedOut)?
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError> {
        let answer = self.client.request(request.map(Full::new)).await.map_err(|error| {
            if error.is_connect() {
                OutboundError::NotSent(Box::new(error))
            } else {
                OutboundError::BrokenOff(Box::new(error))
            }
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, self.limits.response_bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { OutboundError::TooLarge } else { OutboundError::BrokenOff(error) }
        })?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

/// Whether an address may be called: over TLS, or on this very machine.
#[must_use]
pub fn may_be_called(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => here,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        let may = |text: &str| may_be_called(&text.parse().unwrap());
        for good in ["https://wallet.example/x", "http://127.0.0.1:90/", "http://[::1]:90/", "http://localhost/"] {
            assert!(may(good), "{good}");
        }
        for bad in ["http://wallet.example/", "http://10.0.0.1/", "http://localhost.example/", "ftp://localhost/", "/x"]
        {
            assert!(!may(bad), "{bad}");
        }
    }
}
