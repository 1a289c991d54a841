//! What the vital statistics count, as rows.

use spine::{Tx, TxError};

use crate::statistics::{Count, Fact};

const INSERT: &str = "
    INSERT INTO civil_fact (event, kind, circumstance, year, month, registered_year, district, sex, age, second_age, cause,
        delay_days)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

pub(crate) fn insert(tx: &mut dyn Tx, fact: &Fact<'_>) -> Result<(), TxError> {
    let args = [
        fact.event.into(),
        fact.kind.into(),
        fact.circumstance.into(),
        fact.year.into(),
        fact.month.into(),
        fact.registered_year.into(),
        fact.district.into(),
        fact.sex.into(),
        fact.age.into(),
        fact.second_age.into(),
        fact.cause.into(),
        fact.delay_days.into(),
    ];
    tx.change(INSERT, &args)
}

const DELETE: &str = "DELETE FROM civil_fact WHERE event = $1";

/// Takes back the fact of an event that turned out not to be one.
pub(crate) fn delete(tx: &mut dyn Tx, event: crate::event::EventId) -> Result<(), TxError> {
    tx.change(DELETE, &[event.into()])
}

const BY_DISTRICT: &str = "
    SELECT district, sex, COUNT(*) FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY district, sex ORDER BY 1, 2";
const BY_MONTH: &str = "
    SELECT CAST(month AS TEXT), sex, COUNT(*) FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY month, sex ORDER BY month, sex";
const BY_AGE: &str = "
    SELECT CASE WHEN age IS NULL THEN '' WHEN age < 1 THEN '0' WHEN age < 5 THEN '1' ELSE CAST(age / 5 * 5 AS TEXT) END,
        sex, COUNT(*)
    FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY 1, 2 ORDER BY 1, 2";
const BY_SECOND_AGE: &str = "
    SELECT CASE WHEN second_age IS NULL THEN '' ELSE CAST(second_age / 5 * 5 AS TEXT) END, sex, COUNT(*)
    FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY 1, 2 ORDER BY 1, 2";
const BY_CAUSE: &str = "
    SELECT cause, sex, COUNT(*) FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY cause, sex ORDER BY 1, 2";
const BY_CIRCUMSTANCE: &str = "
    SELECT circumstance, sex, COUNT(*) FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY circumstance, sex ORDER BY 1, 2";
const BY_DELAY: &str = "
    SELECT CASE WHEN delay_days <= 30 THEN '30' WHEN delay_days <= 90 THEN '90' WHEN delay_days <= 365 THEN '365' ELSE 'more' END,
        sex, COUNT(*)
    FROM civil_fact WHERE kind = $1 AND year = $2 GROUP BY 1, 2 ORDER BY 1, 2";

/// By what a table counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    District,
    Month,
    Age,
    SecondAge,
    Cause,
    Circumstance,
    Delay,
}

/// How many events of a kind happened in a year, by `by` and sex.
pub(crate) fn counts(tx: &mut dyn Tx, by: By, kind: &str, year: i64) -> Result<Vec<Count>, TxError> {
    let sql = match by {
        By::District => BY_DISTRICT,
        By::Month => BY_MONTH,
        By::Age => BY_AGE,
        By::SecondAge => BY_SECOND_AGE,
        By::Cause => BY_CAUSE,
        By::Circumstance => BY_CIRCUMSTANCE,
        By::Delay => BY_DELAY,
    };
    let rows = tx.query(sql, &[kind.into(), year.into()])?;
    rows.iter().map(|row| Ok(Count { group: row.get(0)?, sex: row.get(1)?, count: row.get(2)? })).collect()
}
