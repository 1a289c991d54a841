//! What other programs read in our files: poppler, qpdf and zbar. A tool that is not installed is said and skipped.

use std::path::PathBuf;
use std::process::Command;

use documents::{Record, render};

use crate::layouts::{content, small};
use crate::specimens;

/// What a program prints, or nothing if it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&output.stderr));
            Some(said)
        }
        Err(_) => {
            eprintln!("skipped: {program} is not installed (Debian: poppler-utils, qpdf, zbar-tools)");
            None
        }
    }
}

fn written(name: &str, pdf: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("{name}.pdf"));
    std::fs::write(&path, pdf).unwrap();
    path
}

#[test]
fn others_read_the_specimens() {
    let fonts = specimens::fonts().unwrap();
    for (name, content) in specimens::all(["st-LS", "en-LS"]) {
        let path = written(name, &render(&specimens::layout(name).unwrap(), &fonts, &content).unwrap());
        let path = path.to_str().unwrap();
        if let Some(text) = run("pdftotext", &[path, "-"]) {
            assert!(
                text.contains("Motšoene") && text.contains("Pulungoana") && text.contains("LS-7KQ2-9XWM-4T"),
                "{text}"
            );
            assert!(!text.contains('\u{fffd}'), "{text}");
        }
        if let Some(info) = run("pdfinfo", &[path]) {
            let has = |line: &str| info.lines().any(|own| own.split_whitespace().collect::<Vec<_>>().join(" ") == line);
            assert!(has("Tagged: yes") && has("Pages: 1") && has("PDF version: 1.7"), "{info}");
        }
        if let Some(meta) = run("pdfinfo", &["-meta", path]) {
            for wanted in ["<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", ">st-LS<"] {
                assert!(meta.contains(wanted), "{wanted}: {meta}");
            }
        }
        if let Some(tree) = run("pdfinfo", &["-struct-text", path]) {
            assert!(
                tree.contains("H1") && tree.contains("Table") && tree.contains("Figure") && tree.contains("Scope /Row")
            );
        }
        run("qpdf", &["--check", path]);
        let picture = path.replace(".pdf", "");
        if run("pdftoppm", &["-r", "120", "-png", "-singlefile", path, &picture]).is_some()
            && let Some(code) = run("zbarimg", &["-q", "--raw", &format!("{picture}.png")])
        {
            assert_eq!(code.trim(), "https://letsema.example/verify/LS-7KQ2-9XWM-4T");
        }
    }
}

#[test]
fn long_text_goes_on_over_pages_and_nothing_is_lost() {
    let words: Vec<String> = (0..4_000).map(|number| format!("w{number}")).collect();
    let text = words.join(" ");
    let lines =
        (0..200).map(|number| Record::from([("a".to_owned(), format!("row{number}").into())])).collect::<Vec<_>>();
    let content = content().with("text", "short").with("lines", lines).with("other", text);
    let path = written("long", &render(&small(), &specimens::fonts().unwrap(), &content).unwrap());
    let path = path.to_str().unwrap();
    if let Some(text) = run("pdftotext", &["-raw", path, "-"]) {
        let found: Vec<&str> = text.split_whitespace().collect();
        for word in words {
            assert!(found.contains(&word.as_str()), "{word} is lost");
        }
        assert!((0..200).all(|number| found.contains(&format!("row{number}").as_str())));
    }
    run("qpdf", &["--check", path]);
}
