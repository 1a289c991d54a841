//! Somebody abroad agrees to a quote: a request to pay, and a partner who is to collect.
//!
//! **Invariant:** what is ordered is what was agreed to, or nothing; a sender's name and number stand in the remittance's row
//! alone, and go to the partner who must know whom it serves.

use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Act, Cx, Fault, FaultKind, FieldFault, Id, IdKind, Job, Money, Personal, Resource, Text, Timestamp};

use super::corridors::{Corridors, Partner};
use super::owed::owed;
use super::quote::quote;
use crate::gateway::model::RequestId;
use crate::rows::remittances as rows;
use crate::screening::{HELD, Screening, stop};

/// The jobs: tell the partner; give up waiting.
pub(crate) const PUSH: &str = "payments.remittance.push";
pub(crate) const LAPSE: &str = "payments.remittance.expire";

const DAY: i64 = 86_400;

/// The kind of a remittance's identifier.
#[derive(Debug)]
pub struct RemittanceKind;

impl IdKind for RemittanceKind {
    const PREFIX: &'static str = "rem";
}

/// A remittance's identifier; whoever knows it may see how it goes.
pub type RemittanceId = Id<RemittanceKind>;

/// Where a remittance stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemittanceState {
    /// The partner does not know of it yet.
    Ordered,
    /// The partner waits for the sender.
    Told,
    /// The payee has it.
    Paid,
    /// The sender or the partner said no.
    Declined,
    /// The sender did not pay in time.
    Expired,
    /// Money came that does not fit: an officer must look.
    Review,
}

impl RemittanceState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Told => "told",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Review => "review",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Ordered, Self::Told, Self::Paid, Self::Declined, Self::Expired, Self::Review]
            .into_iter()
            .find(|state| state.code() == code)
    }

    /// Whether money may still come for it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Ordered | Self::Told)
    }
}

/// A remittance.
#[derive(Clone, Debug)]
pub struct Remittance {
    /// Its identifier.
    pub id: RemittanceId,
    /// The request it is to pay.
    pub request: RequestId,
    /// The number of the bill or the fee.
    pub bill: String,
    /// The partner who collects.
    pub partner: String,
    /// Who sends: her name.
    pub sender: Personal<String>,
    /// Her number, in international form.
    pub msisdn: Personal<String>,
    /// What the payee gets, in the sender's currency.
    pub principal: Money,
    /// What the partner takes.
    pub fee: Money,
    /// What one unit of the sender's currency buys, in millionths.
    pub rate_millionths: i64,
    /// Where it stands.
    pub state: RemittanceState,
    /// Why it came to nothing, as a code.
    pub reason: Option<String>,
    /// What the partner calls it.
    pub reference: Option<String>,
    /// When it was ordered.
    pub made_at: Timestamp,
    /// Until when the sender may pay.
    pub expires_at: Timestamp,
}

impl Remittance {
    /// What the sender pays.
    #[must_use]
    pub fn total(&self) -> Money {
        Money::new(self.principal.minor() + self.fee.minor(), self.principal.currency())
    }

    /// Whether the partner is not told of it until officers have looked.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.state == RemittanceState::Ordered && self.reason.as_deref() == Some(HELD)
    }

    pub(crate) fn act(&self, kind: &'static str) -> Act {
        let act = Act::new(kind).on(self.id).because("payment", "contract");
        act.with("partner", self.partner.as_str()).with("bill", self.bill.as_str())
    }
}

/// What somebody abroad agreed to.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// The number of the bill or the fee, as typed.
    pub bill: String,
    /// The partner's id.
    pub partner: String,
    /// The sender's name, as her papers say it.
    pub sender: Personal<String>,
    /// Her number, as typed.
    pub number: String,
    /// The total she saw, in minor units of the partner's currency.
    pub agreed_minor: i64,
}

/// Orders a payment of a fee, or of all that is left of a bill. A sender whom a rule of the pack names waits until officers have looked.
///
/// # Errors
/// `payments.remittance.wrong` with the fields `partner`, `sender` or `phone`; `payments.remittance.{amount,agreed,limit}`;
/// as [`crate::bills::find`]; `payments.request.{unknown,over,paid}`; a refusal; the store's faults.
pub fn order(
    cx: &mut Cx<'_>,
    corridors: &Corridors,
    screening: &Screening,
    new: &NewOrder,
) -> Result<Remittance, Fault> {
    let owed = owed(cx, &new.bill)?;
    cx.may("payments.remittance.order", &Resource::new("Bill", &owed.number))?;
    let amount = owed.payable(cx.now())?;
    let (partner, msisdn) = checked(corridors, new)?;
    let quoted = quote(partner, amount)?;
    if quoted.total.minor() != new.agreed_minor {
        return Err(Fault::conflict("payments.remittance.agreed").with("total", quoted.total));
    }
    let now = cx.now();
    let sent = rows::sent_since(cx.tx(), &msisdn, now.plus_seconds(-30 * DAY))?;
    if sent.saturating_add(quoted.total.minor()) > corridors.thirty_days_most_minor {
        let most = Money::new(corridors.thirty_days_most_minor, partner.currency);
        return Err(Fault::new(FaultKind::TooMany, "payments.remittance.limit").with("most", most));
    }
    let expires_at = now.plus_seconds(corridors.pay_within_seconds).min(owed.until);
    let request = owed.ask(cx, expires_at)?;
    let mut remittance = Remittance {
        id: cx.id(),
        request: request.id,
        bill: owed.number,
        partner: partner.id.clone(),
        sender: new.sender.clone(),
        msisdn,
        principal: quoted.principal,
        fee: quoted.fee,
        rate_millionths: quoted.rate_millionths,
        state: RemittanceState::Ordered,
        reason: None,
        reference: None,
        made_at: now,
        expires_at,
    };
    rows::insert(cx.tx(), &remittance)?;
    let body = json!({ "remittance": remittance.id });
    if stop::sender(cx, screening, &remittance)? {
        remittance.reason = Some(HELD.to_owned());
        rows::set(cx.tx(), remittance.id, remittance.state, Some(HELD), None)?;
    } else {
        cx.enqueue(Job::new(PUSH, body.clone()));
    }
    cx.enqueue(Job::new(LAPSE, body).not_before(expires_at));
    let act = remittance.act("payments.remittance.ordered").with("total_minor", remittance.total().minor());
    cx.record(act.with("rate_millionths", quoted.rate_millionths));
    Ok(remittance)
}

/// Officers have cleared its sender: the partner is told, if there is still time. Answers her number.
pub(crate) fn go_on(cx: &mut Cx<'_>, id: RemittanceId) -> Result<Personal<String>, Fault> {
    let known = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.remittance.unknown"))?;
    if known.is_held() {
        rows::set(cx.tx(), id, known.state, None, None)?;
        cx.enqueue(Job::new(PUSH, json!({ "remittance": id })));
        cx.record(known.act("payments.remittance.released"));
    }
    Ok(known.msisdn)
}

fn checked<'a>(corridors: &'a Corridors, new: &NewOrder) -> Result<(&'a Partner, Personal<String>), Fault> {
    let wrong = |field: &str, key| {
        let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
        Fault::invalid("payments.remittance.wrong").fields_from([fault])
    };
    let partner = corridors.find(&new.partner).filter(|partner| partner.link().is_some());
    let partner = partner.ok_or_else(|| wrong("partner", "payments.remittance.partner_missing"))?;
    let name = new.sender.reveal().trim();
    let fits = (2..=100).contains(&name.chars().count()) && name.chars().any(char::is_alphabetic);
    if !fits || name.chars().any(char::is_control) {
        return Err(wrong("sender", "payments.remittance.sender_missing"));
    }
    let number = partner.number(&new.number).ok_or_else(|| wrong("phone", "payments.remittance.number_wrong"))?;
    Ok((partner, number))
}

/// How a remittance goes, for whoever knows its identifier.
///
/// # Errors
/// `payments.remittance.unknown`; a refusal; the store's faults.
pub fn remittance(cx: &mut Cx<'_>, id: RemittanceId) -> Result<Remittance, Fault> {
    cx.may("payments.remittance.view", &Resource::new("Remittance", id))?;
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.remittance.unknown"))
}
