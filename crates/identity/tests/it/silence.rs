//! What must be nowhere: secrets, codes, tokens, names and numbers in acts, tables and logs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::browser::{Browser, signed_in};
use crate::requests::request;
use crate::world::{LINEO_NAME, LINEO_NUMBER, LINEO_PHONE, LINEO_PIN, OFFICER_PASSWORD, on_each};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn secrets_and_personal_data_are_in_no_act_and_no_log() {
    on_each(async |world| {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(tracing::Level::TRACE).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let mut browser = signed_in(&world).await;
        let code = world.code().await;
        let mut officer = Browser::new(&world);
        officer.open("/sign-in").await;
        officer.officer(&world).await;
        let mut wrong = Browser::new(&world);
        wrong.open("/sign-in").await;
        wrong.name("person", LINEO_NUMBER).await;
        wrong.secret("987654").await;
        browser.open(&request(&[])).await;
        let given = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let tokens = [browser.cookie("id"), browser.cookie("session"), officer.cookie("id")];
        let mut hidden: Vec<String> = tokens.into_iter().flatten().collect();
        hidden
            .extend([LINEO_PIN, LINEO_NUMBER, LINEO_NAME, LINEO_PHONE, OFFICER_PASSWORD, "987654"].map(str::to_owned));
        hidden.extend([code, given]);
        let acts: String = world.acts_done().await.into_iter().map(|(kind, record)| kind + &record).collect();
        let outcomes: String = world
            .rows("SELECT key, outcome FROM journal_request")
            .await
            .into_iter()
            .map(|(key, out)| key + &out)
            .collect();
        let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
        assert!(logged.contains("answered") && acts.contains("identity.session.started"));
        for secret in &hidden {
            // Six digits may stand in an identifier by chance; as a word of their own they may not.
            let word = |text: &str| {
                text.match_indices(secret.as_str()).any(|(at, _)| {
                    let edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_ascii_alphanumeric());
                    edge(text[..at].chars().next_back()) && edge(text[at + secret.len()..].chars().next())
                })
            };
            assert!(!word(&acts), "in an act: {secret}");
            assert!(!word(&outcomes), "in a remembered answer: {secret}");
            assert!(!word(&logged), "in the log: {secret}");
        }
        for sql in ["SELECT token_hash, methods FROM identity_session", "SELECT hash, challenge FROM identity_code"] {
            for (hash, _) in world.rows(sql).await {
                assert!(!hidden.contains(&hash), "tokens and codes are stored as hashes");
            }
        }
        for (_, hash) in world.rows("SELECT id, secret_hash FROM identity_account").await {
            assert!(hash.starts_with("$argon2id$"));
        }
    });
}
