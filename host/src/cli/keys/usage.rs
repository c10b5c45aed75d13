//! What is sealed under which key, and what a lost key has cost, in words.

use super::KeysError;
use crate::seal::{KeyId, KeyInfo};
use crate::store::SealedCount;
use std::collections::BTreeMap;
use std::fmt;

/// Sealed values by their keys.
pub(super) struct Usage {
    known: Vec<(KeyId, Vec<SealedCount>)>,
    lost: Vec<(KeyId, Vec<SealedCount>)>,
    foreign: Vec<SealedCount>,
}

impl Usage {
    /// Sorts the counts by the keys of the ring.
    pub(super) fn new(keys: Vec<KeyInfo>, counts: Vec<SealedCount>) -> Self {
        let mut by_key: BTreeMap<KeyId, Vec<SealedCount>> = BTreeMap::new();
        let mut foreign = Vec::new();
        for count in counts {
            match count.key {
                Some(id) => by_key.entry(id).or_default().push(count),
                None => foreign.push(count),
            }
        }
        let known = keys
            .into_iter()
            .map(|key| (key.id, by_key.remove(&key.id).unwrap_or_default()))
            .collect();
        Self {
            known,
            lost: by_key.into_iter().collect(),
            foreign,
        }
    }

    /// Fails where something is lost.
    pub(super) fn verdict(&self) -> Result<(), KeysError> {
        if self.lost.is_empty() {
            return Ok(());
        }
        let counts = self.lost.iter().flat_map(|(_, counts)| counts);
        Err(KeysError::Lost {
            keys: self.lost.len(),
            values: counts.map(|count| count.rows).sum(),
        })
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sealed in the store")?;
        for (id, counts) in &self.known {
            writeln!(f, "  {id}  {}", list(counts))?;
        }
        for count in &self.foreign {
            let SealedCount { place, rows, .. } = count;
            writeln!(f, "  of no form that this program knows: {place} {rows}")?;
        }
        for (id, counts) in &self.lost {
            writeln!(f, "  {id}  NOT IN THE RING, lost:")?;
            for count in counts {
                let SealedCount { place, rows, .. } = count;
                writeln!(f, "    {place} {rows}: {}", cost(place))?;
            }
        }
        writeln!(
            f,
            "not counted: Temporal's histories. Keep a key for the namespace's retention after its last use."
        )
    }
}

fn list(counts: &[SealedCount]) -> String {
    if counts.is_empty() {
        return "nothing".to_owned();
    }
    let counts = counts.iter().map(|it| format!("{} {}", it.place, it.rows));
    counts.collect::<Vec<_>>().join(", ")
}

/// What it means that values of this column do not open.
fn cost(place: &str) -> &'static str {
    match place {
        "authorizations.tokens" => {
            "tokens of users, who have to sign in again before they can be used"
        }
        "identities.profile" => {
            "names and groups of users, who stay known; their next sign-in brings them again"
        }
        _ => "sign-ins under way or just over; those that have not ended must begin again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> KeyId {
        KeyId::parse(&digit.to_string().repeat(16)).unwrap()
    }

    fn count(place: &str, key: Option<KeyId>, rows: u64) -> SealedCount {
        let place = place.to_owned();
        SealedCount { place, key, rows }
    }

    fn key(id: KeyId) -> KeyInfo {
        KeyInfo {
            id,
            created_at: 0,
            active: true,
        }
    }

    #[test]
    fn a_lost_key_names_what_it_cost() {
        let counts = vec![
            count("authorizations.tokens", Some(id('a')), 3),
            count("authorizations.tokens", Some(id('b')), 4),
            count("identities.profile", Some(id('b')), 2),
            count("journal.answer", None, 1),
        ];
        let usage = Usage::new(vec![key(id('a')), key(id('c'))], counts);
        let text = usage.to_string();
        for line in [
            "  aaaaaaaaaaaaaaaa  authorizations.tokens 3\n",
            "  cccccccccccccccc  nothing\n",
            "  bbbbbbbbbbbbbbbb  NOT IN THE RING, lost:\n    authorizations.tokens 4: tokens of users",
            "    identities.profile 2: names",
            "  of no form that this program knows: journal.answer 1\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let error = usage.verdict().unwrap_err();
        assert!(matches!(error, KeysError::Lost { keys: 1, values: 6 }));
    }

    #[test]
    fn nothing_lost_is_no_failure() {
        let counts = vec![count("journal.answer", Some(id('a')), 3)];
        let usage = Usage::new(vec![key(id('a'))], counts);
        assert!(usage.verdict().is_ok());
        assert!(!usage.to_string().contains("NOT IN THE RING"));
    }
}
