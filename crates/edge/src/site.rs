//! What every page of one country shares: its words, names, address, keys, clock and links.
//!
//! **Invariant:** cheap to clone and never changed while the program runs. Which pages exist is the
//! engines' affair; `letsema` fills the settings from the pack and its configuration.

use std::fmt;
use std::sync::Arc;

use spine::{Actor, Clock, Entropy, Language, Localised, Secret, Text, Words};

use crate::address::Network;
use crate::rate::RateLimiter;

/// A link the site offers, with a label said in the visitor's language.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where to: a local path.
    pub href: String,
    /// What it is called.
    pub label: Text,
}

impl Link {
    /// A link to `href`, labelled by the message `key`.
    #[must_use]
    pub fn new(href: impl Into<String>, key: &'static str) -> Self {
        Self { href: href.into(), label: Text::new(key) }
    }
}

/// Chooses what a visitor finds in the navigation bar, by who she is.
pub type Navigation = Arc<dyn Fn(&Actor) -> Vec<Link> + Send + Sync>;

/// What a [`Site`] is made of.
pub struct SiteSettings {
    /// The country's words in its languages.
    pub words: Arc<Words>,
    /// What the site is called in the header: `Letsema`.
    pub name: Localised,
    /// The country: `Lesotho`, shown beside the name and in the footer.
    pub country: Localised,
    /// Scheme, host and port without a path: `https://letsema.gov.ls`.
    pub base_url: String,
    /// The key that seals form tokens; the same in every instance of the program.
    pub form_key: Secret<[u8; 32]>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh bytes for tokens and trace ids.
    pub entropy: Arc<dyn Entropy>,
    /// Shown on top of every page, such as "demonstration: nothing here is real".
    pub banner: Option<Localised>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Where one signs in; `?next=` is added.
    pub sign_in_path: String,
    /// Where one signs out (a page with a button).
    pub sign_out_path: String,
    /// Where a signed-in visitor finds her account.
    pub account_path: String,
    /// Where a visitor chooses for whom she acts; a form to `/stop` below it ends it.
    pub acting_path: String,
    /// The navigation bar, by who visits.
    pub navigation: Navigation,
    /// Links at the foot of every page.
    pub footer: Vec<Link>,
}

impl SiteSettings {
    /// Settings with the usual paths, no banner, no proxies and no links.
    #[must_use]
    pub fn new(
        words: Arc<Words>,
        base_url: &str,
        form_key: Secret<[u8; 32]>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            words,
            name: Localised::from([("en", "Letsema")]),
            country: Localised::default(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            form_key,
            clock,
            entropy,
            banner: None,
            trusted_proxies: Vec::new(),
            sign_in_path: "/sign-in".to_owned(),
            sign_out_path: "/sign-out".to_owned(),
            account_path: "/account".to_owned(),
            acting_path: "/acting".to_owned(),
            navigation: Arc::new(|_| Vec::new()),
            footer: Vec::new(),
        }
    }
}

/// What every page of one country shares.
#[derive(Clone)]
pub struct Site {
    inner: Arc<Inner>,
}

struct Inner {
    settings: SiteSettings,
    limiter: RateLimiter,
}

impl fmt::Debug for Site {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Site({})", self.base_url())
    }
}

impl Site {
    /// A site with these settings and an empty rate limiter.
    #[must_use]
    pub fn new(settings: SiteSettings) -> Self {
        let limiter = RateLimiter::new(settings.clock.clone());
        Self { inner: Arc::new(Inner { settings, limiter }) }
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &SiteSettings {
        &self.inner.settings
    }

    /// The country's words.
    #[must_use]
    pub fn words(&self) -> &Arc<Words> {
        &self.inner.settings.words
    }

    /// Scheme, host and port, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.inner.settings.base_url
    }

    /// The address of a local path, as others must write it: in a QR code, an SMS, a callback.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url())
    }

    /// Whether visitors come over TLS: then cookies are `Secure` and HSTS is sent.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base_url().starts_with("https://")
    }

    /// How often somebody may do something.
    #[must_use]
    pub fn limiter(&self) -> &RateLimiter {
        &self.inner.limiter
    }

    /// Says a sentence.
    #[must_use]
    pub fn say(&self, language: &Language, text: &Text) -> String {
        self.words().say(language, text)
    }
}
