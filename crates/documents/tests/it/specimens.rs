//! The documents of the pack, filled with people who do not exist.
//!
//! **Invariant:** reads only the pack. Used by the example and by every test here.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use documents::{Attachment, Content, Fonts, House, Layout, Record, Relation};
use spine::{Language, Localised, Timestamp};

/// A file of the pack.
pub(crate) fn pack(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho").join(path)
}

pub(crate) fn fonts() -> Result<Fonts, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(pack("fonts"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "ttf") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read(&path)?));
        }
    }
    Ok(Fonts::new(files)?)
}

pub(crate) fn layout(name: &str) -> Result<Layout, Box<dyn Error>> {
    let house = House::parse(&fs::read_to_string(pack("layouts/house.toml"))?)?;
    Ok(Layout::parse(&fs::read_to_string(pack(&format!("layouts/{name}.toml")))?, &house)?)
}

fn date(day: u8, month: (&str, &str), year: u16) -> Localised {
    let said = |month: &str| format!("{day} {month} {year}");
    Localised::from([("en", said(month.0).as_str()), ("st", said(month.1).as_str())])
}

fn content(languages: [&str; 2]) -> Content {
    let created = Timestamp::from_micros(1_795_503_600_000_000);
    let evidence = br#"{"type":"receipt","note":"the signed evidence stands here"}"#.to_vec();
    Content::new(languages.map(Language::new).to_vec(), created)
        .with("reference", "LS-7KQ2-9XWM")
        .with("holder_name", "Lineo ’Masechaba Motšoene")
        .with("holder_id", "1994 0312 4471")
        .with("holder_born", date(12, ("March", "Hlakubele"), 1994))
        .with("holder_district", "Mokhotlong")
        .with("verify_url", "https://letsema.example/verify/LS-7KQ2-9XWM-4T")
        .with("verify_place", "letsema.example/verify")
        .with("verify_code", "LS-7KQ2-9XWM-4T")
        .with("issued_on", date(24, ("November", "Pulungoana"), 2026))
        .with("signed_by", Localised::from([("en", "The registering officer"), ("st", "Mohlanka ea ngolisang")]))
        .attach(Attachment {
            name: "evidence.json".to_owned(),
            mime: "application/json".to_owned(),
            description: "The signed evidence of this document".to_owned(),
            relation: Relation::Data,
            bytes: evidence,
        })
}

fn class(class: &str, en: &str, st: &str, since: Localised) -> Record {
    Record::from([
        ("class".to_owned(), class.into()),
        ("vehicles".to_owned(), Localised::from([("en", en), ("st", st)]).into()),
        ("since".to_owned(), since.into()),
    ])
}

/// Each layout's name with its content.
pub(crate) fn all(languages: [&str; 2]) -> Vec<(&'static str, Content)> {
    let licence = content(languages)
        .with("licence_number", "LS-D-0048213")
        .with("valid_from", date(24, ("November", "Pulungoana"), 2026))
        .with("valid_until", date(23, ("November", "Pulungoana"), 2031))
        .with(
            "classes",
            vec![
                class("B", "Cars and light vehicles", "Likoloi tse nyenyane", date(3, ("June", "Phupjane"), 2016)),
                class(
                    "C1",
                    "Goods vehicles up to 16 t",
                    "Literaka tse fihlang ho lithane tse 16",
                    date(9, ("May", "Motšeanong"), 2021),
                ),
            ],
        );
    let birth = content(languages)
        .with("child_name", "Tšepo Thabo Motšoene")
        .with("child_id", "2019 0828 1137")
        .with("birth_date", date(28, ("August", "Phato"), 2019))
        .with("birth_place", "Tlokoeng")
        .with("birth_district", "Mokhotlong")
        .with("sex", Localised::from([("en", "Male"), ("st", "Motona")]))
        .with("mother_name", "Lineo ’Masechaba Motšoene")
        .with("father_name", "Teboho Motšoene")
        .with("entry_number", "MKG-2019-002917")
        .with("registered_on", date(11, ("September", "Loetse"), 2019));
    let passport = content(languages)
        .with("passport_kind", Localised::from([("en", "Ordinary, 32 pages"), ("st", "E tloaelehileng, maqephe a 32")]))
        .with("old_passport", "RA 104 822")
        .with("decided_on", date(24, ("November", "Pulungoana"), 2026))
        .with("fee_paid", "M130.00")
        .with("receipt", "LS-PAY-88213-0")
        .with("collection_place", "Mokhotlong")
        .with("collection_from", date(8, ("December", "Tšitoe"), 2026));
    vec![("passport-renewal", passport), ("driver-licence-renewal", licence), ("birth-certificate-copy", birth)]
}
