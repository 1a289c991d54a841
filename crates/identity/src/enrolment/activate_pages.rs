//! A person opens her account with the code she was sent, and chooses her PIN: `/activate`.
//!
//! **Invariant:** the PIN is hashed before the code is weighed, so that a right code and a wrong one take the same time;
//! number, code and PIN are never written back into the page.

use axum::Router;
use axum::extract::State as Of;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show;
use edge::{Bucket, Form, Page, Reply, Sheet, Visit, html};
use journal::Key;
use spine::{Cx, FieldFault, Secret, Text};

use crate::enrolment::Enrolment;
use crate::enrolment::activate::{Activated, activate};

const PATH: &str = "/activate";
/// Tries from one address: a whole village may share one.
const TRIES: Bucket = Bucket { name: "identity.activate", burst: 60, seconds: 600 };
/// The longest number and code read, in bytes.
const LONGEST: usize = 64;

pub(super) fn routes() -> Router<Enrolment> {
    Router::new().route(PATH, get(ask).post(take))
}

async fn ask(visit: Visit) -> Page {
    page(&visit, &visit.sheet())
}

fn page(visit: &Visit, sheet: &Sheet) -> Page {
    let form = html! {
        (sheet.text("number", visit.t("identity.activate.number")).hint(visit.t("identity.activate.number_hint")).inputmode("numeric").width(20).value("").autocomplete("off"))
        (sheet.text("code", visit.t("identity.activate.code")).hint(visit.t("identity.activate.code_hint")).inputmode("numeric").width(20).value("").autocomplete("off"))
        (sheet.secret("pin", visit.t("identity.activate.pin")).hint(visit.t("identity.activate.pin_hint")).inputmode("numeric").width(6).autocomplete("new-password"))
        (sheet.secret("again", visit.t("identity.activate.again")).inputmode("numeric").width(6).autocomplete("new-password"))
        (show::button(&visit.t("identity.activate.open")))
    };
    visit.page(visit.t("identity.activate.title")).sheet(sheet).body(html! {
        p { (visit.t("identity.activate.about")) }
        (visit.form(PATH, form))
    })
}

fn fault(field: &str, key: &'static str) -> FieldFault {
    FieldFault { field: field.to_owned(), text: Text::new(key) }
}

async fn take(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.limit(&TRIES)?;
    let plain = |name: &str| -> String {
        let typed = form.answers.all(name).first().cloned().unwrap_or_default();
        typed.chars().filter(|letter| !letter.is_whitespace()).take(LONGEST).collect()
    };
    let (number, code, pin, again) = (plain("number"), plain("code"), plain("pin"), plain("again"));
    let mut faults = Vec::new();
    for (name, typed, key) in
        [("number", &number, "identity.activate.number_missing"), ("code", &code, "identity.activate.code_missing")]
    {
        if typed.is_empty() {
            faults.push(fault(name, key));
        }
    }
    // Her day of birth is not asked after: who does not hold the code would learn it.
    let rules = &enrolment.inner.identity.inner.rules.pin;
    if let Some(text) = rules.wrong(&pin, None, &number) {
        faults.push(FieldFault { field: "pin".to_owned(), text });
    } else if pin != again {
        faults.push(fault("again", "identity.activate.again_wrong"));
    }
    let wrong = |faults: &[FieldFault]| Ok(page(&visit, &visit.sheet().faults(faults)).into_response());
    if !faults.is_empty() {
        return wrong(&faults);
    }
    let hash = enrolment.inner.identity.hash_secret(&Secret::new(pin)).await?;
    let (engine, language) = (enrolment.clone(), visit.language().clone());
    let work = move |cx: &mut Cx<'_>| activate(cx, &engine, (&number, &code), &hash, &language);
    match enrolment.acts().write(visit.caller(), &Key::none(), work).await? {
        Activated::Done => {
            let body = html! {
                (show::panel(&visit.t("identity.activate.done"), None))
                p { (visit.t("identity.activate.next")) }
                p { (show::button_link("/sign-in", &visit.t("edge.sign_in"))) }
            };
            Ok(visit.page(visit.t("identity.activate.done")).own_heading().body(body).into_response())
        }
        Activated::Wrong => wrong(&[fault("code", "identity.activate.wrong")]),
        Activated::Wait(seconds) => {
            let text = Text::new("identity.wait").with("count", (seconds + 59) / 60);
            wrong(&[FieldFault { field: "code".to_owned(), text }])
        }
    }
}
