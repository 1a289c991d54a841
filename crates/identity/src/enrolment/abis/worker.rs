//! The jobs that ask the ABIS, and again when it is slow, away or says so.
//!
//! **Invariant:** asked outside any transaction, always under the same `requestId`; an ABIS that took a request and answers
//! later is asked again in a minute. After [`PATIENCE`] tries the application goes on without, and the job is a dead letter.

use axum::http::{Request, StatusCode, header};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::OutboundError;
use journal::{JobFault, Key, RunningJob, Workers};
use serde_json::Value as Json;
use spine::{Caller, Cx, Fault};

use super::AbisLink;
use super::ask::{ASK, given_up, settle, to_ask};
use super::words::{self, Answer, Operation};
use crate::enrolment::Enrolment;

/// Tries before an application goes on without: with the pauses between them, about half an hour.
pub(super) const PATIENCE: i64 = 11;
/// Until an ABIS that answers later is asked again.
const LATER_SECONDS: i64 = 60;
/// The most bytes of an answer that are read.
const ANSWER_BYTES: usize = 256 << 10;

pub(super) fn handlers(enrolment: &Enrolment, workers: Workers) -> Workers {
    let enrolment = enrolment.clone();
    workers.handle(ASK, move |job| {
        let enrolment = enrolment.clone();
        async move { enrolment.ask_abis(job).await }
    })
}

/// What came of asking.
enum Heard {
    Answer(Answer),
    /// It took the request and answers later.
    Later,
    Nothing(&'static str),
}

impl Enrolment {
    async fn ask_abis(&self, job: RunningJob) -> Result<(), JobFault> {
        let id = job.body.get("request").and_then(Json::as_str).unwrap_or_default().to_owned();
        let (caller, name) = (job.caller("identity"), id.clone());
        let asked = self.acts().read(&caller, move |cx: &mut Cx<'_>| to_ask(cx, &name)).await?;
        // Gone, or a late answer settled it.
        let Some(asked) = asked.filter(|asked| !asked.answered) else { return Ok(()) };
        let Some(link) = self.abis() else { return Err(JobFault::Again("identity.abis.none")) };
        let operation = Operation::named(&asked.kind).ok_or(JobFault::Dead("identity.abis.operation"))?;
        let heard = self.call_abis(link, operation, &id, &asked.reference).await;
        let code = match heard {
            Heard::Answer(answer) if answer.request_id != id => "identity.abis.other",
            Heard::Answer(answer) if answer.is_success() => {
                let key = job.key("answer");
                self.acts().write(&caller, &key, move |cx: &mut Cx<'_>| settle(cx, &answer)).await?;
                return Ok(());
            }
            Heard::Answer(answer) if answer.may_pass() => "identity.abis.busy",
            Heard::Answer(_) => return self.give_up(&job, &id, "identity.abis.refused").await,
            Heard::Later => {
                return Err(JobFault::At(self.acts().now().plus_seconds(LATER_SECONDS), "identity.abis.later"));
            }
            Heard::Nothing(code) => code,
        };
        if job.attempt >= PATIENCE { self.give_up(&job, &id, code).await } else { Err(JobFault::Again(code)) }
    }

    /// The application goes on without; whoever runs the program finds the job among the dead letters.
    async fn give_up(&self, job: &RunningJob, id: &str, code: &'static str) -> Result<(), JobFault> {
        let (caller, name) = (job.caller("identity"), id.to_owned());
        self.acts().write(&caller, &Key::none(), move |cx: &mut Cx<'_>| given_up(cx, &name)).await?;
        Err(JobFault::Dead(code))
    }

    async fn call_abis(&self, link: &AbisLink, operation: Operation, id: &str, reference: &str) -> Heard {
        let now = self.acts().now();
        let base = self.inner.identity.inner.issuer.as_str();
        let url = (operation == Operation::Insert).then(|| format!("{base}{}/{reference}", super::api::TEMPLATES));
        let body = words::request(operation, id, now, reference, url.as_deref()).to_string().into_bytes();
        let request = Request::post(format!("{}/{}", link.base_url.trim_end_matches('/'), operation.name()))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", id)
            .header(TIMESTAMP, now.as_seconds().to_string())
            .header(SIGNATURE, sign(&link.secret, now.as_seconds(), &body))
            .body(body.into());
        let Ok(request) = request else { return Heard::Nothing("identity.abis.address") };
        match self.inner.identity.inner.outbound.send(request).await {
            Ok(answer) if answer.status() == StatusCode::ACCEPTED => Heard::Later,
            Ok(answer) if answer.status() == StatusCode::OK && answer.body().len() <= ANSWER_BYTES => {
                Answer::read(answer.body()).map_or(Heard::Nothing("identity.abis.unreadable"), Heard::Answer)
            }
            Ok(_) => Heard::Nothing("identity.abis.unavailable"),
            Err(OutboundError::NotAllowed) => Heard::Nothing("identity.abis.address"),
            Err(_) => Heard::Nothing("identity.abis.unreachable"),
        }
    }

    /// Whether the ABIS is there; true where none is connected.
    ///
    /// # Errors
    /// `identity.abis.unreachable` if it does not answer as it should.
    pub async fn ping_abis(&self) -> Result<bool, Fault> {
        let Some(link) = self.abis() else { return Ok(false) };
        let id = crypto::hex(&crypto::sha256(&[&self.acts().now().as_micros().to_be_bytes()]));
        match self.call_abis(link, Operation::Ping, &id, "").await {
            Heard::Answer(answer) if answer.is_success() => Ok(true),
            _ => Err(Fault::unavailable("identity.abis.unreachable")),
        }
    }

    pub(crate) fn abis_caller(&self) -> Caller {
        use spine::{Actor, ActorKind, Assurance, Via};
        let actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, "abis") };
        Caller { actor, via: Via::Api, ..Caller::system("abis") }
    }
}
