//! What organisations send: lines of a payroll, declarations of programs and licences, numbers in them.
#![no_main]

use identity::{ClientMetadata, Licences, Question};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Question::of_line(bytes, "payroll") {
        Ok(question) => {
            assert!(bytes.len() <= 4_096 && !question.purpose.is_empty());
            if let Some(digits) = civil::national_id::parse(&question.number) {
                assert_eq!(civil::national_id::parse(&digits), Some(digits));
            }
        }
        Err(code) => assert!(code.starts_with("identity.verification.")),
    }
    if let Ok(declared) = serde_json::from_slice::<ClientMetadata>(bytes) {
        let said = serde_json::to_value(&declared).expect("a declaration is JSON");
        assert_eq!(serde_json::from_value::<ClientMetadata>(said).expect("its own words"), declared);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(licences) = toml::from_str::<Licences>(text) {
            if licences.check().is_ok() {
                assert!(licences.iter().all(|one| licences.of_client(&one.client).is_some_and(|own| own.id == one.id)));
            }
        }
        if let Ok(declared) = toml::from_str::<ClientMetadata>(text) {
            let _ = serde_json::to_value(&declared);
        }
    }
});
