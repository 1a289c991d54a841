//! Values on their way to and from PostgreSQL, and what its errors mean.

use std::error::Error;

use spine::{Row, TxError, Value};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::group::Trouble;

/// A row of an answer, read while its columns are at hand.
pub(super) fn owned(row: &tokio_postgres::Row) -> Result<Row, TxError> {
    let mut values = Vec::with_capacity(row.len());
    for (place, column) in row.columns().iter().enumerate() {
        let wrong = |error: tokio_postgres::Error| TxError::Type(error.to_string());
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(place).map_err(wrong)?.map_or(Value::Null, Value::Int),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(place)
                .map_err(wrong)?
                .map_or(Value::Null, |number| Value::Int(number.into())),
            Type::INT2 => row
                .try_get::<_, Option<i16>>(place)
                .map_err(wrong)?
                .map_or(Value::Null, |number| Value::Int(number.into())),
            Type::BOOL => row
                .try_get::<_, Option<bool>>(place)
                .map_err(wrong)?
                .map_or(Value::Null, |truth| Value::Int(truth.into())),
            Type::TEXT | Type::VARCHAR | Type::NAME => {
                row.try_get::<_, Option<String>>(place).map_err(wrong)?.map_or(Value::Null, Value::from)
            }
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(place).map_err(wrong)?.map_or(Value::Null, Value::from),
            ref other => return Err(TxError::Type(format!("column {place} is {other}; cast it to BIGINT or TEXT"))),
        };
        values.push(value);
    }
    Ok(Row::new(values))
}

/// A parameter as the server takes it: bytes, or none for NULL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Encoded(Option<BytesMut>);

impl Encoded {
    fn of(value: &impl ToSql, wanted: &Type) -> Result<Self, TxError> {
        let mut bytes = BytesMut::new();
        match value.to_sql(wanted, &mut bytes) {
            Ok(IsNull::No) => Ok(Self(Some(bytes))),
            Ok(IsNull::Yes) => Ok(Self(None)),
            Err(why) => Err(TxError::Type(why.to_string())),
        }
    }

    /// One value for each parameter.
    pub(super) fn each(args: &[Value<'_>], wanted: &[Type]) -> Result<Vec<Self>, TxError> {
        if args.len() != wanted.len() {
            return Err(TxError::Type(format!("{} values for {} parameters", args.len(), wanted.len())));
        }
        args.iter().zip(wanted).map(|(value, wanted)| Self::of(&Bound(value), wanted)).collect()
    }

    /// One array for each parameter, with a value of every row.
    pub(super) fn columns(rows: &[&[Value<'_>]], wanted: &[Type]) -> Result<Vec<Self>, TxError> {
        let column = |(place, wanted)| {
            let values: Option<Vec<Bound<'_>>> = rows.iter().map(|row| row.get(place).map(Bound)).collect();
            Self::of(&values.ok_or_else(|| TxError::Type("a row has too few values".to_owned()))?, wanted)
        };
        wanted.iter().enumerate().map(column).collect()
    }

    /// One array of all keys.
    pub(super) fn keys(keys: &[Value<'_>], wanted: &[Type]) -> Result<Vec<Self>, TxError> {
        let bound: Vec<Bound<'_>> = keys.iter().map(Bound).collect();
        wanted.iter().map(|wanted| Self::of(&bound, wanted)).collect()
    }
}

impl ToSql for Encoded {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(bytes) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

#[derive(Debug)]
struct Bound<'a>(&'a Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Value::Int(number), &Type::BOOL) => (*number != 0).to_sql(ty, out),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => text.as_ref().to_sql(ty, out),
            (Value::Blob(bytes), &Type::BYTEA) => bytes.as_ref().to_sql(ty, out),
            (_, wanted) => Err(format!("the column wants {wanted}").into()),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

/// What an error is to the caller, and what it means for the transaction.
pub(super) fn classify(error: &tokio_postgres::Error) -> (TxError, Trouble) {
    let Some(answer) = error.as_db_error() else {
        // No answer of the server: a value of the wrong type, or the connection.
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        let text = format!("{error}{cause}");
        return if text.contains("serializing parameter") || text.contains("deserializing column") {
            (TxError::Type(text), Trouble::None)
        } else {
            (TxError::Unavailable(text), Trouble::Broken)
        };
    };
    // The constraint's name and never the detail, which holds values.
    let name = answer.constraint().or(answer.table()).unwrap_or("").to_owned();
    let code = answer.code();
    match *code {
        SqlState::UNIQUE_VIOLATION => (TxError::Unique(name), Trouble::None),
        SqlState::CHECK_VIOLATION | SqlState::NOT_NULL_VIOLATION | SqlState::FOREIGN_KEY_VIOLATION => {
            (TxError::Rule(name), Trouble::None)
        }
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => (TxError::Retry, Trouble::Retry),
        SqlState::DATATYPE_MISMATCH | SqlState::UNDEFINED_FUNCTION => {
            (TxError::Type(answer.message().to_owned()), Trouble::None)
        }
        SqlState::READ_ONLY_SQL_TRANSACTION => (TxError::Other(answer.message().to_owned()), Trouble::None),
        _ if matches!(code.code().get(..2), Some("08" | "57")) => {
            (TxError::Unavailable(answer.message().to_owned()), Trouble::Broken)
        }
        _ if code.code().starts_with("53") => (TxError::Unavailable(answer.message().to_owned()), Trouble::Retry),
        _ => (TxError::Other(format!("{}: {}", code.code(), answer.message())), Trouble::None),
    }
}
