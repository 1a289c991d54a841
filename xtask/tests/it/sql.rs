//! SQL: where it stands, whose tables it touches, and that each text is accepted by both databases.

use std::collections::BTreeSet;

use crate::{Source, nothing, sources};

fn is_rows(path: &str) -> bool {
    path.ends_with("/rows.rs") || path.contains("/rows/")
}

const VERBS: [&str; 4] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];

/// Whether a string begins a statement.
fn is_statement(text: &str) -> bool {
    VERBS.iter().any(|verb| text.trim_start().starts_with(verb)) || text.trim_start().starts_with("WITH ")
}

/// The string literals of a source, with their lines. Escapes are as they stand.
fn strings(source: &Source) -> Vec<(usize, String)> {
    let code: String = source
        .code()
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "\n".to_owned() } else { format!("{line}\n") })
        .collect();
    let mut all = Vec::new();
    let (mut letters, mut line) = (code.chars().peekable(), 1);
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line += 1,
            '\'' => {
                // A character or a lifetime; a quote in quotes must not begin a string.
                if letters.peek() == Some(&'"') {
                    letters.next();
                } else if letters.peek() == Some(&'\\') {
                    letters.next();
                    letters.next();
                }
            }
            '"' => {
                let (start, mut text) = (line, String::new());
                while let Some(letter) = letters.next() {
                    match letter {
                        '\\' => match letters.next() {
                            Some('\n') => {
                                line += 1;
                                while letters.peek().is_some_and(|letter| letter.is_whitespace()) {
                                    line += usize::from(letters.next() == Some('\n'));
                                }
                            }
                            Some('"') => text.push('"'),
                            Some(other) => text.extend(['\\', other]),
                            None => break,
                        },
                        '"' => break,
                        letter => {
                            line += usize::from(letter == '\n');
                            text.push(letter);
                        }
                    }
                }
                all.push((start, text));
            }
            _ => {}
        }
    }
    all
}

/// Every statement of the program.
fn statements() -> Vec<(String, usize, String, String)> {
    let mut all = Vec::new();
    for source in sources().iter().filter(|source| source.ships()) {
        for (line, text) in strings(source) {
            if is_statement(&text) && text.contains(' ') {
                all.push((source.path.clone(), line, source.room.clone(), text));
            }
        }
    }
    all
}

#[test]
fn sql_stands_in_rows_only() {
    // The store's own bookkeeping needs the catalogue of each database.
    let broken: Vec<String> = statements()
        .into_iter()
        .filter(|(path, ..)| !is_rows(path) && !path.starts_with("crates/store/"))
        .map(|(path, line, _, text)| format!("{path}:{line}: {}", text.trim().lines().next().unwrap_or_default()))
        .collect();
    nothing(&broken, "SQL stands in the engine's rows.rs, so that a reader finds every text in one place.");
}

#[test]
fn every_engine_touches_its_own_tables_only() {
    let mut broken = Vec::new();
    for (path, line, room, text) in statements() {
        if room == "store" {
            continue;
        }
        let words: Vec<&str> = text
            .split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '.'))
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let [verb, table] = pair else { continue };
            if matches!(*verb, "FROM" | "INTO" | "UPDATE" | "JOIN")
                && table.contains('_')
                && table.chars().all(|letter| letter.is_lowercase() || letter.is_ascii_digit() || letter == '_')
                && !table.starts_with(&format!("{room}_"))
            {
                broken.push(format!("{path}:{line}: {table}"));
            }
        }
    }
    nothing(&broken, "A table belongs to one engine; ask that engine, or react to its event.");
}

fn migrations() -> Vec<spine::Migration> {
    [
        journal::MIGRATIONS,
        registers::MIGRATIONS,
        civil::MIGRATIONS,
        messages::MIGRATIONS,
        payments::MIGRATIONS,
        switch::MIGRATIONS,
        grants::MIGRATIONS,
        identity::MIGRATIONS,
        services::MIGRATIONS,
    ]
    .concat()
}

#[test]
fn every_statement_is_prepared_on_both_databases() {
    let all = statements();
    let distinct: BTreeSet<&str> = all.iter().map(|(.., text)| text.as_str()).collect();
    assert!(distinct.len() > 100, "only {} statements were found", distinct.len());
    for database in testkit::databases(&migrations()) {
        let mut broken = Vec::new();
        for (path, line, room, text) in &all {
            if room == "store" {
                continue;
            }
            let text: &'static str = Box::leak(text.clone().into_boxed_str());
            if let Err(error) = database.store.prepare(text) {
                broken.push(format!("{path}:{line}: {error}"));
            }
        }
        nothing(&broken, &format!("A statement that {:?} does not accept.", database.store.backend()));
    }
}

#[test]
fn both_databases_have_the_same_tables() {
    let mut columns: Vec<Vec<String>> =
        testkit::databases(&migrations()).iter().map(|database| database.store.columns().unwrap()).collect();
    let first = columns.pop().unwrap();
    assert!(first.len() > 100);
    for other in columns {
        assert_eq!(first, other);
    }
}
