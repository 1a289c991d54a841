//! Who may be the same: people in the population and other applications by name and day, and what an ABIS found; and a
//! person's verdict, side by side.
//!
//! **Invariant:** a likeness decides nothing; nothing is approved while one is open; whoever took the application does not
//! judge it. "The same" never makes a second person: the application is about the one who exists, or is refused as a double.

use civil::Verdict;
use serde::{Deserialize, Serialize};
use spine::{Cx, Fault};

use crate::enrolment::application::{Application, ApplicationId, State, Told, keep, must_be, open};
use crate::enrolment::take::{has_one, usable};
use crate::enrolment::{Enrolment, abis};
use crate::rows::{enrolment as rows, introductions};

/// At most so many applications of one state are compared with one.
const COMPARED: i64 = 1_000;
/// What is written as the reason when an application is refused as a double.
pub(crate) const DOUBLE: &str = "double";

/// Where a candidate stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// In the population: the candidate is a person.
    Person,
    /// Another application that is open.
    Application,
    /// The ABIS named it: a person or an application.
    Abis,
}

impl Source {
    /// As tables and addresses write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Application => "application",
            Self::Abis => "abis",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Person, Self::Application, Self::Abis].into_iter().find(|source| source.name() == name)
    }
}

/// Somebody who may be the applicant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alike {
    /// Where she stands.
    pub source: Source,
    /// Her identifier there.
    pub candidate: String,
    /// Which rule found her: `same_name_and_day`, `alike`, `biometric`.
    pub rule: String,
    /// How alike, in hundredths.
    pub score: i64,
    /// What was decided.
    pub verdict: Verdict,
}

/// Looks for candidates and notes them; those that were judged keep their verdict.
pub(crate) fn note(cx: &mut Cx<'_>, enrolment: &Enrolment, application: &Application) -> Result<(), Fault> {
    rows::forget_open(cx.tx(), application.id)?;
    let found = |source, candidate: String, rule: &str, score| Alike {
        source,
        candidate,
        rule: rule.to_owned(),
        score,
        verdict: Verdict::Open,
    };
    let mut alikes = Vec::new();
    // Whom the entry of her birth names is she, and needs no likeness.
    if application.person.is_none() {
        for one in enrolment.civil().people_alike(cx, &application.fields)? {
            alikes.push(found(Source::Person, one.person.id, one.rule, one.score));
        }
    }
    for state in [State::Taken, State::Returned] {
        for other in rows::in_state(cx.tx(), state, COMPARED)? {
            let same_person = other.person.is_some() && other.person == application.person;
            let weighed = enrolment.civil().told_alike(cx, &application.fields, &other.fields);
            let weighed = if same_person { Some(("same_person", 100)) } else { weighed };
            if other.id != application.id
                && let Some((rule, score)) = weighed
            {
                alikes.push(found(Source::Application, other.id.to_string(), rule, score));
            }
        }
    }
    for alike in &alikes {
        rows::insert_alike(cx.tx(), application.id, alike)?;
    }
    Ok(())
}

/// A candidate as she is shown beside the applicant.
#[derive(Clone, Serialize, Deserialize)]
pub struct Beside {
    /// The likeness.
    pub alike: Alike,
    /// What is known of her: fields of the population's record.
    pub told: Told,
    /// Whether she has an account already.
    pub has_account: bool,
    /// Whether there is nobody by that identifier any more.
    pub gone: bool,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Beside({:?})", self.alike)
    }
}

/// The applicant and one candidate, side by side. A look is an act about both.
///
/// # Errors
/// `identity.enrolment.missing`, `identity.alike.missing`, the authority's refusal.
pub fn beside(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    id: ApplicationId,
    (source, candidate): (Source, &str),
) -> Result<(Application, Beside), Fault> {
    let application = open(cx, id, "identity.enrolment.look")?;
    let found = rows::alikes(cx.tx(), id)?.into_iter().find(|one| one.source == source && one.candidate == candidate);
    let alike = found.ok_or_else(|| Fault::not_found("identity.alike.missing"))?;
    let (told, person) = told_of(cx, enrolment, candidate)?;
    let has_account = match &person {
        Some(person) => has_one(cx, person)?,
        None => false,
    };
    let mut act = application.act("identity.alike.looked");
    act.subject = person.or(act.subject);
    cx.record(act);
    let gone = told.is_empty();
    Ok((application, Beside { alike, told, has_account, gone }))
}

/// What is known of a candidate, whichever she is, and the person if she is one.
fn told_of(cx: &mut Cx<'_>, enrolment: &Enrolment, candidate: &str) -> Result<(Told, Option<String>), Fault> {
    if let Ok(id) = candidate.parse::<ApplicationId>() {
        let other = rows::application(cx.tx(), id)?;
        return Ok(other.map(|other| (other.fields, other.person)).unwrap_or_default());
    }
    let fields = enrolment.civil().person_fields(cx, candidate)?.unwrap_or_default();
    let person = (!fields.is_empty()).then(|| candidate.to_owned());
    Ok((fields, person))
}

/// Judges a candidate: the same, or another.
///
/// # Errors
/// `identity.alike.missing` if there is none or it was judged; what [`usable`] refuses; `identity.enrolment.elsewhere`; the
/// authority's refusal.
pub fn judge(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    id: ApplicationId,
    (source, candidate): (Source, &str),
    is_same: bool,
) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.alike.judge")?;
    must_be(&application, &[State::Taken])?;
    let verdict = if is_same { Verdict::Same } else { Verdict::Different };
    let (by, now) = (cx.actor().id.clone(), cx.now());
    if !rows::judge(cx.tx(), id, (source, candidate), verdict, &by, now)? {
        return Err(Fault::conflict("identity.alike.missing"));
    }
    if is_same {
        // Another application stands for itself; and whoever has an account, or is another than the birth entry says.
        let is_application = candidate.parse::<ApplicationId>().is_ok();
        let is_another = application.person.as_ref().is_some_and(|own| own != candidate);
        if is_application || is_another || has_one(cx, candidate)? {
            double(cx, &mut application)?;
        } else {
            usable(cx, enrolment, candidate, id)?;
            application.person = Some(candidate.to_owned());
        }
        keep(cx, &application)?;
    }
    let act = application.act("identity.alike.judged").with("verdict", verdict.name()).with("source", source.name());
    cx.record(act);
    Ok(())
}

fn double(cx: &mut Cx<'_>, application: &mut Application) -> Result<(), Fault> {
    application.state = State::Refused;
    application.words = Some(DOUBLE.to_owned());
    (application.decided_by, application.decided_at) = (Some(cx.actor().id.clone()), Some(cx.now()));
    introductions::free(cx.tx(), application.id)?;
    abis::forget(cx, application.id)
}
