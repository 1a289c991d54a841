//! Content that means harm, and files that are not ours: an answer or an error, never a panic.

use documents::{Attachment, DocumentError, Record, Relation, attachments, render};
use proptest::prelude::*;

use crate::layouts::{content, small};
use crate::specimens;

fn filled(text: &str) -> Result<Vec<u8>, DocumentError> {
    let line = Record::from([("a".to_owned(), text.into())]);
    let content = content().with("text", text).with("lines", vec![line]);
    render(&small(), &specimens::fonts().unwrap(), &content)
}

#[test]
fn hostile_texts_are_printed_and_never_break() {
    let long = "x".repeat(10_000);
    let longer = "palo e telele haholo ".repeat(2_000);
    let lines = "mola\n".repeat(3_000);
    let marks = format!("a{}", "\u{301}".repeat(2_000));
    for text in [
        "",
        " ",
        "\u{202e}gnorw eht yaw\u{202c}",
        "שלום مرحبا",
        "\u{0}\u{1}\u{7f}\u{85}\t\r\n\u{feff}\u{fffe}\u{ad}",
        "👩🏾‍🌾🇱🇸",
        "漢字かな",
        "\u{e000}\u{f8ff}\u{10ffff}",
        "{text} {{x}} %s <script> (\\) <</A",
        "š Š s\u{30c} ʼM ’M ‘n",
        &long,
        &longer,
        &lines,
        &marks,
    ] {
        let pdf = filled(text).unwrap_or_else(|error| panic!("{error}: {:.40}", text.escape_debug().to_string()));
        assert!(pdf.starts_with(b"%PDF-1.7"));
    }
    assert!(matches!(filled(&"x".repeat(2 << 20)), Err(DocumentError::TooLarge { .. })));
}

#[test]
fn attachments_have_names_and_limits() {
    let file = |name: &str, mime: &str, bytes: usize| Attachment {
        name: name.to_owned(),
        mime: mime.to_owned(),
        description: "d".to_owned(),
        relation: Relation::Supplement,
        bytes: vec![7; bytes],
    };
    let fonts = specimens::fonts().unwrap();
    let made =
        |attachment| render(&small(), &fonts, &content().with("text", "x").with("lines", vec![]).attach(attachment));
    for wrong in [file("", "a/b", 1), file("../x", "a/b", 1), file("x", "ab", 1), file("a\nb", "a/b", 1)] {
        assert!(matches!(made(wrong), Err(DocumentError::Attachment)));
    }
    assert!(matches!(made(file("x", "a/b", (16 << 20) + 1)), Err(DocumentError::TooLarge { .. })));
    let odd = file("tšepo (1) \\ 👩.json".replace('\\', "").as_str(), "application/vc+json", 100_000);
    assert_eq!(attachments(&made(odd.clone()).unwrap()).unwrap(), [odd]);
    let empty = file("empty", "text/plain", 0);
    assert_eq!(attachments(&made(empty.clone()).unwrap()).unwrap(), [empty]);
}

fn ours() -> Vec<u8> {
    let (name, content) = specimens::all(["en-LS", "st-LS"]).remove(0);
    render(&specimens::layout(name).unwrap(), &specimens::fonts().unwrap(), &content).unwrap()
}

#[test]
fn a_damaged_file_is_an_error_or_the_same_files() {
    let whole = ours();
    let truth = attachments(&whole).unwrap();
    for length in (0..whole.len()).step_by(97) {
        let _ = attachments(&whole[..length]);
    }
    // Bytes changed one by one near the structures that the reader follows.
    let tail = whole.len() - 6_000;
    for place in (tail..whole.len()).step_by(3) {
        for byte in [0, b'0', b'9', b'<', b'(', b'[', 0xff] {
            let mut damaged = whole.clone();
            damaged[place] = byte;
            let _ = attachments(&damaged);
        }
    }
    assert_eq!(attachments(&whole).unwrap(), truth);
}

#[test]
fn a_file_that_bites_is_refused() {
    let loops = b"%PDF-1.7\nxref\n0 0\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF";
    assert!(attachments(loops).is_err());
    let deep = format!("%PDF-1.7\nxref\n0 0\ntrailer<</Root 1 0 R/A {}>>\nstartxref\n9\n%%EOF", "[".repeat(100_000));
    assert!(attachments(deep.as_bytes()).is_err());
    let many = "%PDF-1.7\nxref\n0 999999999999\ntrailer<<>>\nstartxref\n9\n%%EOF";
    assert!(attachments(many.as_bytes()).is_err());
    for bytes in
        [&b""[..], b"%PDF-", b"PK\x03\x04", b"%PDF-1.7 startxref", b"%PDF-1.7 startxref 99999999999999999999999"]
    {
        assert!(attachments(bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000), start in any::<u16>()) {
        let mut file = b"%PDF-1.7\n".to_vec();
        file.extend(&bytes);
        file.extend(format!("\nstartxref\n{start}\n%%EOF").bytes());
        let _ = attachments(&file);
        let _ = attachments(&bytes);
    }

    #[test]
    fn no_objects_make_the_reader_panic(object in "[\\[\\]<>()/ 0-9Ra-f#\\\\\n%-]{0,300}") {
        let body = format!("%PDF-1.7\n1 0 obj {object} endobj\n");
        let xref = body.len();
        let file = format!("{body}xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer<</Root 1 0 R/X {object}>>\nstartxref\n{xref}\n%%EOF");
        let _ = attachments(file.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_becomes_a_document(text in "\\PC{0,400}") {
        prop_assert!(filled(&text).is_ok());
    }

    #[test]
    fn every_string_becomes_a_document(text in any::<String>()) {
        prop_assert!(filled(&text).is_ok());
    }
}
