//! `/sandbox`: whoever writes a program that sends bills gets a key at once, and sees how the rails can be made to misbehave.
//!
//! **Invariant:** mounted in a demonstration only, where nothing is real. The key is got in the way it is always got: one
//! officer asks, another opens; here both are played.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Table, Tone, banner, button, details};
use edge::{Answers, Bucket, Form, Markup, Page, Reply, Visit, correctable, html};
use journal::Key;
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, FieldFault, Text};

use super::{BillerId, BillerState, Keys, all, ask, close, make_key, open};
use crate::Gateway;

/// Each makes a key, and one a minute is enough for who tries something.
const KEYS: Bucket = Bucket { name: "payments.sandbox", burst: 20, seconds: 600 };
/// Letters of a name.
const NAME: u32 = 24;
/// The last two digits of a number, and the word that says what the wallet then does.
const MANNERS: [&str; 11] = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"];

/// What the page knows.
#[derive(Clone)]
struct Sandbox {
    gateway: Gateway,
    /// The simulated rails, each with the address of its page.
    rails: Vec<(String, String)>,
}

/// `/sandbox`. For demonstrations only: whoever opens it is let in. `rails` are the simulated ones, each with the address of its page.
pub fn sandbox_routes(gateway: Gateway, rails: Vec<(String, String)>) -> Router {
    Router::new().route("/sandbox", get(see).post(join)).with_state(Sandbox { gateway, rails })
}

async fn see(State(sandbox): State<Sandbox>, visit: Visit) -> Reply {
    Ok(page(&sandbox, &visit, Answers::default(), &[]).into_response())
}

async fn join(State(sandbox): State<Sandbox>, visit: Visit, sent: Form) -> Reply {
    visit.limit(&KEYS)?;
    let name = sent.answers.one("name").trim().to_lowercase().replace(' ', "-");
    let fine = (1..=NAME as usize).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fine {
        let wrong = FieldFault { field: "name".to_owned(), text: Text::new("payments.sandbox.name_wrong") };
        return Ok(page(&sandbox, &visit, sent.answers, &[wrong]).into_response());
    }
    let institution = format!("sandbox-{name}");
    match joined(&sandbox.gateway, &visit, &institution, sent.answers.one("hook").to_owned()).await {
        Ok(keys) => Ok(keys_page(&visit, &institution, &keys).into_response()),
        Err(fault) => {
            let hook = fault.code() == "payments.biller.hook";
            let text = fault.text().clone();
            let faults = if hook { vec![FieldFault { field: "hook".to_owned(), text }] } else { correctable(fault)? };
            Ok(page(&sandbox, &visit, sent.answers, &faults).into_response())
        }
    }
}

/// An officer of the institution asks, one of the treasury opens, the first makes the key. A new address for calls takes
/// asking anew.
async fn joined(gateway: &Gateway, visit: &Visit, institution: &str, hook: String) -> Result<Keys, Fault> {
    let (asks, opens) =
        (officer(visit, "billing-officer", institution), officer(visit, "payments-officer", "treasury"));
    let own = institution.to_owned();
    let known = gateway.acts().read(&opens, all).await?;
    let known = known.into_iter().find(|biller| biller.institution == own);
    let stays = known.as_ref().filter(|biller| biller.state == BillerState::Open);
    let same = |hooked: &Option<String>| hook.trim().is_empty() || hooked.as_deref() == Some(hook.trim());
    let id: BillerId = match stays {
        Some(biller) if same(&biller.hook) => biller.id,
        _ => {
            if let Some(id) = stays.map(|biller| biller.id) {
                gateway.acts().write(&opens, &Key::none(), move |cx: &mut Cx<'_>| close(cx, id)).await?;
            }
            let id = gateway.acts().write(&asks, &Key::none(), move |cx| ask(cx, &hook)).await?;
            gateway.acts().write(&opens, &Key::none(), move |cx| open(cx, id)).await?;
            id
        }
    };
    make_key(gateway, &asks, id).await
}

/// Somebody of the sandbox in a role.
fn officer(visit: &Visit, role: &str, institution: &str) -> Caller {
    let actor = Actor {
        roles: vec![role.to_owned()],
        institution: Some(institution.to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, format!("sandbox:{role}"))
    };
    Caller { actor, ..visit.caller().clone() }
}

fn page(sandbox: &Sandbox, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let name = sheet
        .text("name", visit.t("payments.sandbox.name"))
        .hint(visit.t("payments.sandbox.name_hint"))
        .max_length(NAME);
    let hook = sheet.text("hook", visit.t("payments.biller.hook")).optional().max_length(500);
    let fields =
        html! { (name) (hook.hint(visit.t("payments.sandbox.hook_hint"))) (button(&visit.t("payments.sandbox.join"))) };
    let mut manners = Table::new(visit.t("payments.sandbox.manners"))
        .column(visit.t("payments.sandbox.digits"))
        .column(visit.t("payments.sandbox.does"));
    for digits in MANNERS {
        manners = manners
            .row([html! { code { "…" (digits) } }, html! { (visit.t(&format!("payments.sandbox.manner.m{digits}"))) }]);
    }
    visit.page(visit.t("payments.sandbox.title")).sheet(&sheet).body(html! {
        p { (visit.t("payments.sandbox.about")) }
        (visit.form("/sandbox", fields))
        (details(&visit.t("payments.sandbox.manners"), html! { (manners) }))
        h2 { (visit.t("payments.sandbox.rails")) }
        p { (visit.t("payments.sandbox.rails_say")) }
        ul { @for (name, address) in &sandbox.rails { li { a href=(address) { (name) } } } }
        p { a href="/ussd" { (visit.t("messages.ussd.title")) } " · " a href="/inbox" { (visit.t("payments.sandbox.inbox")) } }
    })
}

/// What is shown once, and a first bill to send.
fn keys_page(visit: &Visit, institution: &str, keys: &Keys) -> Page {
    visit.page(visit.t("payments.biller.key_title")).back("/sandbox").body(html! {
        (banner(Tone::Waiting, &visit.t("payments.biller.key_once"), html! { p { (visit.t("payments.biller.key_say")) } }))
        (Summary::new(visit)
            .markup(visit.t("payments.biller.key"), html! { code { (keys.key.reveal()) } })
            .markup(visit.t("payments.biller.secret"), html! { code { (keys.hook_secret.reveal()) } }))
        (details(&visit.t("payments.sandbox.first"), first_bill(visit, institution, keys)))
    })
}

fn first_bill(visit: &Visit, institution: &str, keys: &Keys) -> Markup {
    let bill = format!(
        "{{\"bills\": [{{\"reference\": \"TRY-1\", \"description\": {{\"en\": \"A fee\", \"st\": \"Tefiso\"}}, \
         \"amount_minor\": 5000, \"currency\": \"LSL\", \"shares\": [{{\"account\": \"income:{institution}\", \
         \"amount_minor\": 5000}}], \"expires_at\": \"{}\"}}]}}",
        visit.now().plus_seconds(30 * 86_400)
    );
    html! {
        pre {
            "curl " (visit.site().base_url()) "/api/payments/bills \\\n"
            "  -H 'Authorization: Bearer " (keys.key.reveal()) "' \\\n"
            "  -H 'Idempotency-Key: try-1' -H 'Content-Type: application/json' \\\n"
            "  -d '" (bill) "'"
        }
    }
}
