//! People hear by SMS and e-mail that a birth, a death or a marriage of theirs was entered.
//!
//! **Invariant:** the message names the kind of event and its entry's number, and nobody; each person hears once, however
//! often the job runs.

use civil::EventId;
use journal::{JobFault, RunningJob, Workers};
use messages::Notice;
use serde_json::Value as Json;
use spine::{Cx, Fault, Personal, Text};

use crate::Portal;

/// What tells that an event was entered.
pub(crate) const TOPIC: &str = "civil.event.registered";
/// The job that says so.
pub(crate) const JOB: &str = "portal.entered.tell";

pub(crate) fn handler(portal: Portal, workers: Workers) -> Workers {
    workers.handle(JOB, move |job: RunningJob| {
        let portal = portal.clone();
        async move {
            let (caller, key) = (job.caller("portal"), job.key("tell"));
            let event = job.body.get("event").and_then(Json::as_str).and_then(|id| id.parse().ok());
            let Some(event) = event else { return Err(JobFault::Dead("civil.event.missing")) };
            let acts = portal.acts.clone();
            acts.write(&caller, &key, move |cx| tell(cx, &portal, event)).await.map_err(JobFault::from)
        }
    })
}

/// Tells whom it concerns.
fn tell(cx: &mut Cx<'_>, portal: &Portal, event: EventId) -> Result<(), Fault> {
    let Some(news) = civil::news(cx, &portal.civil, event)? else { return Ok(()) };
    for person in news.people.iter().filter(|person| person.phone.is_some() || person.email.is_some()) {
        let language = identity::language_of(cx, &person.id)?.unwrap_or_else(|| portal.language.clone());
        let said =
            |key: &'static str| Text::new(key).with("kind", news.kind.clone()).with("entry", news.entry.as_str());
        let notice = Notice {
            person: Some(person.id.clone()),
            phone: person.phone.clone().map(Personal::new),
            email: person.email.clone().map(Personal::new),
            language,
            subject: said("portal.entered.subject"),
            body: said("portal.entered.body"),
            purpose: "civil.entry",
            secret: false,
        };
        portal.messages.send(cx, &notice)?;
    }
    Ok(())
}
