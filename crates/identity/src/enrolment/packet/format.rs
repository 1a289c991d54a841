//! A packet: a form and what was taken of a body, with the word of the operator and of the device that it was so.
//!
//! Within the encryption it is four lines and a rest: the name and version, the device's signature, the operator's, the
//! form as JSON, and then the templates as they are. Both signatures are over the hashes of form and templates.
//!
//! **Invariant:** parsing reads untrusted bytes: it is bounded, panics at nothing, and believes nothing; whose signatures they
//! are is for `receive.rs` to weigh.

use crypto::jose::{Encryption, Recipient, sign};
use crypto::{SigningKey, base64url, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use spine::{Date, Timestamp};

use crate::enrolment::application::{Exception, Told};

/// The first line.
const NAME: &str = "letsema-packet-1";
/// The content type within the encryption.
pub(crate) const CONTENT: &str = "letsema-packet";
/// The types of the two signatures.
const OPERATOR: &str = "letsema-enrolment+jwt";
const DEVICE: &str = "letsema-packet+jwt";
/// At most so many bytes of a form, and of a whole packet as it is sent.
const FORM_BYTES: usize = 32 << 10;
/// The largest packet as it is sent: templates of a megabyte, and a third for writing it in letters.
pub(crate) const LARGEST: usize = 1_600 << 10;

/// What the operator wrote down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacketForm {
    /// The kind of evidence, as the pack calls it.
    pub evidence: String,
    /// Its number.
    pub paper: String,
    /// The chief's user name, for a letter.
    #[serde(default)]
    pub chief: String,
    /// The day of the letter.
    #[serde(default)]
    pub letter_on: Option<Date>,
    /// Fields of the population's record.
    pub fields: Told,
    /// What could not be taken of her body.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// What both signatures say.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Claims {
    /// The device or the operator.
    pub iss: String,
    /// The centre's address.
    pub aud: String,
    /// The packet's name, the same in both.
    pub jti: String,
    /// When it was made.
    pub iat: i64,
    /// The hash of the form.
    pub form: String,
    /// The hash of the templates.
    pub templates: String,
    /// How many packets the device has made, this one counted; in the device's only.
    #[serde(default)]
    pub number: i64,
}

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketFault {
    /// Not of this form, too long, or not what it says it is.
    #[error("not a packet")]
    Malformed,
    /// Form or templates are not those that were signed.
    #[error("altered after it was signed")]
    Altered,
}

/// Whose hands it went through, for making one.
#[derive(Clone, Debug)]
pub struct Taken<'a> {
    /// The packet's name: fresh and random.
    pub name: &'a str,
    /// The centre's address.
    pub centre: &'a str,
    /// The device's identifier.
    pub device: &'a str,
    /// How many packets the device has made, this one counted.
    pub number: i64,
    /// The operator's identifier.
    pub operator: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A packet as it is parsed.
#[derive(Clone, PartialEq, Debug)]
pub struct Packet {
    /// The device's signature, whole.
    pub device_token: String,
    /// The operator's signature, whole.
    pub operator_token: String,
    /// What the device says, unproven.
    pub device: Claims,
    /// What the operator says, unproven.
    pub operator: Claims,
    /// The form.
    pub form: PacketForm,
    /// What was taken of the body; empty for nothing.
    pub templates: Vec<u8>,
}

fn digest(bytes: &[u8]) -> String {
    base64url(&sha256(&[b"letsema packet 1:", bytes]))
}

impl Packet {
    /// Makes a packet and encrypts it to the centre, whose key set is given.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub fn make(
        taken: &Taken<'_>,
        form: &PacketForm,
        templates: &[u8],
        (device, operator): (&SigningKey, &SigningKey),
        centre: &Json,
    ) -> Result<String, String> {
        let form = serde_json::to_string(form).map_err(|error| error.to_string())?;
        let claims = |issuer: &str| {
            json!({
                "iss": issuer, "aud": taken.centre, "jti": taken.name, "iat": taken.at.as_seconds(),
                "form": digest(form.as_bytes()), "templates": digest(templates), "number": taken.number,
            })
        };
        let signed = |key: &SigningKey, typ, issuer| sign(key, typ, &claims(issuer)).map_err(|error| error.to_string());
        let operator = signed(operator, OPERATOR, taken.operator)?;
        let device = signed(device, DEVICE, taken.device)?;
        let mut plain = [NAME, &device, &operator, &form, ""].join("\n").into_bytes();
        plain.extend_from_slice(templates);
        let to = Recipient::in_jwks(centre, Encryption::EcdhEsA256Kw).map_err(|error| error.to_string())?;
        let packet = to.encrypt(CONTENT, &plain).map_err(|error| error.to_string())?;
        if packet.len() > LARGEST {
            return Err(format!("the packet has {} bytes; at most {LARGEST} can be sent", packet.len()));
        }
        Ok(packet)
    }

    /// Parses what was decrypted. Hashes are compared; signatures are not yet verified.
    ///
    /// # Errors
    /// [`PacketFault`].
    pub fn parse(plain: &[u8]) -> Result<Self, PacketFault> {
        let malformed = PacketFault::Malformed;
        let mut rest = plain;
        let mut line = || -> Result<&str, PacketFault> {
            let window = rest.get(..rest.len().min(FORM_BYTES)).unwrap_or_default();
            let end = window.iter().position(|byte| *byte == b'\n').ok_or(malformed)?;
            let (line, after) = (rest.get(..end), rest.get(end + 1..));
            rest = after.ok_or(malformed)?;
            line.and_then(|line| std::str::from_utf8(line).ok()).ok_or(malformed)
        };
        let (name, device_token, operator_token, form) = (line()?, line()?, line()?, line()?);
        if name != NAME {
            return Err(malformed);
        }
        let templates = rest.to_vec();
        let claims = |token: &str, typ: &str| -> Result<Claims, PacketFault> {
            let said = crypto::jose::peek(token).map_err(|_| malformed)?;
            let fits = said.typ.as_deref() == Some(typ) && said.algorithm.is_some() && said.jwk.is_none();
            let claims: Claims = serde_json::from_value(Json::Object(said.claims)).map_err(|_| malformed)?;
            if fits { Ok(claims) } else { Err(malformed) }
        };
        let (device, operator) = (claims(device_token, DEVICE)?, claims(operator_token, OPERATOR)?);
        let (form_hash, templates_hash) = (digest(form.as_bytes()), digest(&templates));
        let fits = |one: &Claims| one.form == form_hash && one.templates == templates_hash;
        if !fits(&device) || !fits(&operator) || device.jti != operator.jti || device.aud != operator.aud {
            return Err(PacketFault::Altered);
        }
        let named = (16..=64).contains(&device.jti.len()) && device.jti.bytes().all(|byte| byte.is_ascii_graphic());
        if !named || device.number < 0 {
            return Err(malformed);
        }
        let form: PacketForm = serde_json::from_str(form).map_err(|_| malformed)?;
        let (device_token, operator_token) = (device_token.to_owned(), operator_token.to_owned());
        Ok(Self { device_token, operator_token, device, operator, form, templates })
    }

    /// The type of the device's signature.
    pub(crate) const fn device_type() -> &'static str {
        DEVICE
    }

    /// The type of the operator's signature.
    pub(crate) const fn operator_type() -> &'static str {
        OPERATOR
    }
}

#[cfg(test)]
mod tests {
    use crypto::Algorithm;
    use crypto::jose::DecryptionKey;
    use proptest::prelude::*;

    use super::*;

    fn form(given: &str) -> PacketForm {
        let fields = json!({"given": given, "family": "Letsie", "born": "1961-05-02", "sex": "female"});
        PacketForm {
            evidence: "passport".to_owned(),
            paper: "RC1".to_owned(),
            chief: String::new(),
            letter_on: None,
            fields: fields.as_object().unwrap().clone(),
            exceptions: Vec::new(),
        }
    }

    fn made(given: &str, templates: &[u8]) -> Vec<u8> {
        let folder = std::env::temp_dir().join(format!("letsema-packet-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let centre = DecryptionKey::in_file(&folder.join("centre.key")).unwrap();
        let keys = [Algorithm::Es256, Algorithm::EdDsa].map(|own| SigningKey::generate(own).unwrap());
        let taken = Taken {
            name: "0123456789abcdef",
            centre: "https://x",
            device: "dev_1",
            number: 3,
            operator: "off_1",
            at: Timestamp::from_micros(1_000_000),
        };
        let jwks = json!({"keys": [centre.jwk()]});
        let packet = Packet::make(&taken, &form(given), templates, (&keys[0], &keys[1]), &jwks).unwrap();
        centre.decrypt(&packet, CONTENT).unwrap()
    }

    #[test]
    fn what_was_made_is_parsed_and_every_change_is_noticed() {
        let plain = made("Mosa", b"finger: x\nbinary \x00\xff");
        let packet = Packet::parse(&plain).unwrap();
        assert_eq!(
            (packet.form.clone(), packet.templates.as_slice()),
            (form("Mosa"), &b"finger: x\nbinary \x00\xff"[..])
        );
        assert_eq!((packet.device.number, packet.operator.iss.as_str()), (3, "off_1"));
        for place in 0..plain.len() {
            let mut spoilt = plain.clone();
            spoilt[place] ^= 1;
            // A bit of a signature itself is for whoever has the key to notice.
            if let Ok(other) = Packet::parse(&spoilt) {
                assert_eq!((&other.form, &other.templates), (&packet.form, &packet.templates));
                assert!(other.device_token != packet.device_token || other.operator_token != packet.operator_token);
            }
        }
        for end in 0..plain.len() {
            assert!(Packet::parse(&plain[..end]).is_err());
        }
    }

    proptest! {
        #[test]
        fn names_and_templates_come_back_as_they_were(given in "[A-Za-zš’ ]{1,30}", templates in proptest::collection::vec(any::<u8>(), 0..300)) {
            let packet = Packet::parse(&made(&given, &templates)).unwrap();
            prop_assert_eq!(packet.form, form(&given));
            prop_assert_eq!(packet.templates, templates);
        }

        #[test]
        fn whatever_comes_is_refused_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(Packet::parse(&bytes).is_err());
        }
    }
}
