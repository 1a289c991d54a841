//! Chiefs who introduce people: signed in the program before the person goes to be enrolled, or a letter's number and day,
//! which the chief confirms afterwards.
//!
//! **Invariant:** an introduction is the chief's own word: nobody else signs, confirms or denies it; it serves one
//! application; what was denied is denied for good. Where next: `take.rs`, `decide.rs`.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Id, IdKind, Resource, Text, Timestamp};

use crate::enrolment::Enrolment;
use crate::enrolment::application::{ApplicationId, Told};
use crate::rows::introductions as rows;

/// At most so many introductions in a chief's list.
const LISTED: i64 = 200;
/// What a chief tells of whom she introduces.
pub(crate) const TELLS: [&str; 4] = ["given", "family", "born", "village"];

/// The kind of an introduction's identifier.
#[derive(Debug)]
pub struct IntroductionKind;
impl IdKind for IntroductionKind {
    const PREFIX: &'static str = "int";
}
/// An introduction's identifier.
pub type IntroductionId = Id<IntroductionKind>;

/// Where an introduction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntroductionState {
    /// A letter was shown; the chief has not confirmed it.
    Waiting,
    /// The chief has signed.
    Signed,
    /// The chief has not written it.
    Denied,
}

impl IntroductionState {
    /// As tables write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signed => "signed",
            Self::Denied => "denied",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Signed, Self::Denied].into_iter().find(|state| state.name() == name)
    }
}

/// A chief's word for somebody.
#[derive(Clone, Serialize, Deserialize)]
pub struct Introduction {
    /// Its identifier.
    pub id: IntroductionId,
    /// What the chief gives the person to take along.
    pub reference: String,
    /// The chief: an officer.
    pub chief: String,
    /// Where it stands.
    pub state: IntroductionState,
    /// Whom it is about: given, family, born, village.
    pub fields: Told,
    /// The number of the letter, if it was written on paper.
    pub letter: Option<String>,
    /// The letter's day.
    pub letter_on: Option<Date>,
    /// The application it serves.
    pub application: Option<String>,
    /// When it was noted.
    pub made_at: Timestamp,
    /// When the chief signed, confirmed or denied.
    pub decided_at: Option<Timestamp>,
}

impl std::fmt::Debug for Introduction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Introduction({} {})", self.id, self.state.name())
    }
}

fn resource(cx: &Cx<'_>, introduction: &Introduction) -> Resource {
    Resource::new("Introduction", introduction.id).is("own", introduction.chief == cx.actor().id)
}

fn act(what: &'static str, introduction: &Introduction) -> Act {
    Act::new(what).on(introduction.id).because("national-id", "national-id")
}

/// Introduces a person: the actor's own word. Answers the number the person takes along.
///
/// # Errors
/// `civil.event.wrong` with the faults of the fields; the authority's refusal.
pub fn introduce(cx: &mut Cx<'_>, enrolment: &Enrolment, fields: &Told) -> Result<String, Fault> {
    cx.may("identity.introduction.sign", &Resource::new("Introduction", "new").is("own", true))?;
    let names: Vec<String> = TELLS.iter().map(|name| (*name).to_owned()).collect();
    let fields: Told = fields
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    enrolment.civil().check_person(&fields, &names)?;
    let now = cx.now();
    let introduction = Introduction {
        id: cx.id(),
        reference: fresh(cx, enrolment)?,
        chief: cx.actor().id.clone(),
        state: IntroductionState::Signed,
        fields,
        letter: None,
        letter_on: None,
        application: None,
        made_at: now,
        decided_at: Some(now),
    };
    rows::insert(cx.tx(), &introduction)?;
    cx.record(act("identity.introduction.signed", &introduction));
    Ok(introduction.reference)
}

fn fresh(cx: &mut Cx<'_>, enrolment: &Enrolment) -> Result<String, Fault> {
    let prefix = &enrolment.rules().taking.introduction_prefix;
    civil::reference::fresh(cx, prefix, |cx, number| Ok(rows::by_reference(cx.tx(), number)?.is_some()))
}

/// Notes a letter of a chief for an application; the chief is to confirm it.
pub(crate) fn note_letter(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    application: ApplicationId,
    chief: &str,
    (letter, letter_on): (&str, Date),
) -> Result<Introduction, Fault> {
    let now = cx.now();
    let introduction = Introduction {
        id: cx.id(),
        reference: fresh(cx, enrolment)?,
        chief: chief.to_owned(),
        state: IntroductionState::Waiting,
        fields: Told::new(),
        letter: Some(letter.to_owned()),
        letter_on: Some(letter_on),
        application: Some(application.to_string()),
        made_at: now,
        decided_at: None,
    };
    rows::insert(cx.tx(), &introduction)?;
    cx.record(act("identity.introduction.noted", &introduction));
    Ok(introduction)
}

/// Takes the introduction with this number for an application.
pub(crate) fn take(cx: &mut Cx<'_>, written: &str, application: ApplicationId) -> Result<Introduction, Fault> {
    let unknown = || {
        Fault::invalid("identity.introduction.unknown")
            .field("paper", Text::new("identity.enrolment.introduction_unknown"))
    };
    let number = civil::reference::parse(written).ok_or_else(unknown)?;
    let found = rows::by_reference(cx.tx(), &number)?.filter(|found| found.letter.is_none()).ok_or_else(unknown)?;
    // One that another application has is as good as none.
    if !rows::take(cx.tx(), found.id, application)? {
        return Err(unknown());
    }
    Ok(found)
}

/// An introduction and, for a letter, what the application that showed it tells of her.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Introduced {
    /// The introduction.
    pub introduction: Introduction,
    /// Whom it is about.
    pub told: Told,
}

/// The actor's own introductions, newest first; what is told of people is shown to whom they named as their chief.
///
/// # Errors
/// The authority's refusal.
pub fn own_introductions(cx: &mut Cx<'_>) -> Result<Vec<Introduced>, Fault> {
    let chief = cx.actor().id.clone();
    cx.may("identity.introduction.list", &Resource::new("Introduction", "own").is("own", true))?;
    let mut own = Vec::new();
    for introduction in rows::of_chief(cx.tx(), &chief, LISTED)? {
        let shown = match introduction.application.as_deref().and_then(|id| id.parse().ok()) {
            Some(id) if introduction.letter.is_some() => {
                crate::rows::enrolment::application(cx.tx(), id)?.map(|application| application.fields)
            }
            _ => None,
        };
        let mut told = shown.unwrap_or_else(|| introduction.fields.clone());
        told.retain(|name, _| TELLS.contains(&name.as_str()));
        own.push(Introduced { introduction, told });
    }
    Ok(own)
}

/// The chief confirms or denies a letter that was shown in her name.
///
/// # Errors
/// `identity.introduction.missing`, `identity.introduction.decided`, the authority's refusal.
pub fn answer_introduction(cx: &mut Cx<'_>, id: IntroductionId, yes: bool) -> Result<(), Fault> {
    let missing = || Fault::not_found("identity.introduction.missing");
    let found = rows::one(cx.tx(), id)?.ok_or_else(missing)?;
    let asked = resource(cx, &found);
    cx.may("identity.introduction.answer", &asked)?;
    let state = if yes { IntroductionState::Signed } else { IntroductionState::Denied };
    let now = cx.now();
    if !rows::decide(cx.tx(), id, state, now)? {
        return Err(Fault::conflict("identity.introduction.decided"));
    }
    cx.record(act("identity.introduction.answered", &found).with("state", state.name()));
    Ok(())
}
