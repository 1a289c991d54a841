//! The pages, as officers, clerks and people see them, in both languages.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{self, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use edge::{Limits, Session, Site, SiteSettings, Visit, frame};
use http_body_util::BodyExt;
use spine::{Actor, ActorKind, Assurance, Personal, Secret, Via};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::world::{PENSION, WORDS, World, on_each};

pub(crate) struct Browser<'a> {
    app: Router,
    who: &'a str,
    language: &'static str,
}

/// What the identity engine's middleware does, in short: `role@institution`, or a person's identifier.
async fn recognise(visit: Visit, request: Request, next: Next) -> Response {
    let name = edge::cookie::read(request.headers(), "session").map(str::to_owned);
    if let Some(name) = name {
        let shown = Personal::new(name.clone());
        let actor = match name.split_once('@') {
            Some((role, institution)) => Actor {
                roles: vec![role.to_owned()],
                institution: Some(institution.to_owned()),
                assurance: Assurance::High,
                name: shown,
                ..Actor::bare(ActorKind::Officer, format!("off_{role}"))
            },
            None => Actor::person(&name, shown, Assurance::Substantial),
        };
        visit.recognise(Session { actor, binding: Secret::new(name.into_bytes()), via: Via::Web, acting: None });
    }
    next.run(request).await
}

/// Whether a form came back with a fault.
fn is_wrong(body: &str) -> bool {
    body.contains("<title>Error:") || body.contains("<title>Phoso:")
}

pub(crate) const OFFICER: &str = "grants-officer@ministry-social-development";
const APPROVER: &str = "grants-approver@ministry-social-development";
const TREASURY: &str = "payments-officer@ministry-finance";
const CLERK: &str = "post-office-clerk@lesotho-post-bank";

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &World, who: &'a str, language: &'static str) -> Self {
        let site = SiteSettings::new(
            Arc::new(testkit::words(&WORDS)),
            "http://localhost:8080",
            Secret::new([1; 32]),
            Arc::clone(&world.clock) as _,
            Arc::new(SeededEntropy::default()),
        );
        let routes = world.grants.routes().layer(from_fn(recognise));
        Self { app: frame(routes, &Site::new(site), Limits::default()), who, language }
    }

    pub(crate) async fn ask(&self, method: &str, target: &str, form: Option<String>) -> (u16, String, String) {
        let request = http::Request::builder()
            .method(method)
            .uri(target)
            .header("accept", "text/html")
            .header("accept-language", self.language)
            .header(header::COOKIE, format!("session={}", self.who))
            .header("origin", "http://localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded");
        let body = form.map_or_else(Body::empty, Body::from);
        let answer = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let location = answer.headers().get("location").map_or("", |it| it.to_str().unwrap()).to_owned();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        for unsaid in [">grants.", "\"grants.", " grants.", "fault.grants"] {
            assert!(!body.contains(unsaid), "{target}: {unsaid} in {body}");
        }
        (status, location, body)
    }

    pub(crate) async fn see(&self, target: &str) -> String {
        let (status, _, body) = self.ask("GET", target, None).await;
        assert_eq!(status, 200, "{target}: {body}");
        assert!(body.len() < 40_000, "{target} is long: {}", body.len());
        body
    }

    /// Sends a form of a page with these answers; answers where it leads.
    pub(crate) async fn send(&self, page: &str, action: &str, answers: &str) -> (u16, String, String) {
        let body = self.see(page).await;
        let form = body
            .split("<form")
            .find(|form| form.contains(&format!("action=\"{action}\"")))
            .unwrap_or_else(|| panic!("{page} has no form for {action}: {body}"));
        let form = form.split("</form>").next().unwrap();
        let mut text = answers.to_owned();
        for input in form.split("<input").skip(1).filter(|input| input.contains("type=\"hidden\"")) {
            let value = |name: &str| {
                let start = input.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
                start.split('"').next().unwrap_or_default().to_owned()
            };
            text.push_str(&format!("&{}={}", value("name"), edge::origin::encode_query(&value("value"))));
        }
        self.ask("POST", action, Some(text.trim_start_matches('&').to_owned())).await
    }
}

#[test]
fn officers_pay_a_pension_by_pages_alone() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 2).await;
        for language in ["en-LS", "st-LS"] {
            let treasury = Browser::new(&world, TREASURY, language);
            let fund = format!("/grants/programmes/{PENSION}/fund");
            let (status, _, body) = treasury.send(&fund, &fund, "amount=1,000").await;
            assert!(status == 422 && is_wrong(&body), "{body}");
            assert_eq!(treasury.send(&fund, &fund, "amount=5000.00").await.0, 303);
            for who in [OFFICER, APPROVER, TREASURY] {
                let browser = Browser::new(&world, who, language);
                browser.see("/grants").await;
                browser.see(&format!("/grants/programmes/{PENSION}")).await;
            }
            assert_eq!(Browser::new(&world, CLERK, language).ask("GET", "/grants", None).await.0, 403);
        }
        let officer = Browser::new(&world, OFFICER, "en-LS");
        let list = world.gathered("November").await.id;
        let page = format!("/grants/lists/{list}");
        let run = format!("{page}/run");
        let day = "pay_on-day=24&pay_on-month=11&pay_on-year=2026";
        let (status, _, body) = officer.send(&page, &run, "pay_on-day=1&pay_on-month=1&pay_on-year=2020").await;
        assert!(status == 422 && body.contains("within a year"), "{body}");
        let (status, run, body) = officer.send(&page, &run, day).await;
        assert_eq!(status, 303, "{body}");
        world.work().await;
        let seen = officer.see(&run).await;
        assert!(seen.contains("Another officer"), "{seen}");
        let approve = format!("{run}/approve");
        assert_eq!(officer.ask("POST", &approve, Some(String::new())).await.0, 403);
        let approver = Browser::new(&world, APPROVER, "en-LS");
        assert_eq!(approver.send(&run, &approve, "").await.0, 303);
        world.work().await;
        let orders = world.orders();
        world.pay(&orders[0]).await.unwrap();
        world.fail(&orders[1], "unknown_number").await.unwrap();
        world.work().await;
        for language in ["en-LS", "st-LS"] {
            let officer = Browser::new(&world, OFFICER, language);
            let failures = officer.see(&format!("/grants/programmes/{PENSION}/failures")).await;
            let link = failures.split("/grants/payments/").nth(1).unwrap().split('"').next().unwrap();
            let payment = officer.see(&format!("/grants/payments/{link}")).await;
            assert!(payment.contains("Mokoena"));
            for state in ["paid", "failed", "refused", "nonsense"] {
                officer.see(&format!("{run}/lines?state={state}")).await;
            }
            officer.see("/grants/accounts").await;
            officer.see(&format!("/grants/accounts?number={}", people[0].number)).await;
            assert_eq!(officer.ask("GET", "/grants/accounts?number=12", None).await.0, 422);
            officer.see(&format!("/grants/programmes/{PENSION}/list")).await;
        }
        for missing in ["/grants/runs/run_x", "/grants/lists/x", "/grants/programmes/none", "/grants/payments/x/1"] {
            assert_eq!(officer.ask("GET", missing, None).await.0, 404, "{missing}");
        }
    });
}

#[test]
fn she_sees_and_changes_her_own() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        world.paid_out(list, "2026-11-24").await;
        world.fail(&world.orders()[0].clone(), "account_closed").await.unwrap();
        let she = Browser::new(&world, &one.id, "st-LS");
        assert!(she.see("/my/grants").await.contains("Tefo e khutlile"));
        let change = "/my/grants/account";
        let (status, _, body) = she.send(change, change, "").await;
        assert!(status == 422 && is_wrong(&body), "{body}");
        let (status, _, body) = she.send(change, change, "way=wallet:mpesa&address=12").await;
        assert!(status == 422 && body.contains("5800 1234"), "{body}");
        assert_eq!(she.send(change, change, "way=wallet:mpesa&address=58007777").await.0, 303);
        assert!(she.see("/my/grants").await.contains("…7777"));
        assert_eq!(she.send(change, change, "way=post-office&address=").await.0, 303);
        assert!(she.see("/my/grants").await.contains("/my/grants/account/stop"));
        assert_eq!(she.send("/my/grants", "/my/grants/account/stop", "").await.0, 303);
        assert_eq!(Browser::new(&world, OFFICER, "en-LS").ask("GET", "/my/grants", None).await.0, 403);
    });
}

#[test]
fn a_clerk_gives_cash() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.meddle("UPDATE grants_account SET way = 'post-office', institution = '', address = ''").await;
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        world.paid_out(list, "2026-11-24").await;
        let float =
            |cx: &mut spine::Cx<'_>, grants: &grants::Grants| grants::give_float(cx, grants, "post-leribe", 100_000);
        world.write(&crate::world::treasury(), float).await.unwrap();
        assert!(Browser::new(&world, &one.id, "en-LS").see("/my/grants").await.contains("identity card"));
        let clerk = Browser::new(&world, CLERK, "en-LS");
        let (_, _, body) = clerk.send("/post-office", "/post-office", "place=&number=1").await;
        assert!(is_wrong(&body), "{body}");
        let asked = format!("place=post-leribe&number={}", one.number);
        let (status, _, body) = clerk.send("/post-office", "/post-office", &asked).await;
        assert!(status == 200 && body.contains("Mokoena") && body.contains("M900"), "{body}");
        let form = body.split("/post-office/give").nth(1).unwrap();
        let value = |name: &str| {
            let after = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
            after.split('"').next().unwrap().to_owned()
        };
        let token = form.split("name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut give = format!("document=LS1&{token}={}", edge::origin::encode_query(&value(&token)));
        for name in ["place", "number", "run", "line"] {
            give.push_str(&format!("&{name}={}", value(name)));
        }
        let (status, to, body) = clerk.ask("POST", "/post-office/give", Some(give)).await;
        assert_eq!((status, to.as_str()), (303, "/post-office?place=post-leribe&given=1"), "{body}");
        clerk.see(&to).await;
    });
}
