//! Who may call whom. The table is the one in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::{nothing, root};

/// A room and the rooms it may call.
const EDGES: [(&str, &[&str]); 20] = [
    ("spine", &[]),
    ("store", &["spine"]),
    ("crypto", &["spine"]),
    ("edge", &["spine", "crypto"]),
    ("documents", &["spine"]),
    ("rules", &["spine"]),
    ("journal", &["spine", "crypto", "edge"]),
    ("registers", &["spine", "crypto", "edge", "journal"]),
    ("messages", &["spine", "crypto", "edge", "journal"]),
    ("payments", &["spine", "crypto", "edge", "journal"]),
    ("switch", &["spine", "crypto", "edge", "journal", "payments"]),
    ("civil", &["spine", "crypto", "edge", "journal", "registers"]),
    ("identity", &["spine", "crypto", "edge", "journal", "civil", "messages"]),
    (
        "services",
        &[
            "spine",
            "crypto",
            "edge",
            "journal",
            "rules",
            "registers",
            "messages",
            "documents",
            "payments",
            "civil",
            "identity",
        ],
    ),
    (
        "grants",
        &["spine", "crypto", "edge", "journal", "rules", "registers", "messages", "payments", "civil", "identity"],
    ),
    (
        "portal",
        &["spine", "crypto", "edge", "journal", "registers", "messages", "payments", "civil", "identity", "services"],
    ),
    (
        "letsema",
        &[
            "spine",
            "store",
            "crypto",
            "edge",
            "journal",
            "documents",
            "registers",
            "messages",
            "payments",
            "switch",
            "civil",
            "identity",
            "services",
            "grants",
            "portal",
        ],
    ),
    ("testkit", &["spine", "crypto", "store"]),
    (
        "sim",
        &[
            "spine",
            "store",
            "crypto",
            "edge",
            "journal",
            "registers",
            "messages",
            "payments",
            "civil",
            "identity",
            "services",
            "testkit",
        ],
    ),
    ("xtask", &[]),
];

fn manifests() -> BTreeMap<String, toml::Table> {
    let mut all = BTreeMap::new();
    for room in fs::read_dir(root().join("crates")).unwrap() {
        let room = room.unwrap();
        let text = fs::read_to_string(room.path().join("Cargo.toml")).unwrap();
        all.insert(room.file_name().into_string().unwrap(), text.parse().unwrap());
    }
    all
}

#[test]
fn every_edge_is_declared() {
    let known: BTreeMap<&str, &[&str]> = EDGES.into();
    let rooms: BTreeSet<String> = manifests().into_keys().collect();
    let mut broken = Vec::new();
    for (room, manifest) in manifests() {
        let Some(may) = known.get(room.as_str()) else {
            broken.push(format!("crates/{room} is in no table"));
            continue;
        };
        for dependency in manifest.get("dependencies").and_then(|table| table.as_table()).into_iter().flatten() {
            if rooms.contains(dependency.0) && !may.contains(&dependency.0.as_str()) {
                broken.push(format!("{room} calls {}", dependency.0));
            }
        }
    }
    nothing(
        &broken,
        "An edge that is not declared: add it to ARCHITECTURE.md and to xtask/tests/it/edges.rs, with a decision record, or react to an event instead.",
    );
}

#[test]
fn one_http_one_tls_one_runtime() {
    // `ring` stands in the lock by an optional dependency of rustls and is never built.
    const SECOND: [&str; 13] = [
        "reqwest",
        "openssl",
        "native-tls",
        "actix-web",
        "rocket",
        "warp",
        "sqlx",
        "sea-orm",
        "diesel",
        "async-std",
        "smol",
        "curl",
        "hyper-tls",
    ];
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let broken: Vec<String> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .filter(|name| SECOND.contains(name))
        .map(str::to_owned)
        .collect();
    nothing(
        &broken,
        "A second HTTP, TLS, database or async stack came in; find who brings it with `cargo tree -i NAME`.",
    );
}
