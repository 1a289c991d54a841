//! Numbers given out in a person's stead.
//!
//! **Invariant:** a number stands here as a keyed hash and sealed, never as it is. Where next: `enrolment/vid.rs`.

use spine::{Row, Timestamp, Tx, TxError};

const INSERT: &str = "INSERT INTO identity_vid (hash, person, kind, sealed, made_at, expires_at, uses_left, revoked_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)";
// A number that does not count is found like one that was never given: by nobody.
const GOOD: &str = "SELECT v.person, a.login FROM identity_vid v LEFT JOIN identity_account a ON a.id = v.person \
     WHERE v.hash = $1 AND v.revoked_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > $2) \
     AND (v.uses_left IS NULL OR v.uses_left > 0)";
const SPEND: &str = "UPDATE identity_vid SET uses_left = uses_left - 1 WHERE hash = $1 AND revoked_at IS NULL \
     AND (expires_at IS NULL OR expires_at > $2) AND (uses_left IS NULL OR uses_left > 0)";
const REVOKE: &str = "UPDATE identity_vid SET revoked_at = $3 WHERE hash = $1 AND person = $2 AND revoked_at IS NULL";
const OF_PERSON: &str = "SELECT hash, kind, sealed, made_at, expires_at, uses_left FROM identity_vid \
     WHERE person = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) \
     AND (uses_left IS NULL OR uses_left > 0) ORDER BY made_at, hash";
const SWEEP: &str = "DELETE FROM identity_vid WHERE revoked_at < $1 OR expires_at < $1";

/// A number to be kept.
pub(crate) struct NewVid<'a> {
    pub(crate) hash: &'a str,
    pub(crate) person: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) sealed: &'a [u8],
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) uses: Option<i64>,
}

/// A number that counts, sealed.
pub(crate) struct VidRow {
    pub(crate) hash: String,
    pub(crate) kind: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) uses_left: Option<i64>,
}

pub(crate) fn insert(tx: &mut dyn Tx, new: &NewVid<'_>, now: Timestamp) -> Result<(), TxError> {
    let args = [
        new.hash.into(),
        new.person.into(),
        new.kind.into(),
        new.sealed.into(),
        now.into(),
        new.expires_at.into(),
        new.uses.into(),
    ];
    tx.change(INSERT, &args)
}

/// Whose a number is, and the login of her account if she has one; none if it does not count.
pub(crate) fn good(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<Option<(String, Option<String>)>, TxError> {
    tx.first(GOOD, &[hash.into(), now.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Spends one use; false if the number does not count any more.
pub(crate) fn spend(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(SPEND, &[hash.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn revoke(tx: &mut dyn Tx, hash: &str, person: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(REVOKE, &[hash.into(), person.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn of_person(tx: &mut dyn Tx, person: &str, now: Timestamp) -> Result<Vec<VidRow>, TxError> {
    let read = |row: &Row| {
        Ok(VidRow {
            hash: row.get(0)?,
            kind: row.get(1)?,
            sealed: row.get(2)?,
            made_at: row.get(3)?,
            expires_at: row.get(4)?,
            uses_left: row.get(5)?,
        })
    };
    tx.query(OF_PERSON, &[person.into(), now.into()])?.iter().map(read).collect()
}

/// Forgets numbers that ended before a moment.
pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    tx.execute(SWEEP, &[before.into()])
}
