//! One set of features: a room built alone asks for what the whole house asks for, so nothing heavy is built twice.

use std::collections::BTreeSet;
use std::process::Command;

use crate::{nothing, root};

/// Every package outside the house with its features, as a build of these rooms wants it.
fn wanted(rooms: &[&str]) -> BTreeSet<String> {
    let args =
        ["tree", "--locked", "--offline", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p} {f}"];
    let output = Command::new(env!("CARGO")).current_dir(root()).args(args).args(rooms).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)").to_owned());
    lines.filter(|line| !line.contains(" v0.1.0 (/")).collect()
}

#[test]
fn a_room_alone_builds_what_the_house_builds() {
    let house = wanted(&["--workspace"]);
    let mut broken = Vec::new();
    for room in ["journal", "registers", "payments", "civil", "identity", "services", "grants", "letsema"] {
        let other = wanted(&["--package", room]);
        broken.extend(other.difference(&house).map(|line| format!("{room}: {line}")));
    }
    nothing(&broken, "These features differ from the whole house's; put the house's into xtask/one-build/Cargo.toml.");
}
