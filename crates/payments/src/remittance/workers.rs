//! The jobs of remittances: tell the partner, ask what became of it, give up waiting.

use journal::{JobFault, RunningJob, Workers};
use spine::{Caller, Fault};

use super::order::{LAPSE, PUSH, Remittance, RemittanceId};
use super::receive;
use super::{Collected, Partner};
use crate::Gateway;
use crate::gateway::receive::{ToldState, code};
use crate::rails::talk::{Asked, Line, Pushed};
use crate::rails::workers::{FIRST_ASK_SECONDS, PART, UNSURE_ASK_SECONDS, id_in, pause};
use crate::rows::remittances as rows;

/// The job that asks a partner what became of a remittance.
const ASK: &str = "payments.remittance.ask";

/// Adds the handlers.
pub(crate) fn handlers(gateway: &Gateway, workers: Workers) -> Workers {
    let (pushing, asking, lapsing) = (gateway.clone(), gateway.clone(), gateway.clone());
    workers
        .handle(PUSH, move |job| push(pushing.clone(), job))
        .handle(ASK, move |job| ask(asking.clone(), job))
        .handle(LAPSE, move |job| lapse(lapsing.clone(), job))
}

async fn known(gateway: &Gateway, caller: &Caller, id: RemittanceId) -> Result<(Remittance, Partner), JobFault> {
    let found = gateway.acts().read(caller, move |cx| Ok(rows::find(cx.tx(), id)?)).await?;
    let found = found.ok_or(JobFault::Dead("payments.remittance.unknown"))?;
    let partner = gateway.corridors().find(&found.partner).filter(|partner| partner.link().is_some());
    let partner = partner.ok_or(JobFault::Again("payments.wallet.not_connected"))?.clone();
    Ok((found, partner))
}

fn line<'a>(gateway: &'a Gateway, partner: &'a Partner) -> Result<Line<'a>, JobFault> {
    let link = partner.link().ok_or(JobFault::Again("payments.wallet.not_connected"))?;
    Ok(Line { outbound: gateway.outbound(), link, now: gateway.clock().now() })
}

async fn push(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (RemittanceId, _) = (id_in(&job, "remittance")?, job.caller(PART));
    let (remittance, partner) = known(&gateway, &caller, id).await?;
    if !remittance.state.is_open() || remittance.is_held() || remittance.expires_at <= gateway.acts().now() {
        return Ok(());
    }
    let acts = gateway.acts();
    let name = id.to_string();
    let (number, total) = (&remittance.msisdn, remittance.total());
    let pushed = line(&gateway, &partner)?.ask_for(&name, number, total, &remittance.bill, remittance.expires_at).await;
    let wait = match pushed {
        Pushed::Taken(_) => FIRST_ASK_SECONDS,
        Pushed::Unsure => UNSURE_ASK_SECONDS,
        Pushed::Refused(reason) => {
            let reason = code(Some(&reason));
            acts.write(&caller, &job.key("refused"), move |cx| receive::refused(cx, id, &reason)).await?;
            return Ok(());
        }
        Pushed::Later(code) => return Err(JobFault::Again(code)),
    };
    let at = acts.now().plus_seconds(wait);
    let told = move |cx: &mut spine::Cx<'_>| -> Result<(), Fault> {
        receive::told(cx, id)?;
        cx.enqueue(spine::Job::new(ASK, serde_json::json!({ "remittance": id })).not_before(at));
        Ok(())
    };
    acts.write(&caller, &job.key("told"), told).await?;
    Ok(())
}

async fn ask(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (RemittanceId, _) = (id_in(&job, "remittance")?, job.caller(PART));
    let (remittance, partner) = known(&gateway, &caller, id).await?;
    if remittance.reference.is_some() || matches!(remittance.state.code(), "declined") {
        return Ok(());
    }
    let acts = gateway.acts();
    match line(&gateway, &partner)?.ask_about::<Collected>(&id.to_string()).await {
        Asked::Told(told) if told.id == id && told.state != ToldState::Pending => {
            acts.post(&caller, &job.key("told"), move |cx| receive::receive(cx, &partner, &told)).await?;
            Ok(())
        }
        Asked::Unheard => {
            let again = move |cx: &mut spine::Cx<'_>| receive::again(cx, id);
            acts.write(&caller, &job.key("unheard"), again).await?;
            Ok(())
        }
        Asked::Told(_) | Asked::Later => match pause(job.attempt, acts.now()) {
            Some(at) => Err(JobFault::At(at, "payments.wallet.pending")),
            None => Ok(()),
        },
    }
}

async fn lapse(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id: RemittanceId = id_in(&job, "remittance")?;
    gateway.acts().write(&job.caller(PART), &job.key("lapsed"), move |cx| receive::lapse(cx, id)).await?;
    Ok(())
}
