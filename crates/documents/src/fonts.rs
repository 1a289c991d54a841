//! The fonts of a pack: bytes that the writer embeds and the shaper reads.
//!
//! **Invariant:** a font that both can read is the only kind held here. A letter that a font has not is
//! printed as U+FFFD, never left out and never an empty box (PDF/A-3 §6.2.11.8 forbids `.notdef`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use krilla::text::Font;
use rustybuzz::Face;

/// Fonts by name.
#[derive(Clone, Default)]
pub struct Fonts(BTreeMap<String, Entry>);

#[derive(Clone)]
struct Entry {
    font: Font,
    bytes: Arc<Vec<u8>>,
}

/// The bytes are not an OpenType or TrueType font, or it lacks the replacement letter.
#[derive(Debug, thiserror::Error)]
#[error("the font `{0}` cannot be read, or has neither U+FFFD nor `?`")]
pub struct BadFont(pub String);

impl Fonts {
    /// Reads fonts; each name is what a layout's style calls it.
    ///
    /// # Errors
    /// [`BadFont`] for the first that cannot be used.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, BadFont> {
        let mut fonts = BTreeMap::new();
        for (name, bytes) in files {
            let bytes = Arc::new(bytes);
            let readable = Face::from_slice(&bytes, 0).is_some_and(|face| replacement(&face).is_some());
            let font = Font::new(Arc::clone(&bytes).into(), 0).filter(|_| readable);
            let Some(font) = font else { return Err(BadFont(name)) };
            fonts.insert(name, Entry { font, bytes });
        }
        Ok(Self(fonts))
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Opens every font for shaping; done once a document.
    pub(crate) fn open(&self) -> Faces<'_> {
        Faces(
            self.0
                .iter()
                .filter_map(|(name, entry)| {
                    let face = Face::from_slice(&entry.bytes, 0)?;
                    let replacement = replacement(&face)?;
                    Some((name.as_str(), OpenFont { font: &entry.font, face, replacement }))
                })
                .collect(),
        )
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

fn replacement(face: &Face<'_>) -> Option<char> {
    ['\u{fffd}', '?'].into_iter().find(|letter| face.glyph_index(*letter).is_some())
}

/// The fonts of one rendering.
pub(crate) struct Faces<'a>(BTreeMap<&'a str, OpenFont<'a>>);

/// One font, ready for both the shaper and the writer.
pub(crate) struct OpenFont<'a> {
    pub(crate) font: &'a Font,
    pub(crate) face: Face<'a>,
    replacement: char,
}

impl<'a> Faces<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&OpenFont<'a>> {
        self.0.get(name)
    }
}

impl OpenFont<'_> {
    /// What this font prints of a text: signs without a shape and directions are dropped, white space is
    /// a space or a new line, and a letter the font lacks is the replacement letter.
    pub(crate) fn printable(&self, text: &str) -> String {
        text.chars()
            .filter(|letter| !is_invisible(*letter))
            .map(|letter| match letter {
                '\n' | '\u{2028}' | '\u{2029}' => '\n',
                letter if letter.is_control() => ' ',
                letter if self.face.glyph_index(letter).is_some() && !is_private(letter) => letter,
                letter if letter.is_whitespace() => ' ',
                _ => self.replacement,
            })
            .collect()
    }
}

/// Format characters (Unicode category Cf), variation selectors and carriage return: they have no shape of their own,
/// and the directional ones could make a name read as another.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\r' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Private use: no two readers agree on what it means.
fn is_private(letter: char) -> bool {
    matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}
