//! What comes from villages and from people: packets once decrypted, numbers in the stead of the national one.
#![no_main]

use identity::{Packet, Vid};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = Packet::parse(bytes) {
        assert_eq!(packet.device.form, packet.operator.form, "both signed the same form");
        assert!(packet.templates.len() <= bytes.len());
    }
    if let Some(vid) = Vid::parse(&String::from_utf8_lossy(bytes)) {
        assert_eq!(Vid::parse(&vid.shown()), Some(vid));
    }
});
