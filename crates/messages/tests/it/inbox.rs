//! The development inbox, as a browser and as a program see it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use edge::{Limits, Site, SiteSettings, frame};
use http_body_util::BodyExt;
use messages::{Messages, inbox_routes};
use spine::Secret;
use tower::ServiceExt;

use crate::{Bench, on_each, to_lineo};

async fn get(bench: &Bench, target: &str) -> String {
    let settings = SiteSettings::new(
        Arc::clone(&bench.words),
        "http://localhost:8080",
        Secret::new([1; 32]),
        Arc::clone(&bench.clock) as _,
        Arc::new(testkit::SeededEntropy::default()),
    );
    let app = frame(inbox_routes(bench.acts.clone()), &Site::new(settings), Limits::default());
    let request =
        Request::get(target).header("accept", "text/html").header("accept-language", "st").body(Body::empty());
    let answer = app.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200, "{target}");
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[test]
fn shows_what_arrived_to_whom_it_was_sent() {
    on_each(async |bench| {
        let development = Messages::new(Arc::clone(&bench.words));
        let workers = development.handlers(&bench.acts, journal::Workers::default());
        bench.send(to_lineo("Khoutu ea hau ke 111222, Tšepo <b>", true)).await.unwrap();
        assert!(!get(&bench, "/inbox").await.contains("111222"), "not before it is carried");
        workers.drain(&bench.acts).await.unwrap();

        let page = get(&bench, "/inbox").await;
        assert!(page.contains("Khoutu ea hau ke 111222, Tsepo &lt;b&gt;") && page.contains("Lebokose"), "{page}");
        for to in ["%2B26658001234", "+26658001234", "%2B266+5800+1234"] {
            let json: serde_json::Value =
                serde_json::from_str(&get(&bench, &format!("/api/inbox?to={to}")).await).unwrap();
            assert_eq!(json["messages"][0]["to"], "+26658001234", "{to}");
            assert_eq!(json["messages"][0]["body"], "Khoutu ea hau ke 111222, Tsepo <b>");
            assert_eq!((&json["messages"][0]["channel"], &json["messages"][0]["parts"]), (&"sms".into(), &1.into()));
        }
        assert_eq!(get(&bench, "/api/inbox?to=%2B26650000000").await, r#"{"messages":[]}"#);

        bench.clock.step(15 * 60);
        workers.drain(&bench.acts).await.unwrap();
        assert!(!get(&bench, "/inbox").await.contains("111222"));
        assert!(get(&bench, "/api/inbox").await.contains(r#""body":null"#));
    });
}
