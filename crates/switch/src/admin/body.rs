//! Numbers and moments as central-ledger writes them: amounts as JSON numbers or texts, moments as ISO 8601.

use serde_json::{Number, Value, json};
use spine::{Currency, Money, Timestamp};

use crate::amount::read_digits;
use crate::fspiop::error::{MISSING, Refused, SYNTAX};
use crate::transfers::tell::moment;

/// An amount as a JSON number, exact for whatever the ledger holds in one amount.
pub(super) fn number(minor: i64, currency: Currency) -> Value {
    let digits = Money::new(minor, currency).digits();
    let whole = digits.trim_end_matches('0').trim_end_matches('.');
    let text = if digits.contains('.') { whole } else { &digits };
    let number = text.parse::<i64>().map(Number::from).ok();
    number.or_else(|| text.parse().ok().and_then(Number::from_f64)).map_or(Value::Null, Value::Number)
}

/// An amount given as number or text, not negative; trailing zeros are let pass, everything else that FSPIOP refuses is not.
pub(super) fn amount(value: Option<&Value>, currency: &str) -> Result<Money, Refused> {
    let refuse = || Refused::new(SYNTAX, "amount");
    let currency = Currency::parse(currency).map_err(|_| Refused::new(SYNTAX, "currency"))?;
    let text = match value {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.clone(),
        _ => return Err(Refused::new(MISSING, "amount")),
    };
    let plain = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    read_digits(plain, currency).ok_or_else(refuse)
}

/// A text of a body.
pub(super) fn text<'a>(body: &'a Value, pointer: &str) -> Result<&'a str, Refused> {
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| Refused::new(MISSING, pointer.trim_start_matches('/').replace('/', ".")))
}

/// A whole number of a body, as number or text.
pub(super) fn whole(body: &Value, pointer: &str) -> Option<i64> {
    match body.pointer(pointer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A moment.
pub(super) fn at(timestamp: Timestamp) -> Value {
    json!(moment(timestamp))
}
