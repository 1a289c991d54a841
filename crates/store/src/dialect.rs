//! The few words in which the two databases differ. Engines write one text; here it becomes each one's own.

/// `$1` becomes `?1` outside quotes, as SQLite numbers its parameters.
pub(crate) fn sqlite_parameters(sql: &str) -> String {
    let mut quoted = false;
    sql.chars()
        .map(|letter| {
            quoted ^= letter == '\'';
            if letter == '$' && !quoted { '?' } else { letter }
        })
        .collect()
}

/// A migration in SQLite's words: 64-bit `INTEGER`, and every table `STRICT`, so that a text in an
/// integer column is refused as PostgreSQL refuses it. A table that ends `) WITHOUT ROWID` is kept in the
/// order of its primary key.
pub(crate) fn sqlite_schema(sql: &str) -> String {
    let sql = replace_words(sql, &[("BIGINT", "INTEGER")]);
    statements(&sql)
        .map(|statement| match statement.strip_suffix(WITHOUT_ROWID) {
            Some(table) => format!("{table} STRICT, WITHOUT ROWID;\n"),
            None if is_create_table(statement) => format!("{statement} STRICT;\n"),
            None => format!("{statement};\n"),
        })
        .collect()
}

/// Ends a table that SQLite keeps in its primary key; PostgreSQL has no such tables.
const WITHOUT_ROWID: &str = " WITHOUT ROWID";

/// A migration in PostgreSQL's words: `BYTEA`, and text compared by bytes, so that pages are in the
/// same order on both.
pub(crate) fn postgres_schema(sql: &str) -> String {
    let sql = sql.replace(") WITHOUT ROWID;\n", ");\n");
    replace_words(&sql, &[("BLOB", "BYTEA"), ("TEXT", "TEXT COLLATE \"C\"")])
}

/// `INSERT INTO t (a, b) VALUES ($1, 0)` for many rows at once: each parameter becomes an array of its type.
/// A text of another form stays as it is, and the database says what it thinks of it.
pub(crate) fn postgres_rows(sql: &str, types: &[&str]) -> String {
    let Some((table, values)) = sql.split_once("VALUES (") else { return sql.to_owned() };
    let Some((values, rest)) = closing(values).and_then(|end| values.split_at_checked(end)) else {
        return sql.to_owned();
    };
    let rest = rest.strip_prefix(')').unwrap_or(rest);
    let values = values.replace('$', "given.p");
    let (mut arrays, mut names) = (Vec::new(), Vec::new());
    for (number, kind) in (1..).zip(types) {
        arrays.push(format!("CAST(${number} AS {kind}[])"));
        names.push(format!("p{number}"));
    }
    format!("{table}SELECT {values} FROM unnest({}) AS given ({}){rest}", arrays.join(", "), names.join(", "))
}

/// Where the parenthesis ends that is open at the start.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_u32;
    text.char_indices().find_map(|(place, letter)| {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(place)
    })
}

/// `SELECT … WHERE a = $1` for many keys at once: the parameter becomes an array of its type.
pub(crate) fn postgres_keys(sql: &str, kind: &str) -> String {
    sql.replace("= $1", &format!("= ANY(CAST($1 AS {kind}[]))"))
}

fn is_create_table(statement: &str) -> bool {
    let code = statement.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
    code.trim_start().starts_with("CREATE TABLE")
}

/// Statements end with a semicolon at the end of a line.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(";\n")
        .map(|statement| statement.trim_end().trim_end_matches(';'))
        .filter(|statement| !statement.trim().is_empty())
}

fn replace_words(sql: &str, pairs: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        out.push_str(pairs.iter().find(|(from, _)| *from == word.as_str()).map_or(word.as_str(), |(_, to)| to));
        word.clear();
    };
    for letter in sql.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
        } else {
            flush(&mut word, &mut out);
            out.push(letter);
        }
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_outside_quotes() {
        assert_eq!(sqlite_parameters("SELECT '$1 it''s', $2, $1"), "SELECT '$1 it''s', ?2, ?1");
    }

    #[test]
    fn many_rows() {
        assert_eq!(
            postgres_rows("INSERT INTO a_b (id, n, done) VALUES ($1, $2, 0)", &["text", "int8"]),
            "INSERT INTO a_b (id, n, done) SELECT given.p1, given.p2, 0 \
             FROM unnest(CAST($1 AS text[]), CAST($2 AS int8[])) AS given (p1, p2)"
        );
    }

    #[test]
    fn schemas() {
        let sql = "-- a comment with TEXT\nCREATE TABLE a_b (\n    id TEXT PRIMARY KEY,\n    n BIGINT NOT NULL,\n    data BLOB\n);\nCREATE INDEX a_b_n ON a_b (n);\n";
        assert_eq!(
            sqlite_schema(sql),
            "-- a comment with TEXT\nCREATE TABLE a_b (\n    id TEXT PRIMARY KEY,\n    n INTEGER NOT NULL,\n    data BLOB\n) STRICT;\nCREATE INDEX a_b_n ON a_b (n);\n"
        );
        assert!(postgres_schema(sql).contains("id TEXT COLLATE \"C\" PRIMARY KEY"));
        assert!(postgres_schema(sql).contains("data BYTEA"));
    }

    #[test]
    fn a_table_in_its_primary_key() {
        let sql = "CREATE TABLE a_b (\n    id TEXT,\n    n BIGINT,\n    PRIMARY KEY (id, n)\n) WITHOUT ROWID;\nCREATE TABLE a_c (\n    id TEXT PRIMARY KEY\n);\n";
        assert_eq!(
            sqlite_schema(sql),
            "CREATE TABLE a_b (\n    id TEXT,\n    n INTEGER,\n    PRIMARY KEY (id, n)\n) STRICT, WITHOUT ROWID;\nCREATE TABLE a_c (\n    id TEXT PRIMARY KEY\n) STRICT;\n"
        );
        let postgres = postgres_schema(sql);
        assert!(!postgres.contains("ROWID") && postgres.contains("PRIMARY KEY (id, n)\n);\n"));
    }
}
