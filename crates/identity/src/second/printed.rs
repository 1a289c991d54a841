//! Recovery codes on paper: made as a set, kept hashed, each good once in place of a code by message.
//!
//! **Invariant:** a set is shown once and by whoever made it; a new set ends the old one; what is stored is an argon2id
//! hash (ASVS 5.0 6.5.2), found by the code's first two letters so that one hash is weighed for each try. A code that
//! names none is weighed all the same, in the same time.

use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource, Text, Timestamp};

use crate::fresh;
use crate::post;
use crate::recognise::Current;
use crate::rows::{accounts, second as rows};

/// Codes of a set.
pub(crate) const CODES: usize = 10;

/// Keeps a set of the actor's own, each code by its name and hash; gives the set's own name. Sent twice, the first
/// set stands and its name is given.
pub(crate) fn make(
    cx: &mut Cx<'_>,
    messages: &Messages,
    current: Option<Current>,
    set: &str,
    codes: &[(String, String)],
) -> Result<String, Fault> {
    let account = cx.actor().id.clone();
    let fresh = fresh::is(cx, current)?;
    cx.may("identity.recovery_code.make", &Resource::new("Account", &account).is("own", true).is("fresh", fresh))?;
    let known =
        accounts::account_by_id(cx.tx(), &account)?.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
    let now = cx.now();
    rows::set_printed(cx.tx(), &account, codes, now)?;
    let act = Act::new("identity.recovery_code.made").about(&account).on(&account);
    cx.record(act.because("sign-in", "identity-service").with("codes", i64::try_from(codes.len()).unwrap_or(0)));
    post::tell(cx, messages, &known, Text::new("identity.told.subject"), Text::new("identity.told.printed_made"))?;
    Ok(set.to_owned())
}

/// What one sees of one's own set.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) codes: i64,
    pub(crate) made_at: Option<Timestamp>,
}

/// How many of the actor's own codes are left.
pub(crate) fn left(cx: &mut Cx<'_>) -> Result<Left, Fault> {
    let account = cx.actor().id.clone();
    let (codes, made_at) = rows::printed_set(cx.tx(), &account)?;
    Ok(Left { codes, made_at })
}
