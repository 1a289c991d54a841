//! The code with which a person opens her account and chooses her PIN: sent to her phone, or printed in a letter that is
//! sealed. No officer chooses a PIN or sees a code on a screen but the one who prints letters, and that is never the one who
//! took or decided the application.
//!
//! **Invariant:** a code is kept as a keyed hash; a sealed copy exists from approval until its letter is printed. A wrong
//! code, an unknown number and a code that is over are answered alike, in the same time, and counted like PINs.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Language, Personal, Resource, Secret, Text, Timestamp};

use crate::account::{Kind, NewAccount, normal_login};
use crate::enrol::end_everything;
use crate::enrolment::Enrolment;
use crate::enrolment::application::{Application, ApplicationId};
use crate::rows::introductions::{self as rows, Activation};
use crate::rows::{accounts, enrolment as applications};
use crate::throttle::{self, Turn};

/// Digits of a code.
const CODE_DIGITS: usize = 10;
const CODES: u64 = 10_000_000_000;
const DAY_SECONDS: i64 = 86_400;
/// At most so many letters in a list.
const LISTED: i64 = 100;

/// Makes a code for a person and sends it to her phone; without a phone it waits for its letter to be printed.
pub(crate) fn issue(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    person: &str,
    application: Option<&Application>,
) -> Result<(), Fault> {
    let code = format!("{:0width$}", cx.random_below(CODES), width = CODE_DIGITS);
    let keys = enrolment.keys();
    let known = enrolment.civil().population().person(cx, person)?;
    let known = known.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    let told = |field: &str| application.map(|one| one.text(field).to_owned()).filter(|text| !text.is_empty());
    let phone = told("phone").or_else(|| known.phone.clone());
    let days = enrolment.rules().taking.activation_days;
    let now = cx.now();
    let row = Activation {
        code: keys.code_hash(person, &code),
        sealed: match &phone {
            Some(_) => None,
            None => Some(keys.seal(&format!("activation:{person}"), code.as_bytes())?),
        },
        way: if phone.is_some() { "sms" } else { "letter" }.to_owned(),
        application: application.map(|one| one.id.to_string()),
        made_at: now,
        expires_at: now.plus_seconds(days.saturating_mul(DAY_SECONDS)),
    };
    rows::set_activation(cx.tx(), person, &row)?;
    if let Some(phone) = phone {
        let body = Text::new("identity.activation.body")
            .with("number", civil::national_id::shown(&known.national_id))
            .with("code", spaced(&code))
            .with("days", days);
        let notice = messages::Notice {
            person: Some(person.to_owned()),
            phone: Some(Personal::new(phone)),
            email: None,
            language: cx.language().clone(),
            subject: Text::new("identity.activation.subject"),
            body,
            purpose: "identity.activation",
            secret: true,
        };
        enrolment.messages().send(cx, &notice)?;
    }
    let act = Act::new("identity.activation.issued").about(person).on(person).because("national-id", "national-id");
    cx.record(act.with("way", row.way.as_str()));
    Ok(())
}

/// Makes a new code for somebody who was approved and has not opened her account: the first was lost, or is over.
///
/// # Errors
/// `identity.activation.none` if nothing waits to be opened; the authority's refusal.
pub fn renew_code(cx: &mut Cx<'_>, enrolment: &Enrolment, person: &str) -> Result<(), Fault> {
    let own = cx.actor().id == person;
    cx.may("identity.activation.renew", &Resource::new("NationalId", person).is("own", own))?;
    let row = rows::activation(cx.tx(), person)?.ok_or_else(|| Fault::conflict("identity.activation.none"))?;
    let id: Option<ApplicationId> = row.application.as_deref().and_then(|id| id.parse().ok());
    let application = match id {
        Some(id) => applications::application(cx.tx(), id)?,
        None => None,
    };
    issue(cx, enrolment, person, application.as_ref())
}

/// A code as people read it: in fives.
fn spaced(code: &str) -> String {
    let (one, two) = code.split_at_checked(CODE_DIGITS / 2).unwrap_or((code, ""));
    format!("{one} {two}")
}

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activated {
    /// The account is open.
    Done,
    /// Number and code do not belong together, or the code is over.
    Wrong,
    /// Not for so many seconds.
    Wait(i64),
}

/// Opens the account of whoever holds the code for this number, with the PIN whose hash is given.
///
/// # Errors
/// The store's faults.
pub fn activate(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    (number, code): (&str, &str),
    pin: &Secret<String>,
    language: &Language,
) -> Result<Activated, Fault> {
    cx.may("identity.account.activate", &Resource::new("Login", "person"))?;
    let Some(typed) = normal_login(number) else { return Ok(Activated::Wrong) };
    let key = enrolment.keys().attempt_key("activation", Kind::Person, &typed);
    match throttle::count(cx, &key)? {
        Turn::Wait(seconds) => {
            cx.record(Act::new("identity.activation.waited").because("national-id", "national-id"));
            return Ok(Activated::Wait(seconds));
        }
        Turn::Go { .. } => {}
    }
    let now = cx.now();
    let known = enrolment.civil().population().by_national_id(cx, number)?.filter(|person| person.died.is_none());
    let id = known.as_ref().map_or("", |person| person.id.as_str());
    let row = rows::activation(cx.tx(), id)?.filter(|row| now < row.expires_at);
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let given = enrolment.keys().code_hash(id, &code);
    let expected = row.as_ref().map_or("", |row| row.code.as_str());
    let right = crypto::constant_time_eq(expected.as_bytes(), given.as_bytes());
    let (Some(person), Some(row), true) = (known, row, right) else {
        cx.record(Act::new("identity.activation.failed").because("national-id", "national-id"));
        return Ok(Activated::Wrong);
    };
    throttle::clear(cx, &key)?;
    rows::delete_activation(cx.tx(), &person.id)?;
    if accounts::account_by_id(cx.tx(), &person.id)?.is_some() {
        accounts::set_secret(cx.tx(), &person.id, pin.reveal())?;
        end_everything(cx, &person.id)?;
    } else {
        let application: Option<ApplicationId> = row.application.as_deref().and_then(|id| id.parse().ok());
        let told = match application {
            Some(id) => applications::application(cx.tx(), id)?,
            None => None,
        };
        let text = |field: &str| told.as_ref().map(|one| one.text(field).to_owned()).filter(|text| !text.is_empty());
        let new = NewAccount {
            id: person.id.clone(),
            kind: Kind::Person,
            login: Personal::new(person.national_id.clone()),
            name: Personal::new(person.name()),
            phone: text("phone").or_else(|| person.phone.clone()).map(Personal::new),
            email: text("email").or_else(|| person.email.clone()).map(Personal::new),
            language: language.clone(),
            secret_hash: pin.clone(),
            totp: None,
            roles: Vec::new(),
            institution: None,
        };
        accounts::insert_account(cx.tx(), &new, now)?;
    }
    let act = Act::new("identity.account.activated").about(&person.id).on(&person.id);
    cx.record(act.because("national-id", "national-id").with("way", row.way.as_str()));
    Ok(Activated::Done)
}

/// Somebody whose letter waits to be printed.
#[derive(Clone, Debug)]
pub struct LetterWaiting {
    /// The person.
    pub person: String,
    /// Her name.
    pub name: Personal<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Letters that wait to be printed, oldest first.
///
/// # Errors
/// The authority's refusal.
pub fn letters_waiting(cx: &mut Cx<'_>, enrolment: &Enrolment) -> Result<Vec<LetterWaiting>, Fault> {
    cx.may("identity.letter.list", &Resource::new("CardDesk", "letters"))?;
    let mut waiting = Vec::new();
    for (person, since) in rows::letters(cx.tx(), LISTED)? {
        let name = enrolment.civil().population().person(cx, &person)?.map(|known| known.name()).unwrap_or_default();
        waiting.push(LetterWaiting { person, name: Personal::new(name), since });
    }
    Ok(waiting)
}

/// What a letter says. It is shown once, to be printed and sealed.
#[derive(Clone)]
pub(crate) struct Letter {
    /// To whom.
    pub(crate) name: String,
    /// Her number, in threes.
    pub(crate) number: String,
    /// Her code, in fives.
    pub(crate) code: String,
    /// Until when it is good.
    pub(crate) expires_at: Timestamp,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Letter(…)")
    }
}

/// What a letter says, sealed for whoever prints it: the answer of an operation is remembered, and holds no code.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedLetter {
    sealed: Vec<u8>,
    person: String,
    expires_at: Timestamp,
}

/// Takes a letter to be printed. From then on its code is kept as a hash only.
///
/// # Errors
/// `identity.letter.missing` if there is none or it was printed; the authority's refusal.
pub(crate) fn print_letter(cx: &mut Cx<'_>, person: &str) -> Result<SealedLetter, Fault> {
    let missing = || Fault::not_found("identity.letter.missing");
    let row = rows::activation(cx.tx(), person)?.ok_or_else(missing)?;
    let application: Option<ApplicationId> = row.application.as_deref().and_then(|id| id.parse().ok());
    let told = match application {
        Some(id) => applications::application(cx.tx(), id)?,
        None => None,
    };
    let actor = &cx.actor().id;
    let hand = |own: &Option<Application>| {
        own.as_ref().is_some_and(|one| one.officer == *actor || one.decided_by.as_ref() == Some(actor))
    };
    let asked = Resource::new("Letter", person).is("by_own_hand", hand(&told)).is("about_self", actor == person);
    cx.may("identity.letter.print", &asked)?;
    let sealed = row.sealed.ok_or_else(missing)?;
    let now = cx.now();
    rows::printed(cx.tx(), person, now)?;
    cx.record(Act::new("identity.letter.printed").about(person).on(person).because("national-id", "national-id"));
    Ok(SealedLetter { sealed, person: person.to_owned(), expires_at: row.expires_at })
}

impl Enrolment {
    /// Opens a letter that was taken to be printed.
    pub(crate) fn open_letter(&self, letter: &SealedLetter, name: String, number: &str) -> Result<Letter, Fault> {
        let code = self.keys().open(&format!("activation:{}", letter.person), &letter.sealed)?;
        let code = String::from_utf8(code.reveal().clone()).unwrap_or_default();
        Ok(Letter {
            name,
            number: civil::national_id::shown(number),
            code: spaced(&code),
            expires_at: letter.expires_at,
        })
    }
}
