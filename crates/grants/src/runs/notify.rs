//! People are told that their money is there, lies ready, or came back.
//!
//! **Invariant:** telling holds nothing up: it is a job of its own after the money has moved. Nobody without a phone is
//! missed by the money; she sees it on her page, and hears of it where she fetches it.

use serde::Deserialize;
use serde_json::json;
use spine::{Cx, Fault, Job, Text};

use crate::engine::Grants;
use crate::model::{Payment, PaymentState, RunId};
use crate::rows::{lines, vouchers};
use crate::runs::{found, resource};
use crate::tell::{masked, tell, tell_secret};
use crate::vouchers::number;

/// The job that tells people of some lines.
pub(crate) const TELL: &str = "grants.run.tell";

/// Which lines.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Body {
    run: RunId,
    lines: Vec<i64>,
}

pub(crate) fn job(run: RunId, lines: impl IntoIterator<Item = i64>) -> Job {
    let lines: Vec<i64> = lines.into_iter().collect();
    Job::new(TELL, json!({ "run": run, "lines": lines }))
}

/// Tells the people of these lines how they stand.
pub(crate) fn step(cx: &mut Cx<'_>, grants: &Grants, body: &Body) -> Result<(), Fault> {
    let run = found(cx, body.run)?;
    cx.may("grants.run.step", &resource(cx, grants, &run)?)?;
    let (Some(first), Some(last)) = (body.lines.first(), body.lines.last()) else { return Ok(()) };
    let mut lines = lines::between(cx.tx(), body.run, (first - 1, *last))?;
    lines.retain(|line| body.lines.binary_search(&line.line).is_ok());
    let numbers: Vec<&str> = lines.iter().map(|line| line.payee.as_str()).collect();
    for person in grants.inner.population.by_national_ids(cx, &numbers)? {
        let Some(line) = lines.iter().find(|line| line.payee == person.national_id) else { continue };
        if person.phone.is_none() {
            continue;
        }
        for (voucher, sealed) in vouchers::of_payment(cx.tx(), line.run, line.line)? {
            let opened = number::unseal(grants, &sealed)?;
            let said = Text::new("grants.tell.voucher").with("number", number::shown(opened.reveal()));
            let said = said.with("amount", grants.money(voucher.amount_minor)).with("until", voucher.expires_at);
            tell_secret(cx, grants, &person, Text::new("grants.tell.payment"), said)?;
        }
        if let Some(said) = said(grants, line) {
            let name = grants.programme(&line.programme)?.about().name.clone();
            let amount = grants.money(line.amount_minor);
            let body = said.with("amount", amount).with("programme", name);
            tell(cx, grants, &person, Text::new("grants.tell.payment"), body)?;
        }
    }
    Ok(())
}

/// What is told of a payment that stands so.
fn said(grants: &Grants, line: &Payment) -> Option<Text> {
    let account = line.account.as_ref()?;
    match line.state {
        PaymentState::Paid => Some(Text::new("grants.tell.paid").with("account", masked(grants, account))),
        PaymentState::Failed => Some(Text::new("grants.tell.failed").with("account", masked(grants, account))),
        PaymentState::Held if !account.way.is_carried() => {
            Some(Text::named(format!("grants.tell.ready_{}", account.way.code())))
        }
        _ => None,
    }
}
