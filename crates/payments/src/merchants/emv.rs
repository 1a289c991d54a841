//! The text of a merchant's QR code: EMV QR Code Specification for Payment Systems (EMV QRCPS), Merchant-Presented Mode 1.1.
//!
//! **Invariant:** what is written is read back as it was; whoever reads refuses what the specification refuses: a length
//! that lies, a field twice, a checksum that does not fit. Every text that is written fits its field.

use std::collections::BTreeMap;

/// The largest code that is read; the specification allows no larger one (§3.3).
const LARGEST: usize = 512;

/// What a code says. Texts that are too long are cut when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Code {
    /// Whether it is for one payment (§4.2, tag 01: `12`) or for many (`11`).
    pub is_dynamic: bool,
    /// The globally unique identifier of our template (tag 26, 00), at most 32 characters.
    pub identifier: String,
    /// The merchant within it (tag 26, 01), at most 32.
    pub merchant: String,
    /// ISO 18245 (tag 52), four digits.
    pub category: String,
    /// ISO 4217, numeric (tag 53).
    pub currency: String,
    /// The amount as digits with a point (tag 54), at most 13; none when the payer is to enter it.
    pub amount: Option<String>,
    /// ISO 3166 (tag 58).
    pub country: String,
    /// The merchant's name (tag 59), at most 25 characters.
    pub name: String,
    /// Its city (tag 60), at most 15.
    pub city: String,
    /// The number of a bill (tag 62, 01), at most 25.
    pub bill: Option<String>,
    /// What the merchant calls the sale (tag 62, 05), at most 25.
    pub reference: Option<String>,
    /// Name and city in another language (tag 64): its ISO 639 code, name, city.
    pub alternate: Option<(String, String, String)>,
}

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too large, or not of tags, lengths and values.
    #[error("not of tags, lengths and values")]
    Shape,
    /// A field comes twice.
    #[error("a field comes twice")]
    Twice,
    /// The checksum does not fit.
    #[error("the checksum does not fit")]
    Checksum,
    /// A field is missing that every code has, or says something that it cannot say.
    #[error("a field is missing or wrong")]
    Field,
}

/// CRC-16/CCITT-FALSE (ISO/IEC 13239, as §4.7.3 asks): polynomial 0x1021, begun with 0xFFFF.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(*byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    })
}

/// Lengths count characters, and are two digits (§3.4).
fn field(out: &mut String, tag: &str, value: &str, most: usize) {
    let value: String = value.chars().filter(|letter| !letter.is_control()).take(most.min(99)).collect();
    if !value.is_empty() {
        out.push_str(&format!("{tag}{:02}{value}", value.chars().count()));
    }
}

impl Code {
    /// The text that the QR code holds.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::new();
        field(&mut text, "00", "01", 2);
        field(&mut text, "01", if self.is_dynamic { "12" } else { "11" }, 2);
        let mut account = String::new();
        field(&mut account, "00", &self.identifier, 32);
        field(&mut account, "01", &self.merchant, 32);
        field(&mut text, "26", &account, 99);
        field(&mut text, "52", &self.category, 4);
        field(&mut text, "53", &self.currency, 3);
        field(&mut text, "54", self.amount.as_deref().unwrap_or_default(), 13);
        field(&mut text, "58", &self.country, 2);
        field(&mut text, "59", &self.name, 25);
        field(&mut text, "60", &self.city, 15);
        let mut more = String::new();
        field(&mut more, "01", self.bill.as_deref().unwrap_or_default(), 25);
        field(&mut more, "05", self.reference.as_deref().unwrap_or_default(), 25);
        field(&mut text, "62", &more, 99);
        if let Some((language, name, city)) = &self.alternate {
            let mut other = String::new();
            field(&mut other, "00", language, 2);
            field(&mut other, "01", name, 25);
            field(&mut other, "02", city, 15);
            field(&mut text, "64", &other, 99);
        }
        text.push_str("6304");
        let sum = crc(text.as_bytes());
        format!("{text}{sum:04X}")
    }

    /// Reads a code, ours or another's.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn read(text: &str) -> Result<Self, CodeError> {
        if text.len() > LARGEST {
            return Err(CodeError::Shape);
        }
        let split = text.len().checked_sub(4).ok_or(CodeError::Shape)?;
        let (body, sum) = text.split_at_checked(split).ok_or(CodeError::Shape)?;
        if !body.ends_with("6304") || !sum.eq_ignore_ascii_case(&format!("{:04X}", crc(body.as_bytes()))) {
            return Err(CodeError::Checksum);
        }
        let fields = fields(text)?;
        let first = text.get(..6) == Some("000201");
        let needed = |tag: &str| fields.get(tag).cloned().ok_or(CodeError::Field);
        let account = (26..=51).find_map(|tag| fields.get(&format!("{tag:02}")));
        let account = self::fields(account.ok_or(CodeError::Field)?)?;
        let more = fields.get("62").map(|more| self::fields(more)).transpose()?.unwrap_or_default();
        let other = fields.get("64").map(|other| self::fields(other)).transpose()?;
        let amount = fields.get("54").cloned();
        let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|it| it.is_ascii_digit());
        let code = Self {
            is_dynamic: match fields.get("01").map(String::as_str) {
                Some("12") => true,
                Some("11") | None => false,
                Some(_) => return Err(CodeError::Field),
            },
            identifier: account.get("00").cloned().ok_or(CodeError::Field)?,
            merchant: account.get("01").cloned().unwrap_or_default(),
            category: needed("52")?,
            currency: needed("53")?,
            amount,
            country: needed("58")?,
            name: needed("59")?,
            city: needed("60")?,
            bill: more.get("01").cloned(),
            reference: more.get("05").cloned(),
            alternate: match other {
                Some(other) => Some((
                    other.get("00").cloned().ok_or(CodeError::Field)?,
                    other.get("01").cloned().ok_or(CodeError::Field)?,
                    other.get("02").cloned().unwrap_or_default(),
                )),
                None => None,
            },
        };
        let amount_fits = code
            .amount
            .as_deref()
            .is_none_or(|amount| amount.len() <= 13 && amount.bytes().all(|it| it.is_ascii_digit() || it == b'.'));
        let fits = first && digits(&code.category, 4) && digits(&code.currency, 3) && amount_fits;
        if fits && code.country.len() == 2 { Ok(code) } else { Err(CodeError::Field) }
    }
}

/// The fields of a text, by their tags.
fn fields(text: &str) -> Result<BTreeMap<String, String>, CodeError> {
    let mut letters = text.chars();
    let mut found = BTreeMap::new();
    while !letters.as_str().is_empty() {
        let tag: String = letters.by_ref().take(2).collect();
        let length: String = letters.by_ref().take(2).collect();
        let plain = |text: &str| text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
        if !plain(&tag) || !plain(&length) {
            return Err(CodeError::Shape);
        }
        let length: usize = length.parse().map_err(|_| CodeError::Shape)?;
        let value: String = letters.by_ref().take(length).collect();
        if value.chars().count() != length || length == 0 {
            return Err(CodeError::Shape);
        }
        if found.insert(tag, value).is_some() {
            return Err(CodeError::Twice);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours() -> Code {
        Code {
            is_dynamic: true,
            identifier: "ls.example.letsema".to_owned(),
            merchant: "mer_01".to_owned(),
            category: "5999".to_owned(),
            currency: "426".to_owned(),
            amount: Some("130.00".to_owned()),
            country: "LS".to_owned(),
            name: "Tšepo Café".to_owned(),
            city: "Maseru".to_owned(),
            bill: Some("9482-7735-6043".to_owned()),
            reference: Some("till 1".to_owned()),
            alternate: Some(("st".to_owned(), "Khefi ea Tšepo".to_owned(), "Maseru".to_owned())),
        }
    }

    #[test]
    fn the_checksum_is_the_specifications() {
        // The check value of CRC-16/CCITT-FALSE.
        assert_eq!(crc(b"123456789"), 0x29B1);
    }

    #[test]
    fn the_specifications_own_example() {
        // EMV QRCPS Merchant-Presented Mode, annex: its example of a code with a Chinese template, checksum A13A.
        let text = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A";
        let code = Code::read(text).unwrap();
        assert_eq!((code.name.as_str(), code.currency.as_str()), ("BEST TRANSPORT", "156"));
        assert_eq!((code.amount.as_deref(), code.is_dynamic), (Some("23.72"), true));
        assert_eq!(code.alternate, Some(("ZH".to_owned(), "最佳运输".to_owned(), "北京".to_owned())));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let text = ours().write();
        assert_eq!(Code::read(&text), Ok(ours()));
        for place in 0..text.len() {
            let mut slip = text.clone().into_bytes();
            slip[place] ^= 1;
            let Ok(slip) = String::from_utf8(slip) else { continue };
            if !slip.eq_ignore_ascii_case(&text) {
                assert!(Code::read(&slip).is_err(), "{slip}");
            }
        }
        let sealed = |body: &str| format!("{body}6304{:04X}", crc(format!("{body}6304").as_bytes()));
        for (body, error) in [
            ("00020101021100", CodeError::Shape),
            ("000201000201", CodeError::Twice),
            ("0002015999short", CodeError::Shape),
            ("000201", CodeError::Field),
            ("", CodeError::Field),
        ] {
            assert_eq!(Code::read(&sealed(body)), Err(error), "{body}");
        }
        assert_eq!(Code::read(""), Err(CodeError::Shape));
        assert_eq!(Code::read(&"0".repeat(600)), Err(CodeError::Shape));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in ".{0,600}") {
            let _ = Code::read(&text);
        }

        #[test]
        fn what_is_written_is_read(name in "[a-zA-Zšé ]{1,25}", city in "[a-zA-Z ]{1,15}", minor in 1..10_000_000_u32) {
            let amount = Some(format!("{}.{:02}", minor / 100, minor % 100));
            let code = Code { name, city, amount, ..ours() };
            prop_assert_eq!(Code::read(&code.write()), Ok(code));
        }
    }
}
