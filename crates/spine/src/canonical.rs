//! One byte form for a JSON value, so that two parties hash the same bytes: RFC 8785 (JCS), for the
//! values we make ourselves: no floats.
//!
//! **Invariant:** equal values give equal bytes; object keys are sorted by UTF-16 code units (RFC 8785 §3.2.3).

use serde::Serialize;
use serde_json::Value;

/// The value cannot be written canonically.
#[derive(Debug, thiserror::Error)]
pub enum NotCanonical {
    /// A number that is not an integer in ±2^53; amounts travel as minor units.
    #[error("a canonical document holds only integers within ±2^53")]
    Number,
    /// The type does not turn into JSON.
    #[error("not a JSON value: {0}")]
    Json(#[from] serde_json::Error),
}

/// The canonical bytes of anything serde can turn into JSON.
///
/// # Errors
/// [`NotCanonical`] if it holds a float or is not JSON.
pub fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    let mut out = Vec::with_capacity(256);
    write(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(out, value)?,
        Value::Number(number) => {
            let whole = number.as_i64().filter(|n| n.unsigned_abs() <= 1 << 53).ok_or(NotCanonical::Number)?;
            out.extend_from_slice(whole.to_string().as_bytes());
        }
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(one, _), (two, _)| one.encode_utf16().cmp(two.encode_utf16()));
            out.push(b'{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, name)?;
                out.push(b':');
                write(member, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sorts_and_escapes_as_rfc_8785() {
        let value = json!({"b": [1, -2, null], "a": "Tšepiso \u{1}\"", "\u{1F600}": 1, "\u{FB33}": 2});
        let text = String::from_utf8(canonical(&value).unwrap()).unwrap();
        // UTF-16 order puts the surrogate pair of U+1F600 before U+FB33.
        assert_eq!(text, "{\"a\":\"Tšepiso \\u0001\\\"\",\"b\":[1,-2,null],\"\u{1F600}\":1,\"\u{FB33}\":2}");
    }

    #[test]
    fn refuses_floats() {
        assert!(canonical(&json!(1.5)).is_err());
        assert!(canonical(&json!(9_007_199_254_740_993_i64)).is_err());
    }
}
