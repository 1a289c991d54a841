//! The directory: whose customer is reached under a phone number, an account, a national ID or another alias.
//!
//! **Invariant:** the alias is never kept, only its keyed hash; nobody can read the directory out, only ask it for an alias she knows.
//! A participant registers and removes its own customers only.

use serde_json::{Value, json};
use spine::{Act, Cx, Fault, Resource};

use crate::rows::directory as rows;

/// The kinds of aliases (API Definition §7.5.6).
pub(crate) const TYPES: [&str; 8] =
    ["MSISDN", "EMAIL", "PERSONAL_ID", "BUSINESS", "DEVICE", "ACCOUNT_ID", "IBAN", "ALIAS"];

/// At most so many aliases in one request.
pub(crate) const AT_ONCE: usize = 1000;

/// An alias, as an address or body gives it.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) kind: String,
    pub(crate) identifier: String,
    pub(crate) sub_id: Option<String>,
}

impl Alias {
    /// An alias of a known kind; none if it cannot be one.
    pub(crate) fn new(kind: &str, identifier: &str, sub_id: Option<&str>) -> Option<Self> {
        let fits = |text: &str| (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let sub_id = sub_id.filter(|sub_id| !sub_id.is_empty());
        let sound = TYPES.contains(&kind) && fits(identifier) && sub_id.is_none_or(fits);
        sound.then(|| Self {
            kind: kind.to_owned(),
            identifier: identifier.to_owned(),
            sub_id: sub_id.map(str::to_owned),
        })
    }

    /// As a body names it: `partyIdType`, `partyIdentifier`, `partySubIdOrType`.
    pub(crate) fn read(party: &Value) -> Option<Self> {
        let text = |name: &str| match party.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Self::new(&text("partyIdType")?, &text("partyIdentifier")?, text("partySubIdOrType").as_deref())
    }

    /// From the resource on: `/participants/MSISDN/…`.
    pub(crate) fn path(&self, resource: &str) -> String {
        let sub_id = self.sub_id.as_deref().map(|sub_id| format!("/{}", encode(sub_id))).unwrap_or_default();
        format!("/{resource}/{}/{}{sub_id}", self.kind, encode(&self.identifier))
    }

    /// As a body names it.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "partyIdType": self.kind, "partyIdentifier": self.identifier });
        if let (Some(members), Some(sub_id)) = (body.as_object_mut(), &self.sub_id) {
            members.insert("partySubIdOrType".to_owned(), json!(sub_id));
        }
        body
    }

    /// What is kept of it. Spaces, points and dashes in a phone number are nobody's business.
    pub(crate) fn hash(&self, secret: &[u8; 32]) -> [u8; 32] {
        let identifier: String = match self.kind.as_str() {
            "MSISDN" => self.identifier.chars().filter(char::is_ascii_digit).collect(),
            "EMAIL" => self.identifier.to_lowercase(),
            _ => self.identifier.clone(),
        };
        let sub_id = self.sub_id.as_deref().unwrap_or_default();
        let parts = [self.kind.as_bytes(), b"\0", identifier.as_bytes(), b"\0", sub_id.as_bytes()];
        crypto::hmac_sha256(secret, &parts)
    }
}

/// A part of an address.
fn encode(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() || "-._~+@".contains(letter) => letter.to_string(),
            letter => {
                let mut bytes = [0; 4];
                letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
            }
        })
        .collect()
}

/// Registers aliases as customers of whoever asks.
///
/// # Errors
/// A refusal; the store's faults.
pub(crate) fn register(cx: &mut Cx<'_>, owner: &str, hashes: &[[u8; 32]], currency: &str) -> Result<(), Fault> {
    let own = cx.actor().id == owner;
    cx.may("switch.party.register", &Resource::new("Party", owner).is("own", own))?;
    let now = cx.now();
    for hash in hashes {
        rows::set(cx.tx(), hash, currency, owner, now)?;
    }
    cx.record(Act::new("switch.party.registered").on(owner).with("count", hashes.len()));
    Ok(())
}

/// Removes an alias of whoever asks; says whether there was one.
///
/// # Errors
/// A refusal; the store's faults.
pub(crate) fn remove(cx: &mut Cx<'_>, owner: &str, hash: &[u8; 32]) -> Result<bool, Fault> {
    let own = cx.actor().id == owner;
    cx.may("switch.party.register", &Resource::new("Party", owner).is("own", own))?;
    let removed = rows::remove(cx.tx(), hash, owner)? > 0;
    cx.record(Act::new("switch.party.removed").on(owner).with("count", i64::from(removed)));
    Ok(removed)
}

/// Whose customer it is.
///
/// # Errors
/// The store's faults.
pub(crate) fn find(cx: &mut Cx<'_>, hash: &[u8; 32], currency: &str) -> Result<Option<String>, Fault> {
    Ok(rows::find(cx.tx(), hash, currency)?)
}
