//! Files sent to be checked: PDFs and JSON that claim to be ours.
#![no_main]

use libfuzzer_sys::fuzz_target;
use services::verify::verify;

const KEY: &str = "letsema/ls+088ceb72+AVNTwir/P7NQhAdAXUKZpgpNKn0d+aJL9aVex/vyXJhI";

fuzz_target!(|bytes: &[u8]| {
    assert!(verify(bytes, KEY).is_err(), "nobody issued this");
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.extend_from_slice(bytes);
    let _ = documents::attachments(&pdf);
    let _ = documents::attachments(bytes);
});
