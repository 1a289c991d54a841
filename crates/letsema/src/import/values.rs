//! Values as other systems write them: days, sexes, districts, names.
//!
//! **Invariant:** what cannot be read is said, never guessed.

use serde_json::Value as Json;
use spine::{Date, Localised};

/// The country's districts, by every name they have.
pub(super) struct Places(Vec<(String, Vec<String>)>);

impl Places {
    pub(super) fn new<'a>(districts: impl Iterator<Item = (&'a str, &'a Localised)>) -> Self {
        let plain = |text: &str| text.to_lowercase().replace(['’', '\'', '-', ' '], "");
        let names = |id: &str, name: &Localised| {
            std::iter::once(plain(id)).chain(name.iter().map(|(_, text)| plain(text))).collect()
        };
        Self(districts.map(|(id, name)| (id.to_owned(), names(id, name))).collect())
    }

    /// The district somebody wrote.
    pub(super) fn find(&self, written: &str) -> Option<String> {
        let wanted = written.to_lowercase().replace(['’', '\'', '-', ' '], "");
        self.0.iter().find(|(_, names)| names.contains(&wanted)).map(|(id, _)| id.clone())
    }
}

/// A day: `2024-03-01` or `2024/03/01`, a moment's day, never `01/03/2024`, which is two days.
pub(super) fn day(written: &str) -> Result<Date, String> {
    let plain = written.trim().replace('/', "-");
    let plain = plain.split(['T', ' ']).next().unwrap_or_default();
    plain.parse().map_err(|_| format!("{written:?} is not a day (YYYY-MM-DD or YYYY/MM/DD)"))
}

/// Female or male, in the words and codes these systems use.
pub(super) fn sex(written: &str) -> Result<&'static str, String> {
    match written.trim().to_lowercase().as_str() {
        "female" | "f" | "fle" | "motšehali" => Ok("female"),
        "male" | "m" | "mle" | "motona" => Ok("male"),
        _ => Err(format!("{written:?} is neither female nor male")),
    }
}

/// A telephone as the country writes it abroad: with its prefix, without spaces.
pub(super) fn phone(written: &str) -> String {
    written.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect()
}

/// Given names and family name out of a whole one: the last word is the family's.
pub(super) fn whole_name(written: &str) -> Result<(String, String), String> {
    let words: Vec<&str> = written.split_whitespace().collect();
    match words.split_last() {
        Some((family, given)) if !given.is_empty() => Ok((given.join(" "), (*family).to_owned())),
        _ => Err(format!("{written:?} is not a given and a family name")),
    }
}

/// Text of a value: itself, a number, or the first of MOSIP's texts by language, English first.
pub(super) fn text(value: Option<&Json>) -> Option<String> {
    let told = match value? {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Array(texts) => {
            let english =
                |one: &&Json| one.get("language").and_then(Json::as_str).is_some_and(|tag| tag.starts_with("en"));
            let one = texts.iter().find(english).or_else(|| texts.first())?;
            one.get("value").and_then(Json::as_str)?.trim().to_owned()
        }
        _ => return None,
    };
    (!told.is_empty()).then_some(told)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_as_those_systems_write_them() {
        assert_eq!(day("1998/01/24").unwrap(), day("1998-01-24T10:00:00Z").unwrap());
        for odd in ["24/01/1998", "1998", "", "1998-02-30"] {
            assert!(day(odd).is_err(), "{odd}");
        }
        assert_eq!((sex("FLE"), sex("Male")), (Ok("female"), Ok("male")));
        assert!(sex("Others").is_err());
        assert_eq!(whole_name(" Lineo  Palesa Mokoena "), Ok(("Lineo Palesa".to_owned(), "Mokoena".to_owned())));
        assert!(whole_name("Lineo").is_err());
        let tagged = json!([{"language": "sot", "value": "Motšehali"}, {"language": "eng", "value": "Female"}]);
        assert_eq!(text(Some(&tagged)).as_deref(), Some("Female"));
        let districts = [("qachas-nek", Localised::from([("en", "Qacha’s Nek")]))];
        let places = Places::new(districts.iter().map(|(id, name)| (*id, name)));
        assert_eq!(places.find("QACHA'S NEK").as_deref(), Some("qachas-nek"));
        assert_eq!(places.find("Durban"), None);
    }

    proptest! {
        #[test]
        fn nothing_written_makes_it_fall(written in "\\PC{0,40}") {
            let _ = (day(&written), sex(&written), whole_name(&written), phone(&written), text(Some(&json!(written))));
        }
    }
}
