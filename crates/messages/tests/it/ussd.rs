//! The aggregator's door: who is heard, what a session is, and that whatever is asked is answered one screen.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::{Limits, Network, Site, SiteSettings, frame};
use http_body_util::BodyExt;
use messages::ussd::{Dialled, Door, DoorKey, DoorSettings, Menu, Screen, Turn, Turning, fits};
use spine::{Language, Secret, Text};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::{Bench, on_each};

const PHONE: &str = "%2B26658001234";

/// Remembers what it was asked, and answers with how often.
#[derive(Default)]
struct Echo(Mutex<Vec<(Option<String>, Option<String>)>>);

impl Menu for Echo {
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a> {
        let input = turn.input.as_ref().map(|input| input.reveal().clone());
        let mut heard = self.0.lock().unwrap();
        heard.push((turn.place.clone(), input.clone()));
        let count = i64::try_from(heard.len()).unwrap();
        let language = Language::new("en-LS");
        let text = Text::new("messages.ussd.dial_again").with("count", count);
        let screen = match input.as_deref() {
            Some("end") => Screen::end(language, text),
            Some("code") => Screen::end(language, text).secret(),
            _ => Screen::ask(language, text, format!("place {count}")),
        };
        Box::pin(std::future::ready(Ok(screen)))
    }
}

/// As it, but what is dialled behind the code is heard.
struct Direct(Arc<Echo>);

impl Menu for Direct {
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a> {
        self.0.turn(turn)
    }

    fn hears_what_is_dialled(&self) -> bool {
        true
    }
}

fn secret() -> Secret<Vec<u8>> {
    Secret::new(b"shared with the aggregator".to_vec())
}

fn app(bench: &Bench, menu: &Arc<Echo>, key: DoorKey, networks: &[&str]) -> Router {
    let networks: Vec<Network> = networks.iter().map(|one| one.parse().unwrap()).collect();
    let settings = DoorSettings { key, networks };
    let menus = vec![
        Dialled { code: "*123#".to_owned(), menu: Arc::clone(menu) as _ },
        Dialled { code: "*124#".to_owned(), menu: Arc::new(Direct(Arc::clone(menu))) },
    ];
    let door = Door::new(bench.acts.clone(), Arc::clone(&bench.words), menus, settings);
    let entropy = Arc::new(SeededEntropy::default());
    let base = "http://localhost:8080";
    let mut site =
        SiteSettings::new(Arc::clone(&bench.words), base, Secret::new([9; 32]), Arc::clone(&bench.clock) as _, entropy);
    site.trusted_proxies = vec!["0.0.0.0".parse().unwrap()];
    frame(door.routes().merge(door.phone_routes()), &Site::new(site), Limits::default())
}

fn form(session: &str, text: &str) -> String {
    format!("sessionId={session}&serviceCode=%2A123%23&phoneNumber={PHONE}&networkCode=65101&text={text}")
}

async fn send(app: &Router, body: &str, headers: &[(&str, String)]) -> (StatusCode, String) {
    let mut request =
        Request::post("/api/messages/ussd").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

async fn signed(bench: &Bench, app: &Router, session: &str, text: &str) -> String {
    let body = form(session, text);
    let time = bench.acts.now().as_seconds();
    let headers = [(TIMESTAMP, time.to_string()), (SIGNATURE, sign(&secret(), time, body.as_bytes()))];
    let (status, said) = send(app, &body, &headers).await;
    assert_eq!(status, 200, "{said}");
    said
}

#[test]
fn a_session_is_one_way_through_and_a_request_that_comes_again_decides_nothing() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        let app = app(&bench, &menu, DoorKey::Signed(secret()), &[]);
        assert!(signed(&bench, &app, "s1", "").await.starts_with("CON "));
        let first = signed(&bench, &app, "s1", "1").await;
        assert_eq!(signed(&bench, &app, "s1", "1").await, first);
        signed(&bench, &app, "s1", "1%2A22").await;
        // What does not go on from what was heard is turned away: an old request, another beginning.
        for odd in ["1", "2%2A22%2A3", "", "1%2A2"] {
            assert!(signed(&bench, &app, "s1", odd).await.starts_with("END Your session was interrupted"), "{odd}");
        }
        assert!(signed(&bench, &app, "s1", "1%2A22%2Aend").await.starts_with("END "));
        assert!(
            signed(&bench, &app, "s1", "1%2A22%2Aend%2A4").await.contains("interrupted"),
            "what has ended has ended"
        );
        let heard = menu.0.lock().unwrap().clone();
        let input = |text: &str| Some(text.to_owned());
        assert_eq!(
            heard,
            [
                (None, None),
                (input("place 1"), input("1")),
                (input("place 2"), input("22")),
                (input("place 3"), input("end")),
            ]
        );
    });
}

#[test]
fn a_session_that_dropped_goes_on_for_a_quarter_of_an_hour() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        let app = app(&bench, &menu, DoorKey::Signed(secret()), &[]);
        signed(&bench, &app, "s1", "").await;
        signed(&bench, &app, "s1", "7").await;
        bench.clock.step(14 * 60);
        signed(&bench, &app, "s2", "").await;
        assert_eq!(menu.0.lock().unwrap().last().unwrap(), &(Some("place 2".to_owned()), None));
        bench.clock.step(16 * 60);
        signed(&bench, &app, "s3", "").await;
        assert_eq!(menu.0.lock().unwrap().last().unwrap(), &(None, None));
    });
}

#[test]
fn each_code_has_its_menu_and_one_hears_what_is_dialled_behind_it() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        let app = app(&bench, &menu, DoorKey::Signed(secret()), &[]);
        let heard = |menu: &Echo| menu.0.lock().unwrap().last().unwrap().clone();
        let input = |text: &str| Some(text.to_owned());
        signed(&bench, &app, "s1", "9482").await;
        assert_eq!(heard(&menu), (None, None), "the first menu does not");
        let dial = async |session: &str, code: &str, text: &str| {
            let body = form(session, text).replace("%2A123%23", code);
            let time = bench.acts.now().as_seconds();
            let headers = [(TIMESTAMP, time.to_string()), (SIGNATURE, sign(&secret(), time, body.as_bytes()))];
            send(&app, &body, &headers).await
        };
        assert_eq!(dial("s2", "%2A124%23", "9482").await.0, 200);
        assert_eq!(heard(&menu), (None, input("9482")), "and where she stands there says nothing here");
        assert_eq!(dial("s2", "%2A124%23", "9482%2A1").await.0, 200);
        assert_eq!(heard(&menu), (input("place 2"), input("1")));
        // Dialled behind the code anew, it begins anew; dialled plainly, it goes on.
        dial("s3", "%2A124%23", "77").await;
        assert_eq!(heard(&menu), (None, input("77")));
        dial("s4", "%2A124%23", "").await;
        assert_eq!(heard(&menu), (input("place 4"), None));
        assert_eq!(dial("s5", "%2A999%23", "").await.0, 400, "a code that nobody has here");
    });
}

#[test]
fn a_screen_with_a_code_is_not_kept() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        let app = app(&bench, &menu, DoorKey::Signed(secret()), &[]);
        signed(&bench, &app, "s1", "").await;
        signed(&bench, &app, "s1", "code").await;
        assert!(signed(&bench, &app, "s1", "code").await.contains("shown already"));
        assert_eq!(menu.0.lock().unwrap().len(), 2);
    });
}

#[test]
fn only_the_aggregator_is_heard() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        let open = app(&bench, &menu, DoorKey::Signed(secret()), &[]);
        let (time, body) = (bench.acts.now().as_seconds(), form("s1", ""));
        let good = sign(&secret(), time, body.as_bytes());
        let other = form("s1", "").replace("58001234", "58009999");
        let late = time - 301;
        for (body, time, signature) in [
            (&body, time, String::new()),
            (&body, time, sign(&Secret::new(b"another".to_vec()), time, body.as_bytes())),
            (&other, time, good.clone()),
            (&body, late, sign(&secret(), late, body.as_bytes())),
        ] {
            let headers = [(TIMESTAMP, time.to_string()), (SIGNATURE, signature)];
            assert_eq!(send(&open, body, &headers).await.0, 401);
        }
        // From where it should, or not at all; a password counts only from there.
        let basic = |password: &str| {
            vec![("authorization", format!("Basic {}", crypto::base64(format!("ussd:{password}").as_bytes())))]
        };
        let from = |mut headers: Vec<(&'static str, String)>, address: &str| {
            headers.push(("x-forwarded-for", address.to_owned()));
            headers
        };
        let here = app(&bench, &menu, DoorKey::Password(secret()), &["192.0.2.0/24"]);
        let right = "shared with the aggregator";
        assert_eq!(send(&here, &body, &from(basic(right), "192.0.2.7")).await.0, 200);
        assert_eq!(send(&here, &body, &from(basic(right), "198.51.100.7")).await.0, 401);
        assert_eq!(send(&here, &body, &from(basic("wrong"), "192.0.2.7")).await.0, 401);
        assert_eq!(send(&here, &body, &from(Vec::new(), "192.0.2.7")).await.0, 401);
        let anywhere = app(&bench, &menu, DoorKey::Password(secret()), &[]);
        assert_eq!(send(&anywhere, &body, &from(basic(right), "192.0.2.7")).await.0, 401);
        assert_eq!(menu.0.lock().unwrap().len(), 1);
    });
}

#[test]
fn what_is_not_a_request_is_refused_and_a_phone_that_hammers_waits() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        let app = app(&bench, &menu, DoorKey::Signed(secret()), &[]);
        let time = bench.acts.now().as_seconds();
        let proven = |body: &str| [(TIMESTAMP, time.to_string()), (SIGNATURE, sign(&secret(), time, body.as_bytes()))];
        for (body, status) in [
            (String::new(), 400),
            (form("", ""), 400),
            (form(&"x".repeat(101), ""), 400),
            (form("s1", "").replace("%2B266", ""), 400),
            (form("s1", "").replace("58001234", "drop+table"), 400),
            (format!("{}&phoneNumber={PHONE}", form("s1", "")), 400),
            (form("s1", &"1%2A".repeat(300)), 400),
            (form("s1", &"1".repeat(5_000)), 413),
            ("\u{0}\u{1}%ZZ=&&&".to_owned(), 400),
        ] {
            let (code, said) = send(&app, &body, &proven(&body)).await;
            assert_eq!(code, status, "{body}: {said}");
        }
        let body = form("s1", "");
        for _ in 0..40 {
            assert_eq!(send(&app, &body, &proven(&body)).await.0, 200);
        }
        assert_eq!(send(&app, &body, &proven(&body)).await.0, 429);
        assert_eq!(menu.0.lock().unwrap().len(), 1);
    });
}

#[test]
fn the_phone_in_the_browser_asks_the_same_door() {
    on_each(async |bench| {
        let menu = Arc::new(Echo::default());
        for key in [DoorKey::Signed(secret()), DoorKey::Password(secret())] {
            // Requests of these tests come from no address, which is written 0.0.0.0.
            let app = app(&bench, &menu, key, &["0.0.0.0/0"]);
            let page = |path: &str| Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
            let response = app.clone().oneshot(page("/ussd?phone=%2B26658001234")).await.unwrap();
            assert_eq!(response.status(), 200);
            let html = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
            assert!(html.contains("value=\"+26658001234\"") && html.contains("*123#"), "{html}");
        }
    });
}

#[test]
fn the_doors_own_words_fit() {
    let words = testkit::words(&["edge", "messages"]);
    for language in ["en-LS", "st-LS"].map(Language::new) {
        for key in ["messages.ussd.again", "messages.ussd.out_of_turn"] {
            assert!(fits(&words.say(&language, &Text::new(key))));
        }
    }
}
