//! Issuing a document: its words fixed, its number given, its deed in the journal with the hash of every word.
//!
//! **Invariant:** the act holds the hash of the content, so the evidence log vouches for it; a document is not handed
//! out before its evidence exists (`seal.rs`).

use serde_json::json;
use spine::{Cx, Fault, Job};

use crate::model::{Case, Issued};
use crate::pack::Step;
use crate::service::{Service, later};
use crate::start::{act, letters};
use crate::{Services, certificate, rows, seal};

/// The act that evidence is drawn from.
pub(crate) const ACT: &str = "services.output.issued";

pub(crate) fn issue(
    cx: &mut Cx<'_>,
    services: &Services,
    service: &Service,
    case: &Case,
    step: &Step,
) -> Result<(), Fault> {
    let name = step.output.as_ref().map(|output| output.get_ref().as_str()).unwrap_or_default();
    let output = service.output(name).ok_or_else(|| Fault::internal("services.output.missing", name.to_owned()))?;
    let today = services.today(cx);
    let code = format!("{}-{}-{}", letters(cx, 4), letters(cx, 4), letters(cx, 4));
    let valid_until = output.valid.as_ref().and_then(|valid| later(today, valid.get_ref()));
    let content = certificate::content(services, service, case, output, &code, today, valid_until)?;
    let hash = certificate::digest(&content)?;
    let issued = Issued {
        id: cx.id(),
        case: case.id,
        output: name.to_owned(),
        code,
        content,
        issued_at: cx.now(),
        valid_until,
        revoked_at: None,
        ground: None,
        reason: None,
    };
    rows::insert_output(cx.tx(), &issued)?;
    cx.record(
        act(ACT, case)
            .on(issued.id)
            .because(service.pack.service.purpose.clone(), service.legal_basis())
            .with("case", case.id.to_string())
            .with("output", name)
            .with("sha256", hash),
    );
    cx.enqueue(Job::new(seal::JOB, json!({ "output": issued.id })));
    Ok(())
}
