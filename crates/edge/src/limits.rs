//! How much of everything one request may take.
//!
//! **Invariant:** each limit has a default that fits a form on a phone; a route that needs more says so itself.

use axum::extract::DefaultBodyLimit;

use crate::rate::Bucket;

/// What one request, and all of them together, may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a body, unless the route says otherwise ([`body_limit`]).
    pub body_bytes: usize,
    /// Bytes of path and query.
    pub url_bytes: usize,
    /// Bytes of all header names and values together.
    pub header_bytes: usize,
    /// How long a request may take, in milliseconds.
    pub timeout_ms: u64,
    /// Requests at work at the same time.
    pub concurrency: usize,
    /// How long a request may wait for its turn, in milliseconds.
    pub wait_ms: u64,
    /// How many requests one address may make.
    pub per_address: Bucket,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            url_bytes: 4096,
            header_bytes: 16 * 1024,
            timeout_ms: 30_000,
            concurrency: 512,
            wait_ms: 2_000,
            // Whole villages share one address behind a mobile operator's translator, so it is generous.
            per_address: Bucket { name: "edge.requests", burst: 3000, seconds: 60 },
        }
    }
}

/// A layer that lets one route take bodies of up to `bytes`: `post(upload).layer(body_limit(5 << 20))`.
pub fn body_limit(bytes: usize) -> DefaultBodyLimit {
    DefaultBodyLimit::max(bytes)
}
