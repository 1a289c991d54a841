//! Every service of the country: those offered now, and every version that a case began with.
//!
//! **Invariant:** a version, once published, never changes; a pack that reads differently under the same version is
//! refused at start.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Acts, Key};
use spine::{Act, Caller, Date, Fault, Folding, Language, Localised, Resource};

use crate::check::{PackFault, Surroundings, check};
use crate::rows;
use crate::service::Service;

/// All services.
pub struct Catalogue {
    current: BTreeMap<String, Arc<Service>>,
    versions: BTreeMap<(String, String), Arc<Service>>,
    around: Surroundings,
    folding: Folding,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Catalogue({:?})", self.current.keys().collect::<Vec<_>>())
    }
}

/// The catalogue could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Packs are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Packs(Vec<PackFault>),
    /// A published version reads differently now.
    #[error("{service} {version} was published with another text; give the changed pack a new version")]
    Changed {
        /// The service.
        service: String,
        /// Its version.
        version: String,
    },
    /// The database said no.
    #[error("the services could not be published: {}", .0.code())]
    Fault(Fault),
}

impl Catalogue {
    /// Reads and proves packs, given as file name and text.
    ///
    /// # Errors
    /// All faults of all packs.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        around: Surroundings,
        folding: Folding,
    ) -> Result<Self, Vec<PackFault>> {
        let (mut current, mut faults) = (BTreeMap::new(), Vec::new());
        for (file, text) in files {
            match check(file, text, &around) {
                Ok(service) => {
                    let id = service.id().to_owned();
                    if current.insert(id.clone(), Arc::new(service)).is_some() {
                        let message = format!("two files declare the service {id:?}");
                        faults.push(PackFault { file: file.to_owned(), line: 1, message });
                    }
                }
                Err(own) => faults.extend(own),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let versions = current
            .iter()
            .map(|(id, service)| ((id.clone(), service.version().to_owned()), Arc::clone(service)))
            .collect();
        Ok(Self { current, versions, around, folding })
    }

    /// Publishes what is new, and brings back the versions that earlier cases began with.
    ///
    /// # Errors
    /// [`CatalogueError`] if a published version reads differently now, or the database says no.
    pub async fn publish(mut self, acts: &Acts) -> Result<Self, CatalogueError> {
        let caller = Caller::system("services");
        let known = acts.read(&caller, |cx| Ok(rows::packs(cx.tx())?)).await.map_err(CatalogueError::Fault)?;
        for row in known {
            let key = (row.service, row.version);
            match self.versions.get(&key) {
                Some(own) if own.digest == row.digest => {}
                Some(_) => return Err(CatalogueError::Changed { service: key.0, version: key.1 }),
                None => {
                    let service = check(&format!("{} {}", key.0, key.1), &row.text, &self.around)
                        .map_err(CatalogueError::Packs)?;
                    self.versions.insert(key, Arc::new(service));
                }
            }
        }
        for service in self.current.values() {
            let service = Arc::clone(service);
            let key = Key::new(
                "services.pack.publish",
                &format!("{}/{}", service.id(), service.version()),
                service.digest.as_bytes(),
            );
            let publish = move |cx: &mut spine::Cx<'_>| {
                cx.may("services.pack.publish", &Resource::new("Service", service.id()))?;
                let row = rows::PackRow {
                    service: service.id().to_owned(),
                    version: service.version().to_owned(),
                    digest: service.digest.clone(),
                    text: service.text.clone(),
                };
                let now = cx.now();
                rows::insert_pack(cx.tx(), &row, now)?;
                cx.record(
                    Act::new("services.pack.published")
                        .on(service.id())
                        .with("version", service.version())
                        .with("sha256", service.digest.as_str()),
                );
                Ok(())
            };
            acts.write(&caller, &key, publish).await.map_err(CatalogueError::Fault)?;
        }
        Ok(self)
    }

    /// A service as it is offered now.
    ///
    /// # Errors
    /// `services.service.missing`.
    pub fn offered(&self, id: &str) -> Result<&Arc<Service>, Fault> {
        self.current.get(id).ok_or_else(|| Fault::not_found("services.service.missing"))
    }

    /// A service as it was when a case began.
    ///
    /// # Errors
    /// `services.version.missing`, internal: the catalogue was not published.
    pub fn version(&self, id: &str, version: &str) -> Result<&Arc<Service>, Fault> {
        self.versions
            .get(&(id.to_owned(), version.to_owned()))
            .ok_or_else(|| Fault::internal("services.version.missing", format!("{id} {version}")))
    }

    /// All services that are offered on a day, in order of name in this language.
    #[must_use]
    pub fn all(&self, language: &Language, today: Date) -> Vec<&Arc<Service>> {
        let mut all: Vec<_> =
            self.current.values().filter(|service| service.pack.service.effective.0 <= today).collect();
        all.sort_by_key(|service| service.pack.service.name.in_language(language).to_lowercase());
        all
    }

    /// Services whose words hold all the words asked for, in any language and either spelling.
    #[must_use]
    pub fn search(&self, words: &str, language: &Language, today: Date) -> Vec<&Arc<Service>> {
        let asked = self.folding.words(words);
        let mut found = self.all(language, today);
        found.retain(|service| {
            let service = &service.pack.service;
            let texts = [&service.name, &service.summary].into_iter().chain(&service.keywords);
            let said: Vec<String> =
                texts.flat_map(|text| text.iter()).flat_map(|(_, text)| self.folding.words(text)).collect();
            asked.iter().all(|word| said.iter().any(|own| own.starts_with(word.as_str())))
        });
        found
    }

    /// What an institution is called.
    #[must_use]
    pub fn institution(&self, id: &str) -> Localised {
        self.around.institutions.get(id).cloned().unwrap_or_default()
    }

    pub(crate) const fn around(&self) -> &Surroundings {
        &self.around
    }
}
