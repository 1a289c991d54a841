//! Typed identifiers: a UUIDv7 (RFC 9562 §5.7) under a three-letter prefix, written as a TypeID
//! (`per_01jdf2k9q8e9t8xq8m2n4v6w7z`).
//!
//! **Invariant:** two kinds of id can never be mixed up by the compiler, and the text form sorts by
//! the time of making. Ids are made by [`crate::Cx::id`], from the operation's own time and randomness.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// A kind of thing that has identifiers, such as a case or an account.
pub trait IdKind {
    /// Three lower-case letters, unique in the program.
    const PREFIX: &'static str;
}

/// An identifier of one `K`: 16 bytes, shown as prefix, underscore, 26 base-32 characters.
pub struct Id<K> {
    bytes: [u8; 16],
    kind: PhantomData<fn() -> K>,
}

/// The text is not an identifier of the kind asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an identifier of the form {prefix}_ and 26 characters")]
pub struct NotAnId {
    prefix: &'static str,
}

// Crockford's alphabet in lower case, as the TypeID specification v0.3 asks.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl<K> Id<K> {
    /// Builds a UUIDv7 from a moment (millisecond precision) and ten random bytes.
    #[must_use]
    pub fn from_parts(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_micros() / 1000).unwrap_or(0);
        let [_, _, t0, t1, t2, t3, t4, t5] = millis.to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        let bytes = [t0, t1, t2, t3, t4, t5, 0x70 | (r0 & 0x0f), r1, 0x80 | (r2 & 0x3f), r3, r4, r5, r6, r7, r8, r9];
        Self::from_bytes(bytes)
    }

    /// Takes 16 bytes that are already a UUID.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// The 16 bytes of the UUID.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(K::PREFIX)?;
        out.write_str("_")?;
        let mut number = u128::from_be_bytes(self.bytes);
        let mut digits = [b'0'; 26];
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET.get((number & 31) as usize).copied().unwrap_or(b'0');
            number >>= 5;
        }
        out.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let refuse = NotAnId { prefix: K::PREFIX };
        let digits = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(refuse)?;
        let refuse = || NotAnId { prefix: K::PREFIX };
        if digits.len() != 26 || digits.as_bytes().first().is_none_or(|first| *first > b'7') {
            return Err(refuse());
        }
        let mut number: u128 = 0;
        for byte in digits.bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == byte).ok_or_else(refuse)?;
            number = (number << 5) | digit as u128;
        }
        Ok(Self::from_bytes(number.to_be_bytes()))
    }
}

// Written by hand: a derive would ask the same of K, which is only a name.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Case;
    impl IdKind for Case {
        const PREFIX: &'static str = "cas";
    }
    struct Person;
    impl IdKind for Person {
        const PREFIX: &'static str = "per";
    }

    #[test]
    fn typeid_reference_vector() {
        // TypeID specification, valid.json "valid-uuidv7".
        let id = Id::<Case>::from_bytes([
            0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57,
        ]);
        assert_eq!(id.to_string(), "cas_01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn another_kind_or_a_spoilt_text_is_refused() {
        let id = Id::<Case>::from_parts(Timestamp::from_micros(1_700_000_000_000_000), [7; 10]).to_string();
        assert!(id.parse::<Id<Person>>().is_err());
        for spoilt in [
            "",
            "cas_",
            "cas",
            "cas_01h455vb4pex5vsknk084sn02",
            "cas_81h455vb4pex5vsknk084sn02q",
            "cas_01h455vb4pex5vsknk084sn02Q",
            "cas_01h455vb4pex5vsknk084sn02u",
            "cas_é1h455vb4pex5vsknk084sn02",
        ] {
            assert!(spoilt.parse::<Id<Case>>().is_err(), "{spoilt}");
        }
    }

    proptest! {
        #[test]
        fn text_and_bytes_agree(bytes: [u8; 16]) {
            let id = Id::<Case>::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse::<Id<Case>>().unwrap(), id);
        }

        #[test]
        fn text_sorts_as_bytes_do(one: [u8; 16], two: [u8; 16]) {
            let (one, two) = (Id::<Case>::from_bytes(one), Id::<Case>::from_bytes(two));
            prop_assert_eq!(one.cmp(&two), one.to_string().cmp(&two.to_string()));
        }

        #[test]
        fn garbage_never_panics(text in ".{0,40}") {
            let _ = text.parse::<Id<Case>>();
        }
    }
}
