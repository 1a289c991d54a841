//! The country's policies: who may do what, and that no action of the program is forgotten.

use std::collections::BTreeSet;
use std::fs;

use journal::Policies;
use spine::{Actor, ActorKind, Assurance, Authority, Caller, Personal, Resource};

use crate::country;
use crate::words;

fn policies() -> Policies {
    let files = country::texts("policies", ".cedar");
    Policies::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

fn person() -> Actor {
    Actor::person("per_lineo", Personal::default(), Assurance::Substantial)
}

fn officer(role: &str, institution: &str) -> Actor {
    Actor {
        roles: vec![role.to_owned()],
        institution: Some(institution.to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, "off_one")
    }
}

fn device(scope: &str) -> Actor {
    Actor {
        roles: vec![scope.to_owned()],
        institution: Some("org_one".to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Device, "dev_one")
    }
}

fn case(own: bool) -> Resource {
    Resource::new("Case", "case_one").with("service", "passport-renewal").is("own", own)
}

fn task(role: &str) -> Resource {
    Resource::new("Task", "task_one").with("role", role).with("applicant", "per_lineo").with("officer", "")
}

fn register(owner: &str) -> Resource {
    Resource::new("Register", "passport").with("owner", owner).with("class", "personal")
}

/// Who, what, to what, and whether she may.
fn table() -> Vec<(Actor, &'static str, Resource, bool)> {
    let (home, works) = ("ministry-home-affairs", "ministry-public-works");
    let passports = || officer("passport-officer", home);
    let weak = |actor: Actor| Actor { assurance: Assurance::Low, ..actor };
    let service = || Resource::new("Service", "passport-renewal");
    let desk = || Resource::new("Desk", "tasks");
    let money = |own: bool| Resource::new("PaymentRequest", "pay_one").is("own", own);
    let treasury = || Resource::new("Treasury", "desk");
    let stopped = || Resource::new("ScreeningCase", "scr_one");
    let names = || Resource::new("SanctionsList", "un");
    let counter = || Resource::new("Counter", "lesotho-post-bank");
    let drawer = |own: bool| Resource::new("Counter", "agent-roma").is("own", own);
    let sealed = |signed: bool| Resource::new("Counter", "agent-roma").is("signed", signed);
    let agent = |own: bool| Resource::new("Agent", "agt_one").is("own", own);
    let fund = |own: bool| Resource::new("Fund", "universal-service").is("own", own);
    let payments_desk = || Resource::new("PaymentDesk", "desk");
    let dead = || Resource::new("Job", "dead");
    let society = |own: bool| Resource::new("Association", "ass_one").is("own", own);
    let wallet = |own: bool| Resource::new("Wallet", "mpesa").is("own", own);
    let hub_of_ours = |own: bool| Resource::new("Hub", "switch").is("own", own);
    let client = || Actor::bare(ActorKind::Client, "wallet:mpesa");
    let birth = || Resource::new("CivilKind", "birth");
    let event = |mine: bool| Resource::new("CivilEvent", "vit_one").is("declared_by_self", mine);
    let ways = |own: bool, fresh: bool| Resource::new("Account", "per_lineo").is("own", own).is("fresh", fresh);
    let human = |own: bool| Resource::new("Person", "per_thabo").is("own", own);
    let account =
        |own: bool, at_desk: bool| Resource::new("Account", "per_lineo").is("own", own).is("at_desk", at_desk);
    let enrolment =
        |mine: bool| Resource::new("Enrolment", "enr_one").is("taken_by_self", mine).is("about_self", false);
    let packet = |own: bool, mine: bool| Resource::new("Packet", "pck_one").is("own", own).is("taken_by_self", mine);
    let card = |own: bool| Resource::new("Card", "per_lineo").is("own", own);
    let cards = || Resource::new("CardDesk", "desk");
    let word = |own: bool| Resource::new("Introduction", "int_one").is("own", own);
    let letter = |hand: bool| Resource::new("Letter", "per_lineo").is("by_own_hand", hand).is("about_self", false);
    let national_id = |own: bool| Resource::new("NationalId", "per_lineo").is("own", own);
    let bank = || Resource::new("Verifier", "bank").is("bulk", true);
    let of_switch = |own: bool| Resource::new("Transfer", "tr_one").is("own", own);
    let hub = || Resource::new("Participant", "mpesa");
    let operator = || Actor {
        roles: vec!["switch-operator".to_owned()],
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Client, "Hub")
    };
    let grants = |role: &str| officer(role, "ministry-social-development");
    let programme = |same: bool| Resource::new("Run", "run_one").is("same_institution", same);
    let payee = |own: bool| Resource::new("Payee", "per_thabo").is("own", own);
    let licensed = |kind, licensed: bool| Resource::new(kind, "one").is("licensed", licensed);
    let float = |same: bool| Resource::new("Float", "post-leribe").is("same_institution", same);
    vec![
        // The switch: a participant for itself, the hub's operator for the rest.
        (Actor::bare(ActorKind::Client, "mpesa"), "switch.transfer.prepare", of_switch(true), true),
        (Actor::bare(ActorKind::Client, "mpesa"), "switch.transfer.fulfil", of_switch(false), false),
        (Actor::bare(ActorKind::Client, "mpesa"), "switch.party.register", of_switch(false), false),
        (Actor::bare(ActorKind::Client, "mpesa"), "switch.totals.tell", of_switch(true), true),
        (Actor::bare(ActorKind::Client, "mpesa"), "switch.totals.tell", of_switch(false), false),
        (Actor::bare(ActorKind::Client, "mpesa"), "switch.participant.change", hub(), false),
        (operator(), "switch.participant.change", hub(), true),
        (operator(), "switch.settlement.run", hub(), true),
        (operator(), "switch.transfer.prepare", of_switch(false), false),
        (officer("switch-operator", "central-bank"), "switch.window.close", hub(), true),
        (officer("switch-operator", "central-bank"), "switch.funds.record", hub(), true),
        (weak(officer("switch-operator", "central-bank")), "switch.funds.record", hub(), false),
        (officer("payments-officer", "ministry-finance"), "switch.settlement.run", hub(), false),
        (person(), "switch.settlement.view", hub(), false),
        // Civil registration: two people for every entry, and a nurse or chief for the notice.
        (officer("health-worker", "ministry-health"), "civil.event.notify", birth(), true),
        (officer("chief", home), "civil.event.notify", birth(), true),
        (officer("chief", home), "civil.event.declare", birth(), false),
        (passports(), "civil.event.notify", birth(), false),
        (person(), "civil.event.declare", birth(), false),
        (officer("registration-officer", home), "civil.event.declare", birth(), true),
        (officer("registration-officer", home), "civil.event.validate", event(false), true),
        (officer("registration-officer", home), "civil.event.validate", event(true), false),
        (officer("registrar", home), "civil.likeness.judge", event(true), false),
        (officer("registration-officer", home), "civil.event.register", event(false), false),
        (officer("registrar", home), "civil.event.register", event(false), true),
        (weak(officer("registrar", home)), "civil.event.register", event(false), false),
        (officer("registration-officer", home), "civil.death.annul", birth(), false),
        (officer("registrar", home), "registers.record.look", register(home).is("sealed", true), false),
        // Grants: prepared by one, approved by another, paid with the treasury's money, changed by whose it is.
        (grants("grants-officer"), "grants.run.prepare", programme(true), true),
        (grants("grants-officer"), "grants.run.prepare", programme(false), false),
        (grants("grants-officer"), "grants.run.approve", programme(true), false),
        (grants("grants-approver"), "grants.run.approve", programme(true), true),
        (grants("grants-approver"), "grants.run.approve", programme(true).is("prepared_by_self", true), false),
        (weak(grants("grants-approver")), "grants.run.approve", programme(true), false),
        (grants("grants-officer"), "grants.programme.fund", programme(true), false),
        (officer("payments-officer", "ministry-finance"), "grants.programme.fund", programme(false), true),
        (officer("payments-officer", "ministry-finance"), "grants.run.approve", programme(false), false),
        (person(), "grants.account.choose", payee(true), true),
        (weak(person()), "grants.account.choose", payee(true), false),
        (person(), "grants.account.choose", payee(false), false),
        (grants("grants-officer"), "grants.account.choose", payee(false), true),
        (grants("grants-officer"), "grants.account.choose", payee(true), false),
        (grants("grants-approver"), "grants.account.resolve", payee(false), false),
        (officer("post-office-clerk", "lesotho-post-bank"), "grants.cash.give", float(true), true),
        (officer("post-office-clerk", "ministry-finance"), "grants.cash.give", float(false), false),
        (device("vouchers.redeem"), "grants.voucher.redeem", Resource::new("Voucher", "voucher"), true),
        (device("civil.notify"), "grants.voucher.redeem", Resource::new("Voucher", "voucher"), false),
        (device("vouchers.redeem"), "grants.voucher.make", Resource::new("Voucher", "voucher"), false),
        (person(), "payments.disbursement.make", Resource::new("Disbursement", "dis_1"), true),
        (weak(person()), "payments.disbursement.make", Resource::new("Disbursement", "dis_1"), false),
        (person(), "payments.disbursement.view", Resource::new("Disbursement", "dis_1"), false),
        (device("vouchers.redeem"), "payments.disbursement.make", Resource::new("Disbursement", "dis_1"), false),
        (Actor::bare(ActorKind::Client, "mis"), "grants.voucher.make", licensed("Voucher", true), true),
        (Actor::bare(ActorKind::Client, "mis"), "grants.voucher.make", licensed("Voucher", false), false),
        (Actor::bare(ActorKind::Client, "mis"), "grants.account.choose", licensed("Payee", true), true),
        (Actor::bare(ActorKind::Client, "mis"), "grants.list.take", licensed("Programme", true), true),
        (Actor::bare(ActorKind::Client, "mis"), "grants.run.approve", licensed("Run", true), false),
        (officer("registrar", home), "grants.payment.stop", Resource::new("Payment", "run_one"), true),
        (passports(), "grants.payment.stop", Resource::new("Payment", "run_one"), false),
        // Who lives, and who asks.
        (person(), "identity.life.attest", human(true), true),
        (person(), "identity.life.attest", human(false), false),
        (officer("chief", home), "identity.life.attest", human(false), true),
        (passports(), "identity.life.attest", human(false), false),
        (Actor::bare(ActorKind::Client, "bank"), "identity.verification.ask", bank(), true),
        (passports(), "identity.verification.ask", bank(), false),
        (Actor::anonymous(), "identity.verification.ask", bank(), false),
        (passports(), "identity.account.close", Resource::new("Account", "per_thabo"), false),
        (officer("registrar", home), "identity.account.close", Resource::new("Account", "per_thabo"), true),
        // Ways of signing in: easily locked, less easily opened.
        (weak(person()), "identity.factor.lock", account(true, false), true),
        (person(), "identity.factor.lock", account(false, true), false),
        (person(), "identity.factor.unlock", account(true, false), true),
        (person(), "identity.factor.unlock", account(true, true), false),
        (weak(person()), "identity.factor.unlock", account(true, false), false),
        (officer("enrolment-officer", home), "identity.factor.lock", account(false, true), true),
        (officer("enrolment-officer", home), "identity.factor.unlock", account(false, true), false),
        (officer("identity-officer", home), "identity.factor.unlock", account(false, true), true),
        (officer("identity-officer", home), "identity.factor.unlock", account(true, true), false),
        (passports(), "identity.factor.lock", account(false, true), false),
        // Enrolment: two people, a chief's own word, a letter seen by other hands.
        (officer("enrolment-officer", home), "identity.enrolment.begin", Resource::new("EnrolmentDesk", "new"), true),
        (
            officer("enrolment-supervisor", home),
            "identity.enrolment.begin",
            Resource::new("EnrolmentDesk", "new"),
            false,
        ),
        (person(), "identity.enrolment.begin", Resource::new("EnrolmentDesk", "new"), false),
        (officer("enrolment-officer", home), "identity.enrolment.take", enrolment(true), true),
        (officer("enrolment-officer", home), "identity.enrolment.approve", enrolment(false), false),
        (officer("enrolment-supervisor", home), "identity.enrolment.approve", enrolment(false), true),
        (officer("enrolment-supervisor", home), "identity.enrolment.approve", enrolment(true), false),
        (weak(officer("enrolment-supervisor", home)), "identity.enrolment.approve", enrolment(false), false),
        (officer("enrolment-officer", home), "identity.alike.judge", enrolment(true), false),
        (officer("enrolment-supervisor", home), "identity.alike.judge", enrolment(false), true),
        (officer("enrolment-supervisor", home), "identity.enrolment.refuse", enrolment(true), false),
        (
            officer("enrolment-supervisor", home),
            "registers.record.enrol",
            register(home).with("purpose", "national-id"),
            true,
        ),
        (
            officer("enrolment-supervisor", home),
            "registers.record.enrol",
            register(home).with("purpose", "registration"),
            false,
        ),
        (
            officer("enrolment-supervisor", works),
            "registers.record.enrol",
            register(home).with("purpose", "national-id"),
            false,
        ),
        (officer("chief", home), "identity.introduction.sign", word(true), true),
        (officer("chief", home), "identity.introduction.answer", word(false), false),
        (officer("enrolment-officer", home), "identity.introduction.sign", word(true), false),
        (Actor::anonymous(), "identity.account.activate", Resource::new("Login", "person"), true),
        (officer("card-officer", home), "identity.card.print", cards(), true),
        (officer("enrolment-supervisor", home), "identity.card.print", cards(), false),
        (officer("card-officer", home), "identity.letter.print", letter(false), true),
        (officer("card-officer", home), "identity.letter.print", letter(true), false),
        (officer("card-officer", home), "identity.card.hand_over", card(true), false),
        (officer("card-officer", home), "identity.card.import", cards(), false),
        (Actor::system("demo"), "identity.card.import", cards(), true),
        (person(), "identity.card.ask", card(true), true),
        (person(), "identity.card.lose", card(false), false),
        (passports(), "identity.card.look", card(false), false),
        (officer("enrolment-supervisor", home), "identity.standing.deactivate", national_id(false), true),
        (officer("enrolment-supervisor", home), "identity.standing.deactivate", national_id(true), false),
        (officer("enrolment-officer", home), "identity.standing.deactivate", national_id(false), false),
        (device("enrolment.packets"), "identity.packet.send", packet(true, false), true),
        (device("enrolment.packets"), "identity.packet.send", packet(false, false), false),
        (device("civil.notify"), "identity.packet.send", packet(true, false), false),
        (officer("enrolment-supervisor", home), "identity.packet.review", packet(false, false), true),
        (officer("enrolment-supervisor", home), "identity.packet.review", packet(false, true), false),
        (officer("enrolment-officer", home), "identity.packet.review", packet(false, false), false),
        (person(), "identity.vid.make", account(true, false), true),
        (person(), "identity.vid.make", account(false, false), false),
        (officer("identity-officer", home), "identity.vid.revoke", account(false, false), false),
        // Acting for others: with two factors, in what is one's own; on evidence by two officers.
        (person(), "identity.mandate.offer", Resource::new("Mandate", "carer").is("own", true), true),
        (weak(person()), "identity.mandate.offer", Resource::new("Mandate", "carer").is("own", true), false),
        (person(), "identity.mandate.end", Resource::new("Mandate", "mdt_one").is("own", false), false),
        (person(), "identity.mandate.register", Resource::new("Mandate", "carer"), false),
        (weak(person()), "identity.acting.choose", Resource::new("Mandate", "per_thabo").is("own", true), false),
        (officer("identity-officer", home), "identity.mandate.register", Resource::new("Mandate", "carer"), true),
        (
            officer("identity-officer", home),
            "identity.mandate.approve",
            Resource::new("Mandate", "m").is("own", false),
            true,
        ),
        (
            officer("identity-officer", home),
            "identity.mandate.approve",
            Resource::new("Mandate", "m").is("own", true),
            false,
        ),
        (passports(), "identity.mandate.approve", Resource::new("Mandate", "m").is("own", false), false),
        (officer("identity-officer", home), "identity.organisation.register", Resource::new("Organisation", "o"), true),
        // Devices: had by an organisation, each for what it was registered for.
        (person(), "identity.device.register", Resource::new("Device", "dev_one").is("own", true), false),
        (
            officer("identity-officer", home),
            "identity.device.register",
            Resource::new("Device", "d").is("own", true),
            true,
        ),
        (
            officer("identity-officer", home),
            "identity.device.change",
            Resource::new("Device", "d").is("own", false),
            false,
        ),
        (client(), "identity.device.register", Resource::new("Device", "d").is("own", false), false),
        (device("civil.notify"), "civil.event.notify", birth(), true),
        (device("log.read"), "civil.event.notify", birth(), false),
        (device("civil.notify"), "civil.event.declare", birth(), false),
        (device("civil.notify"), "services.case.start", service(), false),
        // A person: her own affairs, and nobody else's.
        (person(), "services.case.start", service(), true),
        (Actor::anonymous(), "services.case.start", service(), false),
        (passports(), "services.case.start", service(), false),
        (person(), "services.case.answer", case(true), true),
        (person(), "services.case.answer", case(false), false),
        (person(), "services.case.submit", case(true), true),
        (person(), "services.case.submit", case(false), false),
        (person(), "services.case.withdraw", case(true), true),
        (person(), "services.case.withdraw", case(false), false),
        (person(), "services.case.answer", Resource::new("Case", "case_one"), false),
        (person(), "services.case.pay", case(true), false),
        (person(), "services.case.look", task("passport-officer"), false),
        (person(), "services.task.list", desk(), false),
        (person(), "services.task.claim", task("passport-officer"), false),
        (
            Actor { roles: vec!["passport-officer".to_owned()], ..person() },
            "services.task.decide",
            task("passport-officer"),
            false,
        ),
        (person(), "services.pack.publish", service(), false),
        (person(), "services.output.seal", Resource::new("Output", "doc_one"), false),
        (person(), "payments.request.pay", money(true), true),
        (person(), "payments.request.pay", money(false), false),
        (person(), "payments.request.view", money(false), false),
        (person(), "payments.desk.view", payments_desk(), false),
        (person(), "payments.association.found", society(false), true),
        (person(), "payments.proposal.say", society(true), true),
        (person(), "payments.proposal.say", society(false), false),
        (person(), "payments.association.view", society(false), false),
        (weak(person()), "payments.proposal.say", society(true), false),
        (person(), "payments.proposal.tell", Resource::new("Proposal", "prp_one"), false),
        (officer("payments-officer", "ministry-finance"), "payments.association.view", society(false), false),
        (person(), "messages.notice.view", Resource::new("Notice", "per_lineo").is("own", true), true),
        (person(), "messages.notice.view", Resource::new("Notice", "per_thabo").is("own", false), false),
        (person(), "registers.record.look", register(home), false),
        (person(), "registers.register.search", register(home), false),
        (person(), "identity.session.end", Resource::new("Session", "ses_one").is("own", false), false),
        // How one signs in is changed right after signing in, and by oneself.
        (person(), "identity.recovery_code.make", ways(true, true), true),
        (person(), "identity.recovery_code.make", ways(true, false), false),
        (person(), "identity.authenticator.add", ways(false, true), false),
        (passports(), "identity.recovery_code.make", ways(true, true), true),
        (weak(person()), "identity.second_step.choose", ways(true, true), false),
        (person(), "identity.browser.forget", ways(true, false), true),
        (person(), "identity.browser.name", ways(false, false), false),
        (person(), "identity.secret.change", ways(true, true), true),
        (person(), "identity.secret.change", ways(true, false), false),
        (person(), "identity.account.lock_own", ways(true, false), true),
        (person(), "identity.account.lock_own", ways(false, true), false),
        (passports(), "identity.account.lock_own", ways(true, true), false),
        // Getting back in: two officers who look after accounts, and never the same one.
        (officer("identity-officer", home), "identity.recovery.propose", ways(false, false), true),
        (officer("identity-officer", home), "identity.recovery.propose", ways(true, false), false),
        (officer("identity-officer", home), "identity.recovery.agree", ways(false, false), true),
        (officer("identity-officer", home), "identity.recovery.agree", ways(true, false), false),
        (weak(officer("identity-officer", home)), "identity.recovery.agree", ways(false, false), false),
        (passports(), "identity.recovery.propose", ways(false, false), false),
        (person(), "identity.recovery.list", ways(true, true), false),
        (Actor::anonymous(), "identity.recovery.begin", Resource::new("Login", "person"), true),
        (Actor::anonymous(), "identity.recovery.send", Resource::new("Recovery", "rcv_one"), false),
        (person(), "journal.job.view", dead(), false),
        // Officers: the tasks of their own role, the registers of their own institution.
        (passports(), "services.task.list", desk(), true),
        (passports(), "services.task.claim", task("passport-officer"), true),
        (passports(), "services.task.decide", task("passport-officer"), true),
        (passports(), "services.task.ask", task("passport-officer"), true),
        (passports(), "services.case.look", task("passport-officer"), true),
        (passports(), "services.task.claim", task("licence-officer"), false),
        (passports(), "services.case.look", task("licence-officer"), false),
        (weak(passports()), "services.task.claim", task("passport-officer"), false),
        (weak(passports()), "services.task.list", desk(), false),
        (passports(), "services.case.answer", case(false), false),
        (passports(), "registers.record.look", register(home), true),
        (passports(), "registers.record.look", register(works), false),
        (weak(passports()), "registers.record.look", register(home), false),
        (officer("cook", home), "registers.record.look", register(home), false),
        (officer("licence-officer", works), "registers.register.search", register(works), true),
        (passports(), "registers.record.change", register(home), false),
        (officer("registrar", home), "registers.record.change", register(home), true),
        (officer("registrar", works), "registers.record.change", register(home), false),
        (passports(), "payments.desk.view", payments_desk(), false),
        (officer("payments-officer", "ministry-finance"), "payments.desk.view", payments_desk(), true),
        (officer("payments-officer", "ministry-finance"), "payments.treasury.view", treasury(), true),
        (officer("payments-officer", "ministry-finance"), "payments.screening.decide", stopped(), true),
        (weak(officer("payments-officer", "ministry-finance")), "payments.screening.decide", stopped(), false),
        (passports(), "payments.screening.view", stopped(), false),
        (person(), "payments.screening.view", stopped(), false),
        (officer("payments-officer", "ministry-finance"), "payments.sanctions.take", names(), true),
        (officer("payments-officer", "ministry-finance"), "payments.sanctions.decide", names(), true),
        (officer("payments-officer", "ministry-finance"), "payments.sanctions.rescreen", names(), false),
        (officer("payments-officer", "ministry-finance"), "payments.sanctions.trust", names(), false),
        (weak(officer("payments-officer", "ministry-finance")), "payments.sanctions.decide", names(), false),
        (Caller::system("sanctions").actor, "payments.sanctions.take", names(), true),
        (Caller::system("sanctions").actor, "payments.sanctions.decide", names(), false),
        (passports(), "payments.sanctions.view", names(), false),
        (person(), "payments.sanctions.view", names(), false),
        (officer("payments-officer", "ministry-finance"), "payments.cash.take", counter(), false),
        (officer("post-office-clerk", "lesotho-post-bank"), "payments.cash.take", counter(), true),
        (officer("post-office-clerk", "lesotho-post-bank"), "payments.treasury.view", treasury(), false),
        (person(), "payments.treasury.view", treasury(), false),
        (person(), "payments.cash.take", counter(), false),
        (officer("agent-clerk", "agent-roma"), "payments.cash.take", counter(), true),
        (officer("agent-clerk", "agent-roma"), "payments.shift.keep", drawer(true), true),
        (officer("agent-clerk", "agent-roma"), "payments.shift.keep", drawer(false), false),
        (officer("post-office-clerk", "lesotho-post-bank"), "payments.shift.keep", drawer(true), true),
        (officer("agent-clerk", "agent-roma"), "payments.agent.rebalance", agent(true), false),
        (officer("agents-officer", "lesotho-post-bank"), "payments.agent.register", agent(false), true),
        (officer("agents-officer", "lesotho-post-bank"), "payments.agent.rebalance", agent(true), true),
        (officer("agents-officer", "lesotho-post-bank"), "payments.agent.rebalance", agent(false), false),
        (weak(officer("agents-officer", "lesotho-post-bank")), "payments.agent.withdraw", drawer(true), false),
        (officer("agents-officer", "lesotho-post-bank"), "payments.agent.withdraw", drawer(true), true),
        (person(), "payments.agent.view", agent(true), false),
        (Actor::bare(ActorKind::Client, "counter-device"), "payments.allowance.send", sealed(true), true),
        (Actor::bare(ActorKind::Client, "counter-device"), "payments.allowance.send", sealed(false), false),
        (officer("fund-officer", "lesotho-communications-authority"), "payments.fund.assess", fund(true), true),
        (officer("fund-officer", "lesotho-communications-authority"), "payments.fund.decide", fund(true), true),
        (officer("fund-officer", "ministry-finance"), "payments.fund.decide", fund(false), false),
        (weak(officer("fund-officer", "lesotho-communications-authority")), "payments.fund.ask", fund(true), false),
        (officer("payments-officer", "ministry-finance"), "payments.fund.plan", fund(true), false),
        (person(), "payments.fund.desk", fund(true), false),
        (person(), "payments.fund.view", fund(false), true),
        (officer("payments-officer", "ministry-finance"), "services.task.claim", task("passport-officer"), false),
        (officer("operator", "ministry-ict"), "journal.job.retry", dead(), true),
        (officer("operator", "ministry-ict"), "registers.record.look", register(home), false),
        (officer("operator", "ministry-ict"), "services.case.look", task("passport-officer"), false),
        (weak(officer("operator", "ministry-ict")), "journal.job.retry", dead(), false),
        (passports(), "journal.job.discard", dead(), false),
        // Programs: a wallet tells of itself; nothing else.
        (Actor::bare(ActorKind::Client, "hub:switch"), "payments.hub.report", hub_of_ours(true), true),
        (Actor::bare(ActorKind::Client, "hub:other"), "payments.hub.report", hub_of_ours(false), false),
        (Actor::bare(ActorKind::Client, "hub:switch"), "switch.member.hear", hub_of_ours(true), true),
        (Actor::bare(ActorKind::Client, "hub:other"), "switch.member.hear", hub_of_ours(false), false),
        (officer("payments-officer", "ministry-finance"), "payments.hub.report", hub_of_ours(false), false),
        (person(), "switch.member.hear", hub_of_ours(false), false),
        (client(), "payments.wallet.report", wallet(true), true),
        (client(), "payments.wallet.report", wallet(false), false),
        (client(), "registers.record.look", register(home), false),
        (client(), "services.case.start", service(), false),
        // The program itself does its own work, and no person's.
        (Actor::system("services"), "services.case.pay", case(false), true),
        (Actor::system("services"), "services.output.seal", Resource::new("Output", "doc_one"), true),
        (Actor::system("services"), "services.pack.publish", service(), true),
        (Actor::system("services"), "services.case.submit", case(false), false),
        (Actor::system("services"), "services.task.decide", task("passport-officer"), false),
        (Actor::system("demo"), "registers.record.enrol", register(home), true),
        // Nobody known tries to sign in, and does nothing else.
        (Actor::anonymous(), "identity.secret.try", Resource::new("Login", "person"), true),
        (Actor::anonymous(), "services.task.claim", task("passport-officer"), false),
        (Actor::anonymous(), "registers.register.search", register(home), false),
        (Actor::anonymous(), "payments.request.view", money(false), false),
        (Actor::anonymous(), "grants.voucher.pay", Resource::new("Voucher", "voucher"), true),
        (Actor::anonymous(), "payments.card.open", Resource::new("CardTry", "att_one"), true),
        (Actor::anonymous(), "payments.wallet.report", wallet(false), false),
        (Actor::anonymous(), "payments.wallet.hint", wallet(false), true),
        (Actor::anonymous(), "journal.job.view", dead(), false),
    ]
}

#[test]
fn everybody_may_do_just_what_the_table_says() {
    let policies = policies();
    for (actor, action, resource, may) in table() {
        let outcome = policies.decide(&actor, action, &resource);
        let told = outcome.as_ref().map_or_else(|fault| fault.code(), |()| "allowed");
        let who = format!("{:?} {:?} {action} {resource:?}", actor.kind, actor.roles);
        assert_eq!(outcome.is_ok(), may, "{who}: {told}");
        if let Err(fault) = outcome {
            let refusals =
                ["forbidden", "signin", "needs_substantial", "needs_high"].map(|why| format!("journal.act.{why}"));
            assert!(refusals.iter().any(|code| code == fault.code()), "{who}: {told}");
        }
    }
}

/// Actions that no policy names on purpose.
const NOBODY: [&str; 0] = [];

/// Names within quotation marks after `mark`.
fn named(texts: &[String], mark: &str) -> BTreeSet<String> {
    let after = texts.iter().flat_map(|text| text.split(mark).skip(1).collect::<Vec<_>>());
    after.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

fn sources() -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(country::root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let is_ours = !["testkit", "sim"].iter().any(|own| folder.ends_with(own));
        if is_ours && folder.join("src").is_dir() {
            words::sources(&folder.join("src"), &mut texts);
        }
    }
    // What stands below is tests.
    texts.iter().map(|text| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()).collect()
}

fn in_policies() -> BTreeSet<String> {
    let texts: Vec<String> = country::texts("policies", ".cedar").into_iter().map(|(_, text)| text).collect();
    named(&texts, "Action::\"")
}

#[test]
fn every_action_of_the_program_is_somebodys() {
    let (sources, known) = (sources(), in_policies());
    let mut asked = named(&sources, "may(\"");
    asked.extend(named(&sources, "could(\""));
    // Those that are handed on to where they are asked.
    for mark in ["own(cx, id, \"", "open(cx, id, \"", "mine(cx, id, \""] {
        asked.extend(named(&sources, mark));
    }
    assert!(asked.len() > 50, "{asked:?}");
    let forgotten: Vec<&String> =
        asked.iter().filter(|action| !known.contains(*action) && !NOBODY.contains(&action.as_str())).collect();
    assert!(forgotten.is_empty(), "no policy permits {forgotten:#?}");
}

#[test]
fn no_policy_speaks_of_what_the_program_does_not_do() {
    let whole = sources().concat();
    let strange: Vec<String> =
        in_policies().into_iter().filter(|action| !whole.contains(&format!("\"{action}\""))).collect();
    assert!(strange.is_empty(), "nothing asks for {strange:#?}");
}

#[test]
fn what_a_mandate_may_cover_is_something_the_program_asks() {
    let text = fs::read_to_string(country::root().join("packs/lesotho/mandates.toml")).unwrap();
    let rules: identity::MandateRules = toml::from_str(&text).unwrap();
    let whole = sources().concat();
    for action in rules.scopes.iter().flat_map(|scope| &scope.actions) {
        assert!(whole.contains(&format!("\"{action}\"")), "nothing asks for {action}");
    }
}

#[test]
fn every_advice_is_said_in_both_languages_and_whoever_can_be_refused_gets_one() {
    let files = country::texts("policies", ".cedar");
    let texts: Vec<String> = files.iter().map(|(_, text)| text.clone()).collect();
    let advice = named(&texts, "@advice(\"");
    for language in ["en-LS", "st-LS"] {
        let said = words::messages(language);
        for key in &advice {
            assert!(said.contains_key(key), "{language}: {key}");
        }
        assert!(said.contains_key("policy.ask_administrator"));
    }
    for (name, text) in &files {
        for policy in text.split("@id(\"").skip(1) {
            let id = policy.split('"').next().unwrap_or_default();
            let for_people = policy.contains("is Person") || policy.contains("in Role::");
            assert!(!for_people || policy.contains("@advice(\""), "{name}.cedar: {id} gives no advice");
        }
    }
}
