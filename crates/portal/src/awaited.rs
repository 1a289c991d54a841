//! Signatories of an association hear by SMS that a proposal waits for them: whose it is, and how much would be paid.
//!
//! **Invariant:** only signatories hear who have said nothing to it yet, and whoever is to be taken off by it; each once, however often the job runs; what the money is for
//! stands on the page alone.

use journal::{JobFault, RunningJob, Workers};
use messages::Notice;
use payments::associations::{Awaited, Deed, ProposalId, awaited};
use serde_json::Value as Json;
use spine::{Cx, Fault, Personal, Text};

use crate::Portal;

/// What tells that something was proposed.
pub(crate) const TOPIC: &str = "payments.proposal.made";
/// The job that says so.
pub(crate) const JOB: &str = "portal.proposal.tell";

pub(crate) fn handler(portal: Portal, workers: Workers) -> Workers {
    workers.handle(JOB, move |job: RunningJob| {
        let portal = portal.clone();
        async move {
            let (caller, key) = (job.caller("portal"), job.key("tell"));
            let proposal = job.body.get("proposal").and_then(Json::as_str).and_then(|id| id.parse().ok());
            let Some(proposal) = proposal else { return Err(JobFault::Dead("payments.proposal.unknown")) };
            let acts = portal.acts.clone();
            acts.write(&caller, &key, move |cx| tell(cx, &portal, proposal)).await.map_err(JobFault::from)
        }
    })
}

fn tell(cx: &mut Cx<'_>, portal: &Portal, id: ProposalId) -> Result<(), Fault> {
    let Some(Awaited { association, proposal, people, removed }) = awaited(cx, id)? else { return Ok(()) };
    let body = match &proposal.deed {
        Deed::Pay { amount, .. } => Text::new("portal.proposal.pay").with("amount", *amount),
        Deed::Rule { needed } => Text::new("portal.proposal.rule").with("needed", *needed),
        Deed::Seat { .. } | Deed::Remove { .. } => Text::new("portal.proposal.seat"),
    };
    let told = people.into_iter().map(|id| (id, body.clone()));
    let removed = removed.map(|id| (id, Text::new("portal.proposal.removed")));
    for (id, body) in told.chain(removed) {
        let body = body.with("association", association.name.as_str()).with("number", proposal.number);
        let person = portal.civil.population().person(cx, &id)?;
        let Some(person) = person.filter(|person| person.phone.is_some() || person.email.is_some()) else { continue };
        let language = identity::language_of(cx, &person.id)?.unwrap_or_else(|| portal.language.clone());
        let notice = Notice {
            person: Some(person.id.clone()),
            phone: person.phone.map(Personal::new),
            email: person.email.map(Personal::new),
            language,
            subject: Text::new("portal.proposal.subject").with("association", association.name.as_str()),
            body,
            purpose: "payments.proposal",
            secret: false,
        };
        portal.messages.send(cx, &notice)?;
    }
    Ok(())
}
