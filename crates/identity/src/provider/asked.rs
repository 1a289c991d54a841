//! What a client asks to be told: its scopes and its `claims` parameter (OpenID Connect Core §5.5, OpenID Connect for
//! Identity Assurance §6).
//!
//! **Invariant:** what we do not know, or the client may not ask, is passed over and never an error; what was agreed to
//! only ever takes away from what was asked. Where next: `consents.rs`, `assurance.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::provider::catalogue::{self, covered_by};
use crate::provider::client::Client;

/// The longest `claims` parameter read, in bytes.
const LONGEST: usize = 8 * 1024;
/// The longest purpose shown, in characters (Identity Assurance §5.1: 3 to 300).
const LONGEST_PURPOSE: usize = 300;
/// Verified claims asked for at once.
const MOST_VERIFIED: usize = 8;

/// One thing asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Want {
    /// The client says it cannot go on without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) essential: bool,
    /// What for, in the client's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<String>,
}

/// All that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) userinfo: BTreeMap<String, Want>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) id_token: BTreeMap<String, Want>,
    /// Requests for verified claims, as they were written, by where the answer goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) verified_userinfo: Vec<Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) verified_id_token: Vec<Json>,
    /// Assurances that would do, and whether nothing else would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) acr: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) acr_essential: bool,
    /// The one person the client expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<String>,
}

/// The name under which consent to a verified claim is kept.
pub(crate) fn verified(claim: &str) -> String {
    format!("verified.{claim}")
}

impl Asked {
    /// What the scopes and the parameter ask for; none if the parameter is not a JSON object of objects.
    pub(crate) fn read(client: &Client, scope: &str, parameter: Option<&str>) -> Option<Self> {
        let mut asked = Self::default();
        for claim in scope.split(' ').flat_map(catalogue::of_scope) {
            asked.userinfo.insert(claim.to_owned(), Want::default());
        }
        let Some(text) = parameter else { return Some(asked) };
        if text.len() > LONGEST {
            return None;
        }
        let wanted: BTreeMap<String, Json> = serde_json::from_str(text).ok()?;
        if let Some(members) = wanted.get("userinfo") {
            let members = members.as_object()?;
            asked.add(client, members, false);
            asked.verified_userinfo = verified_requests(client, members)?;
        }
        if let Some(members) = wanted.get("id_token") {
            let members = members.as_object()?;
            asked.add(client, members, true);
            asked.verified_id_token = verified_requests(client, members)?;
            asked.expect(members);
        }
        Some(asked)
    }

    fn add(&mut self, client: &Client, members: &Map<String, Json>, in_id_token: bool) {
        let may = |name: &str| {
            client.first_party
                || client.claims.iter().any(|own| own == name)
                || client.scopes.iter().any(|scope| catalogue::of_scope(scope).any(|own| own == name))
        };
        let into = if in_id_token { &mut self.id_token } else { &mut self.userinfo };
        for (name, details) in members.iter().filter(|(name, _)| catalogue::is_claim(name) && may(name)) {
            into.insert(name.clone(), want(details));
        }
    }

    /// What the ID token must say of the sign-in itself (§5.5.1).
    fn expect(&mut self, members: &Map<String, Json>) {
        let values = |details: &Json| -> Vec<String> {
            let one = details.get("value").into_iter();
            let many = details.get("values").and_then(Json::as_array).into_iter().flatten();
            one.chain(many).filter_map(Json::as_str).take(10).map(str::to_owned).collect()
        };
        if let Some(details) = members.get("acr") {
            self.acr = values(details);
            self.acr_essential = want(details).essential;
        }
        self.sub = members.get("sub").and_then(|details| values(details).into_iter().next());
    }

    /// Everything asked for, each once: the name consent is kept under, and the strongest wish for it.
    pub(crate) fn items(&self) -> BTreeMap<String, Want> {
        let mut items: BTreeMap<String, Want> = BTreeMap::new();
        let mut add = |name: String, want: &Want| {
            let item = items.entry(name).or_default();
            item.essential |= want.essential;
            if item.purpose.is_none() {
                item.purpose.clone_from(&want.purpose);
            }
        };
        for (name, want) in self.userinfo.iter().chain(&self.id_token) {
            add(covered_by(name).to_owned(), want);
        }
        for request in self.verified_userinfo.iter().chain(&self.verified_id_token) {
            for (name, details) in request.get("claims").and_then(Json::as_object).into_iter().flatten() {
                add(verified(name), &want(details));
            }
        }
        items
    }

    /// What is left of it after consent: names as [`Asked::items`] gives them.
    pub(crate) fn agreed(mut self, agrees: impl Fn(&str) -> bool) -> Self {
        self.userinfo.retain(|name, _| agrees(covered_by(name)));
        self.id_token.retain(|name, _| agrees(covered_by(name)));
        for requests in [&mut self.verified_userinfo, &mut self.verified_id_token] {
            for request in requests.iter_mut() {
                if let Some(claims) = request.get_mut("claims").and_then(Json::as_object_mut) {
                    claims.retain(|name, _| agrees(&verified(name)));
                }
            }
            requests.retain(|request| {
                request.get("claims").and_then(Json::as_object).is_some_and(|claims| !claims.is_empty())
            });
        }
        self
    }

    /// What an access token carries on: what userinfo may tell.
    pub(crate) fn for_userinfo(&self) -> Self {
        Self { userinfo: self.userinfo.clone(), verified_userinfo: self.verified_userinfo.clone(), ..Self::default() }
    }
}

fn want(details: &Json) -> Want {
    let purpose = details.get("purpose").and_then(Json::as_str).map(str::trim).filter(|text| text.chars().count() >= 3);
    Want {
        essential: details.get("essential").and_then(Json::as_bool).unwrap_or(false),
        purpose: purpose.map(|text| text.chars().filter(|letter| !letter.is_control()).take(LONGEST_PURPOSE).collect()),
    }
}

/// The requests for verified claims among the members; none if one is malformed (Identity Assurance §6).
fn verified_requests(client: &Client, members: &Map<String, Json>) -> Option<Vec<Json>> {
    let Some(wanted) = members.get("verified_claims") else { return Some(Vec::new()) };
    let requests: Vec<Json> = match wanted {
        Json::Object(_) => vec![wanted.clone()],
        Json::Array(several) => several.clone(),
        _ => return None,
    };
    if requests.len() > MOST_VERIFIED {
        return None;
    }
    let mut kept = Vec::new();
    for mut request in requests {
        if !request.get("verification").is_some_and(Json::is_object) {
            return None;
        }
        let claims = request.get_mut("claims").and_then(Json::as_object_mut)?;
        claims.retain(|name, _| catalogue::EVIDENT.contains(&name.as_str()));
        if client.declared.verified_claims && !claims.is_empty() {
            kept.push(request);
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::client::portal;
    use crate::provider::metadata::ClientMetadata;

    fn client() -> Client {
        let declared = ClientMetadata {
            first_party: false,
            claims: "individual_id".to_owned(),
            verified_claims: true,
            ..portal("https://x.ls")
        };
        Client::of(&declared).unwrap()
    }

    #[test]
    fn what_is_not_known_or_not_allowed_is_passed_over() {
        let text = r#"{"userinfo": {"name": null, "shoe_size": null, "email": {"essential": true},
            "individual_id": {"essential": true, "purpose": "To open an account"}}}"#;
        let asked = Asked::read(&client(), "openid", Some(text)).unwrap();
        assert_eq!(asked.userinfo.keys().collect::<Vec<_>>(), ["individual_id", "name"]);
        let items = asked.items();
        assert!(items["individual_id"].essential && !items["name"].essential);
        assert_eq!(items["individual_id"].purpose.as_deref(), Some("To open an account"));
        let left = asked.agreed(|name| name == "name");
        assert_eq!(left.userinfo.keys().collect::<Vec<_>>(), ["name"]);
    }

    #[test]
    fn verified_claims_are_one_or_several_and_well_formed() {
        let read = |text: &str| Asked::read(&client(), "openid", Some(text));
        let one = r#"{"userinfo": {"verified_claims": {"verification": {"trust_framework": null}, "claims": {"given_name": null, "x": null}}}}"#;
        let asked = read(one).unwrap();
        assert_eq!(asked.items().keys().collect::<Vec<_>>(), ["verified.given_name"]);
        assert!(asked.agreed(|_| false).verified_userinfo.is_empty());
        for bad in [
            "[]",
            "{",
            r#"{"userinfo": []}"#,
            r#"{"userinfo": {"verified_claims": 1}}"#,
            r#"{"userinfo": {"verified_claims": {"claims": {"given_name": null}}}}"#,
            r#"{"userinfo": {"verified_claims": {"verification": {}}}}"#,
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_sign_in_itself_can_be_asked_about() {
        let text = r#"{"id_token": {"acr": {"essential": true, "values": ["urn:letsema:assurance:high"]}, "sub": {"value": "x"}}}"#;
        let asked = Asked::read(&client(), "openid", Some(text)).unwrap();
        assert!(asked.acr_essential && asked.sub.as_deref() == Some("x"));
        assert_eq!(asked.acr, ["urn:letsema:assurance:high"]);
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(text in "\\PC{0,120}") {
            let _ = Asked::read(&client(), "openid profile", Some(&text));
        }
    }
}
