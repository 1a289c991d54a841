//! The closed set of ways in which the program refuses, each with a stable code.
//!
//! **Invariant:** a fault that reaches a caller carries a code and a sentence, never the cause; the
//! cause is for the log. `edge` holds the one mapping to HTTP (RFC 9457).

use std::fmt;

use crate::text::{Arg, Text};

/// What sort of refusal it is; the caller decides by this what to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FaultKind {
    /// The request is wrong: correct it.
    Invalid,
    /// Sign in first.
    Unauthenticated,
    /// Signed in, and not allowed.
    Forbidden,
    /// There is no such thing, or none that the caller may know of.
    NotFound,
    /// The state of things does not allow it: look again.
    Conflict,
    /// It was right once: start again.
    Expired,
    /// Too large for the limit.
    TooLarge,
    /// Too often: wait.
    TooMany,
    /// Not now: try again.
    Unavailable,
    /// Our fault.
    Internal,
}

/// A fault of one field of a form or document.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldFault {
    /// The field's name, or a JSON Pointer.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub text: Text,
}

/// A refusal.
pub struct Fault {
    inner: Box<Inner>,
}

struct Inner {
    kind: FaultKind,
    code: &'static str,
    text: Text,
    fields: Vec<FieldFault>,
    retry_after_seconds: Option<u32>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault of `kind` whose code (`engine.noun.problem`) is also the key of its sentence, under `fault.`.
    #[must_use]
    pub fn new(kind: FaultKind, code: &'static str) -> Self {
        let text = Text::named(format!("fault.{code}"));
        Self { inner: Box::new(Inner { kind, code, text, fields: Vec::new(), retry_after_seconds: None, cause: None }) }
    }

    /// [`FaultKind::Invalid`].
    #[must_use]
    pub fn invalid(code: &'static str) -> Self {
        Self::new(FaultKind::Invalid, code)
    }
    /// [`FaultKind::Unauthenticated`].
    #[must_use]
    pub fn unauthenticated(code: &'static str) -> Self {
        Self::new(FaultKind::Unauthenticated, code)
    }
    /// [`FaultKind::Forbidden`].
    #[must_use]
    pub fn forbidden(code: &'static str) -> Self {
        Self::new(FaultKind::Forbidden, code)
    }
    /// [`FaultKind::NotFound`].
    #[must_use]
    pub fn not_found(code: &'static str) -> Self {
        Self::new(FaultKind::NotFound, code)
    }
    /// [`FaultKind::Conflict`].
    #[must_use]
    pub fn conflict(code: &'static str) -> Self {
        Self::new(FaultKind::Conflict, code)
    }
    /// [`FaultKind::Expired`].
    #[must_use]
    pub fn expired(code: &'static str) -> Self {
        Self::new(FaultKind::Expired, code)
    }
    /// [`FaultKind::Unavailable`].
    #[must_use]
    pub fn unavailable(code: &'static str) -> Self {
        Self::new(FaultKind::Unavailable, code)
    }
    /// [`FaultKind::Internal`], with what went wrong for the log.
    #[must_use]
    pub fn internal(code: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(FaultKind::Internal, code).caused_by(cause)
    }

    /// Adds an argument to the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Self {
        self.inner.text = self.inner.text.with(name, arg);
        self
    }

    /// Adds a fault of one field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, text: Text) -> Self {
        self.inner.fields.push(FieldFault { field: field.into(), text });
        self
    }

    /// Adds faults of fields.
    #[must_use]
    pub fn fields_from(mut self, fields: impl IntoIterator<Item = FieldFault>) -> Self {
        self.inner.fields.extend(fields);
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.inner.retry_after_seconds = Some(seconds);
        self
    }

    /// Attaches the cause, for the log only.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.inner.cause = Some(cause.into());
        self
    }

    /// What sort of refusal.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.inner.kind
    }
    /// The stable code, `payments.transfer.insufficient`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.inner.code
    }
    /// The sentence for the caller.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.inner.text
    }
    /// Faults of single fields.
    #[must_use]
    pub fn fields(&self) -> &[FieldFault] {
        &self.inner.fields
    }
    /// Seconds to wait, if known.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.inner.retry_after_seconds
    }
    /// The cause, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.inner.cause.as_deref()
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} {}", self.inner.kind, self.inner.code)?;
        for field in &self.inner.fields {
            write!(out, " [{}: {:?}]", field.field, field.text)?;
        }
        if let Some(cause) = &self.inner.cause {
            write!(out, ": {cause}")?;
        }
        Ok(())
    }
}
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}
impl std::error::Error for Fault {}
