//! Programmes: whom the government pays, how much, how often, and what is asked before it does. A pack declares them.
//!
//! **Invariant:** a programme whose rule does not compile, or asks for what it is not told, is refused with the pack. Rust
//! knows no programme by name; `lists/by_rule.rs` asks the rules, `runs/check.rs` holds each line to the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Span;
use jiff::tz::TimeZone;
use registers::Registers;
use rules::{Facts, Rules};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Date, Localised, Timestamp};

use crate::payouts::Payouts;

/// Functions a rule may call.
const FUNCTIONS: [&str; 6] = rules::FUNCTIONS;
/// What a rule is told: the person, the record she was found by, and the day.
const VARIABLES: [&str; 3] = ["person", "record", "today"];

/// Every programme of the country. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Programmes {
    all: Arc<BTreeMap<String, Programme>>,
}

/// One programme.
#[derive(Clone, Debug)]
pub struct Programme {
    about: About,
    entitled: Option<Entitled>,
    pays: Pays,
    schedule: Schedule,
    accounts: Accounts,
    vouchers: Vouchers,
    sources: Vec<String>,
    rules: Arc<Rules>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    programme: About,
    entitled: Option<Entitled>,
    pays: Pays,
    schedule: Schedule,
    accounts: Accounts,
    #[serde(default)]
    vouchers: Vouchers,
}

/// What a programme is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its identifier: `old-age-pension`.
    pub id: String,
    /// Its name.
    pub name: Localised,
    /// In a sentence, what it is for.
    pub summary: Localised,
    /// The institution that runs it.
    pub owner: String,
    /// The law it stands on.
    pub legal_basis: Localised,
    /// Its figures are examples.
    #[serde(default)]
    pub illustrative: bool,
}

/// Who is entitled, where a rule says so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entitled {
    /// The register whose records the rule is asked about.
    register: String,
    /// The field of a record that holds the person, where it is not the population's own.
    person: Option<String>,
    /// The rule, in CEL.
    when: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pays {
    /// How much, in minor units: CEL. Lines of a file may say otherwise.
    amount: Option<String>,
    /// No line is paid more.
    most_minor: i64,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Twelve times a year.
    Month,
    /// Four times a year.
    Quarter,
    /// Once a year.
    Year,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    every: Every,
    /// The day of the period's first month on which it is paid.
    day: i8,
    /// So many days before, the list is made by the rule and a run prepared; never by itself if it is missing.
    prepare_days_before: Option<i32>,
}

/// What is asked of people and their accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accounts {
    ways: Vec<Way>,
    /// So many people may be paid into one account.
    people_per_account: i64,
    /// How long a change of account waits.
    cooling_off_hours: i64,
    /// How old the last proof of life may be (ISO 8601); none asked if it is missing.
    proof_of_life: Option<String>,
    /// How many days money lies ready to be fetched before it goes back.
    #[serde(default = "ninety")]
    fetch_within_days: i64,
}

/// What its vouchers may pay besides what a shop gives for them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vouchers {
    /// Institutions whose bills, and accounts whose requests, they may pay.
    pays: Vec<String>,
}

const fn ninety() -> i64 {
    90
}

/// How somebody gets her money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Into a mobile wallet.
    Wallet,
    /// Into a bank account.
    Bank,
    /// Cash, at a post office.
    PostOffice,
    /// By vouchers, at a shop.
    Voucher,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wallet, Self::Bank, Self::PostOffice, Self::Voucher];

    /// As it is kept and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Bank => "bank",
            Self::PostOffice => "post-office",
            Self::Voucher => "voucher",
        }
    }

    /// The way with this code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.code() == code)
    }

    /// Whether somebody else carries the money into an account.
    #[must_use]
    pub const fn is_carried(self) -> bool {
        matches!(self, Self::Wallet | Self::Bank)
    }
}

impl Programmes {
    /// Reads programmes from their files (path and text each).
    ///
    /// # Errors
    /// Every fault of every file, with its path.
    pub fn parse(files: &[(String, String)], registers: &Registers) -> Result<Self, Vec<String>> {
        let (mut all, mut faults) = (BTreeMap::new(), Vec::new());
        for (path, text) in files {
            match Programme::parse(text, registers) {
                Ok(one) => {
                    if all.insert(one.id().to_owned(), one).is_some() {
                        faults.push(format!("{path}: another programme has this id"));
                    }
                }
                Err(problem) => faults.push(format!("{path}: {problem}")),
            }
        }
        if faults.is_empty() { Ok(Self { all: Arc::new(all) }) } else { Err(faults) }
    }

    /// The same, knowing which systems may bring lists for which programme.
    #[must_use]
    pub fn brought_by(self, payouts: &Payouts) -> Self {
        let mut all = Arc::unwrap_or_clone(self.all);
        for source in &payouts.sources {
            for programme in &source.programmes {
                if let Some(known) = all.get_mut(programme) {
                    known.sources.push(source.client.clone());
                }
            }
        }
        Self { all: Arc::new(all) }
    }

    /// The programme with this identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Programme> {
        self.all.get(id)
    }

    /// Each programme, by its identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Programme> {
        self.all.values()
    }

    /// Everybody whom a voucher of any may pay.
    #[must_use]
    pub fn voucher_payees(&self) -> BTreeSet<String> {
        self.iter().flat_map(|one| one.vouchers.pays.iter().cloned()).collect()
    }

    /// The longest cooling-off of any, in hours: an account is one for all that somebody gets.
    #[must_use]
    pub fn cooling_off_hours(&self) -> i64 {
        self.iter().map(|one| one.accounts.cooling_off_hours).max().unwrap_or(0)
    }
}

impl Programme {
    fn parse(text: &str, registers: &Registers) -> Result<Self, String> {
        let File { programme: about, entitled, pays, schedule, accounts, vouchers } =
            toml::from_str(text).map_err(|error| error.to_string())?;
        let mut rules = Rules::default();
        if let Some(entitled) = &entitled {
            let register = registers.get(&entitled.register);
            let register = register.ok_or_else(|| format!("there is no register {}", entitled.register))?;
            if let Some(field) = entitled.person.as_ref().filter(|field| register.field(field).is_none()) {
                return Err(format!("the register {} has no field {field}", entitled.register));
            }
            if pays.amount.is_none() {
                return Err("a rule says who is entitled, so say the amount, too".to_owned());
            }
        }
        for expression in entitled.iter().map(|one| &one.when).chain(pays.amount.iter()) {
            rules.compile(expression)?;
            if let Some(strange) = rules.variables(expression).iter().find(|one| !VARIABLES.contains(&one.as_str())) {
                return Err(format!("{expression}: {strange} is not one of {}", VARIABLES.join(", ")));
            }
            if let Some(strange) = rules.functions(expression).iter().find(|one| !is_function(one)) {
                return Err(format!("{expression}: there is no function {strange}"));
            }
        }
        if let Some(span) = &accounts.proof_of_life {
            span.parse::<Span>().map_err(|error| format!("proof_of_life: {error}"))?;
        }
        if pays.most_minor < 1 || accounts.ways.is_empty() || !(1..=28).contains(&schedule.day) {
            return Err(
                "most_minor is more than nothing, there is a way to be paid, the day is from 1 to 28".to_owned()
            );
        }
        if accounts.people_per_account < 1 || accounts.cooling_off_hours < 0 || accounts.fetch_within_days < 1 {
            return Err("people_per_account, cooling_off_hours and fetch_within_days are not negative".to_owned());
        }
        Ok(Self { about, entitled, pays, schedule, accounts, vouchers, sources: Vec::new(), rules: Arc::new(rules) })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.about.id
    }

    /// What it is.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Whether its vouchers may pay somebody: who sends a bill, or the account of a request.
    #[must_use]
    pub fn vouchers_pay(&self, payee: &str) -> bool {
        self.vouchers.pays.iter().any(|one| one == payee)
    }

    /// The register its rule is asked about, and the field of a record that holds the person; none if lists come as files.
    #[must_use]
    pub fn register(&self) -> Option<(&str, Option<&str>)> {
        self.entitled.as_ref().map(|one| (one.register.as_str(), one.person.as_deref()))
    }

    /// The rule, as it stands in the pack.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.entitled.as_ref().map(|one| one.when.as_str())
    }

    /// What somebody with these facts is paid, in minor units; none if she is not entitled.
    ///
    /// # Errors
    /// What the rule could not answer, in words.
    pub fn entitles(&self, facts: &Facts) -> Result<Option<i64>, String> {
        let Some(entitled) = &self.entitled else { return Ok(None) };
        if !self.rules.holds(&entitled.when, facts).map_err(|error| error.to_string())? {
            return Ok(None);
        }
        self.amount(facts)
    }

    /// What the amount's rule gives, in minor units; none if there is none.
    ///
    /// # Errors
    /// As [`Programme::entitles`].
    pub fn amount(&self, facts: &Facts) -> Result<Option<i64>, String> {
        let Some(expression) = &self.pays.amount else { return Ok(None) };
        let value = self.rules.value(expression, facts).map_err(|error| error.to_string())?;
        value.as_i64().map(Some).ok_or_else(|| format!("{expression}: not a whole number"))
    }

    /// Whether the amount is the same for everybody.
    #[must_use]
    pub fn fixed_amount(&self) -> Option<i64> {
        let expression = self.pays.amount.as_ref()?;
        if self.rules.variables(expression).is_empty() {
            self.rules.value(expression, &Facts::default()).ok()?.as_i64()
        } else {
            None
        }
    }

    /// No line is paid more, in minor units.
    #[must_use]
    pub const fn most_minor(&self) -> i64 {
        self.pays.most_minor
    }

    /// How often it pays.
    #[must_use]
    pub const fn every(&self) -> Every {
        self.schedule.every
    }

    /// How many days before its pay day a run prepares itself; none if it never does.
    #[must_use]
    pub fn prepare_days_before(&self) -> Option<i32> {
        self.schedule.prepare_days_before.filter(|_| self.entitled.is_some())
    }

    /// How it may be paid.
    #[must_use]
    pub fn ways(&self) -> &[Way] {
        &self.accounts.ways
    }

    /// So many people may be paid into one account.
    #[must_use]
    pub const fn people_per_account(&self) -> i64 {
        self.accounts.people_per_account
    }

    /// Not before this moment the last proof of life must lie; none if it is not asked.
    #[must_use]
    pub fn life_since(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let span: Span = self.accounts.proof_of_life.as_ref()?.parse().ok()?;
        let today = now.date_in(zone);
        Some(Timestamp::start_of(today.checked_sub(span).ok()?, zone))
    }

    /// When money that nobody fetched goes back.
    #[must_use]
    pub const fn fetch_until(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.accounts.fetch_within_days * 86_400)
    }

    /// The period a day lies in: `2026-11`, `2026-Q4`, `2026`.
    #[must_use]
    pub fn period(&self, day: Date) -> String {
        let year = day.year();
        match self.schedule.every {
            Every::Month => format!("{year}-{:02}", day.month()),
            Every::Quarter => format!("{year}-Q{}", (day.month() - 1) / 3 + 1),
            Every::Year => year.to_string(),
        }
    }

    /// The next day on or after `today` on which it pays.
    #[must_use]
    pub fn next_pay_day(&self, today: Date) -> Date {
        let months = match self.schedule.every {
            Every::Month => 1,
            Every::Quarter => 3,
            Every::Year => 12,
        };
        let first_month = (today.month() - 1) / months * months + 1;
        let start = Date::new(today.year(), first_month, self.schedule.day).unwrap_or(today);
        if start >= today {
            return start;
        }
        start.checked_add(Span::new().months(months)).unwrap_or(start)
    }

    /// Whether the system that authenticates as this client may bring its lists.
    #[must_use]
    pub fn is_brought_by(&self, client: &str) -> bool {
        self.sources.iter().any(|source| source == client)
    }

    /// What the rules are told of somebody.
    #[must_use]
    pub fn facts(person: &civil::Person, record: &registers::Fields, today: Date) -> Facts {
        let mut facts = Facts::default();
        let person = json!({ "born": person.born.to_string(), "sex": person.sex, "district": person.district });
        facts.set("person", person);
        facts.set("record", serde_json::Value::Object(record.clone()));
        facts.set("today", today.to_string());
        facts
    }
}

/// A function of ours, or one that CEL itself brings.
fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name) || ["has", "size", "contains", "startsWith", "endsWith", "string", "int"].contains(&name)
}
