//! Lengths and colours as a layout writes them: millimetres, and `#rrggbb`.
//!
//! **Invariant:** a length is finite and fits on a poster; inside the crate every length is in points
//! (1/72 inch), with the origin at the top left.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use serde::Deserialize;

/// Points in a millimetre.
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// A length written in millimetres, kept in points.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default, Deserialize)]
#[serde(try_from = "f32")]
pub(crate) struct Mm(f32);

impl Mm {
    pub(crate) const fn of(millimetres: f32) -> Self {
        Self(millimetres * POINTS_PER_MM)
    }

    pub(crate) const fn pt(self) -> f32 {
        self.0
    }
}

impl TryFrom<f32> for Mm {
    type Error = String;
    fn try_from(millimetres: f32) -> Result<Self, String> {
        if (-2000.0..=2000.0).contains(&millimetres) {
            Ok(Self::of(millimetres))
        } else {
            Err(format!("{millimetres} is not a length in millimetres between -2000 and 2000"))
        }
    }
}

/// A colour, `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl TryFrom<String> for Rgb {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a colour such as #00209f");
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
        let part = |from: usize| {
            digits.get(from..from + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(wrong)
        };
        Ok(Self(part(0)?, part(2)?, part(4)?))
    }
}

/// Where a line or a block stands between left and right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

impl Align {
    /// Where something `width` wide begins in `room`.
    pub(crate) const fn start(self, room: f32, width: f32) -> f32 {
        match self {
            Self::Left => 0.0,
            Self::Centre => (room - width) / 2.0,
            Self::Right => room - width,
        }
    }
}
