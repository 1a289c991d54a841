//! Carrying messages, and forgetting secrets: what the workers do.
//!
//! **Invariant:** a message is marked delivered once; a secret that is past its end is never carried, and
//! its text is gone within the same minute. Neither address nor text is ever in a log line.

use std::sync::Arc;

use journal::{Acts, JobFault, RunningJob, Workers};
use spine::{Act, Cx, Fault, Resource};

use crate::Messages;
use crate::model::{Carrier, CarryFault, MessageId, NoticeId};
use crate::rows;

pub(crate) const DELIVER: &str = "messages.deliver";
pub(crate) const FORGET: &str = "messages.forget";

impl Messages {
    /// Adds this engine's handlers: `messages.deliver` and `messages.forget`.
    #[must_use]
    pub fn handlers(&self, acts: &Acts, workers: Workers) -> Workers {
        let (carrier, deliver_acts, forget_acts) = (Arc::clone(self.carrier()), acts.clone(), acts.clone());
        workers
            .handle(DELIVER, move |job| deliver(deliver_acts.clone(), Arc::clone(&carrier), job))
            .handle(FORGET, move |job| forget(forget_acts.clone(), job))
    }
}

async fn deliver(acts: Acts, carrier: Arc<dyn Carrier>, job: RunningJob) -> Result<(), JobFault> {
    let id: MessageId = id_in(&job, "message")?;
    let caller = job.caller("messages");
    let found = acts.read(&caller, move |cx| Ok(rows::outgoing(cx.tx(), id)?)).await?;
    let Some((message, expires_at)) = found else { return Ok(()) };
    if expires_at.is_some_and(|end| end <= acts.now()) {
        acts.write(&caller, &job.key("expired"), move |cx| end(cx, id, "expired", None)).await?;
        return Ok(());
    }
    match carrier.carry(&message).await {
        Ok(reference) => {
            acts.write(&caller, &job.key("delivered"), move |cx| end(cx, id, "delivered", Some(&reference))).await?;
            Ok(())
        }
        Err(CarryFault::Refused) => {
            acts.write(&caller, &job.key("refused"), move |cx| end(cx, id, "undeliverable", None)).await?;
            Ok(())
        }
        Err(CarryFault::Later) => Err(JobFault::Again("messages.carrier.busy")),
    }
}

/// Ends a message that waits; one that has ended stays as it is.
fn end(cx: &mut Cx<'_>, id: MessageId, state: &'static str, reference: Option<&str>) -> Result<bool, Fault> {
    cx.may("messages.message.deliver", &Resource::new("Message", id))?;
    let now = cx.now();
    let ended = rows::end_message(cx.tx(), id, state, reference, now)?;
    cx.record(Act::new("messages.message.ended").on(id).with("state", state));
    Ok(ended)
}

async fn forget(acts: Acts, job: RunningJob) -> Result<(), JobFault> {
    let id: NoticeId = id_in(&job, "notice")?;
    acts.write(&job.caller("messages"), &job.key("forgotten"), move |cx| {
        cx.may("messages.notice.forget", &Resource::new("Notice", id))?;
        rows::forget(cx.tx(), id)?;
        cx.record(Act::new("messages.notice.forgotten").on(id).because("data-minimisation", "program"));
        Ok(())
    })
    .await?;
    Ok(())
}

fn id_in<K: spine::IdKind>(job: &RunningJob, member: &str) -> Result<spine::Id<K>, JobFault> {
    let id = job.body.get(member).and_then(serde_json::Value::as_str).and_then(|text| text.parse().ok());
    id.ok_or(JobFault::Dead("messages.job.malformed"))
}
