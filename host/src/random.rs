//! Randomness and hashing for tokens that nobody may guess.

use aws_lc_rs::{digest, rand};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// `N` random bytes from the system's generator.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    // The generator is seeded from the kernel; it fails only where no entropy source exists at
    // all, and then nothing in this process may go on.
    rand::fill(&mut buffer).expect("the system has a source of randomness");
    buffer
}

/// 256 random bits in base64url without padding: 43 characters.
pub fn token() -> String {
    BASE64URL_NOPAD.encode(&bytes::<32>())
}

/// 128 random bits in lower-case hex: an id that is unique but no secret.
pub fn id() -> String {
    HEXLOWER.encode(&bytes::<16>())
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(data: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, data).as_ref())
}
