//! Somebody who asks for the national ID, as civil registration knows her: the entry of her birth, people who may be the
//! same, and her coming into the population if she is not in it.
//!
//! **Invariant:** a birth entry fills in what it says and nothing else; likenesses decide nothing; nobody comes into the
//! population twice by one entry. Where next: `likeness.rs`, `effects/birth.rs`.

use registers::{Enrol, Fields, find, find_by};
use serde_json::json;
use spine::{Act, Cx, Fault, Resource};

use crate::effects;
use crate::engine::{Civil, Vital};
use crate::kinds::Effect;
use crate::likeness::{self, Face};
use crate::model::{Person, PersonId};
use crate::population::{REGISTER as POPULATION, person_of};
use crate::reference;

/// At most so many people are shown as alike.
const CANDIDATES: usize = 20;

/// The entry of a birth, as far as it says who somebody is.
#[derive(Clone)]
pub struct BirthEntry {
    /// The fields of the population's record that it fills in.
    pub fields: Fields,
    /// The person it made, if she is in the population.
    pub person: Option<String>,
}

/// Somebody in the population who may be the one told of.
#[derive(Clone, Debug)]
pub struct AlikePerson {
    /// The person.
    pub person: Person,
    /// Which rule found her: `same_name_and_day`, `alike`.
    pub rule: &'static str,
    /// How alike, in hundredths.
    pub score: i64,
}

impl Civil {
    /// The entry of a birth with this number, as somebody wrote it. A sealed one is found by nobody.
    ///
    /// # Errors
    /// The store's faults.
    pub fn birth_entry(&self, cx: &mut Cx<'_>, written: &str) -> Result<Option<BirthEntry>, Fault> {
        let Some(kind) = self.kinds().of(Effect::Birth) else { return Ok(None) };
        // Entries from before this program have numbers of another form.
        let number = reference::parse(written).unwrap_or_else(|| written.trim().to_ascii_uppercase());
        let Some(record) = find(cx, self.registers(), &kind.register, &number)? else { return Ok(None) };
        let told = |(own, told): (&String, &String)| Some((own.clone(), record.fields().get(told)?.clone()));
        let mut fields: Fields = kind.person.iter().filter_map(told).collect();
        for parent in ["mother", "father"] {
            let shown = kind.party(parent).and_then(|party| party.shows.as_ref());
            if let Some(name) = shown.and_then(|field| record.fields().get(field)) {
                fields.entry(parent.to_owned()).or_insert_with(|| name.clone());
            }
        }
        let child = kind.party(Effect::Birth.subject()).map(|party| record.text(&party.field).to_owned());
        Ok(Some(BirthEntry { fields, person: child.filter(|person| !person.is_empty()) }))
    }

    /// People in the population who may be the one these fields tell of, the most alike first.
    ///
    /// # Errors
    /// The store's faults.
    pub fn people_alike(&self, cx: &mut Cx<'_>, told: &Fields) -> Result<Vec<AlikePerson>, Fault> {
        let today = self.today(cx);
        let own = Face::of(told, "born", today);
        let mut found = Vec::new();
        for record in likeness::around(cx, self, POPULATION, "born", own.day)? {
            let other = Face::of(record.fields(), "born", own.day);
            let enough = self.kinds().likeness;
            let weighed = likeness::weighed(self.registers().folding(), &own, &other, Effect::Death, 0, enough);
            if let Some((rule, score)) = weighed {
                found.push(AlikePerson { person: person_of(&record)?, rule, score });
            }
        }
        found.sort_by(|one, other| other.score.cmp(&one.score).then_with(|| one.person.id.cmp(&other.person.id)));
        found.truncate(CANDIDATES);
        Ok(found)
    }

    /// How alike two people as they are told are: the rule and the hundredths, or none.
    #[must_use]
    pub fn told_alike(&self, cx: &Cx<'_>, one: &Fields, other: &Fields) -> Option<(&'static str, i64)> {
        let today = self.today(cx);
        let (one, other) = (Face::of(one, "born", today), Face::of(other, "born", today));
        let apart = one.day.since(other.day).map_or(i32::MAX, |span| span.get_days().abs());
        let weighed =
            likeness::weighed(self.registers().folding(), &one, &other, Effect::Death, 0, self.kinds().likeness);
        weighed.filter(|_| apart <= 366)
    }

    /// Brings a person into the population, with a number nobody has; answers her identifier.
    ///
    /// # Errors
    /// `registers.record.invalid` with the faults of the fields; the authority's refusal.
    pub fn enter_person(&self, cx: &mut Cx<'_>, mut fields: Fields, purpose: &str) -> Result<String, Fault> {
        let id: PersonId = cx.id();
        cx.may("civil.person.enter", &Resource::new("Person", id).is("own", false))?;
        fields.insert("person".to_owned(), json!(id));
        fields.insert("national_id".to_owned(), json!(effects::free_number(cx, self)?));
        registers::enrol(cx, self.registers(), &Enrol::new(POPULATION, fields).because(purpose.to_owned()))?;
        let person = id.to_string();
        self.follow(cx, &Vital::Born { person: person.clone() })?;
        let act = Act::new("civil.person.entered").about(&person).on(&person);
        cx.record(act.because(purpose.to_owned(), "civil registration"));
        Ok(person)
    }

    /// What the population's record of a person says.
    ///
    /// # Errors
    /// The store's faults.
    pub fn person_fields(&self, cx: &mut Cx<'_>, person: &str) -> Result<Option<Fields>, Fault> {
        let record = find_by(cx, self.registers(), POPULATION, "person", person)?;
        Ok(record.map(|record| record.fields().clone()))
    }
}
