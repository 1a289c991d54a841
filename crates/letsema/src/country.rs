//! A country, read from its pack: words, places, institutions, registers, services, layouts, policies, wallets.
//!
//! **Invariant:** every fault of every file is found before anything starts, each with its file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use documents::{Fonts, House, Layout};
use jiff::tz::TimeZone;
use journal::Policies;
use payments::charges::Charges;
use payments::funds::Funds;
use payments::screening::Screening;
use registers::Registers;
use serde::Deserialize;
use services::{Catalogue, Country as Places, Spelling, Surroundings};
use spine::{Currency, Folding, Locale, Localised, Words};

/// How money comes and goes: the texts that the payments engine reads.
pub(crate) struct Rails {
    pub(crate) wallets: String,
    pub(crate) banks: String,
    pub(crate) hubs: String,
    pub(crate) corridors: String,
    pub(crate) acquirers: String,
    /// Whom vouchers of the government may pay.
    pub(crate) voucher_payees: BTreeSet<String>,
    pub(crate) merchants: String,
    pub(crate) recourse: String,
    pub(crate) screening: Screening,
    pub(crate) charges: Charges,
    pub(crate) funds: Funds,
}

/// A country.
pub(crate) struct Country {
    pub(crate) about: About,
    pub(crate) words: Arc<Words>,
    pub(crate) places: Places,
    pub(crate) settlements: Vec<Settlements>,
    pub(crate) institutions: BTreeMap<String, Localised>,
    pub(crate) registers: Registers,
    /// What the country says of its national ID (`enrolment.toml`).
    pub(crate) enrolment: identity::Rules,
    pub(crate) kinds: civil::Kinds,
    pub(crate) catalogue: Catalogue,
    pub(crate) fonts: Fonts,
    pub(crate) policies: Policies,
    pub(crate) rails: Rails,
    pub(crate) identity: IdentityPart,
    pub(crate) paying: PayingPart,
    pub(crate) names: Names,
    /// The roles that policies and services speak of.
    pub(crate) roles: BTreeSet<String>,
}

/// `country.toml`, as far as the program needs it.
#[derive(Deserialize)]
pub(crate) struct About {
    pub(crate) code: String,
    pub(crate) name: Localised,
    pub(crate) short: Localised,
    pub(crate) time_zone: String,
    pub(crate) languages: Vec<String>,
    pub(crate) illustrative: bool,
    pub(crate) currency: CurrencyPart,
    pub(crate) telephone: Telephone,
}

impl About {
    /// The evidence log's name.
    pub(crate) fn log_name(&self) -> String {
        format!("letsema/{}", self.code.to_lowercase())
    }
}

#[derive(Deserialize)]
pub(crate) struct CurrencyPart {
    pub(crate) code: Currency,
}

#[derive(Deserialize)]
pub(crate) struct Telephone {
    pub(crate) prefix: String,
    pub(crate) digits: usize,
    pub(crate) mobile: Vec<String>,
}

/// A district and its places, for inventing people.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Settlements {
    pub(crate) id: String,
    pub(crate) name: Localised,
    pub(crate) population: u64,
    pub(crate) settlements: Vec<String>,
}

#[derive(Deserialize)]
struct Districts {
    districts: Vec<Settlements>,
}

#[derive(Deserialize)]
struct Institutions {
    institutions: Vec<Institution>,
}

#[derive(Deserialize)]
struct Institution {
    id: String,
    name: Localised,
}

/// `identity.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityPart {
    pub(crate) trust_framework: Option<identity::TrustFramework>,
    /// What the country decides about signing in.
    #[serde(default, rename = "sign_in")]
    pub(crate) rules: identity::SignInRules,
    #[serde(default, rename = "client")]
    pub(crate) clients: Vec<identity::ClientMetadata>,
    /// Who may ask about people (`verifiers.toml`).
    #[serde(skip)]
    pub(crate) licences: identity::Licences,
    /// What devices may do (`devices.toml`).
    #[serde(skip)]
    pub(crate) devices: identity::DeviceRules,
    /// Who may act for whom (`mandates.toml`).
    #[serde(skip)]
    pub(crate) mandates: identity::Mandates,
    /// That what it says is an example.
    #[serde(default, rename = "illustrative")]
    pub(crate) _illustrative: bool,
}

/// Whom the government pays, and where money can be fetched (`programmes/`, `payouts.toml`).
pub(crate) struct PayingPart {
    pub(crate) programmes: grants::Programmes,
    pub(crate) payouts: grants::Payouts,
    /// What it is paid in.
    pub(crate) currency: Currency,
}

/// `spelling.toml`.
#[derive(Deserialize)]
struct Spellings {
    languages: Vec<Spelling>,
}

/// Names for people who do not exist.
#[derive(Deserialize)]
pub(crate) struct Names {
    pub(crate) female: Vec<String>,
    pub(crate) male: Vec<String>,
    #[serde(alias = "surnames", alias = "families")]
    pub(crate) family: Vec<String>,
}

/// What is wrong with a pack: one line for each fault.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct PackFaults(pub(crate) Vec<String>);

/// Reads files and gathers what is wrong with them.
struct Reader {
    folder: PathBuf,
    faults: Vec<String>,
}

impl Reader {
    fn text(&mut self, path: &str) -> String {
        let whole = self.folder.join(path);
        fs::read_to_string(&whole).unwrap_or_else(|error| {
            self.faults.push(format!("{}: {error}", whole.display()));
            String::new()
        })
    }

    fn toml<T: for<'de> Deserialize<'de>>(&mut self, path: &str) -> Option<T> {
        let text = self.text(path);
        if text.is_empty() {
            return None;
        }
        toml::from_str(&text).map_err(|error| self.faults.push(format!("{path}: {error}"))).ok()
    }

    /// The files of a folder with this ending, in order: their path within the pack, and their text.
    fn texts(&mut self, folder: &str, ending: &str) -> Vec<(String, String)> {
        let names = self.names(folder, ending);
        names.into_iter().map(|name| (format!("{folder}/{name}"), self.text(&format!("{folder}/{name}")))).collect()
    }

    fn names(&mut self, folder: &str, ending: &str) -> Vec<String> {
        let entries = match fs::read_dir(self.folder.join(folder)) {
            Ok(entries) => entries,
            Err(error) => {
                self.faults.push(format!("{folder}: {error}"));
                return Vec::new();
            }
        };
        let named = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> =
            named.filter(|name| Path::new(name).extension().is_some_and(|own| own == ending)).collect();
        names.sort();
        names
    }

    fn words(&mut self, about: &About) -> Option<Words> {
        let mut locales = Vec::new();
        for tag in &about.languages {
            let locale: Locale = self.toml(&format!("locales/{tag}.toml"))?;
            let mut messages = BTreeMap::new();
            for (file, text) in self.texts(&format!("messages/{tag}"), "toml") {
                match text.parse::<toml::Table>() {
                    Ok(table) => flatten("", &table, &mut messages),
                    Err(error) => self.faults.push(format!("{file}: {error}")),
                }
            }
            locales.push((locale, messages));
        }
        match TimeZone::get(&about.time_zone) {
            Ok(zone) => Some(Words::new(locales, zone)),
            Err(error) => {
                self.faults.push(format!("country.toml: time_zone: {error}"));
                None
            }
        }
    }

    /// `identity.toml`, and beside it who may ask about people.
    fn identity(&mut self) -> Option<IdentityPart> {
        let mut part: IdentityPart = self.toml("identity.toml")?;
        part.licences = self.toml("verifiers.toml")?;
        part.rules.password.breached = identity::PasswordRules::list(&self.text("breached-passwords.txt"));
        if let Err(error) = part.licences.check() {
            self.faults.push(format!("verifiers.toml: {error}"));
        }
        Some(part)
    }

    /// Programmes whose institutions there are, and what belongs to them.
    fn paying(
        &mut self,
        registers: &Registers,
        institutions: &BTreeMap<String, Localised>,
        currency: Currency,
    ) -> Option<PayingPart> {
        let files = self.texts("programmes", "toml");
        let programmes =
            grants::Programmes::parse(&files, registers).map_err(|faults| self.faults.extend(faults)).ok()?;
        let payouts: grants::Payouts = self.toml("payouts.toml")?;
        if let Err(error) = payouts.check(&programmes) {
            self.faults.push(format!("payouts.toml: {error}"));
        }
        let owners = programmes.iter().map(|one| one.about().owner.as_str()).chain([payouts.post.as_str()]);
        let strange = owners.filter(|owner| !institutions.contains_key(*owner));
        self.faults.extend(strange.map(|owner| format!("programmes: no institution is called {owner:?}")));
        Some(PayingPart { programmes: programmes.brought_by(&payouts), payouts, currency })
    }

    /// What every institution is called.
    fn institutions(&mut self) -> Option<BTreeMap<String, Localised>> {
        let mut all = BTreeMap::new();
        for name in self.names("institutions", "toml") {
            let file: Institutions = self.toml(&format!("institutions/{name}"))?;
            all.extend(file.institutions.into_iter().map(|one| (one.id, one.name)));
        }
        Some(all)
    }

    fn layouts(&mut self) -> BTreeMap<String, Layout> {
        let mut layouts = BTreeMap::new();
        let house = match House::parse(&self.text("layouts/house.toml")) {
            Ok(house) => house,
            Err(error) => {
                self.faults.push(format!("layouts/house.toml: {error}"));
                return layouts;
            }
        };
        for (file, text) in self.texts("layouts", "toml") {
            let name = file.trim_start_matches("layouts/").trim_end_matches(".toml").to_owned();
            if name == "house" {
                continue;
            }
            match Layout::parse(&text, &house) {
                Ok(layout) => drop(layouts.insert(name, layout)),
                Err(error) => self.faults.push(format!("{file}: {error}")),
            }
        }
        layouts
    }

    /// Who may act for whom, on services that there are.
    fn mandates(&mut self, families: civil::Families, catalogue: &Catalogue) -> Option<identity::Mandates> {
        let rules = self.toml("mandates.toml")?;
        let proved = identity::Mandates::new(rules, Some(families));
        let proved = proved.map_err(|error| self.faults.push(error.to_string())).ok()?;
        let strange = proved.services().filter(|id| catalogue.offered(id).is_err());
        self.faults.extend(strange.map(|id| format!("mandates.toml: there is no service {id}")));
        Some(proved)
    }

    fn rails(&mut self, paying: &PayingPart, institutions: &BTreeMap<String, Localised>) -> Option<Rails> {
        let folding: Folding = self.toml("names.toml")?;
        let screening = Screening::parse(&self.text("screening.toml"), folding);
        let screening = screening.map_err(|error| self.faults.push(error.to_string())).ok()?;
        let charges = Charges::parse(&self.text("charges.toml"));
        let charges = charges.map_err(|error| self.faults.push(error.to_string())).ok()?;
        let funds = Funds::parse(&self.text("funds.toml"));
        let funds = funds.map_err(|error| self.faults.push(error.to_string())).ok()?;
        let strange = funds.iter().filter(|fund| !institutions.contains_key(&fund.keeper));
        self.faults.extend(strange.map(|fund| format!("funds.toml: no institution is called {:?}", fund.keeper)));
        Some(Rails {
            wallets: self.text("wallets.toml"),
            banks: self.text("banks.toml"),
            hubs: self.text("hubs.toml"),
            corridors: self.text("corridors.toml"),
            acquirers: self.text("acquirers.toml"),
            voucher_payees: paying.programmes.voucher_payees(),
            merchants: self.text("merchants.toml"),
            recourse: self.text("recourse.toml"),
            screening,
            charges,
            funds,
        })
    }

    fn fonts(&mut self) -> Option<Fonts> {
        let mut files = Vec::new();
        for name in self.names("fonts", "ttf") {
            match fs::read(self.folder.join("fonts").join(&name)) {
                Ok(bytes) => files.push((name.trim_end_matches(".ttf").to_owned(), bytes)),
                Err(error) => self.faults.push(format!("fonts/{name}: {error}")),
            }
        }
        Fonts::new(files).map_err(|error| self.faults.push(format!("fonts: {error}"))).ok()
    }
}

impl Country {
    /// Reads the pack in `folder`.
    ///
    /// # Errors
    /// All faults of all its files.
    pub(crate) fn read(folder: &Path) -> Result<Self, PackFaults> {
        let mut reader = Reader { folder: folder.to_owned(), faults: Vec::new() };
        match Self::gather(&mut reader) {
            Some(country) if reader.faults.is_empty() => Ok(country),
            _ => Err(PackFaults(reader.faults)),
        }
    }

    fn gather(reader: &mut Reader) -> Option<Self> {
        let about: About = reader.toml("country.toml")?;
        let folding: Folding = reader.toml("names.toml")?;
        let words = Arc::new(reader.words(&about)?);
        let districts: Districts = reader.toml("places/districts.toml")?;
        let institutions = reader.institutions()?;
        let zone = words.zone().clone();
        let registers = Registers::parse(&reader.texts("registers", "toml"), folding.clone())
            .map_err(|faults| reader.faults.extend(faults.iter().map(ToString::to_string)))
            .ok()?
            .in_zone(zone);
        for register in registers.iter() {
            if !institutions.contains_key(register.owner()) {
                reader.faults.push(format!(
                    "registers: {}: no institution is called {:?}",
                    register.id(),
                    register.owner()
                ));
            }
        }
        let kinds = civil::Kinds::parse(&reader.text("civil.toml"), &registers)
            .map_err(|error| reader.faults.push(error.to_string()))
            .ok()?;
        let enrolment = identity::Rules::parse(&reader.text("enrolment.toml"))
            .and_then(|rules| rules.fits(|name| has_field(&registers, civil::REGISTER, name)).map(|()| rules))
            .map_err(|error| reader.faults.push(error.to_string()))
            .ok()?;
        let around = Surroundings {
            registers: registers
                .iter()
                .map(|register| {
                    let fields: BTreeSet<String> =
                        register.fields().iter().map(|field| field.id().to_owned()).collect();
                    (register.id().to_owned(), fields)
                })
                .collect(),
            layouts: reader.layouts(),
            institutions: institutions.clone(),
            languages: words.locales().map(|locale| locale.language.clone()).collect(),
            spelling: reader.toml::<Spellings>("spelling.toml")?.languages,
        };
        let files = reader.texts("services", "toml");
        let catalogue =
            Catalogue::parse(files.iter().map(|(file, text)| (file.as_str(), text.as_str())), around, folding)
                .map_err(|faults| reader.faults.extend(faults.iter().map(ToString::to_string)))
                .ok()?;
        let families = civil::Families::new(civil::Population::new(registers.clone()), kinds.majority_years);
        let mandates = reader.mandates(families, &catalogue)?;
        let files = reader.texts("policies", "cedar");
        let roles = roles(&files, &catalogue);
        let policies = Policies::parse(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))
            .map_err(|error| reader.faults.push(error.to_string()))
            .ok()?;
        let places = Places {
            phone_prefix: about.telephone.prefix.clone(),
            phone_digits: about.telephone.digits,
            districts: districts.districts.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
        };
        let paying = reader.paying(&registers, &institutions, about.currency.code)?;
        Some(Self {
            rails: reader.rails(&paying, &institutions)?,
            paying,
            fonts: reader.fonts()?,
            identity: IdentityPart { mandates, devices: reader.toml("devices.toml")?, ..reader.identity()? },
            names: reader.toml("population/names.toml")?,
            settlements: districts.districts,
            about,
            words,
            places,
            institutions,
            registers,
            kinds,
            enrolment,
            catalogue,
            policies,
            roles,
        })
    }
}

fn has_field(registers: &Registers, register: &str, field: &str) -> bool {
    registers.get(register).is_some_and(|register| register.field(field).is_some())
}

/// The roles an officer can have: those of tasks, and those that policies name.
fn roles(policies: &[(String, String)], catalogue: &Catalogue) -> BTreeSet<String> {
    let services = catalogue.all(&spine::Language::new("en"), jiff::civil::Date::MAX);
    let tasks = services.iter().flat_map(|service| &service.pack().steps).filter_map(|step| step.role.clone());
    let named = policies.iter().flat_map(|(_, text)| text.split("Role::\"").skip(1));
    let named = named.filter_map(|rest| rest.split('"').next().map(str::to_owned));
    named.chain(tasks).collect()
}

fn flatten(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, out),
            other => drop(out.insert(key, other.as_str().unwrap_or_default().to_owned())),
        }
    }
}
