//! What the operator has approved, after merges and edits by hand.

use celadon::plugin::approval::Lock;

/// A lock is read as what it writes, or refused; and what it writes has nothing that hides.
pub fn lock(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(lock) = Lock::parse(text) else {
        return;
    };
    let rendered = lock.render();
    assert!(
        rendered
            .bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
    );
    let again = Lock::parse(&rendered).expect("it reads what it writes");
    assert_eq!(again, lock);
}
