//! The pages, as a browser meets them: in both languages, with every word said, within their weight.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use edge::{Limits, Session, Site, SiteSettings, Visit, frame};
use http_body_util::BodyExt;
use spine::{Actor, ActorKind, Assurance, Personal, Secret, Via};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::world::{Bench, birth, on_each};

struct Visitor(Router);

async fn recognise(visit: Visit, request: Request, next: Next) -> Response {
    if let Some(who) = request.headers().get("x-who") {
        let who = who.to_str().unwrap();
        let mut actor = if who.starts_with("per_") {
            Actor::person(who, Personal::new("’Malineo Letsie".to_owned()), Assurance::Substantial)
        } else {
            Actor::bare(ActorKind::Officer, format!("off_{who}"))
        };
        actor.institution = Some("ministry-home-affairs".to_owned());
        actor.assurance = Assurance::Substantial;
        actor.roles = who.split('+').map(str::to_owned).collect();
        visit.recognise(Session { actor, binding: Secret::new(b"binding".to_vec()), via: Via::Web, acting: None });
    }
    next.run(request).await
}

impl Visitor {
    fn new(bench: &Bench) -> Self {
        let words = testkit::words(&["edge", "journal", "registers", "civil", "brought", "policy"]);
        let settings = SiteSettings::new(
            Arc::new(words),
            "http://localhost:8080",
            Secret::new([9; 32]),
            bench.clock.clone(),
            Arc::new(SeededEntropy::default()),
        );
        Self(frame(bench.civil.routes().layer(from_fn(recognise)), &Site::new(settings), Limits::default()))
    }

    async fn ask(&self, who: &str, method: &str, target: &str, body: String) -> (StatusCode, String, String) {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("x-who", who)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let location = response.headers().get(header::LOCATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, location, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn page(&self, who: &str, target: &str) -> String {
        for language in ["en", "st"] {
            let join = if target.contains('?') { '&' } else { '?' };
            let (status, _, body) =
                self.ask(who, "GET", &format!("{target}{join}lang={language}"), String::new()).await;
            assert_eq!(status, StatusCode::OK, "{target}: {body}");
            for key in [">civil.", "\"civil.", ">registers.", ">edge.", "fault.civil"] {
                assert!(!body.contains(key), "{target} says {key} in {language}: {body}");
            }
        }
        self.ask(who, "GET", target, String::new()).await.2
    }

    async fn post(&self, who: &str, target: &str, page: &str, fields: &str) -> (StatusCode, String, String) {
        let start = page.find("name=\"_form\" value=\"").expect("a form") + 20;
        let token = page[start..].split('"').next().unwrap();
        self.ask(who, "POST", target, format!("_form={token}&{fields}")).await
    }
}

#[test]
fn the_whole_way_by_pages() {
    on_each(async |bench| {
        let (mother, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let visitor = Visitor::new(&bench);
        let form = visitor.page("health-worker", "/civil/notify/birth").await;
        let notice = "given=&family=&born-day=20&born-month=11&born-year=2026&sex=female&district=leribe";
        let (status, _, slip) = visitor.post("health-worker", "/civil/notify/birth", &form, notice).await;
        assert!(status == StatusCode::OK && slip.contains("The notice was taken down"), "{slip}");
        let desk = visitor.page("registration-officer", "/civil?state=notified").await;
        let event = desk.split("/civil/events/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let at = |what: &str| format!("/civil/events/{event}{what}");
        let form = visitor.page("registration-officer", &at("/declare")).await;
        assert!(form.contains("value=\"2026\""), "what the notice said is there");
        let declared = format!(
            "circumstance=ordinary&mother_number={number}&given=Lineo&family=Letsie&born-day=20&born-month=11&born-year=2026&sex=female&district=leribe&evidence=notice-of-birth&evidence_reference=1&informant=M&relation=mother"
        );
        let (status, _, wrong) =
            visitor.post("registration-officer", &at("/declare"), &form, &declared.replace("ordinary", "")).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && wrong.contains("Choose one"), "{wrong}");
        let (status, to, said) = visitor.post("registration-officer", &at("/declare"), &wrong, &declared).await;
        assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, at("").as_str()), "{said}");
        let own = visitor.page("registration-officer", &at("")).await;
        let (status, _, refused) = visitor.post("registration-officer", &at(""), &own, "verdict=validate&words=").await;
        assert!(status == StatusCode::FORBIDDEN && refused.contains("a colleague has to examine it"), "{refused}");
        let page = visitor.page("registrar", &at("")).await;
        let (status, _, _) = visitor.post("registrar", &at(""), &page, "verdict=return&words=").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a return needs a reason");
        let (status, _, _) = visitor.post("registrar", &at(""), &page, "verdict=validate&words=").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let page = visitor.page("registrar", &at("")).await;
        let (status, _, said) = visitor.post("registrar", &at("/register"), &page, "").await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{said}");
        let page = visitor.page("registrar", &at("")).await;
        let entry = page.split("/civil/entries/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let page = visitor.page("registrar", &format!("/civil/entries/{entry}")).await;
        assert!(page.contains("Lineo"));
        let form = visitor.page("registrar", &format!("/civil/entries/{entry}/correct")).await;
        let fields = "given=Lineo+Mpho&family=Letsie&born-day=20&born-month=11&born-year=2026&sex=female&district=leribe&mother=%E2%80%99Malineo+Letsie&order=&reason=misheard";
        let (status, _, said) =
            visitor.post("registrar", &format!("/civil/entries/{entry}/correct"), &form, fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{said}");
        let family = visitor.page(&mother, "/my/family").await;
        assert!(family.contains("Lineo Mpho Letsie") && family.contains("Your child"), "{family}");
        for page in ["/civil", "/civil/new/death", "/civil/statistics", "/statistics/vital"] {
            visitor.page("registrar", page).await;
        }
        let (_, _, csv) =
            visitor.ask("registrar", "GET", "/statistics/vital.csv?kind=birth&year=2026", String::new()).await;
        assert!(csv.starts_with("event,year,by,group,sex,count"));
        let (status, _, _) = visitor.ask("passport-officer", "GET", "/civil", String::new()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn a_likeness_is_judged_side_by_side() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        bench.enter(birth("Lineo", "2026-11-20", &number)).await;
        let id = bench.declare(&crate::world::clerk(), birth("Dineo", "2026-11-21", &number)).await.unwrap();
        let visitor = Visitor::new(&bench);
        let page = visitor.page("registrar", &format!("/civil/events/{id}")).await;
        let beside = page.split(&format!("/civil/events/{id}/alike/")).nth(1).unwrap().split('"').next().unwrap();
        let target = format!("/civil/events/{id}/alike/{beside}");
        let page = visitor.page("registrar", &target).await;
        assert!(page.contains("<strong>Lineo</strong>"), "what differs stands out: {page}");
        let (status, to, _) = visitor.post("registrar", &target, &page, "verdict=different").await;
        assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/civil/events/{id}")));
    });
}

#[test]
fn a_record_that_waits_is_settled_by_its_page() {
    on_each(async |bench| {
        bench.person(1, "Lineo Letsie", "1999-03-01", "female").await;
        let person = crate::world::object(
            serde_json::json!({"given": "Lineo", "family": "Letsie", "born": "1999-03-01", "sex": "female"}),
        );
        let (system, number) = ("mosip".to_owned(), "981576026435".to_owned());
        let all = vec![civil::Incoming { system, number, person, ..civil::Incoming::default() }];
        let civil = bench.civil.clone();
        let taken = bench.write(&spine::Caller::system("import"), move |cx| civil::take(cx, &civil, &all)).await;
        assert_eq!(taken.unwrap(), [civil::Taken::Held]);
        let visitor = Visitor::new(&bench);
        let desk = visitor.page("registration-officer", "/civil").await;
        assert!(!desk.contains("/civil/held"), "a clerk does not settle and is shown no way there");
        assert!(visitor.page("registrar+registration-officer", "/civil").await.contains("/civil/held"));
        let page = visitor.page("registrar", "/civil/held").await;
        assert!(page.contains("981576026435") && page.contains("Another person"), "{page}");
        let fields = "system=mosip&number=981576026435";
        let (status, _, missing) = visitor.post("registrar", "/civil/held", &page, fields).await;
        assert!(status == StatusCode::BAD_REQUEST || status == StatusCode::UNPROCESSABLE_ENTITY, "{status} {missing}");
        let fields = format!("{fields}&who-981576026435=-");
        let (status, to, said) = visitor.post("registrar", "/civil/held", &page, &fields).await;
        assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/civil/held"), "{said}");
        assert!(visitor.page("registrar", "/civil/held").await.contains("No record waits"));
    });
}

#[test]
fn families_and_sealed_entries_by_pages() {
    on_each(async |bench| {
        let (ward, number) = bench.person(1, "Neo Tau", "2015-03-01", "female").await;
        let (_, aunt) = bench.person(2, "Palesa Tau", "1985-03-01", "female").await;
        let (_, mother) = bench.person(3, "’Malineo Letsie", "1999-03-01", "female").await;
        let entry = bench.enter(birth("Lineo", "2026-11-20", &mother)).await.entry;
        let visitor = Visitor::new(&bench);
        let find = visitor.page("registrar", "/civil/families").await;
        let (status, _, wrong) = visitor.post("registrar", "/civil/families", &find, "number=123").await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && wrong.contains("Nobody in the population"), "{wrong}");
        let (status, at, _) = visitor.post("registrar", "/civil/families", &find, &format!("number={number}")).await;
        assert_eq!((status, at.as_str()), (StatusCode::SEE_OTHER, format!("/civil/families/{ward}").as_str()));
        let page = visitor.page("registrar", &at).await;
        let guardians = format!("{at}/guardians");
        let (status, _, wrong) = visitor.post("registrar", &guardians, &page, &format!("guardian={aunt}&order=")).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && wrong.contains("order"), "{wrong}");
        let fields = format!("guardian={aunt}&order=CIV%2F1");
        assert_eq!(visitor.post("registrar", &guardians, &page, &fields).await.0, StatusCode::SEE_OTHER);
        let page = visitor.page("registrar", &at).await;
        assert!(page.contains("End the guardianship of Palesa Tau"), "{page}");
        let link = page.split("name=\"link\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let (status, ..) =
            visitor.post("registrar", &format!("{at}/dismiss"), &page, &format!("link={link}&order=CIV%2F2")).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let members = format!("members={aunt}%0A");
        assert_eq!(
            visitor.post("registrar", &format!("{at}/household"), &page, &members).await.0,
            StatusCode::SEE_OTHER
        );
        let page = visitor.page("registrar", &at).await;
        assert!(page.contains("<li>Palesa Tau</li>") && page.contains("<li>Neo Tau</li>"), "{page}");
        let (status, ..) = visitor.ask(&ward, "GET", &at, String::new()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "people see their own family elsewhere");

        let page = visitor.page("registrar", &format!("/civil/entries/birth/{entry}")).await;
        let (status, ..) =
            visitor.post("registrar", &format!("/civil/entries/birth/{entry}/seal"), &page, "order=CIV%2F3").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let form = visitor.page("registrar", "/civil/sealed").await;
        for (fields, says) in [
            (format!("kind=birth&entry={entry}&order="), "order"),
            ("kind=birth&entry=B000&order=CIV%2F4".to_owned(), "There is no such entry"),
            (format!("entry={entry}&order=CIV%2F4"), "Choose one"),
        ] {
            let (status, _, said) = visitor.post("registrar", "/civil/sealed", &form, &fields).await;
            assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said.contains(says), "{fields}: {said}");
        }
        let fields = format!("kind=birth&entry={entry}&order=CIV%2F4");
        let (status, to, _) = visitor.post("registrar", "/civil/sealed", &form, &fields).await;
        assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/civil/entries/birth/{entry}")));
        assert!(visitor.page("registrar", &format!("/civil/entries/birth/{entry}")).await.contains("Lineo"));
    });
}
