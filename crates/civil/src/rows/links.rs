//! Family links as rows, with what was true when and known when.

use spine::{Row, Timestamp, Tx, TxError};

use crate::family::{Link, LinkId, Tie};

const INSERT: &str = "
    INSERT INTO civil_link (id, holder, whose, kind, valid_from, valid_to, known_from, known_to, source)
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";

pub(crate) fn insert(tx: &mut dyn Tx, link: &Link, known_from: Timestamp) -> Result<(), TxError> {
    let args = [
        link.id.into(),
        (&link.holder).into(),
        (&link.whose).into(),
        link.tie.name().into(),
        link.valid_from.into(),
        link.valid_to.into(),
        known_from.into(),
        (&link.source).into(),
    ];
    tx.change(INSERT, &args)
}

const CLOSE: &str = "UPDATE civil_link SET known_to = $2 WHERE id = $1 AND known_to IS NULL";

/// Says until when a link was held to be so.
pub(crate) fn close(tx: &mut dyn Tx, id: LinkId, known_to: Timestamp) -> Result<bool, TxError> {
    Ok(tx.execute(CLOSE, &[id.into(), known_to.into()])? == 1)
}

const SELECT_OF: &str = "
    SELECT id, holder, whose, kind, valid_from, valid_to, source FROM civil_link
    WHERE whose = $1 AND known_from <= $2 AND (known_to IS NULL OR known_to > $2) ORDER BY valid_from, id";
const SELECT_HELD: &str = "
    SELECT id, holder, whose, kind, valid_from, valid_to, source FROM civil_link
    WHERE holder = $1 AND known_from <= $2 AND (known_to IS NULL OR known_to > $2) ORDER BY valid_from, id";

/// Links in which somebody is something of this person, as known at a moment.
pub(crate) fn of(tx: &mut dyn Tx, whose: &str, known: Timestamp) -> Result<Vec<Link>, TxError> {
    tx.query(SELECT_OF, &[whose.into(), known.into()])?.iter().map(link).collect()
}

/// Links in which this person is something of somebody, as known at a moment.
pub(crate) fn held_by(tx: &mut dyn Tx, holder: &str, known: Timestamp) -> Result<Vec<Link>, TxError> {
    tx.query(SELECT_HELD, &[holder.into(), known.into()])?.iter().map(link).collect()
}

const SELECT_SOURCE: &str = "
    SELECT id, holder, whose, kind, valid_from, valid_to, source FROM civil_link
    WHERE (holder = $1 OR whose = $1) AND source = $2 AND known_to IS NULL ORDER BY id";

/// Links of a person that this source made or ended, as held now.
pub(crate) fn by_source(tx: &mut dyn Tx, person: &str, source: &str) -> Result<Vec<Link>, TxError> {
    tx.query(SELECT_SOURCE, &[person.into(), source.into()])?.iter().map(link).collect()
}

fn link(row: &Row) -> Result<Link, TxError> {
    let tie: String = row.get(3)?;
    Ok(Link {
        id: row.get(0)?,
        holder: row.get(1)?,
        whose: row.get(2)?,
        tie: Tie::parse(&tie).ok_or_else(|| TxError::Type("a family tie".to_owned()))?,
        valid_from: row.get(4)?,
        valid_to: row.get(5)?,
        source: row.get(6)?,
    })
}
