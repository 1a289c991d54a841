//! Seals a record, so that it is kept and found by nobody, and opens it again.
//!
//! **Invariant:** sealing changes nothing of what the record says; whom the policies name may still look at it
//! (`resource.sealed`), and that look is an act like any other.

use spine::{Act, Cx, Fault};

use crate::enrol::whole;
use crate::find::find_record;
use crate::record::Stored;
use crate::register::Registers;
use crate::rows;

/// Seals (or opens) the record with this key or identifier, for a purpose.
///
/// # Errors
/// `registers.record.unknown`; `registers.change.same` if it is so already; the authority's refusal.
pub fn seal(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    key: &str,
    sealed: bool,
    purpose: &str,
) -> Result<Stored, Fault> {
    let register = registers.need(register)?;
    cx.may("registers.record.seal", &whole(register))?;
    let record =
        find_record(cx, registers, register.id(), key)?.ok_or_else(|| Fault::not_found("registers.record.unknown"))?;
    if !rows::set_sealed(cx.tx(), record.id(), sealed)? {
        return Err(Fault::conflict("registers.change.same"));
    }
    let what = if sealed { "registers.record.sealed" } else { "registers.record.opened" };
    let mut act =
        Act::new(what).on(record.id()).because(purpose.to_owned(), register.citation()).with("register", register.id());
    act.subject = record.subject(register).map(str::to_owned);
    cx.record(act);
    Ok(Stored { id: record.id(), revision: record.revision() + 1 })
}
