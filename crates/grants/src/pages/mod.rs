//! What people and officers see: programmes, lists, runs, what came back; one's own money; the counter of a post office.
//!
//! **Invariant:** one thing a page; no page needs JavaScript; handlers are thin.

mod account;
mod counter;
mod list;
mod my;
mod paying;
mod payment;
mod programme;
mod run;
mod vouchers;

use axum::Router;
use edge::show::{Tone, tag};
use edge::{Markup, Visit, html};
use journal::Key;
use spine::Fault;

use crate::engine::Grants;
use crate::model::{Account, PaymentState, RunState};
use crate::programme::Way;
use crate::tell;

pub(crate) fn routes(grants: Grants) -> Router {
    programme::routes()
        .merge(list::routes())
        .merge(run::routes())
        .merge(payment::routes())
        .merge(account::routes())
        .merge(my::routes())
        .merge(vouchers::routes())
        .merge(paying::routes())
        .merge(crate::api::routes())
        .merge(crate::govstack::routes())
        .merge(crate::g2p::routes())
        .merge(counter::routes())
        .with_state(grants)
}

/// An identifier in an address; what is none is not found.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::not_found("grants.page.missing"))
}

/// The key of a form for an operation.
fn key(visit: &Visit, operation: &str, form: &edge::FormKey) -> Key {
    Key::new(&format!("{operation}:{}", visit.actor().id), form.text(), form.request())
}

/// A run's state in words.
fn run_tag(visit: &Visit, state: RunState) -> Markup {
    let tone = match state {
        RunState::Checking | RunState::Paying | RunState::Sent => Tone::Waiting,
        RunState::Checked | RunState::Approved => Tone::Plain,
        RunState::Closed => Tone::Good,
        RunState::Withdrawn => Tone::Off,
    };
    tag(tone, &visit.t(&format!("grants.run.{}", state.code())))
}

/// A payment's state in words.
fn payment_tag(visit: &Visit, state: PaymentState) -> Markup {
    let tone = match state {
        PaymentState::Ready | PaymentState::Held => Tone::Waiting,
        PaymentState::Paid => Tone::Good,
        PaymentState::Refused | PaymentState::Failed => Tone::Bad,
        PaymentState::Stopped => Tone::Off,
    };
    tag(tone, &visit.t(&format!("grants.state.{}", state.code())))
}

/// Why something stands so, in words; a code nobody has words for is told as it is.
/// Words of a code, where there are any.
fn said(visit: &Visit, group: &str, code: &str) -> Option<String> {
    let key = format!("grants.{group}.{code}");
    visit.site().words().knows(visit.language(), &key).then(|| visit.t(&key))
}

/// A reason in words; one without words as it is.
fn reason(visit: &Visit, group: &str, code: &str) -> String {
    said(visit, group, code).unwrap_or_else(|| code.to_owned())
}

/// An account in words, its number as far as it may be read over a shoulder.
fn account(visit: &Visit, grants: &Grants, account: &Account) -> String {
    match account.way {
        Way::PostOffice | Way::Voucher => visit.t(&format!("grants.way.{}", account.way.code())),
        Way::Wallet | Way::Bank => {
            format!("{} …{}", tell::place_name(grants, account, visit.language()), tell::ending(account))
        }
    }
}

/// How far something is, for eyes and screen readers.
fn progress(label: &str, done: i64, whole: i64) -> Markup {
    html! {
        @if whole > 0 {
            p { label for="progress" { (label) } " " (done) " / " (whole) br; progress #progress max=(whole) value=(done) {} }
        }
    }
}
