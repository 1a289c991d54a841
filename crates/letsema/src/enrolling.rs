//! The national ID in a demonstration: cards of an earlier system, some of them over, fewer blanks than people who wait, an
//! application that may be a double, a chief's word.
//!
//! **Invariant:** each is made as it is made in earnest, by the officer whose work it is. What an earlier start made is not
//! made again. Nothing of it is real.

use std::path::Path;

use crypto::jose::jwk;
use crypto::{Algorithm, SigningKey};
use identity::{Beginning, EarlierCard, Exception, NewDevice, ToldOfPerson};
use jiff::ToSpan;
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Date, Fault};

use crate::acting::once;
use crate::cast::{APPLICANT, OFFICERS};
use crate::demo::{Enrolled, officer_id};
use crate::program::Program;

/// Blanks that lie there: fewer than people who wait, as in the country's own news.
const BLANKS: i64 = 2;
/// Of the cast, those whose cards are over and who have asked for new ones.
const OVER: std::ops::Range<usize> = 5..9;
/// Whom the double pretends to be.
const ALIKE: usize = 3;

/// Makes them; answers what `demo.json` says of them.
///
/// # Errors
/// The engines' faults.
pub(crate) async fn arrange(program: &Program, cast: &[Enrolled], data: &Path) -> Result<Json, Fault> {
    let missing = || Fault::internal("demo.cast.missing", "the cast lacks who is to be enrolled");
    let today = program.acts.now().date_in(program.country.words.zone());
    let applicant = cast.iter().find(|one| one.part.role == APPLICANT).ok_or_else(missing)?;
    let numbers = earlier_cards(program, cast, today).await?;
    let officer = officer("card-officer");
    let engine = program.enrolment.clone();
    let stock = move |cx: &mut Cx<'_>| identity::stock_blanks(cx, &engine, BLANKS, None);
    once(program, &officer, ("demo.card.stock", "first"), stock).await?;
    for one in cast.get(OVER).unwrap_or_default() {
        let whom = one.id.clone();
        let ask = move |cx: &mut Cx<'_>| identity::ask_for_card(cx, &whom, "expired");
        once(program, &self::officer("enrolment-officer"), ("demo.card.ask", &one.id), ask).await?;
    }
    let alike = cast.get(ALIKE).ok_or_else(missing)?;
    let double = double(program, alike).await?;
    let word = chiefs_word(program).await?;
    let field = field(program, &data.join("field"), today).await?;
    Ok(json!({
        "birth_entry": applicant.entry,
        "applicant": { "id": applicant.id, "name": format!("{} {}", text(applicant, "given"), text(applicant, "family")) },
        "double": double,
        "chiefs_word": civil::reference::shown(&word),
        "card_numbers": numbers,
        "field": field,
    }))
}

fn text<'a>(one: &'a Enrolled, field: &str) -> &'a str {
    one.person.get(field).and_then(Json::as_str).unwrap_or_default()
}

/// The officer of the cast with this role.
fn officer(role: &str) -> Caller {
    let part = OFFICERS.iter().find(|part| part.roles.contains(&role));
    let actor = Actor {
        roles: part.map(|part| part.roles).unwrap_or_default().iter().map(|role| (*role).to_owned()).collect(),
        institution: part.map(|part| part.institution.to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, officer_id(part.map(|part| part.login).unwrap_or_default()))
    };
    Caller { actor, ..Caller::system("demo") }
}

/// A card for everybody who can sign in.
async fn earlier_cards(program: &Program, cast: &[Enrolled], today: Date) -> Result<Vec<Json>, Fault> {
    let (mut cards, mut said) = (Vec::new(), Vec::new());
    for (place, one) in cast.iter().enumerate().filter(|(_, one)| one.part.signs_in) {
        let serial = format!("{:08}", 41_000_007 + place * 1_009);
        let number = format!("K{serial}{}", spine::check_digit(&serial).unwrap_or_default());
        let expires_on =
            if OVER.contains(&place) { today.saturating_sub(40.days()) } else { today.saturating_add(4.years()) };
        said.push(json!({ "person": one.id, "number": civil::reference::shown(&number), "expires_on": expires_on.to_string() }));
        cards.push(EarlierCard { person: one.id.clone(), number, expires_on });
    }
    let engine = program.enrolment.clone();
    let import = move |cx: &mut Cx<'_>| identity::import_cards(cx, &engine, &cards);
    once(program, &Caller::system("demo"), ("demo.cards", "earlier"), import).await?;
    Ok(said)
}

/// Somebody who would have a second number under another spelling; a supervisor is to notice.
async fn double(program: &Program, alike: &Enrolled) -> Result<Json, Fault> {
    let operator = officer("enrolment-officer");
    let engine = program.enrolment.clone();
    let said = Beginning { evidence: "passport".to_owned(), paper: "RC0000000".to_owned(), ..Beginning::default() };
    let begin = move |cx: &mut Cx<'_>| identity::begin(cx, &engine, &said);
    let id = once(program, &operator, ("demo.enrolment.begin", "double"), begin).await?;
    let engine = program.enrolment.clone();
    let mut told = ToldOfPerson::new();
    for field in ["given", "family", "born", "sex"] {
        told.insert(field.to_owned(), json!(text(alike, field)));
    }
    told.insert("village".to_owned(), json!("Ha Mokoto"));
    // As of somebody whose hands, eyes and face could not be taken: the ABIS is asked nothing of invented people.
    let rules = program.enrolment.rules();
    let reason = rules.reasons().last().map(|reason| reason.id.clone()).unwrap_or_default();
    let excepted =
        |part: &str| Exception { part: part.to_owned(), reason: reason.clone(), seen_by: "Mpho Sekhonyana".to_owned() };
    let parts: Vec<Exception> = rules.parts().map(|part| excepted(&part.id)).collect();
    let take = move |cx: &mut Cx<'_>| {
        identity::describe(cx, &engine, id, &told)?;
        identity::except(cx, &engine, id, &parts)?;
        identity::submit(cx, &engine, id)
    };
    once(program, &operator, ("demo.enrolment.take", "double"), take).await?;
    Ok(json!({ "application": id, "of": alike.id }))
}

/// A chief's word for somebody without papers.
async fn chiefs_word(program: &Program) -> Result<String, Fault> {
    let engine = program.enrolment.clone();
    let told = json!({ "given": "’Mathabiso", "family": "Ramakatsa", "born": "1948-08-17", "village": "Ha Mokoto" });
    let told: ToldOfPerson = told.as_object().cloned().unwrap_or_default();
    let introduce = move |cx: &mut Cx<'_>| identity::introduce(cx, &engine, &told);
    once(program, &officer("chief"), ("demo.introduction", "first"), introduce).await
}

/// A tablet that is taken to villages, its operator's key, and a form to make a packet of; in files of their own.
async fn field(program: &Program, folder: &Path, today: Date) -> Result<Json, Fault> {
    let trouble = |error: &dyn std::fmt::Display| Fault::internal("demo.field.failed", error.to_string());
    std::fs::create_dir_all(folder).map_err(|error| trouble(&error))?;
    let key = |name: &str| SigningKey::in_file(&folder.join(name), Algorithm::Es256).map_err(|error| trouble(&error));
    let (device_key, operator_key) = (key("device.key")?, key("operator.key")?);
    let new = NewDevice {
        kind: "device".to_owned(),
        name: "Tablet 7 (example)".to_owned(),
        purpose: "Enrolment in villages".to_owned(),
        place: "Thaba-Tseka".to_owned(),
        proves: "key".to_owned(),
        key: jwk(&device_key.public()).to_string(),
        scopes: vec!["enrolment.packets".to_owned()],
        valid_to: today.saturating_add(1.year()),
    };
    let engine = program.identity.clone();
    let register = move |cx: &mut Cx<'_>| identity::register_device(cx, &engine, None, &new);
    let device = once(program, &officer("identity-officer"), ("demo.device", "tablet"), register).await?;
    let (operator, public) = (officer("enrolment-officer"), jwk(&operator_key.public()).to_string());
    let add = move |cx: &mut Cx<'_>| identity::add_operator_key(cx, &public);
    once(program, &operator, ("demo.operator.key", "first"), add).await?;
    let form = json!({
        "evidence": "passport", "paper": "RC0000001",
        "fields": { "given": "Khotso", "family": "Ramakatsa", "born": "1977-04-09", "sex": "male", "village": "Ha Mokoto" },
    });
    let put = |name: &str, value: &Json| {
        std::fs::write(folder.join(name), value.to_string() + "\n").map_err(|error| trouble(&error))
    };
    put("form.json", &form)?;
    put("centre.json", &program.enrolment.packet_keys())?;
    std::fs::write(folder.join("templates"), "finger: ha-mokoto-1\n").map_err(|error| trouble(&error))?;
    Ok(json!({ "folder": folder, "device": device, "operator": operator.actor.id }))
}
