//! The API through the edge's frame, as programs call it.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use edge::{Limits, Session, Site, SiteSettings, Visit, frame};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use spine::{Actor, ActorKind, Assurance, Personal, Secret, Via};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::world::{Bench, on_each, per, person};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    /// The form token in the page.
    pub(crate) fn token(&self) -> String {
        let start = self.body.find("name=\"_form\" value=\"").unwrap() + 20;
        self.body[start..].split('"').next().unwrap().to_owned()
    }
}

/// A program or an officer's browser.
pub(crate) struct Visitor(Router);

impl Visitor {
    pub(crate) fn new(bench: &Bench) -> Self {
        let words = testkit::words(&["edge", "registers"]);
        let settings = SiteSettings::new(
            std::sync::Arc::new(words),
            "http://localhost:8080",
            Secret::new([9; 32]),
            bench.clock.clone(),
            std::sync::Arc::new(SeededEntropy::default()),
        );
        let routes = registers::routes(bench.acts.clone(), bench.registers.clone()).layer(from_fn(recognise));
        Self(frame(routes, &Site::new(settings), Limits::default()))
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(target).header("x-officer", "off_1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.0.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[], "").await
    }

    /// What a page weighs on the wire.
    pub(crate) async fn weigh(&self, target: &str) -> usize {
        let request = Request::get(target).header("x-officer", "off_1").header(header::ACCEPT, "text/html");
        let request = request.header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{target}");
        response.into_body().collect().await.unwrap().to_bytes().len()
    }

    async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.ask(method, target, &all, body.to_string()).await
    }
}

/// What the identity engine's middleware does, in short.
async fn recognise(visit: Visit, request: Request, next: Next) -> Response {
    if let Some(id) = request.headers().get("x-officer") {
        let mut actor = Actor::bare(ActorKind::Officer, id.to_str().unwrap());
        actor.institution = Some("ministry-home-affairs".to_owned());
        actor.assurance = Assurance::Substantial;
        actor.name = Personal::new("Puleng Tau".to_owned());
        visit.recognise(Session { actor, binding: Secret::new(b"binding".to_vec()), via: Via::Api, acting: None });
    }
    next.run(request).await
}

const RECORDS: &str = "/api/registers/civil-person/records";

#[test]
fn a_record_from_birth_to_history() {
    on_each(async |bench| {
        let client = Visitor::new(&bench);
        let fields = person(1, "Tšepo", "Letsie");
        let enrolled = client.send("POST", RECORDS, &[("idempotency-key", "k1")], json!({"fields": fields})).await;
        assert_eq!((enrolled.status, enrolled.header("etag")), (StatusCode::CREATED, "\"1\""));
        let again = client.send("POST", RECORDS, &[("idempotency-key", "k1")], json!({"fields": fields})).await;
        assert_eq!((again.status, &again.body), (StatusCode::CREATED, &enrolled.body));
        let place = enrolled.header("location").to_owned();

        let seen = client.get(&format!("{RECORDS}/000000000001?purpose=passport-renewal")).await;
        assert_eq!((seen.status, seen.header("etag")), (StatusCode::OK, "\"1\""));
        assert_eq!(seen.json()["fields"]["given"], "Tšepo");
        assert_eq!(seen.json()["valid_from"], "1990-05-17");
        assert_eq!(client.get(&place).await.json(), seen.json());

        let change =
            json!({"fields": {"village": "Roma", "phone": "+26658001234"}, "from": "2020-03-01", "reason": "moved"});
        let headers = [("if-match", "\"1\""), ("idempotency-key", "k2")];
        let changed = client.send("PATCH", &place, &headers, change.clone()).await;
        assert_eq!((changed.status, changed.header("etag")), (StatusCode::OK, "\"2\""), "{}", changed.body);
        let stale =
            client.send("PATCH", &place, &[("if-match", "\"1\""), ("idempotency-key", "k3")], change.clone()).await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(stale.json()["code"], "registers.record.stale");
        let blind = client.send("PATCH", &place, &[("idempotency-key", "k4")], change).await;
        assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);

        let then = client.get(&format!("{place}?valid=2019-01-01")).await.json();
        assert_eq!(then["fields"].get("village"), None);
        let before = client.get(&format!("{place}?valid=1989-01-01")).await;
        assert_eq!(
            (before.status, before.json()["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("registers.record.not_then"))
        );
        assert_eq!(client.get(&format!("{place}?known=2026-11-24T07:00:00Z")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(client.get(&format!("{place}?valid=yesterday")).await.status, StatusCode::BAD_REQUEST);

        let history = client.get(&format!("{place}/history")).await.json();
        let causes: Vec<_> = history["versions"].as_array().unwrap().iter().map(|version| &version["cause"]).collect();
        assert_eq!(causes, ["enrolled", "enrolled", "changed"]);
        assert_eq!(history["versions"][2]["reason"], "moved");
        let narrow = client.get(&format!("{place}/history?view=statistics")).await.json();
        assert_eq!(narrow["versions"][2].get("reason"), None, "a reason may tell what the view hides");

        let ended = json!({"kind": "end", "from": "2026-11-01"});
        let headers = [("if-match", "\"2\""), ("idempotency-key", "k5")];
        assert_eq!(client.send("PATCH", &place, &headers, ended).await.status, StatusCode::OK);
        assert_eq!(client.get(&place).await.json()["valid_to"], "2026-11-01");
    });
}

#[test]
fn lists_search_and_views() {
    on_each(async |bench| {
        let client = Visitor::new(&bench);
        let people = (0..5).map(|n| person(n, ["Tšepo", "Lineo"][n % 2], "Letsie")).collect();
        bench.enrol_many("civil-person", people).await;
        let first = client.get(&format!("{RECORDS}?q=Tshepo&limit=2")).await.json();
        assert_eq!(first["records"].as_array().unwrap().len(), 2);
        let next = first["next"].as_str().unwrap();
        assert!(!next.contains("tsepo"), "a cursor tells no name");
        let second = client.get(&format!("{RECORDS}?q=Tshepo&limit=2&after={next}")).await.json();
        assert_eq!((second["records"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
        let one = client.get(&format!("{RECORDS}?person={}", per(3))).await.json();
        assert_eq!(one["records"][0]["title"], "Lineo Letsie");
        assert_eq!(one["records"][0]["fields"].get("sex"), None);
        let view = client.get(&format!("{RECORDS}/000000000003?view=statistics")).await.json();
        assert_eq!((view.get("key"), &view["fields"]), (None, &json!({"sex": "female"})));
        assert_eq!(client.get(&format!("{RECORDS}/000000000003?view=all")).await.status, StatusCode::NOT_FOUND);
        let unknown = client.get(&format!("{RECORDS}?village=Roma")).await;
        assert_eq!(
            (unknown.status, unknown.json()["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("registers.search.field"))
        );
        let missing = client.get("/api/registers/no-such/records").await;
        assert_eq!(missing.json()["code"], "registers.register.unknown");
        let list = client.get("/api/registers").await.json();
        assert_eq!(list["registers"].as_array().unwrap().len(), bench.registers.iter().count());
        let declared = client.get("/api/registers/passport").await.json();
        assert_eq!(declared["schema"]["properties"]["kind"]["enum"][0], "ordinary");
        assert_eq!((&declared["class"], &declared["retention"]), (&json!("personal"), &json!("P20Y")));
    });
}

#[test]
fn a_fault_names_the_field_and_not_the_value() {
    on_each(async |bench| {
        let client = Visitor::new(&bench);
        let mut fields = person(1, "Lineo", "Letsie");
        fields.insert("phone".to_owned(), json!("58009999"));
        let body = json!({"fields": fields});
        let headers = [("idempotency-key", "k"), ("accept-language", "en")];
        let refused = client.send("POST", RECORDS, &headers, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json()["errors"][0]["field"], "phone");
        assert_eq!(refused.json()["errors"][0]["detail"], "This is not written as it should be");
        assert!(!refused.body.contains("58009999"));
        assert_eq!(client.send("POST", RECORDS, &[], json!({"fields": {}})).await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn files_go_in_and_out() {
    on_each(async |bench| {
        let client = Visitor::new(&bench);
        let headers = [("content-type", "text/csv"), ("idempotency-key", "file-1"), ("accept-language", "en")];
        let file = "code,name,people\nA1,Roma,3\nA2,Morija,x\nA3,Leribe,5\n";
        let report = client.ask("POST", "/api/registers/place/import", &headers, file).await;
        assert_eq!(report.status, StatusCode::OK);
        assert_eq!(
            report.json(),
            json!({"enrolled": 2, "refused": 1, "faults": [{
                "line": 3, "field": "people", "problem": "registers.field.type",
                "detail": "This is not of the kind that belongs here",
            }]})
        );
        let again = client.ask("POST", "/api/registers/place/import", &headers, file).await;
        assert_eq!(again.json(), report.json());
        let out = client.get("/api/registers/place/export?format=csv").await;
        assert_eq!(out.header("content-type"), "text/csv; charset=utf-8");
        assert!(out.body.ends_with("A1,Roma,,3,,,,,\nA3,Leribe,,5,,,,,\n"), "{}", out.body);
        let out = client.get("/api/registers/place/export?format=jsonl").await;
        assert_eq!(out.body.lines().count(), 2);
        let text = client.ask("POST", "/api/registers/place/import", &[("idempotency-key", "x")], file).await;
        assert_eq!(text.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let nobody = Request::get(RECORDS).header(header::ACCEPT, "application/json").body(Body::empty()).unwrap();
        assert_eq!(
            client.0.clone().oneshot(nobody).await.unwrap().status(),
            StatusCode::OK,
            "the authority says yes to all"
        );
    });
}

#[test]
fn the_openapi_document_follows_from_the_declarations() {
    let declared = crate::world::registers();
    let document = registers::openapi(&declared).document("Test", "1", "http://localhost");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 2 + 5 * declared.iter().count());
    let find = &paths["/api/registers/civil-person/records"]["get"];
    let names: Vec<_> =
        find["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["after", "limit", "view", "purpose", "q", "person", "born", "phone"]);
    let schema = &document["components"]["schemas"]["passport.fields"];
    assert_eq!(schema["properties"]["issued"]["format"], "date");
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}
