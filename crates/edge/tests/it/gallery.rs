//! What the gallery's pages weigh on the wire.

use axum::body::Body;
use axum::http::Request;
use edge::{Limits, frame};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{gallery_pages, world};

const HARD: usize = 14 * 1024;
const TYPICAL: usize = 5 * 1024;

async fn body_of(address: &str) -> String {
    let app = frame(gallery_pages::routes(), &world::site(world::clock()), Limits::default());
    let request = Request::get(address).header("accept", "text/html").body(Body::empty()).unwrap();
    let bytes = app.oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_fault_leads_to_its_field() {
    let page = body_of("/fields-wrong").await;
    let summary = page.split("role=\"alert\"").nth(1).unwrap().split("</div>").next().unwrap();
    let targets: Vec<&str> = summary.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(targets, ["name", "phone", "born", "district"]);
    for target in targets {
        assert_eq!(page.matches(&format!(" id=\"{target}\"")).count(), 1, "{target}");
        assert!(page.contains(&format!("id=\"{target}-error\"")));
    }
    assert!(page.contains("value=\"sms\" checked"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;</textarea>"));
}

#[tokio::test]
async fn ids_are_unique_and_labels_meet_their_inputs() {
    for address in gallery_pages::ADDRESSES {
        let page = body_of(address).await;
        let values = |name: &str| -> Vec<String> {
            page.split(&format!(" {name}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        let ids = values("id");
        let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{address}");
        for wanted in values("for").into_iter().chain(
            values("aria-describedby").iter().flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>()),
        ) {
            assert!(ids.contains(&wanted), "{address}: nothing is called {wanted}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{address}");
        assert_eq!(page.matches("<main").count(), 1, "{address}");
    }
}

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
