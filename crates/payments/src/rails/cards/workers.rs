//! The job that asks an acquirer what became of a try by card.
//!
//! **Invariant:** as for wallets: asked outside any transaction, and what was learned is written under the job's own key.

use journal::{JobFault, RunningJob, Workers};

use super::{CardState, CardTold, told};
use crate::gateway::model::{AttemptId, AttemptState};
use crate::rails::talk::Asked;
use crate::rails::workers::{PART, id_in, pause};
use crate::{Gateway, rows};

/// Its name.
pub(crate) const ASK: &str = "payments.card.ask";

/// Adds the handler.
pub(crate) fn handlers(gateway: &Gateway, workers: Workers) -> Workers {
    let asking = gateway.clone();
    workers.handle(ASK, move |job| ask(asking.clone(), job))
}

async fn ask(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (AttemptId, _) = (id_in(&job, "attempt")?, job.caller(PART));
    let acts = gateway.acts();
    let known = acts.read(&caller, move |cx| Ok(rows::requests::attempt(cx.tx(), id)?)).await?;
    let known = known.ok_or(JobFault::Dead("payments.attempt.unknown"))?;
    let waits = known.state.is_live() || known.state == AttemptState::Expired;
    let acquirer = gateway.rails().acquirers.find(&known.wallet);
    let acquirer = acquirer.ok_or(JobFault::Again("payments.wallet.not_connected"))?.clone();
    if !waits {
        return Ok(());
    }
    match gateway.line_of(&known.wallet)?.ask_at::<CardTold>(&format!("/sessions/{id}")).await {
        Asked::Told(said) if said.id == id && !matches!(said.state, CardState::Pending | CardState::Authorised) => {
            let (recourse, today) = (gateway.recourse().ok().copied(), gateway.rails().banks.day(acts.now()));
            let take = move |cx: &mut spine::Cx<'_>| told(cx, &acquirer, recourse.as_ref(), today, &said);
            acts.post(&caller, &job.key("told"), take).await?;
            Ok(())
        }
        // Nobody was handed over, and now nobody will be.
        Asked::Unheard if !known.state.is_live() => Ok(()),
        _ => match pause(job.attempt, acts.now()) {
            Some(at) => Err(JobFault::At(at, "payments.wallet.pending")),
            None => Ok(()),
        },
    }
}
