//! A small country to try the edge in: the pack's words for this crate, a clock set by hand, numbers that count.
//!
//! **Invariant:** used by the tests and by the gallery; nothing of it is in the program.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use edge::{Site, SiteSettings};
use jiff::tz::TimeZone;
use spine::{Clock, Entropy, Language, Locale, Localised, Secret, Timestamp, Words};

/// A clock that stands still until told otherwise.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Seeds that are all different and nothing more.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn seed(&self) -> [u8; 32] {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let mut seed = [0; 32];
        for (place, byte) in (0_u64..).zip(seed.iter_mut()) {
            let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_mul(place + 1);
            *byte = mixed.to_be_bytes().first().copied().unwrap_or(0);
        }
        seed
    }
}

pub(crate) fn clock() -> Arc<HandClock> {
    Arc::new(HandClock(AtomicI64::new(1_780_000_000_000_000)))
}

/// The settings of the small country; change what the test is about.
pub(crate) fn settings(clock: Arc<HandClock>, base_url: &str) -> SiteSettings {
    let mut settings =
        SiteSettings::new(Arc::new(words()), base_url, Secret::new([9; 32]), clock, Arc::new(Counting::default()));
    settings.country = Localised::from([("en", "Kingdom of Lesotho"), ("st", "’Muso oa Lesotho")]);
    settings
}

pub(crate) fn site(clock: Arc<HandClock>) -> Site {
    Site::new(settings(clock, "http://localhost:8080"))
}

fn words() -> Words {
    const ENGLISH: &str = include_str!("../../../../packs/lesotho/messages/en-LS/edge.toml");
    const SESOTHO: &str = include_str!("../../../../packs/lesotho/messages/st-LS/edge.toml");
    const MONTHS: [[&str; 12]; 2] = [
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        [
            "Pherekhong",
            "Hlakola",
            "Hlakubele",
            "’Mesa",
            "Motšeanong",
            "Phupjane",
            "Phupu",
            "Phato",
            "Loetse",
            "Mphalane",
            "Pulungoana",
            "Tšitoe",
        ],
    ];
    let locale = |tag: &str, name: &str, months: [&str; 12], draft| Locale {
        language: Language::new(tag),
        name: name.to_owned(),
        months: months.map(str::to_owned).to_vec(),
        days: vec![String::new(); 7],
        date: "{day} {month} {year}".to_owned(),
        moment: "{date}, {time}".to_owned(),
        money: BTreeMap::from([("LSL".to_owned(), "M{amount}".to_owned())]),
        thousands: ",".to_owned(),
        draft,
    };
    let [english, sesotho] = MONTHS;
    let with = |catalogue, own: [(&str, &str); 5]| {
        let mut all = flat(catalogue);
        all.extend(own.map(|(key, text)| (format!("gallery.{key}"), text.to_owned())));
        all
    };
    let en = [
        ("help", "Help"),
        ("privacy", "Your data"),
        ("verify", "Check a certificate"),
        ("tasks", "Tasks"),
        ("registers", "Registers"),
    ];
    let st = [
        ("help", "Thuso"),
        ("privacy", "Litaba tsa hau"),
        ("verify", "Lekola lengolo"),
        ("tasks", "Mesebetsi"),
        ("registers", "Lingoliso"),
    ];
    Words::new(
        vec![
            (locale("en-LS", "English", english, false), with(ENGLISH, en)),
            (locale("st-LS", "Sesotho", sesotho, true), with(SESOTHO, st)),
        ],
        TimeZone::fixed(jiff::tz::offset(2)),
    )
}

/// The keys of a catalogue with their texts: `edge.form.again`.
pub(crate) fn flat(catalogue: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    if let Ok(table) = catalogue.parse::<toml::Table>() {
        walk("", &table, &mut out);
    }
    out
}

fn walk(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => walk(&key, inner, out),
            other => {
                out.insert(key, other.as_str().unwrap_or_default().to_owned());
            }
        }
    }
}
