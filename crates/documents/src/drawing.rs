//! Simple shapes in their own units: the motifs of the house, written with a few letters of SVG's path language.
//!
//! **Invariant:** a drawing is data with a bounded number of segments; it can read nothing and run nothing.
//! `paint.rs` puts it on a page.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use serde::Deserialize;

/// A piece of an outline, with absolute coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Segment {
    Move(f32, f32),
    Line(f32, f32),
    Quad(f32, f32, f32, f32),
    Cubic(f32, f32, f32, f32, f32, f32),
    Close,
}

impl Segment {
    /// The same, scaled and then moved.
    pub(crate) fn placed(self, scale: f32, dx: f32, dy: f32) -> Self {
        let (px, py) = (|x: f32| x * scale + dx, |y: f32| y * scale + dy);
        match self {
            Self::Move(x, y) => Self::Move(px(x), py(y)),
            Self::Line(x, y) => Self::Line(px(x), py(y)),
            Self::Quad(a, b, x, y) => Self::Quad(px(a), py(b), px(x), py(y)),
            Self::Cubic(a, b, c, d, x, y) => Self::Cubic(px(a), py(b), px(c), py(d), px(x), py(y)),
            Self::Close => Self::Close,
        }
    }
}

/// Most segments in one outline.
const MAX_SEGMENTS: usize = 4000;

/// An outline in SVG's path language: `M L H V Q C Z`, small letters relative.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Outline(pub(crate) Vec<Segment>);

impl TryFrom<String> for Outline {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Pen::default().draw(&text).map(Self)
    }
}

/// Where the pen is, where the outline began, and what has been drawn.
#[derive(Default)]
struct Pen {
    at: (f32, f32),
    start: (f32, f32),
    drawn: Vec<Segment>,
}

impl Pen {
    fn draw(mut self, text: &str) -> Result<Vec<Segment>, String> {
        let mut words = Words { rest: text };
        let mut command = None;
        loop {
            match words.letter() {
                Some(letter) => command = Some(letter),
                None if words.rest.is_empty() => break,
                None => {}
            }
            let Some(letter) = command else { return Err("a path begins with M".to_owned()) };
            self.step(letter, &mut words)?;
            // After a move, more pairs are lines; after a close there must be a letter.
            command = match letter {
                'M' => Some('L'),
                'm' => Some('l'),
                'Z' | 'z' => None,
                letter => Some(letter),
            };
            if self.drawn.len() > MAX_SEGMENTS {
                return Err(format!("a path has at most {MAX_SEGMENTS} segments"));
            }
        }
        match self.drawn.first() {
            Some(Segment::Move(..)) => Ok(self.drawn),
            _ => Err("a path begins with M".to_owned()),
        }
    }

    fn step(&mut self, letter: char, words: &mut Words<'_>) -> Result<(), String> {
        let (ox, oy) = if letter.is_ascii_lowercase() { self.at } else { (0.0, 0.0) };
        let mut pair = || Ok::<_, String>((ox + words.number()?, oy + words.number()?));
        let (segment, at) = match letter.to_ascii_uppercase() {
            'M' => {
                let to = pair()?;
                self.start = to;
                (Segment::Move(to.0, to.1), to)
            }
            'L' => {
                let to = pair()?;
                (Segment::Line(to.0, to.1), to)
            }
            'H' => {
                let to = (ox + words.number()?, self.at.1);
                (Segment::Line(to.0, to.1), to)
            }
            'V' => {
                let to = (self.at.0, oy + words.number()?);
                (Segment::Line(to.0, to.1), to)
            }
            'Q' => {
                let (a, to) = (pair()?, pair()?);
                (Segment::Quad(a.0, a.1, to.0, to.1), to)
            }
            'C' => {
                let (a, b, to) = (pair()?, pair()?, pair()?);
                (Segment::Cubic(a.0, a.1, b.0, b.1, to.0, to.1), to)
            }
            'Z' => (Segment::Close, self.start),
            _ => return Err(format!("`{letter}` is not a path command: use M L H V Q C Z")),
        };
        self.drawn.push(segment);
        self.at = at;
        Ok(())
    }
}

/// Reads letters and numbers off a path.
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',', '\n', '\r', '\t']);
    }

    fn letter(&mut self) -> Option<char> {
        self.skip();
        let letter = self.rest.chars().next().filter(char::is_ascii_alphabetic)?;
        self.rest = self.rest.get(1..).unwrap_or_default();
        Some(letter)
    }

    fn number(&mut self) -> Result<f32, String> {
        self.skip();
        let mut dot = false;
        let end = self
            .rest
            .char_indices()
            .find(|(place, letter)| match letter {
                '-' | '+' => *place > 0,
                '.' => std::mem::replace(&mut dot, true),
                letter => !letter.is_ascii_digit(),
            })
            .map_or(self.rest.len(), |(place, _)| place);
        let (digits, rest) = self.rest.split_at(end);
        let number: f32 = digits.parse().map_err(|_| format!("a number is missing before `{:.12}`", self.rest))?;
        if number.abs() > 100_000.0 {
            return Err(format!("{digits} is too large for a drawing"));
        }
        self.rest = rest;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(text: &str) -> Result<Vec<Segment>, String> {
        Outline::try_from(text.to_owned()).map(|outline| outline.0)
    }

    #[test]
    fn reads_the_path_language() {
        use Segment::{Close, Cubic, Line, Move, Quad};
        assert_eq!(
            draw("M1,2 l3-1H0v.5.5Zm1 1Q1 2 3 4c0 0 0 0 1 1z").unwrap(),
            [
                Move(1.0, 2.0),
                Line(4.0, 1.0),
                Line(0.0, 1.0),
                Line(0.0, 1.5),
                Line(0.0, 2.0),
                Close,
                Move(2.0, 3.0),
                Quad(1.0, 2.0, 3.0, 4.0),
                Cubic(3.0, 4.0, 3.0, 4.0, 4.0, 5.0),
                Close
            ]
        );
        for wrong in ["", "L1 1", "M1", "M1 1 X", "M1 1Z 2", "M 1e9 1", "Mé", "M--1 1", "M1 999999"] {
            assert!(draw(wrong).is_err(), "{wrong}");
        }
        assert!(draw(&"M1 1 ".repeat(5000)).is_err());
    }
}
