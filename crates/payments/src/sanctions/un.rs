//! The Security Council's Consolidated List, in the XML in which the United Nations publish it: `CONSOLIDATED_LIST` with
//! `INDIVIDUALS` and `ENTITIES`, and no namespace.
//!
//! **Invariant:** each `INDIVIDUAL` and `ENTITY` is read by itself and then forgotten, so that memory holds the entries and never the
//! file's tree. What is not understood is refused with its element, but for what is not needed: comments, addresses but for their
//! country, designations, sort keys.
//!
//! The limits and what XML may hold are those of `rails/iso20022/xml.rs`.

use spine::{Date, Fault, Timestamp};

use super::entry::{Born, Document, Entry, EntryKind, FILE_BYTES, Growing, Listing, Name, Quality, at, tidy};
use crate::rails::iso20022::XmlLimits;
use crate::rails::iso20022::xml::{self, Node};

/// The real list has some 35 elements an entry, and ten entries in 16 KB.
const LIMITS: XmlLimits = XmlLimits { bytes: FILE_BYTES, elements: 500_000 };

const ROOT: &str = "CONSOLIDATED_LIST";

/// Reads the list.
pub(super) fn read(bytes: &[u8]) -> Result<Listing, Fault> {
    let mut entries = Growing::default();
    let mut take = |parent: &str, node: Node| {
        let kind = match (parent, node.name.as_str()) {
            ("INDIVIDUALS", "INDIVIDUAL") => EntryKind::Person,
            ("ENTITIES", "ENTITY") => EntryKind::Entity,
            _ => return Err(at("payments.sanctions.root", &format!("{parent}/{}", node.name), "")),
        };
        entries.push(entry(kind, &node)?, &node.name)
    };
    let root = xml::each(bytes, LIMITS, "dateGenerated", &mut take)?;
    let mut parts = root.children.iter().map(|part| part.name.as_str());
    if root.name != ROOT || !parts.all(|part| matches!(part, "INDIVIDUALS" | "ENTITIES")) {
        return Err(at("payments.sanctions.root", &root.name, ""));
    }
    let place = "CONSOLIDATED_LIST/dateGenerated";
    let generated = root.attribute.ok_or_else(|| at("payments.sanctions.missing", place, ""))?;
    entries.done(moment(generated.trim()).ok_or_else(|| at("payments.sanctions.date", place, ""))?)
}

/// `2026-09-05T23:00:04.811Z`; without an offset it is taken for UTC.
fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}Z"))).ok()
}

fn entry(kind: EntryKind, node: &Node) -> Result<Entry, Fault> {
    let reference = tidy(text(node, "REFERENCE_NUMBER")?);
    let missing = |element: &str| at("payments.sanctions.missing", &format!("{}/{element}", node.name), &reference);
    if reference.is_empty() {
        return Err(missing("REFERENCE_NUMBER"));
    }
    let mut parts = Vec::new();
    for part in ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"] {
        parts.push(text(node, part)?);
    }
    let name = tidy(&parts.join(" "));
    if name.is_empty() {
        return Err(missing("FIRST_NAME"));
    }
    let mut names = vec![Name { text: name, quality: Quality::Primary }];
    let alias = if kind == EntryKind::Person { "INDIVIDUAL_ALIAS" } else { "ENTITY_ALIAS" };
    for alias in node.all(alias) {
        names.extend(named(text(alias, "ALIAS_NAME")?, quality(text(alias, "QUALITY")?)));
    }
    names.extend(named(text(node, "NAME_ORIGINAL_SCRIPT")?, Quality::Script));
    let mut born = Vec::new();
    for of in node.all("INDIVIDUAL_DATE_OF_BIRTH") {
        born.extend(birth(of, &reference)?);
    }
    let listed = text(node, "LISTED_ON")?.trim();
    let day = day(listed);
    if !listed.is_empty() && day.is_none() {
        return Err(at("payments.sanctions.date", &format!("{}/LISTED_ON", node.name), &reference));
    }
    Ok(Entry { reference, kind, names, born, countries: countries(node)?, documents: documents(node)?, listed_on: day })
}

/// What an element within says; nothing if it is not there.
fn text<'a>(node: &'a Node, name: &str) -> Result<&'a str, Fault> {
    Ok(node.maybe(name)?.map_or("", |it| it.text.as_str()))
}

fn named(text: &str, quality: Quality) -> Option<Name> {
    let text = tidy(text);
    (!text.is_empty()).then_some(Name { text, quality })
}

/// People's aliases are `Good` or `Low`, those of entities `a.k.a.` and `f.k.a.`; what says nothing is worth little.
fn quality(text: &str) -> Quality {
    match text.trim().to_ascii_lowercase().as_str() {
        "good" | "a.k.a." | "f.k.a." => Quality::Good,
        _ => Quality::Low,
    }
}

/// A day as `xs:date` has it; an offset after it says nothing about a day.
fn day(text: &str) -> Option<Date> {
    let (day, rest) = text.trim().split_at_checked(10)?;
    let offset = |rest: &str| {
        let shape: String = rest.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
        matches!(shape.as_str(), "" | "Z" | "+99:99" | "-99:99")
    };
    let plain = day
        .bytes()
        .enumerate()
        .all(|(place, byte)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if plain && offset(rest) { day.parse().ok() } else { None }
}

/// `TYPE_OF_DATE` with `DATE`, `YEAR`, or `FROM_YEAR` and `TO_YEAR`; with none of them nothing is known.
fn birth(of: &Node, reference: &str) -> Result<Option<Born>, Fault> {
    let about = text(of, "TYPE_OF_DATE")?.trim() == "APPROXIMATELY";
    let wrong =
        |element: &str| at("payments.sanctions.date", &format!("INDIVIDUAL_DATE_OF_BIRTH/{element}"), reference);
    let year = |name: &str| -> Result<Option<i16>, Fault> {
        match text(of, name)?.trim() {
            "" => Ok(None),
            text if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(text.parse().ok()),
            _ => Err(wrong(name)),
        }
    };
    let written = text(of, "DATE")?.trim();
    if !written.is_empty() {
        let day = day(written).filter(|day| (1800..=2200).contains(&day.year())).ok_or_else(|| wrong("DATE"))?;
        return Ok(Some(Born { from: day, to: day, about }));
    }
    let span = match (year("YEAR")?, year("FROM_YEAR")?, year("TO_YEAR")?) {
        (Some(year), _, _) => Born::years(year, year, about).ok_or_else(|| wrong("YEAR"))?,
        (None, Some(from), Some(to)) => Born::years(from, to, about).ok_or_else(|| wrong("TO_YEAR"))?,
        (None, Some(_), None) | (None, None, Some(_)) => return Err(wrong("FROM_YEAR")),
        (None, None, None) => return Ok(None),
    };
    Ok(Some(span))
}

/// Nationalities first, then the countries of addresses; each once.
fn countries(node: &Node) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let nationalities = node.all("NATIONALITY").flat_map(|it| it.all("VALUE")).map(|it| Ok(it.text.as_str()));
    let addresses = node.all("INDIVIDUAL_ADDRESS").chain(node.all("ENTITY_ADDRESS")).map(|it| text(it, "COUNTRY"));
    for country in nationalities.chain(addresses) {
        let country = tidy(country?);
        if !country.is_empty() && !found.contains(&country) {
            found.push(country);
        }
    }
    Ok(found)
}

fn documents(node: &Node) -> Result<Vec<Document>, Fault> {
    let mut found = Vec::new();
    for one in node.all("INDIVIDUAL_DOCUMENT") {
        let number = tidy(text(one, "NUMBER")?);
        if number.is_empty() {
            continue;
        }
        let kinds = [text(one, "TYPE_OF_DOCUMENT")?, text(one, "TYPE_OF_DOCUMENT2")?];
        let places = [text(one, "ISSUING_COUNTRY")?, text(one, "COUNTRY_OF_ISSUE")?];
        let country = places.into_iter().map(tidy).find(|country| !country.is_empty());
        let kind = kinds.into_iter().map(tidy).find(|kind| !kind.is_empty()).unwrap_or_default();
        found.push(Document { kind, number, country });
    }
    Ok(found)
}
