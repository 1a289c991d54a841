//! A new PIN or password that somebody chooses herself.
//!
//! **Invariant:** she has just shown the old one, or what stands for it; whoever else was signed in with it is signed
//! out, and she is told by every address. The new one arrives hashed. Where next: `rules.rs` says what it may be.

use messages::Messages;
use spine::{Act, Cx, Fault, Resource, Secret, Text};

use crate::account::Account;
use crate::post;
use crate::rows::{accounts, grants};
use crate::session::{self, SessionId};

/// Sets the actor's own new secret and ends every session but `here`.
pub(crate) fn change(
    cx: &mut Cx<'_>,
    messages: &Messages,
    account: &Account,
    hash: &Secret<String>,
    (fresh, here): (bool, Option<SessionId>),
) -> Result<(), Fault> {
    let own = cx.actor().id == account.id;
    cx.may("identity.secret.change", &Resource::new("Account", &account.id).is("own", own).is("fresh", fresh))?;
    accounts::set_secret(cx.tx(), &account.id, hash.reveal())?;
    let now = cx.now();
    session::end_all(cx, &account.id, &here.map(|id| id.to_string()).unwrap_or_default())?;
    grants::end_of_account(cx.tx(), &account.id, now)?;
    let act = Act::new("identity.secret.changed").about(&account.id).on(&account.id);
    cx.record(act.because("sign-in", "identity-service"));
    post::tell(cx, messages, account, Text::new("identity.told.subject"), Text::new("identity.told.secret_changed"))
}
