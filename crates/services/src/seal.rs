//! Giving a document its evidence: as soon as the log holds the deed, the proof goes into the PDF.
//!
//! **Invariant:** a document is drawn once and its bytes are kept; it never says other than what was issued.

use journal::{JobFault, Key, RunningJob, Workers, log};
use serde_json::{Value as Json, json};
use spine::{Act, Caller, Cx, Fault, Resource};

use crate::flow::text;
use crate::model::{Case, Issued, OutputId};
use crate::{Services, certificate, issue, rows, tell};

/// The job that seals a document.
pub(crate) const JOB: &str = "services.output.seal";

/// How long to wait for the sequencer before looking again.
const WAIT_MS: i64 = 250;

pub(crate) fn handler(services: Services, workers: Workers) -> Workers {
    workers.handle(JOB, move |job: RunningJob| {
        let services = services.clone();
        async move { seal(&services, &job).await }
    })
}

async fn seal(services: &Services, job: &RunningJob) -> Result<(), JobFault> {
    let id: OutputId =
        text(&job.body, "output").and_then(|id| id.parse().ok()).ok_or(JobFault::Dead("services.output.unknown"))?;
    let caller = job.caller("services");
    let found = services.acts().read(&caller, move |cx| evidence(cx, id)).await?;
    let Some((issued, case, receipt)) = found else {
        let soon = services.acts().now().plus_millis(WAIT_MS);
        return Err(JobFault::At(soon, "services.output.not_yet_in_log"));
    };
    let evidence = json!({ "certificate": issued.content, "evidence": receipt });
    let (drawing, words) = (services.clone(), evidence.clone());
    let (content, reference, at) = (issued.content.clone(), case.reference.clone(), issued.issued_at);
    let pdf = tokio::task::spawn_blocking(move || certificate::draw(&drawing, &content, &words, &reference, at))
        .await
        .map_err(|_| JobFault::Again("services.output.undrawn"))??;
    keep(services, &caller, &job.key("document"), &issued, &case, evidence, pdf).await?;
    Ok(())
}

/// The document, its case and its proof, once there is one.
fn evidence(cx: &mut Cx<'_>, id: OutputId) -> Result<Option<(Issued, Case, log::Receipt)>, Fault> {
    let issued = rows::output(cx.tx(), id)?.ok_or_else(|| Fault::not_found("services.output.missing"))?;
    let case = rows::case(cx.tx(), issued.case)?.ok_or_else(|| Fault::not_found("services.case.missing"))?;
    let receipt = log::receipt(cx, issue::ACT, &id.to_string())?;
    Ok(receipt.map(|receipt| (issued, case, receipt)))
}

async fn keep(
    services: &Services,
    caller: &Caller,
    key: &Key,
    issued: &Issued,
    case: &Case,
    evidence: Json,
    pdf: Vec<u8>,
) -> Result<(), Fault> {
    let (id, case, telling) = (issued.id, case.clone(), services.clone());
    services
        .acts()
        .write(caller, key, move |cx| {
            cx.may("services.output.seal", &Resource::new("Output", id))?;
            let now = cx.now();
            rows::insert_document(cx.tx(), id, &evidence, &pdf, now)?;
            cx.record(Act::new("services.output.sealed").on(id).with("bytes", i64::try_from(pdf.len()).unwrap_or(0)));
            tell::ready(cx, &telling, &case)
        })
        .await
}
