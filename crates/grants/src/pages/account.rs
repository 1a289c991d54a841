//! Choosing where one is paid: the same questions for a person and for the officer who helps her.
//!
//! **Invariant:** an officer sees where somebody is paid only after asking by number, which the person sees; what she helps to
//! choose waits through the cooling-off.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, Choice, Summary, inset};
use edge::{Answers, Form, Markup, Page, Query, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use payments::ByPhone;
use serde::Deserialize;
use spine::{Cx, Fault, FieldFault, Text};

use super::{account, key};
use crate::engine::Grants;
use crate::mapper::{Chosen, Resolved, choose, payee_of, resolve};
use crate::model::Account;
use crate::programme::Way;

pub(super) fn routes() -> Router<Grants> {
    Router::new().route("/grants/accounts", get(ask).post(sent))
}

/// The questions of a form: how, where, which number.
pub(super) fn questions(visit: &Visit, grants: &Grants, sheet: &Sheet) -> Markup {
    let mut ways = Vec::new();
    for one in grants.inner.rails.phones() {
        let choice = Choice::new(format!("wallet:{}", one.id()), visit.local(one.name()));
        ways.push(match one {
            ByPhone::Wallet(_) => choice,
            ByPhone::Hub(_) => choice.hint(visit.t("grants.account.hub_hint")),
        });
    }
    // The government's own bank keeps no people's accounts.
    let own = grants.inner.rails.banks.own().map(|own| own.bank.id.clone());
    for bank in grants.inner.rails.banks.iter().filter(|bank| own.as_ref() != Some(&bank.id)) {
        ways.push(Choice::new(format!("bank:{}", bank.id), visit.local(&bank.name)));
    }
    for way in [Way::PostOffice, Way::Voucher] {
        let name = visit.t(&format!("grants.way.{}", way.code()));
        ways.push(Choice::new(way.code(), name).hint(visit.t(&format!("grants.way_hint.{}", way.code()))));
    }
    html! {
        (sheet.radios("way", visit.t("grants.account.way"), ways))
        (sheet.text("address", visit.t("grants.account.address")).hint(visit.t("grants.account.address_hint")).optional().max_length(40).inputmode("numeric").autocomplete("off"))
    }
}

/// The account that answers ask for.
pub(super) fn wish(answers: &Answers) -> Result<Account, FieldFault> {
    let (way, institution) = answers.one("way").split_once(':').unwrap_or((answers.one("way"), ""));
    let missing = || FieldFault { field: "way".to_owned(), text: Text::new("grants.account.way_missing") };
    let way = Way::of(way).ok_or_else(missing)?;
    Ok(Account { way, institution: institution.to_owned(), address: answers.one("address").to_owned() })
}

/// A fault of an account as faults of the form's fields.
pub(super) fn at_fields(fault: Fault) -> Result<Vec<FieldFault>, edge::Refusal> {
    let faults = correctable(fault)?;
    let at = |mut fault: FieldFault| {
        if fault.field == "institution" {
            "way".clone_into(&mut fault.field);
        }
        fault
    };
    Ok(faults.into_iter().map(at).collect())
}

#[derive(Deserialize)]
struct Asked {
    number: Option<String>,
    done: Option<String>,
}

async fn ask(State(grants): State<Grants>, visit: Visit, Query(asked): Query<Asked>) -> Reply {
    visit.must_sign_in()?;
    let Some(number) = asked.number.filter(|number| !number.trim().is_empty()) else {
        return Ok(number_page(&visit, &visit.sheet()).into_response());
    };
    let Some(payee) = payee_of(number.trim()).filter(|payee| !payee.starts_with("fid:")) else {
        let sheet = visit.sheet().fault("number", visit.t("grants.line.number"));
        return Ok(number_page(&visit, &sheet).into_response());
    };
    let engine = grants.clone();
    let look = move |cx: &mut Cx<'_>| resolve(cx, &engine, &payee);
    let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
    Ok(help_page(&visit, &grants, &seen, &visit.sheet(), asked.done.is_some()).into_response())
}

fn number_page(visit: &Visit, sheet: &Sheet) -> Page {
    let number = sheet.text("number", visit.t("grants.fact.number")).inputmode("numeric").width(20).autocomplete("off");
    visit.page(visit.t("grants.account.help")).back("/grants").sheet(sheet).body(html! {
        p { (visit.t("grants.account.help_lead")) }
        form method="get" action="/grants/accounts" { (number) (show::button(&visit.t("edge.search"))) }
    })
}

/// Where somebody is paid, and will be.
pub(super) fn stands(visit: &Visit, grants: &Grants, seen: &Resolved) -> Markup {
    let now = seen.account.as_ref().map(|it| account(visit, grants, it));
    let mut facts =
        Summary::new(visit).row(visit.t("grants.account.now"), now.unwrap_or_else(|| visit.t("grants.account.none")));
    if let Some(change) = &seen.waiting {
        let place = account(visit, grants, &change.account);
        facts = facts.row(visit.t("grants.account.from"), format!("{place}, {}", visit.moment(change.effective_at)));
    }
    html! { (facts) }
}

fn help_page(visit: &Visit, grants: &Grants, seen: &Resolved, sheet: &Sheet, done: bool) -> Page {
    visit
        .page(visit.t("grants.account.help"))
        .caption(civil::national_id::shown(&seen.payee))
        .back("/grants/accounts")
        .sheet(sheet)
        .body(html! {
            @if done { (show::banner(show::Tone::Good, &visit.t("grants.account.kept"), html! {})) }
            (stands(visit, grants, seen))
            (inset(html! { p { (visit.t("grants.account.help_waits")) } }))
            (visit.form("/grants/accounts", html! {
                input type="hidden" name="number" value=(seen.payee);
                (questions(visit, grants, sheet))
                (show::button(&visit.t("grants.account.choose")))
            }))
        })
}

async fn sent(State(grants): State<Grants>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let payee = payee_of(form.answers.one("number")).ok_or_else(|| Fault::not_found("grants.payee.unknown"))?;
    let chosen = match wish(&form.answers) {
        Err(fault) => Err(vec![fault]),
        Ok(wish) => {
            let (engine, payee) = (grants.clone(), payee.clone());
            let key = key(&visit, "grants.choose", &form.key);
            let work = move |cx: &mut Cx<'_>| choose(cx, &engine, &payee, &wish);
            match grants.acts().write::<Chosen, _>(visit.caller(), &key, work).await {
                Ok(_) => Ok(()),
                Err(fault) => Err(at_fields(fault)?),
            }
        }
    };
    match chosen {
        Ok(()) => Ok(see_other(&format!("/grants/accounts?number={payee}&done=1"))),
        Err(faults) => {
            let engine = grants.clone();
            let look = move |cx: &mut Cx<'_>| resolve(cx, &engine, &payee);
            let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
            let sheet = visit.sheet_with(form.answers, &faults);
            Ok(help_page(&visit, &grants, &seen, &sheet, false).into_response())
        }
    }
}
