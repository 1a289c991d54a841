//! What a visitor wrote into a form: names and texts, nothing more, for forms that packs declare.
//!
//! **Invariant:** bounded in count and size, valid UTF-8, without control characters but line breaks and
//! tabs; `Debug` shows the names only.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use spine::{Date, Fault, FieldFault, Text};

/// At most so many pairs in one form.
pub const MAX_PAIRS: usize = 500;
/// At most so many bytes in one name.
pub const MAX_NAME_BYTES: usize = 200;
/// At most so many bytes in one value.
pub const MAX_VALUE_BYTES: usize = 20_000;

/// The answers of one form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Vec<String>>);

impl Answers {
    /// Reads `application/x-www-form-urlencoded` (WHATWG URL §5.1).
    ///
    /// # Errors
    /// `edge.form.malformed` if it is not that, or passes a limit.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut answers = Self::default();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            answers.add(name, value)?;
        }
        Ok(answers)
    }

    /// Adds a value within the limits.
    ///
    /// # Errors
    /// `edge.form.malformed` if it passes one.
    pub fn add(&mut self, name: String, value: String) -> Result<(), Fault> {
        let fits = name.len() <= MAX_NAME_BYTES && value.len() <= MAX_VALUE_BYTES && self.count() < MAX_PAIRS;
        let clean =
            |text: &str| !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\r' | '\n' | '\t'));
        if !fits || !clean(&name) || !clean(&value) {
            return Err(malformed());
        }
        self.0.entry(name).or_default().push(value);
        Ok(())
    }

    /// Sets `name` to one value, for prefilling a form with what is known already.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), vec![value.into()]);
        self
    }

    /// Sets `name` to several values.
    #[must_use]
    pub fn with_all(mut self, name: impl Into<String>, values: impl IntoIterator<Item = String>) -> Self {
        self.0.insert(name.into(), values.into_iter().collect());
        self
    }

    /// Sets the three inputs of the date called `name`.
    #[must_use]
    pub fn with_date(self, name: &str, day: Date) -> Self {
        self.with(format!("{name}-day"), day.day().to_string())
            .with(format!("{name}-month"), day.month().to_string())
            .with(format!("{name}-year"), day.year().to_string())
    }

    /// The first value of `name` without spaces around it, or nothing.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.trim())
    }

    /// Every value of `name`.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether anything was written for `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        !self.one(name).is_empty()
    }

    /// The day written into the three inputs `NAME-day`, `NAME-month`, `NAME-year`; none if all are empty.
    ///
    /// # Errors
    /// What is missing or wrong, at the input to correct; the first, the day's, is called `NAME` itself.
    pub fn date(&self, name: &str) -> Result<Option<Date>, FieldFault> {
        let part = |part: &str| self.one(&format!("{name}-{part}"));
        if ["day", "month", "year"].iter().all(|one| part(one).is_empty()) {
            return Ok(None);
        }
        let field = |part: &str| if part == "day" { name.to_owned() } else { format!("{name}-{part}") };
        let wrong = |part: &str, key: &'static str| FieldFault { field: field(part), text: Text::new(key) };
        for (one, key) in
            [("day", "edge.date.day_missing"), ("month", "edge.date.month_missing"), ("year", "edge.date.year_missing")]
        {
            if part(one).is_empty() {
                return Err(wrong(one, key));
            }
        }
        let year = part("year").parse::<i16>().ok().filter(|year| (1000..=9999).contains(year));
        let year = year.ok_or_else(|| wrong("year", "edge.date.year_wrong"))?;
        let month = part("month").parse::<i8>().ok().filter(|month| (1..=12).contains(month));
        let month = month.ok_or_else(|| wrong("month", "edge.date.month_wrong"))?;
        let day = part("day").parse::<i8>().ok().and_then(|day| Date::new(year, month, day).ok());
        day.map(Some).ok_or_else(|| wrong("day", "edge.date.not_real"))
    }

    /// The answers as a type of the engine's own; a name with several values is a list.
    ///
    /// # Errors
    /// `edge.form.malformed` if the type does not take them.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let members = self.0.iter().map(|(name, values)| {
            let value = match values.as_slice() {
                [one] => serde_json::Value::from(one.trim()),
                several => serde_json::Value::from(several),
            };
            (name.clone(), value)
        });
        serde_json::from_value(serde_json::Value::Object(members.collect())).map_err(|_| malformed())
    }

    /// Each name with its values, in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).and_then(|values| values.into_iter().next())
    }

    /// Bytes that are equal for equal answers.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

pub(crate) fn malformed() -> Fault {
    Fault::invalid("edge.form.malformed")
}

fn decode(text: &[u8]) -> Result<String, Fault> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(*byte).to_digit(16));
                let (high, low) = (digit(), digit());
                let both = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                out.push(both.ok_or_else(malformed)?);
            }
            _ => out.push(*byte),
        }
    }
    String::from_utf8(out).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_browsers_send() {
        let answers = Answers::parse("name=Lineo+%C5%A0epe&tick=a&tick=b&empty=&bare".as_bytes()).unwrap();
        assert_eq!(answers.one("name"), "Lineo Šepe");
        assert_eq!(answers.all("tick"), ["a", "b"]);
        assert!(!answers.has("empty") && !answers.has("bare") && !answers.has("none"));
        assert_eq!(format!("{answers:?}"), r#"{"bare", "empty", "name", "tick"}"#);
    }

    #[test]
    fn refuses_garbage() {
        let long = format!("a={}", "x".repeat(MAX_VALUE_BYTES + 1));
        let many = "a=1&".repeat(MAX_PAIRS + 1);
        for bad in ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%00", "%1b=1", &long, &many] {
            assert_eq!(Answers::parse(bad.as_bytes()).unwrap_err().code(), "edge.form.malformed");
        }
    }

    #[test]
    fn dates() {
        let date = |day: &str, month: &str, year: &str| {
            let answers = Answers::default().with("b-day", day).with("b-month", month).with("b-year", year);
            answers.date("b").map(|date| date.map(|date| date.to_string())).map_err(|fault| fault.field)
        };
        assert_eq!(date("29", "2", "2024"), Ok(Some("2024-02-29".to_owned())));
        assert_eq!(date("", "", ""), Ok(None));
        assert_eq!(date("29", "2", "2023"), Err("b".to_owned()));
        assert_eq!(date("1", "13", "2023"), Err("b-month".to_owned()));
        assert_eq!(date("1", "1", "23"), Err("b-year".to_owned()));
        assert_eq!(date("1", "", "2023"), Err("b-month".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let _ = Answers::parse(&body);
        }

        #[test]
        fn what_was_written_arrives(name in "[a-z]{1,9}", value in "[^\\x00-\\x1f\\x7f-\\u{9f}]{0,40}") {
            let coded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let answers = Answers::parse(format!("{name}={coded}").as_bytes()).unwrap();
            proptest::prop_assert_eq!(answers.all(&name), [value]);
        }
    }

    #[test]
    fn becomes_a_type() {
        #[derive(serde::Deserialize, PartialEq, Debug)]
        #[serde(deny_unknown_fields)]
        struct Claim {
            case: String,
            ticks: Vec<String>,
        }
        let answers = Answers::parse(b"case=+c1&ticks=a&ticks=b").unwrap();
        assert_eq!(answers.to::<Claim>().unwrap(), Claim { case: "c1".into(), ticks: vec!["a".into(), "b".into()] });
        assert!(Answers::parse(b"case=1&ticks=a&ticks=b&x=1").unwrap().to::<Claim>().is_err());
    }
}
