//! The jobs that hand files to our bank and ask what became of them.
//!
//! **Invariant:** as for [`crate::rails::workers`]. A file is asked for until every payment in it has ended.

use journal::{JobFault, RunningJob, Workers};

use super::file::{self, ASK, BankFile, BankFileId, FileState, HAND_IN};
use super::talk::{self, Asked, HandedIn};
use crate::Gateway;
use crate::rails::talk::Line;
use crate::rails::workers::{FIRST_ASK_SECONDS, PART, UNSURE_ASK_SECONDS, id_in};
use crate::rows::disbursements as rows;

/// The longest pause before a file is asked for again, or handed in again.
const LONGEST_PAUSE_SECONDS: i64 = 3_600;

pub(crate) fn handlers(gateway: &Gateway, workers: Workers) -> Workers {
    let (to_hand_in, to_ask) = (gateway.clone(), gateway.clone());
    workers
        .handle(HAND_IN, move |job| hand_in(to_hand_in.clone(), job))
        .handle(ASK, move |job| ask(to_ask.clone(), job))
}

impl Gateway {
    fn bank_line(&self) -> Result<Line<'_>, JobFault> {
        let link = self.rails().banks.own().and_then(crate::rails::banks::OwnAccount::link);
        let link = link.ok_or(JobFault::Again("payments.bank.not_connected"))?;
        Ok(Line { outbound: self.outbound(), link, now: self.clock().now() })
    }
}

async fn found(gateway: &Gateway, job: &RunningJob) -> Result<BankFile, JobFault> {
    let id: BankFileId = id_in(job, "file")?;
    let known = gateway.acts().read(&job.caller(PART), move |cx| Ok(rows::file(cx.tx(), id)?)).await?;
    known.ok_or(JobFault::Dead("payments.bank_file.unknown"))
}

async fn hand_in(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let file = found(&gateway, &job).await?;
    if file.state != FileState::Made {
        return Ok(());
    }
    let (acts, caller, id) = (gateway.acts(), job.caller(PART), file.id);
    let rails = gateway.rails().clone();
    let text = acts.read(&caller, move |cx| file::written(cx, &rails, &file)).await?;
    let ask_at = |seconds| acts.now().plus_seconds(seconds);
    match talk::hand_in(&gateway.bank_line()?, id, text).await {
        HandedIn::Taken => {
            let at = ask_at(FIRST_ASK_SECONDS);
            acts.write(&caller, &job.key("sent"), move |cx| file::sent(cx, id, at)).await?;
        }
        HandedIn::Unsure => {
            let at = ask_at(UNSURE_ASK_SECONDS);
            acts.write(&caller, &job.key("unsure"), move |cx| file::sent(cx, id, at)).await?;
        }
        HandedIn::Refused => {
            acts.write(&caller, &job.key("refused"), move |cx| file::refused(cx, id, "file_refused")).await?;
        }
        HandedIn::Later(code) => return Err(JobFault::At(ask_at(pause_seconds(job.attempt)), code)),
    }
    Ok(())
}

fn pause_seconds(attempt: i64) -> i64 {
    let doubled = u32::try_from(attempt).ok().and_then(|times| 1_i64.checked_shl(times));
    doubled.unwrap_or(LONGEST_PAUSE_SECONDS).clamp(1, LONGEST_PAUSE_SECONDS)
}

async fn ask(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let file = found(&gateway, &job).await?;
    if file.state != FileState::Sent {
        return Ok(());
    }
    let (acts, caller, id) = (gateway.acts(), job.caller(PART), file.id);
    let again = |acts: &journal::Acts| {
        let pause = pause_seconds(job.attempt).max(FIRST_ASK_SECONDS);
        JobFault::At(acts.now().plus_seconds(pause), "payments.bank.pending")
    };
    match talk::ask(&gateway.bank_line()?, id).await {
        Asked::Said(report) => {
            // The report's own identifier is the key: heard again, by a call or when asked, it changes nothing.
            let key = job.key(&report.id);
            let done = acts.write(&caller, &key, move |cx| {
                file::moved(cx, id)?;
                file::reported(cx, &file.bank, &report)
            });
            let done = done.await?;
            if done { Ok(()) } else { Err(again(acts)) }
        }
        Asked::Unheard => {
            acts.write(&caller, &job.key("unheard"), move |cx| file::unheard(cx, id)).await?;
            Ok(())
        }
        Asked::Later => Err(again(acts)),
    }
}
