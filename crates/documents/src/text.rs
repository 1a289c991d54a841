//! Letters into lines: shaping, and breaking where Unicode allows it (UAX 14) or, in a word too long for
//! the line, between letters.
//!
//! **Invariant:** every letter of the input is in exactly one line, and no line is wider than its room
//! (unless a single letter is). Left to right only: the pack's fonts have no other scripts.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use std::ops::Range;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use spine::Language;
use unicode_linebreak::{BreakOpportunity, linebreaks};

use crate::content::DocumentError;
use crate::fonts::{Faces, OpenFont};
use crate::layout::Style;
use crate::measure::Rgb;

/// Text of one style in one language.
pub(crate) struct Span<'a> {
    pub(crate) text: &'a str,
    pub(crate) style: &'a Style,
    pub(crate) colour: Rgb,
    pub(crate) language: &'a Language,
}

/// Shaped letters of one span on one line.
#[derive(Clone)]
pub(crate) struct Run {
    /// From the line's left edge, points.
    pub(crate) x: f32,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    pub(crate) font: Font,
    pub(crate) size: f32,
    pub(crate) colour: Rgb,
    pub(crate) language: Language,
}

/// One line of a paragraph.
pub(crate) struct Line {
    pub(crate) runs: Vec<Run>,
    /// Without the space it ends in.
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// From the line's top to where the letters stand.
    pub(crate) baseline: f32,
}

/// A shaped letter before it has a place.
struct Letter {
    glyph: GlyphId,
    advance: f32,
    offset: (f32, f32),
    /// Bytes of the paragraph's text.
    range: Range<usize>,
    span: usize,
}

/// A span with its font open.
struct Ready<'a, 'f> {
    span: &'a Span<'a>,
    font: &'a OpenFont<'f>,
    range: Range<usize>,
}

/// Breaks spans into lines of at most `room` points.
pub(crate) fn paragraph(faces: &Faces<'_>, spans: &[Span<'_>], room: f32) -> Result<Vec<Line>, DocumentError> {
    let mut text = String::new();
    let mut ready = Vec::with_capacity(spans.len());
    for span in spans {
        let font = faces.get(&span.style.font).ok_or_else(|| DocumentError::Font(span.style.font.clone()))?;
        let start = text.len();
        let said = font.printable(span.text);
        text.push_str(&if span.style.capitals { capitals(&said) } else { said });
        ready.push(Ready { span, font, range: start..text.len() });
    }
    let mut breaker = Breaker { text: &text, ready: &ready, room, lines: Vec::new(), open: Vec::new(), width: 0.0 };
    let mut start = 0;
    for (end, opportunity) in linebreaks(&text) {
        breaker.word(start..end);
        if opportunity == BreakOpportunity::Mandatory {
            breaker.close();
        }
        start = end;
    }
    Ok(breaker.lines)
}

/// Capitals as Lesotho writes them; a letter that has none stays.
fn capitals(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).collect()
}

struct Breaker<'a, 'f> {
    text: &'a str,
    ready: &'a [Ready<'a, 'f>],
    room: f32,
    lines: Vec<Line>,
    /// Letters of the line being filled.
    open: Vec<Letter>,
    /// Its width so far.
    width: f32,
}

impl Breaker<'_, '_> {
    /// Adds the text between two places where a line may end.
    fn word(&mut self, range: Range<usize>) {
        let letters = self.shape(&range);
        let whole: f32 = letters.iter().map(|letter| letter.advance).sum();
        let seen = whole - self.trailing(&letters);
        if !self.open.is_empty() && self.width + seen > self.room {
            self.close();
        }
        if seen <= self.room {
            self.width += whole;
            self.open.extend(letters);
            return;
        }
        // A word wider than a whole line: as many letters as fit, never parting the marks from their letter.
        let mut letters = letters.into_iter().peekable();
        while let Some(first) = letters.next() {
            let cluster = first.range.start;
            let mut group = vec![first];
            while let Some(next) = letters.next_if(|next| next.range.start == cluster) {
                group.push(next);
            }
            let advance: f32 = group.iter().map(|letter| letter.advance).sum();
            if !self.open.is_empty() && self.width + advance > self.room {
                self.close();
            }
            self.width += advance;
            self.open.extend(group);
        }
    }

    /// The width of the spaces that `letters` end in.
    fn trailing(&self, letters: &[Letter]) -> f32 {
        letters.iter().rev().take_while(|letter| self.is_space(letter)).map(|letter| letter.advance).sum()
    }

    fn is_space(&self, letter: &Letter) -> bool {
        self.text.get(letter.range.clone()).is_some_and(|text| text.chars().all(char::is_whitespace))
    }

    fn shape(&self, range: &Range<usize>) -> Vec<Letter> {
        let mut letters = Vec::with_capacity(range.len());
        for (span, ready) in self.ready.iter().enumerate() {
            let part = range.start.max(ready.range.start)..range.end.min(ready.range.end);
            let Some(text) = self.text.get(part.clone()).filter(|text| !text.is_empty()) else { continue };
            shape(text.trim_end_matches('\n'), part.start, span, ready, &mut letters);
        }
        letters
    }

    /// Ends the line.
    fn close(&mut self) {
        let letters = std::mem::take(&mut self.open);
        let width = std::mem::take(&mut self.width) - self.trailing(&letters);
        let (mut height, mut above, mut below) = (0.0_f32, 0.0_f32, 0.0_f32);
        let styles = letters.iter().map(|letter| letter.span);
        let first = self.ready.len().saturating_sub(1);
        for span in styles.chain(letters.is_empty().then_some(first)) {
            let Some(Ready { span, font, .. }) = self.ready.get(span) else { continue };
            let scale = span.style.size / font.face.units_per_em() as f32;
            height = height.max(span.style.size * span.style.leading);
            above = above.max(f32::from(font.face.ascender()) * scale);
            below = below.max(-f32::from(font.face.descender()) * scale);
        }
        let baseline = (height - above - below) / 2.0 + above;
        let runs = self.runs(letters);
        self.lines.push(Line { runs, width, height, baseline });
    }

    fn runs(&self, letters: Vec<Letter>) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let (mut x, mut current, mut base) = (0.0, None, 0);
        for letter in letters {
            let Some(Ready { span, font, .. }) = self.ready.get(letter.span) else { continue };
            if current != Some(letter.span) {
                current = Some(letter.span);
                base = letter.range.start;
                runs.push(Run {
                    x,
                    text: String::new(),
                    glyphs: Vec::new(),
                    font: font.font.clone(),
                    size: span.style.size,
                    colour: span.colour,
                    language: span.language.clone(),
                });
            }
            let Some(run) = runs.last_mut() else { continue };
            if letter.range.end - base > run.text.len() {
                run.text = self.text.get(base..letter.range.end).unwrap_or_default().to_owned();
            }
            let size = span.style.size;
            run.glyphs.push(KrillaGlyph::new(
                letter.glyph,
                letter.advance / size,
                letter.offset.0 / size,
                letter.offset.1 / size,
                0.0,
                letter.range.start - base..letter.range.end - base,
                None,
            ));
            x += letter.advance;
        }
        runs
    }
}

/// Shapes one piece of one span; `base` is where it begins in the paragraph.
fn shape(text: &str, base: usize, span: usize, ready: &Ready<'_, '_>, letters: &mut Vec<Letter>) {
    let style = ready.span.style;
    let scale = style.size / ready.font.face.units_per_em() as f32;
    let tracking = style.tracking * style.size / 1000.0;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(Direction::LeftToRight);
    let shaped = rustybuzz::shape(&ready.font.face, &[], buffer);
    let infos = shaped.glyph_infos();
    for (place, (info, position)) in infos.iter().zip(shaped.glyph_positions()).enumerate() {
        let start = info.cluster as usize;
        let end = infos
            .iter()
            .skip(place + 1)
            .find(|later| later.cluster != info.cluster)
            .map_or(text.len(), |later| later.cluster as usize);
        let extra = if position.x_advance > 0 { tracking } else { 0.0 };
        letters.push(Letter {
            glyph: GlyphId::new(info.glyph_id),
            advance: position.x_advance as f32 * scale + extra,
            offset: (position.x_offset as f32 * scale, position.y_offset as f32 * scale),
            range: base + start..base + end.max(start),
            span,
        });
    }
}
