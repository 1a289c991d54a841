//! Back in at a service point: one officer has seen her and says by what, a second one agrees.
//!
//! **Invariant:** two officers, never one; neither sees the PIN. The code goes to a phone she has, when the waiting is
//! over; only who has none gets it on paper from the second officer.

use messages::{Messages, Notice};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Act, Cx, Fault, Id, Job, Personal, Resource, Text, Timestamp};

use crate::account::{Kind, normal_login};
use crate::keys::Keys;
use crate::letters;
use crate::recovery::{Recovery, RecoveryKind, SEND, warn};
use crate::rows::{accounts, recoveries};
use crate::rules::RecoveryRules;
use crate::settings::Identity;

/// How long a proposal waits for a second officer.
const PROPOSAL_SECONDS: i64 = 3 * 86_400;

/// What the first officer says.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Her ID number.
    pub(crate) number: Personal<String>,
    /// What the officer went by.
    pub(crate) evidence: Vec<String>,
    /// A telephone she has with her; none, and she gets the code on paper.
    pub(crate) phone: Option<Personal<String>>,
}

/// An officer who has seen her proposes that she gets back in; she is told by every address.
pub(crate) fn propose(cx: &mut Cx<'_>, identity: &Identity, seen: &Seen) -> Result<Id<RecoveryKind>, Fault> {
    let rules = &identity.inner.rules.recovery;
    let (keys, messages) = (&identity.inner.keys, &identity.inner.messages);
    let login = normal_login(seen.number.reveal()).unwrap_or_default();
    let account = accounts::account_by_login(cx.tx(), Kind::Person, &login)?;
    let unknown = || Fault::invalid("identity.account.missing").field("number", Text::new("identity.point.unknown"));
    let account = account.ok_or_else(unknown)?;
    let own = cx.actor().id == account.id;
    cx.may("identity.recovery.propose", &Resource::new("Account", &account.id).is("own", own))?;
    if identity.population()?.person(cx, &account.id)?.is_some_and(|person| person.died.is_some()) {
        return Err(Fault::conflict("identity.life.dead"));
    }
    // Each kind once, however often it was sent.
    let kinds = rules.evidence.iter().filter(|kind| seen.evidence.contains(&kind.id));
    let evidence: Vec<String> = kinds.map(|kind| kind.id.clone()).collect();
    if evidence.len() < rules.needed {
        let text = Text::new("identity.recovery.evidence_missing").with("count", rules.needed);
        return Err(Fault::invalid("identity.recovery.evidence").field("evidence", text));
    }
    if !account.active && !recoveries::locked_by_self(cx.tx(), &account.id)? {
        return Err(Fault::conflict("identity.recovery.locked"));
    }
    let now = cx.now();
    if !recoveries::open_of(cx.tx(), &account.id, now)?.is_empty() {
        return Err(Fault::conflict("identity.recovery.under_way"));
    }
    let id = cx.id();
    let new = Recovery {
        id,
        account: account.id.clone(),
        way: "point".to_owned(),
        state: "proposed".to_owned(),
        phone: seen.phone.as_ref().map(|phone| phone.reveal().clone()),
        opened_by: cx.actor().id.clone(),
        code_hash: None,
        made_at: now,
        ready_at: None,
        expires_at: now.plus_seconds(PROPOSAL_SECONDS),
    };
    let stop = warn(cx, keys, messages, &account)?;
    recoveries::insert(cx.tx(), &new, (&evidence, &stop))?;
    let act = Act::new("identity.recovery.opened").about(&account.id).on(id);
    cx.record(act.because("sign-in", "identity-service").with("way", "point").with("evidence", evidence));
    Ok(id)
}

/// What came of a second officer's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Agreed {
    /// The code goes to her phone at that time.
    ByPhone(Timestamp),
    /// The code that was given with the word counts from then on.
    OnPaper(Timestamp),
}

/// A second officer agrees. `code` counts if she has no phone.
pub(crate) fn agree(
    cx: &mut Cx<'_>,
    keys: &Keys,
    rules: &RecoveryRules,
    id: Id<RecoveryKind>,
    code: &str,
) -> Result<Agreed, Fault> {
    let row = waiting_for_second(cx, id)?;
    let first = row.opened_by == cx.actor().id;
    cx.may("identity.recovery.agree", &Resource::new("Account", &row.account).is("own", first))?;
    let now = cx.now();
    let (ready_at, expires_at) = rules.times(now);
    let hash = row.phone.is_none().then(|| keys.code_hash(&id.to_string(), code));
    let officer = cx.actor().id.clone();
    if !recoveries::agree(cx.tx(), id, &officer, (ready_at, expires_at), hash.as_deref())? {
        return Err(Fault::conflict("identity.recovery.over"));
    }
    if row.phone.is_some() {
        cx.enqueue(Job::new(SEND, json!({"recovery": id})).not_before(ready_at));
    }
    let act = Act::new("identity.recovery.agreed").about(&row.account).on(id);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(if row.phone.is_some() { Agreed::ByPhone(ready_at) } else { Agreed::OnPaper(ready_at) })
}

/// A second officer, or the first on second thoughts, says no.
pub(crate) fn refuse(cx: &mut Cx<'_>, id: Id<RecoveryKind>) -> Result<(), Fault> {
    let row = waiting_for_second(cx, id)?;
    cx.may("identity.recovery.refuse", &Resource::new("Account", &row.account))?;
    let now = cx.now();
    recoveries::end(cx.tx(), id, "refused", now)?;
    let act = Act::new("identity.recovery.refused").about(&row.account).on(id);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(())
}

fn waiting_for_second(cx: &mut Cx<'_>, id: Id<RecoveryKind>) -> Result<Recovery, Fault> {
    let now = cx.now();
    let row = recoveries::by_id(cx.tx(), id)?.filter(|row| row.state == "proposed" && now < row.expires_at);
    row.ok_or_else(|| Fault::not_found("identity.recovery.over"))
}

/// Sends her the code, when the waiting is over and nobody stopped it.
pub(crate) fn send(cx: &mut Cx<'_>, keys: &Keys, messages: &Messages, id: Id<RecoveryKind>) -> Result<bool, Fault> {
    cx.may("identity.recovery.send", &Resource::new("Recovery", id))?;
    let row = recoveries::by_id(cx.tx(), id)?.filter(|row| row.state == "waiting");
    let Some((row, phone)) = row.and_then(|row| row.phone.clone().map(|phone| (row, phone))) else {
        cx.record(Act::new("identity.recovery.unsent").on(id));
        return Ok(false);
    };
    let Some(account) = accounts::account_by_id(cx.tx(), &row.account)? else { return Ok(false) };
    let code = letters::draw_in(cx);
    recoveries::set_code(cx.tx(), id, &keys.code_hash(&id.to_string(), &code))?;
    let notice = Notice {
        person: Some(account.id.clone()),
        phone: Some(Personal::new(phone)),
        email: None,
        language: account.language.clone(),
        subject: Text::new("identity.told.subject"),
        body: Text::new("identity.told.activation").with("code", letters::shown(&code)),
        purpose: "identity.recovery",
        secret: true,
    };
    messages.send(cx, &notice)?;
    cx.record(Act::new("identity.recovery.sent").about(&account.id).on(id).because("sign-in", "identity-service"));
    Ok(true)
}
