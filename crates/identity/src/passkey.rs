//! Passkeys (WebAuthn Level 3): made by whoever is signed in, and signing in with one.
//!
//! **Invariant:** a challenge is good once and for five minutes; the person must have been verified by her device;
//! which accounts have passkeys is told to nobody: the browser finds them itself.

use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Resource, Text, Timestamp};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder,
};

use crate::account::Account;
use crate::factor::{self, Factor};
use crate::keys::Keys;
use crate::post;
use crate::rows::accounts::{self, Challenge, PasskeyRow};
use crate::session::SessionId;
use crate::sign_in::{self, Opening};

/// How long a passkey's challenge is good.
const CHALLENGE_SECONDS: i64 = 5 * 60;
/// Passkeys of one account.
const MOST_PASSKEYS: usize = 10;

/// What the browser is given, and what we keep to recognise its answer.
#[derive(Clone, Serialize, Deserialize)]
struct Kept<S> {
    options: serde_json::Value,
    state: S,
}

/// This site towards authenticators; none if its name is a bare address.
pub(crate) fn relying_party(issuer: &str, name: &str) -> Option<Webauthn> {
    let url = Url::parse(issuer).ok()?;
    let id = url.domain()?.to_owned();
    WebauthnBuilder::new(&id, &url).ok()?.rp_name(name).build().ok()
}

/// What starts a ceremony: the challenge's row, made outside any transaction.
#[derive(Clone)]
pub(crate) struct Ceremony {
    kept: String,
}

#[cfg(test)]
impl Ceremony {
    pub(crate) fn kept(&self) -> &str {
        &self.kept
    }
}

fn ceremony<S: Serialize>(options: &impl Serialize, state: S) -> Result<Ceremony, Fault> {
    let broken = |error| Fault::internal("identity.passkey.failed", error);
    let options = serde_json::to_value(options).map_err(broken)?;
    let kept = serde_json::to_string(&Kept { options, state }).map_err(broken)?;
    Ok(Ceremony { kept })
}

fn kept<S: for<'a> Deserialize<'a>>(row: &Challenge) -> Option<Kept<S>> {
    serde_json::from_str(row.passkey.as_deref()?).ok()
}

/// A ceremony to sign in with whichever passkey the browser has.
pub(crate) fn to_sign_in(webauthn: &Webauthn) -> Result<Ceremony, Fault> {
    let started = webauthn.start_discoverable_authentication();
    let (options, state) = started.map_err(|error| Fault::internal("identity.passkey.failed", error))?;
    ceremony(&options, state)
}

/// A ceremony to make a passkey for an account.
pub(crate) fn to_make(
    webauthn: &Webauthn,
    keys: &Keys,
    account: &str,
    name: &str,
    known: &[PasskeyRow],
) -> Result<Ceremony, Fault> {
    if known.len() >= MOST_PASSKEYS {
        return Err(Fault::conflict("identity.passkey.many"));
    }
    let user = Uuid::from_bytes(keys.passkey_user(account));
    let exclude = known.iter().filter_map(|row| Some(credential(row)?.cred_id().clone())).collect();
    let started = webauthn.start_passkey_registration(user, name, name, Some(exclude));
    let (options, state) = started.map_err(|error| Fault::internal("identity.passkey.failed", error))?;
    ceremony(&options, state)
}

fn credential(row: &PasskeyRow) -> Option<Passkey> {
    serde_json::from_str(&row.credential).ok()
}

/// Keeps a ceremony until the browser answers.
pub(crate) fn begin(cx: &mut Cx<'_>, challenge: &str, ceremony: &Ceremony, account: Option<&str>) -> Result<(), Fault> {
    let own = account.is_some_and(|account| account == cx.actor().id);
    let action = if account.is_some() { "identity.passkey.add" } else { "identity.passkey.use" };
    cx.may(action, &Resource::new("Account", account.unwrap_or("-")).is("own", own))?;
    let now = cx.now();
    let row = Challenge {
        account: account.map(str::to_owned),
        code: None,
        tries: 0,
        passkey: Some(ceremony.kept.clone()),
        expires_at: now.plus_seconds(CHALLENGE_SECONDS),
    };
    accounts::insert_challenge(cx.tx(), challenge, &row, now)?;
    let act = Act::new("identity.passkey.asked").because("sign-in", "identity-service");
    cx.record(match account {
        Some(account) => act.about(account).on(account),
        None => act,
    });
    Ok(())
}

/// A ceremony that still waits for its answer.
pub(crate) fn waiting(cx: &mut Cx<'_>, challenge: &str) -> Result<Option<Challenge>, Fault> {
    let now = cx.now();
    Ok(accounts::challenge(cx.tx(), challenge)?.filter(|row| row.passkey.is_some() && now < row.expires_at))
}

/// What the browser's script is given.
pub(crate) fn options(row: &Challenge) -> Option<String> {
    let kept: Kept<serde_json::Value> = kept(row)?;
    Some(kept.options.to_string())
}

/// Verifies what a browser made; gives the identifier and the serialised passkey.
pub(crate) fn verify_made(webauthn: &Webauthn, row: &Challenge, answer: &str) -> Result<(String, String), Fault> {
    let wrong = || Fault::invalid("identity.passkey.refused");
    let kept: Kept<PasskeyRegistration> = kept(row).ok_or_else(wrong)?;
    let made: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| wrong())?;
    let passkey = webauthn.finish_passkey_registration(&made, &kept.state).map_err(|_| wrong())?;
    let text = serde_json::to_string(&passkey).map_err(|error| Fault::internal("identity.passkey.failed", error))?;
    Ok((crypto::base64url(passkey.cred_id().as_ref()), text))
}

/// A passkey that was made, to be kept.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) credential: String,
    pub(crate) name: String,
}

/// Keeps a passkey for the account its challenge was made for; false if the challenge is over.
pub(crate) fn add(cx: &mut Cx<'_>, messages: &Messages, challenge: &str, made: &Made) -> Result<bool, Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.passkey.add", &Resource::new("Account", &account).is("own", true))?;
    let row = waiting(cx, challenge)?.filter(|row| row.account.as_deref() == Some(&account));
    if row.is_none() || accounts::passkey(cx.tx(), &made.id)?.is_some() {
        return Ok(false);
    }
    accounts::delete_challenge(cx.tx(), challenge)?;
    let now = cx.now();
    let passkey = PasskeyRow {
        id: made.id.clone(),
        account: account.clone(),
        name: made.name.clone(),
        credential: made.credential.clone(),
        made_at: now,
        last_used_at: None,
    };
    accounts::insert_passkey(cx.tx(), &passkey)?;
    cx.record(Act::new("identity.passkey.added").about(&account).on(&account).because("sign-in", "identity-service"));
    tell(cx, messages, &account, "identity.told.passkey_added")?;
    Ok(true)
}

/// Takes one of the actor's own passkeys away.
pub(crate) fn remove(cx: &mut Cx<'_>, messages: &Messages, id: &str) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.passkey.remove", &Resource::new("Account", &account).is("own", true))?;
    if !accounts::delete_passkey(cx.tx(), id, &account)? {
        return Err(Fault::not_found("identity.passkey.missing"));
    }
    cx.record(Act::new("identity.passkey.removed").about(&account).on(&account).because("sign-in", "identity-service"));
    tell(cx, messages, &account, "identity.told.passkey_removed")
}

fn tell(cx: &mut Cx<'_>, messages: &Messages, account: &str, key: &'static str) -> Result<(), Fault> {
    match accounts::account_by_id(cx.tx(), account)? {
        Some(known) => post::tell(cx, messages, &known, Text::new("identity.told.subject"), Text::new(key)),
        None => Ok(()),
    }
}

/// The identifier of the passkey that a browser answered with.
pub(crate) fn answered_with(answer: &str) -> Option<String> {
    let answer: PublicKeyCredential = serde_json::from_str(answer).ok()?;
    Some(crypto::base64url(answer.get_credential_id()))
}

/// A passkey that was used as it should be.
#[derive(Clone)]
pub(crate) struct Used {
    id: String,
    credential: String,
    assurance: Assurance,
}

/// Verifies a browser's answer against its ceremony and the passkey it names.
pub(crate) fn verify_used(
    webauthn: &Webauthn,
    row: &Challenge,
    passkey: &PasskeyRow,
    answer: &str,
) -> Result<Used, Fault> {
    let wrong = || Fault::invalid("identity.passkey.refused");
    let kept: Kept<DiscoverableAuthentication> = kept(row).ok_or_else(wrong)?;
    let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| wrong())?;
    let mut own = credential(passkey).ok_or_else(wrong)?;
    let result = webauthn.finish_discoverable_authentication_v2(&answer, kept.state, &own).map_err(|_| wrong())?;
    if !result.user_verified() {
        return Err(wrong());
    }
    own.update_credential(&result);
    let credential = serde_json::to_string(&own).map_err(|error| Fault::internal("identity.passkey.failed", error))?;
    Ok(Used { id: passkey.id.clone(), credential, assurance: assurance(&result) })
}

/// A key that can be copied to other devices is worth two factors, one that cannot is worth more (NIST SP 800-63B-4).
fn assurance(result: &AuthenticationResult) -> Assurance {
    if result.backup_eligible() { Assurance::Substantial } else { Assurance::High }
}

/// Opens the session of a passkey's account; none if the challenge is over or the account is locked.
pub(crate) fn sign_in(
    cx: &mut Cx<'_>,
    challenge: &str,
    used: &Used,
    opening: &Opening,
) -> Result<Option<SessionId>, Fault> {
    let Some(passkey) = accounts::passkey(cx.tx(), &used.id)? else { return Ok(None) };
    let account: Option<Account> = accounts::account_by_id(cx.tx(), &passkey.account)?.filter(|account| account.active);
    let (Some(account), Some(_)) = (account, waiting(cx, challenge)?) else { return Ok(None) };
    if !factor::is_open(cx, &account.id, Factor::Passkey)? {
        return Ok(None);
    }
    cx.may("identity.session.start", &Resource::new("Account", &account.id))?;
    accounts::delete_challenge(cx.tx(), challenge)?;
    let now: Timestamp = cx.now();
    accounts::use_passkey(cx.tx(), &used.id, &used.credential, now)?;
    let methods: &[&str] = match used.assurance {
        Assurance::High => &["hwk", "user", "mfa"],
        _ => &["swk", "user", "mfa"],
    };
    sign_in::open(cx, &account, methods, used.assurance, opening).map(Some)
}
