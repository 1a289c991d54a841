//! The messages sign-in sends.
//!
//! **Invariant:** a code stands in a secret notice only, which the messages engine forgets; never in an act.

use messages::{Messages, Notice};
use spine::{Cx, Fault, Text};

use crate::account::Account;

/// Sends a one-time code by SMS, or by e-mail to somebody without a phone.
pub(crate) fn send_code(cx: &mut Cx<'_>, messages: &Messages, account: &Account, code: String) -> Result<(), Fault> {
    let notice = Notice {
        person: Some(account.id.clone()),
        phone: account.phone.clone(),
        email: account.email.clone().filter(|_| account.phone.is_none()),
        language: account.language.clone(),
        subject: Text::new("identity.code.subject"),
        body: Text::new("identity.code.body").with("code", code),
        purpose: "identity.sign_in",
        secret: true,
    };
    messages.send(cx, &notice).map(drop)
}
