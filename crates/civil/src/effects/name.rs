//! Another name: from a day on; the name before stays among those she is found under.

use serde_json::json;
use spine::{Cx, Fault};

use super::{change, need, record_of};
use crate::engine::{Civil, Vital};
use crate::event::Event;
use crate::kinds::Kind;

pub(super) fn named(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<Vec<Vital>, Fault> {
    let person = need(kind, event, "person")?;
    let record = record_of(cx, civil, &person)?;
    let mut fields: registers::Fields =
        kind.person.iter().filter_map(|(own, told)| Some((own.clone(), event.fields.get(told)?.clone()))).collect();
    let before = format!("{} {}", record.text("given"), record.text("family"));
    fields.insert("also_known_as".to_owned(), json!(before.trim()));
    change(cx, civil, kind, &record, fields, event.occurred_on)?;
    Ok(vec![Vital::Changed { person }])
}
