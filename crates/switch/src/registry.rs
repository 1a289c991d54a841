//! What every message needs to know of the participants, in memory: who it is by its token, where it is called, its key.
//!
//! **Invariant:** nothing here decides about money; what an operation may do it reads in its own transaction. Read anew after every
//! change here, and every two seconds for those of other instances.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use crypto::PublicKey;
use journal::Acts;
use spine::{Caller, Fault};

use crate::fspiop::signature;
use crate::model::AccountType;
use crate::rows::participants as rows;

/// The resources whose name ends the part of an endpoint that is the participant's own address.
const RESOURCES: [&str; 8] = [
    "/participants",
    "/parties",
    "/quotes",
    "/transfers",
    "/bulkQuotes",
    "/bulkTransfers",
    "/transactionRequests",
    "/authorizations",
];

/// One participant, as messages see it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) is_hub: bool,
    pub(crate) active: bool,
    pub(crate) key: Option<PublicKey>,
    pub(crate) signs: bool,
    /// In what it can be paid.
    pub(crate) currencies: BTreeSet<String>,
    /// Where it is called, by resource; under the empty name where it is called for any.
    bases: HashMap<String, String>,
}

impl Known {
    /// Where it is called about a resource.
    pub(crate) fn base(&self, resource: &str) -> Option<&str> {
        self.bases.get(resource).or_else(|| self.bases.get("")).map(String::as_str)
    }
}

#[derive(Default)]
struct Snapshot {
    by_name: HashMap<String, Arc<Known>>,
    by_token: HashMap<Vec<u8>, Arc<Known>>,
}

/// All participants.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    inner: Arc<RwLock<Arc<Snapshot>>>,
}

impl Registry {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// By name.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Known>> {
        self.snapshot().by_name.get(name).cloned()
    }

    /// By the token it sends.
    pub(crate) fn bearing(&self, token: &str) -> Option<Arc<Known>> {
        self.snapshot().by_token.get(crypto::sha256(&[token.as_bytes()]).as_slice()).cloned()
    }

    /// Reads all of them anew.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn read(&self, acts: &Acts) -> Result<(), Fault> {
        let fresh = acts.read(&Caller::system("switch"), |cx| Ok(take(cx.tx())?)).await?;
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }
}

fn take(tx: &mut dyn spine::Tx) -> Result<Snapshot, spine::TxError> {
    let mut bases: HashMap<String, HashMap<String, String>> = HashMap::new();
    for (participant, kind, value) in rows::every_endpoint(tx)? {
        let (base, resource) = split(&kind, &value);
        let known = bases.entry(participant).or_default();
        known.insert("".to_owned(), base.clone());
        known.insert(resource, base);
    }
    let mut currencies: HashMap<String, BTreeSet<String>> = HashMap::new();
    for account in rows::every_account(tx)? {
        if account.kind == AccountType::Position && account.active {
            currencies.entry(account.participant).or_default().insert(account.currency.code().to_owned());
        }
    }
    let mut fresh = Snapshot::default();
    for one in rows::all(tx)? {
        let known = Arc::new(Known {
            is_hub: one.is_hub,
            active: one.active,
            key: one.jws_key.as_ref().and_then(signature::key),
            signs: one.signs,
            currencies: currencies.remove(&one.name).unwrap_or_default(),
            bases: bases.remove(&one.name).unwrap_or_default(),
            name: one.name.clone(),
        });
        if let Some(hash) = one.token_hash {
            fresh.by_token.insert(hash, Arc::clone(&known));
        }
        fresh.by_name.insert(one.name, known);
    }
    Ok(fresh)
}

/// The participant's own address in an endpoint as central-ledger keeps it, and for which resource it is:
/// `https://bank.example/fspiop/transfers/{{transferId}}`.
fn split(kind: &str, value: &str) -> (String, String) {
    let scheme = value.find("://").map_or(0, |at| at + 3);
    let path = value.get(scheme..).unwrap_or_default();
    let cut = RESOURCES.iter().filter_map(|resource| Some((path.find(resource)?, *resource))).min();
    let (base, resource) = match cut {
        Some((at, resource)) => (value.get(..scheme + at).unwrap_or(value), resource.trim_start_matches('/')),
        None => (value, ""),
    };
    let resource = if kind.contains("FSPIOP") { resource } else { kind };
    (base.trim_end_matches('/').to_owned(), resource.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_and_a_resource() {
        let (kind, url) = ("FSPIOP_CALLBACK_URL_TRANSFER_PUT", "http://127.0.0.1:9/bank/transfers/{{transferId}}");
        assert_eq!(split(kind, url), ("http://127.0.0.1:9/bank".to_owned(), "transfers".to_owned()));
        let (kind, url) = ("FSPIOP_CALLBACK_URL", "https://bank.example/");
        assert_eq!(split(kind, url), ("https://bank.example".to_owned(), String::new()));
    }
}
