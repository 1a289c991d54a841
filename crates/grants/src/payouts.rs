//! Where money can be fetched, and which systems may bring lists. A pack declares them.
//!
//! **Invariant:** Rust knows no post office by name.

use serde::Deserialize;
use spine::Localised;

/// `payouts.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payouts {
    /// Whether it is an example.
    #[serde(default)]
    pub illustrative: bool,
    /// The institution whose clerks give cash.
    pub post: String,
    /// Post offices that give cash.
    #[serde(default, rename = "post_office")]
    pub post_offices: Vec<PostOffice>,
    /// Systems that may bring lists and accounts.
    #[serde(default, rename = "source")]
    pub sources: Vec<SourceSystem>,
}

/// A post office.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostOffice {
    /// Its identifier, which is its float's.
    pub id: String,
    /// Its name.
    pub name: Localised,
    /// The district it stands in.
    pub district: String,
}

/// A system of a ministry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSystem {
    /// The client it authenticates as.
    pub client: String,
    /// The programmes it may bring lists for.
    pub programmes: Vec<String>,
    /// Whether it may bring and ask for accounts.
    #[serde(default)]
    pub accounts: bool,
    /// Whether it may have vouchers made, redeemed and cancelled.
    #[serde(default)]
    pub vouchers: bool,
    /// Its Ed25519 key (base64url), if its messages of G2P Connect are signed: then they must be.
    pub signing_key: Option<String>,
    /// Where its answers of G2P Connect are sent; without it they are asked for.
    pub callback: Option<String>,
    /// The building blocks of GovStack it may speak as (`Gov_Stack_BB`).
    #[serde(default)]
    pub building_blocks: Vec<String>,
}

impl Payouts {
    /// The post office with this identifier.
    #[must_use]
    pub fn post_office(&self, id: &str) -> Option<&PostOffice> {
        self.post_offices.iter().find(|one| one.id == id)
    }

    /// What the system that authenticates as `client` may do.
    #[must_use]
    pub fn source(&self, client: &str) -> Option<&SourceSystem> {
        self.sources.iter().find(|one| one.client == client)
    }

    /// Holds it to the rest of the pack.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, programmes: &crate::Programmes) -> Result<(), String> {
        for (place, office) in self.post_offices.iter().enumerate() {
            let twice = self.post_offices.iter().take(place).any(|other| other.id == office.id);
            if twice || !crate::money::is_place(&office.id) {
                return Err(format!(
                    "post_office {}: its id is another's, or not of small letters and digits",
                    office.id
                ));
            }
        }
        for source in &self.sources {
            if let Some(strange) = source.programmes.iter().find(|id| programmes.get(id).is_none()) {
                return Err(format!("source {}: there is no programme {strange}", source.client));
            }
        }
        Ok(())
    }
}
