//! People hear by SMS that what they were to pay is paid, whoever paid it: amount, receipt, what it was for.
//!
//! **Invariant:** only who was to pay hears, each payment once, however often the job runs; a case of a service tells of its
//! own steps besides.

use journal::{JobFault, RunningJob, Workers};
use messages::Notice;
use payments::RequestId;
use serde_json::Value as Json;
use spine::{Cx, Fault, Personal, Resource, Text};

use crate::Portal;

/// What tells that something was paid.
pub(crate) const TOPIC: &str = "payments.request.paid";
/// The job that says so.
pub(crate) const JOB: &str = "portal.receipt.tell";

pub(crate) fn handler(portal: Portal, workers: Workers) -> Workers {
    workers.handle(JOB, move |job: RunningJob| {
        let portal = portal.clone();
        async move {
            let (caller, key) = (job.caller("portal"), job.key("tell"));
            let request = job.body.get("request").and_then(Json::as_str).and_then(|id| id.parse().ok());
            let Some(request) = request else { return Err(JobFault::Dead("payments.request.unknown")) };
            let acts = portal.acts.clone();
            acts.write(&caller, &key, move |cx| tell(cx, &portal, request)).await.map_err(JobFault::from)
        }
    })
}

fn tell(cx: &mut Cx<'_>, portal: &Portal, id: RequestId) -> Result<(), Fault> {
    let Some(request) = payments::find(cx, id)? else { return Ok(()) };
    cx.may("payments.request.view", &Resource::new("PaymentRequest", id))?;
    // A bill for anybody has no person to tell: whoever paid sees its page.
    let person = portal.civil.population().person(cx, &request.payer)?;
    let Some(person) = person.filter(|person| person.phone.is_some() || person.email.is_some()) else { return Ok(()) };
    let language = identity::language_of(cx, &person.id)?.unwrap_or_else(|| portal.language.clone());
    let said = |key: &'static str| {
        Text::new(key)
            .with("amount", request.amount)
            .with("receipt", request.receipt.as_deref().unwrap_or_default())
            .with("for", request.description.clone())
            .with("reference", request.reference.as_str())
    };
    let notice = Notice {
        person: Some(person.id.clone()),
        phone: person.phone.map(Personal::new),
        email: person.email.map(Personal::new),
        language,
        subject: said("portal.receipt.subject"),
        body: said("portal.receipt.body"),
        purpose: "payments.receipt",
        secret: false,
    };
    portal.messages.send(cx, &notice).map(drop)
}
