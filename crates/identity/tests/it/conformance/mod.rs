//! One test for each module of the OpenID Foundation's conformance suite that applies, named like the module.
//!
//! **Invariant:** a test asserts what the module asserts, through our own endpoints; the table of what is covered and what
//! is not, and why, stands in docs/conformance.md. The suite itself is a Java program and is not run here.

pub(crate) mod ciba;
mod ekyc;
mod fapi2_message_signing;
mod fapi2_security_profile;
mod logout;
mod oidcc_basic;
pub(crate) mod rfc8693_act;

pub(crate) use fapi2_security_profile::userinfo as told_with_proof;
