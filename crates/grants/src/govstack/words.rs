//! The words of GovStack's payments: how long an identifier is, what an answer holds, which status means what.
//!
//! **Invariant:** a fault is answered with the standard's own code, never with a cause.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge::Json;
use serde_json::{Value, json};
use spine::{Currency, Fault, FaultKind, Money};

/// `RequestID`, `SourceBBID`, `BatchID`.
const SHORT: usize = 12;
/// `InstructionID`.
const INSTRUCTION: usize = 16;
/// `PayeeFunctionalID`.
const PAYEE: usize = 20;

/// A field that has exactly its length.
fn exact<'a>(of: &'a Value, name: &str, length: usize) -> Option<&'a str> {
    of.get(name).and_then(Value::as_str).filter(|text| text.chars().count() == length)
}

/// What every request of beneficiaries and batches begins with.
pub(super) struct Head {
    pub(super) request: String,
    pub(super) batch: Option<String>,
}

/// Reads the head; `batch` says whether a batch is named.
pub(super) fn head(said: &Value, batch: bool) -> Option<Head> {
    exact(said, "SourceBBID", SHORT)?;
    let named = if batch { Some(exact(said, "BatchID", SHORT)?.to_owned()) } else { None };
    Some(Head { request: exact(said, "RequestID", SHORT)?.to_owned(), batch: named })
}

/// Whom a beneficiary or an instruction is about.
pub(super) fn payee(of: &Value) -> Option<&str> {
    exact(of, "PayeeFunctionalID", PAYEE)
}

/// One credit instruction.
pub(super) struct Instruction {
    pub(super) id: String,
    pub(super) payee: String,
    pub(super) amount_minor: i64,
}

/// Reads an instruction; `narrated` asks for a narration, as validation does.
pub(super) fn instruction(of: &Value, currency: Currency, narrated: bool) -> Option<Instruction> {
    if narrated && of.get("Narration").and_then(Value::as_str).is_none() {
        return None;
    }
    let code = of.get("Currency").and_then(Value::as_str)?;
    if Currency::parse(code).ok()? != currency {
        return None;
    }
    let amount_minor = minor(of.get("Amount")?, currency)?;
    Some(Instruction {
        id: exact(of, "InstructionID", INSTRUCTION)?.to_owned(),
        payee: payee(of)?.to_owned(),
        amount_minor,
    })
}

/// An amount as a number or as text, with no more decimals than the currency has.
pub(super) fn minor(of: &Value, currency: Currency) -> Option<i64> {
    let written = match of {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let places = currency.minor_digits() as usize;
    let (whole, part) = written.split_once('.').unwrap_or((&written, ""));
    if part.len() > places {
        return None;
    }
    let amount: Money = format!("{currency} {whole}.{part:0<places$}").parse().ok()?;
    Some(amount.minor()).filter(|minor| *minor > 0)
}

/// The answer of beneficiaries and batches: `00`, or `01` with what is wrong.
pub(super) fn answer(status: StatusCode, said: &Value, wrong: Option<&str>) -> Response {
    let request = said.get("RequestID").and_then(Value::as_str).unwrap_or("000000000000");
    let (code, description) = wrong.map_or(("00", "The request was received."), |wrong| ("01", wrong));
    let body = json!({ "ResponseCode": code, "ResponseDescription": description, "RequestID": request });
    (status, Json(body)).into_response()
}

/// A fault of an operation in these words.
pub(super) fn fault(said: &Value, fault: &Fault) -> Response {
    let status = match fault.kind() {
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::Unavailable | FaultKind::Internal => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    answer(status, said, Some(fault.code()))
}

/// A voucher's answer that is not as wished: a status of the standard's own, and a sentence.
pub(super) fn message(status: u16, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!({ "message": words }))).into_response()
}

/// Text, also where it is sent as a number.
pub(super) fn text(of: &Value, name: &str) -> Option<String> {
    match of.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_strict() {
        let lsl = Currency::parse("LSL").unwrap();
        for (said, minor_units) in [
            (json!(100), Some(10_000)),
            (json!(100.5), Some(10_050)),
            (json!("15.21"), Some(1_521)),
            (json!("100.10.1"), None),
            (json!("1,000"), None),
            (json!(1e30), None),
            (json!(0), None),
            (json!(-1), None),
            (json!("15.211"), None),
            (json!(null), None),
        ] {
            assert_eq!(minor(&said, lsl), minor_units, "{said}");
        }
    }
}
