//! Sign-in for a device without a keyboard (RFC 8628): the device shows a code, the person types it here.
//!
//! **Invariant:** codes are eight letters without vowels, stored under a keyed hash, tried a few times only; the page shows
//! the code again and asks whether the person holds the device. Where next: `approval.rs`.

use axum::Extension;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::{Answers, Bucket, Form, Page, Refusal, Reply, Sheet, Visit, html};
use journal::Key;
use serde_json::json;
use spine::{Cx, Fault, FieldFault, Text};

use crate::keys::Token;
use crate::provider::answer::{Refused, form, private, refused};
use crate::provider::approval::{self, Decided, Sureness};
use crate::provider::asked::Asked;
use crate::provider::consent_pages::{agreed, items, questions};
use crate::provider::metadata::GrantType;
use crate::provider::request;
use crate::recognise::Current;
use crate::rows::approvals::{self, Approval};
use crate::session;
use crate::settings::Identity;

/// Where people type the code.
const PAGE: &str = "/device";
const ANSWER: &str = "/device/answer";
/// How long a code is good.
const DEVICE_SECONDS: i64 = 600;
/// How often the device may ask.
const EVERY_SECONDS: i64 = 5;
/// Letters that no two people read differently, and that spell nothing.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Tries of one person with codes.
const TRIES: Bucket = Bucket { name: "identity.device.try", burst: 10, seconds: 600 };

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/oauth2/device_authorization", post(begin))
        .route(PAGE, get(ask).post(take))
        .route(ANSWER, post(answer))
}

/// Eight letters from random bytes, without bias.
fn user_code(visit: &Visit) -> String {
    let mut letters = Vec::new();
    while letters.len() < 8 {
        let seed = visit.site().settings().entropy.seed();
        let drawn = seed.iter().filter(|byte| **byte < 240).filter_map(|byte| LETTERS.get(usize::from(byte % 20)));
        letters.extend(drawn.take(8 - letters.len()).copied().map(char::from));
    }
    letters.into_iter().collect()
}

/// A code as it is compared; none if it is not one.
fn normal(typed: &str) -> Option<String> {
    let code: String =
        typed.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase()).collect();
    (code.len() == 8 && code.bytes().all(|letter| LETTERS.contains(&letter))).then_some(code)
}

/// A code as it is shown: `BCDF-GHJK`.
fn shown(code: &str) -> String {
    let (first, second) = code.split_at_checked(4).unwrap_or((code, ""));
    format!("{first}-{second}")
}

async fn begin(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let form = form(&headers, &body)?;
    let proven = identity.proven(&visit, &headers, &form)?;
    let client = &proven.client;
    if !client.may(GrantType::DeviceCode) {
        return Err(refused("unauthorized_client", "the client was not declared for this grant"));
    }
    let scope = request::scope(form.get("scope").unwrap_or_default(), client)?;
    let asked = Asked::read(client, &scope, form.get("claims"));
    let asked = asked.ok_or(refused("invalid_request", "claims cannot be read (OpenID Connect Core §5.5)"))?;
    let (device, code) = (Token::fresh(&visit), user_code(&visit));
    let now = identity.inner.acts.now();
    let row = Approval {
        hash: device.hash.clone(),
        kind: "device".to_owned(),
        client: client.id.clone(),
        user_code: Some(identity.inner.keys.user_code_hash(&code)),
        account: None,
        scope,
        asked,
        acr: String::new(),
        message: None,
        notify: None,
        state: "pending".to_owned(),
        basis: None,
        every_seconds: EVERY_SECONDS,
        asked_at: None,
        made_at: now,
        expires_at: now.plus_seconds(DEVICE_SECONDS),
    };
    let (spent, caller) = (proven.once, identity.client_caller(client, &visit));
    let work = move |cx: &mut Cx<'_>| approval::begin(cx, &row, None, &spent);
    identity.inner.acts.write(&caller, &Key::none(), work).await?;
    let page = format!("{}{PAGE}", identity.inner.issuer);
    Ok(private(
        StatusCode::OK,
        &json!({
            "device_code": device.value.reveal(),
            "user_code": shown(&code),
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={code}"),
            "expires_in": DEVICE_SECONDS,
            "interval": EVERY_SECONDS,
        }),
    ))
}

async fn ask(visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let query = Answers::parse(visit.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let sheet = match normal(query.one("user_code")) {
        Some(code) => visit.sheet_with(Answers::default().with("user_code", shown(&code)), &[]),
        None => visit.sheet(),
    };
    Ok(code_page(&visit, &sheet).into_response())
}

fn code_page(visit: &Visit, sheet: &Sheet) -> Page {
    let field = sheet.text("user_code", visit.t("identity.device.question")).hint(visit.t("identity.device.hint"));
    sheet.ask(PAGE, field.width(10).max_length(20)).caption(visit.t("identity.device.title"))
}

fn wrong(visit: &Visit, form: Form, key: &'static str) -> Page {
    let fault = FieldFault { field: "user_code".to_owned(), text: Text::new(key) };
    code_page(visit, &visit.sheet_with(form.answers, &[fault]))
}

impl Identity {
    /// What waits under a code.
    async fn under_code(&self, visit: &Visit, code: &str) -> Result<Option<Approval>, Refusal> {
        visit.limit(&TRIES)?;
        let hash = self.inner.keys.user_code_hash(code);
        let look = move |cx: &mut Cx<'_>| Ok(approvals::by_user_code(cx.tx(), &hash)?);
        let now = self.inner.acts.now();
        let row = self.inner.acts.read(visit.caller(), look).await?;
        Ok(row.filter(|row| row.state == "pending" && now < row.expires_at))
    }
}

async fn take(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let Some(code) = normal(form.answers.one("user_code")) else {
        return Ok(wrong(&visit, form, "identity.device.missing").into_response());
    };
    let waiting = identity.under_code(&visit, &code).await?;
    let known = waiting.and_then(|row| identity.client(&row.client).map(|client| (row, client)));
    let Some((row, client)) = known else {
        return Ok(wrong(&visit, form, "identity.device.unknown").into_response());
    };
    let facts = identity.facts(&visit, &account).await?;
    let items = items(&row.asked, &facts);
    let name = visit.local(&client.name).to_owned();
    let hidden = html! { input type="hidden" name="user_code" value=(code); };
    let page = visit.page(visit.t1("identity.consent.title", "client", name)).body(html! {
        p { (visit.t1("identity.device.check", "code", shown(&code))) }
        (visit.form(ANSWER, html! {
            (hidden)
            (questions(&visit, &client, &row.scope, &items))
            button.b name="answer" value="yes" { (visit.t("identity.device.allow")) }
        }))
        (visit.form(ANSWER, html! { (hidden) button.b.b2 name="answer" value="no" { (visit.t("identity.device.deny")) } }))
    });
    Ok(page.into_response())
}

async fn answer(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let Some(code) = normal(form.answers.one("user_code")) else {
        return Ok(wrong(&visit, form, "identity.device.missing").into_response());
    };
    let Some(row) = identity.under_code(&visit, &code).await? else {
        return Ok(wrong(&visit, form, "identity.device.unknown").into_response());
    };
    let yes = form.answers.one("answer") == "yes";
    let facts = identity.facts(&visit, &account).await?;
    let agreed = yes.then(|| agreed(&row.asked, &facts, form.answers.all("claim")));
    let kept = identity.decide_here(&visit, current, row, agreed).await?;
    let (title, about) = match (kept, yes) {
        (Decided::Kept, true) => ("identity.device.done", "identity.device.done_about"),
        (Decided::Kept, false) => ("identity.device.denied", "identity.device.denied_about"),
        _ => return Ok(wrong(&visit, form, "identity.device.unknown").into_response()),
    };
    Ok(visit.page(visit.t(title)).body(html! { p { (visit.t(about)) } }).into_response())
}

impl Identity {
    /// Keeps a decision made in the session of this visit.
    pub(crate) async fn decide_here(
        &self,
        visit: &Visit,
        current: Option<Extension<Current>>,
        row: Approval,
        agreed: Option<Vec<String>>,
    ) -> Result<Decided, Refusal> {
        let Some(Extension(current)) = current else { return Err(Fault::unauthenticated("edge.signin.needed").into()) };
        let account = visit.actor().id.clone();
        let Some(client) = self.client(&row.client) else { return Ok(Decided::Gone) };
        let subject = self.subject(&client, &account);
        let work = move |cx: &mut Cx<'_>| {
            let now = cx.now();
            let found = session::by_id(cx.tx(), current.provider, now)?.filter(|found| found.account == account);
            let found = found.ok_or_else(|| Fault::expired("identity.session.over"))?;
            approval::decide(cx, &row.hash, &Sureness::of(&found, subject.clone()), agreed.as_deref())
        };
        Ok(self.inner.acts.write(visit.caller(), &Key::none(), work).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(normal(" bcdf-ghjk ").as_deref(), Some("BCDFGHJK"));
        assert_eq!(shown("BCDFGHJK"), "BCDF-GHJK");
        for bad in ["", "BCDF", "ABCDEFGH", "BCDFGHJKL", "ÄCDFGHJK"] {
            assert_eq!(normal(bad), None, "{bad}");
        }
    }
}
