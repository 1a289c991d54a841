//! The accounts of the ledger that programmes pay from, and by which their payments go.
//!
//! **Invariant:** a programme cannot pay what it does not have: its account is bounded in the ledger, and what is held counts
//! as paid. Ids of transfers follow from run, line and attempt, so a booking that comes again is `Booked::Before`.

use payments::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource};

use crate::engine::Grants;
use crate::model::{Payment, RunId};
use crate::programme::{Programme, Way};

/// What a programme has, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Given to it, all in all.
    pub funded: i64,
    /// Paid out.
    pub paid: i64,
    /// Held for payments under way.
    pub held: i64,
}

impl Purse {
    /// What may still be paid.
    #[must_use]
    pub const fn free(&self) -> i64 {
        self.funded.saturating_sub(self.paid).saturating_sub(self.held)
    }
}

fn open(
    cx: &mut Cx<'_>,
    grants: &Grants,
    reference: &str,
    kind: AccountKind,
    bound: Bound,
) -> Result<AccountId, Fault> {
    let name = match kind {
        AccountKind::Asset => "grants.account.given",
        _ => "grants.account.owed",
    };
    ledger::account(cx, &NewAccount { reference, kind, currency: grants.inner.currency, name, bound })
}

/// The account a programme pays from.
pub(crate) fn programme_account(cx: &mut Cx<'_>, grants: &Grants, programme: &str) -> Result<AccountId, Fault> {
    open(cx, grants, &format!("programme:{programme}"), AccountKind::Liability, Bound::DebitsWithinCredits)
}

/// Where the money of one run is set aside when it is approved, so that its own balances tell what became of it.
pub(crate) fn run_account(cx: &mut Cx<'_>, grants: &Grants, run: RunId) -> Result<AccountId, Fault> {
    open(cx, grants, &run_reference(run), AccountKind::Liability, Bound::DebitsWithinCredits)
}

/// What a run's account is called.
pub(crate) fn run_reference(run: RunId) -> String {
    format!("grant:{run}")
}

/// The treasury's account, from which programmes get what they pay.
fn treasury(cx: &mut Cx<'_>, grants: &Grants) -> Result<AccountId, Fault> {
    open(cx, grants, &format!("treasury:{}", grants.inner.currency), AccountKind::Asset, Bound::None)
}

/// Cash that lies ready at the post offices.
pub(crate) fn ready_cash(cx: &mut Cx<'_>, grants: &Grants) -> Result<AccountId, Fault> {
    open(cx, grants, "payout:post-office", AccountKind::Liability, Bound::DebitsWithinCredits)
}

/// What vouchers stand for.
pub(crate) fn vouchers(cx: &mut Cx<'_>, grants: &Grants) -> Result<AccountId, Fault> {
    open(cx, grants, "payout:vouchers", AccountKind::Liability, Bound::DebitsWithinCredits)
}

/// The cash of one post office, shop or device: it cannot give what it was not given.
pub(crate) fn float(cx: &mut Cx<'_>, grants: &Grants, place: &str) -> Result<AccountId, Fault> {
    open(cx, grants, &format!("float:{place}"), AccountKind::Asset, Bound::CreditsWithinDebits)
}

/// Where a payment that is fetched this way is credited; what is carried is held by whoever carries it.
pub(crate) fn payout_account(cx: &mut Cx<'_>, grants: &Grants, way: Way) -> Result<AccountId, Fault> {
    match way {
        Way::Voucher => vouchers(cx, grants),
        Way::PostOffice | Way::Wallet | Way::Bank => ready_cash(cx, grants),
    }
}

/// What a programme has.
pub(crate) fn purse(cx: &mut Cx<'_>, programme: &str) -> Result<Purse, Fault> {
    let account = ledger::called(cx, &format!("programme:{programme}"))?;
    Ok(account.map_or_else(Purse::default, |account| Purse {
        funded: account.credits_posted,
        paid: account.debits_posted,
        held: account.debits_pending,
    }))
}

/// What a place's float still holds, in minor units.
pub(crate) fn float_left(cx: &mut Cx<'_>, place: &str) -> Result<i64, Fault> {
    let account = ledger::called(cx, &format!("float:{place}"))?;
    Ok(account.map_or(0, |account| account.held().saturating_sub(account.credits_pending)))
}

/// The treasury gives a programme money.
///
/// # Errors
/// `grants.programme.unknown`; `payments.transfer.amount`; a refusal; the store's faults.
pub fn fund(cx: &mut Cx<'_>, grants: &Grants, programme: &str, minor: i64) -> Result<Purse, Fault> {
    let known = grants.programme(programme)?;
    cx.may("grants.programme.fund", &resource(cx, known))?;
    let (debit, credit) = (treasury(cx, grants)?, programme_account(cx, grants, programme)?);
    let (id, amount): (TransferId, _) = (cx.id(), grants.money(minor));
    let step = Step::Move { debit, credit, amount };
    ledger::book(cx, &[Transfer { id, step, reference: format!("programme:{programme}") }])?;
    cx.record(Act::new("grants.programme.funded").on(programme).with("amount_minor", minor));
    purse(cx, programme)
}

/// A post office, shop or device gets cash to give.
///
/// # Errors
/// `grants.place.wrong`; `payments.transfer.amount`; a refusal; the store's faults.
pub fn give_float(cx: &mut Cx<'_>, grants: &Grants, place: &str, minor: i64) -> Result<i64, Fault> {
    if !is_place(place) {
        return Err(Fault::invalid("grants.place.wrong"));
    }
    cx.may("grants.float.give", &Resource::new("Float", place))?;
    let (debit, credit) = (float(cx, grants, place)?, treasury(cx, grants)?);
    let (id, amount): (TransferId, _) = (cx.id(), grants.money(minor));
    let step = Step::Move { debit, credit, amount };
    ledger::book(cx, &[Transfer { id, step, reference: format!("float:{place}") }])?;
    cx.record(Act::new("grants.float.given").on(place).with("amount_minor", minor));
    float_left(cx, place)
}

/// Whether a place is called in a way a reference may hold.
pub(crate) fn is_place(place: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-' || letter == b'_';
    (2..=64).contains(&place.len()) && place.bytes().all(plain)
}

/// A programme as policies see it.
pub(crate) fn resource(cx: &Cx<'_>, programme: &Programme) -> Resource {
    let same = cx.actor().institution.as_deref() == Some(programme.about().owner.as_str());
    let resource = Resource::new("Programme", programme.id()).with("owner", programme.about().owner.clone());
    resource.is("same_institution", same).is("licensed", programme.is_brought_by(&cx.actor().id))
}

/// Which booking of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Booking {
    /// The hold.
    Hold = 1,
    /// It is paid.
    Post = 2,
    /// It came back.
    Void = 3,
    /// Cash leaves a place, or what was set aside goes back.
    Give = 4,
}

/// The identifier of a booking. Those of one run ascend with its lines, so that the ledger's index grows at its end.
pub(crate) fn transfer_id(run: RunId, line: i64, attempt: i64, booking: Booking) -> TransferId {
    let [a, b, c, d, e, f, g, h, i, j, ..] = *run.as_bytes();
    let [_, _, _, _, l0, l1, l2, l3] = line.to_be_bytes();
    let [.., tries] = attempt.to_be_bytes();
    TransferId::from_bytes([a, b, c, d, e, f, g, h, i, j, l0, l1, l2, l3, tries, booking as u8])
}

/// The lowest and highest run that an identifier can belong to, its line and its try; none if it is no payment's.
pub(crate) fn read_id(id: TransferId) -> Option<((RunId, RunId), i64, i64)> {
    let [a, b, c, d, e, f, g, h, i, j, l0, l1, l2, l3, tries, booking] = *id.as_bytes();
    let run = |rest| RunId::from_bytes([a, b, c, d, e, f, g, h, i, j, rest, rest, rest, rest, rest, rest]);
    let line = i64::from(u32::from_be_bytes([l0, l1, l2, l3]));
    (booking == Booking::Hold as u8 && line > 0).then_some(((run(0), run(0xff)), line, i64::from(tries)))
}

/// The identifier of one booking of a payment as it stands.
pub(crate) fn id_of(payment: &Payment, booking: Booking) -> TransferId {
    transfer_id(payment.run, payment.line, payment.attempt, booking)
}

/// Holds, posts or gives up the money of a payment.
pub(crate) fn booking(payment: &Payment, booking: Booking, step: Step) -> Transfer {
    Transfer { id: id_of(payment, booking), step, reference: payment.run.to_string() }
}
