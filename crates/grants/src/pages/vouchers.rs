//! One's own vouchers: the number to say at a shop, and the slip as a QR code.
//!
//! **Invariant:** the page is an act in her record, because a number is shown; it is not kept by the browser.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, qr};
use edge::{Reply, Visit, html};
use journal::Key;
use spine::Cx;

use crate::engine::Grants;
use crate::vouchers;

pub(super) fn routes() -> Router<Grants> {
    Router::new().route("/my/grants/vouchers", get(own))
}

async fn own(State(grants): State<Grants>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let engine = grants.clone();
    let look = move |cx: &mut Cx<'_>| vouchers::own(cx, &engine);
    let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
    let page = visit.page(visit.t("grants.my.vouchers")).back("/my/grants").body(html! {
        @if seen.is_empty() { p { (visit.t("grants.my.no_vouchers")) } } @else { p { (visit.t("grants.my.vouchers_lead")) } }
        @for (voucher, number, slip) in &seen {
            h2 { (visit.money(grants.money(voucher.amount_minor))) }
            (Summary::new(&visit)
                .row(visit.t("grants.my.voucher_number"), number)
                .row(visit.t("grants.my.voucher_serial"), &voucher.serial)
                .row(visit.t("grants.my.voucher_until"), visit.moment(voucher.expires_at)))
            @if let Some(code) = qr(slip, &visit.t("grants.my.voucher_slip")) { (code) }
        }
    });
    let mut response = page.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
