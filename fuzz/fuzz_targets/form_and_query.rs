//! What browsers send: forms, cookies, addresses to go back to, addresses that may be called.
#![no_main]

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use edge::{Answers, Network, local_path, may_be_called};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answers) = Answers::parse(bytes) {
        for (name, values) in answers.iter() {
            assert_eq!(answers.all(name), values);
        }
    }
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
        let _ = edge::cookie::read(&headers, "session");
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(path) = local_path(&text) {
        assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'), "{path}");
    }
    let _ = text.parse::<Network>();
    if let Ok(uri) = text.parse::<Uri>()
        && may_be_called(&uri)
    {
        assert!(matches!(uri.scheme_str(), Some("http" | "https")));
    }
});
