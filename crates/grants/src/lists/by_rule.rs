//! The programme's own rule, asked about every record of its register: who is entitled today, and to how much.
//!
//! **Invariant:** a register is read a page at a time, each page in a transaction that leaves the next as a job; a record the
//! rule cannot answer about is told with its place, and the others stand. The dead are not asked about.

use civil::Person;
use registers::Record;
use serde_json::json;
use spine::{Cx, Fault, Job};

use crate::engine::Grants;
use crate::lists::line::{Asked, within};
use crate::lists::take::{NewList, begin, keep, open};
use crate::model::{List, ListId, Source};
use crate::programme::Programme;

/// The job that goes on with a list.
pub(crate) const GATHER: &str = "grants.list.gather";

/// Begins a list by the programme's rule; workers fill it.
///
/// # Errors
/// `grants.list.no_rule`; as [`begin`].
pub fn gather(cx: &mut Cx<'_>, grants: &Grants, programme: &str, name: &str) -> Result<List, Fault> {
    if grants.programme(programme)?.register().is_none() {
        return Err(Fault::conflict("grants.list.no_rule"));
    }
    let (programme, name) = (programme.to_owned(), name.to_owned());
    let list = begin(cx, grants, &NewList { programme, name, source: Source::Rule })?;
    if !list.is_ready && list.lines == 0 {
        cx.enqueue(Job::new(GATHER, json!({ "list": list.id, "after": "" })));
    }
    Ok(list)
}

/// Asks about one page; nothing if it was asked about before.
pub(crate) fn step(cx: &mut Cx<'_>, grants: &Grants, id: ListId, after: &str) -> Result<(), Fault> {
    let mut list = match open(cx, grants, id) {
        Err(fault) if fault.code() == "grants.list.closed" => return Ok(()),
        list => list?,
    };
    if list.position != after {
        return Ok(());
    }
    let programme = grants.programme(&list.programme)?.clone();
    let Some((register, field)) = programme.register() else { return Ok(()) };
    let (records, next) = registers::page(cx, &grants.inner.registers, register, after)?;
    let people = people(cx, grants, &records, field)?;
    let today = grants.inner.population.today(cx);
    let (mut lines, mut number) = (Vec::new(), list.lines);
    for (record, person) in records.iter().zip(people) {
        let Some(person) = person.filter(|person| person.died.is_none()) else { continue };
        let asked = match programme.entitles(&Programme::facts(&person, record.fields(), today)) {
            Ok(None) => continue,
            Ok(Some(amount_minor)) => within(amount_minor, programme.most_minor()).map(|()| Asked {
                payee: person.national_id,
                amount_minor,
                reference: String::new(),
            }),
            Err(problem) => {
                tracing::warn!(programme = programme.id(), problem, "a rule could not answer");
                Err("rule")
            }
        };
        number += 1;
        lines.push((number, asked));
    }
    list.position = next.clone().unwrap_or_default();
    list.is_ready = next.is_none();
    keep(cx, list, lines)?;
    if let Some(after) = next {
        cx.enqueue(Job::new(GATHER, json!({ "list": id, "after": after })));
    }
    Ok(())
}

/// Whom each record is of.
fn people(
    cx: &mut Cx<'_>,
    grants: &Grants,
    records: &[Record],
    field: Option<&str>,
) -> Result<Vec<Option<Person>>, Fault> {
    let population = &grants.inner.population;
    let Some(field) = field else {
        let keys: Vec<&str> = records.iter().map(Record::key).collect();
        let mut found = population.by_national_ids(cx, &keys)?.into_iter().peekable();
        let own = |key: &&str| found.next_if(|person| person.national_id == **key);
        return Ok(keys.iter().map(own).collect());
    };
    records.iter().map(|record| population.person(cx, record.text(field))).collect()
}
