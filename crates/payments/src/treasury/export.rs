//! Exports for the government's accounts: revenue as CSV, an account's day as camt.053.
//!
//! **Invariant:** no cell begins as a formula does, so that no spreadsheet runs what somebody wrote; a statement leads from its
//! opening to its closing balance.

use spine::{Cx, Date, Fault, Language, Money, Resource};

use super::{Income, Revenue};
use crate::ledger::{self, Did};
use crate::rails::iso20022::{
    Balance, BalanceKind, BankAccount, Direction, Entry, Message, Remittance, Statement, StatementKind,
};
use crate::rails::payout::Rails;

/// A cell of CSV that no spreadsheet takes for a formula.
#[must_use]
pub fn cell(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    // What a formula begins with, also behind blanks (OWASP, CSV injection).
    if plain.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{plain}") } else { plain }
}

/// Revenue as CSV: a line for each account, service, place, channel and rail.
///
/// # Errors
/// None that can be met: the text is in memory.
pub fn revenue_csv(lines: &[Revenue], language: &Language) -> Result<Vec<u8>, Fault> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| Fault::internal("payments.treasury.unwritable", error);
    writer
        .write_record(["account", "service", "place", "town", "channel", "rail", "payments", "amount", "currency"])
        .map_err(broken)?;
    for line in lines {
        let (place, town) = line
            .place
            .as_ref()
            .map_or(("", ""), |place| (place.id.as_str(), place.agent.as_ref().map_or("", |(_, town)| town.as_str())));
        let record = [
            cell(&line.account),
            cell(line.service.in_language(language)),
            cell(place),
            cell(town),
            cell(&line.channel),
            cell(&line.rail),
            line.payments.to_string(),
            line.amount.digits(),
            line.amount.currency().to_string(),
        ];
        writer.write_record(record).map_err(broken)?;
    }
    writer.into_inner().map_err(|error| Fault::internal("payments.treasury.unwritable", error.to_string()))
}

/// What came onto each account of income and left it again, as CSV.
///
/// # Errors
/// None that can be met: the text is in memory.
pub fn income_csv(lines: &[Income]) -> Result<Vec<u8>, Fault> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| Fault::internal("payments.treasury.unwritable", error);
    writer.write_record(["account", "came_in", "went_out", "net", "currency"]).map_err(broken)?;
    for line in lines {
        let net = line.came.minus(line.went).map_err(|error| Fault::internal("payments.treasury.sum", error))?;
        let currency = line.came.currency().to_string();
        let record = [cell(&line.account), line.came.digits(), line.went.digits(), net.digits(), currency];
        writer.write_record(record).map_err(broken)?;
    }
    writer.into_inner().map_err(|error| Fault::internal("payments.treasury.unwritable", error.to_string()))
}

/// At most so many entries of a day.
const ENTRIES: usize = 20_000;

/// An account's day as camt.053: what came onto it is credit, what left it debit, as a bank would say it.
///
/// # Errors
/// `payments.account.unknown`, `payments.treasury.day`; a refusal; the store's faults.
pub fn statement(cx: &mut Cx<'_>, rails: &Rails, reference: &str, day: Date) -> Result<Vec<u8>, Fault> {
    cx.may("payments.treasury.view", &Resource::new("Treasury", reference))?;
    let account = ledger::called(cx, reference)?.ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
    let (begin, end) = rails.banks.bounds(day);
    let mut closing = 0;
    let mut balances = Vec::new();
    for (kind, moment) in [(BalanceKind::Opening, begin), (BalanceKind::Closing, end)] {
        let then = ledger::balances_at(cx, account.id, moment.plus_seconds(-1))?;
        closing = -then.held();
        balances.push(Balance { kind, amount: Money::new(closing, account.currency), day });
    }
    let entries = entries(cx, rails, &account, day)?;
    let made = Statement {
        kind: StatementKind::Statement,
        message: format!("{}-{}", account.id, day.to_string().replace('-', "")).chars().rev().take(35).collect(),
        made_at: cx.now(),
        id: format!("{day}-{closing}"),
        number: None,
        account: BankAccount::Number(reference.chars().take(34).collect()),
        currency: account.currency,
        balances,
        entries,
    };
    Message::Statement(made).write()
}

fn entries(cx: &mut Cx<'_>, rails: &Rails, account: &ledger::Account, day: Date) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    let mut from = None;
    loop {
        let lines = ledger::statement(cx, account.id, from, 500)?;
        let Some(last) = lines.last().map(|line| line.before) else { break };
        for line in &lines {
            let of = rails.banks.day(line.at);
            if of < day {
                entries.reverse();
                return Ok(entries);
            }
            if of == day && line.did == Did::Posted {
                entries.push(Entry {
                    reference: line.id.to_string(),
                    amount: Money::new(line.minor, account.currency),
                    direction: if line.is_debit { Direction::Debit } else { Direction::Credit },
                    booked: true,
                    day,
                    end_to_end: Some(line.reference.chars().take(35).collect::<String>()).filter(|it| !it.is_empty()),
                    party: None,
                    remittance: Remittance::default(),
                    returned: None,
                });
            }
        }
        if entries.len() > ENTRIES {
            return Err(Fault::invalid("payments.treasury.day"));
        }
        if last == 0 {
            break;
        }
        from = Some(last);
    }
    entries.reverse();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for wrong in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r\n=cmd|' /C calc'!A0"] {
            assert!(cell(wrong).starts_with('\''), "{wrong:?}");
            assert!(!cell(wrong).contains(['\t', '\r', '\n']), "{wrong:?}");
        }
        assert_eq!(cell("Passport, renewal"), "Passport, renewal");
    }
}
