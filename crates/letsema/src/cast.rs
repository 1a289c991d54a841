//! Who one can sign in as in a demonstration: people with something to do, officers who do it, programs that let
//! people sign in.
//!
//! **Invariant:** PINs, passwords and authenticator secrets here are for demonstrations only; they follow from the
//! seed, and every page says that nothing is real.

use crypto::{base32, hmac_sha256};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::people::Wanted;

/// A person one can sign in as.
pub(crate) struct Part {
    /// What she is there for.
    pub(crate) role: &'static str,
    /// Whether she can sign in; a child cannot.
    pub(crate) signs_in: bool,
    pub(crate) wanted: Wanted,
}

/// The child of the first of the cast.
pub(crate) const CHILD: &str = "a child; the first person above is her mother or father and acts for her at /acting";

/// Somebody to be enrolled.
pub(crate) const APPLICANT: &str = "no account yet; the entry of her birth is in demo.json: enrol her at /enrolment";

/// People with something to do, in the order of `demo.json`.
pub(crate) fn people() -> Vec<Part> {
    let adult =
        Wanted { age: Some(34), birth: true, passport_days: Some(60), licence_days: Some(30), phone_ends: Some(12) };
    let with = |role, wanted| Part { role, signs_in: true, wanted };
    vec![
        with("passport expires in two months, licence in one; pays at once", adult),
        with(
            "passport expired; pays at once",
            Wanted { age: Some(52), passport_days: Some(-40), licence_days: None, ..adult },
        ),
        with(
            "licence expired; pays at once",
            Wanted { age: Some(41), passport_days: None, licence_days: Some(-20), ..adult },
        ),
        with("no passport and no licence", Wanted { age: Some(23), passport_days: None, licence_days: None, ..adult }),
        with("passport still good for six years", Wanted { age: Some(29), passport_days: Some(2_300), ..adult }),
        with("pensioner, birth not registered", Wanted { age: Some(73), birth: false, licence_days: None, ..adult }),
        with("wallet declines", Wanted { phone_ends: Some(2), ..adult }),
        with("wallet never answers", Wanted { phone_ends: Some(3), ..adult }),
        with("wallet says everything twice", Wanted { phone_ends: Some(4), ..adult }),
        with("wallet sends a forged answer first", Wanted { phone_ends: Some(7), ..adult }),
        with("wallet pays when it is too late", Wanted { phone_ends: Some(6), ..adult }),
        with("two at once", adult),
        Part {
            role: CHILD,
            signs_in: false,
            wanted: Wanted { age: Some(7), passport_days: None, licence_days: None, phone_ends: None, birth: true },
        },
        Part {
            role: APPLICANT,
            signs_in: false,
            wanted: Wanted { age: Some(19), passport_days: None, licence_days: None, ..adult },
        },
    ]
}

/// An officer one can sign in as.
#[derive(Clone, Copy)]
pub(crate) struct OfficerPart {
    pub(crate) login: &'static str,
    pub(crate) name: &'static str,
    pub(crate) roles: &'static [&'static str],
    pub(crate) institution: &'static str,
}

/// Officers of the three services, and those behind them.
pub(crate) const OFFICERS: [OfficerPart; 24] = [
    OfficerPart {
        login: "palesa.mokhethi",
        name: "Palesa Mokhethi",
        roles: &["passport-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "tumelo.ramaili",
        name: "Tumelo Ramaili",
        roles: &["passport-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "khotso.lebona",
        name: "Khotso Lebona",
        roles: &["licence-officer"],
        institution: "ministry-public-works",
    },
    OfficerPart {
        login: "neo.tlali",
        name: "Neo Tlali",
        roles: &["registration-officer", "registrar"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "lerato.molapo",
        name: "Lerato Molapo",
        roles: &["registration-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "mpho.sekhonyana",
        name: "Mpho Sekhonyana",
        roles: &["health-worker"],
        institution: "ministry-health",
    },
    OfficerPart {
        login: "thabo.mopeli",
        name: "Thabo Mopeli",
        roles: &["chief"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "mosa.phafoli",
        name: "Mosa Phafoli",
        roles: &["payments-officer"],
        institution: "ministry-finance",
    },
    OfficerPart {
        login: "mamello.phooko",
        name: "Mamello Phooko",
        roles: &["payments-officer"],
        institution: "ministry-finance",
    },
    OfficerPart {
        login: "naleli.mokhethi",
        name: "Naleli Mokhethi",
        roles: &["billing-officer"],
        institution: "ministry-education",
    },
    OfficerPart {
        login: "tumelo.khabo",
        name: "Tumelo Khabo",
        roles: &["switch-operator"],
        institution: "central-bank",
    },
    OfficerPart {
        login: "limpho.ntsane",
        name: "Limpho Ntsane",
        roles: &["identity-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "teboho.mohale",
        name: "Teboho Mohale",
        roles: &["identity-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "itumeleng.sello",
        name: "Itumeleng Sello",
        roles: &["enrolment-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "retselisitsoe.tau",
        name: "Retšelisitsoe Tau",
        roles: &["enrolment-supervisor"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "moleboheng.khasu",
        name: "Moleboheng Khasu",
        roles: &["card-officer"],
        institution: "ministry-home-affairs",
    },
    OfficerPart {
        login: "nthabiseng.letsie",
        name: "Nthabiseng Letsie",
        roles: &["grants-officer"],
        institution: "ministry-social-development",
    },
    OfficerPart {
        login: "tseliso.mohapi",
        name: "Tšeliso Mohapi",
        roles: &["grants-approver"],
        institution: "ministry-social-development",
    },
    OfficerPart {
        login: "puleng.makoae",
        name: "Puleng Makoae",
        roles: &["post-office-clerk"],
        institution: "lesotho-post-bank",
    },
    OfficerPart {
        login: "lebohang.sefali",
        name: "Lebohang Sefali",
        roles: &["agents-officer"],
        institution: "lesotho-post-bank",
    },
    OfficerPart {
        login: "mamello.ntho",
        name: "’Mamello Ntho",
        roles: &["agent-clerk"],
        institution: crate::counting::AGENT,
    },
    OfficerPart {
        login: "limakatso.nkuebe",
        name: "Limakatso Nkuebe",
        roles: &["fund-officer"],
        institution: "lesotho-communications-authority",
    },
    OfficerPart {
        login: "sello.phafane",
        name: "Sello Phafane",
        roles: &["fund-officer"],
        institution: "lesotho-communications-authority",
    },
    OfficerPart { login: "operator", name: "Thato Nkhasi", roles: &["operator"], institution: "ministry-ict" },
];

/// The secrets of one demonstration, all from its seed.
pub(crate) struct Secrets(pub(crate) u64);

impl Secrets {
    fn of(&self, what: &str, whom: &str) -> [u8; 32] {
        hmac_sha256(b"letsema/demo/v1", &[&self.0.to_be_bytes(), what.as_bytes(), b":", whom.as_bytes()])
    }

    /// Six digits.
    pub(crate) fn pin(&self, whom: &str) -> String {
        self.of("pin", whom).iter().take(6).map(|byte| char::from(b'0' + byte % 10)).collect()
    }

    /// A password.
    pub(crate) fn password(&self, whom: &str) -> String {
        base32(&self.of("password", whom)).to_lowercase().chars().take(16).collect()
    }

    /// An authenticator's secret, 20 bytes.
    pub(crate) fn totp(&self, whom: &str) -> Vec<u8> {
        self.of("totp", whom).into_iter().take(20).collect()
    }

    /// A client's secret.
    pub(crate) fn client(&self, whom: &str) -> String {
        base32(&self.of("client", whom)).to_lowercase()
    }

    /// The token of whoever runs the switch, or of a participant in it.
    pub(crate) fn token(&self, whom: &str) -> String {
        base32(&self.of("switch", whom)).to_lowercase()
    }
}

/// A program that lets people sign in.
#[derive(Serialize)]
pub(crate) struct ClientPart {
    pub(crate) id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
}

/// Programs that let people sign in: one with a secret, one without.
pub(crate) fn clients(secrets: &Secrets) -> Vec<ClientPart> {
    vec![
        ClientPart {
            id: "demo-bank",
            secret: Some(secrets.client("demo-bank")),
            redirect_uris: vec!["http://localhost:9090/callback".to_owned()],
        },
        ClientPart { id: "demo-app", secret: None, redirect_uris: vec!["http://localhost:9091/callback".to_owned()] },
    ]
}

/// Organisations that ask about people under the licences of the pack's `verifiers.toml`, each with a secret.
pub(crate) fn verifiers(secrets: &Secrets) -> Vec<ClientPart> {
    let client = |id| ClientPart { id, secret: Some(secrets.client(id)), redirect_uris: Vec::new() };
    ["payroll", "pension", "bank", "insurer", "telecom"].map(client).into()
}

/// Programs that manage others: clients as eSignet's partner management does, and devices.
pub(crate) fn managers(secrets: &Secrets) -> Vec<ClientPart> {
    vec![ClientPart { id: "demo-manager", secret: Some(secrets.client("demo-manager")), redirect_uris: Vec::new() }]
}

/// The switch as `demo.json` tells of it: where it is called, and with which token it is run.
pub(crate) fn switch(base_url: &str, secrets: &Secrets) -> Json {
    json!({
        "fspiop_url": format!("{base_url}/api/fspiop"),
        "admin_url": format!("{base_url}/api/switch"),
        "settlement_url": format!("{base_url}/api/switch/v2"),
        "hub": switch::HUB,
        "operator_token": secrets.token(switch::HUB),
    })
}

/// Systems of ministries that bring lists, accounts and vouchers (`payouts.toml`).
pub(crate) fn sources(secrets: &Secrets) -> Vec<ClientPart> {
    let client = |id| ClientPart { id, secret: Some(secrets.client(id)), redirect_uris: Vec::new() };
    vec![client("social-development")]
}

/// One person as `demo.json` lists her.
pub(crate) fn person_entry(number: &str, pin: &str, name: &str, phone: &str, role: &str, id: &str) -> Json {
    json!({ "id": id, "id_number": number, "pin": pin, "name": name, "phone": phone, "role": role })
}
