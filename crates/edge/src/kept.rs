//! Answers that came back after their session had ended: kept until their owner has signed in again.
//!
//! **Invariant:** only a form that was ours and hers is kept, sealed for her alone in a cookie of the same browser, for an
//! hour; never a secret, never a file. They are shown once, to nobody but her, and nothing is sent without a press.

use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use crypto::SealKey;
use maud::html;
use serde::{Deserialize, Serialize};
use spine::Secret;

use crate::answers::Answers;
use crate::cookie::{self, SetCookie};
use crate::refusal::sign_in_link;
use crate::visit::Visit;

/// The cookie that holds them.
const COOKIE: &str = "kept";
/// For how long.
const SECONDS: u32 = 3_600;
/// The longest cookie that browsers keep (RFC 6265bis §5.6), less its name and attributes.
const MOST: usize = 3_900;

/// A session that was this browser's and is over.
#[derive(Clone, Debug)]
pub struct Lapsed {
    /// Whose it was.
    pub who: String,
    /// What its forms were bound to.
    pub binding: Secret<Vec<u8>>,
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    path: String,
    until: i64,
    answers: Vec<(String, Vec<String>)>,
}

/// Whether a field's answer must not stand in a page or cookie.
pub(crate) fn is_secret(name: &str) -> bool {
    ["pin", "password", "code", "secret"].iter().any(|word| name.contains(word))
}

fn key(visit: &Visit) -> Option<SealKey> {
    let own = crypto::hmac_sha256(visit.site().settings().form_key.reveal(), &[b"edge kept 1"]);
    SealKey::new(&Secret::new(own)).ok()
}

/// Keeps the answers for whoever had signed in, and says so; none if they are not to be kept.
pub(crate) fn keep(visit: &Visit, lapsed: &Lapsed, answers: &Answers) -> Option<Response> {
    if !visit.wants_page() || answers.iter().any(|(name, _)| is_secret(name)) {
        return None;
    }
    let kept = Kept {
        path: visit.path().to_owned(),
        until: visit.now().plus_seconds(SECONDS.into()).as_seconds(),
        answers: answers.iter().map(|(name, values)| (name.to_owned(), values.to_vec())).collect(),
    };
    let sealed = key(visit)?.seal(&lapsed.who, &serde_json::to_vec(&kept).ok()?).ok()?;
    let value = crypto::base64url(&sealed);
    let fits = value.len() <= MOST;
    let body = html! {
        p { (visit.t(if fits { "edge.kept.lead" } else { "edge.kept.copy" })) }
        @if !fits {
            @for (_, values) in answers.iter() { @for value in values.iter().filter(|value| value.len() > 3) { p.inset { (value) } } }
        }
        p { a.b href=(sign_in_link(visit, &Method::POST)) { (visit.t("edge.kept.sign_in")) } }
    };
    let mut response =
        visit.page(visit.t("edge.kept.title")).status(StatusCode::UNAUTHORIZED).body(body).into_response();
    if fits {
        let name = cookie::guarded_name(visit.site(), COOKIE);
        SetCookie::new(name, value).max_age(SECONDS).set(response.headers_mut(), visit.site());
    }
    Some(response)
}

/// The answers that were kept for whoever has signed in now, when she comes to the page they belong to: with one press
/// they are sent. None for anybody else and for any other page.
pub fn resume(visit: &Visit, method: &Method, headers: &HeaderMap) -> Option<Response> {
    let name = cookie::guarded_name(visit.site(), COOKIE);
    let value = cookie::read(headers, &name).filter(|_| method == Method::GET && visit.signed_in())?;
    let opened = crypto::from_base64url(value).and_then(|sealed| key(visit)?.open(&visit.actor().id, &sealed).ok())?;
    let kept: Kept = serde_json::from_slice(opened.reveal()).ok()?;
    if kept.path != visit.path() || kept.until < visit.now().as_seconds() {
        return None;
    }
    let again = html! {
        @for (name, values) in &kept.answers { @for value in values { input type="hidden" name=(name) value=(value); } }
        button.b { (visit.t("edge.form.again")) }
    };
    let page = visit.page(visit.t("edge.kept.back_title")).body(html! {
        p { (visit.t("edge.kept.back")) }
        (visit.form(visit.path(), again))
        p { a href=(visit.path()) { (visit.t("edge.kept.anew")) } }
    });
    let mut response = page.into_response();
    SetCookie::forget(name).set(response.headers_mut(), visit.site());
    Some(response)
}
