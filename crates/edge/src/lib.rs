//! How engines speak HTTP and show pages: who visits and in which language, forms that cannot be forged
//! or sent twice, one answer to every fault, limits, security headers, and the look of it all.
//!
//! **Invariant:** an engine's handler stays thin: it takes a [`Visit`] and maybe a [`Form`] or a [`Json`],
//! calls an operation, and returns a [`Page`], JSON or a [`Refusal`]. No page needs JavaScript.
//!
//! ```ignore
//! async fn ask(visit: Visit) -> Page {
//!     let sheet = visit.sheet();
//!     sheet.ask("/enrol/name", sheet.text("name", visit.t("enrol.name")).autocomplete("name"))
//! }
//! async fn answer(State(acts): State<Acts>, visit: Visit, form: Form) -> Reply {
//!     let key = Key::new("enrol.name", form.key.text(), form.key.request());
//!     acts.write(visit.caller(), &key, move |cx| enrol::name(cx, form.answers.one("name"))).await?;
//!     Ok(see_other("/enrol/birth"))
//! }
//! ```
//!
//! | file | its job |
//! |---|---|
//! | `site.rs` | [`Site`]: what every page of this country shares |
//! | `visit.rs`, `language.rs` | [`Visit`]: one request: who, which language, from where |
//! | `frame.rs` | [`frame()`]: the layers around every route |
//! | `refusal.rs`, `problem.rs` | [`Refusal`]: a fault as a page or as problem+json (RFC 9457) |
//! | `form.rs`, `token.rs`, `answers.rs` | [`Form`]: forms bound to their visitor, [`Answers`] |
//! | `kept.rs` | answers kept for somebody whose session ended meanwhile |
//! | `origin.rs`, `cookie.rs`, `address.rs` | same origin, local paths, cookies, the client's address |
//! | `extract.rs` | [`Json`], [`Query`], [`Path`], [`IdempotencyKey`], [`IfMatch`], [`Paging`] |
//! | `limits.rs`, `rate.rs` | sizes, times, how often |
//! | `headers.rs` | the Content-Security-Policy and its kin |
//! | `page.rs`, `style.rs`, `mark.rs` | the shell of a page and its look |
//! | `show/` | components: fields, summaries, tables, steps |
//! | `openapi.rs` | a small builder of OpenAPI 3.1 documents |
//! | `outbound.rs` | [`Outbound`]: calls to other programs, from workers only |
//! | `download.rs`, `streamed.rs` | files handed to the visitor; answers sent piece by piece |

pub mod address;
pub mod answers;
pub mod cookie;
pub mod download;
pub mod extract;
pub mod form;
pub mod frame;
mod headers;
pub mod kept;
mod language;
pub mod limits;
mod mark;
pub mod openapi;
pub mod origin;
pub mod outbound;
pub mod page;
mod problem;
pub mod rate;
pub mod refusal;
pub mod show;
pub mod site;
mod streamed;
mod style;
mod token;
pub mod visit;

pub use address::Network;
pub use answers::Answers;
pub use axum;
pub use cookie::SetCookie;
pub use download::Download;
pub use extract::{IdempotencyKey, IfMatch, Json, Paging, Path, Query, etag};
pub use form::{Form, FormKey, Upload};
pub use frame::frame;
pub use headers::{OwnScript, OwnStyle};
pub use kept::Lapsed;
pub use limits::{Limits, body_limit};
pub use maud::{self, Markup, PreEscaped, Render, html};
pub use origin::local_path;

pub use openapi::{OpenApi, Operation};
pub use outbound::{Outbound, OutboundError, OutboundLimits, may_be_called};
pub use page::Page;
pub use rate::{Bucket, RateLimiter};
pub use refusal::{Refusal, Reply, correctable, see_other};
pub use show::sheet::Sheet;
pub use site::{Link, Site, SiteSettings};
pub use streamed::{Pieces, streamed};
pub use style::sheet as style_sheet;
pub use visit::{Acting, ActingState, Session, Visit};
