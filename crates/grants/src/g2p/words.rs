//! Ids, financial addresses and states as G2P Connect writes them.
//!
//! **Invariant:** `type:id@provider`, read without guessing; an address is written as it is read.

use serde_json::{Value, json};
use spine::{Currency, Fault, Money, Timestamp};

use super::envelope::moment;
use crate::engine::Grants;
use crate::mapper::account::fit;
use crate::mapper::payee_of;
use crate::model::{Account, PaymentState};
use crate::programme::Way;

/// Requests in one message.
const MOST: usize = 1_000;

/// The requests of a message.
pub(super) fn requests<'a>(message: &'a Value, name: &str) -> Result<&'a Vec<Value>, Fault> {
    let all = message.get(name).and_then(Value::as_array).filter(|all| (1..=MOST).contains(&all.len()));
    all.ok_or_else(|| Fault::invalid("grants.message.requests"))
}

pub(super) fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whom an id is of: a national number under any type, or whatever the provider calls somebody.
pub(super) fn payee(written: &str) -> Option<String> {
    let (id, _) = written.split_once('@').unwrap_or((written, ""));
    let bare = id.split_once(':').map_or(id, |(_, bare)| bare);
    match payee_of(bare) {
        Some(payee) if !payee.starts_with("fid:") => Some(payee),
        _ => payee_of(written),
    }
}

/// The account a financial address is: `mobile:58001234@mpesa`, `account:0123456789@nedbank`, `cash@post-office`, `voucher@voucher`.
pub(super) fn account(grants: &Grants, written: &str) -> Option<Account> {
    let (id, provider) = written.split_once('@')?;
    let number = id.split_once(':').map_or(id, |(_, number)| number);
    let way = match provider {
        "post-office" => Way::PostOffice,
        "voucher" => Way::Voucher,
        wallet if grants.inner.rails.by_phone(wallet).is_some() => Way::Wallet,
        _ => Way::Bank,
    };
    fit(grants, &Account { way, institution: provider.to_owned(), address: number.to_owned() }).ok()
}

/// An account as [`account`] reads it.
pub(super) fn address(account: &Account) -> String {
    match account.way {
        Way::PostOffice => "cash@post-office".to_owned(),
        Way::Voucher => "voucher@voucher".to_owned(),
        Way::Wallet => format!("mobile:{}@{}", account.address.trim_start_matches('+'), account.institution),
        Way::Bank => format!("account:{}@{}", account.address, account.institution),
    }
}

/// An amount, `600.00`.
pub(super) fn minor(written: &str, currency: Currency) -> Option<i64> {
    let amount: Money = format!("{currency} {written}").parse().ok()?;
    Some(amount.minor()).filter(|minor| *minor > 0)
}

/// What became of one request.
pub(super) fn done(request: &Value, now: Timestamp, outcome: Result<Value, &'static str>) -> Value {
    let mut said = json!({ "reference_id": text(request, "reference_id"), "timestamp": moment(now) });
    let (status, code, more) = match outcome {
        Ok(more) => ("succ", None, Some(more)),
        Err(code) => ("rjct", Some(code), None),
    };
    if let Some(said) = said.as_object_mut() {
        said.insert("status".to_owned(), json!(status));
        if let Some(code) = code {
            said.insert("status_reason_code".to_owned(), json!(code));
        }
        if let Some(Value::Object(more)) = more {
            said.extend(more);
        }
    }
    said
}

/// A payment's state in the standard's words, and why.
pub(super) fn state(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Ready => "rcvd",
        PaymentState::Held | PaymentState::Failed => "pdng",
        PaymentState::Paid => "succ",
        PaymentState::Refused | PaymentState::Stopped => "rjct",
    }
}

/// A fault of one request, as the standard's reason; others end the message.
pub(super) fn reason(fault: &Fault) -> Option<&'static str> {
    match fault.code() {
        "grants.account.wrong" => Some("rjct.fa.invalid"),
        "grants.payee.unknown" | "grants.payee.dead" | "grants.account.unknown" => Some("rjct.id.invalid"),
        _ => None,
    }
}
