//! `/association`: an association is founded and joined, its signatories see all of its money, and anybody pays in.
//!
//! **Invariant:** a code for a seat is shown once and never stands in an address; who has no seat sees a name and a place.
//! Next: `proposal_pages.rs`.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, banner, button, button_link, details};
use edge::{Answers, Bucket, Form, Markup, Page, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Money, Text};

use super::view::given;
use super::{
    Association, AssociationId, NewAssociation, ProposalState, Sight, ask, code_hash, found, invite, join, mine,
    proposal_pages, see,
};
use crate::Gateway;
use crate::bills;
use crate::bills::pages::{TRIES, as_phone, typed_amount};
use crate::ledger::{Did, Line};
use crate::rows::associations as rows;

/// Each try may be a guess at a code.
const CODES: Bucket = Bucket { name: "payments.association.codes", burst: 10, seconds: 900 };

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/association", get(all).post(founded))
        .route("/association/join", post(joined))
        .route("/association/{id}", get(one))
        .route("/association/{id}/ask", post(asked))
        .route("/association/{id}/code/{seat}", post(coded))
        .route("/association/{id}/pay", get(pay_in).post(paid_in))
        .merge(proposal_pages::routes())
}

async fn all(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    list(&gateway, &visit, Answers::default(), &[]).await
}

async fn list(gateway: &Gateway, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Reply {
    let known = gateway.acts().read(visit.caller(), mine).await?;
    let sheet = visit.sheet_with(answers, faults);
    let figures = || (2..=9).map(|it: i64| Choice::new(it.to_string(), it.to_string())).collect::<Vec<_>>();
    let founding = html! {
        (sheet.text("name", visit.t("payments.association.name")).max_length(60))
        (sheet.text("place", visit.t("payments.association.place")).max_length(40))
        (sheet.select("signatories", visit.t("payments.association.signatories"), figures()))
        (sheet.select("needed", visit.t("payments.association.needed"), figures()))
        (button(&visit.t("payments.association.found")))
    };
    let code = sheet.text("code", visit.t("payments.association.code")).max_length(40);
    let joining = html! { (code.hint(visit.t("payments.association.code_hint"))) (button(&visit.t("payments.association.join"))) };
    let page = visit.page(visit.t("payments.association.title")).sheet(&sheet).body(html! {
        p { (visit.t("payments.association.says")) }
        @if !known.is_empty() {
            ul { @for it in &known {
                li { a href=(format!("/association/{}", it.id)) { (it.name) } ", " (it.place) }
            } }
        }
        h2 { (visit.t("payments.association.join_title")) }
        (visit.form("/association/join", joining))
        h2 { (visit.t("payments.association.new")) }
        (visit.form("/association", founding))
    });
    Ok(page.into_response())
}

async fn founded(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.association.found", sent.key.text(), sent.key.request());
    let answers = &sent.answers;
    let figure = |name: &str| answers.one(name).parse().unwrap_or(0);
    let new = NewAssociation {
        name: answers.one("name").to_owned(),
        place: answers.one("place").to_owned(),
        needed: figure("needed"),
        signatories: figure("signatories"),
    };
    let currency = gateway.counter()?.currency;
    match gateway.acts().post(visit.caller(), &key, move |cx| found(cx, currency, &new)).await {
        Ok(id) => Ok(see_other(&format!("/association/{id}/signatories"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            list(&gateway, &visit, sent.answers, &faults).await
        }
    }
}

async fn joined(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    visit.limit(&CODES)?;
    let key = Key::new("payments.association.join", sent.key.text(), sent.key.request());
    let hash = code_hash(sent.answers.one("code"));
    match gateway.acts().write(visit.caller(), &key, move |cx| join(cx, &hash)).await {
        Ok(id) => Ok(see_other(&format!("/association/{id}"))),
        Err(fault) if fault.code() == "payments.association.code" => {
            let faults = [FieldFault { field: "code".to_owned(), text: fault.text().clone() }];
            list(&gateway, &visit, Answers::default(), &faults).await
        }
        Err(fault) => Err(fault.into()),
    }
}

async fn one(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AssociationId>) -> Reply {
    visit.must_sign_in()?;
    let sight = gateway.acts().read(visit.caller(), move |cx| see(cx, id)).await?;
    Ok(home(&gateway, &visit, &sight, Answers::default(), &[]).into_response())
}

/// The rule in words: two of three signatories.
pub(super) fn rule(visit: &Visit, association: &Association, seats: usize) -> String {
    let text = Text::new("payments.association.rule").with("needed", association.needed);
    visit.say(&text.with("seats", i64::try_from(seats).unwrap_or(0)))
}

fn home(gateway: &Gateway, visit: &Visit, sight: &Sight, answers: Answers, faults: &[FieldFault]) -> Page {
    let (association, currency) = (&sight.association, sight.account.currency);
    let address = format!("/association/{}", association.id);
    let money = |minor| visit.money(Money::new(minor, currency));
    let facts = Summary::new(visit)
        .row(visit.t("payments.association.free"), money(sight.account.available()))
        .row(visit.t("payments.association.promised"), money(sight.account.debits_pending))
        .row(visit.t("payments.association.rule_title"), rule(visit, association, sight.seats.len()));
    let waiting: Vec<_> = sight.proposals.iter().filter(|(it, ..)| it.state == ProposalState::Open).collect();
    let ended: Vec<_> = sight.proposals.iter().filter(|(it, ..)| it.state != ProposalState::Open).collect();
    let sheet = visit.sheet_with(answers, faults);
    let amount = sheet.text("amount", visit.t("payments.association.amount")).max_length(20);
    let asking = html! { (amount) (button(&visit.t("payments.association.ask"))) };
    let link = format!("{}{address}/pay", visit.site().base_url());
    visit.page(association.name.as_str()).caption(association.place.as_str()).back("/association").sheet(&sheet).body(
        html! {
            (facts)
            p { (button_link(&format!("{address}/propose"), &visit.t("payments.proposal.pay_title"))) }
            p { a href=(format!("{address}/signatories")) { (visit.t("payments.association.signatories_title")) } }
            @if !waiting.is_empty() {
                (proposal_pages::table(gateway, visit, &visit.t("payments.proposal.waiting"), &waiting))
            }
            h2 { (visit.t("payments.association.in_title")) }
            p { (visit.t("payments.association.in_says")) }
            p { a href=(format!("{address}/pay")) { (link) } }
            (visit.form(&format!("{address}/ask"), asking))
            @if sight.movements.is_empty() {
                p { (visit.t("payments.association.none")) }
            } @else {
                (movements(visit, sight))
            }
            @if !ended.is_empty() {
                (details(&visit.t("payments.proposal.ended"),
                    proposal_pages::table(gateway, visit, &visit.t("payments.proposal.ended"), &ended)))
            }
        },
    )
}

fn movements(visit: &Visit, sight: &Sight) -> Markup {
    let what = |line: &Line| match (line.did, line.is_debit) {
        (Did::Posted, false) => "payments.association.came",
        (Did::Posted, true) => "payments.association.went",
        (Did::Held, true) => "payments.association.held",
        (Did::Held, false) => "payments.association.coming",
        (Did::Released, _) => "payments.association.released",
    };
    let mut table = Table::new(visit.t("payments.association.movements"))
        .column(visit.t("payments.association.when"))
        .column(visit.t("payments.association.what"))
        .numbers(visit.t("payments.fact.amount"));
    for line in &sight.movements {
        table = table.row([
            html! { (visit.moment(line.at)) },
            html! { (visit.t(what(line))) },
            html! { (visit.money(Money::new(line.minor, sight.account.currency))) },
        ]);
    }
    html! { (table) }
}

fn wrong_amount() -> FieldFault {
    FieldFault { field: "amount".to_owned(), text: Text::new("payments.association.amount_typed") }
}

fn of_amount(fault: &Fault) -> Vec<FieldFault> {
    vec![FieldFault { field: "amount".to_owned(), text: fault.text().clone() }]
}

async fn asked(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AssociationId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.association.ask:{id}"), sent.key.text(), sent.key.request());
    let counter = gateway.counter()?.clone();
    let faults = match typed_amount(sent.answers.one("amount"), counter.currency) {
        None => vec![wrong_amount()],
        Some(amount) => {
            let made = gateway.acts().write(visit.caller(), &key, move |cx| Ok(ask(cx, &counter, id, amount)?.number));
            match made.await {
                Ok(number) => return Ok(see_other(&format!("/bill/{number}"))),
                Err(fault) if fault.code() == "payments.association.amount" => of_amount(&fault),
                Err(fault) => return Err(fault.into()),
            }
        }
    };
    let sight = gateway.acts().read(visit.caller(), move |cx| see(cx, id)).await?;
    Ok(home(&gateway, &visit, &sight, sent.answers, &faults).into_response())
}

/// The code is made here and shown here; what is kept is its hash.
async fn coded(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, seat)): Path<(AssociationId, i64)>,
    _sent: Form,
) -> Reply {
    visit.must_sign_in()?;
    let code = crypto::base32(&crypto::random::<10>());
    let hash = code_hash(&code);
    gateway.acts().write(visit.caller(), &Key::none(), move |cx| invite(cx, id, seat, &hash)).await?;
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    let title = visit.t1("payments.association.code_title", "seat", seat);
    let page = visit.page(title).back(format!("/association/{id}/signatories")).body(html! {
        (banner(Tone::Waiting, &visit.t("payments.association.code_once"), html! {
            p { (visit.t("payments.association.code_say")) }
        }))
        (Summary::new(&visit).markup(visit.t("payments.association.code"), html! { code { (groups.join("-")) } }))
    });
    Ok(page.into_response())
}

async fn named(gateway: &Gateway, visit: &Visit, id: AssociationId) -> Reply<Association> {
    let found = gateway.acts().read(visit.caller(), move |cx| Ok(rows::find(cx.tx(), id)?)).await?;
    Ok(found.ok_or_else(|| Fault::not_found("payments.association.unknown"))?)
}

async fn pay_in(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AssociationId>) -> Reply {
    let association = named(&gateway, &visit, id).await?;
    Ok(pay_page(&gateway, &visit, &association, Answers::default(), &[])?.into_response())
}

fn pay_page(
    gateway: &Gateway,
    visit: &Visit,
    association: &Association,
    answers: Answers,
    faults: &[FieldFault],
) -> Reply<Page> {
    let (sheet, counter) = (visit.sheet_with(answers, faults), gateway.counter()?);
    let wallets = gateway.wallets().offered(Money::new(counter.least_minor, counter.currency));
    let wallets = wallets.map(|wallet| Choice::new(wallet.id.as_str(), visit.local(&wallet.name))).collect();
    let phone = sheet.phone("phone", visit.t("payments.pay.number")).prefix(gateway.wallets().prefix());
    let fields = html! {
        (sheet.text("amount", visit.t("payments.association.amount")).max_length(20))
        (sheet.radios("wallet", visit.t("payments.pay.wallet"), wallets)) (phone)
        (button(&visit.t("payments.bill.pay")))
    };
    let address = format!("/association/{}/pay", association.id);
    Ok(visit.page(association.name.as_str()).caption(association.place.as_str()).sheet(&sheet).body(html! {
        (visit.form(&address, fields))
    }))
}

async fn paid_in(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AssociationId>, sent: Form) -> Reply {
    visit.limit(&TRIES)?;
    let association = named(&gateway, &visit, id).await?;
    let again = |faults: &[FieldFault]| -> Reply {
        Ok(pay_page(&gateway, &visit, &association, sent.answers.clone(), faults)?.into_response())
    };
    let Some(amount) = typed_amount(sent.answers.one("amount"), gateway.counter()?.currency) else {
        return again(&[wrong_amount()]);
    };
    let key = Key::new(&format!("payments.association.give:{id}"), sent.key.text(), sent.key.request());
    let (counter, wallets, answers) = (gateway.counter()?.clone(), gateway.wallets().clone(), sent.answers.clone());
    let paid = gateway.acts().post(visit.caller(), &key, move |cx| {
        let bill = given(cx, &counter, id, amount)?;
        bills::pay(cx, &wallets, &bill.number, None, answers.one("wallet"), answers.one("phone"))?;
        Ok(bill.number)
    });
    match paid.await {
        Ok(number) => Ok(see_other(&format!("/bill/{number}"))),
        Err(fault) if fault.code() == "payments.association.amount" => again(&of_amount(&fault)),
        Err(fault) => again(&as_phone(correctable(fault)?)),
    }
}
