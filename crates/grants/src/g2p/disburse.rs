//! Disbursements: a message becomes a list and a run that an officer has still to approve; and how they stand.
//!
//! **Invariant:** another system brings, it does not release. A payee is an id; her account is the mapper's to say.

use serde_json::{Value, json};
use spine::{Cx, Fault};

use super::envelope::moment;
use super::words::{self, done, requests, text};
use crate::engine::Grants;
use crate::lists::line::{Asked, within};
use crate::lists::take::{NewList, begin, finish, keep};
use crate::model::Source;
use crate::money::resource;
use crate::rows::lines;
use crate::runs::{NewRun, prepare};

/// How a list is called that a transaction brought.
pub(super) fn list_name(transaction: &str) -> String {
    format!("g2p {transaction}")
}

/// The programme a sender's disbursements are paid with: the first it is licensed for.
pub(super) fn programme_of(cx: &Cx<'_>, grants: &Grants) -> Result<String, Fault> {
    let source = grants.inner.payouts.source(&cx.actor().id);
    let programme = source.and_then(|source| source.programmes.first().cloned());
    programme.ok_or_else(|| Fault::not_found("grants.programme.unknown"))
}

/// `disburse`: what can be read is taken into a list, and a run of it is prepared.
pub(super) fn disburse(cx: &mut Cx<'_>, grants: &Grants, message: &Value) -> Result<Value, Fault> {
    let asked = requests(message, "disbursements")?;
    let programme = programme_of(cx, grants)?;
    let most = grants.programme(&programme)?.most_minor();
    let transaction = text(message, "transaction_id");
    let new = NewList { programme, name: list_name(transaction), source: Source::Interface };
    let list = begin(cx, grants, &new)?;
    if list.is_ready {
        return Err(Fault::conflict("grants.list.closed"));
    }
    let (id, mut read) = (list.id, Vec::with_capacity(asked.len()));
    for one in asked {
        read.push(instruction(grants, one, most));
    }
    let lines = (1..).zip(&read).map(|(line, one)| (line, one.clone().map_err(|_| "columns"))).collect();
    let taken = keep(cx, list, lines)?;
    finish(cx, grants, id, i64::try_from(asked.len()).unwrap_or(i64::MAX), None)?;
    if taken.accepted > 0 {
        let pay_on = grants.inner.population.today(cx);
        prepare(cx, grants, &NewRun { list: id, pay_on })?;
    }
    let now = cx.now();
    let twice = |line: i64| taken.refused.iter().any(|(own, why)| *own == line && why == "twice");
    let said: Vec<Value> = (1..)
        .zip(asked)
        .zip(&read)
        .map(|((line, one), read)| match read {
            Err(code) => done(one, now, Err(code)),
            Ok(_) if twice(line) => done(one, now, Err("rjct.reference_id.duplicate")),
            Ok(_) => done(one, now, Ok(json!({ "status": "rcvd", "amount": text(one, "amount") }))),
        })
        .collect();
    Ok(json!({ "transaction_id": transaction, "disbursements_status": said }))
}

fn instruction(grants: &Grants, one: &Value, most: i64) -> Result<Asked, &'static str> {
    let reference = text(one, "reference_id");
    if reference.is_empty() || reference.len() > 64 {
        return Err("rjct.reference_id.invalid");
    }
    let currency = grants.inner.currency;
    if one.get("currency_code").and_then(Value::as_str).is_some_and(|code| code != currency.code()) {
        return Err("rjct.currency_code.invalid");
    }
    let amount_minor = words::minor(text(one, "amount"), currency).ok_or("rjct.amount.invalid")?;
    within(amount_minor, most).map_err(|_| "rjct.amount.invalid")?;
    let payee = words::payee(text(one, "payee_fa")).ok_or("rjct.payee_fa.invalid")?;
    Ok(Asked { payee, amount_minor, reference: reference.to_owned() })
}

/// `search`: what is paid to somebody by the sender's programmes.
pub(super) fn search(cx: &mut Cx<'_>, grants: &Grants, message: &Value) -> Result<Value, Fault> {
    let programme = programme_of(cx, grants)?;
    cx.may("grants.run.view", &resource(cx, grants.programme(&programme)?))?;
    let mut said = Vec::new();
    for one in requests(message, "search_criteria")? {
        let payee = words::payee(text(one, "attribute_value")).filter(|_| text(one, "attribute_type") == "payee_fa");
        let Some(payee) = payee else {
            said.push(done(one, cx.now(), Err("rjct.srch_payee_fa.invalid")));
            continue;
        };
        let mut found = Vec::new();
        for payment in lines::of_payee(cx.tx(), &payee, 24)? {
            if grants.programme(&payment.programme)?.is_brought_by(&cx.actor().id) {
                found.push(json!({
                    "period": payment.period, "amount": grants.money(payment.amount_minor).digits(),
                    "status": words::state(payment.state), "timestamp": moment(payment.changed_at),
                }));
            }
        }
        said.push(done(one, cx.now(), Ok(json!({ "disbursements": found }))));
    }
    cx.record(spine::Act::new("grants.payments.searched").on(&programme).with("questions", said.len()));
    Ok(json!({ "transaction_id": text(message, "transaction_id"), "disbursements_status": said }))
}
