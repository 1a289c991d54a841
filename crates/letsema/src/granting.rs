//! Grants in a demonstration: a pension run of nine people, paid into wallets, a bank and over a counter, of which one payment
//! comes back; and next month's, which waits for a second officer.
//!
//! **Invariant:** each is made as it is made in earnest, by the officer whose work it is. What an earlier start made is not
//! made again. Nothing of it is real.

use std::io::Cursor;

use grants::lists::{NewList, take_file};
use grants::runs::{self, NewRun};
use grants::{Account, Source, Way};
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, time::age_in_years};

use crate::acting::once;
use crate::cast::OFFICERS;
use crate::demo::{Enrolled, officer_id};
use crate::program::Program;

/// The programme.
const PENSION: &str = "old-age-pension";
/// What it has to pay with, in lisente.
const FUNDS_MINOR: i64 = 500_000_000;
/// What each post office has.
const FLOAT_MINOR: i64 = 5_000_000;
/// How many are paid besides the one of the cast.
const OTHERS: usize = 8;
/// A number whose wallet says that the account is closed.
const CLOSED: &str = "+26657000102";
/// An account with whichever bank numbers its accounts so.
const BANK_ACCOUNT: &str = "60012345617";
/// Whose payment comes back: the pensioner of the cast.
const PENSIONER: usize = 5;

/// The officer of the cast with this role.
pub(crate) fn officer(role: &str) -> Caller {
    let part = OFFICERS.iter().find(|part| part.roles.contains(&role));
    let actor = Actor {
        roles: part.map(|part| part.roles).unwrap_or_default().iter().map(|role| (*role).to_owned()).collect(),
        institution: part.map(|part| part.institution.to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, officer_id(part.map(|part| part.login).unwrap_or_default()))
    };
    Caller { actor, ..Caller::system("demo") }
}

/// Somebody to be paid.
type Payee = (String, String);

/// Makes them; answers what `demo.json` says of them.
///
/// # Errors
/// The engines' faults.
pub(crate) async fn arrange(program: &Program, cast: &[Enrolled]) -> Result<Json, Fault> {
    let missing = || Fault::internal("demo.cast.missing", "the cast lacks a pensioner");
    let pensioner = cast.get(PENSIONER).ok_or_else(missing)?;
    let number = pensioner.person.get("national_id").and_then(Json::as_str).unwrap_or_default().to_owned();
    let people = people(program, (pensioner.id.clone(), number.clone())).await?;
    for (place, (id, number)) in people.iter().enumerate() {
        attested(program, id).await?;
        account(program, number, place).await?;
    }
    money(program).await?;
    let text: String = std::iter::once("id_number\n".to_owned())
        .chain(people.iter().map(|(_, number)| format!("{number}\n")))
        .collect();
    let preparer = officer("grants-officer");
    let new = NewList { programme: PENSION.to_owned(), name: "Demonstration".to_owned(), source: Source::File };
    let list = take_file(&program.grants, &preparer, new, Cursor::new(text), None).await?.list.id;
    let today = program.acts.now().date_in(program.country.words.zone());
    let later = program.grants.programmes().get(PENSION).map(|one| one.next_pay_day(today));
    let later = later.filter(|day| *day > today).unwrap_or(today);
    let mut made = Vec::new();
    for (which, pay_on) in [("now", today), ("next", later)] {
        let engine = program.grants.clone();
        let work = move |cx: &mut Cx<'_>| runs::prepare(cx, &engine, &NewRun { list, pay_on });
        made.push(once(program, &preparer, ("demo.grants.run", which), work).await?);
    }
    Ok(json!({
        "programme": PENSION,
        "list": list.to_string(),
        "runs": made.iter().map(|run| run.id.to_string()).collect::<Vec<_>>(),
        "pensioner": civil::national_id::shown(&number),
        "comes_back": CLOSED,
        "post_office": program.grants.payouts().post_offices.first().map(|office| office.id.clone()),
    }))
}

/// The pensioner of the cast, and the first of the population who are old enough; the same at every start.
async fn people(program: &Program, pensioner: Payee) -> Result<Vec<Payee>, Fault> {
    let known = std::sync::Arc::clone(&program.country);
    let look = move |cx: &mut Cx<'_>| {
        let (today, mut found, mut after) = (known.population.today(cx), vec![pensioner.clone()], String::new());
        while found.len() <= OTHERS {
            let (records, next) = registers::page(cx, &known.registers, civil::REGISTER, &after)?;
            let old = records.iter().filter(|record| {
                record.date("born").is_some_and(|born| age_in_years(born, today) >= 70) && record.key() != pensioner.1
            });
            found.extend(old.map(|record| (record.text("person").to_owned(), record.key().to_owned())));
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        found.truncate(OTHERS + 1);
        Ok(found)
    };
    once(program, &Caller::system("demo"), ("demo.grants.people", "first"), look).await
}

/// A chief says that she lives.
async fn attested(program: &Program, person: &str) -> Result<(), Fault> {
    let (identity, id) = (program.identity.clone(), person.to_owned());
    let attest = move |cx: &mut Cx<'_>| identity::attest_life(cx, &identity, &id).map(drop);
    once(program, &officer("chief"), ("demo.grants.life", person), attest).await
}

/// Where she is paid: most by wallet, one by bank, two in cash, and the pensioner of the cast where it comes back.
async fn account(program: &Program, number: &str, place: usize) -> Result<(), Fault> {
    let at = |way, institution: &str, address: &str| Account {
        way,
        institution: institution.to_owned(),
        address: address.to_owned(),
    };
    let rails = program.grants.rails();
    let by_phone = |number: &str| {
        let phone = rails.wallets.number(number);
        let wallet = phone.and_then(|phone| rails.wallets.iter().find(|wallet| wallet.serves(&phone)));
        at(Way::Wallet, wallet.map_or("", |wallet| &wallet.id), number)
    };
    let bank = rails.banks.iter().find(|bank| bank.account_number(BANK_ACCOUNT).is_some());
    let account = match (place, bank) {
        (0, _) => by_phone(CLOSED),
        (1 | 2, _) => at(Way::PostOffice, "", ""),
        (3, Some(bank)) => at(Way::Bank, &bank.id, BANK_ACCOUNT),
        _ => by_phone(&format!("+26657{:04}{:02}", 100 + place, 10 + place)),
    };
    let (engine, payee) = (program.grants.clone(), number.to_owned());
    let choose = move |cx: &mut Cx<'_>| grants::mapper::choose(cx, &engine, &payee, &account).map(drop);
    once(program, &Caller::system("demo"), ("demo.grants.account", number), choose).await
}

/// The treasury gives the programme and the post offices their money.
async fn money(program: &Program) -> Result<(), Fault> {
    let treasury = officer("payments-officer");
    let engine = program.grants.clone();
    let fund = move |cx: &mut Cx<'_>| grants::fund(cx, &engine, PENSION, FUNDS_MINOR).map(drop);
    once(program, &treasury, ("demo.grants.fund", PENSION), fund).await?;
    for office in program.grants.payouts().post_offices.iter().take(2) {
        let (engine, place) = (program.grants.clone(), office.id.clone());
        let give = move |cx: &mut Cx<'_>| grants::give_float(cx, &engine, &place, FLOAT_MINOR).map(drop);
        once(program, &treasury, ("demo.grants.float", &office.id), give).await?;
    }
    Ok(())
}

/// Another officer approves the run of today, once its lines are checked; so that its story can be followed at once.
///
/// # Errors
/// The engines' faults.
pub(crate) async fn release(program: &Program, arranged: &Json) -> Result<(), Fault> {
    let run = arranged.pointer("/runs/0").and_then(Json::as_str).and_then(|id| id.parse().ok());
    let Some(run) = run else { return Ok(()) };
    for _ in 0..100 {
        let engine = program.grants.clone();
        let approve = move |cx: &mut Cx<'_>| runs::approve(cx, &engine, run).map(drop);
        match once(program, &officer("grants-approver"), ("demo.grants.approve", "now"), approve).await {
            Err(fault) if fault.code() == "grants.run.unchecked" => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            done => return done,
        }
    }
    Ok(())
}
