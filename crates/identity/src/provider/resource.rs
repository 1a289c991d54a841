//! What an access token opens here: userinfo (OpenID Connect Core §5.3); and what others are told of a token:
//! introspection (RFC 7662, signed as in RFC 9701), revocation (RFC 7009).
//!
//! **Invariant:** a bound token opens nothing without its key; the first time a token opens claims is an act its person
//! can see; a client learns nothing of tokens that are neither its own nor meant for it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::Visit;
use journal::Key;
use serde_json::{Map, Value as Json, json};
use spine::{Act, Cx, Fault, Resource, Work};

use crate::devices::client::is_device;
use crate::keys::token_hash;
use crate::mandates::acting::still_acts;
use crate::provider::answer::{Refused, add_nonce, form, private, refused, token_answer};
use crate::provider::assurance;
use crate::provider::catalogue::Facts;
use crate::provider::client::Client;
use crate::provider::dpop::{self, Bound, Proof};
use crate::provider::grant;
use crate::provider::id_token::act_of;
use crate::provider::metadata::AuthMethod;
use crate::provider::once;
use crate::rows::grants::{self, Standing};
use crate::settings::Identity;

/// Where the claims of a token are told.
pub(crate) const USERINFO: &str = "/oauth2/userinfo";
pub(crate) const INTROSPECT: &str = "/oauth2/introspect";
pub(crate) const REVOKE: &str = "/oauth2/revoke";
/// The form of a signed answer to an introspection (RFC 9701 §4).
const SIGNED_INTROSPECTION: &str = "application/token-introspection+jwt";

pub(crate) fn routes() -> Router<Identity> {
    userinfo_at(USERINFO).route(INTROSPECT, post(introspect)).route(REVOKE, post(revoke))
}

/// Userinfo at another path.
pub(crate) fn userinfo_at(path: &str) -> Router<Identity> {
    Router::new().route(path, get(userinfo).post(userinfo))
}

const NO_TOKEN: Refused = Refused {
    status: StatusCode::UNAUTHORIZED,
    challenge: Some("Bearer, DPoP algs=\"ES256 EdDSA PS256\""),
    ..refused("missing_token", "send the access token in the Authorization header")
};
const BAD_TOKEN: Refused = Refused {
    status: StatusCode::UNAUTHORIZED,
    challenge: Some(r#"Bearer error="invalid_token""#),
    ..refused("invalid_token", "the token is not good")
};
const BAD_BOUND_TOKEN: Refused =
    Refused { challenge: Some("DPoP error=\"invalid_token\", algs=\"ES256 EdDSA PS256\""), ..BAD_TOKEN };
const SMALL_TOKEN: Refused = Refused {
    status: StatusCode::FORBIDDEN,
    challenge: Some(r#"Bearer error="insufficient_scope", scope="openid""#),
    ..refused("insufficient_scope", "the token is not for this")
};

/// A token as it was brought.
struct Brought {
    token: String,
    /// Brought as `DPoP`, not as `Bearer`.
    with_proof: bool,
}

impl Brought {
    const fn bad(&self) -> Refused {
        if self.with_proof { BAD_BOUND_TOKEN } else { BAD_TOKEN }
    }
}

/// The token in the header, or in the body of a form (RFC 6750 §2.1, §2.2), and in no address.
fn brought(method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<Brought, Refused> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let in_header = header.and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
        let with_proof = scheme.eq_ignore_ascii_case("dpop");
        (with_proof || scheme.eq_ignore_ascii_case("bearer"))
            .then(|| Brought { token: token.trim().to_owned(), with_proof })
    });
    let in_body = match *method == Method::POST && !body.is_empty() {
        true => form(headers, body)?.get("access_token").map(str::to_owned),
        false => None,
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(refused("invalid_request", "the token is sent in two ways at once")),
        (Some(brought), None) => Ok(brought),
        (None, Some(token)) => Ok(Brought { token, with_proof: false }),
        (None, None) => Err(NO_TOKEN),
    }
}

impl Identity {
    /// What an access token is stored under: its hash, or, of a signed one that is ours, its name.
    fn access_key(&self, token: &str) -> Option<String> {
        if !token.contains('.') {
            return Some(token_hash(token));
        }
        let claims = self.directory().key_set.open(token, Some("at+jwt")).ok()?;
        claims.get("jti").and_then(Json::as_str).map(str::to_owned)
    }

    /// Whether a token that is bound came with what it is bound to, and one brought as bound is.
    fn holds(
        &self,
        visit: &Visit,
        headers: &HeaderMap,
        standing: &Standing,
        brought: &Brought,
        proof: Option<&Proof>,
    ) -> bool {
        let bound = standing.access.bound.as_deref().and_then(Bound::read);
        match bound {
            None => standing.access.bound.is_none() && !brought.with_proof,
            Some(Bound::Key(jkt)) => brought.with_proof && proof.is_some_and(|proof| proof.jkt == jkt),
            Some(Bound::Certificate(thumbprint)) => {
                let der = visit.client_certificate(headers).and_then(crypto::from_base64);
                let own = der.and_then(|der| crypto::Certificate::read(&der));
                !brought.with_proof && own.is_some_and(|own| own.thumbprint() == thumbprint)
            }
        }
    }
}

async fn userinfo(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let brought = brought(&method, &headers, &body)?;
    let bad = brought.bad();
    let Some(key) = identity.access_key(&brought.token) else { return Err(bad) };
    let wanted = key.clone();
    let known = identity.clone();
    let look = move |cx: &mut Cx<'_>| {
        let now = cx.now();
        let Some(standing) = grants::access(cx.tx(), &wanted, now)?.filter(|standing| standing.good) else {
            return Ok(None);
        };
        if !known.still_acts(cx, &standing)? {
            return Ok(None);
        }
        let told = match &standing.access.account {
            Some(account) if standing.passed => Some(known.told(cx, account, &standing)?),
            _ => None,
        };
        Ok(Some((standing, told)))
    };
    let Some((standing, told)) = identity.inner.acts.read(visit.caller(), look).await? else { return Err(bad) };
    let client = identity.holder(&visit, &method, &headers, &brought, &standing).await?;
    let account = standing.access.account.clone().ok_or(SMALL_TOKEN)?;
    if !standing.access.scope.split(' ').any(|scope| scope == "openid") {
        return Err(SMALL_TOKEN);
    }
    let told = match told {
        Some(told) => told,
        None => {
            let (engine, caller) = (identity.clone(), identity.client_caller(&client, &visit));
            let (standing, account) = (standing.clone(), account.clone());
            let work = move |cx: &mut Cx<'_>| pass_claims(cx, &engine, &key, &account, &standing);
            identity.inner.acts.write(&caller, &Key::none(), work).await?
        }
    };
    let actor = identity.actor_name(&client, standing.access.act.as_ref());
    let mut response = identity.userinfo_answer(&client, (&account, actor.as_deref()), told)?;
    if brought.with_proof {
        let now = identity.inner.acts.now();
        add_nonce(response.headers_mut(), &dpop::nonce(&identity.inner.keys, now));
    }
    Ok(response)
}

impl Identity {
    /// The client of a token that was brought with all it is bound to; its proof is spent.
    async fn holder(
        &self,
        visit: &Visit,
        method: &Method,
        headers: &HeaderMap,
        brought: &Brought,
        standing: &Standing,
    ) -> Result<Arc<Client>, Refused> {
        let client = self.client_or_device(&standing.access.client).await?.ok_or(brought.bad())?;
        let proof = self.proof(visit, headers, method.as_str(), client.is_fapi(), Some(&brought.token));
        let proof = proof.map_err(as_resource)?.filter(|_| brought.with_proof);
        if !self.holds(visit, headers, standing, brought, proof.as_ref()) {
            return Err(brought.bad());
        }
        if let Some(proof) = proof {
            let spend: Work = Box::new(move |tx| Ok(Box::new(once::spend_in(tx, std::slice::from_ref(&proof.once))?)));
            self.inner.acts.database().write(spend).await.map_err(|fault| as_resource(fault.into()))?;
        }
        Ok(client)
    }

    /// The client behind an access token of its own that holds one of these scopes, for interfaces of this program.
    ///
    /// # Errors
    /// As userinfo.
    pub(crate) async fn bearer(
        &self,
        visit: &Visit,
        method: &Method,
        headers: &HeaderMap,
        scopes: &[&str],
    ) -> Result<Arc<Client>, Refused> {
        let (client, scope) = self.bearing(visit, method, headers).await?;
        if scope.split(' ').any(|scope| scopes.contains(&scope)) { Ok(client) } else { Err(SMALL_TOKEN) }
    }

    /// The client behind an access token of its own, and the token's scope.
    ///
    /// # Errors
    /// As userinfo.
    pub(crate) async fn bearing(
        &self,
        visit: &Visit,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<(Arc<Client>, String), Refused> {
        let brought = brought(&Method::GET, headers, b"")?;
        let bad = brought.bad();
        let Some(key) = self.access_key(&brought.token) else { return Err(bad) };
        let look = move |cx: &mut Cx<'_>| {
            let now = cx.now();
            Ok(grants::access(cx.tx(), &key, now)?.filter(|standing| standing.good))
        };
        let standing = self.inner.acts.read(visit.caller(), look).await?.ok_or(bad)?;
        let client = self.holder(visit, method, headers, &brought, &standing).await?;
        if standing.access.account.is_none() { Ok((client, standing.access.scope)) } else { Err(SMALL_TOKEN) }
    }
}

/// An error of a proof, as a resource says it (RFC 9449 §7.1, §9).
fn as_resource(refused: Refused) -> Refused {
    let challenge = match refused.error {
        "use_dpop_nonce" => "DPoP error=\"use_dpop_nonce\", algs=\"ES256 EdDSA PS256\"",
        "invalid_dpop_proof" => "DPoP error=\"invalid_dpop_proof\", algs=\"ES256 EdDSA PS256\"",
        _ => return refused,
    };
    Refused { status: StatusCode::UNAUTHORIZED, challenge: Some(challenge), ..refused }
}

/// Tells the claims of a token for the first time, as an act its person can see.
fn pass_claims(
    cx: &mut Cx<'_>,
    identity: &Identity,
    key: &str,
    account: &str,
    standing: &Standing,
) -> Result<Map<String, Json>, Fault> {
    cx.may("identity.claims.pass", &Resource::new("Grant", &standing.access.client))?;
    let now = cx.now();
    let told = identity.told(cx, account, standing)?;
    if grants::pass(cx.tx(), key, now)? {
        let act = Act::new("identity.claims.passed").about(account).on(&standing.access.client);
        let names: Vec<&str> = told.keys().map(String::as_str).collect();
        let act = act.because("sign-in", "consent").with("scope", standing.access.scope.as_str());
        cx.record(act.with("claims", names.join(" ")));
    }
    Ok(told)
}

impl Identity {
    /// What userinfo tells of a person with this token, but for her name towards the client.
    fn told(&self, cx: &mut Cx<'_>, account: &str, standing: &Standing) -> Result<Map<String, Json>, Fault> {
        let asked = &standing.access.asked;
        let facts = Facts::of(cx, self.inner.population.as_ref(), account)?;
        let mut told = facts.told(asked.userinfo.keys().map(String::as_str));
        assurance::tell(&mut told, self.inner.trust.as_ref(), &facts, &asked.verified_userinfo, cx.now());
        Ok(told)
    }

    /// The answer as the client wants it: plain, signed, encrypted, or signed and then encrypted (§5.3.2).
    fn userinfo_answer(
        &self,
        client: &Client,
        (account, actor): (&str, Option<&str>),
        mut told: Map<String, Json>,
    ) -> Result<Response, Refused> {
        if let Some(actor) = actor {
            told.insert("act".to_owned(), act_of(actor));
        }
        told.insert("sub".to_owned(), json!(self.subject(client, account)));
        let algorithm = match (client.userinfo_alg, &client.userinfo_recipient) {
            (None, None) => return Ok(private(StatusCode::OK, &Json::Object(told))),
            (algorithm, _) => algorithm,
        };
        let content = match algorithm {
            Some(algorithm) => {
                told.insert("iss".to_owned(), json!(self.inner.issuer));
                told.insert("aud".to_owned(), json!(client.id));
                told.insert("iat".to_owned(), json!(self.inner.acts.now().as_seconds()));
                self.sign(algorithm, "JWT", &Json::Object(told))?
            }
            None => Json::Object(told).to_string(),
        };
        let Some(recipient) = &client.userinfo_recipient else { return Ok(token_answer("application/jwt", content)) };
        let cty = if algorithm.is_some() { "JWT" } else { "json" };
        let sealed = recipient.encrypt(cty, content.as_bytes());
        let sealed = sealed.map_err(|error| Fault::internal("identity.sign.failed", error))?;
        Ok(token_answer("application/jwt", sealed))
    }
}

async fn introspect(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let form = form(&headers, &body)?;
    let proven = identity.proven(&visit, &headers, &form)?;
    // A public client could ask about any token it found (RFC 7662 §4).
    if proven.client.declared.token_endpoint_auth_method == AuthMethod::None {
        return Err(crate::provider::answer::INVALID_CLIENT);
    }
    let key = identity.access_key(form.need("token")?);
    let (spent, client, now) = (proven.once, proven.client, identity.inner.acts.now());
    let look = move |tx: &mut dyn spine::Tx| -> Result<Option<Standing>, Fault> {
        once::spend_in(tx, &spent)?;
        let Some(key) = &key else { return Ok(None) };
        Ok(grants::access(tx, key, now)?.filter(|standing| standing.good))
    };
    let (database, spends) = (identity.inner.acts.database(), client.secret_hash.is_none());
    let work: Work = Box::new(move |tx| Ok(Box::new(look(tx)?)));
    let found = if spends { database.write(work).await? } else { database.read(work).await? };
    let standing = found.downcast::<Option<Standing>>().ok().and_then(|found| *found);
    let standing = identity.acting_still(&visit, standing).await?;
    let told = identity.introspected(&client, standing);
    let signed = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| {
        accept.split(',').any(|one| one.trim().split(';').next().unwrap_or_default() == SIGNED_INTROSPECTION)
    });
    if !signed {
        return Ok(private(StatusCode::OK, &told));
    }
    let claims = json!({
        "iss": identity.inner.issuer, "aud": client.id, "iat": now.as_seconds(), "token_introspection": told,
    });
    let token = identity.sign(client.id_token_alg, "token-introspection+jwt", &claims)?;
    Ok(token_answer(SIGNED_INTROSPECTION, token))
}

impl Identity {
    /// Whether who acts by a token about another still may; a token about oneself needs nothing.
    fn still_acts(&self, cx: &mut Cx<'_>, standing: &Standing) -> Result<bool, Fault> {
        match (&standing.access.account, &standing.access.act) {
            (Some(person), Some(by)) => still_acts(cx, self, person, by),
            _ => Ok(true),
        }
    }

    /// The same token, if the device that holds it is in use and whoever acts by it still may.
    async fn acting_still(&self, visit: &Visit, standing: Option<Standing>) -> Result<Option<Standing>, Fault> {
        let Some(standing) = standing else { return Ok(None) };
        if is_device(&standing.access.client) && self.device_client(&standing.access.client).await?.is_none() {
            return Ok(None);
        }
        if standing.access.act.is_none() {
            return Ok(Some(standing));
        }
        let (identity, asked) = (self.clone(), standing.clone());
        let look = move |cx: &mut Cx<'_>| identity.still_acts(cx, &asked);
        let stands = self.inner.acts.read(visit.caller(), look).await?;
        Ok(stands.then_some(standing))
    }

    /// What is said of a token to a client: all of its own and of those any service of the country may check, nothing of
    /// others.
    fn introspected(&self, client: &Client, standing: Option<Standing>) -> Json {
        let may = |standing: &Standing| {
            standing.access.client == client.id || client.scopes.iter().any(|scope| scope == "introspect")
        };
        let Some(standing) = standing.filter(may) else { return json!({"active": false}) };
        let access = standing.access;
        let bound = access.bound.as_deref().and_then(Bound::read);
        let holder = self.client(&access.client);
        let actor = holder.as_ref().and_then(|holder| self.actor_name(holder, access.act.as_ref()));
        let subject = match (&access.account, holder) {
            (Some(account), Some(holder)) => self.subject(&holder, account),
            _ => access.client.clone(),
        };
        let mut told = Map::new();
        let mut say = |name: &str, value: Json| drop(told.insert(name.to_owned(), value));
        say("active", json!(true));
        say("client_id", json!(access.client));
        say("token_type", json!(Bound::token_type(bound.as_ref())));
        say("iss", json!(self.inner.issuer));
        say("sub", json!(subject));
        say("iat", json!(access.issued_at.as_seconds()));
        say("exp", json!(access.expires_at.as_seconds()));
        if !access.scope.is_empty() {
            say("scope", json!(access.scope));
        }
        if let Some(bound) = bound {
            say("cnf", bound.cnf());
        }
        if let Some(actor) = actor {
            say("act", act_of(&actor));
        }
        Json::Object(told)
    }
}

async fn revoke(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let form = form(&headers, &body)?;
    let proven = identity.proven(&visit, &headers, &form)?;
    let token = form.need("token")?;
    let hash = identity.access_key(token).unwrap_or_else(|| token_hash(token));
    let (id, spent) = (proven.client.id.clone(), proven.once);
    let caller = identity.client_caller(&proven.client, &visit);
    let work = move |cx: &mut Cx<'_>| grant::revoke(cx, &id, &hash, &spent);
    identity.inner.acts.write(&caller, &Key::none(), work).await?;
    let mut response = StatusCode::OK.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
