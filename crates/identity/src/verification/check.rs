//! One question about a person: does what the organisation was told fit what the register says?
//!
//! **Invariant:** the answer is yes, near or no for each thing compared, and a reason; it tells a fact only if the licence
//! says so and everything compared fits. That the question was asked is an act about the person; what was compared, and
//! with what, is in neither act nor log.

use std::collections::BTreeMap;

use civil::{Person, national_id};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use spine::{Act, Cx, Date, Fault, Resource};

use crate::enrolment::vid::{self, Vid};
use crate::rows::cards;
use crate::settings::Identity;
use crate::verification::licence::{COMPARABLE, Verifier};
use crate::verification::life::{self, Life};

/// At most so many bytes in a line of a file of questions.
pub(super) const LINE_BYTES: usize = 4_096;
/// At most so many letters in what is to be compared.
const LETTERS: usize = 200;

/// A question.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The national number, written in any way people write it.
    pub number: String,
    /// Why it is asked: one of the licence's purposes.
    #[serde(default)]
    pub purpose: String,
    /// What to compare: `given`, `family`, `born` (ISO 8601), `sex`, `district`, `phone` (E.164).
    #[serde(default)]
    pub compare: BTreeMap<String, String>,
    /// What to be told if all of it fits.
    #[serde(default)]
    pub tell: Vec<String>,
    /// The organisation's own name for the line; it comes back as it is.
    #[serde(default)]
    pub reference: String,
}

impl Question {
    /// Reads a line of a file of questions: JSON; its purpose is the file's where it names none.
    ///
    /// # Errors
    /// The code of what is wrong: `identity.verification.long` over 4,096 bytes, `identity.verification.wrong`.
    pub fn of_line(line: &[u8], purpose: &str) -> Result<Self, &'static str> {
        if line.len() > LINE_BYTES {
            return Err("identity.verification.long");
        }
        let mut question: Self = serde_json::from_slice(line).map_err(|_| "identity.verification.wrong")?;
        if question.purpose.is_empty() {
            purpose.clone_into(&mut question.purpose);
        }
        Ok(question)
    }
}

/// How one thing compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compared {
    /// The same.
    Yes,
    /// Not the same, and easily mistaken for it: a letter, a neighbouring day.
    Near,
    /// Another.
    No,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The organisation's own name for the line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// Whether all of it fits.
    pub verdict: Compared,
    /// Why not: `unknown`, `deceased`, `inactive`, or what does not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// How each thing compares.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub compared: BTreeMap<String, Compared>,
    /// What the licence lets it be told.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub told: Map<String, Json>,
    /// What this group of organisations calls the person, if all of it fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When she last proved to live, where the licence lets it ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
}

/// Answers a question of an organisation.
///
/// # Errors
/// `identity.verification.purpose`, `identity.verification.licence` for what the licence does not allow,
/// `identity.verification.wrong` for what cannot be compared; the authority's refusal.
pub fn verify(cx: &mut Cx<'_>, identity: &Identity, verifier: &Verifier, question: &Question) -> Result<Answer, Fault> {
    may(cx, verifier)?;
    allowed(verifier, question)?;
    let person = person_of(cx, identity, &question.number)?;
    let inactive = match &person {
        Some(person) => cards::inactive(cx.tx(), &person.id)?.is_some(),
        None => false,
    };
    answer(cx, identity, verifier, question, (person.as_ref(), inactive))
}

/// The person a number means: her own, or one in its stead, of which one use is spent.
pub(super) fn person_of(cx: &mut Cx<'_>, identity: &Identity, written: &str) -> Result<Option<Person>, Fault> {
    let population = identity.population()?;
    match vid::take(cx, &identity.inner.keys, written)? {
        Some(person) => population.person(cx, &person),
        None => population.by_national_id(cx, written),
    }
}

/// Asks whether this organisation may verify.
pub(super) fn may(cx: &mut Cx<'_>, verifier: &Verifier) -> Result<(), Fault> {
    cx.may("identity.verification.ask", &Resource::new("Verifier", &verifier.id).is("bulk", verifier.bulk))
}

/// Whether the licence allows the question.
pub(super) fn allowed(verifier: &Verifier, question: &Question) -> Result<(), Fault> {
    if !verifier.purposes.contains(&question.purpose) {
        return Err(Fault::invalid("identity.verification.purpose"));
    }
    let outside = question.compare.keys().any(|name| !verifier.compares.contains(name))
        || question.tell.iter().any(|name| !verifier.told.contains(name));
    if outside {
        return Err(Fault::forbidden("identity.verification.licence"));
    }
    let long = |text: &str| text.chars().count() > LETTERS;
    let wrong_day = question.compare.get("born").is_some_and(|day| day.parse::<Date>().is_err());
    if wrong_day
        || question.compare.values().any(|text| long(text))
        || long(&question.number)
        || long(&question.reference)
    {
        return Err(Fault::invalid("identity.verification.wrong"));
    }
    Ok(())
}

/// The answer about somebody who was found, and whether her ID is out of use, or about nobody; the look is told as an act.
pub(super) fn answer(
    cx: &mut Cx<'_>,
    identity: &Identity,
    verifier: &Verifier,
    question: &Question,
    (person, inactive): (Option<&Person>, bool),
) -> Result<Answer, Fault> {
    let mut answer = Answer {
        reference: question.reference.clone(),
        verdict: Compared::Yes,
        reasons: Vec::new(),
        compared: BTreeMap::new(),
        told: Map::new(),
        subject: None,
        life: None,
    };
    let mut act = Act::new("identity.verification.asked").on(&verifier.id);
    match person {
        None => {
            answer.verdict = Compared::No;
            let is_number = national_id::parse(&question.number).is_some() || Vid::parse(&question.number).is_some();
            answer.reasons.push(if is_number { "unknown" } else { "number" }.to_owned());
        }
        Some(person) => {
            weigh(identity, question, person, &mut answer)?;
            if inactive {
                answer.verdict = Compared::No;
                answer.reasons.insert(0, "inactive".to_owned());
            }
            if answer.verdict == Compared::Yes {
                tell(identity, verifier, question, person, &mut answer);
            }
            if verifier.life {
                answer.life = life::last_life(cx, &person.id)?;
            }
            act = act.about(&person.id);
        }
    }
    let compared: Vec<&str> = question.compare.keys().map(String::as_str).collect();
    let told: Vec<&str> = answer.told.keys().map(String::as_str).collect();
    cx.record(
        act.because(question.purpose.clone(), verifier.citation())
            .with("verdict", json!(answer.verdict))
            .with("compared", compared.join(" "))
            .with("told", told.join(" ")),
    );
    Ok(answer)
}

/// Compares what was asked with what the register says.
fn weigh(identity: &Identity, question: &Question, person: &Person, answer: &mut Answer) -> Result<(), Fault> {
    let population = identity.population()?;
    let near_from = i64::from(identity.inner.licences.near_from);
    let names = |one: &str, own: &str| match population.names_alike(one, own) {
        100 => Compared::Yes,
        alike if alike >= near_from => Compared::Near,
        _ => Compared::No,
    };
    let exactly = |one: &str, own: &str| if one == own { Compared::Yes } else { Compared::No };
    for name in COMPARABLE {
        let Some(said) = question.compare.get(name).map(|said| said.trim()) else { continue };
        let compared = match name {
            "given" => names(said, &person.given),
            "family" => names(said, &person.family),
            "born" => said.parse().map_or(Compared::No, |day| days(day, person.born)),
            "sex" => exactly(said, &person.sex),
            "district" => exactly(said, &person.district),
            _ => exactly(said, person.phone.as_deref().unwrap_or_default()),
        };
        if compared != Compared::Yes {
            answer.reasons.push(name.to_owned());
        }
        if compared == Compared::No || answer.verdict == Compared::Yes {
            answer.verdict = compared;
        }
        answer.compared.insert(name.to_owned(), compared);
    }
    if person.died.is_some() {
        answer.verdict = Compared::No;
        answer.reasons.insert(0, "deceased".to_owned());
    }
    Ok(())
}

/// A day is near if it is a neighbour, or the same with day and month changed over.
fn days(one: Date, own: Date) -> Compared {
    let apart = one.since(own).map_or(i32::MAX, |span| span.get_days().abs());
    let swapped = Date::new(one.year(), one.day(), one.month()).is_ok_and(|other| other == own);
    match apart {
        0 => Compared::Yes,
        1 => Compared::Near,
        _ if swapped => Compared::Near,
        _ => Compared::No,
    }
}

/// Tells what the licence allows and was asked for.
fn tell(identity: &Identity, verifier: &Verifier, question: &Question, person: &Person, answer: &mut Answer) {
    answer.subject = Some(identity.inner.keys.pairwise(&format!("verifiers:{}", verifier.group), &person.id));
    for name in &question.tell {
        let value = match name.as_str() {
            "given" => json!(person.given),
            "family" => json!(person.family),
            "born" => json!(person.born.to_string()),
            "sex" => json!(person.sex),
            "district" => json!(person.district),
            _ => json!(person.died.is_none()),
        };
        answer.told.insert(name.clone(), value);
    }
}
