//! What may stand in a source: where it must say what it is for, and what it may not reach for.

use crate::{nothing, sources};

#[test]
fn every_file_says_what_it_is_for() {
    let broken: Vec<String> =
        sources().iter().filter(|source| !source.text.starts_with("//! ")).map(|source| source.path.clone()).collect();
    nothing(&broken, "A file begins with two to six lines `//!`: what it is for, its invariant, where to look next.");
}

#[test]
fn no_room_is_a_drawer() {
    const DRAWERS: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| {
            let name = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
            DRAWERS.contains(&name)
        })
        .map(|source| source.path.clone())
        .collect();
    nothing(&broken, "A module is named after what it is about.");
}

#[test]
fn nothing_ambient() {
    // The real clock lives in one file; randomness in crypto; files and the environment at the outermost.
    let rules: [(&str, &[&str]); 4] = [
        ("SystemTime::now", &["crates/letsema/src/clock.rs"]),
        // How long work waits in the queue decides whether more is let in, and nothing else.
        ("Instant::now", &["crates/store/src/queue.rs"]),
        ("std::env::var", &["crates/testkit/src/lib.rs"]),
        ("thread_rng", &[]),
    ];
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.ships()) {
        for (word, allowed) in rules {
            if source.code().contains(word) && !allowed.contains(&source.path.as_str()) {
                broken.push(format!("{}: {word}", source.path));
            }
        }
    }
    nothing(&broken, "Time, randomness and settings are given to whoever needs them (Cx, Clock, Entropy).");
}

#[test]
fn nothing_of_one_country() {
    // A service, a ministry, a wallet or a place in Rust belongs into the pack.
    const WORDS: [&str; 10] = [
        "lesotho",
        "maseru",
        "sesotho",
        "m-pesa",
        "mpesa",
        "ecocash",
        "basotho",
        "vodacom",
        "econet",
        "passport-renewal",
    ];
    let allowed = |path: &str| {
        // The command line's default pack, and the demonstration's own cast, which is about this country's people.
        ["crates/letsema/src/command.rs", "crates/letsema/src/cast.rs", "crates/payments/src/simulator/mod.rs"]
            .contains(&path)
    };
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.ships() && !allowed(&source.path)) {
        for (number, line) in source.code().lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("//") {
                continue;
            }
            if let Some(word) = WORDS.iter().find(|word| line.to_lowercase().contains(**word)) {
                broken.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    nothing(&broken, "The country is data: say it in packs/, and give the engine a word for it.");
}

#[test]
fn every_interface_is_described() {
    // What programs call stands in the OpenAPI document; what only wallets and gateways call stands in the guide for integrators.
    let elsewhere = [
        "/api/openapi.json",
        "/api/inbox",
        "/api/messages/receipts",
        "/api/payments/acquirers/{acquirer}",
        "/api/payments/callbacks/{wallet}",
        "/api/payments/banks/{bank}",
        "/api/payments/partners/{partner}",
    ];
    let all: Vec<String> =
        sources().iter().filter(|source| source.ships()).map(|source| source.code().to_owned()).collect();
    let described = all.join("\n");
    let mut broken = Vec::new();
    for path in
        all.iter().flat_map(|code| code.split("route(").skip(1)).filter_map(|rest| rest.trim_start().strip_prefix('"'))
    {
        let path = path.split('"').next().unwrap_or_default();
        let of_a_register = path.starts_with("/api/registers/{register}/");
        if path.starts_with("/api/") && !of_a_register && !elsewhere.contains(&path) {
            let calls = described
                .split(".call(")
                .skip(1)
                .filter(|call| call.chars().take(120).collect::<String>().contains(&format!("\"{path}\"")));
            if calls.count() == 0 {
                broken.push(path.to_owned());
            }
        }
    }
    nothing(&broken, "An interface that the OpenAPI document does not have: add a call to the engine's openapi.rs.");
}
