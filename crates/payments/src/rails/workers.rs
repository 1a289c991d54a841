//! The jobs of this engine: push, ask, refund, give a fee back, and the two clocks.
//!
//! **Invariant:** a handler calls the wallet outside any transaction, and then writes what it learned under
//! the job's own key, so that a job that runs twice moves things once.

use edge::Outbound;
use journal::{JobFault, RunningJob, Workers};
use spine::{Caller, Cx, IdKind, Money, Timestamp};

use crate::Gateway;
use crate::bills::{self, BillId};
use crate::gateway::attempt::{self, ASK};
use crate::gateway::choose::{LAPSE, PUSH};
use crate::gateway::give_back::{self, RETURN};
use crate::gateway::model::{
    Attempt, AttemptId, Payment, PaymentId, PaymentState, Request, RequestId, RequestState, ReturnId, ReturnState,
};
use crate::gateway::receive;
use crate::gateway::refund::{self, REFUND};
use crate::gateway::request::{self, EXPIRE};
use crate::rails::talk::{Asked, Line, Pushed, Returned};
use crate::rails::wallets::Wallet;
use crate::rails::{banking, cards, payout};
use crate::rows::requests as rows;
use crate::treasury::{RECONCILE, wallet_statement};
use crate::{agents, associations, billers, charges, merchants, remittance, sanctions};

/// The first look at what a wallet does, if it said that it took the request; and if that is not sure.
pub(crate) const FIRST_ASK_SECONDS: i64 = 15;
pub(crate) const UNSURE_ASK_SECONDS: i64 = 2;
/// The pauses between further looks. A payment whose callback never comes is found within a minute or two while
/// the payer waits, and within a day at the latest.
const ASK_PAUSES_SECONDS: [i64; 10] = [15, 30, 30, 60, 60, 300, 900, 3_600, 21_600, 86_400];

pub(crate) const PART: &str = "payments";

/// Adds this engine's handlers.
#[must_use]
pub fn handlers(gateway: &Gateway, workers: Workers) -> Workers {
    let of = |handler: Handler| {
        let gateway = gateway.clone();
        move |job| handler(gateway.clone(), job)
    };
    let workers = banking::workers::handlers(gateway, payout::workers::handlers(gateway, workers));
    let workers = cards::workers::handlers(gateway, remittance::workers::handlers(gateway, workers));
    workers
        .handle(RECONCILE, of(|gateway, job| Box::pin(wallet_statement::reconciles(gateway, job))))
        .handle(wallet_statement::FETCH, of(|gateway, job| Box::pin(wallet_statement::fetch(gateway, job))))
        .handle(PUSH, of(|gateway, job| Box::pin(push(gateway, job))))
        .handle(ASK, of(|gateway, job| Box::pin(ask(gateway, job))))
        .handle(REFUND, of(|gateway, job| Box::pin(give_back(gateway, job))))
        .handle(RETURN, of(|gateway, job| Box::pin(give_fee_back(gateway, job))))
        .handle(LAPSE, of(|gateway, job| Box::pin(lapse(gateway, job))))
        .handle(associations::LAPSE, of(|gateway, job| Box::pin(lapse_proposal(gateway, job))))
        .handle(agents::SETTLE, of(|gateway, job| Box::pin(settle_agent(gateway, job))))
        .handle(agents::LAPSE, of(|gateway, job| Box::pin(lapse_allowance(gateway, job))))
        .handle(sanctions::RESCREEN, of(|gateway, job| Box::pin(sanctions::rescreens(gateway, job))))
        .handle(merchants::SETTLE, of(|gateway, job| Box::pin(settle(gateway, job))))
        .handle(billers::TELL, of(|gateway, job| Box::pin(billers::deliver(gateway, job))))
        .handle(bills::EXPIRE, of(|gateway, job| Box::pin(expire_bill(gateway, job))))
        .handle(EXPIRE, of(|gateway, job| Box::pin(expire(gateway, job))))
}

type Done = std::pin::Pin<Box<dyn Future<Output = Result<(), JobFault>> + Send>>;
type Handler = fn(Gateway, RunningJob) -> Done;

pub(crate) fn id_in<K: IdKind>(job: &RunningJob, member: &str) -> Result<spine::Id<K>, JobFault> {
    let id = job.body.get(member).and_then(serde_json::Value::as_str).and_then(|text| text.parse().ok());
    id.ok_or(JobFault::Dead("payments.job.malformed"))
}

impl Gateway {
    pub(crate) fn line<'a>(&'a self, wallet: &'a Wallet) -> Result<Line<'a>, JobFault> {
        let link = wallet.link().ok_or(JobFault::Again("payments.wallet.not_connected"))?;
        let outbound: &Outbound = self.outbound();
        Ok(Line { outbound, link, now: self.clock().now() })
    }

    /// A line to whoever runs a rail: a wallet by its id, an acquirer by its account.
    pub(crate) fn line_of<'a>(&'a self, rail: &str) -> Result<Line<'a>, JobFault> {
        if !rail.starts_with(cards::acquirers::PREFIX) {
            return self.line(self.wallet(rail)?);
        }
        let link = self.rails().acquirers.find(rail).and_then(cards::Acquirer::link);
        let link = &link.ok_or(JobFault::Again("payments.wallet.not_connected"))?.api;
        Ok(Line { outbound: self.outbound(), link, now: self.clock().now() })
    }

    pub(crate) fn wallet(&self, id: &str) -> Result<&Wallet, JobFault> {
        self.wallets().find(id).ok_or(JobFault::Again("payments.wallet.not_connected"))
    }

    async fn attempt(&self, caller: &Caller, id: AttemptId) -> Result<Attempt, JobFault> {
        let found = self.acts().read(caller, move |cx| Ok(rows::attempt(cx.tx(), id)?)).await?;
        found.ok_or(JobFault::Dead("payments.attempt.unknown"))
    }
}

/// What is asked of the payer, and the request it is for.
async fn asked_of(gateway: &Gateway, caller: &Caller, attempt: &Attempt) -> Result<(Money, Request), JobFault> {
    let (request, rail) = (attempt.request, attempt.wallet.clone());
    let look = move |cx: &mut Cx<'_>| {
        let request = request::found(cx, request)?;
        let charge = charges::of(cx, &request, &rail)?;
        Ok((charges::asked(request.amount, charge.as_ref())?, request))
    };
    Ok(gateway.acts().read(caller, look).await?)
}

async fn push(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (AttemptId, _) = (id_in(&job, "attempt")?, job.caller(PART));
    let attempt = gateway.attempt(&caller, id).await?;
    let acts = gateway.acts();
    if attempt.state != crate::AttemptState::Made || attempt.expires_at <= acts.now() {
        return Ok(());
    }
    let (asked, request) = asked_of(&gateway, &caller, &attempt).await?;
    if request.state != RequestState::Sent || request.attempt != Some(id) {
        // Withdrawn, paid or over in the meantime: nobody's phone rings for it.
        return Ok(());
    }
    let wallet = gateway.wallet(&attempt.wallet)?;
    let pushed = gateway.speaking(wallet)?.push(&attempt, asked, &request.reference).await;
    let ask_at = |seconds| acts.now().plus_seconds(seconds);
    match pushed {
        Pushed::Taken(reference) => {
            let (at, key) = (ask_at(FIRST_ASK_SECONDS), job.key("pushed"));
            acts.write(&caller, &key, move |cx| attempt::pushed(cx, id, reference.as_deref(), at)).await?;
        }
        Pushed::Unsure => {
            let (at, key) = (ask_at(UNSURE_ASK_SECONDS), job.key("unsure"));
            acts.write(&caller, &key, move |cx| attempt::pushed(cx, id, None, at)).await?;
        }
        Pushed::Refused(code) => {
            let code = receive::code(Some(&code));
            acts.write(&caller, &job.key("refused"), move |cx| attempt::refused(cx, id, &code)).await?;
        }
        Pushed::Later(code) => return Err(JobFault::Again(code)),
    }
    Ok(())
}

async fn ask(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (AttemptId, _) = (id_in(&job, "attempt")?, job.caller(PART));
    let attempt = gateway.attempt(&caller, id).await?;
    let told = is_told(&job);
    if !told && !matches!(attempt.state, crate::AttemptState::Pushed | crate::AttemptState::Expired) {
        return Ok(());
    }
    let wallet = gateway.wallet(&attempt.wallet)?.clone();
    let (acts, (asked, _)) = (gateway.acts(), asked_of(&gateway, &caller, &attempt).await?);
    match gateway.speaking(&wallet)?.ask(id, asked).await {
        Asked::Told(told) if told.state != crate::ToldState::Pending => {
            acts.post(&caller, &job.key("told"), move |cx| receive::receive(cx, &wallet, &told)).await?;
            Ok(())
        }
        Asked::Unheard => {
            acts.write(&caller, &job.key("unheard"), move |cx| attempt::push_again(cx, id)).await?;
            Ok(())
        }
        Asked::Told(_) | Asked::Later if told => Ok(()),
        Asked::Told(_) | Asked::Later => match pause(job.attempt, acts.now()) {
            Some(at) => Err(JobFault::At(at, "payments.wallet.pending")),
            None => Ok(()),
        },
    }
}

/// Whether somebody said that there is news: one more look, and whatever else looks goes on by itself.
pub(crate) fn is_told(job: &RunningJob) -> bool {
    job.body.get("told").and_then(serde_json::Value::as_bool) == Some(true)
}

pub(crate) fn pause(attempt: i64, now: Timestamp) -> Option<Timestamp> {
    let place = usize::try_from(attempt - 1).ok()?;
    ASK_PAUSES_SECONDS.get(place).map(|seconds| now.plus_seconds(*seconds))
}

async fn give_back(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (PaymentId, _) = (id_in(&job, "payment")?, job.caller(PART));
    let acts = gateway.acts();
    let payment: Option<Payment> = acts.read(&caller, move |cx| Ok(rows::payment(cx.tx(), id)?)).await?;
    let payment = payment.ok_or(JobFault::Dead("payments.payment.unknown"))?;
    let (PaymentState::Refunding, Some(hold)) = (payment.state, payment.hold) else { return Ok(()) };
    match gateway.speaking_to(&payment.wallet)?.give_back(hold, &payment.wallet_reference, payment.amount).await {
        Returned::Done(reference) => {
            let key = job.key("returned");
            acts.write(&caller, &key, move |cx| refund::finish(cx, id, Some(&reference))).await?;
            Ok(())
        }
        Returned::Refused => {
            acts.write(&caller, &job.key("refused"), move |cx| refund::finish(cx, id, None)).await?;
            Ok(())
        }
        Returned::Later(code) => Err(JobFault::Again(code)),
    }
}

async fn give_fee_back(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, caller): (ReturnId, _) = (id_in(&job, "return")?, job.caller(PART));
    let acts = gateway.acts();
    let known = acts.read(&caller, move |cx| Ok(crate::rows::returns::find(cx.tx(), id)?)).await?;
    let known = known.ok_or(JobFault::Dead("payments.return.unknown"))?;
    let (ReturnState::Going, Some(hold)) = (known.state, known.hold) else { return Ok(()) };
    match gateway.speaking_to(&known.wallet)?.give_back(hold, &known.wallet_reference, known.amount).await {
        Returned::Done(reference) => {
            let key = job.key("returned");
            acts.write(&caller, &key, move |cx| give_back::finish(cx, id, Some(&reference))).await?;
            Ok(())
        }
        Returned::Refused => {
            acts.write(&caller, &job.key("refused"), move |cx| give_back::finish(cx, id, None)).await?;
            Ok(())
        }
        Returned::Later(code) => Err(JobFault::Again(code)),
    }
}

async fn lapse(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id: AttemptId = id_in(&job, "attempt")?;
    gateway.acts().write(&job.caller(PART), &job.key("lapsed"), move |cx| attempt::lapse(cx, id)).await?;
    Ok(())
}

async fn expire(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id: RequestId = id_in(&job, "request")?;
    gateway.acts().write(&job.caller(PART), &job.key("expired"), move |cx| request::expire(cx, id)).await?;
    Ok(())
}

async fn expire_bill(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id: BillId = id_in(&job, "bill")?;
    gateway.acts().write(&job.caller(PART), &job.key("expired"), move |cx| bills::expire(cx, id)).await?;
    Ok(())
}

async fn lapse_proposal(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id = id_in(&job, "proposal")?;
    let key = job.key("lapsed");
    gateway.acts().post(&job.caller(PART), &key, move |cx| associations::lapse(cx, id)).await?;
    Ok(())
}

async fn settle(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, rails) = (id_in(&job, "merchant")?, gateway.rails().clone());
    let key = job.key("settled");
    gateway.acts().post(&job.caller(PART), &key, move |cx| merchants::settle_again(cx, &rails, id)).await?;
    Ok(())
}

async fn settle_agent(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (id, rails) = (id_in(&job, "agent")?, gateway.rails().clone());
    let key = job.key("settled");
    gateway.acts().post(&job.caller(PART), &key, move |cx| agents::settle_again(cx, &rails, id)).await?;
    Ok(())
}

async fn lapse_allowance(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let id = id_in(&job, "device")?;
    gateway.acts().post(&job.caller(PART), &job.key("lapsed"), move |cx| agents::lapse(cx, id)).await?;
    Ok(())
}
