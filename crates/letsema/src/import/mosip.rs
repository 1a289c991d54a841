//! MOSIP: identities of the ID repository, and virtual identifiers.
//!
//! **Invariant:** a person comes in under her UIN; VIDs are further numbers of hers. An identity that MOSIP has blocked or
//! deactivated is told and left out.

use civil::Incoming;
use registers::Fields;
use serde_json::{Value as Json, json};

use super::values::{Places, day, phone, sex, text, whole_name};

/// Where an identity lies in what MOSIP's interfaces answer and take.
const WITHIN: [&str; 4] = ["/response/identity", "/request/identity", "/identity", ""];
/// Where a place may be written, the most exact first.
const PLACES: [&str; 5] = ["district", "region", "province", "city", "zone"];

/// A line as a record.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(line: &Json, places: &Places) -> Result<Incoming, String> {
    let status = ["/response/status", "/status"].iter().find_map(|path| line.pointer(path).and_then(Json::as_str));
    if let Some(status) = status.filter(|status| !["ACTIVATED", "ACTIVE"].contains(status)) {
        return Err(format!("the identity is {status}"));
    }
    let identity = WITHIN.iter().find_map(|path| line.pointer(path).filter(|found| found.get("UIN").is_some()));
    let identity = identity.ok_or("there is no UIN")?;
    let field = |name: &str| text(identity.get(name));
    let uin = field("UIN").ok_or("there is no UIN")?;
    // A line of its own for a VID of somebody who came in before.
    if let (Some(vid), None, None) = (field("VID"), identity.get("fullName"), identity.get("firstName")) {
        return Ok(Incoming { system: "mosip".to_owned(), number: vid, aliases: vec![uin], ..Incoming::default() });
    }
    let (given, family) =
        match (field("firstName").or_else(|| field("givenName")), field("lastName").or_else(|| field("surName"))) {
            (Some(given), Some(family)) => {
                let middle = field("middleName").map(|middle| format!(" {middle}")).unwrap_or_default();
                (given + &middle, family)
            }
            _ => whole_name(&field("fullName").ok_or("there is no name")?)?,
        };
    let born = day(&field("dateOfBirth").ok_or("there is no dateOfBirth")?)?;
    let mut person = Fields::new();
    let mut set = |name: &str, value: Json| drop(person.insert(name.to_owned(), value));
    set("given", json!(given));
    set("family", json!(family));
    set("born", json!(born.to_string()));
    set("sex", json!(sex(&field("gender").ok_or("there is no gender")?)?));
    if let Some(district) = PLACES.iter().filter_map(|name| field(name)).find_map(|place| places.find(&place)) {
        set("district", json!(district));
    }
    if let Some(number) = field("phone") {
        set("phone", json!(phone(&number)));
    }
    if let Some(email) = field("email") {
        set("email", json!(email));
    }
    Ok(Incoming { system: "mosip".to_owned(), number: uin, aliases: vids(identity), person, ..Incoming::default() })
}

/// VIDs that stand with the identity: one, several, or objects that have one.
fn vids(identity: &Json) -> Vec<String> {
    let several = |value: &Json| match value {
        Json::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let of = |one: &Json| text(one.get("VID").or_else(|| one.get("vid")).or(Some(one)));
    let all = ["VID", "vids"].iter().filter_map(|name| identity.get(name)).flat_map(several);
    all.filter_map(|one| of(&one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let districts = [("leribe", spine::Localised::from([("en", "Leribe")]))];
        Places::new(districts.iter().map(|(id, name)| (*id, name)))
    }

    #[test]
    fn an_identity_as_the_repository_answers_it() {
        let line = json!({"id": "mosip.id.read", "response": {"status": "ACTIVATED", "identity": {
            "IDSchemaVersion": 0.1, "UIN": 981_576_026_435_i64,
            "fullName": [{"language": "eng", "value": "Lineo Palesa Mokoena"}], "dateOfBirth": "1992/03/14",
            "gender": [{"language": "eng", "value": "Female"}], "region": [{"language": "eng", "value": "Leribe"}],
            "phone": "+266 5800 1234", "email": "lineo@example.org", "VID": ["4932107586213954"],
        }}});
        let read = read(&line, &places()).unwrap();
        assert_eq!(
            (read.number.as_str(), read.aliases.as_slice()),
            ("981576026435", ["4932107586213954".to_owned()].as_slice())
        );
        let person = json!({"given": "Lineo Palesa", "family": "Mokoena", "born": "1992-03-14", "sex": "female",
            "district": "leribe", "phone": "+26658001234", "email": "lineo@example.org"});
        assert_eq!(Json::Object(read.person), person);
    }

    #[test]
    fn what_lacks_something_is_said() {
        let good = json!({"UIN": "1", "fullName": "A B", "dateOfBirth": "1992/03/14", "gender": "Male"});
        assert!(read(&good, &places()).is_ok());
        for (name, says) in [("UIN", "UIN"), ("fullName", "name"), ("dateOfBirth", "dateOfBirth"), ("gender", "gender")]
        {
            let mut line = good.clone();
            line.as_object_mut().unwrap().remove(name);
            assert!(read(&line, &places()).unwrap_err().contains(says), "{name}");
        }
        let blocked = json!({"response": {"status": "BLOCKED", "identity": good}});
        assert!(read(&blocked, &places()).unwrap_err().contains("BLOCKED"));
        let vid = read(&json!({"VID": "77", "UIN": "1"}), &places()).unwrap();
        assert_eq!(
            (vid.number.as_str(), vid.aliases.as_slice(), vid.person.is_empty()),
            ("77", ["1".to_owned()].as_slice(), true)
        );
    }
}
