//! A list has changed: payments that wait are held against what is new in it.
//!
//! **Invariant:** a payment from abroad that its partner has not been told of is stopped as if it had been ordered now. What a partner
//! or a bank knows of cannot be called back: a case is made of it all the same, so that officers see it. Whatever was made since the list
//! changed was held against it then, and what officers have cleared since is not stopped again.

use journal::{JobFault, RunningJob};
use serde_json::json;
use spine::{Act, Cx, Fault, Job, Resource};

use super::{Index, ListFileId};
use crate::Gateway;
use crate::rails::workers::{PART, id_in};
use crate::remittance::RemittanceState;
use crate::rows::{disbursements, remittances, sanctions as rows};
use crate::screening::{HELD, Screening, stop};

/// The job.
pub(crate) const RESCREEN: &str = "payments.sanctions.rescreen";

/// Payments in one transaction.
const PIECE: usize = 500;
const PIECE_ROWS: i64 = 500;

/// Goes on where it was.
pub(crate) async fn rescreens(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id: ListFileId = id_in(&job, "file")?;
    let at = |member: &str| job.body.get(member).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (abroad, banks, screening) = (at("abroad"), at("banks"), gateway.rails().screening.clone());
    let look = move |cx: &mut Cx<'_>| rescreen(cx, &screening, id, (&abroad, &banks));
    gateway.acts().write(&job.caller(PART), &job.key("rescreened"), look).await?;
    Ok(())
}

/// A piece of what waits, after these identifiers.
fn rescreen(cx: &mut Cx<'_>, screening: &Screening, id: ListFileId, after: (&str, &str)) -> Result<(), Fault> {
    cx.may("payments.sanctions.rescreen", &Resource::new("SanctionsList", id))?;
    let file = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.sanctions.unknown"))?;
    let new = rows::changes(cx.tx(), id, 0, i64::MAX)?.into_iter();
    let new = new.filter(|it| it.kind != super::ChangeKind::Removed).map(|it| (file.list.clone(), it.entry));
    let index = Index::new(screening.rules(), vec![id], new);
    let since = file.decided_at.unwrap_or_else(|| cx.now());
    let (mut stopped, mut late) = (0_i64, 0_i64);
    let abroad = remittances::open(cx.tx(), after.0, PIECE_ROWS)?;
    for one in abroad.iter().filter(|one| one.made_at < since) {
        let is_found = stop::named(cx, screening, &index, one)?;
        if is_found && one.state == RemittanceState::Ordered {
            remittances::set(cx.tx(), one.id, one.state, Some(HELD), None)?;
            stopped += 1;
        } else {
            late += i64::from(is_found);
        }
    }
    let banks = disbursements::to_banks(cx.tx(), after.1, PIECE_ROWS)?;
    for one in banks.iter().filter(|one| one.made_at < since) {
        late += i64::from(stop::holder(cx, screening, &index, one)?);
    }
    let act = Act::new("payments.sanctions.rescreened").on(id).because("screening", "public-task");
    cx.record(act.with("list", file.list.as_str()).with("stopped", stopped).with("too_late", late));
    if abroad.len() >= PIECE || banks.len() >= PIECE {
        let last = |id: Option<String>, before: &str| id.unwrap_or_else(|| before.to_owned());
        let abroad = last(abroad.last().map(|it| it.id.to_string()), after.0);
        let banks = last(banks.last().map(|it| it.id.to_string()), after.1);
        cx.enqueue(Job::new(RESCREEN, json!({ "file": id, "abroad": abroad, "banks": banks })));
    }
    Ok(())
}
