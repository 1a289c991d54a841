//! An operator takes an application: evidence first, which fills in what it knows; then what is told, what could not be
//! taken of the body; then it goes to a supervisor.
//!
//! **Invariant:** what a birth entry says of her stays as it says; nobody who is dead, has an account or is applied for
//! already is taken. Where next: `alike.rs`, `decide.rs`.

use spine::{Cx, Date, Fault, Resource, Text, time};

use crate::account::{Kind, normal_login};
use crate::enrolment::Enrolment;
use crate::enrolment::application::{
    Application, ApplicationId, Biometrics, Exception, State, Told, keep, must_be, open,
};
use crate::enrolment::introduce;
use crate::enrolment::rules::{Named, Proof};
use crate::enrolment::{abis, alike};
use crate::rows::{accounts, enrolment as rows, introductions};

/// Fields that a birth entry settles.
const SETTLED: [&str; 4] = ["given", "family", "born", "sex"];
/// At most so many letters in a number of a paper and a name.
const LETTERS: usize = 100;

/// The evidence somebody begins with.
#[derive(Clone, Debug, Default)]
pub struct Beginning {
    /// Its kind, as the pack calls it.
    pub evidence: String,
    /// Its number: of a birth entry, an introduction, a letter, a paper.
    pub paper: String,
    /// The user name of the chief, for a letter.
    pub chief: String,
    /// The day of the letter.
    pub letter_on: Option<Date>,
}

fn wrong(field: &'static str, key: &'static str) -> Fault {
    Fault::invalid("identity.enrolment.wrong").field(field, Text::new(key))
}

/// Begins an application with its evidence.
///
/// # Errors
/// `identity.enrolment.wrong` with the faults of the fields; `identity.introduction.unknown`; what [`usable`] refuses; the
/// authority's refusal.
pub fn begin(cx: &mut Cx<'_>, enrolment: &Enrolment, said: &Beginning) -> Result<ApplicationId, Fault> {
    begin_from(cx, enrolment, said, None)
}

/// The same, from a packet with this name.
pub(crate) fn begin_from(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    said: &Beginning,
    packet: Option<&str>,
) -> Result<ApplicationId, Fault> {
    cx.may("identity.enrolment.begin", &Resource::new("EnrolmentDesk", "new"))?;
    let evidence = enrolment.rules().evidence_of(&said.evidence);
    let proof = evidence.ok_or_else(|| wrong("evidence", "identity.enrolment.choose"))?.proof;
    let paper = said.paper.trim();
    if paper.is_empty() || paper.chars().count() > LETTERS {
        return Err(wrong("paper", "identity.enrolment.paper_missing"));
    }
    let prefix = &enrolment.rules().taking.prefix;
    let reference =
        civil::reference::fresh(cx, prefix, |cx, number| Ok(rows::by_reference(cx.tx(), number)?.is_some()))?;
    let (now, actor) = (cx.now(), cx.actor());
    let mut new = Application {
        id: cx.id(),
        reference,
        state: State::Draft,
        evidence: said.evidence.clone(),
        paper: paper.to_owned(),
        introduction: None,
        fields: Told::new(),
        person: None,
        exceptions: Vec::new(),
        agreed_by: None,
        biometrics: Biometrics::None,
        officer: actor.id.clone(),
        institution: actor.institution.clone().unwrap_or_default(),
        taken_at: now,
        decided_by: None,
        decided_at: None,
        words: None,
        packet: packet.map(str::to_owned),
        revision: 1,
    };
    match proof {
        Proof::BirthEntry => from_birth(cx, enrolment, &mut new)?,
        Proof::Introducer => from_chief(cx, enrolment, said, &mut new)?,
        Proof::Paper => {}
    }
    rows::insert(cx.tx(), &new)?;
    let act = new.act("identity.enrolment.begun").with("evidence", new.evidence.as_str());
    cx.record(act);
    Ok(new.id)
}

/// What the entry of her birth says.
fn from_birth(cx: &mut Cx<'_>, enrolment: &Enrolment, new: &mut Application) -> Result<(), Fault> {
    let unknown = || wrong("paper", "identity.enrolment.entry_unknown");
    let entry = enrolment.civil().birth_entry(cx, &new.paper)?.ok_or_else(unknown)?;
    let ask = &enrolment.rules().taking.ask;
    new.fields = entry.fields.into_iter().filter(|(name, _)| ask.contains(name)).collect();
    if let Some(person) = &entry.person {
        usable(cx, enrolment, person, new.id)?;
    }
    new.person = entry.person;
    Ok(())
}

/// A chief's word, signed in the program or written in a letter.
fn from_chief(cx: &mut Cx<'_>, enrolment: &Enrolment, said: &Beginning, new: &mut Application) -> Result<(), Fault> {
    let Some(login) = normal_login(&said.chief) else {
        let introduction = introduce::take(cx, &new.paper, new.id)?;
        new.fields.clone_from(&introduction.fields);
        new.introduction = Some(introduction.id.to_string());
        return Ok(());
    };
    let chief = accounts::account_by_login(cx.tx(), Kind::Officer, &login)?.filter(|chief| chief.active);
    let chief = chief.ok_or_else(|| wrong("chief", "identity.enrolment.chief_unknown"))?;
    let day = said.letter_on.ok_or_else(|| wrong("letter_on", "identity.enrolment.letter_day"))?;
    if day > enrolment.today(cx) {
        return Err(wrong("letter_on", "identity.enrolment.letter_day"));
    }
    let introduction = introduce::note_letter(cx, enrolment, new.id, &chief.id, (&new.paper, day))?;
    new.introduction = Some(introduction.id.to_string());
    Ok(())
}

/// Whether a person may be given what she has not: she lives, has no account yet, and is applied for once.
///
/// # Errors
/// `identity.enrolment.dead`, `identity.enrolment.has_account`, `identity.enrolment.open_twice`, `civil.person.unknown`.
pub(crate) fn usable(cx: &mut Cx<'_>, enrolment: &Enrolment, person: &str, id: ApplicationId) -> Result<(), Fault> {
    let known = enrolment.civil().population().person(cx, person)?;
    let known = known.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    if known.died.is_some() {
        return Err(Fault::conflict("identity.enrolment.dead"));
    }
    if has_one(cx, person)? {
        return Err(Fault::conflict("identity.enrolment.has_account"));
    }
    if rows::is_open_twice(cx.tx(), person, id)? {
        return Err(Fault::conflict("identity.enrolment.open_twice"));
    }
    Ok(())
}

/// Whether a person has an account, or the code that opens it.
pub(crate) fn has_one(cx: &mut Cx<'_>, person: &str) -> Result<bool, Fault> {
    Ok(accounts::account_by_id(cx.tx(), person)?.is_some() || introductions::activation(cx.tx(), person)?.is_some())
}

/// Writes down what is told of her. What a birth entry settles stays as it is.
///
/// # Errors
/// `civil.event.wrong` with the faults of the fields; `identity.enrolment.elsewhere`; the authority's refusal.
pub fn describe(cx: &mut Cx<'_>, enrolment: &Enrolment, id: ApplicationId, told: &Told) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.enrolment.take")?;
    must_be(&application, &[State::Draft, State::Returned])?;
    let ask = &enrolment.rules().taking.ask;
    let mut fields: Told =
        told.iter().filter(|(name, _)| ask.contains(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    if proof_of(enrolment, &application) == Some(Proof::BirthEntry) {
        for name in SETTLED {
            if let Some(value) = application.fields.get(name) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
    }
    enrolment.civil().check_person(&fields, ask)?;
    application.fields = fields;
    keep(cx, &application)?;
    let act = application.act("identity.enrolment.described");
    cx.record(act);
    Ok(())
}

pub(crate) fn proof_of(enrolment: &Enrolment, application: &Application) -> Option<Proof> {
    enrolment.rules().evidence_of(&application.evidence).map(|evidence| evidence.proof)
}

/// Writes down what could not be taken of her body; a supervisor is to agree.
///
/// # Errors
/// `identity.enrolment.exception` for a part or reason the pack does not know, or one nobody saw;
/// `identity.enrolment.elsewhere`; the authority's refusal.
pub fn except(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    id: ApplicationId,
    exceptions: &[Exception],
) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.enrolment.take")?;
    must_be(&application, &[State::Draft, State::Returned])?;
    let rules = enrolment.rules();
    for (place, one) in exceptions.iter().enumerate() {
        let field = |name: &str, key: &'static str| {
            Fault::invalid("identity.enrolment.exception").field(name.to_owned(), Text::new(key))
        };
        if rules.parts().all(|part| part.id != one.part)
            || exceptions.iter().take(place).any(|own| own.part == one.part)
        {
            return Err(field("part", "identity.enrolment.exception_part"));
        }
        if rules.reasons().all(|reason| reason.id != one.reason) {
            return Err(field("reason", "identity.enrolment.exception_reason"));
        }
        if one.seen_by.trim().is_empty() || one.seen_by.chars().count() > LETTERS {
            return Err(field("seen_by", "identity.enrolment.exception_seen"));
        }
    }
    application.exceptions = exceptions.to_vec();
    application.agreed_by = None;
    keep(cx, &application)?;
    let count = i64::try_from(exceptions.len()).unwrap_or(i64::MAX);
    let act = application.act("identity.enrolment.excepted").with("parts", count);
    cx.record(act);
    Ok(())
}

/// Takes the application: likenesses are looked for, and a supervisor is to decide.
///
/// # Errors
/// `identity.enrolment.incomplete`, `identity.enrolment.young`, what [`usable`] refuses, `identity.enrolment.elsewhere`; the
/// authority's refusal.
pub fn submit(cx: &mut Cx<'_>, enrolment: &Enrolment, id: ApplicationId) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.enrolment.take")?;
    must_be(&application, &[State::Draft, State::Returned])?;
    let rules = enrolment.rules();
    if SETTLED.iter().any(|name| application.text(name).is_empty()) {
        return Err(Fault::conflict("identity.enrolment.incomplete"));
    }
    enrolment.civil().check_person(&application.fields, &rules.taking.ask)?;
    let (today, born) = (enrolment.today(cx), application.text("born").parse::<Date>());
    let age = born.map_or(-1, |born| time::age_in_years(born, today));
    if age < rules.taking.minimum_age {
        return Err(Fault::conflict("identity.enrolment.young").with("years", rules.taking.minimum_age));
    }
    if let Some(person) = application.person.clone() {
        usable(cx, enrolment, &person, id)?;
    }
    with_body(cx, enrolment, &mut application)?;
    application.state = State::Taken;
    (application.officer, application.taken_at) = (cx.actor().id.clone(), cx.now());
    application.words = None;
    alike::note(cx, enrolment, &application)?;
    keep(cx, &application)?;
    let act = application.act("identity.enrolment.taken").with("evidence", application.evidence.as_str());
    cx.record(act);
    Ok(())
}

/// Where an ABIS is connected, what was taken of the body goes to it; nothing taken and nothing excepted is not enough.
fn with_body(cx: &mut Cx<'_>, enrolment: &Enrolment, application: &mut Application) -> Result<(), Fault> {
    if enrolment.abis().is_none() {
        return Ok(());
    }
    if abis::waits(cx, application.id)? {
        application.biometrics = Biometrics::Waiting;
        return abis::leave(cx, application);
    }
    let excepted = |part: &Named| application.exceptions.iter().any(|one| one.part == part.id);
    if application.biometrics == Biometrics::None && !enrolment.rules().parts().all(excepted) {
        return Err(Fault::conflict("identity.enrolment.biometrics"));
    }
    Ok(())
}

/// Gives an application up: the applicant does not want it, or it was begun by mistake.
///
/// # Errors
/// `identity.enrolment.elsewhere`; the authority's refusal.
pub fn withdraw(cx: &mut Cx<'_>, id: ApplicationId) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.enrolment.take")?;
    must_be(&application, &[State::Draft, State::Taken, State::Returned])?;
    application.state = State::Withdrawn;
    (application.decided_by, application.decided_at) = (Some(cx.actor().id.clone()), Some(cx.now()));
    keep(cx, &application)?;
    introductions::free(cx.tx(), id)?;
    abis::forget(cx, id)?;
    let act = application.act("identity.enrolment.withdrawn");
    cx.record(act);
    Ok(())
}
