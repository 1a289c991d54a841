//! `letsema config check --config FILE`: whether a file is sound, and its pack, and what is not connected.
//!
//! **Invariant:** nothing is started and nothing written; what the file names and the pack does not know is a fault, what the pack
//! knows and the file does not name is a note.

use std::path::Path;

use payments::hubs::Hubs;
use payments::{OpenApiLink, Wallets};

use super::Config;
use crate::command;
use crate::country::Country;

/// Checks a file and says what it found.
///
/// # Errors
/// Every fault, one a line.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    let config = Config::read(file)?;
    let country = Country::read(&config.pack).map_err(|faults| faults.to_string())?;
    let notes = against(&config, &country).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(|line| format!("{}: {line}", file.display())).collect();
        lines.join("\n")
    })?;
    command::say(&format!(
        "{}: sound: {} wallets, {} hubs, {} clients, {} witnesses",
        file.display(),
        config.wallets.len() + config.open_api.len(),
        config.hubs.len(),
        config.clients.len(),
        config.witnesses.len()
    ));
    for note in notes {
        command::say(&format!("note: {note}"));
    }
    Ok(())
}

/// Holds a configuration against its pack: what is not connected, or all that the pack does not know.
fn against(config: &Config, country: &Country) -> Result<Vec<String>, Vec<String>> {
    let alone = |error: &dyn std::fmt::Display| vec![error.to_string()];
    let wallets = Wallets::parse(&country.rails.wallets, |_| None).map_err(|error| alone(&error))?;
    let hubs = Hubs::parse(&country.rails.hubs, |_| true).map_err(|error| alone(&error))?;
    let known: Vec<&str> = wallets.iter().map(|wallet| wallet.id.as_str()).collect();
    let connected = config.wallets.iter().map(|(id, _)| id).chain(config.open_api.iter().map(|(id, _)| id));
    let connected = connected.map(String::as_str);
    let (mut wrong, mut lacking) = named(("wallet", &known), connected);
    // One that speaks OpenAPI has its place in the pack.
    let placed = |(id, link): &(String, OpenApiLink)| wallets.clone().speaking(id, link.clone()).err();
    wrong.extend(
        config
            .open_api
            .iter()
            .filter(|(id, _)| known.contains(&id.as_str()))
            .filter_map(placed)
            .map(|error| error.to_string()),
    );
    let mut notes: Vec<String> =
        lacking.drain(..).map(|id| format!("the wallet {id} is not connected, so nobody can pay with it")).collect();
    let known: Vec<&str> = hubs.iter().map(|hub| hub.id.as_str()).collect();
    let (unknown, lacking) = named(("hub", &known), config.hubs.iter().map(|(id, _)| id.as_str()));
    wrong.extend(unknown);
    let lists: Vec<&str> = country.rails.screening.lists().iter().map(|list| list.id.as_str()).collect();
    let (unknown, _) = named(("list of names", &lists), config.lists.iter().map(|it| it.list.as_str()));
    wrong.extend(unknown);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let reach = "so nobody can pay, or be paid, at any bank or wallet of it";
    notes.extend(lacking.iter().map(|id| format!("the hub {id} is not connected, {reach}")));
    let missing = [
        (config.abis.is_none(), "no ABIS is connected, so enrolment compares names and papers, and no bodies"),
        (config.banks.is_empty(), "our bank is not connected, so nothing can be paid to bank accounts"),
        (config.sms.is_none(), "there is no [sms], so people with a phone receive no codes"),
        (config.mail.is_none(), "there is no [mail], so nobody receives mail"),
        (config.ussd.is_none(), "there is no [ussd], so nobody can dial"),
        (config.switch.is_none(), "there is no [switch], so banks and wallets cannot reach one another here"),
        (config.witnesses.is_empty(), "there are no [[witnesses]], so nobody outside watches the log"),
    ];
    notes.extend(missing.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, note)| note.to_owned()));
    Ok(notes)
}

/// Which ids of a kind the pack does not know, as faults; and which of the pack's are not among them.
fn named<'a>((kind, known): (&str, &[&'a str]), ids: impl Iterator<Item = &'a str>) -> (Vec<String>, Vec<&'a str>) {
    let ids: Vec<&str> = ids.collect();
    let unknown = ids.iter().filter(|id| !known.contains(id));
    let wrong = unknown.map(|id| format!("the pack has no {kind} {id:?}; it has: {}", known.join(", ")));
    (wrong.collect(), known.iter().filter(|id| !ids.contains(id)).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::Folder;
    use super::*;

    fn checked(folder: &Folder, text: &str) -> Result<Vec<String>, Vec<String>> {
        let config = folder.read(text).unwrap();
        against(&config, &Country::read(&config.pack).unwrap_or_else(|faults| panic!("{faults}")))
    }

    #[test]
    fn what_the_pack_does_not_know_is_a_fault_and_what_is_not_connected_a_note() {
        let folder = Folder::new("check");
        let sample = Folder::sample();
        let notes = checked(&folder, &sample).unwrap();
        assert_eq!(notes, ["the wallet ecocash is not connected, so nobody can pay with it"]);
        let part = sample.split("[[hubs]]").nth(1).unwrap().split("\n\n").next().unwrap();
        let notes = checked(&folder, &sample.replace(&format!("[[hubs]]{part}"), "")).unwrap();
        assert!(notes.iter().any(|note| note.starts_with("the hub switch is not connected")), "{notes:?}");
        let strange = part.replace("id = \"switch\"", "id = \"nobody\"");
        let strange = sample.replace(part, &strange).replace("id = \"mpesa\"", "id = \"nowhere\"");
        let strange = strange.replace("[[sanctions]]\nid = \"un\"", "[[sanctions]]\nid = \"none\"");
        let wrong = checked(&folder, &strange).unwrap_err();
        assert_eq!(
            wrong,
            [
                "the pack has no wallet \"nowhere\"; it has: mpesa, ecocash",
                "the pack has no hub \"nobody\"; it has: switch",
                "the pack has no list of names \"none\"; it has: un, national"
            ]
        );
    }
}
