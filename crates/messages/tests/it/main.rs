//! Messages through their face, on both databases.
#![expect(clippy::unwrap_used, reason = "in tests a failure should be loud")]

mod gateway;
mod inbox;
mod sending;
mod ussd;

use std::sync::{Arc, Mutex};

use journal::{Acts, Key, Subscriptions, Workers};
use messages::{Carrier, CarryFault, Carrying, Messages, Notice, NoticeId, Outgoing};
use spine::{Caller, Fault, Language, Migration, Personal, Resource, Text};
use testkit::{Everything, SeededEntropy, TestClock};

/// Carries into a list, or fails as told.
#[derive(Default)]
pub(crate) struct Pigeon {
    pub(crate) carried: Mutex<Vec<(String, String)>>,
    pub(crate) faults: Mutex<Vec<CarryFault>>,
}

impl Carrier for Pigeon {
    fn carry<'a>(&'a self, message: &'a Outgoing) -> Carrying<'a> {
        let fault = self.faults.lock().unwrap().pop();
        if let Some(fault) = fault {
            return Box::pin(std::future::ready(Err(fault)));
        }
        let pair = (message.address.reveal().clone(), message.sms.text());
        self.carried.lock().unwrap().push(pair);
        Box::pin(std::future::ready(Ok("pigeon-1".to_owned())))
    }
}

pub(crate) struct Bench {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) messages: Messages,
    pub(crate) workers: Workers,
    pub(crate) pigeon: Arc<Pigeon>,
    pub(crate) words: Arc<spine::Words>,
}

/// Runs `test` on each database.
pub(crate) fn on_each(test: impl AsyncFn(Bench)) {
    let migrations: Vec<Migration> = journal::MIGRATIONS.iter().chain(messages::MIGRATIONS).copied().collect();
    for database in testkit::databases(&migrations) {
        let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::new(SeededEntropy::default()),
            Arc::new(Everything),
            Subscriptions::default(),
        );
        let words = Arc::new(testkit::words(&["edge", "messages"]));
        let pigeon = Arc::new(Pigeon::default());
        let messages = Messages::new(Arc::clone(&words)).carried_by(Arc::clone(&pigeon) as _);
        let workers = messages.handlers(&acts, Workers::default());
        testkit::block_on(test(Bench { acts, clock, messages, workers, pigeon, words }));
    }
}

/// A notice to Lineo in Sesotho, about whatever `body` says.
pub(crate) fn to_lineo(body: &str, secret: bool) -> Notice<'static> {
    Notice {
        person: Some("per_lineo".to_owned()),
        phone: Some(Personal::new("+266 5800 1234".to_owned())),
        email: None,
        language: Language::new("st-LS"),
        subject: Text::new("messages.channel.email"),
        body: Text::named(body.to_owned()),
        purpose: "testing",
        secret,
    }
}

impl Bench {
    pub(crate) async fn send(&self, notice: Notice<'static>) -> Result<NoticeId, Fault> {
        let messages = self.messages.clone();
        self.acts
            .write(&Caller::system("test"), &Key::none(), move |cx| {
                cx.may("it.deed.do", &Resource::new("Deed", "1"))?;
                messages.send(cx, &notice)
            })
            .await
    }

    pub(crate) async fn work(&self) -> usize {
        self.workers.drain(&self.acts).await.unwrap()
    }
}
