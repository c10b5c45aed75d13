//! A map whose entries expire and whose size is bounded.

use crate::clock::Timestamp;
use std::collections::HashMap;

/// More than any demo needs; some megabytes at most.
const LIMIT: usize = 10_000;

/// Entries by key, each with its end.
pub(super) struct Bounded<V>(HashMap<String, (Timestamp, V)>);

impl<V> Default for Bounded<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V> Bounded<V> {
    /// Adds an entry. Where it is full, the one goes that would expire first.
    pub(super) fn insert(&mut self, key: String, value: V, now: Timestamp, lifetime: u64) {
        if self.0.len() >= LIMIT {
            self.0.retain(|_, (end, _)| *end > now);
        }
        if self.0.len() >= LIMIT {
            let first = self.0.iter().min_by_key(|(_, (end, _))| *end);
            if let Some(key) = first.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
        self.0.insert(key, (now + lifetime, value));
    }

    /// An entry that has not expired.
    pub(super) fn get_mut(&mut self, key: &str, now: Timestamp) -> Option<&mut V> {
        let (end, value) = self.0.get_mut(key)?;
        (*end > now).then_some(value)
    }

    /// Moves an entry's end.
    pub(super) fn renew(&mut self, key: &str, now: Timestamp, lifetime: u64) {
        if let Some((end, _)) = self.0.get_mut(key) {
            *end = now + lifetime;
        }
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_ends_at_its_end() {
        let mut map = Bounded::default();
        map.insert("a".to_owned(), 1, 100, 10);
        assert_eq!(map.get_mut("a", 109), Some(&mut 1));
        assert_eq!(map.get_mut("a", 110), None);
        map.renew("a", 105, 10);
        assert_eq!(map.get_mut("a", 110), Some(&mut 1));
    }

    #[test]
    fn it_never_holds_more_than_its_limit() {
        let mut map = Bounded::default();
        map.insert("first".to_owned(), (), 0, 5);
        for number in 0..LIMIT + 10 {
            map.insert(number.to_string(), (), 0, 10);
        }
        assert_eq!(map.0.len(), LIMIT);
        assert!(
            map.get_mut("first", 0).is_none(),
            "the soonest to expire went first"
        );
        map.insert("late".to_owned(), (), 20, 10);
        assert_eq!(map.0.len(), 1, "expired ones go all at once");
    }
}
