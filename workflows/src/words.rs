//! Where a login stands, in one sentence for people: for those who look at Temporal's pages, and
//! for whoever asks the `status` query. No word of a user or a provider is in it.

use crate::types::{Outcome, ProviderName, Stage};

/// Where the login stands.
pub(crate) fn summary(provider: &ProviderName, stage: Stage, outcome: Option<&Outcome>) -> String {
    match (outcome, stage) {
        (Some(outcome), _) => ended(provider, outcome),
        (None, Stage::Preparing) => format!("Getting ready to send a user to {provider}"),
        (None, Stage::WaitingForUser) => {
            format!("Waiting for the user to come back from {provider}")
        }
        (None, Stage::Exchanging) => format!("Exchanging the code for tokens at {provider}"),
        (None, Stage::Identifying) => {
            format!("Checking what {provider} says about who signed in")
        }
        (None, Stage::Persisting) => "Writing down who signed in and the tokens".to_owned(),
        (None, Stage::Ended) => "Ended".to_owned(),
    }
}

fn ended(provider: &ProviderName, outcome: &Outcome) -> String {
    match outcome {
        Outcome::SignedIn { .. } => format!("Signed in with {provider}"),
        Outcome::Refused(refusal) => {
            format!("Refused ({}): {}", refusal.reason.as_str(), refusal.detail)
        }
        Outcome::Expired => format!("Expired: nobody came back from {provider} in time"),
        Outcome::Cancelled => "Cancelled before the user came back".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Reason, Refusal};

    #[test]
    fn a_person_reads_where_a_login_stands() {
        let op = ProviderName::new("op");
        let waiting = summary(&op, Stage::WaitingForUser, None);
        assert_eq!(waiting, "Waiting for the user to come back from op");
        let refusal = Refusal::new(Reason::InvalidGrant, "the code is spent");
        let refused = summary(&op, Stage::Ended, Some(&Outcome::Refused(refusal)));
        assert_eq!(refused, "Refused (invalid_grant): the code is spent");
        let cancelled = summary(&op, Stage::WaitingForUser, Some(&Outcome::Cancelled));
        assert_eq!(cancelled, "Cancelled before the user came back");
    }
}
