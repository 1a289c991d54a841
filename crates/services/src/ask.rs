//! An officer asks one question back, and the applicant answers.
//!
//! **Invariant:** while a question is open the task waits, still the officer's own; the answer gives it back to her.

use spine::{Cx, Fault};

use crate::answer;
use crate::decide::written;
use crate::desk::{deed, keep, mine};
use crate::model::{CaseId, CaseState, Question, TaskId};
use crate::start::act;
use crate::{Services, rows, tell};

/// Asks the applicant something.
///
/// # Errors
/// `services.task.reason` if the question is empty or too long; `services.task.not_yours`, `.over`, `.waiting`.
pub fn ask(cx: &mut Cx<'_>, services: &Services, id: TaskId, question: &str) -> Result<(), Fault> {
    let (mut task, mut case) = mine(cx, id, "services.task.ask")?;
    let question = Question {
        id: cx.id(),
        case: case.id,
        task: task.id,
        question: written(question, "question")?,
        asked_at: cx.now(),
        answer: None,
        answered_at: None,
    };
    rows::insert_question(cx.tx(), &question)?;
    "waiting".clone_into(&mut task.state);
    case.state = CaseState::Asking;
    keep(cx, &task)?;
    answer::keep(cx, &case)?;
    cx.record(deed("services.question.asked", &task, &case));
    tell::asked(cx, services, &case)
}

/// The applicant answers the open question.
///
/// # Errors
/// `services.question.none` if nothing is asked; `services.task.reason` if the answer is empty or too long.
pub fn reply(cx: &mut Cx<'_>, id: CaseId, text: &str) -> Result<(), Fault> {
    let mut case = answer::own(cx, id, "services.case.answer")?;
    let open = rows::questions(cx.tx(), id)?.into_iter().find(|question| question.answer.is_none());
    let Some(question) = open.filter(|_| case.state == CaseState::Asking) else {
        return Err(Fault::conflict("services.question.none"));
    };
    let (text, now) = (written(text, "answer")?, cx.now());
    if !rows::answer_question(cx.tx(), &question, &text, now)? {
        return Err(Fault::conflict("services.question.none"));
    }
    let mut task = rows::task(cx.tx(), question.task)?.ok_or_else(|| Fault::not_found("services.task.missing"))?;
    "claimed".clone_into(&mut task.state);
    case.state = CaseState::Examining;
    keep(cx, &task)?;
    answer::keep(cx, &case)?;
    cx.record(act("services.question.answered", &case).with("task", task.id.to_string()));
    Ok(())
}
