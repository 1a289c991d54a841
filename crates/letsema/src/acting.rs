//! Who acts for whom in a demonstration: a parent for a child, a carer for a pensioner, an officer for a co-operative; and a
//! device that acts for nobody but its owner.
//!
//! **Invariant:** each is made as it is made in earnest: given by the person herself and accepted by the other, or registered
//! by one officer and agreed to by another. What an earlier start made is not made again.

use std::path::Path;

use civil::Tie;
use crypto::jose::KeySet;
use crypto::{Algorithm, SigningKey};
use identity::{MandateId, NewDevice, Offer, Proposal};
use jiff::ToSpan;
use journal::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Date, Fault, Personal};

use crate::demo::{Enrolled, officer_id};
use crate::program::Program;

/// The cast's places: the parent and the child, the pensioner and her carer, and who acts for the co-operative.
const PARENT: usize = 0;
const CARER: usize = 4;
const PENSIONER: usize = 5;
const OFFICER: usize = 2;
/// A co-operative that does not exist.
const COOPERATIVE: (&str, &str) = ("DEMO-2019-117", "Maluti Wool Co-operative (example)");

/// Makes them; answers what `demo.json` says of them.
///
/// # Errors
/// The engines' faults.
pub(crate) async fn arrange(program: &Program, cast: &[Enrolled], data: &Path) -> Result<Json, Fault> {
    let missing = || Fault::internal("demo.cast.missing", "the cast lacks who acts");
    let at = |place: usize| cast.get(place).ok_or_else(missing);
    let (parent, carer, pensioner, officer) = (at(PARENT)?, at(CARER)?, at(PENSIONER)?, at(OFFICER)?);
    let child = cast.iter().find(|one| !one.part.signs_in).ok_or_else(missing)?;
    let until = program.acts.now().date_in(program.country.words.zone()).saturating_add(1.year());
    parenthood(program, parent, child).await?;
    let care = care(program, carer, pensioner, until).await?;
    let business = business(program, officer, until).await?;
    let who =
        |one: &Enrolled| json!({ "id": one.id, "id_number": civil::national_id::shown(text(one, "national_id")) });
    Ok(json!({
        "guardian": { "by": who(parent), "for": child.id },
        "carer": { "by": who(carer), "for": pensioner.id, "mandate": care },
        "device": device(program, data, until).await?,
        "officer": { "by": who(officer), "for": COOPERATIVE.0, "mandate": business },
    }))
}

fn text<'a>(one: &'a Enrolled, field: &str) -> &'a str {
    one.person.get(field).and_then(Json::as_str).unwrap_or_default()
}

/// Runs an operation once for each demonstration: another start answers what the first did.
pub(crate) async fn once<T>(
    program: &Program,
    caller: &Caller,
    (what, whom): (&str, &str),
    work: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    program.acts.write(caller, &Key::new(what, whom, b""), work).await
}

fn person(one: &Enrolled) -> Caller {
    let actor = Actor::person(&one.id, Personal::default(), Assurance::Substantial);
    Caller { actor, ..Caller::system("demo") }
}

fn officer(login: &str) -> Caller {
    let actor = Actor {
        roles: vec!["identity-officer".to_owned()],
        institution: Some("ministry-home-affairs".to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, officer_id(login))
    };
    Caller { actor, ..Caller::system("demo") }
}

async fn parenthood(program: &Program, parent: &Enrolled, child: &Enrolled) -> Result<(), Fault> {
    let tie = if text(parent, "sex") == "female" { Tie::Mother } else { Tie::Father };
    let born: Option<Date> = text(child, "born").parse().ok();
    let born = born.ok_or_else(|| Fault::internal("demo.cast.missing", "a child without a day of birth"))?;
    let (families, whose, holder) = (program.country.families.clone(), child.id.clone(), parent.id.clone());
    let bring =
        move |cx: &mut Cx<'_>| civil::bring(cx, &families, &whose, &[(tie, holder.clone())], born, "demonstration");
    once(program, &Caller::system("demo"), ("demo.parent", &child.id), bring).await.map(drop)
}

/// The pensioner lets another help her.
async fn care(program: &Program, carer: &Enrolled, pensioner: &Enrolled, until: Date) -> Result<MandateId, Fault> {
    let wanted = Offer {
        kind: "carer".to_owned(),
        number: text(carer, "national_id").to_owned(),
        family: text(carer, "family").to_owned(),
        scopes: vec!["certificates".to_owned(), "records".to_owned()],
        valid_to: until,
    };
    let identity = program.identity.clone();
    let offer = move |cx: &mut Cx<'_>| identity::offer_mandate(cx, &identity, &wanted);
    let id = once(program, &person(pensioner), ("demo.mandate.offer", &pensioner.id), offer).await?;
    let identity = program.identity.clone();
    let accept = move |cx: &mut Cx<'_>| identity::answer_offer(cx, &identity, id, true);
    once(program, &person(carer), ("demo.mandate.accept", &carer.id), accept).await?;
    Ok(id)
}

/// Two officers register who acts for the co-operative.
async fn business(program: &Program, by: &Enrolled, until: Date) -> Result<MandateId, Fault> {
    let (first, second) = (officer("limpho.ntsane"), officer("teboho.mohale"));
    let register = |cx: &mut Cx<'_>| identity::register_organisation(cx, COOPERATIVE.0, COOPERATIVE.1);
    once(program, &first, ("demo.organisation", COOPERATIVE.0), register).await?;
    let proposal = Proposal {
        kind: "officer".to_owned(),
        represented: COOPERATIVE.0.to_owned(),
        representative: text(by, "national_id").to_owned(),
        scopes: ["records", "programs", "devices"].map(str::to_owned).to_vec(),
        valid_to: until,
        evidence: "resolution".to_owned(),
        reference: "example".to_owned(),
    };
    let identity = program.identity.clone();
    let propose = move |cx: &mut Cx<'_>| identity::propose_mandate(cx, &identity, &proposal);
    let id = once(program, &first, ("demo.mandate.propose", &by.id), propose).await?;
    let identity = program.identity.clone();
    let approve = move |cx: &mut Cx<'_>| identity::approve_mandate(cx, &identity, id, true);
    once(program, &second, ("demo.mandate.approve", &by.id), approve).await?;
    Ok(id)
}

/// An office's tablet that gives notice of births and deaths; its private key lies beside `demo.json`.
async fn device(program: &Program, data: &Path, until: Date) -> Result<Json, Fault> {
    let file = data.join("device.key");
    let failed = |error: crypto::KeyError| Fault::internal("demo.device.key", error);
    let key = SigningKey::in_file(&file, Algorithm::Es256).map_err(failed)?;
    let keys = KeySet::of([&key.public()]).to_jwks();
    let new = NewDevice {
        kind: "device".to_owned(),
        name: "Office tablet (example)".to_owned(),
        purpose: "Notices of births and deaths".to_owned(),
        place: "Semonkong".to_owned(),
        proves: "key".to_owned(),
        key: keys.pointer("/keys/0").map(Json::to_string).unwrap_or_default(),
        scopes: vec!["civil.notify".to_owned()],
        valid_to: until,
    };
    let identity = program.identity.clone();
    let register = move |cx: &mut Cx<'_>| identity::register_device(cx, &identity, None, &new);
    let id = once(program, &officer("limpho.ntsane"), ("demo.device", key.kid()), register).await?;
    Ok(json!({ "client_id": id, "kid": key.kid(), "key_file": file.display().to_string(), "scope": "civil.notify" }))
}
