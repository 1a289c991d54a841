//! How large things may be: a file is read in one sitting, a function on one screen.

use crate::{nothing, sources};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 80;

#[test]
fn files_are_read_in_one_sitting() {
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| source.ships() && source.code().lines().count() > FILE_LINES)
        .map(|source| format!("{}: {} lines", source.path, source.code().lines().count()))
        .collect();
    nothing(&broken, "A file of more than 500 lines has two reasons to change: split it there.");
}

#[test]
fn functions_fit_on_a_screen() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.ships()) {
        let mut begun: Option<(usize, usize, String)> = None;
        for (number, line) in source.code().lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let starts = [
                "fn ",
                "pub fn ",
                "pub(crate) fn ",
                "pub(super) fn ",
                "async fn ",
                "pub async fn ",
                "pub(crate) async fn ",
                "const fn ",
                "pub const fn ",
            ];
            if begun.is_none() && starts.iter().any(|start| head.starts_with(start)) && !head.ends_with(';') {
                begun = Some((number, indent, head.to_owned()));
            }
            if let Some((start, depth, name)) = &begun
                && head.starts_with('}')
                && indent == *depth
            {
                if number - start > FUNCTION_LINES {
                    broken.push(format!("{}:{}: {} lines: {name}", source.path, start + 1, number - start));
                }
                begun = None;
            }
        }
    }
    nothing(&broken, "A function of more than 80 lines does more than one thing: name the parts.");
}
