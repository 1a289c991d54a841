//! A file handed to the visitor.
//!
//! **Invariant:** never run or shown as a page of ours: sandboxed, not sniffed, with a safe file name.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::origin::encode_query;

/// A file.
#[derive(Clone, Debug)]
pub struct Download {
    file_name: String,
    media_type: &'static str,
    bytes: Vec<u8>,
    inline: bool,
}

impl Download {
    /// A file to keep, such as `certificate.pdf`, `application/pdf`.
    #[must_use]
    pub fn new(file_name: impl Into<String>, media_type: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { file_name: file_name.into(), media_type, bytes: bytes.into(), inline: false }
    }

    /// Lets the browser show it if it can.
    #[must_use]
    pub const fn inline(mut self) -> Self {
        self.inline = true;
        self
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let how = if self.inline { "inline" } else { "attachment" };
        // RFC 6266 §4.3: the plain name for old programs, the encoded one for the rest.
        let plain: String = self
            .file_name
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || "-_. ".contains(*letter))
            .collect();
        let encoded = encode_query(&self.file_name).replace('/', "%2F");
        let disposition = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
        let mut response = Response::new(Body::from(self.bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if let Ok(disposition) = HeaderValue::from_str(&disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.inline && self.media_type == "application/pdf" {
            // A browser's own reader of PDF does not start in a sandbox.
            let policy = HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
