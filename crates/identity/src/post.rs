//! The messages sign-in sends.
//!
//! **Invariant:** a code stands in a secret notice only, which the messages engine forgets; never in an act.

use messages::{Messages, Notice};
use spine::{Cx, Fault, Localised, Text};

use crate::account::Account;
use crate::rows::accounts;

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

/// Tells a person that a program asks something of her.
pub(crate) fn send_question(
    cx: &mut Cx<'_>,
    messages: &Messages,
    account: &str,
    client: &Localised,
    message: &str,
) -> Result<(), Fault> {
    let Some(account) = accounts::account_by_id(cx.tx(), account)? else { return Ok(()) };
    let notice = Notice {
        person: Some(account.id.clone()),
        phone: account.phone.clone(),
        email: account.email.clone().filter(|_| account.phone.is_none()),
        language: account.language.clone(),
        subject: Text::new("identity.approvals.subject"),
        body: Text::new("identity.approvals.body").with("client", client.clone()).with("message", message),
        purpose: "identity.approval",
        secret: false,
    };
    messages.send(cx, &notice).map(drop)
}

/// Tells somebody by every address of hers that something about her account changed.
pub(crate) fn tell(
    cx: &mut Cx<'_>,
    messages: &Messages,
    account: &Account,
    subject: Text,
    body: Text,
) -> Result<(), Fault> {
    let notice = Notice {
        person: Some(account.id.clone()),
        phone: account.phone.clone(),
        email: account.email.clone(),
        language: account.language.clone(),
        subject,
        body,
        purpose: "identity.account",
        secret: false,
    };
    messages.send(cx, &notice).map(drop)
}

/// Tells somebody that another asks her to act for her, or that who acts for her has been settled or ended.
pub(crate) fn send_mandate(
    cx: &mut Cx<'_>,
    messages: &Messages,
    account: &str,
    body: &'static str,
    name: &str,
) -> Result<(), Fault> {
    let Some(account) = accounts::account_by_id(cx.tx(), account)? else { return Ok(()) };
    let notice = Notice {
        person: Some(account.id.clone()),
        phone: account.phone.clone(),
        email: account.email.clone().filter(|_| account.phone.is_none()),
        language: account.language.clone(),
        subject: Text::new("identity.mandates.notice"),
        body: Text::new(body).with("name", name),
        purpose: "identity.mandate",
        secret: false,
    };
    messages.send(cx, &notice).map(drop)
}
