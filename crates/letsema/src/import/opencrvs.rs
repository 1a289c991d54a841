//! OpenCRVS: births, deaths and marriages, as event documents of its events API (2.x), as FHIR bundles of 1.x, or as the
//! columns of a CSV file.
//!
//! **Invariant:** only what was registered there comes in, under the number it was registered by, which stays the number of
//! the entry. The three forms come to one set of columns, which docs/guides/importing.md lists; what follows from it is written once.

use std::collections::BTreeMap;

use civil::{Incoming, IncomingEntry, Tie};
use registers::Fields;
use serde_json::{Value as Json, json};

use super::values::{Places, day, sex, text};

/// One record in columns: `event`, `registration_number`, `registered_on`, `given`, `family`, …
type Columns = BTreeMap<String, String>;

/// A line as a record.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(line: &Json, places: &Places) -> Result<Incoming, String> {
    let columns = if line.get("actions").is_some() {
        of_event(line)?
    } else if line.get("resourceType").and_then(Json::as_str) == Some("Bundle") {
        of_bundle(line)?
    } else {
        let all = line.as_object().ok_or("not an object")?;
        all.iter().filter_map(|(name, value)| Some((name.clone(), text(Some(value))?))).collect()
    };
    match columns.get("event").map(|event| event.trim_start_matches("v2.").to_lowercase()).as_deref() {
        Some("birth") => birth(&columns, places),
        Some("death") => death(&columns, places),
        Some("marriage") => marriage(&columns, places),
        Some(other) => Err(format!("{other:?} is no birth, death or marriage")),
        None => Err("it does not say which event it is".to_owned()),
    }
}

/// An event document: what was declared, in the order of the actions that were accepted, and the number it was registered by.
fn of_event(event: &Json) -> Result<Columns, String> {
    let mut columns = Columns::new();
    let kind = event.get("type").and_then(Json::as_str).ok_or("there is no type")?;
    columns.insert("event".to_owned(), kind.to_owned());
    let actions = event.get("actions").and_then(Json::as_array).ok_or("actions is not a list")?;
    for action in actions {
        let said = |name: &str| action.get(name).and_then(Json::as_str);
        if said("status").is_some_and(|status| status != "Accepted") {
            continue;
        }
        for (name, value) in action.get("declaration").and_then(Json::as_object).into_iter().flatten() {
            declared(&mut columns, name, value);
        }
        if said("type") == Some("REGISTER") {
            if let Some(number) = said("registrationNumber") {
                columns.insert("registration_number".to_owned(), number.to_owned());
            }
            if let Some(at) = said("createdAt") {
                columns.insert("registered_on".to_owned(), at.to_owned());
            }
        }
    }
    let registered = columns.contains_key("registration_number");
    if registered { Ok(columns) } else { Err("it was not registered".to_owned()) }
}

/// One field of a declaration: `child.name` is a name in two parts, `mother.dob` a day.
fn declared(columns: &mut Columns, name: &str, value: &Json) {
    let (whom, what) = name.split_once('.').unwrap_or(("", name));
    let own = ["child", "deceased"].contains(&whom);
    let column = |what: &str| if own { what.to_owned() } else { format!("{whom}_{what}") };
    let part = |part: &str| text(value.get(part));
    match what {
        "name" => {
            let given = part("firstname").map(|first| match part("middlename") {
                Some(middle) => format!("{first} {middle}"),
                None => first,
            });
            for (what, value) in [("given", given), ("family", part("surname"))] {
                if let Some(value) = value {
                    columns.insert(column(what), value);
                }
            }
        }
        "dob" | "gender" | "nid" => {
            let what = match what {
                "dob" => "born",
                "gender" => "sex",
                other => other,
            };
            columns.extend(text(Some(value)).map(|value| (column(what), value)));
        }
        "date" => columns.extend(text(Some(value)).map(|value| ("occurred_on".to_owned(), value))),
        "district" | "place" => columns.extend(text(Some(value)).map(|value| (what.to_owned(), value))),
        _ => {}
    }
}

/// A FHIR document bundle: the composition's sections name the people, the task its number.
fn of_bundle(bundle: &Json) -> Result<Columns, String> {
    let entries: Vec<&Json> = bundle
        .get("entry")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("resource").map(|_| entry))
        .collect();
    let of_type = |kind: &str| {
        entries
            .iter()
            .filter_map(|entry| entry.get("resource"))
            .find(|resource| resource.get("resourceType").and_then(Json::as_str) == Some(kind))
    };
    let composition = of_type("Composition").ok_or("there is no Composition")?;
    let task = of_type("Task").ok_or("there is no Task")?;
    let code = composition.pointer("/type/coding/0/code").and_then(Json::as_str).unwrap_or_default();
    let mut columns = Columns::new();
    columns.insert("event".to_owned(), code.split('-').next().unwrap_or_default().to_owned());
    let status = task.pointer("/businessStatus/coding/0/code").and_then(Json::as_str).unwrap_or_default();
    if !["REGISTERED", "CERTIFIED", "ISSUED"].contains(&status) {
        return Err(format!("it is {status:?} and not registered"));
    }
    let numbers = task.get("identifier").and_then(Json::as_array).into_iter().flatten();
    let number = numbers
        .filter(|one| {
            one.get("system").and_then(Json::as_str).is_some_and(|system| system.ends_with("-registration-number"))
        })
        .find_map(|one| text(one.get("value")));
    columns.insert("registration_number".to_owned(), number.ok_or("there is no registration number")?);
    columns.extend(text(task.get("lastModified")).map(|at| ("registered_on".to_owned(), at)));
    for section in composition.get("section").and_then(Json::as_array).into_iter().flatten() {
        let code = section.pointer("/code/coding/0/code").and_then(Json::as_str).unwrap_or_default();
        let whom = code.trim_end_matches("-details");
        let reference = section.pointer("/entry/0/reference").and_then(Json::as_str).unwrap_or_default();
        let named = entries.iter().find(|entry| entry.get("fullUrl").and_then(Json::as_str) == Some(reference));
        let Some(found) = named.and_then(|entry| entry.get("resource")) else { continue };
        // A related person points on to who she is.
        let patient = found.pointer("/patient/reference").and_then(Json::as_str).map_or(Some(found), |next| {
            let on = entries.iter().find(|entry| entry.get("fullUrl").and_then(Json::as_str) == Some(next));
            on.and_then(|entry| entry.get("resource"))
        });
        if let Some(patient) = patient {
            of_patient(&mut columns, whom, patient);
        }
    }
    Ok(columns)
}

fn of_patient(columns: &mut Columns, whom: &str, patient: &Json) {
    let own = ["child", "deceased"].contains(&whom);
    let column = |what: &str| if own { what.to_owned() } else { format!("{whom}_{what}") };
    let given =
        patient.pointer("/name/0/given").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let given = given.collect::<Vec<_>>().join(" ");
    let family = text(patient.pointer("/name/0/family/0").or_else(|| patient.pointer("/name/0/family")));
    let national = patient.get("identifier").and_then(Json::as_array).into_iter().flatten().find(|one| {
        let kind = one.pointer("/type/coding/0/code").or_else(|| one.get("type")).and_then(Json::as_str);
        kind == Some("NATIONAL_ID")
    });
    let values = [
        ("given", (!given.is_empty()).then_some(given)),
        ("family", family),
        ("born", text(patient.get("birthDate"))),
        ("sex", text(patient.get("gender"))),
        ("nid", national.and_then(|one| text(one.get("value").or_else(|| one.get("id"))))),
    ];
    columns.extend(values.into_iter().filter_map(|(what, value)| Some((column(what), value?))));
    columns.extend(text(patient.get("deceasedDateTime")).map(|at| ("occurred_on".to_owned(), at)));
}

fn need<'a>(columns: &'a Columns, name: &str) -> Result<&'a str, String> {
    columns.get(name).map(String::as_str).ok_or_else(|| format!("there is no {name}"))
}

fn name_of(columns: &Columns, whom: &str) -> Option<String> {
    let part = |what: &str| columns.get(&format!("{whom}_{what}"));
    match (columns.get(whom), part("given"), part("family")) {
        (Some(whole), ..) => Some(whole.clone()),
        (None, Some(given), Some(family)) => Some(format!("{given} {family}")),
        _ => None,
    }
}

/// What every record has: its number, when it was registered, and who it is about.
fn about(columns: &Columns, places: &Places) -> Result<(Incoming, Fields), String> {
    let number = need(columns, "registration_number")?.to_owned();
    let mut person = Fields::new();
    for name in ["given", "family"] {
        person.insert(name.to_owned(), json!(need(columns, name)?));
    }
    person.insert("sex".to_owned(), json!(sex(need(columns, "sex")?)?));
    if let Some(born) = columns.get("born") {
        person.insert("born".to_owned(), json!(day(born)?.to_string()));
    }
    if let Some(district) = columns.get("district") {
        let district = places.find(district).ok_or_else(|| format!("there is no district {district:?}"))?;
        person.insert("district".to_owned(), json!(district));
    }
    let mut entry = person.clone();
    entry.insert("entry".to_owned(), json!(number));
    entry.insert("registered_on".to_owned(), json!(day(need(columns, "registered_on")?)?.to_string()));
    entry.extend(columns.get("place").map(|place| ("place".to_owned(), json!(place))));
    let aliases = columns.get("nid").cloned().into_iter().collect();
    Ok((Incoming { system: "opencrvs".to_owned(), number, aliases, person, ..Incoming::default() }, entry))
}

fn birth(columns: &Columns, places: &Places) -> Result<Incoming, String> {
    need(columns, "born")?;
    let (mut incoming, mut fields) = about(columns, places)?;
    for (whom, tie) in [("mother", Tie::Mother), ("father", Tie::Father)] {
        fields.extend(name_of(columns, whom).map(|name| (whom.to_owned(), json!(name))));
        incoming.person.extend(name_of(columns, whom).map(|name| (whom.to_owned(), json!(name))));
        incoming.parents.extend(columns.get(&format!("{whom}_nid")).map(|nid| (tie, nid.clone())));
    }
    incoming.entry = Some(IncomingEntry { register: "birth".to_owned(), fields, subject: Some("person".to_owned()) });
    Ok(incoming)
}

fn death(columns: &Columns, places: &Places) -> Result<Incoming, String> {
    need(columns, "district")?;
    let (mut incoming, mut fields) = about(columns, places)?;
    let died = day(need(columns, "occurred_on")?)?;
    fields.insert("died".to_owned(), json!(died.to_string()));
    incoming.died = Some(died);
    incoming.entry = Some(IncomingEntry { register: "death".to_owned(), fields, subject: Some("person".to_owned()) });
    Ok(incoming)
}

fn marriage(columns: &Columns, places: &Places) -> Result<Incoming, String> {
    let number = need(columns, "registration_number")?.to_owned();
    let on = day(need(columns, "occurred_on")?)?;
    let district = need(columns, "district")?;
    let district = places.find(district).ok_or_else(|| format!("there is no district {district:?}"))?;
    let mut fields = Fields::new();
    let mut set = |name: &str, value: Json| drop(fields.insert(name.to_owned(), value));
    set("entry", json!(number));
    set("registered_on", json!(day(need(columns, "registered_on")?)?.to_string()));
    set("married", json!(on.to_string()));
    set("district", json!(district));
    let spouse = |one: &str, other: &str| name_of(columns, one).or_else(|| name_of(columns, other));
    set("spouse_one", json!(spouse("spouse_one", "bride").ok_or("there is no spouse_one")?));
    set("spouse_two", json!(spouse("spouse_two", "groom").ok_or("there is no spouse_two")?));
    let nid =
        |one: &str, other: &str| columns.get(&format!("{one}_nid")).or_else(|| columns.get(&format!("{other}_nid")));
    let married = nid("spouse_one", "bride").cloned().zip(nid("spouse_two", "groom").cloned());
    Ok(Incoming {
        system: "opencrvs".to_owned(),
        number,
        married: married.map(|(one, two)| (one, two, on)),
        entry: Some(IncomingEntry { register: "marriage".to_owned(), fields, subject: None }),
        ..Incoming::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let districts = [("leribe", spine::Localised::from([("en", "Leribe")]))];
        Places::new(districts.iter().map(|(id, name)| (*id, name)))
    }

    fn event() -> Json {
        json!({"id": "e1", "type": "v2.birth", "trackingId": "B77FF6", "actions": [
            {"type": "CREATE", "status": "Accepted"},
            {"type": "DECLARE", "status": "Accepted", "declaration": {
                "child.name": {"firstname": "Palesa", "surname": "Mokoena"}, "child.dob": "2024-02-01", "child.gender": "female",
                "child.birthLocation": "x", "mother.name": {"firstname": "Lineo", "surname": "Mokoena"}, "mother.nid": "981576026435"}},
            {"type": "REGISTER", "status": "Requested"},
            {"type": "REGISTER", "status": "Accepted", "registrationNumber": "2024B77FF6", "createdAt": "2024-02-20T10:00:00.000Z",
             "declaration": {"child.dob": "2024-02-02"}},
        ]})
    }

    #[test]
    fn an_event_document_a_bundle_and_a_line_come_to_the_same() {
        let one = read(&event(), &places()).unwrap();
        assert_eq!(
            (one.number.as_str(), one.person["born"].as_str()),
            ("2024B77FF6", Some("2024-02-02")),
            "what was said last"
        );
        assert_eq!(one.parents, [(Tie::Mother, "981576026435".to_owned())]);
        let entry = one.entry.clone().unwrap();
        assert_eq!(
            (entry.register.as_str(), &entry.fields["mother"], &entry.fields["registered_on"]),
            ("birth", &json!("Lineo Mokoena"), &json!("2024-02-20"))
        );
        let bundle = json!({"resourceType": "Bundle", "type": "document", "entry": [
            {"fullUrl": "urn:uuid:0", "resource": {"resourceType": "Composition", "type": {"coding": [{"system": "http://opencrvs.org/doc-types", "code": "birth-declaration"}]},
                "section": [
                    {"code": {"coding": [{"code": "child-details"}]}, "entry": [{"reference": "urn:uuid:1"}]},
                    {"code": {"coding": [{"code": "mother-details"}]}, "entry": [{"reference": "urn:uuid:2"}]}]}},
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "name": [{"use": "en", "given": ["Palesa"], "family": ["Mokoena"]}], "gender": "female", "birthDate": "2024-02-02"}},
            {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "RelatedPerson", "patient": {"reference": "urn:uuid:3"}}},
            {"fullUrl": "urn:uuid:3", "resource": {"resourceType": "Patient", "name": [{"use": "en", "given": ["Lineo"], "family": ["Mokoena"]}],
                "identifier": [{"value": "981576026435", "type": {"coding": [{"code": "NATIONAL_ID"}]}}]}},
            {"fullUrl": "urn:uuid:4", "resource": {"resourceType": "Task", "lastModified": "2024-02-20T10:00:00.000Z", "businessStatus": {"coding": [{"code": "REGISTERED"}]},
                "identifier": [{"system": "http://opencrvs.org/specs/id/birth-registration-number", "value": "2024B77FF6"}]}}]});
        assert_eq!(read(&bundle, &places()).unwrap(), one);
        let line = json!({"event": "birth", "registration_number": "2024B77FF6", "registered_on": "2024-02-20", "given": "Palesa", "family": "Mokoena",
            "born": "2024-02-02", "sex": "f", "mother": "Lineo Mokoena", "mother_nid": "981576026435"});
        assert_eq!(read(&line, &places()).unwrap(), one);
    }

    #[test]
    fn what_is_not_registered_or_lacks_something_is_said() {
        let mut declared = event();
        declared["actions"].as_array_mut().unwrap().truncate(3);
        assert!(read(&declared, &places()).unwrap_err().contains("not registered"));
        let death = json!({"event": "death", "registration_number": "D1", "registered_on": "2024-02-20", "given": "A", "family": "B", "sex": "male",
            "born": "1950-01-01", "occurred_on": "2024-02-10", "district": "Leribe", "nid": "77"});
        let read_death = read(&death, &places()).unwrap();
        assert_eq!((read_death.died, read_death.aliases.len()), (Some("2024-02-10".parse().unwrap()), 1));
        for name in ["registration_number", "registered_on", "given", "sex", "occurred_on", "district", "event"] {
            let mut line = death.clone();
            line.as_object_mut().unwrap().remove(name);
            assert!(read(&line, &places()).is_err(), "{name}");
        }
        assert!(read(&json!({"event": "coronation"}), &places()).is_err());
        assert!(read(&json!([]), &places()).is_err());
    }
}
