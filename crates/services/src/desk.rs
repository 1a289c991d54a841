//! An officer's work: the tasks of her roles, claiming one, looking at its case, giving it back.
//!
//! **Invariant:** a task is worked on by one officer at a time; two who press at once are told apart by the database.
//! Looking at a case is a deed that its applicant can see.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource};

use crate::Services;
use crate::model::{Case, Issued, Question, Task, TaskId};
use crate::rows;
use crate::start::act;

/// How many tasks of one role are listed.
const LISTED: u16 = 200;

/// A task with its case and all that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// The task.
    pub task: Task,
    /// Its case.
    pub case: Case,
    /// What was asked and answered.
    pub questions: Vec<Question>,
    /// What was issued.
    pub outputs: Vec<Issued>,
}

pub(crate) fn resource(task: &Task, case: &Case) -> Resource {
    Resource::new("Task", task.id)
        .with("role", task.role.clone())
        .with("applicant", case.applicant.clone())
        .with("officer", task.officer.clone().unwrap_or_default())
}

/// The tasks an officer may take, the most urgent first, each with its case's reference and service.
///
/// # Errors
/// The authority's refusal.
pub fn tasks(cx: &mut Cx<'_>) -> Result<Vec<(Task, Case)>, Fault> {
    cx.may("services.task.list", &Resource::new("Desk", "tasks"))?;
    let mut all = Vec::new();
    for role in &cx.actor().roles {
        for task in rows::tasks_of_role(cx.tx(), role, LISTED)? {
            if let Some(case) = rows::case(cx.tx(), task.case)? {
                all.push((task, case));
            }
        }
    }
    all.sort_by_key(|(task, _)| (task.due_on, task.id));
    Ok(all)
}

/// The task, its case, and leave to do this with it.
pub(crate) fn open(cx: &mut Cx<'_>, id: TaskId, action: &str) -> Result<(Task, Case), Fault> {
    let missing = || Fault::not_found("services.task.missing");
    let task = rows::task(cx.tx(), id)?.ok_or_else(missing)?;
    let case = rows::case(cx.tx(), task.case)?.ok_or_else(missing)?;
    cx.may(action, &resource(&task, &case))?;
    Ok((task, case))
}

/// Keeps a task, if nobody changed it meanwhile.
pub(crate) fn keep(cx: &mut Cx<'_>, task: &Task) -> Result<(), Fault> {
    let now = cx.now();
    if rows::update_task(cx.tx(), task, now)? { Ok(()) } else { Err(Fault::conflict("services.task.changed")) }
}

/// Takes a task. Taking one's own again changes nothing.
///
/// # Errors
/// `services.task.taken` if another officer has it; `services.task.over` if it is done.
pub fn claim(cx: &mut Cx<'_>, id: TaskId) -> Result<(), Fault> {
    let (mut task, case) = open(cx, id, "services.task.claim")?;
    let own = task.officer.as_deref() == Some(cx.actor().id.as_str());
    match task.state.as_str() {
        "open" => {}
        "claimed" | "waiting" if own => {
            cx.record(deed("services.task.claimed", &task, &case));
            return Ok(());
        }
        "claimed" | "waiting" => return Err(Fault::conflict("services.task.taken")),
        _ => return Err(Fault::conflict("services.task.over")),
    }
    "claimed".clone_into(&mut task.state);
    task.officer = Some(cx.actor().id.clone());
    keep(cx, &task)?;
    cx.record(deed("services.task.claimed", &task, &case));
    Ok(())
}

/// Gives a task back to the others.
///
/// # Errors
/// `services.task.not_yours`.
pub fn release(cx: &mut Cx<'_>, id: TaskId) -> Result<(), Fault> {
    let (mut task, case) = mine(cx, id, "services.task.claim")?;
    "open".clone_into(&mut task.state);
    task.officer = None;
    keep(cx, &task)?;
    cx.record(deed("services.task.released", &task, &case));
    Ok(())
}

/// A task that whoever asks has claimed and may do this with.
pub(crate) fn mine(cx: &mut Cx<'_>, id: TaskId, action: &str) -> Result<(Task, Case), Fault> {
    let (task, case) = open(cx, id, action)?;
    match task.state.as_str() {
        "claimed" if task.officer.as_deref() == Some(cx.actor().id.as_str()) => Ok((task, case)),
        "done" | "dropped" => Err(Fault::conflict("services.task.over")),
        "waiting" => Err(Fault::conflict("services.task.waiting")),
        _ => Err(Fault::conflict("services.task.not_yours")),
    }
}

/// Looks at a task's case with everything in it.
///
/// # Errors
/// `services.task.missing`; the authority's refusal.
pub fn look(cx: &mut Cx<'_>, services: &Services, id: TaskId) -> Result<Opened, Fault> {
    let (task, case) = open(cx, id, "services.case.look")?;
    let service = services.catalogue().version(&case.service, &case.version)?;
    cx.record(
        deed("services.case.looked", &task, &case).because(service.pack.service.purpose.clone(), service.legal_basis()),
    );
    let questions = rows::questions(cx.tx(), case.id)?;
    let outputs = rows::outputs(cx.tx(), case.id)?;
    Ok(Opened { task, case, questions, outputs })
}

pub(crate) fn deed(kind: &'static str, task: &Task, case: &Case) -> Act {
    act(kind, case).with("task", task.id.to_string()).with("reference", case.reference.as_str())
}
