//! What a person was told, for her to read again.
//!
//! **Invariant:** secret notices are never among them, not even while their text still stands.

use spine::{Cx, Fault, Resource};

use crate::Messages;
use crate::model::{NoticeId, OwnNotice};
use crate::rows;

/// At most so many at once.
const MOST: u16 = 100;

impl Messages {
    /// A person's notices, newest first, at most `limit` (100 at most), older than `before` if given.
    ///
    /// # Errors
    /// A refusal unless they are the actor's own or a policy allows it; the store's faults.
    pub fn notices_of(
        &self,
        cx: &mut Cx<'_>,
        person: &str,
        before: Option<NoticeId>,
        limit: u16,
    ) -> Result<Vec<OwnNotice>, Fault> {
        let own = cx.actor().is_for(person);
        cx.may("messages.notice.view", &Resource::new("Notice", person).with("owner", person).is("own", own))?;
        // Identifiers sort as text; `~` comes after all of them.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        Ok(rows::own(cx.tx(), person, &before, limit.min(MOST).into())?)
    }
}
