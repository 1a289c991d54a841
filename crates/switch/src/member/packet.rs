//! The packet of a quote: what is to be paid, written as the field writes it (Interledger v1 payment packet, OER), with the
//! transaction as data (API Definition §7.4.17), and the condition that follows from it.
//!
//! **Invariant:** a quote is kept nowhere. Its fulfilment is a keyed hash of its packet, so that a transfer whose condition fits its
//! packet takes up a quote of ours, unchanged; and nobody else can make one.

use crypto::{base64url, from_base64url, hmac_sha256, sha256};
use serde::{Deserialize, Serialize};
use spine::{Money, Timestamp};

use crate::amount::WireAmount;
use crate::transfers::tell::moment;

/// The kind of a payment packet.
const PAYMENT: u8 = 1;
/// The longest packet read (`IlpPacket` has up to 32,768 characters; ours are far shorter).
const LONGEST: usize = 4_096;

/// What a quote of ours promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) quote: String,
    pub(super) transaction: String,
    /// The payer's institution.
    pub(super) payer: String,
    /// Ourselves, the name of the business, and the number of ours that is to be paid.
    pub(super) payee: String,
    pub(super) business: String,
    pub(super) number: String,
    pub(super) amount: Money,
    /// Until when it may be taken up.
    pub(super) expires_at: Timestamp,
}

/// A packet and what locks a transfer of it.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) packet: String,
    pub(super) condition: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    transaction_id: String,
    quote_id: String,
    payee: Party,
    payer: Party,
    amount: WireAmount,
    expiration: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    party_id_info: PartyIdInfo,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyIdInfo {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    party_id_type: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    party_identifier: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    party_sub_id_or_type: String,
    fsp_id: String,
}

/// Writes a quote's packet; none if it cannot be written.
pub(super) fn promise(secret: &[u8; 32], terms: &Terms) -> Option<Promise> {
    let transaction = Transaction {
        transaction_id: terms.transaction.clone(),
        quote_id: terms.quote.clone(),
        payee: Party {
            party_id_info: PartyIdInfo {
                party_id_type: "BUSINESS".to_owned(),
                party_identifier: terms.business.clone(),
                party_sub_id_or_type: terms.number.clone(),
                fsp_id: terms.payee.clone(),
            },
        },
        // Who of its customers pays is her institution's business.
        payer: Party { party_id_info: PartyIdInfo { fsp_id: terms.payer.clone(), ..PartyIdInfo::default() } },
        amount: WireAmount::of(terms.amount),
        expiration: moment(terms.expires_at),
    };
    let data = base64url(&serde_json::to_vec(&transaction).ok()?);
    let address = format!("g.{}.business.{}.{}", terms.payee, terms.business, terms.number).to_lowercase();
    let mut contents = u64::try_from(terms.amount.minor()).ok()?.to_be_bytes().to_vec();
    put(&mut contents, address.as_bytes());
    put(&mut contents, data.as_bytes());
    contents.push(0);
    let mut packet = vec![PAYMENT];
    put(&mut packet, &contents);
    let packet = base64url(&packet);
    let condition = base64url(&sha256(&[&fulfilment(secret, &packet)]));
    Some(Promise { packet, condition })
}

/// The secret that a packet's condition is made of.
pub(super) fn fulfilment(secret: &[u8; 32], packet: &str) -> [u8; 32] {
    hmac_sha256(secret, &[b"letsema/fspiop/fulfilment/v1\0", packet.as_bytes()])
}

/// What a packet and its condition promise; none unless both are ours, as we gave them out.
pub(super) fn read(secret: &[u8; 32], packet: &str, condition: &str) -> Option<Terms> {
    if packet.len() > LONGEST || !crate::fspiop::ilp::fulfils(&base64url(&fulfilment(secret, packet)), condition) {
        return None;
    }
    let bytes = from_base64url(packet)?;
    let (kind, rest) = bytes.split_first()?;
    let (contents, end) = take(rest)?;
    if *kind != PAYMENT || !end.is_empty() {
        return None;
    }
    let (_, rest) = contents.split_at_checked(8)?;
    let (_, rest) = take(rest)?;
    let (data, _) = take(rest)?;
    let data = from_base64url(std::str::from_utf8(data).ok()?)?;
    let said: Transaction = serde_json::from_slice(&data).ok()?;
    let payee = said.payee.party_id_info;
    Some(Terms {
        quote: said.quote_id,
        transaction: said.transaction_id,
        payer: said.payer.party_id_info.fsp_id,
        payee: payee.fsp_id,
        business: payee.party_identifier,
        number: payee.party_sub_id_or_type,
        amount: said.amount.read()?,
        expires_at: Timestamp::parse(&said.expiration).ok()?,
    })
}

/// Octets of variable length (OER, X.696 §8.6): the length, and then they.
fn put(out: &mut Vec<u8>, octets: &[u8]) {
    let length = octets.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match length.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(octets);
}

/// What stands first of such octets, and the rest.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return rest.split_at_checked(usize::from(*first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
    if length.len() > 4 {
        return None;
    }
    let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spine::Currency;

    use super::*;

    fn terms(minor: i64) -> Terms {
        Terms {
            quote: "b51ec534-ee48-4575-b6a9-ead2955b8069".into(),
            transaction: "a8323bc6-c228-4df2-ae82-e5a997baf899".into(),
            payer: "bank".into(),
            payee: "government".into(),
            business: "LESOTHO".into(),
            number: "9482-7735-6043".into(),
            amount: Money::new(minor, Currency::parse("LSL").unwrap()),
            expires_at: Timestamp::parse("2026-11-26T06:05:00Z").unwrap(),
        }
    }

    proptest! {
        #[test]
        fn what_was_promised_is_read_again(minor in 1_i64..1 << 53) {
            let promise = promise(&[1; 32], &terms(minor)).unwrap();
            prop_assert_eq!(read(&[1; 32], &promise.packet, &promise.condition), Some(terms(minor)));
            prop_assert_eq!(read(&[2; 32], &promise.packet, &promise.condition), None);
        }

        #[test]
        fn octets_of_any_length_are_read_as_they_were_put(octets in prop::collection::vec(any::<u8>(), 0..70_000)) {
            let mut out = Vec::new();
            put(&mut out, &octets);
            prop_assert_eq!(take(&out), Some((octets.as_slice(), &[][..])));
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = take(&bytes);
            let packet = base64url(&bytes);
            let condition = base64url(&sha256(&[&fulfilment(&[1; 32], &packet)]));
            prop_assert_eq!(read(&[1; 32], &packet, &condition), None);
        }
    }

    #[test]
    fn one_changed_letter_is_nobodys() {
        let promise = promise(&[1; 32], &terms(50_000)).unwrap();
        let other = promise.packet.replacen('A', "B", 1);
        assert!(other != promise.packet && read(&[1; 32], &other, &promise.condition).is_none());
        let theirs = base64url(&sha256(&[b"another secret of the payer's own..."]));
        assert!(read(&[1; 32], &promise.packet, &theirs).is_none());
    }
}
