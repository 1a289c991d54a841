//! The text of an EMV QR code, as any printer of codes may have made it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payments::merchants::Code;

fuzz_target!(|text: &str| {
    if let Ok(code) = Code::read(text) {
        let again = code.write();
        if let Ok(read) = Code::read(&again) {
            assert_eq!(read.write(), again, "what we write is what was meant");
        }
    }
});
