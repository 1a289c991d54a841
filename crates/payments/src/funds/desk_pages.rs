//! `/funds/{fund}/desk`: a fund's keepers assess levies, plan projects, ask for payments and decide on one another's.
//!
//! **Invariant:** pressing twice does once; a payee's account is shown to keepers alone, and each look at it is an act.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, button, tag, warning_button};
use edge::{Answers, Form, Markup, Page, Path, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Money};

use super::model::{FundPayment, FundPaymentId, FundPaymentState, ProjectId};
use super::pack::{Fund, percent};
use super::pages::{known, rate, this_year};
use super::sight::{FundDesk, ProjectView, desk, look};
use super::{Assessment, Licence, NewAssessment, NewFundPayment, NewProject, ask, assess, decide, plan};
use crate::Gateway;
use crate::agents::folded;
use crate::bills::pages::typed_amount;
use crate::rails::payout::{Disbursement, DisbursementState};

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/funds/{fund}/desk", get(home))
        .route("/funds/{fund}/levies", post(assessed))
        .route("/funds/{fund}/projects", post(planned))
        .route("/funds/{fund}/projects/{project}", get(project).post(asked))
        .route("/funds/{fund}/payments/{payment}", get(payment).post(decided))
}

async fn seen(gateway: &Gateway, visit: &Visit, id: &str) -> Reply<FundDesk> {
    visit.must_sign_in()?;
    let (id, funds) = (id.to_owned(), gateway.funds().clone());
    Ok(gateway.acts().read(visit.caller(), move |cx| desk(cx, &funds, &id)).await?)
}

async fn home(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<String>) -> Reply {
    shown(&gateway, &visit, &id, Answers::default(), &[]).await
}

async fn shown(gateway: &Gateway, visit: &Visit, id: &str, answers: Answers, faults: &[FieldFault]) -> Reply {
    let seen = seen(gateway, visit, id).await?;
    let fund = known(gateway, id)?;
    // Each form has its own sheet, so that what is wrong with one opens that one.
    let of_plan = |fault: &FieldFault| matches!(fault.field.as_str(), "name" | "place" | "budget");
    let (plans, levies): (Vec<_>, Vec<_>) = faults.iter().cloned().partition(of_plan);
    let all = visit.sheet_with(answers.clone(), faults);
    let (to_assess, to_plan) = (visit.sheet_with(answers.clone(), &levies), visit.sheet_with(answers, &plans));
    let waiting = waiting(visit, id, &seen);
    let page = visit.page(visit.local(&fund.name)).caption(visit.t("payments.fund.desk")).wide().sheet(&all).body(html! {
        (Summary::new(visit)
            .row(visit.t("payments.fund.free"), visit.money(seen.free))
            .row(visit.t("payments.fund.held"), visit.money(seen.promised)))
        p { a href=(format!("/funds/{id}")) { (visit.t("payments.fund.public")) } }
        @if let Some(table) = waiting { (table) } @else { p { (visit.t("payments.fund.none_waiting")) } }
        @if seen.projects.is_empty() { p { (visit.t("payments.fund.no_projects")) } } @else { (projects(visit, id, &seen)) }
        (folded(visit, &to_plan, "payments.fund.plan", new_project(visit, id, &to_plan)))
        @if !seen.assessments.is_empty() {
            (assessments(visit, fund, &seen))
            p.hint { (visit.t("payments.fund.rounding")) }
        }
        (folded(visit, &to_assess, "payments.fund.assess", new_assessment(gateway, visit, fund, &to_assess)))
    });
    Ok(page.into_response())
}

fn waiting(visit: &Visit, id: &str, seen: &FundDesk) -> Option<Table> {
    let mut table = Table::new(visit.t("payments.fund.waiting"))
        .column(visit.t("payments.fact.for"))
        .column(visit.t("payments.fund.project"))
        .numbers(visit.t("payments.fact.amount"));
    seen.waiting().next()?;
    for (project, payment) in seen.waiting() {
        table = table.row([
            html! { a href=(format!("/funds/{id}/payments/{}", payment.id)) { (payment.purpose) } },
            html! { (project.name) },
            html! { (visit.money(payment.amount)) },
        ]);
    }
    Some(table)
}

fn projects(visit: &Visit, id: &str, seen: &FundDesk) -> Table {
    let mut table = Table::new(visit.t("payments.fund.projects"))
        .column(visit.t("payments.fund.project"))
        .column(visit.t("payments.fund.place"))
        .numbers(visit.t("payments.fund.budget"))
        .numbers(visit.t("payments.fund.spent"));
    for ProjectView { project, spent, .. } in &seen.projects {
        table = table.row([
            html! { a href=(format!("/funds/{id}/projects/{}", project.id)) { (project.name) } },
            html! { (project.place) },
            html! { (visit.money(project.budget)) },
            html! { (visit.money(*spent)) },
        ]);
    }
    table
}

fn assessments(visit: &Visit, fund: &Fund, seen: &FundDesk) -> Table {
    let mut table = Table::new(visit.t("payments.fund.assessments"))
        .column(visit.t("payments.fund.contributor"))
        .column(visit.t("payments.fund.year"))
        .column(visit.t("payments.fund.bill"))
        .numbers(visit.t("payments.fund.owed"))
        .numbers(visit.t("payments.fund.paid"));
    for one in &seen.assessments {
        let who = fund.contributor(&one.contributor).map_or(one.contributor.as_str(), |it| visit.local(&it.name));
        table = table.row([
            html! { (who) },
            html! { (one.year) },
            html! { a href=(format!("/bill/{}", one.number)) { (one.number) } },
            html! { (visit.money(one.amount)) br; span.hint { (reckoned(visit, one)) } },
            html! { (visit.money(one.paid)) },
        ]);
    }
    table
}

/// How an assessment was reckoned: `M300,000.00 × 1.00 % × 184 / 366`.
fn reckoned(visit: &Visit, one: &Assessment) -> String {
    let product = format!("{} × {} %", visit.money(one.base), percent(one.parts));
    match one.licence.part_of(one.year).filter(|part| !part.is_whole()) {
        Some(part) => format!("{product} × {} / {}", part.days, part.of),
        None => product,
    }
}

fn new_assessment(gateway: &Gateway, visit: &Visit, fund: &Fund, sheet: &Sheet) -> Markup {
    let levy = |levy: &super::Levy| {
        let said = format!("{} ({})", visit.local(&levy.name), rate(levy));
        Choice::new(levy.id.as_str(), said).hint(visit.local(&levy.of))
    };
    let who = fund.contributors.iter().map(|one| Choice::new(one.id.as_str(), visit.local(&one.name)));
    let year = sheet.number("year", visit.t("payments.fund.year")).hint((this_year(gateway) - 1).to_string());
    let in_parts = fund.levies.iter().any(|levy| levy.part_year.is_some());
    let day = |name: &str, label: &'static str, hint: &'static str| sheet.day(name, visit.t(label)).hint(visit.t(hint));
    let fields = html! {
        p { (visit.t("payments.fund.assess_says")) }
        (sheet.radios("levy", visit.t("payments.fund.levy"), fund.levies.iter().map(levy).collect()))
        (sheet.select("contributor", visit.t("payments.fund.contributor"), who.collect()))
        (year.max_length(4))
        (sheet.text("base", visit.t("payments.fund.base")).hint(visit.t("payments.shift.counted_hint")).max_length(20))
        @if in_parts {
            p { (visit.t("payments.fund.part_says")) }
            (day("from", "payments.fund.licensed_from", "payments.fund.licensed_from_hint").optional())
            (day("until", "payments.fund.licensed_until", "payments.fund.licensed_until_hint").optional())
        }
        (button(&visit.t("payments.fund.assess")))
    };
    visit.form(&format!("/funds/{}/levies", fund.id), fields)
}

fn new_project(visit: &Visit, id: &str, sheet: &Sheet) -> Markup {
    let fields = html! {
        (sheet.text("name", visit.t("payments.fund.project")).max_length(80))
        (sheet.text("place", visit.t("payments.fund.place")).max_length(40))
        (sheet.text("budget", visit.t("payments.fund.budget")).max_length(20))
        (button(&visit.t("payments.fund.plan")))
    };
    visit.form(&format!("/funds/{id}/projects"), fields)
}

/// An amount as typed in a fund's currency; what is no amount is nothing, which the operation refuses at its field.
fn amount(fund: &Fund, answers: &Answers, name: &str) -> Money {
    typed_amount(answers.one(name), fund.currency).unwrap_or_else(|| Money::new(0, fund.currency))
}

async fn assessed(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<String>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let fund = known(&gateway, &id)?;
    let key = Key::new(&format!("payments.fund.assess:{id}"), sent.key.text(), sent.key.request());
    let (from, until) = (sent.answers.date("from"), sent.answers.date("until"));
    let unread: Vec<FieldFault> = [&from, &until].into_iter().filter_map(|day| day.as_ref().err().cloned()).collect();
    if !unread.is_empty() {
        return shown(&gateway, &visit, &id, sent.answers, &unread).await;
    }
    let new = NewAssessment {
        levy: sent.answers.one("levy").to_owned(),
        contributor: sent.answers.one("contributor").to_owned(),
        year: sent.answers.one("year").trim().parse().unwrap_or(0),
        base: amount(fund, &sent.answers, "base"),
        licence: Licence { from: from.unwrap_or_default(), until: until.unwrap_or_default() },
    };
    let (funds, rails, of) = (gateway.funds().clone(), gateway.rails().clone(), id.clone());
    let done = gateway.acts().post(visit.caller(), &key, move |cx| assess(cx, &funds, &rails, &of, &new)).await;
    let Err(fault) = done else { return Ok(see_other(&format!("/funds/{id}/desk"))) };
    let faults = at_field(fault, &["payments.fund.assessed"], "contributor")?;
    shown(&gateway, &visit, &id, sent.answers, &faults).await
}

/// A refusal at its field, where the page has one for it.
fn at_field(fault: Fault, codes: &[&str], field: &str) -> Reply<Vec<FieldFault>> {
    if codes.contains(&fault.code()) {
        return Ok(vec![FieldFault { field: field.to_owned(), text: fault.text().clone() }]);
    }
    correctable(fault)
}

async fn planned(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<String>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let fund = known(&gateway, &id)?;
    let key = Key::new(&format!("payments.fund.plan:{id}"), sent.key.text(), sent.key.request());
    let new = NewProject {
        name: sent.answers.one("name").to_owned(),
        place: sent.answers.one("place").to_owned(),
        budget: amount(fund, &sent.answers, "budget"),
    };
    let (funds, of) = (gateway.funds().clone(), id.clone());
    let done = gateway.acts().write(visit.caller(), &key, move |cx| plan(cx, &funds, &of, &new)).await;
    match done {
        Ok(project) => Ok(see_other(&format!("/funds/{id}/projects/{project}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            shown(&gateway, &visit, &id, sent.answers, &faults).await
        }
    }
}

async fn project(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, project)): Path<(String, ProjectId)>,
) -> Reply {
    let seen = seen(&gateway, &visit, &id).await?;
    Ok(project_page(&gateway, &visit, &id, &found(seen, project)?, Answers::default(), &[]).into_response())
}

fn found(seen: FundDesk, project: ProjectId) -> Result<ProjectView, Fault> {
    let view = seen.projects.into_iter().find(|view| view.project.id == project);
    view.ok_or_else(|| Fault::not_found("payments.fund.unknown"))
}

fn state_tag(visit: &Visit, payment: &FundPayment, sent: Option<&Disbursement>) -> Markup {
    use DisbursementState::{Failed, Made, Paid, Returned, Review, Sent};
    let (tone, key) = match (payment.state, sent.map(|sent| sent.state)) {
        (FundPaymentState::Asked, _) => (Tone::Waiting, "payments.fund.state.asked"),
        (FundPaymentState::Refused, _) => (Tone::Bad, "payments.fund.state.refused"),
        (FundPaymentState::Approved, Some(Paid)) => (Tone::Good, "payments.fund.state.paid"),
        (FundPaymentState::Approved, Some(Failed | Returned)) => (Tone::Bad, "payments.fund.state.back"),
        (FundPaymentState::Approved, Some(Made | Sent | Review) | None) => (Tone::Waiting, "payments.fund.state.going"),
    };
    tag(tone, &visit.t(key))
}

fn project_page(
    gateway: &Gateway,
    visit: &Visit,
    id: &str,
    view: &ProjectView,
    answers: Answers,
    faults: &[FieldFault],
) -> Page {
    let ProjectView { project, spent, payments } = view;
    let sheet = visit.sheet_with(answers, faults);
    let mut table = Table::new(visit.t("payments.fund.payments"))
        .column(visit.t("payments.fact.for"))
        .column(visit.t("payments.fact.state"))
        .numbers(visit.t("payments.fact.amount"));
    for (payment, sent) in payments {
        table = table.row([
            html! { a href=(format!("/funds/{id}/payments/{}", payment.id)) { (payment.purpose) } },
            state_tag(visit, payment, sent.as_ref()),
            html! { (visit.money(payment.amount)) },
        ]);
    }
    let banks = gateway.rails().banks.iter().map(|bank| Choice::new(bank.id.as_str(), visit.local(&bank.name)));
    let purpose = sheet.text("purpose", visit.t("payments.fact.for")).hint(visit.t("payments.fund.purpose_hint"));
    let fields = html! {
        p { (visit.t("payments.fund.ask_says")) }
        (purpose.max_length(80))
        (sheet.text("amount", visit.t("payments.fact.amount")).max_length(20))
        (sheet.select("bank", visit.t("payments.agent.bank"), banks.collect()))
        (sheet.text("number", visit.t("payments.agent.account")).max_length(34))
        (sheet.text("holder", visit.t("treasury.suspense.holder")).max_length(70))
        (button(&visit.t("payments.fund.ask")))
    };
    let address = format!("/funds/{id}/projects/{}", project.id);
    visit
        .page(project.name.as_str())
        .caption(project.place.as_str())
        .back(format!("/funds/{id}/desk"))
        .sheet(&sheet)
        .body(html! {
            (Summary::new(visit)
                .row(visit.t("payments.fund.budget"), visit.money(project.budget))
                .row(visit.t("payments.fund.spent"), visit.money(*spent)))
            @if !payments.is_empty() { (table) }
            h2 { (visit.t("payments.fund.ask")) }
            (visit.form(&address, fields))
        })
}

async fn asked(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, project)): Path<(String, ProjectId)>,
    sent: Form,
) -> Reply {
    visit.must_sign_in()?;
    let fund = known(&gateway, &id)?;
    let key = Key::new(&format!("payments.fund.ask:{project}"), sent.key.text(), sent.key.request());
    let of = |name: &str| sent.answers.one(name).to_owned();
    let new = NewFundPayment {
        purpose: of("purpose"),
        amount: amount(fund, &sent.answers, "amount"),
        bank: of("bank"),
        number: of("number"),
        holder: of("holder"),
    };
    let (funds, rails) = (gateway.funds().clone(), gateway.rails().clone());
    let done = gateway.acts().post(visit.caller(), &key, move |cx| ask(cx, &funds, &rails, project, &new)).await;
    let Err(fault) = done else { return Ok(see_other(&format!("/funds/{id}/projects/{project}"))) };
    let faults = at_field(fault, &["payments.fund.short", "payments.fund.over"], "amount")?;
    let view = found(seen(&gateway, &visit, &id).await?, project)?;
    Ok(project_page(&gateway, &visit, &id, &view, sent.answers, &faults).into_response())
}

async fn payment(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, payment)): Path<(String, FundPaymentId)>,
) -> Reply {
    visit.must_sign_in()?;
    let (funds, of) = (gateway.funds().clone(), id.clone());
    gateway.acts().write(visit.caller(), &Key::none(), move |cx| look(cx, &funds, &of, payment)).await?;
    let seen = seen(&gateway, &visit, &id).await?;
    let all = seen.projects.iter().flat_map(|view| view.payments.iter().map(move |it| (view, it)));
    let found = all.into_iter().find(|(_, (it, _))| it.id == payment);
    let (view, (payment, sent)) = found.ok_or_else(|| Fault::not_found("payments.fund.unknown"))?;
    let bank = gateway.rails().banks.find(&payment.bank).map_or(payment.bank.as_str(), |it| visit.local(&it.name));
    let own = payment.asked_by == visit.actor().id;
    let facts = Summary::new(&visit)
        .markup(visit.t("payments.fact.state"), state_tag(&visit, payment, sent.as_ref()))
        .row(visit.t("payments.fact.amount"), visit.money(payment.amount))
        .row(visit.t("payments.fund.project"), format!("{}, {}", view.project.name, view.project.place))
        .row(visit.t("payments.fund.left"), left(&visit, view))
        .row(visit.t("treasury.suspense.holder"), payment.holder.reveal())
        .row(visit.t("payments.agent.bank"), bank)
        .row(visit.t("payments.agent.account"), payment.number.reveal());
    let address = format!("/funds/{id}/payments/{}", payment.id);
    let choice = |what: &str, button: Markup| {
        visit.form(&address, html! { input type="hidden" name="do" value=(what); (button) })
    };
    let refuse = visit.t(if own { "payments.fund.take_back" } else { "payments.fund.refuse" });
    Ok(visit
        .page(payment.purpose.as_str())
        .back(format!("/funds/{id}/projects/{}", view.project.id))
        .body(html! {
            (facts)
            @if payment.state == FundPaymentState::Asked {
                @if own { p { (visit.t("payments.fund.yours")) } }
                @else { (choice("approve", button(&visit.t("payments.fund.approve")))) }
                (choice("refuse", warning_button(&refuse)))
            }
        })
        .into_response())
}

/// What of a project's budget is neither paid nor asked for.
fn left(visit: &Visit, view: &ProjectView) -> String {
    let minor = view.project.budget.minor() - view.spent.minor();
    visit.money(Money::new(minor, view.project.budget.currency()))
}

async fn decided(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, payment)): Path<(String, FundPaymentId)>,
    sent: Form,
) -> Reply {
    visit.must_sign_in()?;
    let approves = match sent.answers.one("do") {
        "approve" => true,
        "refuse" => false,
        _ => return Err(Fault::invalid("payments.fund.choice").into()),
    };
    let key = Key::new(&format!("payments.fund.decide:{payment}"), sent.key.text(), sent.key.request());
    let (funds, rails) = (gateway.funds().clone(), gateway.rails().clone());
    gateway.acts().post(visit.caller(), &key, move |cx| decide(cx, &funds, &rails, payment, approves)).await?;
    Ok(see_other(&format!("/funds/{id}/payments/{payment}")))
}
