//! What a person or a client was granted: codes given and redeemed, tokens issued, renewed, looked at and taken back.
//!
//! **Invariant:** a code is good once, for a minute, for the client, address, PKCE verifier and key it was asked with; a
//! second use takes back what the first got (RFC 6749 §4.1.2), and so does a refresh token that was used up (RFC 9700
//! §4.14). Tokens die with the session they were given in, unless the person agreed that they outlive it.
//! Where next: `token_endpoint.rs` for who calls these, `once.rs` for what each call uses up.

use crypto::constant_time_eq;
use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Resource, Timestamp};

use crate::mandates::acting::still_acts;
use crate::mandates::rules::ELSEWHERE;
use crate::mandates::{ActedBy, MandateId};
use crate::provider::asked::Asked;
use crate::provider::once::{self, Once};
use crate::provider::request::AuthRequest;
use crate::rows::consents::{self, Consent};
use crate::rows::grants::{self, Access, Code, Refresh};
use crate::rows::{accounts, participants, sessions};
use crate::session::{self, SessionId};
use crate::settings::Identity;

/// How long a code is good.
const CODE_SECONDS: i64 = 60;
/// How long an access token is good.
pub(crate) const TOKEN_SECONDS: i64 = 600;
/// How long a refresh token is good that outlives its session.
const OFFLINE_SECONDS: i64 = 90 * 86_400;

/// What a grant rests on: the sign-in, and what was asked and agreed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Basis {
    pub(crate) auth_time: Timestamp,
    pub(crate) assurance: Assurance,
    pub(crate) methods: Vec<String>,
    /// What the client calls this assurance, if it asked for it by a name of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(default)]
    pub(crate) asked: Asked,
    /// The session signed in with, even where the grant outlives it.
    pub(crate) sid: Option<SessionId>,
    /// Who acts, where the grant is about another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<ActedBy>,
}

/// Whom somebody acts for at another program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whom {
    pub(crate) person: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mandate: Option<MandateId>,
}

/// What came of asking for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Given {
    /// It is there.
    Code,
    /// The session does not count any more.
    NoSession,
    /// The pushed request was used before, or is over.
    Spent,
}

/// What is to be given.
#[derive(Clone)]
pub(crate) struct Giving {
    pub(crate) request: AuthRequest,
    pub(crate) session_hash: String,
    pub(crate) code_hash: String,
    /// A decision made just now: the claims she agreed to.
    pub(crate) decided: Option<Vec<String>>,
    /// What the client calls her.
    pub(crate) subject: String,
    /// Whether the client gets only what the person decided on.
    pub(crate) needs_consent: bool,
    /// Whether the client is told when the session ends.
    pub(crate) is_told: bool,
    /// Whom it is about, where who signed in acts for another.
    pub(crate) acting: Option<Whom>,
}

/// Gives a code for a session; a decision made with it is remembered.
pub(crate) fn give_code(cx: &mut Cx<'_>, identity: &Identity, giving: &Giving) -> Result<Given, Fault> {
    let (now, request) = (cx.now(), &giving.request);
    let Some(found) = session::recognise(cx.tx(), &giving.session_hash, now)? else { return Ok(Given::NoSession) };
    let own = cx.actor().id == found.account;
    let grant = Resource::new("Grant", &request.client).is("own", own);
    let Some(act) = acted_by(cx, identity, giving, &found.account, &grant)? else { return Ok(Given::NoSession) };
    let account = giving.acting.as_ref().map_or(&found.account, |whom| &whom.person);
    let pushed = request.pushed.as_deref();
    if let Some(pushed) = pushed
        && grants::pushed(cx.tx(), pushed)?.is_none_or(|row| row.used_at.is_some())
    {
        return Ok(Given::Spent);
    }
    let consent = match &giving.decided {
        Some(_) => None,
        None => consents::of(cx.tx(), account, &request.client)?,
    };
    // It may have been withdrawn in the meantime.
    if giving.needs_consent && giving.decided.is_none() && consent.is_none() {
        return Ok(Given::NoSession);
    }
    if let Some(pushed) = pushed {
        grants::use_pushed(cx.tx(), pushed, now)?;
    }
    let consent = match &giving.decided {
        Some(agreed) => {
            let decision = Decision {
                account,
                subject: &giving.subject,
                client: &request.client,
                scope: &request.scope,
                asked: &request.asked,
                agreed,
            };
            Some(decide(cx, &decision, act.is_none())?)
        }
        None => consent,
    };
    let basis = Basis {
        auth_time: found.auth_time,
        assurance: found.assurance,
        methods: found.methods.clone(),
        acr: request.met(found.assurance),
        nonce: request.nonce.clone(),
        asked: agreed_part(request.asked.clone(), consent.as_ref()),
        sid: Some(found.id),
        act,
    };
    let code = Code {
        session: found.id,
        account: account.clone(),
        client: request.client.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        scope: lasting(&request.scope, basis.act.is_some()),
        basis,
        expires_at: now.plus_seconds(CODE_SECONDS),
        used_at: None,
    };
    grants::insert_code(cx.tx(), &giving.code_hash, &code)?;
    if giving.is_told {
        participants::insert(cx.tx(), found.id, &request.client, account)?;
    }
    sessions::touch(cx.tx(), found.id, None, now)?;
    let act = Act::new("identity.grant.given").about(account).on(&request.client);
    cx.record(act.because("sign-in", "identity-service").with("scope", request.scope.as_str()));
    Ok(Given::Code)
}

/// Who acts, where a code is about another; none where she may not, or has not agreed just now.
fn acted_by(
    cx: &mut Cx<'_>,
    identity: &Identity,
    giving: &Giving,
    account: &str,
    grant: &Resource,
) -> Result<Option<Option<ActedBy>>, Fault> {
    let Some(whom) = &giving.acting else {
        cx.may("identity.grant.give", grant)?;
        return Ok(Some(None));
    };
    cx.may(ELSEWHERE, grant)?;
    let by = ActedBy { account: account.to_owned(), mandate: whom.mandate };
    // What was agreed to for another is agreed to each time.
    let stands = giving.decided.is_some() && still_acts(cx, identity, &whom.person, &by)?;
    Ok(stands.then_some(Some(by)))
}

/// What of a scope may last: what is done for another ends with the session it is done in.
fn lasting(scope: &str, acting: bool) -> String {
    let stays = |one: &&str| !acting || *one != "offline_access";
    scope.split(' ').filter(stays).collect::<Vec<_>>().join(" ")
}

/// What of it was agreed to; a client without a decision is one of the country's own.
pub(crate) fn agreed_part(asked: Asked, consent: Option<&Consent>) -> Asked {
    match consent {
        Some(consent) => asked.agreed(|name| consent.agreed.iter().any(|own| own == name)),
        None => asked,
    }
}

/// What somebody decided.
pub(crate) struct Decision<'a> {
    pub(crate) account: &'a str,
    /// What the client calls her.
    pub(crate) subject: &'a str,
    pub(crate) client: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) asked: &'a Asked,
    pub(crate) agreed: &'a [String],
}

/// Records a decision, and keeps it for the next time unless it was made for another.
pub(crate) fn decide(cx: &mut Cx<'_>, decision: &Decision<'_>, keeps: bool) -> Result<Consent, Fault> {
    let consent = Consent {
        client: decision.client.to_owned(),
        scope: decision.scope.to_owned(),
        asked: decision.asked.items().into_keys().collect(),
        agreed: decision.agreed.to_vec(),
        made_at: cx.now(),
    };
    if keeps {
        consents::set(cx.tx(), decision.account, &consent, decision.subject)?;
    }
    let act = Act::new("identity.consent.given").about(decision.account).on(decision.client);
    let act = act.because("sign-in", "consent").with("scope", decision.scope);
    cx.record(act.with("claims", decision.agreed.join(" ")));
    Ok(consent)
}

/// The tokens to be issued, as hashes of values only the client sees.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// Given only to a client that may have one.
    pub(crate) refresh: Option<String>,
    /// What the access token is bound to, as it is stored.
    pub(crate) bound: Option<String>,
    /// Whether a refresh token is bound too: a public client has nothing else to prove (RFC 9449 §5).
    pub(crate) binds_refresh: bool,
    pub(crate) once: Vec<Once>,
}

/// What was issued.
#[derive(Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) account: String,
    pub(crate) scope: String,
    pub(crate) basis: Basis,
    /// Whether the refresh token was given.
    pub(crate) refreshes: bool,
    pub(crate) now: Timestamp,
}

/// Whom tokens are issued about, and why.
pub(crate) struct Issue<'a> {
    pub(crate) family: &'a str,
    pub(crate) session: Option<SessionId>,
    pub(crate) account: &'a str,
    pub(crate) client: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) basis: &'a Basis,
}

/// Issues an access token, and a refresh token where there is one to be given.
pub(crate) fn issue(cx: &mut Cx<'_>, issue: &Issue<'_>, tokens: &Tokens) -> Result<bool, Fault> {
    once::spend(cx, &tokens.once)?;
    let now = cx.now();
    // What the person agreed should go on without her hangs on no session.
    let offline = issue.scope.split(' ').any(|scope| scope == "offline_access");
    let session = issue.session.filter(|_| !offline);
    let access = Access {
        family: issue.family.to_owned(),
        session,
        account: Some(issue.account.to_owned()),
        client: issue.client.to_owned(),
        scope: issue.scope.to_owned(),
        asked: issue.basis.asked.for_userinfo(),
        bound: tokens.bound.clone(),
        issued_at: now,
        expires_at: now.plus_seconds(TOKEN_SECONDS),
        act: issue.basis.act.clone(),
    };
    grants::insert_access(cx.tx(), &tokens.access, &access)?;
    let Some(hash) = &tokens.refresh else { return Ok(false) };
    let refresh = Refresh {
        family: issue.family.to_owned(),
        session,
        account: issue.account.to_owned(),
        client: issue.client.to_owned(),
        scope: issue.scope.to_owned(),
        basis: issue.basis.clone(),
        bound: tokens.bound.clone().filter(|_| tokens.binds_refresh),
        made_at: now,
        expires_at: now.plus_seconds(OFFLINE_SECONDS),
        used_at: None,
        revoked_at: None,
    };
    grants::insert_refresh(cx.tx(), hash, &refresh)?;
    Ok(true)
}

/// What a client brings to redeem a code.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) client: String,
    pub(crate) code_hash: String,
    pub(crate) redirect_uri: Option<String>,
    /// SHA-256 of the verifier, as the challenge was written.
    pub(crate) challenge: Option<String>,
    /// The thumbprint of the key it proves.
    pub(crate) jkt: Option<String>,
    pub(crate) tokens: Tokens,
}

/// Redeems a code; none if it is not good.
pub(crate) fn exchange(cx: &mut Cx<'_>, exchange: &Exchange) -> Result<Option<Granted>, Fault> {
    cx.may("identity.grant.exchange", &Resource::new("Grant", &exchange.client))?;
    let Some(code) = grants::code(cx.tx(), &exchange.code_hash)?.filter(|code| code.client == exchange.client) else {
        return Ok(None);
    };
    let now = cx.now();
    if code.used_at.is_some() {
        end_family(cx, &exchange.code_hash, &code.account, &code.client)?;
        return Ok(None);
    }
    if now >= code.expires_at || !is_proven(&code, exchange) {
        return Ok(None);
    }
    let Some(found) = session::by_id(cx.tx(), code.session, now)? else { return Ok(None) };
    grants::use_code(cx.tx(), &exchange.code_hash, now)?;
    let granting = Issue {
        family: &exchange.code_hash,
        session: Some(found.id),
        account: &code.account,
        client: &code.client,
        scope: &code.scope,
        basis: &code.basis,
    };
    let refreshes = issue(cx, &granting, &exchange.tokens)?;
    let act = Act::new("identity.grant.exchanged").about(&code.account).on(&code.client);
    cx.record(act.because("sign-in", "identity-service").with("scope", code.scope.as_str()));
    Ok(Some(Granted { account: code.account, scope: code.scope, basis: code.basis, refreshes, now }))
}

/// Whether whoever brings a code is who asked for it. A verifier for a code that was asked for without a challenge is
/// an attempt to pass another's code off (RFC 9700 §4.8.2).
fn is_proven(code: &Code, exchange: &Exchange) -> bool {
    let verifier = match (&code.challenge, &exchange.challenge) {
        (Some(asked), Some(brought)) => constant_time_eq(asked.as_bytes(), brought.as_bytes()),
        (None, None) => true,
        _ => false,
    };
    let address = match &exchange.redirect_uri {
        Some(uri) => *uri == code.redirect_uri,
        // Without PKCE the address is the only tie (RFC 6749 §4.1.3).
        None => code.challenge.is_some(),
    };
    let key = code.dpop_jkt.is_none() || code.dpop_jkt == exchange.jkt;
    verifier && address && key
}

/// Somebody used a second time what was good once: everything it gave ends.
pub(crate) fn end_family(cx: &mut Cx<'_>, family: &str, account: &str, client: &str) -> Result<(), Fault> {
    let now = cx.now();
    grants::end_family(cx.tx(), (account, client, family), now)?;
    let act = Act::new("identity.grant.replayed").about(account).on(client);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(())
}

/// What a client brings to have its tokens renewed.
#[derive(Clone)]
pub(crate) struct Renewal {
    pub(crate) client: String,
    pub(crate) refresh_hash: String,
    /// A narrower scope, if one is asked for.
    pub(crate) scope: Option<String>,
    /// What the request proves possession of, as it is stored.
    pub(crate) proves: Option<String>,
    /// Whether a used token is used up.
    pub(crate) rotates: bool,
    pub(crate) tokens: Tokens,
}

/// What came of a renewal.
#[derive(Serialize, Deserialize)]
pub(crate) enum Renewed {
    Granted(Box<Granted>),
    /// The token is not good.
    No,
    /// More is asked for than was granted (RFC 6749 §6).
    TooMuch,
}

/// Renews tokens (RFC 6749 §6).
pub(crate) fn renew(cx: &mut Cx<'_>, identity: &Identity, renewal: &Renewal) -> Result<Renewed, Fault> {
    cx.may("identity.grant.exchange", &Resource::new("Grant", &renewal.client))?;
    let Some(row) = grants::refresh(cx.tx(), &renewal.refresh_hash)?.filter(|row| row.client == renewal.client) else {
        return Ok(Renewed::No);
    };
    let now = cx.now();
    if row.used_at.is_some() && row.revoked_at.is_none() {
        end_family(cx, &row.family, &row.account, &row.client)?;
        return Ok(Renewed::No);
    }
    let bound = row.bound.is_none() || row.bound == renewal.proves;
    if row.revoked_at.is_some() || now >= row.expires_at || !bound {
        return Ok(Renewed::No);
    }
    let stands = match row.session {
        Some(session) => session::by_id(cx.tx(), session, now)?.is_some(),
        None => accounts::account_by_id(cx.tx(), &row.account)?.is_some_and(|account| account.active),
    };
    let acts = match &row.basis.act {
        Some(by) => still_acts(cx, identity, &row.account, by)?,
        None => true,
    };
    if !stands || !acts {
        return Ok(Renewed::No);
    }
    let scope = match &renewal.scope {
        None => row.scope.clone(),
        Some(asked) if asked.split(' ').all(|one| row.scope.split(' ').any(|own| own == one)) => asked.clone(),
        Some(_) => return Ok(Renewed::TooMuch),
    };
    let mut tokens = renewal.tokens.clone();
    if renewal.rotates {
        grants::use_refresh(cx.tx(), &renewal.refresh_hash, now)?;
    } else {
        tokens.refresh = None;
    }
    let basis = Basis { nonce: None, ..row.basis };
    let granting = Issue {
        family: &row.family,
        session: row.session,
        account: &row.account,
        client: &row.client,
        scope: &row.scope,
        basis: &basis,
    };
    let refreshes = issue(cx, &granting, &tokens)?;
    let act = Act::new("identity.grant.renewed").about(&row.account).on(&row.client);
    cx.record(act.because("sign-in", "identity-service").with("scope", scope.as_str()));
    Ok(Renewed::Granted(Box::new(Granted { account: row.account, scope, basis, refreshes, now })))
}

/// Issues a token for the client itself (RFC 6749 §4.4).
pub(crate) fn for_client(cx: &mut Cx<'_>, client: &str, scope: &str, tokens: &Tokens) -> Result<(), Fault> {
    cx.may("identity.grant.exchange", &Resource::new("Grant", client))?;
    once::spend(cx, &tokens.once)?;
    let now = cx.now();
    let access = Access {
        family: tokens.access.clone(),
        session: None,
        account: None,
        client: client.to_owned(),
        scope: scope.to_owned(),
        asked: Asked::default(),
        bound: tokens.bound.clone(),
        issued_at: now,
        expires_at: now.plus_seconds(TOKEN_SECONDS),
        act: None,
    };
    grants::insert_access(cx.tx(), &tokens.access, &access)?;
    let act = Act::new("identity.grant.issued").on(client).because("client", "identity-service");
    cx.record(act.with("scope", scope));
    Ok(())
}

/// Takes a client's own token back with all that its grant gave; one that is not its own, or not there, is left as it
/// is (RFC 7009 §2.2).
pub(crate) fn revoke(cx: &mut Cx<'_>, client: &str, hash: &str, spent: &[Once]) -> Result<(), Fault> {
    cx.may("identity.grant.revoke", &Resource::new("Grant", client))?;
    let now = cx.now();
    let refresh = grants::refresh(cx.tx(), hash)?.filter(|row| row.client == client && row.revoked_at.is_none());
    let access = grants::access(cx.tx(), hash, now)?.filter(|row| row.access.client == client && row.good);
    let account = match (refresh, access) {
        (Some(row), _) => {
            grants::end_family(cx.tx(), (&row.account, client, &row.family), now)?;
            Some(row.account)
        }
        (None, Some(row)) => {
            grants::revoke_access(cx.tx(), hash, now)?;
            row.access.account
        }
        (None, None) => return Ok(()),
    };
    once::spend(cx, spent)?;
    let act = Act::new("identity.grant.revoked").on(client).because("sign-in", "identity-service");
    cx.record(match account {
        Some(account) => act.about(account),
        None => act,
    });
    Ok(())
}
