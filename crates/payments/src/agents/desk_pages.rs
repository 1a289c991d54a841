//! The super-agent's pages: `/agents`, who runs out today, and `/agents/{id}`, where float is given and taken.
//!
//! **Invariant:** whoever runs out today stands first, in words and not in colour alone; pressing twice moves float once.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, button, details, tag};
use edge::{Answers, Form, Markup, Page, Path, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Money, Text};

use super::float::{Way, move_float, withdraw};
use super::model::{AgentId, NewAgent};
use super::sight::{AgentView, Desk, Standing, desk};
use crate::Gateway;
use crate::bills::pages::typed_amount;

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/agents", get(all).post(taken_on))
        .route("/agents/withdraw", post(withdrawn))
        .route("/agents/{id}", get(one).post(moved))
}

async fn seen(gateway: &Gateway, visit: &Visit) -> Reply<Desk> {
    visit.must_sign_in()?;
    let rails = gateway.rails().clone();
    Ok(gateway.acts().write(visit.caller(), &Key::none(), move |cx| desk(cx, &rails)).await?)
}

async fn all(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    let seen = seen(&gateway, &visit).await?;
    Ok(desk_page(&gateway, &visit, &seen, Answers::default(), &[]).into_response())
}

/// How a counter stands, in a word.
pub(super) fn standing_tag(visit: &Visit, standing: &Standing) -> Markup {
    let (tone, key) = match (standing.float.minor() > 0, standing.runs_out) {
        (false, _) => (Tone::Bad, "payments.agent.empty"),
        (true, true) => (Tone::Waiting, "payments.agent.runs_out"),
        (true, false) => (Tone::Good, "payments.agent.enough"),
    };
    tag(tone, &visit.t(key))
}

fn table(visit: &Visit, agents: &[AgentView]) -> Table {
    let mut table = Table::new(visit.t("payments.agent.all"))
        .column(visit.t("payments.agent.name"))
        .column(visit.t("payments.fact.state"))
        .numbers(visit.t("payments.agent.float"))
        .numbers(visit.t("payments.agent.today"))
        .numbers(visit.t("payments.agent.usual"));
    for agent in agents {
        table = table.row([
            html! { a href=(format!("/agents/{}", agent.id)) { (agent.name) } br; (agent.town) },
            standing_tag(visit, &agent.standing),
            html! { (visit.money(agent.standing.float)) },
            html! { (visit.money(agent.standing.today)) },
            html! { (visit.money(agent.standing.usual)) },
        ]);
    }
    table
}

fn desk_page(gateway: &Gateway, visit: &Visit, seen: &Desk, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let low = seen.agents.iter().filter(|agent| agent.standing.runs_out).count();
    visit.page(visit.t("payments.agent.title")).wide().sheet(&sheet).body(html! {
        (Summary::new(visit)
            .row(visit.t("payments.agent.own"), visit.money(seen.float))
            .row(visit.t("payments.agent.low"), low.to_string()))
        @if seen.agents.is_empty() { p { (visit.t("payments.agent.none")) } } @else { (table(visit, &seen.agents)) }
        (folded(visit, &sheet, "payments.agent.new", new_agent(gateway, visit, &sheet)))
        (folded(visit, &sheet, "payments.agent.bank_title", to_bank(gateway, visit, &sheet)))
    })
}

/// A form that is folded away until it is wanted, or something in it is wrong.
pub(crate) fn folded(visit: &Visit, sheet: &Sheet, title: &str, form: Markup) -> Markup {
    html! { @if sheet.has_faults() { h2 { (visit.t(title)) } (form) } @else { (details(&visit.t(title), form)) } }
}

fn new_agent(gateway: &Gateway, visit: &Visit, sheet: &Sheet) -> Markup {
    let wallets =
        gateway.wallets().iter().map(|wallet| Choice::new(wallet.id.as_str(), visit.local(&wallet.name))).collect();
    let number = sheet.phone("number", visit.t("payments.till.number")).prefix(gateway.wallets().prefix());
    let place = sheet.text("place", visit.t("payments.agent.place")).hint(visit.t("payments.agent.place_hint"));
    let fields = html! {
        (sheet.text("name", visit.t("payments.agent.name")).max_length(60))
        (sheet.text("town", visit.t("payments.agent.town")).max_length(40))
        (place.max_length(40))
        (sheet.radios("wallet", visit.t("payments.agent.wallet"), wallets)) (number)
        (button(&visit.t("payments.agent.register")))
    };
    visit.form("/agents", fields)
}

fn to_bank(gateway: &Gateway, visit: &Visit, sheet: &Sheet) -> Markup {
    let banks = gateway.rails().banks.iter().map(|bank| Choice::new(bank.id.as_str(), visit.local(&bank.name)));
    let fields = html! {
        (sheet.text("amount", visit.t("payments.fact.amount")).max_length(20))
        (sheet.select("bank", visit.t("payments.agent.bank"), banks.collect()))
        (sheet.text("account", visit.t("payments.agent.account")).max_length(34))
        (sheet.text("holder", visit.t("treasury.suspense.holder")).max_length(70))
        (button(&visit.t("payments.agent.withdraw")))
    };
    html! { p { (visit.t("payments.agent.bank_says")) } (visit.form("/agents/withdraw", fields)) }
}

async fn taken_on(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.agent.register", sent.key.text(), sent.key.request());
    let of = |name: &str| sent.answers.one(name).to_owned();
    let (place, name, town) = (of("place"), of("name"), of("town"));
    let new = NewAgent { place, name, town, wallet: of("wallet"), number: of("number") };
    let (wallets, currency) = (gateway.wallets().clone(), gateway.counter()?.currency);
    let made = gateway.acts().post(visit.caller(), &key, move |cx| super::register(cx, &wallets, currency, &new));
    match made.await {
        Ok(id) => Ok(see_other(&format!("/agents/{id}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            let seen = seen(&gateway, &visit).await?;
            Ok(desk_page(&gateway, &visit, &seen, sent.answers, &faults).into_response())
        }
    }
}

/// What is wrong with the amount that was typed.
pub(super) fn of_amount(fault: Fault) -> Reply<Vec<FieldFault>> {
    if matches!(fault.code(), "payments.agent.short" | "payments.agent.amount" | "payments.shift.cash") {
        return Ok(vec![FieldFault { field: "amount".to_owned(), text: fault.text().clone() }]);
    }
    correctable(fault)
}

/// The amount that was typed.
pub(super) fn amount(gateway: &Gateway, answers: &Answers, name: &str) -> Result<Money, Fault> {
    let currency = gateway.counter()?.currency;
    typed_amount(answers.one(name), currency).ok_or_else(|| Fault::invalid("payments.agent.amount"))
}

async fn withdrawn(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.agent.withdraw", sent.key.text(), sent.key.request());
    let (answers, rails) = (sent.answers.clone(), gateway.rails().clone());
    let done = match amount(&gateway, &sent.answers, "amount") {
        Ok(amount) => {
            let work = move |cx: &mut spine::Cx<'_>| {
                let to = (answers.one("bank"), answers.one("account"), answers.one("holder"));
                withdraw(cx, &rails, amount, to).map(drop)
            };
            gateway.acts().post(visit.caller(), &key, work).await
        }
        Err(fault) => Err(fault),
    };
    let Err(fault) = done else { return Ok(see_other("/agents")) };
    let faults: Vec<FieldFault> = of_amount(fault)?
        .into_iter()
        .map(|fault| if fault.field == "number" { FieldFault { field: "account".to_owned(), ..fault } } else { fault })
        .collect();
    let seen = seen(&gateway, &visit).await?;
    Ok(desk_page(&gateway, &visit, &seen, sent.answers, &faults).into_response())
}

async fn found(gateway: &Gateway, visit: &Visit, id: AgentId) -> Reply<AgentView> {
    let agent = seen(gateway, visit).await?.agents.into_iter().find(|agent| agent.id == id);
    agent.ok_or_else(|| Fault::not_found("payments.agent.unknown").into())
}

async fn one(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AgentId>) -> Reply {
    let agent = found(&gateway, &visit, id).await?;
    Ok(agent_page(&visit, &agent, Answers::default(), &[]).into_response())
}

fn agent_page(visit: &Visit, agent: &AgentView, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let standing = &agent.standing;
    let mut facts = Summary::new(visit)
        .markup(visit.t("payments.fact.state"), standing_tag(visit, standing))
        .row(visit.t("payments.agent.float"), visit.money(standing.float))
        .row(visit.t("payments.agent.today"), visit.money(standing.today))
        .row(visit.t("payments.agent.usual"), visit.money(standing.usual))
        .row(visit.t("payments.agent.lent"), visit.money(standing.lent))
        .row(visit.t("payments.agent.commission"), visit.money(standing.commission));
    if let Some((expected, counted)) = agent.last {
        let said = Text::new("payments.agent.counted").with("counted", counted).with("expected", expected);
        facts = facts.row(visit.t("payments.agent.last"), visit.say(&said));
    }
    let ways = ["give", "take"].map(|way| Choice::new(way, visit.t(&format!("payments.agent.{way}"))));
    let fields = html! {
        (sheet.radios("way", visit.t("payments.agent.way"), ways.into()))
        (sheet.text("amount", visit.t("payments.fact.amount")).max_length(20))
        (button(&visit.t("payments.agent.move")))
    };
    visit.page(agent.name.as_str()).caption(agent.town.as_str()).back("/agents").sheet(&sheet).body(html! {
        (facts)
        h2 { (visit.t("payments.agent.rebalance")) }
        p { (visit.t("payments.agent.rebalance_says")) }
        (visit.form(&format!("/agents/{}", agent.id), fields))
    })
}

async fn moved(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AgentId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.agent.rebalance:{id}"), sent.key.text(), sent.key.request());
    let way = match sent.answers.one("way") {
        "give" => Some(Way::Give),
        "take" => Some(Way::Take),
        _ => None,
    };
    let done = match (way, amount(&gateway, &sent.answers, "amount")) {
        (Some(way), Ok(amount)) => {
            gateway.acts().post(visit.caller(), &key, move |cx| move_float(cx, id, way, amount)).await
        }
        (None, _) => {
            let text = Text::new("payments.agent.way_missing");
            let field = FieldFault { field: "way".to_owned(), text };
            Err(Fault::invalid("payments.agent.wrong").fields_from([field]))
        }
        (_, Err(fault)) => Err(fault),
    };
    let Err(fault) = done else { return Ok(see_other(&format!("/agents/{id}"))) };
    let faults = of_amount(fault)?;
    let agent = found(&gateway, &visit, id).await?;
    Ok(agent_page(&visit, &agent, sent.answers, &faults).into_response())
}
