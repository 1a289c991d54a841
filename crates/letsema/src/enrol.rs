//! The first officers and people of an installation, from the command line: `letsema officer add`, `letsema person add`.
//!
//! **Invariant:** secrets are made here, shown once on the terminal, and kept only hashed or sealed. What is written is
//! an act like any other, done by the program itself.

use std::path::Path;

use identity::{NewOfficer, NewPerson, enrol_officer, enrol_person};
use journal::Key;
use spine::{Caller, Cx, Fault, Language, Personal, Secret};

use crate::command;
use crate::config::Config;
use crate::program::Program;
use crate::serve;

/// An officer to be.
pub(crate) struct Officer {
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) institution: String,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) language: Option<String>,
}

async fn open(config: &Path) -> Result<Program, String> {
    Program::open(serve::setup(Config::read(config)?)?).await
}

fn told(program: &Program, fault: &Fault) -> String {
    let english = Language::new("en");
    let said = program.country.words.say(&english, fault.text());
    match fault.cause() {
        Some(cause) => format!("{} ({cause})", fault.code()),
        None => format!("{said} ({})", fault.code()),
    }
}

/// The language asked for, or the country's first.
fn language(program: &Program, asked: Option<&str>) -> Result<Language, String> {
    let known: Vec<String> = program.country.words.locales().map(|locale| locale.language.tag().to_owned()).collect();
    let tag = asked.or(known.first().map(String::as_str)).unwrap_or_default();
    if known.iter().any(|language| language == tag) {
        return Ok(Language::new(tag));
    }
    Err(format!("there is no language {tag:?} in the pack; these are: {}", known.join(", ")))
}

/// Makes an officer's account, and says once how to sign in.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn officer(config: &Path, officer: Officer) -> Result<(), String> {
    let program = open(config).await?;
    let known = &program.country;
    if let Some(role) = officer.roles.iter().find(|role| !known.roles.contains(*role)) {
        let roles: Vec<&str> = known.roles.iter().map(String::as_str).collect();
        return Err(format!("the pack has no role {role:?}; it has: {}", roles.join(", ")));
    }
    if !known.institutions.contains_key(&officer.institution) {
        return Err(format!(
            "the pack has no institution {:?}; they stand in its folder institutions/",
            officer.institution
        ));
    }
    let language = language(&program, officer.language.as_deref())?;
    let fault = |fault: Fault| told(&program, &fault);
    let password = crypto::base32(&crypto::random::<15>()).to_lowercase();
    let totp = crypto::random::<20>().to_vec();
    let authenticator = crypto::totp_uri(&Secret::new(totp.clone()), "Letsema", &officer.login);
    let shown = crypto::base32(&totp);
    let password_hash = program.identity.hash_secret(&Secret::new(password.clone())).await.map_err(fault)?;
    let id = format!("off_{}", crypto::hex(&crypto::random::<16>()));
    let new = NewOfficer {
        totp_sealed: program.identity.seal_totp(&id, &Secret::new(totp)).map_err(fault)?,
        id,
        login: Personal::new(officer.login.clone()),
        name: Personal::new(officer.name),
        phone: officer.phone.map(Personal::new),
        email: officer.email.map(Personal::new),
        language,
        password_hash,
        roles: officer.roles,
        institution: officer.institution,
    };
    let enrol = move |cx: &mut Cx<'_>| enrol_officer(cx, &new);
    program.acts.write(&Caller::system("command-line"), &Key::none(), enrol).await.map_err(fault)?;
    command::say(&format!(
        "user name      {}\npassword       {password}\nauthenticator  {shown}\n               {authenticator}\n\n\
         Hand these over in person. They are not kept and cannot be shown again.",
        officer.login
    ));
    Ok(())
}

/// Makes the account of a person who stands in the population, and says her PIN once.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn person(config: &Path, number: &str, asked: Option<&str>) -> Result<(), String> {
    let program = open(config).await?;
    let fault = |fault: Fault| told(&program, &fault);
    let language = language(&program, asked)?;
    let (population, written) = (program.country.population.clone(), number.to_owned());
    let look = move |cx: &mut Cx<'_>| population.by_national_id(cx, &written);
    let found = program.acts.write(&Caller::system("command-line"), &Key::none(), look).await.map_err(fault)?;
    let found = found.ok_or_else(|| format!("nobody in the population has the number {number:?}"))?;
    let pin = format!("{:06}", u64::from_be_bytes(crypto::random()) % 1_000_000);
    let pin_hash = program.identity.hash_secret(&Secret::new(pin.clone())).await.map_err(fault)?;
    let (name, shown) = (found.name(), civil::national_id::shown(&found.national_id));
    let new = NewPerson {
        id: found.id.clone(),
        login: Personal::new(found.national_id.clone()),
        name: Personal::new(found.name()),
        phone: found.phone.clone().map(Personal::new),
        email: found.email.clone().map(Personal::new),
        language,
        pin_hash,
    };
    let enrol = move |cx: &mut Cx<'_>| enrol_person(cx, &new);
    program.acts.write(&Caller::system("command-line"), &Key::none(), enrol).await.map_err(fault)?;
    command::say(&format!(
        "{name}\nID number  {shown}\nPIN        {pin}\n\nGive the PIN to her alone. It is not kept and cannot be shown again."
    ));
    Ok(())
}
