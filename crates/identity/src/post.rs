//! The messages sign-in sends.
//!
//! **Invariant:** a code stands in a secret notice only, which the messages engine forgets; never in an act.

use messages::{Messages, Notice};
use spine::{Cx, Fault, Localised, Text};

use crate::account::Account;
use crate::rows::accounts;

/// A notice to somebody by every address of hers.
fn to(account: &Account, purpose: &'static str, subject: Text, body: Text) -> Notice<'static> {
    Notice {
        person: Some(account.id.clone()),
        phone: account.phone.clone(),
        email: account.email.clone(),
        language: account.language.clone(),
        subject,
        body,
        purpose,
        secret: false,
    }
}

/// Sends a one-time code by SMS, or by e-mail to somebody without a phone.
pub(crate) fn send_code(cx: &mut Cx<'_>, messages: &Messages, account: &Account, code: String) -> Result<(), Fault> {
    let notice = Notice {
        email: account.email.clone().filter(|_| account.phone.is_none()),
        secret: true,
        ..to(
            account,
            "identity.sign_in",
            Text::new("identity.code.subject"),
            Text::new("identity.code.body").with("code", code),
        )
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
        email: account.email.clone().filter(|_| account.phone.is_none()),
        ..to(
            &account,
            "identity.approval",
            Text::new("identity.approvals.subject"),
            Text::new("identity.approvals.body").with("client", client.clone()).with("message", message),
        )
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
    messages.send(cx, &to(account, "identity.account", subject, body)).map(drop)
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
        email: account.email.clone().filter(|_| account.phone.is_none()),
        ..to(&account, "identity.mandate", Text::new("identity.mandates.notice"), Text::new(body).with("name", name))
    };
    messages.send(cx, &notice).map(drop)
}
