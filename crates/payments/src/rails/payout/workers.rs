//! The jobs that hand a payment to a wallet, and ask what became of it.
//!
//! **Invariant:** as for [`crate::rails::workers`]: the wallet is called outside any transaction, under a key both sides know.
//! A payment that nobody has answered for stays open and is on the treasury's desk; it is never taken for failed.

use journal::{JobFault, RunningJob, Workers};

use super::disburse::PUSH;
use super::outcome::{self, ASK, PaidOutState};
use super::{Destination, Disbursement, DisbursementId, DisbursementState};
use crate::Gateway;
use crate::gateway::receive;
use crate::rails::talk::{Pushed, ToldOfPayment};
use crate::rails::workers::{FIRST_ASK_SECONDS, PART, UNSURE_ASK_SECONDS, id_in, is_told, pause};
use crate::rows::disbursements as rows;

pub(crate) fn handlers(gateway: &Gateway, workers: Workers) -> Workers {
    let (to_push, to_ask) = (gateway.clone(), gateway.clone());
    workers.handle(PUSH, move |job| push(to_push.clone(), job)).handle(ASK, move |job| ask(to_ask.clone(), job))
}

async fn found(gateway: &Gateway, job: &RunningJob) -> Result<(DisbursementId, Disbursement), JobFault> {
    let id: DisbursementId = id_in(job, "disbursement")?;
    let known = gateway.acts().read(&job.caller(PART), move |cx| Ok(rows::find(cx.tx(), id)?)).await?;
    Ok((id, known.ok_or(JobFault::Dead("payments.disbursement.unknown"))?))
}

async fn push(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, known) = found(&gateway, &job).await?;
    let Destination::Wallet { wallet, number } = &known.to else { return Ok(()) };
    if known.state != DisbursementState::Made {
        return Ok(());
    }
    let wallet = gateway.wallet(wallet)?;
    let pushed = gateway.speaking(wallet)?.pay_out(id, number, known.amount, &known.reference).await;
    let (acts, caller) = (gateway.acts(), job.caller(PART));
    let ask_at = |seconds| acts.now().plus_seconds(seconds);
    match pushed {
        Pushed::Taken(reference) => {
            let (at, key) = (ask_at(FIRST_ASK_SECONDS), job.key("sent"));
            acts.write(&caller, &key, move |cx| outcome::sent(cx, id, reference.as_deref(), at)).await?;
        }
        Pushed::Unsure => {
            let (at, key) = (ask_at(UNSURE_ASK_SECONDS), job.key("unsure"));
            acts.write(&caller, &key, move |cx| outcome::sent(cx, id, None, at)).await?;
        }
        Pushed::Refused(code) => {
            let code = receive::code(Some(&code));
            acts.write(&caller, &job.key("refused"), move |cx| outcome::refused(cx, id, &code)).await?;
        }
        Pushed::Later(code) => return Err(JobFault::At(ask_at(later(job.attempt)), code)),
    }
    Ok(())
}

/// A wallet that is away is tried for as long as it takes: the money is promised to somebody.
fn later(attempt: i64) -> i64 {
    1_i64.checked_shl(u32::try_from(attempt).unwrap_or(10)).unwrap_or(900).clamp(1, 900)
}

async fn ask(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, known) = found(&gateway, &job).await?;
    let Destination::Wallet { wallet, .. } = &known.to else { return Ok(()) };
    let told = is_told(&job);
    if !told && !known.state.is_open() {
        return Ok(());
    }
    let (wallet, acts, caller) = (gateway.wallet(wallet)?.clone(), gateway.acts(), job.caller(PART));
    match gateway.speaking(&wallet)?.ask_of_payment(&known).await {
        ToldOfPayment::Said(said) if said.state != PaidOutState::Pending => {
            acts.write(&caller, &job.key("told"), move |cx| outcome::told(cx, &wallet, &said)).await?;
            Ok(())
        }
        ToldOfPayment::Unheard => {
            acts.write(&caller, &job.key("unheard"), move |cx| outcome::unheard(cx, id)).await?;
            Ok(())
        }
        ToldOfPayment::Said(_) | ToldOfPayment::Later if told => Ok(()),
        ToldOfPayment::Said(_) | ToldOfPayment::Later => match pause(job.attempt, acts.now()) {
            Some(at) => Err(JobFault::At(at, "payments.wallet.pending")),
            None => Ok(()),
        },
    }
}
