//! The interledger condition and its fulfilment (API Definition §6.5): the payee's institution proves that it agreed by a secret
//! whose SHA-256 stood in the transfer.
//!
//! **Invariant:** 32 bytes each, 43 characters of base64url, compared in constant time.

/// Whether a text is 32 bytes in base64url.
#[must_use]
pub(crate) fn is_condition(text: &str) -> bool {
    crypto::from_base64url(text).is_some_and(|bytes| bytes.len() == 32)
}

/// Whether `fulfilment` is what `condition` was made of.
#[must_use]
pub(crate) fn fulfils(fulfilment: &str, condition: &str) -> bool {
    let (Some(secret), Some(hash)) = (crypto::from_base64url(fulfilment), crypto::from_base64url(condition)) else {
        return false;
    };
    secret.len() == 32 && crypto::constant_time_eq(&crypto::sha256(&[&secret]), &hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_fulfilled_by_its_own_secret_only() {
        // A pair in use in the field's own tests.
        let (secret, hash) =
            ("UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVFA", "GRzLaTP7DJ9t4P-a_BA0WA9wzzlsugf00-Tn6kESAfM");
        assert!(is_condition(hash) && fulfils(secret, hash));
        assert!(!fulfils(hash, hash));
        for odd in
            ["", "AA", "UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVF=", "_3cco-YN5OGpRKVWV3n6x6uNpBTH9tYUdOYmHA-----"]
        {
            assert!(!fulfils(odd, hash), "{odd}");
        }
    }
}
