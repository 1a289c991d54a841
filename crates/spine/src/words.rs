//! The languages of the country: catalogues of messages, names of months and days, how a date and an
//! amount are written. All of it comes from the pack; none of it from the platform, whose idea of
//! Sesotho is another country's.
//!
//! **Invariant:** a key that no language has is shown as the key itself and never as an empty page;
//! a test of the pack proves that every key used exists in every language.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::money::Money;
use crate::text::{Arg, Language, Text};
use crate::time::{Date, Timestamp};

/// How one language writes dates and amounts (a `locale.toml` in the pack).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locale {
    /// BCP 47 tag, `st-LS`.
    pub language: Language,
    /// What the language calls itself: `Sesotho`.
    pub name: String,
    /// Twelve names, January first.
    pub months: Vec<String>,
    /// Seven names, Monday first.
    pub days: Vec<String>,
    /// `{day} {month} {year}`, with `{weekday}` if wanted.
    pub date: String,
    /// `{date}, {time}`.
    pub moment: String,
    /// Currency code to how an amount is written: `LSL = "M{amount}"`. Others: `ZAR 1.00`.
    #[serde(default)]
    pub money: BTreeMap<String, String>,
    /// What stands between thousands: `,`.
    #[serde(default)]
    pub thousands: String,
    /// Set while nobody who speaks the language natively has reviewed the catalogue.
    #[serde(default)]
    pub draft: bool,
}

/// Everything the country can say, in every language it speaks.
#[derive(Clone, Debug)]
pub struct Words {
    locales: Vec<(Locale, BTreeMap<String, String>)>,
    zone: TimeZone,
}

impl Words {
    /// Languages in the order they are offered; the first is the default.
    #[must_use]
    pub const fn new(locales: Vec<(Locale, BTreeMap<String, String>)>, zone: TimeZone) -> Self {
        Self { locales, zone }
    }

    /// The country's time zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The languages offered, default first.
    pub fn locales(&self) -> impl Iterator<Item = &Locale> {
        self.locales.iter().map(|(locale, _)| locale)
    }

    /// The default language.
    #[must_use]
    pub fn default_language(&self) -> Language {
        self.locales().next().map_or_else(|| Language::new("en"), |locale| locale.language.clone())
    }

    /// The country's language that a tag (from a cookie, a link or `Accept-Language`) means, if any.
    #[must_use]
    pub fn language(&self, tag: &str) -> Option<Language> {
        let primary = tag.split('-').next().unwrap_or_default();
        self.locales()
            .map(|locale| &locale.language)
            .find(|language| language.tag().eq_ignore_ascii_case(tag))
            .or_else(|| {
                self.locales()
                    .map(|locale| &locale.language)
                    .find(|language| language.primary().eq_ignore_ascii_case(primary))
            })
            .cloned()
    }

    /// Whether `key` (or its plural forms) stands in the catalogue of `language` itself.
    #[must_use]
    pub fn knows(&self, language: &Language, key: &str) -> bool {
        self.entry(language)
            .is_some_and(|(_, words)| words.contains_key(key) || words.contains_key(&format!("{key}.other")))
    }

    /// Every message key of a language.
    pub fn keys(&self, language: &Language) -> impl Iterator<Item = &str> {
        self.entry(language).into_iter().flat_map(|(_, words)| words.keys().map(String::as_str))
    }

    /// Says a sentence. Unknown keys are shown as they are, so that a fault is seen and not hidden.
    #[must_use]
    pub fn say(&self, language: &Language, text: &Text) -> String {
        match self.template(language, text) {
            Some(template) => self.fill(language, template, text),
            None => text.key().to_owned(),
        }
    }

    /// Says a message without arguments.
    #[must_use]
    pub fn word(&self, language: &Language, key: &str) -> String {
        self.say(language, &Text::named(key))
    }

    fn entry(&self, language: &Language) -> Option<&(Locale, BTreeMap<String, String>)> {
        self.locales.iter().find(|(locale, _)| locale.language == *language)
    }

    fn template(&self, language: &Language, text: &Text) -> Option<&str> {
        let own = self.entry(language).into_iter();
        for (_, words) in own.chain(self.locales.iter()) {
            if let Some(template) = words.get(text.key()) {
                return Some(template);
            }
            let form = if matches!(text.arg("count"), Some(Arg::Int(1))) { "one" } else { "other" };
            if let Some(template) = words.get(&format!("{}.{form}", text.key())) {
                return Some(template);
            }
        }
        None
    }

    fn fill(&self, language: &Language, template: &str, text: &Text) -> String {
        let mut out = String::with_capacity(template.len() + 16);
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let (before, tail) = rest.split_at(open);
            out.push_str(before);
            let Some(close) = tail.find('}') else {
                rest = tail;
                break;
            };
            let name = tail.get(1..close).unwrap_or_default();
            if let Some(arg) = text.arg(name) {
                out.push_str(&self.argument(language, arg));
            }
            rest = tail.get(close + 1..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    fn argument(&self, language: &Language, arg: &Arg) -> String {
        match arg {
            Arg::Plain(text) => text.clone(),
            Arg::Int(number) => number.to_string(),
            Arg::Money(amount) => self.money(language, *amount),
            Arg::Date(day) => self.date(language, *day),
            Arg::Moment(moment) => self.moment(language, *moment),
            Arg::Text(text) => self.say(language, text),
            Arg::Localised(text) => text.in_language(language).to_owned(),
        }
    }

    /// A day as the language writes it: `4 Mphalane 2025`.
    #[must_use]
    pub fn date(&self, language: &Language, day: Date) -> String {
        let Some((locale, _)) = self.entry(language) else { return day.to_string() };
        let name = |names: &[String], place: i8| {
            usize::try_from(place).ok().and_then(|place| names.get(place)).cloned().unwrap_or_default()
        };
        locale
            .date
            .replace("{day}", &day.day().to_string())
            .replace("{month}", &name(&locale.months, day.month() - 1))
            .replace("{year}", &day.year().to_string())
            .replace("{weekday}", &name(&locale.days, day.weekday().to_monday_zero_offset()))
    }

    /// A moment in the country's zone: `4 Mphalane 2025, 14:05`.
    #[must_use]
    pub fn moment(&self, language: &Language, moment: Timestamp) -> String {
        let date = self.date(language, moment.date_in(&self.zone));
        let (hour, minute) = moment.hour_minute_in(&self.zone);
        let time = format!("{hour:02}:{minute:02}");
        self.entry(language).map_or_else(
            || format!("{date} {time}"),
            |(locale, _)| locale.moment.replace("{date}", &date).replace("{time}", &time),
        )
    }

    /// An amount as the language writes it: `M130.00`, `−M130.00`.
    #[must_use]
    pub fn money(&self, language: &Language, amount: Money) -> String {
        let Some((locale, _)) = self.entry(language) else { return amount.to_string() };
        let digits = amount.digits();
        let (sign, size) = digits.strip_prefix('-').map_or(("", digits.as_str()), |size| ("−", size));
        let (whole, part) = size.split_once('.').map_or((size, None), |(whole, part)| (whole, Some(part)));
        let mut shown = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                shown.push_str(&locale.thousands);
            }
            shown.push(digit);
        }
        if let Some(part) = part {
            shown.push('.');
            shown.push_str(part);
        }
        match locale.money.get(amount.currency().code()) {
            Some(pattern) => format!("{sign}{}", pattern.replace("{amount}", &shown)),
            None => format!("{sign}{} {shown}", amount.currency()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn words() -> Words {
        let locale = |tag: &str, months: [&str; 2]| Locale {
            language: Language::new(tag),
            name: tag.to_owned(),
            months: months.iter().map(|month| (*month).to_owned()).collect(),
            days: vec!["Mantaha".to_owned()],
            date: "{day} {month} {year}".to_owned(),
            moment: "{date}, {time}".to_owned(),
            money: BTreeMap::from([("LSL".to_owned(), "M{amount}".to_owned())]),
            thousands: ",".to_owned(),
            draft: false,
        };
        let catalogue =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        Words::new(
            vec![
                (
                    locale("en-LS", ["January", "February"]),
                    catalogue(&[
                        ("hi", "Hello {name}"),
                        ("days.one", "{count} day"),
                        ("days.other", "{count} days"),
                        ("only", "only English"),
                    ]),
                ),
                (
                    locale("st-LS", ["Pherekhong", "Hlakola"]),
                    catalogue(&[
                        ("hi", "Lumela {name}"),
                        ("days.other", "matsatsi a {count}"),
                        ("days.one", "letsatsi le {count}"),
                    ]),
                ),
            ],
            TimeZone::get("Africa/Maseru").unwrap(),
        )
    }

    #[test]
    fn says_in_each_language() {
        let (words, st, en) = (words(), Language::new("st-LS"), Language::new("en-LS"));
        assert_eq!(words.say(&st, &Text::new("hi").with("name", "Lineo")), "Lumela Lineo");
        assert_eq!(words.say(&en, &Text::new("days").with("count", 1_i64)), "1 day");
        assert_eq!(words.say(&st, &Text::new("days").with("count", 3_i64)), "matsatsi a 3");
        assert_eq!(words.say(&st, &Text::new("only")), "only English");
        assert_eq!(words.say(&st, &Text::new("no.such")), "no.such");
    }

    #[test]
    fn an_argument_is_never_a_template() {
        let said = words().say(&Language::new("en-LS"), &Text::new("hi").with("name", "{name} {count}"));
        assert_eq!(said, "Hello {name} {count}");
    }

    #[test]
    fn writes_dates_and_amounts() {
        let (words, st) = (words(), Language::new("st-LS"));
        assert_eq!(words.date(&st, jiff::civil::date(2026, 2, 4)), "4 Hlakola 2026");
        assert_eq!(words.moment(&st, Timestamp::parse("2026-02-04T12:05:00Z").unwrap()), "4 Hlakola 2026, 14:05");
        let amount = |minor, code| words.money(&st, Money::new(minor, Currency::parse(code).unwrap()));
        assert_eq!(amount(13_000, "LSL"), "M130.00");
        assert_eq!(amount(-123_456_789, "LSL"), "−M1,234,567.89");
        assert_eq!(amount(100, "ZAR"), "ZAR 1.00");
    }

    #[test]
    fn finds_the_language_meant() {
        let words = words();
        assert_eq!(words.language("ST"), Some(Language::new("st-LS")));
        assert_eq!(words.language("en-GB"), Some(Language::new("en-LS")));
        assert_eq!(words.language("fr"), None);
        assert_eq!(words.default_language(), Language::new("en-LS"));
    }
}
