//! What this engine tells the others: `payments.request.paid`, `.failed`, `.expired`, `.withdrawn`, each with
//! `{"request": "pay_…", "reference": "…"}`.
//!
//! **Invariant:** ids and codes only; whoever hears looks the rest up.

use serde_json::json;
use spine::{Cx, Event};

use crate::gateway::model::Request;

/// Telling the others about a request.
pub(crate) trait Emit {
    /// Emits `topic` about `request`.
    fn tell(&mut self, topic: &'static str, request: &Request);
}

impl Emit for Cx<'_> {
    fn tell(&mut self, topic: &'static str, request: &Request) {
        self.emit(Event { topic, body: json!({ "request": request.id, "reference": request.reference }) });
    }
}
