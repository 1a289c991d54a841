//! Layouts and what they make of content: the same bytes for the same content, clear faults, nothing missing.

use documents::{Content, DocumentError, House, Layout, attachments, render};
use spine::{Language, Timestamp};

use crate::specimens;

const LANGUAGES: [&str; 2] = ["en-LS", "st-LS"];

/// A layout with one text of `{text}` and a table, for content that is not the pack's.
pub(crate) fn small() -> Layout {
    let layout = r##"
        title = "Test"
        colours = { ink = "#000000" }
        styles = { body = { font = "sans", size = 10, colour = "ink" } }
        blocks = [
            { kind = "title", text = "{text}", style = "body" },
            { kind = "text", text = { en = "E {text}", st = "S {text}" }, style = "body", both = "side" },
            { kind = "rows", label = "body", value = "body", rows = [{ label = "L", value = "{text}" }, { label = "O", value = "{other?}" }] },
            { kind = "box", border = "ink", blocks = [{ kind = "columns", columns = [
                { blocks = [{ kind = "text", text = "{text}", style = "body" }] },
                { blocks = [{ kind = "text", text = "{text}", style = "body" }] },
            ] }] },
            { kind = "table", rows = "lines", header = "body", cell = "body", columns = [{ header = "A", cell = "{a}" }, { header = "T", cell = "{text}" }] },
        ]
    "##;
    Layout::parse(layout, &House::default()).unwrap()
}

pub(crate) fn content() -> Content {
    Content::new(LANGUAGES.map(Language::new).to_vec(), Timestamp::from_micros(1_795_503_600_000_000))
}

#[test]
fn the_same_content_gives_the_same_bytes_and_its_evidence_comes_back() {
    let fonts = specimens::fonts().unwrap();
    for (name, content) in specimens::all(LANGUAGES) {
        let layout = specimens::layout(name).unwrap();
        let pdf = render(&layout, &fonts, &content).unwrap();
        assert_eq!(pdf, render(&layout, &specimens::fonts().unwrap(), &content).unwrap(), "{name}");
        assert_eq!(attachments(&pdf).unwrap(), content.attachments, "{name}");
        assert!(pdf.len() < 70_000, "{name} has {} bytes", pdf.len());
        for language in LANGUAGES {
            assert_eq!(layout.untranslated(&Language::new(language)), 0, "{name} in {language}");
        }
        let asked = layout.fields();
        assert!(asked.iter().all(|field| !field.required || content.fields.contains_key(&field.name)), "{asked:?}");
        let given = specimens::fonts().unwrap();
        assert!(layout.fonts().is_subset(&given.names().collect()));
    }
}

#[test]
fn a_missing_field_is_named() {
    let fonts = specimens::fonts().unwrap();
    let error = render(&small(), &fonts, &content()).unwrap_err();
    assert!(matches!(error, DocumentError::Missing(name) if name == "text"));
    let error = render(&small(), &fonts, &content().with("text", "x")).unwrap_err();
    assert!(matches!(error, DocumentError::Missing(name) if name == "lines"));
    let error = render(&small(), &fonts, &content().with("text", "x").with("lines", "x")).unwrap_err();
    assert!(matches!(error, DocumentError::WrongSort(name) if name == "lines"));
    let error = render(&small(), &fonts, &content().with("text", Vec::new()).with("lines", Vec::new())).unwrap_err();
    assert!(matches!(error, DocumentError::WrongSort(name) if name == "text"));
    let mut mute = content();
    mute.languages.clear();
    assert!(matches!(render(&small(), &fonts, &mute), Err(DocumentError::NoLanguage)));
}

#[test]
fn what_a_layout_asks_for() {
    let asked: Vec<(String, bool, Option<Vec<String>>)> =
        small().fields().into_iter().map(|field| (field.name, field.required, field.cells)).collect();
    assert_eq!(
        asked,
        [
            ("lines".to_owned(), true, Some(vec!["a".to_owned(), "text".to_owned()])),
            ("other".to_owned(), false, None),
            ("text".to_owned(), true, None)
        ]
    );
}

#[test]
fn faults_of_a_layout_have_lines() {
    let fault = |blocks: &str| {
        let text = format!(
            "title = \"T\"\ncolours = {{ ink = \"#000000\" }}\n[styles]\nbody = {{ font = \"sans\", size = 10, colour = \"ink\" }}\n[[blocks]]\nkind = \"title\"\ntext = \"T\"\nstyle = \"body\"\n{blocks}"
        );
        Layout::parse(&text, &House::default()).unwrap_err()
    };
    for (blocks, line, says) in [
        ("[[blocks]]\nkind = \"text\"\ntext = \"x\"\nstyle = \"bold\"", Some(9), "style `bold`"),
        ("[[blocks]]\nkind = \"text\"\ntext = \"x\"\nstyle = \"body\"\nsize = 3", Some(9), "size"),
        ("[[blocks]]\nkind = \"txt\"", Some(9), "txt"),
        ("[[blocks]]\nkind = \"text\"\ntext = \"{Bad}\"\nstyle = \"body\"", Some(9), "Bad"),
        ("[[blocks]]\nkind = \"rule\"\ncolour = \"red\"", Some(9), "colour `red`"),
        ("[[blocks]]\nkind = \"motif\"\ndrawing = \"hat\"\nwidth = 3", Some(9), "drawing `hat`"),
        ("[[blocks]]\nkind = \"title\"\nlevel = 3\ntext = \"x\"\nstyle = \"body\"", Some(9), "skip"),
        ("[drawings.x]\nwidth = 1\nheight = 1\npaths = [{ d = \"L1\" }]", Some(12), "a number is missing"),
        ("[colours2]\nred = \"#ff\"", Some(9), "colours2"),
        ("[page]\nleft = 100\nright = 100", None, "30 mm"),
    ] {
        let fault = fault(blocks);
        assert!(fault.message.contains(says), "{fault}");
        assert_eq!(fault.line, line, "{fault}");
    }
    let untitled = Layout::parse("title = \"T\"\nblocks = []", &House::default()).unwrap_err();
    assert!(untitled.message.contains("title block"));
    let unmarked = Layout::parse("title = \"T\"\nillustrative = true\nblocks = []", &House::default()).unwrap_err();
    assert!(unmarked.message.contains("specimen"));
}
