//! What an acquirer says became of a try: by its signed call, or when it is asked.
//!
//! **Invariant:** money is in the ledger when the acquirer says `captured`, and by nothing else; the same news twice is news
//! once. A charge taken back by the payer's bank becomes a dispute.

use serde::{Deserialize, Serialize};
use spine::{Cx, Date, Fault, Resource};

use super::Acquirer;
use crate::disputes::{Recourse, charged_back};
use crate::gateway::attempt::declined;
use crate::gateway::model::AttemptId;
use crate::gateway::receive::{News, Told, asked, code, credited};

/// What became of a try by card, as the acquirer sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// The payer is on the acquirer's page.
    Pending,
    /// Her bank has set the money aside; it is not taken yet.
    Authorised,
    /// The money was taken.
    Captured,
    /// The bank or the payer said no.
    Declined,
    /// The payer did not finish in time.
    Expired,
    /// It went back, as we asked.
    Refunded,
    /// Her bank took it back.
    ChargedBack,
}

/// What an acquirer says of a try; for [`CardState::ChargedBack`] the reference is of the charge taken back.
pub type CardTold = Told<AttemptId, CardState>;

/// Takes what an acquirer says. The caller has made sure that it is this acquirer who says it.
///
/// # Errors
/// `payments.attempt.unknown`; `payments.callback.{amount,reference,reused}`; `payments.chargeback.misfit`; a refusal; the
/// store's faults.
pub fn told(
    cx: &mut Cx<'_>,
    acquirer: &Acquirer,
    recourse: Option<&Recourse>,
    today: Date,
    told: &CardTold,
) -> Result<News, Fault> {
    let account = acquirer.account();
    let own = cx.actor().id == account;
    cx.may("payments.wallet.report", &Resource::new("Wallet", &acquirer.id).is("own", own))?;
    let (attempt, request, receipt) = asked(cx, told.id, &account, &told.reference)?;
    match told.state {
        // What goes back is told by the answer to our own call, and by the day's statement.
        CardState::Pending | CardState::Authorised | CardState::Refunded => Ok(News::Old),
        CardState::Declined | CardState::Expired => {
            let otherwise = if told.state == CardState::Expired { "not_finished" } else { "declined" };
            let reason = code(told.reason.as_deref().or(Some(otherwise)));
            let did = declined(cx, &attempt, &request, &reason)?;
            Ok(if did { News::Declined } else { News::Old })
        }
        CardState::Captured => {
            let amount = told.money(acquirer.currency)?;
            credited(cx, &account, &attempt, request, (amount, &told.reference), receipt)
        }
        CardState::ChargedBack => {
            let amount = told.money(acquirer.currency)?;
            let reason = code(told.reason.as_deref());
            charged_back::raise(cx, (recourse, today), &request, &attempt, (amount, &told.reference, &reason))
        }
    }
}
