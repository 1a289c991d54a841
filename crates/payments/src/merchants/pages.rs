//! The till of a small shop: `/till`, a sale with its code, the code for the counter; and `/shop/{id}`, where whoever scanned
//! that enters the price.
//!
//! **Invariant:** a sale's page says for sure whether it is paid; the code on the counter names the shop and no amount.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, banner, button, button_link, qr};
use edge::{Answers, Form, Markup, Page, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{FieldFault, Money, Text};

use super::sale::{bought, code};
use super::{Merchant, MerchantId, NewMerchant, give_back, mine, register, sales, sell, settle};
use crate::Gateway;
use crate::bills::pages::{TRIES, as_phone, bill_tag, typed_amount};
use crate::bills::{self, Bill, BillState};
use crate::rows::merchants as rows;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/till", get(shops).post(open_shop))
        .route("/till/{id}", get(till).post(new_sale))
        .route("/till/{id}/code", get(on_the_counter))
        .route("/till/{id}/settle", post(pay_out))
        .route("/till/{id}/sale/{number}", get(one_sale).post(money_back))
        .route("/shop/{id}", get(buy).post(bought_now))
}

async fn shops(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let known = gateway.acts().read(visit.caller(), mine).await?;
    Ok(shops_page(&gateway, &visit, &known, Answers::default(), &[])?.into_response())
}

fn shops_page(
    gateway: &Gateway,
    visit: &Visit,
    known: &[(Merchant, i64)],
    answers: Answers,
    faults: &[FieldFault],
) -> Reply<Page> {
    let (sheet, currency) = (visit.sheet_with(answers, faults), gateway.counter()?.currency);
    let mut table = Table::new(visit.t("payments.till.shops"))
        .column(visit.t("payments.till.name"))
        .numbers(visit.t("payments.till.owed"));
    for (shop, owed) in known {
        table = table.row([
            html! { a href=(format!("/till/{}", shop.id)) { (shop.name) } },
            html! { (visit.money(Money::new(*owed, currency))) },
        ]);
    }
    let wallets =
        gateway.wallets().iter().map(|wallet| Choice::new(wallet.id.as_str(), visit.local(&wallet.name))).collect();
    let number = sheet.phone("number", visit.t("payments.till.number")).prefix(gateway.wallets().prefix());
    let fields = html! {
        (sheet.text("name", visit.t("payments.till.name")).max_length(25))
        (sheet.text("city", visit.t("payments.till.city")).max_length(15))
        (sheet.radios("wallet", visit.t("payments.till.wallet"), wallets)) (number)
        (button(&visit.t("payments.till.open")))
    };
    Ok(visit.page(visit.t("payments.till.title")).sheet(&sheet).body(html! {
        @if !known.is_empty() { (table) }
        h2 { (visit.t("payments.till.new")) }
        (visit.form("/till", fields))
        p { a href="/association" { (visit.t("payments.association.title")) } }
    }))
}

async fn open_shop(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.merchant.register", sent.key.text(), sent.key.request());
    let answers = &sent.answers;
    let of = |name: &str| answers.one(name).to_owned();
    let new = NewMerchant { name: of("name"), city: of("city"), wallet: of("wallet"), number: of("number") };
    let (wallets, currency) = (gateway.wallets().clone(), gateway.counter()?.currency);
    let made = gateway.acts().post(visit.caller(), &key, move |cx| Ok(register(cx, &wallets, currency, &new)?.id));
    match made.await {
        Ok(id) => Ok(see_other(&format!("/till/{id}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            let known = gateway.acts().read(visit.caller(), mine).await?;
            Ok(shops_page(&gateway, &visit, &known, sent.answers, &faults)?.into_response())
        }
    }
}

async fn till(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<MerchantId>) -> Reply {
    visit.must_sign_in()?;
    let (shop, made) = gateway.acts().read(visit.caller(), move |cx| sales(cx, id)).await?;
    Ok(till_page(&visit, &shop, &made, Answers::default(), &[]).into_response())
}

fn till_page(visit: &Visit, shop: &Merchant, made: &[Bill], answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let mut table = Table::new(visit.t("payments.till.sales"))
        .column(visit.t("payments.fact.made_at"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.fact.state"));
    for sale in made {
        table = table.row([
            html! { a href=(format!("/till/{}/sale/{}", shop.id, sale.number)) { (visit.moment(sale.made_at)) } },
            html! { (visit.money(sale.amount)) },
            bill_tag(visit, sale.state),
        ]);
    }
    let amount = sheet.text("amount", visit.t("payments.till.amount")).max_length(20);
    let fields = html! { (amount) (button(&visit.t("payments.till.sell"))) };
    visit.page(shop.name.as_str()).back("/till").sheet(&sheet).body(html! {
        (visit.form(&format!("/till/{}", shop.id), fields))
        @if made.is_empty() { p { (visit.t("payments.till.none")) } } @else { (table) }
        p { (button_link(&format!("/till/{}/code", shop.id), &visit.t("payments.till.code"))) }
        (visit.button_form(&format!("/till/{}/settle", shop.id), &visit.t("payments.till.settle")))
    })
}

fn wrong_amount() -> FieldFault {
    FieldFault { field: "amount".to_owned(), text: Text::new("payments.till.amount_wrong") }
}

async fn new_sale(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<MerchantId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.sale.make:{id}"), sent.key.text(), sent.key.request());
    let counter = gateway.counter()?.clone();
    let outcome = match typed_amount(sent.answers.one("amount"), gateway.counter()?.currency) {
        Some(amount) => {
            let made = gateway.acts().post(visit.caller(), &key, move |cx| Ok(sell(cx, &counter, id, amount)?.number));
            made.await.map_err(|fault| vec![FieldFault { field: "amount".to_owned(), text: fault.text().clone() }])
        }
        None => Err(vec![wrong_amount()]),
    };
    match outcome {
        Ok(number) => Ok(see_other(&format!("/till/{id}/sale/{number}"))),
        Err(faults) => {
            let (shop, made) = gateway.acts().read(visit.caller(), move |cx| sales(cx, id)).await?;
            Ok(till_page(&visit, &shop, &made, sent.answers, &faults).into_response())
        }
    }
}

async fn one_sale(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, number)): Path<(MerchantId, String)>,
) -> Reply {
    visit.must_sign_in()?;
    let (shop, made) = gateway.acts().read(visit.caller(), move |cx| sales(cx, id)).await?;
    let sale = made.into_iter().find(|sale| sale.number == number);
    let sale = sale.ok_or_else(|| spine::Fault::not_found("payments.bill.unknown"))?;
    let address = format!("/till/{id}/sale/{number}");
    let text = code(gateway.counter()?, &shop, Some(&sale)).write();
    let facts = Summary::new(&visit)
        .row(visit.t("payments.fact.amount"), visit.money(sale.amount))
        .row(visit.t("payments.bill.number"), &sale.number)
        .markup(visit.t("payments.fact.state"), bill_tag(&visit, sale.state));
    let page = visit.page(shop.name.as_str()).back(format!("/till/{id}")).body(html! {
        @if sale.state == BillState::Paid {
            (banner(Tone::Good, &visit.t("payments.till.paid"), html! { p { (visit.money(sale.amount)) } }))
        } @else {
            (drawn(&visit, &text))
            p { (button_link(&address, &visit.t("payments.wait.look"))) }
        }
        (facts)
        @if sale.state == BillState::Paid { (visit.button_form(&address, &visit.t("payments.till.give_back"))) }
    });
    Ok(page.into_response())
}

fn drawn(visit: &Visit, text: &str) -> Markup {
    html! {
        @if let Some(drawn) = qr(text, &visit.t("payments.till.scan")) { (drawn) }
        p.hint { (visit.t("payments.till.scan")) br; code { (text) } }
    }
}

async fn money_back(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, number)): Path<(MerchantId, String)>,
    sent: Form,
) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.sale.give_back:{number}"), sent.key.text(), sent.key.request());
    let address = format!("/till/{id}/sale/{number}");
    gateway.acts().post(visit.caller(), &key, move |cx| give_back(cx, id, &number)).await?;
    Ok(see_other(&address))
}

async fn on_the_counter(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<MerchantId>) -> Reply {
    visit.must_sign_in()?;
    let (shop, _) = gateway.acts().read(visit.caller(), move |cx| sales(cx, id)).await?;
    let text = code(gateway.counter()?, &shop, None).write();
    let link = format!("{}/shop/{id}", visit.site().base_url());
    let page = visit.page(shop.name.as_str()).back(format!("/till/{id}")).body(html! {
        p { (visit.t("payments.till.print")) }
        (drawn(&visit, &text))
        h2 { (visit.t("payments.till.camera")) }
        @if let Some(drawn) = qr(&link, &visit.t("payments.till.camera")) { (drawn) }
        p.hint { (link) }
    });
    Ok(page.into_response())
}

async fn pay_out(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<MerchantId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.merchant.settle:{id}"), sent.key.text(), sent.key.request());
    let rails = gateway.rails().clone();
    gateway.acts().post(visit.caller(), &key, move |cx| settle(cx, &rails, id)).await?;
    Ok(see_other("/till"))
}

async fn buy(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<MerchantId>) -> Reply {
    let shop = shop_named(&gateway, &visit, id).await?;
    Ok(shop_page(&gateway, &visit, &shop, Answers::default(), &[])?.into_response())
}

async fn shop_named(gateway: &Gateway, visit: &Visit, id: MerchantId) -> Reply<Merchant> {
    let found = gateway.acts().read(visit.caller(), move |cx| Ok(rows::find(cx.tx(), id)?)).await?;
    Ok(found.ok_or_else(|| spine::Fault::not_found("payments.merchant.unknown"))?)
}

fn shop_page(
    gateway: &Gateway,
    visit: &Visit,
    shop: &Merchant,
    answers: Answers,
    faults: &[FieldFault],
) -> Reply<Page> {
    let (sheet, counter) = (visit.sheet_with(answers, faults), gateway.counter()?);
    let wallets = gateway
        .wallets()
        .offered(Money::new(counter.least_minor, counter.currency))
        .map(|wallet| Choice::new(wallet.id.as_str(), visit.local(&wallet.name)))
        .collect();
    let phone = sheet.phone("phone", visit.t("payments.pay.number")).prefix(gateway.wallets().prefix());
    let fields = html! {
        (sheet.text("amount", visit.t("payments.till.amount")).max_length(20))
        (sheet.radios("wallet", visit.t("payments.pay.wallet"), wallets)) (phone)
        (button(&visit.t("payments.bill.pay")))
    };
    Ok(visit.page(shop.name.as_str()).caption(shop.city.as_str()).sheet(&sheet).body(html! {
        (visit.form(&format!("/shop/{}", shop.id), fields))
    }))
}

async fn bought_now(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<MerchantId>, sent: Form) -> Reply {
    visit.limit(&TRIES)?;
    let shop = shop_named(&gateway, &visit, id).await?;
    let again = |faults: &[FieldFault]| -> Reply {
        Ok(shop_page(&gateway, &visit, &shop, sent.answers.clone(), faults)?.into_response())
    };
    let Some(amount) = typed_amount(sent.answers.one("amount"), gateway.counter()?.currency) else {
        return again(&[wrong_amount()]);
    };
    let key = Key::new(&format!("payments.sale.buy:{id}"), sent.key.text(), sent.key.request());
    let (counter, wallets, answers) = (gateway.counter()?.clone(), gateway.wallets().clone(), sent.answers.clone());
    let paid = gateway.acts().post(visit.caller(), &key, move |cx| {
        let sale = bought(cx, &counter, id, amount)?;
        bills::pay(cx, &wallets, &sale.number, None, answers.one("wallet"), answers.one("phone"))?;
        Ok(sale.number)
    });
    match paid.await {
        Ok(number) => Ok(see_other(&format!("/bill/{number}"))),
        Err(fault) => {
            let faults = as_phone(correctable(fault)?);
            again(&faults)
        }
    }
}
