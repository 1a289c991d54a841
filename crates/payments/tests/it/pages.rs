//! The payer's and the officer's pages, as a browser sees them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, http};
use edge::{Limits, Session, Visit, frame};
use http_body_util::BodyExt;
use payments::RequestState;
use payments::bills::{self, NewBill, Share};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Language, Localised, Personal, Secret, Via};
use tower::ServiceExt;

use crate::bench::{Bench, lsl, under};

const POLICIES: &str = include_str!("../../../../packs/lesotho/policies/payments.cedar");
const WITH_SCREENING: &str = concat!(
    include_str!("../../../../packs/lesotho/policies/payments.cedar"),
    include_str!("../../../../packs/lesotho/policies/screening.cedar")
);

const WITH_TREASURY: &str = concat!(
    include_str!("../../../../packs/lesotho/policies/payments.cedar"),
    include_str!("../../../../packs/lesotho/policies/treasury.cedar")
);

struct Answer {
    status: u16,
    location: String,
    /// What binds a form to a visitor who is not signed in.
    cookie: String,
    body: String,
}

impl Answer {
    fn token(&self) -> &str {
        let start = self.body.find("name=\"_form\" value=\"").unwrap() + 20;
        self.body[start..].split('"').next().unwrap()
    }
}

struct Browser {
    app: Router,
    who: &'static str,
    language: &'static str,
}

/// What the identity engine's middleware does, in short.
async fn recognise(visit: Visit, request: Request, next: Next) -> Response {
    let name = edge::cookie::read(request.headers(), "session").filter(|name| !name.is_empty()).map(str::to_owned);
    if let Some(name) = name {
        let shown = Personal::new(name.clone());
        let actor = if name.starts_with("off") {
            let officer = Actor::bare(ActorKind::Officer, &name);
            Actor { roles: vec!["payments-officer".to_owned()], assurance: Assurance::High, name: shown, ..officer }
        } else {
            Actor::person(&name, shown, Assurance::Substantial)
        };
        visit.recognise(Session { actor, binding: Secret::new(name.into_bytes()), via: Via::Web, acting: None });
    }
    next.run(request).await
}

impl Browser {
    fn new(bench: &Bench, who: &'static str, language: &'static str) -> Self {
        let routes = payments::routes(bench.gateway.clone()).layer(from_fn(recognise));
        Self { app: frame(routes, &bench.site, Limits::default()), who, language }
    }

    async fn ask(&self, method: &str, target: &str, cookie: &str, body: String) -> Answer {
        self.send(method, target, cookie, ("application/x-www-form-urlencoded", body)).await
    }

    async fn send(&self, method: &str, target: &str, cookie: &str, (kind, body): (&str, String)) -> Answer {
        let request = http::Request::builder()
            .method(method)
            .uri(target)
            .header("accept", "text/html")
            .header("accept-language", self.language)
            .header(header::COOKIE, format!("session={}; {cookie}", self.who))
            .header("origin", "http://localhost:8080")
            .header("content-type", kind);
        let answer = self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let location = answer.headers().get("location").map_or("", |it| it.to_str().unwrap()).to_owned();
        let set = answer.headers().get("set-cookie").map_or("", |it| it.to_str().unwrap());
        let set = set.split(';').next().unwrap().to_owned();
        let cookie = if set.is_empty() { cookie.to_owned() } else { set };
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        // A word nobody has said yet would stand there as its key.
        for unsaid in [">payments.", "\"payments.", " payments.", "fault.payments"] {
            assert!(!body.contains(unsaid), "{target}: {unsaid} in {body}");
        }
        Answer { status, location, cookie, body }
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "", String::new()).await
    }

    async fn post(&self, target: &str, form_on: &Answer, fields: &str) -> Answer {
        self.ask("POST", target, &form_on.cookie, format!("_form={}&{fields}", form_on.token())).await
    }

    async fn upload(&self, target: &str, form_on: &Answer, file: &str) -> Answer {
        let part = |head: &str, body: &str| format!("--xx\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
        let (token, file) = (part("name=\"_form\"", form_on.token()), part("name=\"file\"; filename=\"list\"", file));
        let body = format!("{token}{file}--xx--\r\n");
        self.send("POST", target, &form_on.cookie, ("multipart/form-data; boundary=xx", body)).await
    }
}

/// A bill of an institution, made in the way of its program.
async fn bill(bench: &Bench, in_parts: bool) -> String {
    let mut actor = Actor::bare(ActorKind::Client, "biller");
    actor.institution = Some("ministry-trade".to_owned());
    let caller = Caller { actor, via: Via::Api, language: Language::new("en-LS") };
    let expires_at = bench.acts.now().plus_seconds(86_400);
    let make = move |cx: &mut Cx<'_>| {
        let shares = [("income:ministry-trade", 20_000), ("income:council", 5_000)];
        let share = |(account, minor): (&str, i64)| Share { account: account.to_owned(), amount_minor: minor };
        let new = NewBill {
            biller: "ministry-trade".to_owned(),
            reference: format!("TL-{in_parts}"),
            payer: Some("per_lineo".to_owned()),
            description: Localised::from([("en", "Trading licence"), ("st", "Laesense ea khoebo")]),
            amount: lsl(25_000),
            shares: shares.into_iter().map(share).collect(),
            in_parts,
            due_on: Some("2026-12-01".parse().unwrap()),
            expires_at,
        };
        Ok(bills::make(cx, &[new])?.remove(0).number)
    };
    bench.write(&caller, make).await.unwrap()
}

#[test]
fn what_a_rule_stops_two_officers_decide_and_the_sender_hears_no_more_than_that() {
    under(WITH_SCREENING, async |bench| {
        crate::sanctions::in_force(&bench, "national", crate::sanctions::NATIONAL).await;
        let bill = crate::remittances::bill_of(&bench, "EX-1", 50_000).await;
        let listed = ("Mohlalafela Seqhoqho", "0820001201");
        let id = crate::remittances::sends(&bench, &bill.number, listed, 51_000).await.unwrap();
        for (language, looks, title, another) in [
            ("en", "Somebody looks into it", "Stopped payments", "another officer decides the same"),
            ("st", "Ho na le ea ntseng a e hlahloba", "Litefo tse emisitsoeng", "ofisiri e ’ngoe e etsa qeto"),
        ] {
            let hers = Browser::new(&bench, "", language).get(&format!("/remittance/{id}")).await;
            assert!(hers.body.contains(looks) && !hers.body.contains("eqhoqho"), "{}", hers.body);
            assert_eq!(Browser::new(&bench, "per_lineo", language).get("/screening").await.status, 403);
            let officer = Browser::new(&bench, if language == "en" { "off_1" } else { "off_2" }, language);
            let desk = officer.get("/screening").await;
            assert!(desk.status == 200 && desk.body.contains(title) && !desk.body.contains("eqhoqho"), "{}", desk.body);
            let address = format!("/screening/scr_{}", &desk.body.split("/screening/scr_").nth(1).unwrap()[..26]);
            let page = officer.get(&address).await;
            assert!(page.status == 200 && page.body.contains("Mohlalafela Seqhoqho"), "{}", page.body);
            assert!(!page.body.contains("screening."), "an unsaid word: {}", page.body);
            let refused = officer.post(&address, &page, "decision=clear&note=").await;
            assert!(refused.status == 422 && refused.body.contains("href=\"#note\""), "{}", refused.body);
            let done = officer.post(&address, &page, "decision=clear&note=Another+birthday").await;
            assert_eq!((done.status, done.location.as_str()), (303, "/screening"));
            let after = officer.get(&address).await;
            assert_eq!(after.body.contains(another), language == "en", "{}", after.body);
        }
        let paid = async || {
            let state = bench.read(move |cx| Ok(payments::remittance::remittance(cx, id)?.state)).await;
            state == payments::remittance::RemittanceState::Paid
        };
        bench.wait_for("what two officers cleared to be paid", paid).await;
    });
}

#[test]
fn a_list_is_brought_by_one_officer_and_put_in_force_by_another() {
    under(WITH_SCREENING, async |bench| {
        for (language, stale, fresh, own, root) in [
            (
                "en",
                "A list of names is out of date",
                "Not older than",
                "You brought this file",
                "SDN_LIST does not belong",
            ),
            (
                "st",
                "Lenane la mabitso le fetiloe",
                "Ha le feta matsatsi",
                "Ke uena ea tlisitseng",
                "SDN_LIST ha ea lokela",
            ),
        ] {
            let (first, second) = (Browser::new(&bench, "off_1", language), Browser::new(&bench, "off_2", language));
            assert_eq!(Browser::new(&bench, "per_lineo", language).get("/screening/lists").await.status, 403);
            let lists = first.get("/screening/lists").await;
            assert!(
                lists.status == 200 && lists.body.contains(stale) && !lists.body.contains("sanctions."),
                "{}",
                lists.body
            );
            let form = first.get("/screening/lists/un").await;
            let text = crate::sanctions::UN.replace("EXe.001", if language == "en" { "EXe.001" } else { "EXe.002" });
            let bad = first.upload("/screening/lists/un", &form, &text.replace("CONSOLIDATED_LIST", "SDN_LIST")).await;
            assert!(
                bad.status == 422 && bad.body.contains(root) && bad.body.contains("href=\"#file\""),
                "{}",
                bad.body
            );
            let taken = first.upload("/screening/lists/un", &form, &text).await;
            assert_eq!(taken.status, 303, "{}", taken.body);
            let hers = first.get(&taken.location).await;
            assert!(hers.body.contains(own) && !hers.body.contains("name=\"decision\""), "{}", hers.body);
            let page = second.get(&taken.location).await;
            assert!(page.body.contains("EXe.00") && page.body.contains("EXAMPLE HOLDING OF NOWHERE"), "{}", page.body);
            assert!(!page.body.contains("sanctions."), "an unsaid word: {}", page.body);
            let refused = second.post(&taken.location, &page, "decision=refuse&note=").await;
            assert!(refused.status == 422 && refused.body.contains("href=\"#note\""), "{}", refused.body);
            let done = second.post(&taken.location, &page, "decision=in_force&note=").await;
            assert_eq!((done.status, done.location.as_str()), (303, "/screening/lists"));
            let after = second.get("/screening/lists").await;
            assert!(after.body.contains(fresh), "{}", after.body);
            let again = first.upload("/screening/lists/un", &form, &text).await;
            assert_eq!(again.status, 303, "the same form again is the same submit");
        }
    });
}

#[test]
fn a_bill_is_paid_in_parts_by_whoever_holds_its_number() {
    under(POLICIES, async |bench| {
        let number = bill(&bench, true).await;
        let (address, typed) = (format!("/bill/{number}"), number.replace('-', "+"));
        for (language, asks, left) in [
            ("en", "How much do you want to pay now?", "M200.00"),
            ("st", "U batla ho lefa bokae hona joale?", "M150.00"),
        ] {
            // Nobody is signed in: the brother abroad has no account here.
            let brother = Browser::new(&bench, "", language);
            let found = brother.get(&format!("/bill?number={typed}")).await;
            assert_eq!((found.status, found.location.as_str()), (303, address.as_str()));
            let page = brother.get(&address).await;
            assert!(page.status == 200 && page.body.contains(asks) && page.body.contains("M250.00"), "{}", page.body);
            assert!(!page.body.contains("lineo"), "nobody's name: {}", page.body);
            for wrong in ["1,000", "250.01", "0", "1e2"] {
                let refused =
                    brother.post(&address, &page, &format!("amount={wrong}&wallet=mpesa&phone=58001201")).await;
                assert!(
                    refused.status == 422 && refused.body.contains("href=\"#amount\""),
                    "{wrong}: {}",
                    refused.body
                );
            }
            let refused = brother.post(&address, &page, "amount=50&wallet=mpesa&phone=12").await;
            assert!(refused.status == 422 && refused.body.contains("href=\"#phone\""), "{}", refused.body);
            let sent = brother.post(&address, &refused, "amount=50&wallet=mpesa&phone=5800+1201").await;
            assert_eq!((sent.status, sent.location.as_str()), (303, address.as_str()));
            let wanted = number.clone();
            let is_paid = async || {
                let number = wanted.clone();
                let bill = bench.read(move |cx| bills::find(cx, &number)).await;
                format!("M{}", bill.left().digits()) == left
            };
            bench.wait_for("a part to be paid", is_paid).await;
            let page = brother.get(&address).await;
            assert!(page.body.contains("M50.00") && page.body.contains(left), "{}", page.body);
        }
        let sotho = Browser::new(&bench, "", "st");
        let wrong = sotho.get("/bill?number=9482-7735-6042").await;
        assert!(wrong.status == 422 && wrong.body.contains("href=\"#number\""), "{}", wrong.body);
        assert_eq!(sotho.get("/bill/9482-7735-6043").await.status, 404);
        bench.must_be_sound().await;
    });
}

#[test]
fn from_the_question_to_the_receipt() {
    under(POLICIES, async |bench| {
        for (language, pay, approve, receipt) in [
            ("en", "Pay M130.00", "asks you on your phone", "Receipt"),
            ("st", "Lefa M130.00", "e u botsa mohaleng", "Rasiti"),
        ] {
            let lineo = Browser::new(&bench, "per_lineo", language);
            let id = bench.ask_for(13_000).await;
            let address = format!("/pay/{id}");
            let page = lineo.get(&address).await;
            assert_eq!(page.status, 200);
            for part in [pay, "M-Pesa", "EcoCash", "PP-2026-0001", "href=\"/cases/1\""] {
                assert!(page.body.contains(part), "{part} in {}", page.body);
            }
            let wrong = lineo.post(&address, &page, "wallet=mpesa&number=6200").await;
            assert_eq!(wrong.status, 422);
            assert!(wrong.body.contains("href=\"#number\"") && wrong.body.contains("value=\"6200\""), "{}", wrong.body);
            let sent = lineo.post(&address, &wrong, "wallet=mpesa&number=5800+1201").await;
            assert_eq!((sent.status, sent.location.as_str()), (303, format!("{address}/wait").as_str()));
            let again = lineo.post(&address, &wrong, "wallet=mpesa&number=5800+1201").await;
            assert_eq!(
                (again.status, again.location.as_str()),
                (303, format!("{address}/wait").as_str()),
                "sent twice"
            );
            assert_eq!(bench.request(id).await.tries, 1);

            let waiting = lineo.get(&format!("{address}/wait")).await;
            assert!(waiting.body.contains(approve) && waiting.body.contains("•••• ••01"), "{}", waiting.body);
            assert!(!waiting.body.contains("58001201"));
            assert_eq!(lineo.get(&address).await.location, format!("{address}/wait"));
            bench.until(id, RequestState::Paid).await;
            assert_eq!(lineo.get(&format!("{address}/wait")).await.location, address);
            let paid = lineo.get(&address).await;
            let number = bench.request(id).await.receipt.unwrap();
            assert!(paid.body.contains(&number) && paid.body.contains("href=\"/cases/1\""));
            let slip = lineo.get(&format!("{address}/receipt")).await;
            assert!(slip.body.contains(receipt) && slip.body.contains(&number) && slip.body.contains("M130.00"));
        }
    });
}

#[test]
fn a_counter_is_opened_for_an_institution_and_for_nobody_else() {
    under(WITH_TREASURY, async |bench| {
        let name = Localised::from([("en", "Post Office"), ("st", "Poso")]);
        let institutions = Arc::new(BTreeMap::from([("post-office".to_owned(), name)]));
        let routes = payments::routes(bench.gateway.clone().with_institutions(institutions)).layer(from_fn(recognise));
        let app = frame(routes, &bench.site, Limits::default());
        let browser = |who, language| Browser { app: app.clone(), who, language };
        assert_eq!(browser("per_lineo", "en").get("/treasury/counters").await.status, 403);
        for (language, none, once) in [("en", "No office takes cash", "Post Office"), ("st", "Ha ho ofisi", "Poso")] {
            let officer = browser("off_1", language);
            let page = officer.get("/treasury/counters").await;
            assert_eq!((page.status, page.body.contains(none)), (200, language == "en"), "{}", page.body);
            let wrong = officer.post("/treasury/counters", &page, "place=tavern").await;
            assert!(wrong.status == 422 && wrong.body.contains("href=\"#place\""), "{}", wrong.body);
            // Opened twice is opened once.
            let opened = officer.post("/treasury/counters", &wrong, "place=post-office").await;
            assert_eq!((opened.status, opened.location.as_str()), (303, "/treasury/counters"));
            let page = officer.get("/treasury/counters").await;
            for part in [once, "FLOAT-post-office", "M0.00"] {
                assert_eq!(page.body.matches(part).count(), 1, "{part} in {}", page.body);
            }
            assert!(!page.body.contains("treasury."), "an unsaid word: {}", page.body);
        }
    });
}

#[test]
fn a_fee_is_paid_by_whoever_has_its_number_and_told_to_nobody_else() {
    under(POLICIES, async |bench| {
        for (language, pay, waits) in
            [("en", "Pay M130.00", "Waiting for the phone"), ("st", "Lefa M130.00", "Ho emetsoe fono")]
        {
            let id = bench.ask_for(13_000).await;
            let number = bench.number(id).await;
            let hers = Browser::new(&bench, "per_lineo", language).get(&format!("/pay/{id}")).await;
            let digits = number.replace('-', "");
            assert!(hers.body.contains(&number) && hers.body.contains(&format!("*124*{digits}#")), "{}", hers.body);
            let son = Browser::new(&bench, "", language);
            let address = format!("/fee/{number}");
            assert_eq!(son.get(&format!("/bill?number={digits}")).await.location, address);
            let page = son.get(&address).await;
            assert!(page.status == 200 && page.body.contains(pay), "{}", page.body);
            for hidden in ["PP-2026", "Lineo", "/cases/", "Passport", "Pasepoto", "income"] {
                assert!(!page.body.contains(hidden), "{hidden} in {}", page.body);
            }
            let wrong = son.post(&address, &page, "wallet=mpesa&phone=6200").await;
            assert!(wrong.status == 422 && wrong.body.contains("href=\"#phone\""), "{}", wrong.body);
            let sent = son.post(&address, &wrong, "wallet=mpesa&phone=5800+1203").await;
            assert_eq!((sent.status, sent.location.as_str()), (303, address.as_str()));
            let waiting = son.get(&address).await;
            assert!(waiting.body.contains(waits) && !waiting.body.contains(pay), "{}", waiting.body);
            let another = son.post(&address, &wrong, "wallet=mpesa&phone=5800+1204").await;
            assert_eq!((another.status, bench.request(id).await.tries), (303, 1), "two at once ring one phone");
            // Its identifier and its reference are no numbers, nor is one with a slip.
            let last = if digits.ends_with('5') { '6' } else { '5' };
            for no in [id.to_string(), "PP-2026-0001".to_owned(), format!("{}{last}", &digits[..11])] {
                assert_eq!(son.get(&format!("/fee/{no}")).await.status, 404, "{no}");
            }
        }
    });
}

#[test]
fn who_may_not_see_it_does_not() {
    under(POLICIES, async |bench| {
        let id = bench.ask_for(13_000).await;
        let thabo = Browser::new(&bench, "per_thabo", "en");
        for target in
            [format!("/pay/{id}"), format!("/pay/{id}/wait"), format!("/pay/{id}/receipt"), "/payments".to_owned()]
        {
            let answer = thabo.get(&target).await;
            assert_eq!(answer.status, 403, "{target}");
            assert!(!answer.body.contains("PP-2026"));
        }
        let lineo = Browser::new(&bench, "per_lineo", "en");
        let form = lineo.get(&format!("/pay/{id}")).await;
        let stolen = thabo.post(&format!("/pay/{id}"), &form, "wallet=mpesa&number=58001201").await;
        assert_eq!((stolen.status, bench.state(id).await), (403, RequestState::Open));
        assert_eq!(lineo.get(&format!("/pay/{id}/receipt")).await.status, 404, "no receipt before it is paid");
        assert_eq!(lineo.get("/pay/pay_nonsense").await.status, 404);
    });
}

#[test]
fn every_end_has_its_page() {
    under(POLICIES, async |bench| {
        let lineo = Browser::new(&bench, "per_lineo", "en");
        for (number, words) in [
            ("58001202", "not enough money"),
            ("58001211", "does not know this number"),
            ("58001208", "Another amount arrived"),
        ] {
            let id = bench.ask_for(500).await;
            bench.choose(id, number).await.unwrap();
            bench.until(id, RequestState::Failed).await;
            let page = lineo.get(&format!("/pay/{id}")).await;
            assert!(page.body.contains(words) && page.body.contains("<form"), "{number}: {}", page.body);
        }
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001206").await.unwrap();
        bench.work().await;
        bench.clock.step(86_401);
        bench.until(id, RequestState::Expired).await;
        bench
            .wait_for("the money to go back", async || bench.suspense(id).await.iter().any(|it| it.0 == "refunded"))
            .await;
        let page = lineo.get(&format!("/pay/{id}")).await;
        assert!(
            page.body.contains("not paid in time") && page.body.contains("M5.00 went back to your M-Pesa"),
            "{}",
            page.body
        );
    });
}

#[test]
fn the_officer_finds_suspense_and_sends_it_back() {
    under(POLICIES, async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001208").await.unwrap();
        bench.until(id, RequestState::Failed).await;
        let officer = Browser::new(&bench, "off_neo", "en");
        let page = officer.get("/payments").await;
        for part in ["Money that belongs to no request", "Another amount than was asked for", "M6.00", "PP-2026-0001"] {
            assert!(page.body.contains(part), "{part} in {}", page.body);
        }
        let start = page.body.find("action=\"/payments/suspense/").unwrap() + 8;
        let action = page.body[start..].split('"').next().unwrap().to_owned();
        let form =
            Answer { cookie: String::new(), status: 200, location: String::new(), body: page.body[start..].to_owned() };
        assert_eq!(officer.post(&action, &form, "").await.location, "/payments");
        bench.work().await;
        assert_eq!(bench.suspense(id).await[0].0, "refunded");
        assert!(officer.get("/payments").await.body.contains("Sent back"));

        let filtered = officer.get("/payments?state=paid").await;
        assert!(filtered.body.contains("There are no such requests"), "{}", filtered.body);
        for found in ["/payments?q=PP-2026-0001", "/payments?state=failed", "/payments?state=&q="] {
            assert!(officer.get(found).await.body.contains(&format!("/pay/{id}")), "{found}");
        }
        assert_eq!(officer.get("/payments?before=nonsense").await.status, 400);
        assert_eq!(officer.get(&format!("/pay/{id}")).await.status, 200, "and looks at it, on record");
        bench.must_be_sound().await;
    });
}
