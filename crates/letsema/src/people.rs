//! Invented people: the same seed, number and day give the same country.
//!
//! **Invariant:** nobody in here exists. Names are the pack's, districts follow the census, numbers check.

use jiff::ToSpan;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Map, Value as Json, json};
use spine::Date;

use crate::country::{Names, Settlements};
use crate::program::Known;

/// People per thousand in bands of five years, from 0 (the pack's `population/shape.toml`).
const AGES: [u32; 18] = [106, 104, 102, 101, 104, 100, 86, 70, 51, 39, 32, 29, 23, 18, 13, 9, 7, 6];

/// A person, and what registers hold of her. The person's identifier is set when she is enrolled.
pub(crate) struct Invented {
    pub(crate) person: Map<String, Json>,
    pub(crate) birth: Option<Map<String, Json>>,
    pub(crate) passport: Option<Map<String, Json>>,
    pub(crate) licence: Option<Map<String, Json>>,
}

/// What somebody in the cast is to be like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Years.
    pub(crate) age: Option<i16>,
    /// The last two digits of her telephone, which say how the simulated wallet behaves.
    pub(crate) phone_ends: Option<u64>,
    /// Days until her passport expires, negative if it has; none for no passport.
    pub(crate) passport_days: Option<i32>,
    /// The same for her driver's licence.
    pub(crate) licence_days: Option<i32>,
    /// Whether her birth is registered.
    pub(crate) birth: bool,
}

/// Invents people.
pub(crate) struct Inventor<'a> {
    known: &'a Known,
    random: ChaCha20Rng,
    seed: u64,
    today: Date,
}

impl<'a> Inventor<'a> {
    pub(crate) fn new(known: &'a Known, seed: u64, today: Date) -> Self {
        Self { known, random: ChaCha20Rng::seed_from_u64(seed), seed, today }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound.max(1)
    }

    fn pick<'b, T>(&mut self, from: &'b [T]) -> Option<&'b T> {
        let place = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(place)
    }

    /// The person at this place in the country, who is anybody.
    pub(crate) fn anybody(&mut self, place: u64) -> Invented {
        let age = self.age();
        let adult = age >= 18;
        let chance = |own: &mut Self, permille: u64| own.below(1_000) < permille;
        let wanted = Wanted {
            age: Some(age),
            phone_ends: None,
            passport_days: (adult && chance(self, 320)).then(|| self.days(-900, 2_800)),
            licence_days: (adult && chance(self, 180)).then(|| self.days(-400, 1_500)),
            birth: chance(self, if adult { 900 } else { 450 }),
        };
        self.somebody(place, wanted)
    }

    fn days(&mut self, from: i32, to: i32) -> i32 {
        let span = u64::try_from(to - from).unwrap_or(1);
        from + i32::try_from(self.below(span)).unwrap_or(0)
    }

    fn age(&mut self) -> i16 {
        let mut drawn = u32::try_from(self.below(1_000)).unwrap_or(0);
        for (band, share) in (0_i16..).zip(AGES) {
            if drawn < share {
                return band * 5 + i16::try_from(self.below(5)).unwrap_or(0);
            }
            drawn -= share;
        }
        86
    }

    /// The person at this place, as wanted.
    pub(crate) fn somebody(&mut self, place: u64, wanted: Wanted) -> Invented {
        let known = self.known;
        let female = self.below(1_000) < 511;
        let age = wanted.age.unwrap_or(34);
        let born = self.today.saturating_sub(i32::from(age).years()).saturating_sub(self.days(1, 360).days());
        let given = self.given(&known.names, female);
        let family = self.pick(&known.names.family).cloned().unwrap_or_default();
        let home = self.home(&known.settlements);
        let village = self.pick(&home.settlements).cloned().unwrap_or_default();
        let mut person = Map::new();
        let mut set = |field: &str, value: Json| drop(person.insert(field.to_owned(), value));
        set("national_id", json!(self.number(place)));
        set("given", json!(given));
        set("family", json!(family));
        set("born", json!(born.to_string()));
        set("sex", json!(if female { "female" } else { "male" }));
        set("district", json!(home.id));
        set("village", json!(village));
        set("nationality", json!("LSO"));
        if age >= 15 {
            set("phone", json!(self.phone(wanted.phone_ends)));
        }
        let mother = format!("{} {family}", self.given(&known.names, true));
        let father = format!("{} {family}", self.given(&known.names, false));
        let birth = wanted.birth.then(|| self.birth(place, &person, &village, &home.id, (&mother, &father)));
        let passport = wanted.passport_days.map(|days| self.passport(place, days, &home.name));
        let licence = wanted.licence_days.map(|days| self.licence(place, days, born));
        Invented { person, birth, passport, licence }
    }

    fn given(&mut self, names: &Names, female: bool) -> String {
        let list = if female { &names.female } else { &names.male };
        let first = self.pick(list).cloned().unwrap_or_default();
        match self.pick(list) {
            Some(second) if *second != first && self.below(3) == 0 => format!("{first} {second}"),
            _ => first,
        }
    }

    /// A district by its share of the census.
    fn home(&mut self, settlements: &'a [Settlements]) -> Settlements {
        let whole: u64 = settlements.iter().map(|district| district.population).sum();
        let mut drawn = self.below(whole);
        for district in settlements {
            if drawn < district.population {
                return district.clone();
            }
            drawn -= district.population;
        }
        settlements.last().cloned().unwrap_or_default()
    }

    /// A number of its own for each place: a walk through all serials by a step that shares no factor with their count.
    fn number(&self, place: u64) -> String {
        let serial = (u128::from(self.seed) * 7_919 + u128::from(place) * 48_271_000_003) % 90_000_000_000;
        civil::national_id::of_serial(u64::try_from(serial).unwrap_or(0))
    }

    fn phone(&mut self, ends: Option<u64>) -> String {
        let telephone = &self.known.telephone;
        let first = self.pick(&telephone.mobile).cloned().unwrap_or_default();
        let rest = telephone.digits.saturating_sub(first.len() + 2);
        let middle = self.below(10_u64.pow(u32::try_from(rest).unwrap_or(5)));
        // People who are anybody have ends at which the simulated wallet simply approves.
        let ends = ends.unwrap_or_else(|| 12 + self.below(88));
        format!("{}{first}{middle:0rest$}{ends:02}", telephone.prefix)
    }

    fn birth(
        &mut self,
        place: u64,
        person: &Map<String, Json>,
        village: &str,
        district: &str,
        (mother, father): (&str, &str),
    ) -> Map<String, Json> {
        let text = |field: &str| person.get(field).cloned().unwrap_or(Json::Null);
        let born: Date = text("born").as_str().and_then(|day| day.parse().ok()).unwrap_or(self.today);
        let registered = born.saturating_add(self.days(3, 200).days()).min(self.today);
        let entry = format!("B{}-{place:07}", born.year());
        [
            ("entry", json!(entry)),
            ("given", text("given")),
            ("family", text("family")),
            ("born", text("born")),
            ("sex", text("sex")),
            ("place", json!(village)),
            ("district", json!(district)),
            ("mother", json!(mother)),
            ("father", json!(father)),
            ("registered_on", json!(registered.to_string())),
        ]
        .map(|(field, value)| (field.to_owned(), value))
        .into_iter()
        .collect()
    }

    fn passport(&mut self, place: u64, days: i32, district: &spine::Localised) -> Map<String, Json> {
        let expires = self.today.saturating_add(days.days());
        let issued = expires.saturating_sub(10.years());
        let office = district.in_language(&spine::Language::new("en")).to_owned();
        [
            ("number", json!(format!("RC{:07}", place % 10_000_000))),
            ("kind", json!("ordinary")),
            ("issued", json!(issued.to_string())),
            ("expires", json!(expires.to_string())),
            ("place", json!(office)),
        ]
        .map(|(field, value)| (field.to_owned(), value))
        .into_iter()
        .collect()
    }

    fn licence(&mut self, place: u64, days: i32, born: Date) -> Map<String, Json> {
        let expires = self.today.saturating_add(days.days());
        let issued = expires.saturating_sub(5.years());
        let first = issued.saturating_sub(self.days(0, 3_000).days()).max(born.saturating_add(18.years()));
        let codes = match self.below(10) {
            0..=6 => "B",
            7 | 8 => "A, B",
            _ => "B, C1, EB",
        };
        [
            ("number", json!(format!("D{:08}", place % 100_000_000))),
            ("codes", json!(codes)),
            ("first_issued", json!(first.min(issued).to_string())),
            ("issued", json!(issued.to_string())),
            ("expires", json!(expires.to_string())),
        ]
        .map(|(field, value)| (field.to_owned(), value))
        .into_iter()
        .collect()
    }
}
