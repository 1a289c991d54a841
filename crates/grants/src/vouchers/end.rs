//! A voucher ends unredeemed: taken back, or its time is over.
//!
//! **Invariant:** its hold is given up in the same commit, so its value is free again; a payment it carried is stopped.

use payments::ledger::{self, Step, Transfer};
use serde::Deserialize;
use spine::{Act, Cx, Fault};

use super::{Voucher, VoucherState, look, resource};
use crate::engine::Grants;
use crate::model::PaymentState;
use crate::rows::{lines, vouchers as rows};
use crate::runs::{found, stop};

/// The job that ends vouchers whose time is over.
pub(crate) const EXPIRE: &str = "grants.voucher.expire";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Body {
    serials: Vec<String>,
}

/// Takes a voucher back that the asking system had made.
///
/// # Errors
/// `grants.voucher.{unknown,ended}`; a refusal; the store's faults.
pub fn cancel(cx: &mut Cx<'_>, grants: &Grants, serial: &str) -> Result<(), Fault> {
    cx.may("grants.voucher.cancel", &resource(cx, grants))?;
    let voucher = look::own_of(cx, serial)?;
    if !is_live(&voucher) {
        return Err(Fault::conflict("grants.voucher.ended"));
    }
    ended(cx, grants, voucher, VoucherState::Cancelled)
}

/// Ends vouchers whose time is over, if they still live.
pub(crate) fn expire(cx: &mut Cx<'_>, grants: &Grants, body: &Body) -> Result<(), Fault> {
    cx.may("grants.voucher.cancel", &resource(cx, grants))?;
    for serial in &body.serials {
        let voucher = rows::find(cx.tx(), serial)?.filter(|voucher| is_live(voucher) && voucher.expires_at <= cx.now());
        if let Some(voucher) = voucher {
            ended(cx, grants, voucher, VoucherState::Expired)?;
        }
    }
    Ok(())
}

/// The voucher of a payment ends with it: its money is given up by whoever stops the payment.
pub(crate) fn with_payment(cx: &mut Cx<'_>, run: crate::model::RunId, line: i64) -> Result<(), Fault> {
    let now = cx.now();
    for (voucher, _) in rows::of_payment(cx.tx(), run, line)? {
        rows::set_state(cx.tx(), &Voucher { state: VoucherState::Cancelled, ..voucher }, Some(now))?;
    }
    Ok(())
}

const fn is_live(voucher: &Voucher) -> bool {
    matches!(voucher.state, VoucherState::PreActivated | VoucherState::Activated)
}

fn ended(cx: &mut Cx<'_>, grants: &Grants, voucher: Voucher, state: VoucherState) -> Result<(), Fault> {
    let now = cx.now();
    rows::set_state(cx.tx(), &Voucher { state, ..voucher.clone() }, Some(now))?;
    cx.record(Act::new("grants.voucher.ended").on(&voucher.serial).with("state", state.code()));
    let Some((run, line)) = voucher.payment else {
        let (id, reference) = (cx.id(), voucher.serial.clone());
        return ledger::book(cx, &[Transfer { id, step: Step::Void { of: voucher.hold }, reference }]).map(drop);
    };
    let run = found(cx, run)?;
    match lines::find(cx.tx(), run.id, line)?.filter(|payment| payment.state == PaymentState::Held) {
        Some(payment) => stop::stop(cx, grants, run, payment, "expired"),
        None => Ok(()),
    }
}
