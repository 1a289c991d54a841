//! A feature phone in the browser, for who tries the program and for tests: it dials, and asks the same door in the
//! same way as an aggregator does. Mounted in a demonstration only.
//!
//! **Invariant:** it knows the door's secret, so it is never mounted where numbers are real: whoever opens it dials from
//! any number.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use crypto::{base64, base64url};
use edge::origin::encode_query;
use edge::{Form, Markup, OwnStyle, Query, Reply, Visit, html};
use serde::Deserialize;
use spine::Fault;
use tower::ServiceExt;

use super::door::{Door, DoorKey, PATH};

const STYLE: OwnStyle = OwnStyle::new(include_str!("phone.css"));
/// The largest answer that is read.
const LARGEST: usize = 4 * 1024;

impl Door {
    /// `/ussd`, the phone. For demonstrations only: whoever opens it dials from any number.
    pub fn phone_routes(&self) -> Router {
        Router::new().route("/ussd", get(idle)).route("/ussd/call", post(pressed)).with_state(self.clone())
    }

    /// What was dialled as a network takes it apart: the code that is known, and what came behind it.
    fn taken_apart(&self, dialled: &str) -> (String, String) {
        let behind = |code: &str| {
            let rest = dialled.strip_prefix(code.strip_suffix('#')?)?.strip_suffix('#')?;
            if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('*').map(ToOwned::to_owned) }
        };
        let known = self.menus().iter().find_map(|one| Some((one.code.clone(), behind(&one.code)?)));
        known.unwrap_or_else(|| (dialled.to_owned(), String::new()))
    }

    /// Asks the door as an aggregator does, without a socket.
    async fn ask(
        &self,
        visit: &Visit,
        session: &str,
        phone: &str,
        (code, text): (&str, &str),
    ) -> Result<String, Fault> {
        let body = format!(
            "sessionId={}&serviceCode={}&phoneNumber={}&networkCode=99999&text={}",
            encode_query(session),
            encode_query(code),
            encode_query(phone),
            encode_query(text),
        );
        let time = visit.now().as_seconds();
        let request = Request::post(PATH).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = match &self.settings().key {
            DoorKey::Signed(secret) => {
                request.header(TIMESTAMP, time).header(SIGNATURE, sign(secret, time, body.as_bytes()))
            }
            DoorKey::Password(secret) => {
                let both = base64(&[b"ussd:", secret.reveal().as_slice()].concat());
                request.header(header::AUTHORIZATION, format!("Basic {both}"))
            }
        };
        let broken = |error: String| Fault::internal("messages.ussd.phone", error);
        let mut request = request.body(Body::from(body)).map_err(|error| broken(error.to_string()))?;
        request.extensions_mut().insert(visit.clone());
        let Ok(response) = self.routes().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), LARGEST).await.map_err(|error| broken(error.to_string()))?;
        let said = String::from_utf8_lossy(&bytes).into_owned();
        Ok(if status.is_success() { said } else { format!("END {status}") })
    }
}

#[derive(Deserialize)]
struct Idle {
    phone: Option<String>,
}

async fn idle(State(door): State<Door>, visit: Visit, Query(idle): Query<Idle>) -> Reply {
    let sheet = visit.sheet();
    // In a query, a plus arrives as a space.
    let phone = idle.phone.unwrap_or_default().replace(' ', "+");
    let codes: Vec<&str> = door.menus().iter().map(|one| one.code.as_str()).collect();
    let (first, codes) = (codes.first().copied().unwrap_or_default(), codes.join(", "));
    let form = html! {
        (sheet.phone("phone", visit.t("messages.ussd.number")).hint(visit.t("messages.ussd.number_hint")).value(phone).width(20))
        (sheet.text("dialled", visit.t("messages.ussd.code")).hint(codes).value(first).width(20).max_length(40))
        button.b { (visit.t("messages.ussd.dial")) }
    };
    let page = visit.page(visit.t("messages.ussd.title")).body(html! {
        p { (visit.t("messages.ussd.about")) }
        (visit.form("/ussd/call", form))
    });
    Ok(page.into_response())
}

async fn pressed(State(door): State<Door>, visit: Visit, form: Form) -> Reply {
    let one = |name: &str| form.answers.one(name).to_owned();
    let phone: String =
        one("phone").chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').take(16).collect();
    let (session, before) = (one("session"), one("text"));
    let fresh = session.is_empty();
    let session = if fresh { base64url(&visit.site().settings().entropy.seed()) } else { session };
    let (typed, dialled) = (form.answers.one("typed").to_owned(), form.answers.one("dialled").trim());
    let (code, text) = match (fresh, before.is_empty()) {
        (true, _) => door.taken_apart(dialled),
        (false, true) => (dialled.to_owned(), typed),
        (false, false) => (dialled.to_owned(), format!("{before}*{typed}")),
    };
    let said = door.ask(&visit, &session, &phone, (&code, &text)).await?;
    let (goes_on, screen) = match said.split_once(' ') {
        Some(("CON", screen)) => (true, screen.to_owned()),
        Some((_, screen)) => (false, screen.to_owned()),
        None => (false, said.clone()),
    };
    let again = format!("/ussd?phone={}", encode_query(&phone));
    let keys = html! {
        input type="hidden" name="phone" value=(phone);
        input type="hidden" name="session" value=(session);
        input type="hidden" name="dialled" value=(code);
        input type="hidden" name="text" value=(text);
        label.vh for="typed" { (visit.t("messages.ussd.typed")) }
        input #typed name="typed" inputmode="numeric" autocomplete="off" maxlength="30" autofocus;
        button.b { (visit.t("messages.ussd.send")) }
    };
    let page = visit.page(visit.t("messages.ussd.title")).style(STYLE).body(html! {
        (handset(&visit, &phone, &screen, goes_on.then(|| visit.form("/ussd/call", keys))))
        p { a href=(again) { (visit.t(if goes_on { "messages.ussd.hang_up" } else { "messages.ussd.dial_again" })) } }
    });
    Ok(page.into_response())
}

fn handset(visit: &Visit, phone: &str, screen: &str, keys: Option<Markup>) -> Markup {
    html! {
        section.ph aria-label=(visit.t("messages.ussd.title")) {
            p.hint { (phone) }
            pre role="status" { (screen) }
            @if let Some(keys) = keys { (keys) }
        }
    }
}
