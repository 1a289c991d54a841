//! An account is chosen, changed after a wait, or given up.
//!
//! **Invariant:** a change that waits is seen and stopped by whose it is; of several the last counts. It comes true by a job
//! at its moment, and not if it was stopped meanwhile. Where it went into a phone's wallet that number is told as well.

use civil::Person;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Act, Cx, Fault, Job, Text, Timestamp};

use crate::engine::Grants;
use crate::mapper::account::fit;
use crate::mapper::resolve::{person_of, resource};
use crate::model::{Account, Change, ChangeId};
use crate::rows::accounts as rows;
use crate::runs::repair;
use crate::tell::{masked, tell, tell_former};

/// The job that makes a change come true.
pub(crate) const CHANGE: &str = "grants.account.change";

/// What choosing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// It holds now.
    Now,
    /// It was so already.
    Before,
    /// It waits until then.
    Waits(Timestamp),
}

/// Chooses where a payee is paid.
///
/// # Errors
/// `grants.account.wrong`; `grants.payee.{unknown,dead}`; a refusal; the store's faults.
pub fn choose(cx: &mut Cx<'_>, grants: &Grants, payee: &str, wish: &Account) -> Result<Chosen, Fault> {
    let person = person_of(cx, grants, payee)?;
    cx.may("grants.account.choose", &resource(cx, grants, person.as_ref()))?;
    if person.is_none() && !payee.starts_with("fid:") {
        return Err(Fault::not_found("grants.payee.unknown"));
    }
    if person.as_ref().is_some_and(|person| person.died.is_some()) {
        return Err(Fault::conflict("grants.payee.dead"));
    }
    let account = fit(grants, wish)?;
    let known = rows::of(cx.tx(), payee)?;
    if known.as_ref() == Some(&account) {
        if rows::waiting(cx.tx(), payee)?.is_some() {
            rows::end_changes(cx.tx(), payee, "stopped")?;
            cx.record(act("grants.account.kept", person.as_ref()));
        }
        return Ok(Chosen::Before);
    }
    let own = person.as_ref().is_some_and(|person| cx.actor().is_for(&person.id));
    // An account that sent money back protects nobody: whose it is may leave it at once.
    if known.is_none() || own && repair::waits(cx, payee)? {
        let (now, by) = (cx.now(), cx.actor().id.clone());
        rows::set(cx.tx(), payee, &account, now, &by)?;
        cx.record(act("grants.account.chosen", person.as_ref()).with("way", account.way.code()));
        rows::end_changes(cx.tx(), payee, "stopped")?;
        told(cx, grants, person.as_ref(), &account, "grants.tell.chosen")?;
        told_there(cx, grants, (person.as_ref(), known.as_ref()), Text::new("grants.tell.former"))?;
        repair::all_of(cx, grants, payee, &account)?;
        return Ok(Chosen::Now);
    }
    if let Some(waiting) = rows::waiting(cx.tx(), payee)?.filter(|waiting| waiting.account == account) {
        // Asked for again, as after a call that dropped: it comes true when it was to, and nothing is told twice.
        return Ok(Chosen::Waits(waiting.effective_at));
    }
    let effective_at = cx.now().plus_seconds(grants.programmes().cooling_off_hours() * 3_600);
    rows::end_changes(cx.tx(), payee, "stopped")?;
    let (id, asked_by, now) = (cx.id(), cx.actor().id.clone(), cx.now());
    let change = Change { id, payee: payee.to_owned(), account, asked_by, effective_at };
    rows::insert_change(cx.tx(), &change, now)?;
    cx.enqueue(Job::new(CHANGE, json!({ "change": id })).not_before(effective_at));
    cx.record(act("grants.account.change_asked", person.as_ref()).with("way", change.account.way.code()));
    told(cx, grants, person.as_ref(), &change.account, "grants.tell.change")?;
    let goes = Text::new("grants.tell.former_change").with("from", effective_at);
    told_there(cx, grants, (person.as_ref(), known.as_ref()), goes)?;
    Ok(Chosen::Waits(effective_at))
}

fn act(kind: &'static str, person: Option<&Person>) -> Act {
    let mut act = Act::new(kind).because("grants", "grants-programme");
    act.subject = person.map(|person| person.id.clone());
    act
}

fn told(
    cx: &mut Cx<'_>,
    grants: &Grants,
    person: Option<&Person>,
    account: &Account,
    body: &'static str,
) -> Result<(), Fault> {
    let Some(person) = person else { return Ok(()) };
    let body = match account.way.is_carried() {
        true => Text::new(body).with("account", masked(grants, account)),
        false => Text::named(format!("{body}_{}", account.way.code())),
    };
    let hours = grants.programmes().cooling_off_hours();
    tell(cx, grants, person, Text::new("grants.tell.account"), body.with("hours", hours))
}

/// Tells the phone whose wallet is left.
fn told_there(
    cx: &mut Cx<'_>,
    grants: &Grants,
    (person, former): (Option<&Person>, Option<&Account>),
    body: Text,
) -> Result<(), Fault> {
    match (person, former) {
        (Some(person), Some(former)) => tell_former(cx, grants, person, former, body),
        _ => Ok(()),
    }
}

/// Stops the change that waits for a payee.
///
/// # Errors
/// `grants.account.no_change`; a refusal; the store's faults.
pub fn stop_change(cx: &mut Cx<'_>, grants: &Grants, payee: &str) -> Result<(), Fault> {
    let person = person_of(cx, grants, payee)?;
    cx.may("grants.account.choose", &resource(cx, grants, person.as_ref()))?;
    if rows::waiting(cx.tx(), payee)?.is_none() {
        return Err(Fault::conflict("grants.account.no_change"));
    }
    rows::end_changes(cx.tx(), payee, "stopped")?;
    cx.record(act("grants.account.change_stopped", person.as_ref()));
    Ok(())
}

/// Makes a change come true, if it still waits.
pub(crate) fn come_true(cx: &mut Cx<'_>, grants: &Grants, id: ChangeId) -> Result<(), Fault> {
    let Some(change) = rows::waiting_change(cx.tx(), id)? else { return Ok(()) };
    let person = person_of(cx, grants, &change.payee)?;
    cx.may("grants.account.choose", &resource(cx, grants, person.as_ref()))?;
    let (now, former) = (cx.now(), rows::of(cx.tx(), &change.payee)?);
    rows::set(cx.tx(), &change.payee, &change.account, now, &change.asked_by)?;
    rows::end_changes(cx.tx(), &change.payee, "made")?;
    cx.record(act("grants.account.chosen", person.as_ref()).with("way", change.account.way.code()));
    told(cx, grants, person.as_ref(), &change.account, "grants.tell.chosen")?;
    told_there(cx, grants, (person.as_ref(), former.as_ref()), Text::new("grants.tell.former"))?;
    repair::all_of(cx, grants, &change.payee, &change.account)
}

/// Forgets where a payee is paid: her payments are refused until she chooses again.
///
/// # Errors
/// `grants.account.unknown`; a refusal; the store's faults.
pub fn unlink(cx: &mut Cx<'_>, grants: &Grants, payee: &str) -> Result<(), Fault> {
    let person = person_of(cx, grants, payee)?;
    cx.may("grants.account.unlink", &resource(cx, grants, person.as_ref()))?;
    if !rows::delete(cx.tx(), payee)? {
        return Err(Fault::not_found("grants.account.unknown"));
    }
    rows::end_changes(cx.tx(), payee, "stopped")?;
    cx.record(act("grants.account.unlinked", person.as_ref()));
    Ok(())
}
