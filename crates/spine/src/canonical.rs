//! One byte form for a JSON value, so that two parties hash the same bytes: RFC 8785 (JCS), for the
//! values we make ourselves: no floats.
//!
//! **Invariant:** equal values give equal bytes; object keys are sorted by UTF-16 code units (RFC 8785 §3.2.3).

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The value cannot be written canonically: it is no JSON, or holds a number that is not an integer within ±2^53
/// (amounts travel as minor units).
#[derive(Debug, thiserror::Error)]
#[error("not a canonical document: {0}")]
pub struct NotCanonical(#[from] serde_json::Error);

/// The canonical bytes of anything serde can turn into JSON.
///
/// # Errors
/// [`NotCanonical`] if it holds a float or is not JSON.
pub fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    Ok(serde_json::to_vec(&Canonical(&serde_json::to_value(value)?))?)
}

/// A value that is written canonically wherever it stands.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a>(pub &'a Value);

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null | Value::Bool(_) | Value::String(_) => self.0.serialize(out),
            Value::Number(number) => match number.as_i64().filter(|whole| whole.unsigned_abs() <= 1 << 53) {
                Some(whole) => out.serialize_i64(whole),
                None => Err(S::Error::custom("a number is not an integer within ±2^53")),
            },
            Value::Array(items) => out.collect_seq(items.iter().map(Canonical)),
            Value::Object(members) => CanonicalObject(members).serialize(out),
        }
    }
}

/// The same for an object.
#[derive(Clone, Copy, Debug)]
pub struct CanonicalObject<'a>(pub &'a Map<String, Value>);

impl Serialize for CanonicalObject<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut members: Vec<_> = self.0.iter().map(|(name, member)| (name, Canonical(member))).collect();
        members.sort_by(|(one, _), (two, _)| one.encode_utf16().cmp(two.encode_utf16()));
        out.collect_map(members)
    }
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
