//! The rules are asked where money moves for somebody.
//!
//! **Invariant:** a hit makes one case in the same commit that stops the payment.

use spine::{Act, Cx, Fault, Money, Personal};

use super::{Case, CaseId, CaseState, Place, RuleKind, Screening};
use crate::merchants::Merchant;
use crate::rails::payout::{Destination, Disbursement};
use crate::remittance::Remittance;
use crate::rows::screening as rows;
use crate::sanctions::Index;

const DAY: i64 = 86_400;

/// A rule that was met.
struct Hit {
    kind: RuleKind,
    rule: String,
    entry: Option<(String, i64)>,
}

/// Whether a remittance is to wait: its sender by name, her number by how often and how much.
pub(crate) fn sender(cx: &mut Cx<'_>, screening: &Screening, of: &Remittance) -> Result<bool, Fault> {
    let counted = count(cx, screening, (Place::Remittance, &of.id.to_string()), &of.msisdn, of.total())?;
    let index = screening.index(cx.tx())?;
    let hit = by_name(screening, &index, of.sender.reveal()).or(counted);
    let Some(hit) = hit else { return Ok(false) };
    open(cx, (Place::Remittance, of.id.to_string()), hit, of.total())?;
    Ok(true)
}

/// Makes a case of a remittance whose sender is among these names, unless there is one already; says whether it did.
pub(crate) fn named(cx: &mut Cx<'_>, screening: &Screening, index: &Index, of: &Remittance) -> Result<bool, Fault> {
    let (hit, subject) = (by_name(screening, index, of.sender.reveal()), of.id.to_string());
    unless_known(cx, (Place::Remittance, subject), hit, of.total())
}

/// Whether the holder of the account that a payment goes to is among these names.
pub(crate) fn is_listed(screening: &Screening, index: &Index, of: &Disbursement) -> bool {
    matches!(&of.to, Destination::Bank { holder, .. } if by_name(screening, index, holder.reveal()).is_some())
}

/// Makes a case of a payment whose holder is among these names, unless there is one already; says whether it did.
pub(crate) fn holder(cx: &mut Cx<'_>, screening: &Screening, index: &Index, of: &Disbursement) -> Result<bool, Fault> {
    let Destination::Bank { holder, .. } = &of.to else { return Ok(false) };
    let (hit, subject) = (by_name(screening, index, holder.reveal()), of.id.to_string());
    unless_known(cx, (Place::Disbursement, subject), hit, of.amount)
}

fn unless_known(cx: &mut Cx<'_>, of: (Place, String), hit: Option<Hit>, amount: Money) -> Result<bool, Fault> {
    let Some(hit) = hit else { return Ok(false) };
    if rows::is_stopped(cx.tx(), &of.1)? {
        return Ok(false);
    }
    open(cx, of, hit, amount)?;
    Ok(true)
}

/// Whether a shop's settlement is to wait: an officer has stopped the shop, or it takes more than a rule expects.
pub(crate) fn shop(
    cx: &mut Cx<'_>,
    screening: &Screening,
    shop: &Merchant,
    payment: &str,
    amount: Money,
) -> Result<bool, Fault> {
    let subject = shop.id.to_string();
    if rows::is_stopped(cx.tx(), &subject)? {
        return Ok(true);
    }
    let Some(hit) = count(cx, screening, (Place::Settlement, payment), &shop.msisdn, amount)? else { return Ok(false) };
    open(cx, (Place::Settlement, subject), hit, amount)?;
    Ok(true)
}

fn by_name(screening: &Screening, index: &Index, name: &str) -> Option<Hit> {
    let (list, reference, alike) = index.listed(screening.rules().0, name)?;
    Some(Hit { kind: RuleKind::List, rule: list.to_owned(), entry: Some((format!("{list}:{reference}"), alike)) })
}

/// Counts this payment of a number, and says which rule it meets. Rows that no rule looks at any more go.
fn count(
    cx: &mut Cx<'_>,
    screening: &Screening,
    (place, payment): (Place, &str),
    number: &Personal<String>,
    amount: Money,
) -> Result<Option<Hit>, Fault> {
    let days = screening.velocity(place).map(|it| it.days).chain(screening.structuring(place).map(|it| it.days)).max();
    let (Some(longest), now) = (days, cx.now()) else { return Ok(None) };
    rows::forget(cx.tx(), place, number, now.plus_seconds(-longest * DAY))?;
    rows::see(cx.tx(), place, payment, number, amount, now)?;
    for rule in screening.velocity(place) {
        let since = now.plus_seconds(-rule.days * DAY);
        let (payments, minor) = rows::seen(cx.tx(), place, number, amount.currency(), since, 0..=i64::MAX)?;
        if payments > rule.payments || minor > rule.amount_minor {
            return Ok(Some(Hit { kind: RuleKind::Velocity, rule: rule.id.clone(), entry: None }));
        }
    }
    for rule in screening.structuring(place) {
        let since = now.plus_seconds(-rule.days * DAY);
        let under = rule.least_minor()..=rule.limit_minor;
        // A payment of quite another size is not stopped for those before it.
        if under.contains(&amount.minor())
            && rows::seen(cx.tx(), place, number, amount.currency(), since, under)?.0 >= rule.payments
        {
            return Ok(Some(Hit { kind: RuleKind::Structuring, rule: rule.id.clone(), entry: None }));
        }
    }
    Ok(None)
}

fn open(cx: &mut Cx<'_>, (place, subject): (Place, String), hit: Hit, amount: Money) -> Result<(), Fault> {
    let (id, found_at): (CaseId, _) = (cx.id(), cx.now());
    let case = Case {
        id,
        place,
        subject,
        kind: hit.kind,
        rule: hit.rule,
        entry: hit.entry,
        amount,
        state: CaseState::Open,
        proposed: None,
        first: None,
        second: None,
        found_at,
        ended_at: None,
    };
    rows::insert(cx.tx(), &case)?;
    cx.record(case.act("payments.screening.stopped"));
    Ok(())
}

impl Case {
    /// Which rule stopped what; never whom.
    pub(super) fn act(&self, kind: &'static str) -> Act {
        let act = Act::new(kind).on(self.id).because("screening", "public-task");
        act.with("place", self.place.code()).with("subject", self.subject.as_str()).with("rule", self.rule.as_str())
    }
}
