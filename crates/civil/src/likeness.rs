//! Finds what may be the same as an event: an entry that exists, a person who has a number already, a notice from the
//! clinic and one from the chief.
//!
//! **Invariant:** a likeness finds candidates and decides nothing; a person judges each side by side (`judge.rs`). The
//! same facts find the same candidates in the same order. Names are compared under every spelling the pack joins.

use jiff::{Span, ToSpan};
use registers::{Fields, Record, find_all_by};
use serde::{Deserialize, Serialize};
use spine::{Cx, Date, Fault, Folding};

use crate::engine::Civil;
use crate::event::Event;
use crate::kinds::{Effect, Kind};
use crate::population::REGISTER as POPULATION;
use crate::rows::{events, likenesses};

/// At most so many candidates of one event.
const CANDIDATES: usize = 20;
/// At most so many events are compared with one.
const EVENTS: i64 = 500;

/// What was decided about a candidate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nobody has looked yet.
    Open,
    /// It is the same.
    Same,
    /// It is another.
    Different,
}

impl Verdict {
    /// As tables and messages write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Same => "same",
            Self::Different => "different",
        }
    }

    /// What [`Verdict::name`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Same, Self::Different].into_iter().find(|verdict| verdict.name() == text)
    }
}

/// Something that may be the same as an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// The register it stands in; `civil-event` for another event.
    pub register: String,
    /// Its record's or event's identifier.
    pub candidate: String,
    /// Which rule found it: `same_mother`, `same_name_and_day`, `alike`.
    pub rule: String,
    /// How alike, in hundredths.
    pub score: i64,
    /// What was decided.
    pub verdict: Verdict,
}

/// What candidates are called that are events themselves.
pub(crate) const EVENT: &str = "civil-event";

/// What is compared: a name, a day, a mother.
pub(crate) struct Face {
    name: String,
    pub(crate) day: Date,
    mother: String,
    mother_id: String,
}

impl Face {
    pub(crate) fn of(fields: &Fields, date: &str, day: Date) -> Self {
        let text = |field: &str| fields.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        Self {
            name: format!("{} {}", text("given"), text("family")),
            day: text(date).parse().unwrap_or(day),
            mother: text("mother"),
            mother_id: text("mother_id"),
        }
    }
}

/// Looks for candidates and notes them; those that were judged keep their verdict.
pub(crate) fn note(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<(), Fault> {
    likenesses::forget_open(cx.tx(), event.id)?;
    if !matches!(kind.effect, Effect::Birth | Effect::Death) {
        return Ok(());
    }
    for likeness in find(cx, civil, kind, event)? {
        likenesses::insert(cx.tx(), event.id, &likeness)?;
    }
    Ok(())
}

fn find(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<Vec<Likeness>, Fault> {
    let own = Face::of(&event.fields, &kind.date, event.occurred_on);
    let registers = civil.registers().clone();
    let folding = registers.folding();
    let mut found: Vec<Likeness> = Vec::new();
    let mut add = |register: &str, candidate: String, weighed: Option<(&str, i64)>| {
        let Some((rule, score)) = weighed else { return };
        if !found.iter().any(|one| one.register == register && one.candidate == candidate) {
            let (register, rule) = (register.to_owned(), rule.to_owned());
            found.push(Likeness { register, candidate, rule, score, verdict: Verdict::Open });
        }
    };
    let spacing = civil.kinds().birth_spacing_days;
    let weigh = |face: &Face| weighed(folding, &own, face, kind.effect, spacing, civil.kinds().likeness);
    for other in pending(cx, kind, event, spacing)? {
        let face = Face::of(&other.fields, &kind.date, other.occurred_on);
        add(EVENT, other.id.to_string(), weigh(&face));
    }
    // Who is born now has no number; who is registered late may have one, and who died should.
    let mut places = vec![(kind.register.as_str(), kind.date.as_str(), own.day)];
    if event.party(kind, kind.effect.subject()).is_none() {
        let born = if kind.effect == Effect::Birth { own.day } else { event.text("born").parse().unwrap_or(own.day) };
        places.push((POPULATION, "born", born));
    }
    // A person and the entry of her birth are one find, not two.
    let mut entered: Vec<String> = Vec::new();
    let child = kind.party(kind.effect.subject()).map(|party| party.field.clone()).unwrap_or_default();
    for (register, date, day) in places {
        for record in around(cx, civil, register, date, day)? {
            if register != POPULATION {
                entered.push(record.text(&child).to_owned());
            } else if entered.iter().any(|person| person == record.text("person")) {
                continue;
            }
            add(register, record.id().to_string(), weigh(&Face::of(record.fields(), date, day)));
        }
    }
    if kind.effect == Effect::Birth && !own.mother_id.is_empty() {
        for record in find_all_by(cx, &registers, &kind.register, "mother_id", &own.mother_id)? {
            add(&kind.register, record.id().to_string(), weigh(&Face::of(record.fields(), &kind.date, own.day)));
        }
    }
    found.sort_by(|one, other| other.score.cmp(&one.score).then_with(|| one.candidate.cmp(&other.candidate)));
    found.truncate(CANDIDATES);
    Ok(found)
}

/// Open events of the same kind from about the same time.
fn pending(cx: &mut Cx<'_>, kind: &Kind, event: &Event, spacing: i64) -> Result<Vec<Event>, Fault> {
    let wide = if kind.effect == Effect::Birth { spacing } else { 31 };
    let span = Span::new().days(i32::try_from(wide).unwrap_or(270));
    let (from, to) = (event.occurred_on.saturating_sub(span), event.occurred_on.saturating_add(span));
    let others = events::open_between(cx.tx(), &kind.id, from, to, EVENTS)?;
    Ok(others.into_iter().filter(|other| other.id != event.id).collect())
}

/// Records whose day is this one, a neighbour, this one with day and month changed over, or a year beside it: what
/// people mistake.
pub(crate) fn around(
    cx: &mut Cx<'_>,
    civil: &Civil,
    register: &str,
    date: &str,
    day: Date,
) -> Result<Vec<Record>, Fault> {
    let registers = civil.registers().clone();
    let searched =
        registers.need(register)?.field(date).is_some_and(|field| field.search() == registers::Search::Exact);
    if !searched {
        return Ok(Vec::new());
    }
    let mut days = vec![
        day,
        day.saturating_sub(1.day()),
        day.saturating_add(1.day()),
        day.saturating_sub(1.year()),
        day.saturating_add(1.year()),
    ];
    days.extend(Date::new(day.year(), day.day(), day.month()).ok());
    days.sort_unstable();
    days.dedup();
    let mut records = Vec::new();
    for day in days {
        records.extend(find_all_by(cx, &registers, register, date, &day.to_string())?);
    }
    Ok(records)
}

/// Which rule makes two alike, and how much, in hundredths.
pub(crate) fn weighed<'r>(
    folding: &Folding,
    one: &Face,
    other: &Face,
    effect: Effect,
    spacing: i64,
    enough: i64,
) -> Option<(&'r str, i64)> {
    let apart = one.day.since(other.day).map_or(i64::MAX, |span| i64::from(span.get_days()).abs());
    let name = names_alike(folding, &one.name, &other.name);
    let same_mother = !one.mother_id.is_empty() && one.mother_id == other.mother_id;
    if effect == Effect::Birth && same_mother && apart < spacing {
        return Some(("same_mother", 50 + name / 2));
    }
    if name == 100 && apart <= 1 {
        return Some(("same_name_and_day", 99));
    }
    let mother = if one.mother.is_empty() || other.mother.is_empty() {
        enough
    } else {
        names_alike(folding, &one.mother, &other.mother)
    };
    (name >= enough && mother >= enough).then_some(("alike", name.min(mother)))
}

/// How alike two names are, in hundredths: each word of the shorter with the nearest of the longer, whatever their order.
pub(crate) fn names_alike(folding: &Folding, one: &str, other: &str) -> i64 {
    let (mut short, mut long) = (folding.words(one), folding.words(other));
    // Which is called first must not matter, so the order is settled by length and then by the words themselves.
    if (short.len(), &short) > (long.len(), &long) {
        std::mem::swap(&mut short, &mut long);
    }
    if short.is_empty() {
        return 0;
    }
    let mut whole = 0;
    let words = i64::try_from(short.len()).unwrap_or(1);
    for word in &short {
        let nearest = long.iter().enumerate().map(|(place, other)| (words_alike(word, other), place)).max();
        if let Some((alike, place)) = nearest {
            whole += alike;
            long.remove(place);
        }
    }
    whole / words
}

/// How alike two folded words are, in hundredths, by the letters one has to change, add, drop or swap.
fn words_alike(one: &str, other: &str) -> i64 {
    let longest = one.chars().count().max(other.chars().count()).max(1);
    let steps = strsim::osa_distance(one, other).min(longest);
    i64::try_from((longest - steps) * 100 / longest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folding() -> Folding {
        toml::from_str(include_str!("../../../packs/lesotho/names.toml")).unwrap()
    }

    #[test]
    fn spellings_meet_and_strangers_do_not() {
        let folding = folding();
        for (one, other) in [
            ("Tšepo Mokoena", "Tshepo Mokoena"),
            ("Lineo Letsie", "Letsie Dineo"),
            ("’Mathabo Ramaili", "Mmathabo Ramaili"),
        ] {
            assert_eq!(names_alike(&folding, one, other), 100, "{one} and {other}");
        }
        assert!(names_alike(&folding, "Palesa Mokoena", "Palesa Mokwena") >= 85);
        assert!(names_alike(&folding, "Palesa Mokoena", "Thabo Nkhasi") < 50);
        assert_eq!(names_alike(&folding, "", "Thabo"), 0);
    }

    proptest! {
        #[test]
        fn likeness_has_no_sides(one in "[a-zš’ ]{0,24}", other in "[a-zš’ ]{0,24}") {
            let folding = folding();
            let there = names_alike(&folding, &one, &other);
            prop_assert!((0..=100).contains(&there));
            prop_assert_eq!(there, names_alike(&folding, &other, &one));
            if !folding.words(&one).is_empty() {
                prop_assert_eq!(names_alike(&folding, &one, &one), 100);
            }
        }
    }
}
