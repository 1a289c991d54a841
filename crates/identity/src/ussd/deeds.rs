//! What people do from a phone: fetch a code, lock their account, choose their language.
//!
//! **Invariant:** a code goes to the newest sign-in that waits, in place of the one sent; it is in no act.

use messages::Messages;
use spine::{Act, Cx, Fault, Resource, Text};

use crate::account::Account;
use crate::enrol::end_everything;
use crate::keys::Keys;
use crate::post;
use crate::rows::accounts;
use crate::second::Way;
use crate::sign_in::CODE_SECONDS;

/// A fresh code for the newest sign-in of the account that waits for one; none if there is none, or the way is locked.
pub(super) fn fetch_code(cx: &mut Cx<'_>, keys: &Keys, account: &str) -> Result<Option<String>, Fault> {
    cx.may("identity.code.send", &Resource::new("Account", account))?;
    if !Way::Ussd.is_open(cx.tx(), account)? {
        return Ok(None);
    }
    let now = cx.now();
    let Some(challenge) = accounts::waiting(cx.tx(), account, now)? else { return Ok(None) };
    let code = format!("{:06}", cx.random_below(1_000_000));
    accounts::set_code(cx.tx(), &challenge, &keys.code_hash(&challenge, &code), now.plus_seconds(CODE_SECONDS))?;
    let act = Act::new("identity.code.fetched").about(account).on(account);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(Some(code))
}

/// Locks the actor's own account, with all that is signed in. She gets in again by recovery.
pub(crate) fn lock_own(cx: &mut Cx<'_>, messages: &Messages, account: &Account) -> Result<(), Fault> {
    let own = cx.actor().id == account.id;
    cx.may("identity.account.lock_own", &Resource::new("Account", &account.id).is("own", own))?;
    if accounts::lock_self(cx.tx(), &account.id)? {
        end_everything(cx, &account.id)?;
        post::tell(cx, messages, account, Text::new("identity.told.subject"), Text::new("identity.told.locked"))?;
    }
    let act = Act::new("identity.account.locked").about(&account.id).on(&account.id);
    cx.record(act.because("sign-in", "identity-service").with("by", "herself"));
    Ok(())
}

/// Says things to her in this language from now on. The phone is enough for that.
pub(super) fn speak(cx: &mut Cx<'_>, account: &str, language: &str) -> Result<(), Fault> {
    cx.may("identity.language.choose", &Resource::new("Account", account))?;
    accounts::set_language(cx.tx(), account, language)?;
    let act = Act::new("identity.language.chosen").about(account).on(account);
    cx.record(act.because("sign-in", "identity-service").with("language", language));
    Ok(())
}
