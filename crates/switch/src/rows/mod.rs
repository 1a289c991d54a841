//! Every SQL text of the switch, by subject.

pub(crate) mod directory;
pub(crate) mod letters;
pub(crate) mod member;
pub(crate) mod participants;
pub(crate) mod settlement;
pub(crate) mod totals;
pub(crate) mod transfers;

use spine::{Currency, Row, TxError};

fn currency(row: &Row, place: usize) -> Result<Currency, TxError> {
    Currency::parse(&row.get::<String>(place)?).map_err(|_| TxError::Type("a currency".to_owned()))
}
