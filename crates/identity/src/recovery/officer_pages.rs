//! Recovery at a service point, as officers meet it: what they have seen, and a second one's word.
//!
//! **Invariant:** a code stands on the second officer's page only for who has no phone, once; the PIN on none.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::show::{self, Choice, Table, Tone};
use edge::{Form, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault, Personal, Resource, Text};

use crate::letters;
use crate::pages::fault;
use crate::recovery::point::{self, Agreed, Seen};
use crate::rows::{accounts, recoveries};
use crate::settings::Identity;

const LIST: &str = "/recovery";
const NEW: &str = "/recovery/new";

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(LIST, get(list))
        .route(NEW, get(ask).post(take))
        .route("/recovery/agree", post(agree))
        .route("/recovery/refuse", post(refuse))
}

/// What a second officer sees of a proposal.
struct Proposal {
    id: String,
    name: String,
    evidence: Vec<String>,
    made_at: spine::Timestamp,
    own: bool,
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    let officer = visit.must_sign_in()?.id.clone();
    let look = move |cx: &mut Cx<'_>| {
        cx.may("identity.recovery.list", &Resource::new("Recovery", "proposed"))?;
        let now = cx.now();
        let mut all = Vec::new();
        for row in recoveries::proposed(cx.tx(), now)? {
            let shown = accounts::shown(cx.tx(), &row.account)?;
            let name = shown.map(|shown| shown.name.reveal().clone()).unwrap_or_default();
            let evidence = recoveries::evidence(cx.tx(), row.id)?;
            let own = row.opened_by == officer;
            all.push(Proposal { id: row.id.to_string(), name, evidence, made_at: row.made_at, own });
        }
        Ok(all)
    };
    let all = identity.inner.acts.read(visit.caller(), look).await?;
    let mut table = Table::new(visit.t("identity.point.caption"))
        .column(visit.t("identity.point.who"))
        .column(visit.t("identity.point.evidence"))
        .column(visit.t("identity.point.when"))
        .column(visit.t("identity.point.word"));
    for one in &all {
        let seen: Vec<String> = one.evidence.iter().map(|id| identity.evidence_name(&visit, id)).collect();
        let answer = html! {
            @if !one.own { (by_button(&visit, "/recovery/agree", &one.id, "identity.point.agree", false)) }
            (by_button(&visit, "/recovery/refuse", &one.id, "identity.point.refuse", true))
        };
        table = table.row([
            html! { (one.name) },
            html! { (seen.join("; ")) },
            html! { (visit.moment(one.made_at)) },
            answer,
        ]);
    }
    let page = visit.page(visit.t("identity.point.title")).body(html! {
        p { (visit.t("identity.point.about")) }
        p { a.b href=(NEW) { (visit.t("identity.point.new")) } }
        @if all.is_empty() { p { (visit.t("identity.point.none")) } } @else { (table) }
    });
    Ok(page.into_response())
}

fn by_button(visit: &Visit, action: &str, id: &str, key: &str, quiet: bool) -> edge::Markup {
    let form = html! {
        input type="hidden" name="recovery" value=(id);
        button.b.b2[quiet] { (visit.t(key)) }
    };
    visit.form(action, form)
}

impl Identity {
    fn evidence_name(&self, visit: &Visit, id: &str) -> String {
        let kind = self.inner.rules.recovery.evidence.iter().find(|kind| kind.id == id);
        kind.map_or_else(|| id.to_owned(), |kind| visit.local(&kind.name).to_owned())
    }

    fn point_page(&self, visit: &Visit, sheet: &Sheet) -> Response {
        let rules = &self.inner.rules.recovery;
        let kinds: Vec<Choice> =
            rules.evidence.iter().map(|kind| Choice::new(kind.id.as_str(), visit.local(&kind.name))).collect();
        let form = html! {
            (sheet.text("number", visit.t("identity.life.number")).inputmode("numeric").autocomplete("off").width(20))
            (sheet.checkboxes("evidence", visit.t1("identity.point.seen", "count", rules.needed), kinds))
            (sheet.phone("phone", visit.t("identity.point.phone")).hint(visit.t("identity.point.phone_hint")).optional().width(20))
            (show::button(&visit.t("identity.point.propose")))
        };
        let page = visit.page(visit.t("identity.point.new")).back(LIST).sheet(sheet);
        page.body(html! { p { (visit.t("identity.point.new_about")) } (visit.form(NEW, form)) }).into_response()
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    Ok(identity.point_page(&visit, &visit.sheet()))
}

/// A telephone in one form: `+` and digits; none if it cannot be one.
fn phone(written: &str) -> Option<String> {
    let number: String = written.chars().filter(|letter| !" -().".contains(*letter)).collect();
    let digits = number.strip_prefix('+')?;
    ((7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(number)
}

async fn take(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let officer = visit.must_sign_in()?.id.clone();
    let written = form.answers.one("phone").trim().to_owned();
    let number = phone(&written);
    if !written.is_empty() && number.is_none() {
        let faults = [fault("phone", Text::new("identity.point.phone_wrong"))];
        return Ok(identity.point_page(&visit, &visit.sheet_with(form.answers, &faults)));
    }
    let seen = Seen {
        number: Personal::new(form.answers.one("number").to_owned()),
        evidence: form.answers.all("evidence").to_vec(),
        phone: number.map(Personal::new),
    };
    let engine = identity.clone();
    let key = Key::new(&format!("identity.recovery.propose:{officer}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| point::propose(cx, &engine, &seen).map(drop);
    match identity.inner.acts.write(visit.caller(), &key, work).await {
        Ok(()) => {
            let body = html! {
                (show::panel(&visit.t("identity.point.proposed"), None))
                p { (visit.t("identity.point.proposed_about")) }
                p { a href=(LIST) { (visit.t("identity.point.title")) } }
            };
            Ok(visit.page(visit.t("identity.point.proposed")).own_heading().body(body).into_response())
        }
        Err(fault) => {
            let faults: Vec<FieldFault> = correctable(fault)?;
            Ok(identity.point_page(&visit, &visit.sheet_with(form.answers, &faults)))
        }
    }
}

async fn agree(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let officer = visit.must_sign_in()?.id.clone();
    let missing = || Fault::not_found("identity.recovery.over");
    let id = form.answers.one("recovery").parse().map_err(|_| missing())?;
    let code = letters::draw(&visit).reveal().clone();
    let (engine, drawn) = (identity.clone(), code.clone());
    let key = Key::new(&format!("identity.recovery.agree:{officer}"), form.key.text(), form.key.request());
    // What is remembered under the key names the code and does not hold it: sent twice, the first one counts.
    let work = move |cx: &mut Cx<'_>| {
        let agreed = point::agree(cx, &engine.inner.keys, &engine.inner.rules.recovery, id, &drawn)?;
        Ok((agreed, engine.inner.keys.code_hash("recovery shown", &drawn)))
    };
    let (agreed, counts) = identity.inner.acts.write(visit.caller(), &key, work).await?;
    let first = counts == identity.inner.keys.code_hash("recovery shown", &code);
    let body = match agreed {
        Agreed::ByPhone(at) => html! { p { (visit.t1("identity.point.by_phone", "at", visit.moment(at))) } },
        Agreed::OnPaper(at) => html! {
            @if first {
                (show::banner(Tone::Waiting, &visit.t("identity.point.paper"), html! { p { code { (letters::shown(&code)) } } }))
            }
            p { (visit.t1("identity.point.on_paper", "at", visit.moment(at))) }
        },
    };
    let page = visit
        .page(visit.t("identity.point.agreed"))
        .body(html! { (body) p { a href=(LIST) { (visit.t("identity.point.title")) } } });
    Ok(page.into_response())
}

async fn refuse(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let officer = visit.must_sign_in()?.id.clone();
    let id = form.answers.one("recovery").parse().map_err(|_| Fault::not_found("identity.recovery.over"))?;
    let key = Key::new(&format!("identity.recovery.refuse:{officer}"), form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| point::refuse(cx, id)).await?;
    Ok(see_other(LIST))
}
