//! What a contributor owes a fund for a year.
//!
//! **Invariant:** one assessment for each levy, contributor and year. While nothing is paid of it, it may be made again: its bill is
//! taken back and another takes its place.

use spine::{Act, Cx, Date, Fault, FieldFault, Language, Localised, Money, Text};

use super::model::{Assessment, AssessmentId};
use super::pack::{Contributor, Fund, Funds, Levy};
use super::part::{Licence, Part};
use super::{account, kept};
use crate::bills::{self, Bill, BillState, NewBill, Share};
use crate::ledger::LARGEST_MINOR;
use crate::rails::payout::Rails;
use crate::rows::{bills as bill_rows, funds as rows};

const DAY_SECONDS: i64 = 86_400;
/// How long after its day a levy may still be paid.
const LATE_DAYS: i64 = 730;
/// The first year that can be assessed.
const FIRST_YEAR: i64 = 2000;

/// What a contributor declared.
#[derive(Clone, Debug)]
pub struct NewAssessment {
    /// The levy's id in the pack.
    pub levy: String,
    /// The contributor's.
    pub contributor: String,
    /// The year.
    pub year: i64,
    /// What was declared for it.
    pub base: Money,
    /// When the contributor was licensed, where it was not the whole year.
    pub licence: Licence,
}

pub(super) fn wrong(field: &str, key: &'static str) -> Fault {
    let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
    Fault::invalid("payments.fund.wrong").fields_from([fault])
}

/// Assesses a levy; answers the number of the bill by which it is paid.
///
/// # Errors
/// `payments.fund.{unknown,assessed}`; `payments.fund.wrong` with the fields `levy`, `contributor`, `year`, `base`, `from` or `until`;
/// a refusal; the store's faults.
pub fn assess(cx: &mut Cx<'_>, funds: &Funds, rails: &Rails, id: &str, new: &NewAssessment) -> Result<String, Fault> {
    let fund = kept(cx, funds, id, "payments.fund.assess")?;
    let (levy, contributor, part) = read(fund, rails.banks.day(cx.now()), new)?;
    let amount = Money::new(levy.reckon(new.base.minor(), part), fund.currency);
    let before = rows::assessment(cx.tx(), id, (&levy.id, &contributor.id, new.year))?;
    if let Some(before) = &before {
        take_back(cx, before)?;
    }
    let tries = before.as_ref().map_or(1, |before| before.tries + 1);
    let share = Share { account: fund.account.clone(), amount_minor: amount.minor() };
    let days = rails.banks.day(cx.now().plus_seconds(levy.due_days * DAY_SECONDS));
    let bill = NewBill {
        biller: fund.keeper.clone(),
        reference: format!("{id}/{}/{}/{}/{tries}", levy.id, contributor.id, new.year),
        payer: None,
        description: described(levy, contributor, new.year, part),
        amount,
        shares: vec![share],
        in_parts: true,
        due_on: Some(days),
        expires_at: cx.now().plus_seconds((levy.due_days + LATE_DAYS) * DAY_SECONDS),
    };
    let account = account(cx, fund)?;
    let bill = bills::open(cx, &bill, &[account])?;
    let made = keep(cx, id, (levy, new), amount, (&bill, before.map(|before| before.id), tries))?;
    let act = Act::new("payments.fund.assessed").on(made).with("fund", id).with("contributor", contributor.id.as_str());
    cx.record(act.with("year", new.year).with("days", part.days).with("amount_minor", amount.minor()));
    Ok(bill.number)
}

/// The levy, who pays it and for which part of the year, or all that is wrong.
fn read<'a>(fund: &'a Fund, today: Date, new: &NewAssessment) -> Result<(&'a Levy, &'a Contributor, Part), Fault> {
    let levy = fund.levies.iter().find(|levy| levy.id == new.levy);
    let contributor = fund.contributor(&new.contributor);
    let base = new.base.minor();
    let part = new.licence.part_of(new.year);
    let owes = levy.is_none_or(|levy| part.is_none_or(|part| levy.reckon(base, part) > 0));
    let is_year = (FIRST_YEAR..=i64::from(today.year())).contains(&new.year);
    let turned = new.licence.is_turned_round();
    let in_parts = levy.is_none_or(|levy| levy.part_year.is_some()) || part.is_none_or(Part::is_whole);
    let fits = new.base.currency() == fund.currency && (1..=LARGEST_MINOR).contains(&base) && owes;
    let wrong = [
        (levy.is_none(), "levy", "payments.fund.levy_missing"),
        (contributor.is_none(), "contributor", "payments.fund.contributor_missing"),
        (!is_year, "year", "payments.fund.year_wrong"),
        (!fits, "base", "payments.fund.base_wrong"),
        (turned, "until", "payments.fund.licence_turned"),
        (is_year && !turned && part.is_none(), "from", "payments.fund.licence_outside"),
        (!in_parts, "from", "payments.fund.licence_whole"),
    ];
    let faults = wrong.into_iter().filter(|(is_wrong, ..)| *is_wrong);
    let faults: Vec<FieldFault> =
        faults.map(|(_, field, key)| FieldFault { field: field.to_owned(), text: Text::new(key) }).collect();
    match (levy, contributor, part) {
        (Some(levy), Some(contributor), Some(part)) if faults.is_empty() => Ok((levy, contributor, part)),
        _ => Err(Fault::invalid("payments.fund.wrong").fields_from(faults)),
    }
}

fn keep(
    cx: &mut Cx<'_>,
    fund: &str,
    (levy, new): (&Levy, &NewAssessment),
    amount: Money,
    (bill, before, tries): (&Bill, Option<AssessmentId>, i64),
) -> Result<AssessmentId, Fault> {
    let assessment = Assessment {
        id: before.unwrap_or_else(|| cx.id()),
        levy: levy.id.clone(),
        contributor: new.contributor.clone(),
        year: new.year,
        base: new.base,
        parts: levy.parts,
        licence: new.licence,
        amount,
        number: bill.number.clone(),
        paid: Money::new(0, amount.currency()),
        tries,
        made_at: cx.now(),
    };
    let by = cx.actor().id.clone();
    rows::put_assessment(cx.tx(), fund, &assessment, (bill.id, &by))?;
    Ok(assessment.id)
}

/// Takes the bill of an assessment back, if nothing is paid of it.
fn take_back(cx: &mut Cx<'_>, before: &Assessment) -> Result<(), Fault> {
    let bill = bill_rows::bill_numbered(cx.tx(), &before.number)?;
    let bill = bill.ok_or_else(|| Fault::not_found("payments.bill.unknown"))?;
    if bill.paid.minor() > 0 || bill.state == BillState::Paid {
        return Err(Fault::conflict("payments.fund.assessed"));
    }
    if bill.state == BillState::Open {
        bill_rows::set_bill_state(cx.tx(), bill.id, BillState::Withdrawn)?;
        cx.record(bill.act("payments.bill.withdrawn"));
    }
    Ok(())
}

/// What the bill is for; a part of a year as so many of its days, `2024 (184/366)`.
fn described(levy: &Levy, contributor: &Contributor, year: i64, part: Part) -> Localised {
    let days = if part.is_whole() { String::new() } else { format!(" ({}/{})", part.days, part.of) };
    let said = |(language, name): (&str, &str)| {
        let who = contributor.name.in_language(&Language::new(language));
        (language.to_owned(), format!("{name} {year}{days}: {who}"))
    };
    levy.name.iter().map(said).collect()
}
