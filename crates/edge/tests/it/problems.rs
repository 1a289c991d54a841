//! What is answered when something is wrong: to programs and to people.

use crate::asking::visitor;

const KINDS: [(&str, u16); 10] = [
    ("invalid", 422),
    ("unauthenticated", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("conflict", 409),
    ("expired", 410),
    ("too_large", 413),
    ("too_many", 429),
    ("unavailable", 503),
    ("internal", 500),
];

#[tokio::test]
async fn programs_get_problem_json() {
    let (mut visitor, _) = visitor();
    for (kind, status) in KINDS {
        // Even a browser gets JSON under /api/.
        let answer = visitor.page(&format!("/api/fault/{kind}")).await;
        let problem = answer.json();
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("retry-after"), "7");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], "test.some.fault");
        assert_eq!(problem["type"], "urn:letsema:fault:test.some.fault");
        assert_eq!(problem["instance"], format!("urn:trace:{}", answer.header("trace-id")));
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        assert_eq!(problem["errors"][1]["field"], "age");
        assert!(!answer.body.contains("SECRET CAUSE"));
    }
}

#[tokio::test]
async fn people_get_a_page_that_says_what_to_do() {
    let (mut visitor, _) = visitor();
    for (kind, status) in KINDS {
        let page = visitor.page(&format!("/fault/{kind}?lang=st")).await;
        if kind == "unauthenticated" {
            assert_eq!(page.header("location"), "/sign-in?next=/fault/unauthenticated%3Flang%3Dst");
            continue;
        }
        assert_eq!(page.status, status);
        assert!(page.body.contains("<h1>") && page.body.contains("E-ea leqepheng la pele"));
        assert!(!page.body.contains("SECRET CAUSE") && !page.body.contains("fault.test"));
    }
    assert!(visitor.page("/fault/internal").await.body.contains("fana ka nomoro ena"));
}

#[tokio::test]
async fn signing_in_leads_back() {
    let (mut visitor, _) = visitor();
    assert_eq!(visitor.page("/mine?a=b").await.header("location"), "/sign-in?next=/mine%3Fa%3Db");
    assert_eq!(visitor.send("/mine?a=b", "").await.header("location"), "/sign-in?next=/mine");
    assert_eq!(visitor.api("/mine").await.status, 401);
    let mut lineo = visitor.signed_in("lineo");
    let page = lineo.page("/mine").await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-store"));
    assert!(page.body.contains("href=\"/account\">lineo</a>"));
}

#[tokio::test]
async fn nothing_there_and_wrong_method() {
    let (mut visitor, _) = visitor();
    let page = visitor.page("/no/such").await;
    assert_eq!(page.status, 404);
    assert!(page.body.contains("Page not found"));
    assert_eq!(visitor.api("/api/no/such").await.json()["code"], "edge.route.missing");
    let answer = visitor.post_json("/", "{}").await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn a_panic_is_an_internal_fault() {
    let (mut visitor, _) = visitor();
    let answer = visitor.api("/panic").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.body.contains("the cause"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn bodies_queries_and_paths() {
    let (mut visitor, _) = visitor();
    let code =
        |answer: &crate::asking::Answer| (answer.status.as_u16(), answer.json()["code"].as_str().unwrap().to_owned());
    assert_eq!(visitor.post_json("/api/things", r#"{"name":"a"}"#).await.body, r#"{"name":"a"}"#);
    assert_eq!(code(&visitor.post_json("/api/things", "{").await), (400, "edge.body.malformed".into()));
    assert_eq!(code(&visitor.post_json("/api/things", r#"{"name":1}"#).await), (422, "edge.body.shape".into()));
    assert_eq!(code(&visitor.post_json("/api/things", r#"{"name":"a","x":1}"#).await), (422, "edge.body.shape".into()));
    let large = format!("{{\"name\":\"{}\"}}", "a".repeat(70_000));
    assert_eq!(code(&visitor.post_json("/api/things", &large).await), (413, "edge.body.large".into()));
    let deep = "[".repeat(50_000);
    assert_eq!(code(&visitor.post_json("/api/things", &deep).await), (422, "edge.body.shape".into()));
    let plain = visitor.ask("POST", "/api/things", &[("content-type", "text/plain")], r#"{"name":"a"}"#).await;
    assert_eq!(code(&plain), (415, "edge.body.type".into()));
    assert_eq!(code(&visitor.api("/api/count?count=x").await), (400, "edge.query.malformed".into()));
    assert_eq!(visitor.api("/api/count?count=3").await.body, "3");
    assert_eq!(code(&visitor.api("/api/things/x").await), (404, "edge.route.missing".into()));
    assert!(visitor.api("/api/paging?limit=900&after=").await.body.contains("after: None, limit: 200"));
}

#[tokio::test]
async fn keys_and_versions() {
    let (mut visitor, _) = visitor();
    let ok = visitor.ask("POST", "/api/keyed", &[("idempotency-key", "\"k-1\""), ("if-match", "\"7\"")], "").await;
    assert_eq!(ok.body, r#"["k-1","7"]"#);
    assert_eq!(visitor.ask("POST", "/api/keyed", &[("if-match", "\"7\"")], "").await.status, 400);
    assert_eq!(visitor.ask("POST", "/api/keyed", &[("idempotency-key", "k")], "").await.status, 428);
    let long = "k".repeat(256);
    assert_eq!(visitor.ask("POST", "/api/keyed", &[("idempotency-key", &long)], "").await.status, 400);
    assert_eq!(visitor.ask("POST", "/api/keyed", &[("idempotency-key", "k"), ("if-match", "*")], "").await.status, 400);
}
