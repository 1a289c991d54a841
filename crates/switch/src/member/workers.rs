//! The jobs of a member: say that we agree to a transfer, hand a payment over step by step, and ask how a transfer ended.
//!
//! **Invariant:** a hub is called outside any transaction. A question is repeated until it is answered: who is asked for money that
//! nobody can say anything about is never guessed for.

use journal::{JobFault, Key, RunningJob, Workers};
use payments::hubs::{Hub, PUSH};
use payments::{Destination, Disbursement, DisbursementId, disbursement};
use serde_json::{Value, json};
use spine::{Cx, Timestamp};

use super::model::{Incoming, IncomingState, Outgoing, Step};
use super::wire::{HubLink, Said, Saying};
use super::{Member, going, packet};
use crate::amount::WireAmount;
use crate::directory::Alias;
use crate::fspiop::headers::Verb;
use crate::rows::member as rows;
use crate::transfers::tell::moment;

/// The job that says to a hub that we agree to a transfer.
pub(super) const AGREE: &str = "switch.member.agree";
/// The job that asks a hub how a transfer to us ended.
pub(super) const LOOK: &str = "switch.member.look";

const PART: &str = "switch";
/// The pauses between questions; the last one for ever.
const PAUSES_SECONDS: [i64; 7] = [2, 5, 15, 30, 60, 300, 900];
/// How long a payment waits to hear whose customer somebody is, or what it costs.
const GIVE_UP_SECONDS: i64 = 2 * 3_600;

/// What a job about a transfer to us is told.
pub(super) fn body(hub: &str, transfer: &str) -> Value {
    json!({ "hub": hub, "transfer": transfer })
}

pub(super) fn handlers(member: &Member, workers: Workers) -> Workers {
    let [to_agree, to_look, to_push] = [(); 3].map(|()| member.clone());
    workers
        .handle(AGREE, move |job| agree(to_agree.clone(), job))
        .handle(LOOK, move |job| look(to_look.clone(), job))
        .handle(PUSH, move |job| push(to_push.clone(), job))
}

fn pause(job: &RunningJob, now: Timestamp) -> Timestamp {
    let place = usize::try_from(job.attempt - 1).unwrap_or(0).min(PAUSES_SECONDS.len() - 1);
    now.plus_seconds(PAUSES_SECONDS.get(place).copied().unwrap_or(900))
}

impl Member {
    /// Asks a hub how a transfer stands; its answer comes by the door.
    pub(super) async fn ask(&self, hub: &Hub, link: &HubLink, transfer: &str) {
        let path = format!("/transfers/{transfer}");
        self.say(hub, link, &Saying { verb: Verb::Get, path: &path, to: None, version: &hub.version, body: None })
            .await;
    }

    async fn incoming(&self, job: &RunningJob) -> Result<Option<Incoming>, JobFault> {
        let text = |name: &str| job.body.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(hub), Some(id)) = (text("hub"), text("transfer")) else {
            return Err(JobFault::Dead("switch.member.job"));
        };
        let read = move |cx: &mut Cx<'_>| Ok(rows::incoming(cx.tx(), &hub, &id)?);
        let known = self.inner.acts.read(&job.caller(PART), read).await?;
        Ok(known.filter(|known| known.state == IncomingState::Reserved))
    }

    fn near(&self, hub: &str) -> Result<(&Hub, &HubLink), JobFault> {
        self.linked(hub).ok_or(JobFault::Again("switch.member.not_connected"))
    }
}

/// Says that we agree, asking to be told how it ends (`RESERVED`, API Definition 1.1 §6.7.2.6).
async fn agree(member: Member, job: RunningJob) -> Result<(), JobFault> {
    let Some(known) = member.incoming(&job).await? else { return Ok(()) };
    let now = member.inner.acts.now();
    if known.expires_at <= now {
        return Ok(());
    }
    let (hub, link) = member.near(&known.hub)?;
    let fulfilment = crypto::base64url(&packet::fulfilment(&member.secret(&known.hub), &known.packet));
    let body = json!({ "transferState": "RESERVED", "fulfilment": fulfilment, "completedTimestamp": moment(now) });
    let (path, to) = (format!("/transfers/{}", known.id), Some(known.payer.as_str()));
    let saying = Saying { verb: Verb::Put, path: &path, to, version: &known.version, body: Some(&body) };
    match member.say(hub, link, &saying).await {
        Said::Taken => Ok(()),
        // Why, it says when it is asked.
        Said::Refused(_) => Ok(()),
        Said::Unsure => Err(JobFault::At(pause(&job, now), "switch.member.unreachable")),
    }
}

/// Asks how a transfer to us ended, until the hub has said it.
async fn look(member: Member, job: RunningJob) -> Result<(), JobFault> {
    let Some(known) = member.incoming(&job).await? else { return Ok(()) };
    let (hub, link) = member.near(&known.hub)?;
    member.ask(hub, link, &known.id).await;
    Err(JobFault::At(pause(&job, member.inner.acts.now()), "switch.member.waiting"))
}

/// Takes the next step with a payment of ours.
async fn push(member: Member, job: RunningJob) -> Result<(), JobFault> {
    let text = |name: &str| job.body.get(name).and_then(Value::as_str);
    let id: Option<DisbursementId> = text("disbursement").and_then(|id| id.parse().ok());
    let id = id.ok_or(JobFault::Dead("switch.member.job"))?;
    let (acts, caller) = (&member.inner.acts, job.caller(PART));
    let read = move |cx: &mut Cx<'_>| {
        let of = disbursement(cx, id)?;
        Ok((of, rows::outgoing(cx.tx(), id)?))
    };
    let (of, known) = acts.read(&caller, read).await?;
    let Destination::Hub { hub, kind, number } = &of.to else { return Ok(()) };
    let (hub, link) = member.near(hub)?;
    let alias = Alias::new(kind, number.reveal().trim_start_matches('+'), None);
    let alias = alias.ok_or(JobFault::Dead("switch.member.job"))?;
    let Some(known) = known else {
        let (name, hash, begun) = (hub.id.clone(), alias.hash(&member.secret(&hub.id)), of.clone());
        acts.write(&caller, &Key::none(), move |cx| going::begin(cx, &name, &begun, hash)).await?;
        return Ok(());
    };
    if !of.state.is_open() || text("step") != Some(known.step.code()) {
        return Ok(());
    }
    let is_late = known.made_at.plus_seconds(GIVE_UP_SECONDS) < acts.now();
    match known.step {
        Step::Looking | Step::Quoting if is_late => {
            let (rails, name) = (member.inner.rails.clone(), hub.id.clone());
            acts.post(&caller, &Key::none(), move |cx| going::give_up(cx, &rails, &name, id)).await?;
            return Ok(());
        }
        Step::Looking => {
            let path = alias.path("parties");
            let saying = Saying { verb: Verb::Get, path: &path, to: None, version: &hub.version, body: None };
            member.say(hub, link, &saying).await;
        }
        Step::Quoting => {
            let (to, body) = (known.payee.as_deref(), quote(hub, &of, &known, &alias));
            let saying = Saying { verb: Verb::Post, path: "/quotes", to, version: &hub.version, body: Some(&body) };
            member.say(hub, link, &saying).await;
        }
        Step::Sending => return hand_over(&member, (hub, link), &job, &of).await,
        Step::Sent => {
            // Right after it was sent its answer is on its way already.
            if job.attempt > 1 {
                member.ask(hub, link, &known.transfer).await;
            }
        }
        Step::Ended => return Ok(()),
    }
    Err(JobFault::At(pause(&job, acts.now()), "switch.member.waiting"))
}

fn quote(hub: &Hub, of: &Disbursement, known: &Outgoing, alias: &Alias) -> Value {
    let mut payee = alias.body();
    if let Some(members) = payee.as_object_mut() {
        members.insert("fspId".to_owned(), json!(known.payee));
    }
    let payer = json!({ "partyIdType": "BUSINESS", "partyIdentifier": hub.business, "fspId": hub.member });
    json!({
        "quoteId": known.quote,
        "transactionId": known.transfer,
        "payer": { "partyIdInfo": payer, "name": hub.business },
        "payee": { "partyIdInfo": payee },
        "amountType": "SEND",
        "amount": WireAmount::of(of.amount),
        "transactionType": { "scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "BUSINESS" },
        "note": of.reference,
    })
}

/// Hands the transfer over. That it may have been is written down first, so that it is asked for, whatever happens now.
async fn hand_over(
    member: &Member,
    (hub, link): (&Hub, &HubLink),
    job: &RunningJob,
    of: &Disbursement,
) -> Result<(), JobFault> {
    let (rails, name, id) = (member.inner.rails.clone(), hub.id.clone(), of.id);
    let write = move |cx: &mut Cx<'_>| going::sending(cx, &rails, &name, id).map(|known| known.map(Sending::of));
    let sending = member.inner.acts.write(&job.caller(PART), &Key::none(), write).await?;
    let Some(sending) = sending else { return Ok(()) };
    let body = json!({
        "transferId": sending.transfer,
        "payerFsp": hub.member,
        "payeeFsp": sending.payee,
        "amount": WireAmount::of(of.amount),
        "ilpPacket": sending.packet,
        "condition": sending.condition,
        "expiration": moment(sending.expires_at),
    });
    let (to, version) = (Some(sending.payee.as_str()), hub.version.as_str());
    member.say(hub, link, &Saying { verb: Verb::Post, path: "/transfers", to, version, body: Some(&body) }).await;
    Ok(())
}

/// What of a payment goes into its transfer.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sending {
    transfer: String,
    payee: String,
    packet: String,
    condition: String,
    expires_at: Timestamp,
}

impl Sending {
    fn of(known: Outgoing) -> Self {
        Self {
            transfer: known.transfer,
            payee: known.payee.unwrap_or_default(),
            packet: known.packet.unwrap_or_default(),
            condition: known.condition.unwrap_or_default(),
            expires_at: known.expires_at.unwrap_or(known.made_at),
        }
    }
}
