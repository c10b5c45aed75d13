//! Who somebody says they are.

use crate::random;

/// The longest name, in characters.
const NAME_LIMIT: usize = 64;

/// Somebody who said who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    /// `sub`: the same for the same name.
    pub(super) subject: String,
    /// `name`: as it was typed.
    pub(super) name: String,
    /// `email`, always under a domain that nobody owns.
    pub(super) email: String,
}

impl User {
    /// The user of a name; `None` where it cannot be one. Names that differ in case or outer space
    /// are the same user. An address is always made up, so that nobody's own is ever claimed.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let length = name.chars().count();
        if length == 0 || length > NAME_LIMIT || name.chars().any(char::is_control) {
            return None;
        }
        let digest = random::sha256_hex(name.to_lowercase().as_bytes());
        let subject = format!("demo-{}", &digest[..24]);
        let words: Vec<String> = name
            .split('@')
            .next()
            .unwrap_or_default()
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let mailbox = if words.is_empty() {
            subject.clone()
        } else {
            words.join(".")
        };
        Some(Self {
            subject,
            name: name.to_owned(),
            email: format!("{mailbox}@example.com"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_name_is_the_same_user() {
        let ada = User::named(" Ada Lovelace ").expect("a user");
        assert_eq!(ada.name, "Ada Lovelace");
        assert_eq!(ada.email, "ada.lovelace@example.com");
        assert_eq!(
            User::named("ada lovelace").expect("a user").subject,
            ada.subject
        );
        assert_ne!(User::named("ada").expect("a user").subject, ada.subject);
    }

    #[test]
    fn no_real_address_is_ever_claimed() {
        assert_eq!(
            User::named("ceo@real.example.org").expect("a user").email,
            "ceo@example.com"
        );
        let li = User::named("李").expect("a user");
        assert_eq!(li.email, format!("{}@example.com", li.subject));
    }

    #[test]
    fn names_are_bounded() {
        assert_eq!(User::named("   "), None);
        assert_eq!(User::named("a\nb"), None);
        assert_eq!(User::named(&"x".repeat(65)), None);
        assert!(User::named(&"é".repeat(64)).is_some());
    }

    proptest! {
        #[test]
        fn subjects_are_short_printable_ascii(name in ".{1,80}") {
            if let Some(user) = User::named(&name) {
                prop_assert!(user.subject.len() <= 255);
                prop_assert!(user.subject.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(user.email.is_ascii() && user.email.matches('@').count() == 1);
            }
        }
    }
}
