//! What the gallery's pages weigh on the wire.

use axum::body::Body;
use axum::http::Request;
use edge::{Limits, frame};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{gallery_pages, world};

const HARD: usize = 14 * 1024;
const TYPICAL: usize = 5 * 1024;

#[tokio::test]
async fn pages_keep_their_budget() {
    let app = frame(gallery_pages::routes(), &world::site(world::clock()), Limits::default());
    let mut heavy = 0;
    for address in gallery_pages::ADDRESSES {
        for language in ["en", "st"] {
            let request = Request::get(format!("{address}?lang={language}"));
            let request = request.header("accept", "text/html").header("accept-encoding", "gzip").body(Body::empty());
            let response = app.clone().oneshot(request.unwrap()).await.unwrap();
            let headers: usize =
                response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
            let bytes = headers + response.into_body().collect().await.unwrap().to_bytes().len();
            println!("{address} {language}: {bytes} bytes with headers");
            assert!(bytes <= HARD, "{address} {language}: {bytes} bytes");
            heavy += usize::from(bytes > TYPICAL);
        }
    }
    assert!(heavy <= 6, "{heavy} pages are heavier than a typical page may be");
}
