//! The batch as bytes: a digest for each chunk, all of them signed when a second officer approves.
//!
//! **Invariant:** before anything of a run is paid its signature is opened and every chunk's digest is under it; before a
//! chunk is paid its lines are digested again. A line altered in the database after the approval is not paid.

use crypto::jose::{self, KeySet};
use crypto::{hex, sha256};
use serde_json::{Value as Json, json};
use spine::{Cx, Fault};

use crate::engine::Grants;
use crate::model::{Payment, PaymentState, Run};
use crate::rows::runs::{self as rows, Chunk};

/// The type in a batch's header.
const TYP: &str = "letsema-batch+jws";

/// The digest of the lines of a chunk that may be paid: SHA-256 over one JSON array a line.
pub(crate) fn digest(lines: &[Payment]) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(lines.len() * 96);
    for line in lines.iter().filter(|line| line.state != PaymentState::Refused) {
        let account = line.account.as_ref();
        let said = (
            line.line,
            &line.payee,
            line.amount_minor,
            account.map(|account| (account.way.code(), &account.institution, &account.address)),
        );
        serde_json::to_writer(&mut bytes, &said).map_err(|error| Fault::internal("grants.batch.unwritable", error))?;
        bytes.push(b'\n');
    }
    Ok(hex(&sha256(&[&bytes])))
}

/// What is signed of a run: who prepared and approved it, what it comes to, and the digest of its chunks' digests.
fn statement(grants: &Grants, run: &Run, chunks: &[Chunk]) -> Json {
    let parts: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.digest.as_bytes()).collect();
    json!({
        "run": run.id,
        "programme": run.programme,
        "period": run.period,
        "pay_on": run.pay_on.to_string(),
        "lines": run.tally.lines,
        "amount_minor": run.tally.ready_minor,
        "currency": grants.inner.currency,
        "digest": hex(&sha256(&parts)),
        "prepared_by": run.prepared_by,
        "approved_by": run.approved_by,
        "approved_at": run.approved_at.map(spine::Timestamp::as_micros),
    })
}

/// Signs a run that has just been approved (RFC 7515, compact).
pub(crate) fn sign(cx: &mut Cx<'_>, grants: &Grants, run: &Run) -> Result<String, Fault> {
    let chunks = rows::chunks(cx.tx(), run.id)?;
    jose::sign(&grants.inner.signing_key, TYP, &statement(grants, run, &chunks))
        .map_err(|error| Fault::internal("grants.batch.unsigned", error))
}

/// Whether what stands in the rows is what was signed.
pub(crate) fn holds(cx: &mut Cx<'_>, grants: &Grants, run: &Run) -> Result<bool, Fault> {
    let Some(signed) = &run.signed else { return Ok(false) };
    let keys = KeySet::of([&grants.inner.signing_key.public()]);
    let Ok(claims) = keys.open(signed, Some(TYP)) else { return Ok(false) };
    let chunks = rows::chunks(cx.tx(), run.id)?;
    Ok(Json::Object(claims) == statement(grants, run, &chunks))
}
