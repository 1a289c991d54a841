//! ISO 20022 as a bank, or somebody who says he is one, may send it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payments::iso20022::{XmlLimits, read};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = read(bytes, XmlLimits::MESSAGE)
        && let Ok(written) = message.write()
    {
        let again = read(&written, XmlLimits::MESSAGE).expect("what we write can be read");
        assert_eq!(again, message, "what we write is what was meant");
    }
});
