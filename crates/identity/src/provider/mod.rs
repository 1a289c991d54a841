//! The OpenID provider: how other programs let people in, and what they learn of them.
//!
//! **Invariant:** every way to a token ends in `grant.rs`, every proof of a client in `client_auth.rs`, every claim in
//! `catalogue.rs`; each is written once.
//!
//! | file | its job |
//! |---|---|
//! | `metadata.rs`, `client.rs`, `directory.rs` | what is declared of a client; one that holds together; all of them, and the keys |
//! | `discovery.rs` | what the provider can do, for programs |
//! | `front.rs`, `request.rs`, `signed_request.rs`, `pushed.rs` | a request to sign somebody in, by its three ways |
//! | `asked.rs`, `catalogue.rs`, `assurance.rs` | what is asked for, what can be told, and with which evidence |
//! | `consent_pages.rs` | what a person agrees to, and takes back |
//! | `client_auth.rs`, `dpop.rs`, `once.rs` | how a client proves itself and its key, once |
//! | `token_endpoint.rs`, `grant.rs`, `id_token.rs` | codes and tokens |
//! | `resource.rs` | userinfo, introspection, revocation |
//! | `approval.rs`, `device.rs`, `ciba.rs`, `approval_pages.rs` | sign-ins approved elsewhere |
//! | `logout.rs`, `logout_notice.rs` | the end of a session, at a client's wish and told to clients |
//! | `manage.rs`, `manage_pages.rs`, `manage_api.rs`, `esignet.rs` | clients registered while the program runs |
//! | `signing_keys.rs` | keys changed without an outage |
//! | `answer.rs` | what clients are answered |

use axum::Router;
use journal::Workers;

use crate::settings::Identity;

pub(crate) mod answer;
pub(crate) mod approval;
mod approval_pages;
pub(crate) mod asked;
pub(crate) mod assurance;
pub(crate) mod catalogue;
pub(crate) mod ciba;
pub(crate) mod client;
mod client_auth;
mod consent_pages;
mod device;
pub(crate) mod directory;
mod discovery;
mod dpop;
mod esignet;
mod front;
pub(crate) mod grant;
pub(crate) mod id_token;
mod logout;
pub(crate) mod logout_notice;
mod manage;
mod manage_api;
mod manage_pages;
pub(crate) mod metadata;
mod once;
mod pushed;
pub(crate) mod request;
mod resource;
mod signed_request;
mod signing_keys;
pub(crate) mod token_endpoint;

/// The provider's endpoints and pages.
pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .merge(discovery::routes())
        .merge(front::routes())
        .merge(pushed::routes())
        .merge(token_endpoint::routes())
        .merge(resource::routes())
        .merge(logout::routes())
        .merge(consent_pages::routes())
        .merge(device::routes())
        .merge(ciba::routes())
        .merge(approval_pages::routes())
        .merge(manage_pages::routes())
        .merge(manage_api::routes())
        .merge(esignet::routes())
}

/// The provider's jobs.
pub(crate) fn handlers(identity: &Identity, workers: Workers) -> Workers {
    ciba::handlers(identity, logout_notice::handlers(identity, workers))
}
