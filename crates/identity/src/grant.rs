//! Codes and access tokens: given, exchanged, looked at, taken back.
//!
//! **Invariant:** a code is good once, for a minute, for the client, address and PKCE verifier it was asked with;
//! a second use takes back what the first got (RFC 6749 §4.1.2). Tokens die with the session they were given in.

use crypto::constant_time_eq;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource};

use crate::authorise::AuthRequest;
use crate::rows::grants::{self, Code, Token};
use crate::rows::sessions;
use crate::session::{self, SessionId};

/// How long a code is good.
const CODE_SECONDS: i64 = 60;
/// How long an access token is good.
pub(crate) const TOKEN_SECONDS: i64 = 600;

/// Gives a code for a session; with `agrees` the consent is remembered. False if the session does not count any more.
pub(crate) fn give_code(
    cx: &mut Cx<'_>,
    request: &AuthRequest,
    session_hash: &str,
    code_hash: &str,
    agrees: bool,
) -> Result<bool, Fault> {
    let now = cx.now();
    let Some(found) = session::recognise(cx.tx(), session_hash, now)? else { return Ok(false) };
    let own = cx.actor().id == found.account;
    cx.may("identity.grant.give", &Resource::new("Grant", &request.client).is("own", own))?;
    if agrees {
        grants::set_consent(cx.tx(), &found.account, &request.client, &request.scope, now)?;
        let act = Act::new("identity.consent.given").about(&found.account).on(&request.client);
        cx.record(act.because("sign-in", "consent").with("scope", request.scope.as_str()));
    }
    let code = Code {
        session: found.id,
        account: found.account.clone(),
        client: request.client.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scope.clone(),
        expires_at: now.plus_seconds(CODE_SECONDS),
        used_at: None,
    };
    grants::insert_code(cx.tx(), code_hash, &code)?;
    sessions::touch(cx.tx(), found.id, None, now)?;
    let act = Act::new("identity.grant.given").about(&found.account).on(&request.client);
    cx.record(act.because("sign-in", "identity-service").with("scope", request.scope.as_str()));
    Ok(true)
}

/// What a client brings to the token endpoint.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) client: String,
    pub(crate) code_hash: String,
    pub(crate) redirect_uri: String,
    /// SHA-256 of the verifier, as the challenge was written.
    pub(crate) challenge: String,
    /// The hash of the access token to give.
    pub(crate) token_hash: String,
}

/// What a code was good for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) session: SessionId,
    pub(crate) account: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: spine::Timestamp,
    pub(crate) assurance: spine::Assurance,
    pub(crate) methods: Vec<String>,
    pub(crate) name: String,
    pub(crate) now: spine::Timestamp,
}

/// Exchanges a code for an access token; none if the code is not good.
pub(crate) fn exchange(cx: &mut Cx<'_>, exchange: &Exchange) -> Result<Option<Granted>, Fault> {
    cx.may("identity.grant.exchange", &Resource::new("Grant", &exchange.client))?;
    let Some(code) = grants::code(cx.tx(), &exchange.code_hash)?.filter(|code| code.client == exchange.client) else {
        return Ok(None);
    };
    let now = cx.now();
    if code.used_at.is_some() {
        grants::revoke_of_code(cx.tx(), &exchange.code_hash, now)?;
        let act = Act::new("identity.grant.replayed").about(&code.account).on(&code.client);
        cx.record(act.because("sign-in", "identity-service"));
        return Ok(None);
    }
    let proven = code.redirect_uri == exchange.redirect_uri
        && constant_time_eq(code.challenge.as_bytes(), exchange.challenge.as_bytes());
    if now >= code.expires_at || !proven {
        return Ok(None);
    }
    let Some(found) = session::by_id(cx.tx(), code.session, now)? else { return Ok(None) };
    grants::use_code(cx.tx(), &exchange.code_hash, now)?;
    let token = Token {
        session: code.session,
        account: code.account.clone(),
        client: code.client.clone(),
        scope: code.scope.clone(),
        expires_at: now.plus_seconds(TOKEN_SECONDS),
        revoked_at: None,
    };
    grants::insert_token(cx.tx(), &exchange.token_hash, &exchange.code_hash, &token)?;
    let act = Act::new("identity.grant.exchanged").about(&code.account).on(&code.client);
    cx.record(act.because("sign-in", "identity-service").with("scope", code.scope.as_str()));
    Ok(Some(Granted {
        session: code.session,
        account: code.account,
        scope: code.scope,
        nonce: code.nonce,
        auth_time: found.auth_time,
        assurance: found.assurance,
        methods: found.methods,
        name: found.name.into_inner(),
        now,
    }))
}

/// What a token lets a client know.
#[derive(Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) account: String,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
}

/// Passes on what an access token is good for, as an act its person can see; none if the token is not good.
pub(crate) fn pass_claims(cx: &mut Cx<'_>, token_hash: &str) -> Result<Option<Passed>, Fault> {
    let now = cx.now();
    let good = |token: &Token| token.revoked_at.is_none() && now < token.expires_at;
    let Some(token) = grants::token(cx.tx(), token_hash)?.filter(good) else { return Ok(None) };
    cx.may("identity.claims.pass", &Resource::new("Grant", &token.client))?;
    let Some(found) = session::by_id(cx.tx(), token.session, now)? else { return Ok(None) };
    let has = |scope: &str| token.scope.split(' ').any(|own| own == scope);
    let (name, phone) = (has("profile").then_some(found.name), found.phone.filter(|_| has("phone")));
    let act = Act::new("identity.claims.passed").about(&token.account).on(&token.client);
    cx.record(act.because("sign-in", "consent").with("scope", token.scope.as_str()));
    Ok(Some(Passed {
        account: token.account,
        name: name.map(spine::Personal::into_inner),
        phone: phone.map(spine::Personal::into_inner),
    }))
}

/// Takes a client's own token back; one that is not its own, or not there, is left as it is (RFC 7009 §2.2).
pub(crate) fn revoke(cx: &mut Cx<'_>, client: &str, token_hash: &str) -> Result<(), Fault> {
    cx.may("identity.grant.revoke", &Resource::new("Grant", client))?;
    let own = |token: &Token| token.client == client && token.revoked_at.is_none();
    let Some(token) = grants::token(cx.tx(), token_hash)?.filter(own) else { return Ok(()) };
    let now = cx.now();
    grants::revoke_token(cx.tx(), token_hash, now)?;
    let act = Act::new("identity.grant.revoked").about(&token.account).on(client);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(())
}
