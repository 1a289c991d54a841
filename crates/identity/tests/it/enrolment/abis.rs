//! The port to the ABIS against a double on its own port: matches, and every way in which it misbehaves.

use std::sync::Arc;

use axum::http::StatusCode;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::{Outbound, OutboundLimits};
use identity::{
    ApplicationId, Biometrics, Exception, Source, State, abis_double, approve, except, judge, refuse, withdraw,
};
use spine::Secret;

use super::{ABIS_SECRET, act, operator, policies, seen, send, supervisor, told, with_evidence, write_down};
use crate::browser::{Answer, Browser};
use crate::world::{BASE, World, migrations};

/// A country with an ABIS beside it, on each database.
fn beside_an_abis(test: impl AsyncFn(World)) {
    for database in testkit::databases(&migrations()) {
        testkit::block_on(async {
            let bind = || tokio::net::TcpListener::bind("127.0.0.1:0");
            let (abis, own) = (bind().await.unwrap(), bind().await.unwrap());
            let address = format!("http://{}", abis.local_addr().unwrap());
            let world = World::new(database, policies(), Some(&address)).await;
            let settings = abis_double::DoubleSettings {
                answers_url: format!("http://{}/api/identity/abis/answers", own.local_addr().unwrap()),
                secret: Secret::new(ABIS_SECRET.to_vec()),
                clock: Arc::clone(&world.clock) as _,
                outbound: Outbound::new(OutboundLimits::default()),
            };
            let app = world.app.clone();
            tokio::spawn(async move { axum::serve(own, app.into_make_service()).await });
            tokio::spawn(async move { axum::serve(abis, abis_double::routes(settings).into_make_service()).await });
            test(world).await;
        });
    }
}

async fn upload(browser: &mut Browser, id: ApplicationId, file: &str) -> Answer {
    let path = format!("/enrolment/{id}/biometrics");
    let page = browser.get(&path).await;
    let body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"_form\"\r\n\r\n{}\r\n--edge\r\ncontent-disposition: form-data; \
         name=\"templates\"; filename=\"t.cbeff\"\r\ncontent-type: application/octet-stream\r\n\r\n{file}\r\n--edge--\r\n",
        page.hidden("_form")
    );
    let headers = [("accept", "text/html"), ("content-type", "multipart/form-data; boundary=edge"), ("origin", BASE)];
    browser.ask("POST", &path, &headers, body).await
}

/// An application with these templates, sent.
async fn taken_with(world: &World, browser: &mut Browser, given: &str, templates: &str) -> ApplicationId {
    let id = with_evidence(world, "passport", "RC1").await.unwrap();
    let born = format!("19{}-01-01", 60 + given.len());
    write_down(world, id, told(given, "Ramokoatsi", &born)).await.unwrap();
    assert_eq!(upload(browser, id, templates).await.status, 303);
    send(world, id).await.unwrap();
    id
}

/// Runs what waits until there is nothing due, with pauses so that an ABIS may answer late.
async fn settle(world: &World) {
    for _ in 0..4 {
        world.drain().await;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        world.clock.step(70);
    }
}

async fn biometrics(world: &World, id: ApplicationId) -> Biometrics {
    seen(world, id).await.application.biometrics
}

async fn kept(world: &World) -> usize {
    world.rows("SELECT application, application FROM identity_biometric").await.len()
}

#[test]
fn a_match_goes_to_a_person_and_templates_are_gone() {
    beside_an_abis(async |world| {
        let mut desk = world.as_officer(&operator()).await;
        let first = taken_with(&world, &mut desk, "Palesa", "finger: loop-17\nface: round").await;
        assert_eq!((kept(&world).await, biometrics(&world, first).await), (1, Biometrics::Waiting));
        let early = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, first, false)).await.unwrap_err();
        assert_eq!(early.code(), "identity.enrolment.comparing");
        settle(&world).await;
        assert_eq!((kept(&world).await, biometrics(&world, first).await), (0, Biometrics::Compared));
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, first, false)).await.unwrap();
        // The same finger under another name.
        let second = taken_with(&world, &mut desk, "Mamosa", "eye: brown\nfinger: loop-17").await;
        settle(&world).await;
        let alike = seen(&world, second).await.alikes;
        let found = alike.iter().find(|one| one.source == Source::Abis).unwrap();
        assert_eq!((found.candidate.clone(), found.score, found.rule.as_str()), (first.to_string(), 97, "biometric"));
        let unjudged =
            act(&world, &supervisor(), move |cx, engine| approve(cx, engine, second, false)).await.unwrap_err();
        assert_eq!(unjudged.code(), "identity.enrolment.unjudged");
        let candidate = found.candidate.clone();
        act(&world, &supervisor(), move |cx, engine| judge(cx, engine, second, (Source::Abis, &candidate), true))
            .await
            .unwrap();
        assert_eq!(seen(&world, second).await.application.state, State::Refused, "the first has her number already");
        for (_, record) in world.acts_done().await {
            assert!(!record.contains("loop-17"), "nothing of a body is in an act");
        }
        assert!(world.count("identity.abis.handed").await >= 2);
    });
}

#[test]
fn slow_busy_broken_late_and_twice_all_come_to_one_answer() {
    beside_an_abis(async |world| {
        let mut desk = world.as_officer(&operator()).await;
        for (given, manner) in [
            ("Palesa", "double: slow 300"),
            ("Mosa", "double: busy 2"),
            ("Thato", "double: broken"),
            ("Lerato", "double: late"),
            ("Nthabiseng", "double: twice"),
        ] {
            let id = taken_with(&world, &mut desk, given, &format!("finger: {given}\n{manner}")).await;
            settle(&world).await;
            assert_eq!(biometrics(&world, id).await, Biometrics::Compared, "{manner}");
            assert!(seen(&world, id).await.alikes.iter().all(|one| one.source != Source::Abis), "{manner}");
            act(&world, &operator(), move |cx, _| withdraw(cx, id)).await.unwrap();
            settle(&world).await;
        }
        assert_eq!(kept(&world).await, 0);
        // Insert, identify and delete for each: each answered once, however often it was told.
        assert_eq!(world.count("identity.abis.answered").await, 15);
    });
}

#[test]
fn an_abis_that_refuses_or_is_silent_does_not_hold_anybody_up() {
    beside_an_abis(async |world| {
        let mut desk = world.as_officer(&operator()).await;
        let refused = taken_with(&world, &mut desk, "Palesa", "double: refuses").await;
        settle(&world).await;
        assert_eq!(biometrics(&world, refused).await, Biometrics::Failed);
        let silent = taken_with(&world, &mut desk, "Mosa", "double: silent").await;
        for _ in 0..12 {
            world.drain().await;
            world.clock.step(1_000);
        }
        assert_eq!(biometrics(&world, silent).await, Biometrics::Failed);
        let dead = world.rows("SELECT kind, last_fault FROM journal_job WHERE state = 'dead'").await;
        assert_eq!(dead.len(), 2, "both are dead letters: {dead:?}");
        let unagreed = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, silent, false)).await;
        assert_eq!(unagreed.unwrap_err().code(), "identity.enrolment.unagreed", "a supervisor answers for it");
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, silent, true)).await.unwrap();
        act(&world, &supervisor(), move |cx, _| refuse(cx, refused, "Not she")).await.unwrap();
        assert_eq!(kept(&world).await, 0, "nothing of a body stays");
    });
}

#[test]
fn nothing_taken_and_nothing_excepted_is_not_enough() {
    beside_an_abis(async |world| {
        let mut desk = world.as_officer(&operator()).await;
        let id = with_evidence(&world, "passport", "RC1").await.unwrap();
        write_down(&world, id, told("Palesa", "Ramokoatsi", "1950-01-01")).await.unwrap();
        assert_eq!(send(&world, id).await.unwrap_err().code(), "identity.enrolment.biometrics");
        assert_eq!(upload(&mut desk, id, "").await.status, 422);
        assert_eq!(upload(&mut desk, id, &"x".repeat((1 << 20) + 1)).await.status, 422);
        let parts = ["left-hand", "right-hand", "eyes", "face"];
        let said: Vec<Exception> = parts
            .iter()
            .map(|part| Exception {
                part: (*part).to_owned(),
                reason: "unable".to_owned(),
                seen_by: "N. Thabo".to_owned(),
            })
            .collect();
        act(&world, &operator(), move |cx, engine| except(cx, engine, id, &said)).await.unwrap();
        send(&world, id).await.unwrap();
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, true)).await.unwrap();
    });
}

#[test]
fn strangers_neither_fetch_nor_tell() {
    beside_an_abis(async |world| {
        let mut desk = world.as_officer(&operator()).await;
        taken_with(&world, &mut desk, "Palesa", "finger: x").await;
        let reference = world.rows("SELECT reference, application FROM identity_abis_reference").await[0].0.clone();
        let path = format!("/api/identity/abis/templates/{reference}");
        let mut anybody = Browser::new(&world);
        let signed = |secret: &[u8], message: &[u8], seconds: i64| {
            let time = world.acts.now().as_seconds() + seconds;
            (time.to_string(), sign(&Secret::new(secret.to_vec()), time, message))
        };
        for (time, signature) in [
            (String::new(), String::new()),
            signed(b"another secret of thirty-two byte", path.as_bytes(), 0),
            signed(ABIS_SECRET, b"/api/identity/abis/templates/other", 0),
            signed(ABIS_SECRET, path.as_bytes(), -400),
        ] {
            let headers = [(TIMESTAMP, time.as_str()), (SIGNATURE, signature.as_str())];
            let answer = anybody.ask("GET", &path, &headers, String::new()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
        for (body, status) in [
            (r#"{"requestId":"00000000-0000-4000-8000-000000000000","returnValue":1}"#, StatusCode::NOT_FOUND),
            ("{", StatusCode::BAD_REQUEST),
            ("[]", StatusCode::BAD_REQUEST),
        ] {
            let (time, signature) = signed(ABIS_SECRET, body.as_bytes(), 0);
            let headers =
                [(TIMESTAMP, time.as_str()), (SIGNATURE, signature.as_str()), ("content-type", "application/json")];
            let answer = anybody.ask("POST", "/api/identity/abis/answers", &headers, body.to_owned()).await;
            assert_eq!(answer.status, status, "{body}");
        }
        assert!(world.enrolment.ping_abis().await.unwrap());
        settle(&world).await;
        let (time, signature) = signed(ABIS_SECRET, path.as_bytes(), 0);
        let headers = [(TIMESTAMP, time.as_str()), (SIGNATURE, signature.as_str())];
        let gone = anybody.ask("GET", &path, &headers, String::new()).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "it has them, so we have not");
    });
}
