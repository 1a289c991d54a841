//! `/screening`: what a rule has stopped, and one case with what an officer needs to decide.
//!
//! **Invariant:** opening a case is an act; the name, the number and the list's names are on this page alone.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Choice, Summary, Table, Tone, button, inset, tag};
use edge::{Answers, Form, Markup, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault, Personal};

use super::decide::{case, looked};
use super::{Case, CaseId, CaseState, Decision, Place, RuleKind, cases, decide};
use crate::Gateway;
use crate::rails::payout::Destination;
use crate::remittance::RemittanceState;
use crate::rows::{disbursements, merchants, remittances};
use crate::sanctions::{self, Entry, alike};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/screening", get(desk)).route("/screening/{id}", get(page).post(decided))
}

/// Who was to pay or be paid, by which number, for what.
struct Whom {
    name: Personal<String>,
    number: Personal<String>,
    reference: String,
    /// It had left us when a list changed.
    is_gone: bool,
}

fn whom(cx: &mut Cx<'_>, of: &Case) -> Result<Whom, Fault> {
    let unknown = || Fault::not_found("payments.screening.unknown");
    match of.place {
        Place::Remittance => {
            let id = of.subject.parse().map_err(|_| unknown())?;
            let known = remittances::find(cx.tx(), id)?.ok_or_else(unknown)?;
            let is_gone =
                matches!(known.state, RemittanceState::Told | RemittanceState::Paid | RemittanceState::Review);
            Ok(Whom { name: known.sender, number: known.msisdn, reference: known.bill, is_gone })
        }
        Place::Disbursement => {
            let id = of.subject.parse().map_err(|_| unknown())?;
            let known = disbursements::find(cx.tx(), id)?.ok_or_else(unknown)?;
            let is_gone = !known.is_held();
            let (name, number) = match known.to {
                Destination::Bank { account, holder, .. } => (holder, account),
                Destination::Wallet { number, .. } | Destination::Hub { number, .. } => {
                    (Personal::new(String::new()), number)
                }
            };
            Ok(Whom { name, number, reference: known.reference, is_gone })
        }
        Place::Settlement => {
            let id = of.subject.parse().map_err(|_| unknown())?;
            let shop = merchants::find(cx.tx(), id)?.ok_or_else(unknown)?;
            Ok(Whom {
                name: Personal::new(shop.name),
                number: shop.msisdn,
                reference: of.subject.clone(),
                is_gone: false,
            })
        }
    }
}

fn state_tag(visit: &Visit, of: &Case) -> Markup {
    let (tone, key) = match of.state {
        CaseState::Open => (Tone::Waiting, "screening.state.open"),
        CaseState::Proposed => (Tone::Waiting, "screening.state.proposed"),
        CaseState::Cleared => (Tone::Good, "screening.state.cleared"),
        CaseState::Confirmed => (Tone::Bad, "screening.state.confirmed"),
    };
    tag(tone, &visit.t(key))
}

fn rule(visit: &Visit, of: &Case) -> String {
    visit.t(match of.kind {
        RuleKind::List => "screening.rule.list",
        RuleKind::Velocity => "screening.rule.velocity",
        RuleKind::Structuring => "screening.rule.structuring",
    })
}

fn place(visit: &Visit, of: &Case) -> String {
    visit.t(match of.place {
        Place::Remittance => "screening.place.remittance",
        Place::Disbursement => "screening.place.disbursement",
        Place::Settlement => "screening.place.settlement",
    })
}

fn said(visit: &Visit, decision: Decision) -> String {
    visit.t(match decision {
        Decision::Clear => "screening.decision.clear",
        Decision::Confirm => "screening.decision.confirm",
    })
}

async fn desk(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let screening = gateway.rails().screening.clone();
    let look = move |cx: &mut Cx<'_>| Ok((cases(cx)?, sanctions::stale(cx, &screening)?));
    let (all, stale) = gateway.acts().read(visit.caller(), look).await?;
    let mut table = Table::new(visit.t("screening.desk.all"))
        .column(visit.t("screening.fact.found"))
        .column(visit.t("screening.fact.place"))
        .column(visit.t("screening.fact.rule"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("screening.fact.state"));
    for one in &all {
        table = table.row([
            html! { a href=(format!("/screening/{}", one.id)) { (visit.moment(one.found_at)) } },
            html! { (place(&visit, one)) },
            html! { (rule(&visit, one)) },
            html! { (visit.money(one.amount)) },
            state_tag(&visit, one),
        ]);
    }
    Ok(visit
        .page(visit.t("screening.desk.title"))
        .back("/treasury")
        .wide()
        .body(html! {
            (sanctions::alarm(&gateway, &visit, &stale))
            @if all.is_empty() { p { (visit.t("screening.desk.none")) } } @else { (table) }
            p { a href="/screening/lists" { (visit.t("sanctions.title")) } }
        })
        .into_response())
}

async fn shown(
    gateway: &Gateway,
    visit: &Visit,
    id: CaseId,
    answers: Answers,
    faults: &[FieldFault],
) -> Result<edge::Page, edge::Refusal> {
    let look = move |cx: &mut Cx<'_>| {
        let known = case(cx, id)?;
        let entry = match &known.entry {
            Some((named, _)) => sanctions::entry_of(cx, named)?,
            None => None,
        };
        Ok((whom(cx, &known)?, entry, known))
    };
    let (whom, entry, known) = gateway.acts().read(visit.caller(), look).await?;
    let sheet = visit.sheet_with(answers, faults);
    let choices = [Decision::Clear, Decision::Confirm].map(|it| Choice::new(it.code(), said(visit, it)));
    let fields = html! {
        (sheet.radios("decision", visit.t("screening.fact.decision"), choices.to_vec()))
        (sheet.area("note", visit.t("screening.fact.note")).hint(visit.t("screening.note_hint")).max_length(300))
        (button(&visit.t("screening.decide")))
    };
    let is_own = known.first.as_ref().is_some_and(|(officer, _)| *officer == visit.actor().id);
    let waits_for_another = known.state == CaseState::Proposed && is_own;
    Ok(visit.page(rule(visit, &known)).caption(place(visit, &known)).back("/screening").sheet(&sheet).body(html! {
        (facts(visit, &known, &whom))
        @if whom.is_gone && known.state.is_open() { (inset(html! { (visit.t("screening.gone")) })) }
        @if let Some((list, entry)) = &entry { (listed(gateway, visit, (list, entry), &whom)) }
        @if waits_for_another { (inset(html! { (visit.t("screening.another")) })) }
        @else if known.state.is_open() { (visit.form(&format!("/screening/{id}"), fields)) }
    }))
}

/// What the list says, with each of its names held against the payment's.
fn listed(gateway: &Gateway, visit: &Visit, (list, entry): (&String, &Entry), whom: &Whom) -> Markup {
    let screening = &gateway.rails().screening;
    let (folding, least) = screening.rules();
    let called = screening.list(list).map_or(list.as_str(), |rule| visit.local(&rule.name));
    let mut names = Table::new(visit.t("sanctions.entry.names"))
        .column(visit.t("screening.fact.name"))
        .column(visit.t("sanctions.fact.quality"))
        .numbers(visit.t("screening.fact.alike"));
    for name in &entry.names {
        let (alike, key) =
            (alike(folding, &name.text, whom.name.reveal()), format!("sanctions.quality.{}", name.quality.code()));
        names = names.row([
            html! { @if alike >= least { strong { (name.text) } } @else { (name.text) } },
            html! { (visit.t(&key)) },
            html! { (alike) " %" },
        ]);
    }
    let mut facts = Summary::new(visit)
        .row(visit.t("sanctions.fact.list"), called)
        .row(visit.t("sanctions.fact.reference"), &entry.reference)
        .row(visit.t("sanctions.fact.kind"), visit.t(&format!("sanctions.kind.{}", entry.kind.code())));
    let about = visit.t("sanctions.entry.about");
    let born: Vec<String> =
        entry.born.iter().map(|it| if it.about { format!("{about} {}", it.said()) } else { it.said() }).collect();
    let papers = entry.documents.iter().map(|it| {
        let parts = [Some(&it.kind), Some(&it.number), it.country.as_ref()].into_iter().flatten();
        parts.filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    });
    for (key, said) in [
        ("sanctions.part.born", born.join("; ")),
        ("sanctions.part.countries", entry.countries.join("; ")),
        ("sanctions.part.documents", papers.collect::<Vec<_>>().join("; ")),
        ("sanctions.part.listed", entry.listed_on.map(|day| visit.date(day)).unwrap_or_default()),
    ] {
        if !said.is_empty() {
            facts = facts.row(visit.t(key), said);
        }
    }
    html! { h2 { (visit.t("screening.fact.entry")) } (facts) (names) }
}

fn facts(visit: &Visit, known: &Case, whom: &Whom) -> Summary {
    let mut summary = Summary::new(visit)
        .row(visit.t("screening.fact.name"), whom.name.reveal())
        .row(visit.t("screening.fact.number"), whom.number.reveal())
        .row(visit.t("payments.fact.reference"), &whom.reference)
        .row(visit.t("payments.fact.amount"), visit.money(known.amount))
        .row(visit.t("screening.fact.found"), visit.moment(known.found_at))
        .markup(visit.t("screening.fact.state"), state_tag(visit, known));
    if let Some((_, alike)) = &known.entry {
        summary = summary.row(visit.t("screening.fact.alike"), format!("{alike} %"));
    } else {
        summary = summary.row(visit.t("screening.fact.rule"), &known.rule);
    }
    if let Some(decision) = known.proposed {
        summary = summary.row(visit.t("screening.fact.decision"), said(visit, decision));
    }
    for (_, note) in known.first.iter().chain(&known.second) {
        summary = summary.row(visit.t("screening.fact.note"), note);
    }
    summary
}

async fn page(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<CaseId>) -> Reply {
    visit.must_sign_in()?;
    gateway.acts().write(visit.caller(), &Key::none(), move |cx| looked(cx, id)).await?;
    Ok(shown(&gateway, &visit, id, Answers::default(), &[]).await?.into_response())
}

async fn decided(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<CaseId>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.screening.decide:{id}"), form.key.text(), form.key.request());
    let (answers, rails) = (form.answers.clone(), gateway.rails().clone());
    let choose = move |cx: &mut Cx<'_>| decide(cx, &rails, id, answers.one("decision"), answers.one("note"));
    match gateway.acts().post(visit.caller(), &key, choose).await {
        Ok(_) => Ok(see_other("/screening")),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(shown(&gateway, &visit, id, form.answers, &faults).await?.into_response())
        }
    }
}
