//! One fetch at a time: whoever comes while another fetches waits and shares the outcome.
//!
//! A failure is shared with those who waited for it and is forgotten then: the next one who comes
//! fetches anew. Where the one who fetches goes away (a browser that closed), the next in line
//! takes over.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// A value that is fetched when needed.
pub(super) struct Flight<T, E> {
    finished: AtomicU64,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    held: Option<T>,
    failure: Option<Arc<E>>,
}

impl<T, E> Default for Flight<T, E> {
    fn default() -> Self {
        Self {
            finished: AtomicU64::new(0),
            state: Mutex::new(State {
                held: None,
                failure: None,
            }),
        }
    }
}

impl<T: Clone, E> Flight<T, E> {
    /// The held value if it is `usable`; else what another's fetch brought while this call waited;
    /// else what `fetch` brings, which gets the value held so far.
    pub(super) async fn get<F>(
        &self,
        usable: impl Fn(&T) -> bool,
        fetch: impl FnOnce(Option<T>) -> F,
    ) -> Result<T, Arc<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let seen = self.finished.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(held) = state.held.as_ref().filter(|held| usable(held)) {
            return Ok(held.clone());
        }
        if self.finished.load(Ordering::Acquire) != seen {
            match (&state.failure, &state.held) {
                (Some(failure), _) => return Err(Arc::clone(failure)),
                (None, Some(held)) => return Ok(held.clone()),
                (None, None) => {}
            }
        }
        let outcome = fetch(state.held.clone()).await.map_err(Arc::new);
        match &outcome {
            Ok(value) => {
                state.held = Some(value.clone());
                state.failure = None;
            }
            Err(failure) => state.failure = Some(Arc::clone(failure)),
        }
        self.finished.fetch_add(1, Ordering::Release);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use std::sync::atomic::AtomicU32;

    #[derive(Debug, PartialEq)]
    struct Broken;

    #[tokio::test]
    async fn many_share_one_fetch_and_its_failure() {
        let flight: Flight<u32, Broken> = Flight::default();
        let fetches = AtomicU32::new(0);
        let fetch = |outcome: Result<u32, Broken>| {
            let fetches = &fetches;
            move |_| async move {
                fetches.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                outcome
            }
        };
        let failed = join_all((0..50).map(|_| flight.get(|_| true, fetch(Err(Broken))))).await;
        assert!(failed.iter().all(Result::is_err));
        assert_eq!(fetches.load(Ordering::Relaxed), 1);

        let found = join_all((0..50).map(|_| flight.get(|_| true, fetch(Ok(7))))).await;
        assert!(found.iter().all(|value| value == &Ok(7)));
        assert_eq!(fetches.load(Ordering::Relaxed), 2, "a failure was kept");
    }

    #[tokio::test]
    async fn the_next_in_line_takes_over() {
        let flight: Flight<u32, Broken> = Flight::default();
        {
            let stuck = flight.get(|_| true, |_| std::future::pending());
            let mut stuck = std::pin::pin!(stuck);
            assert!(futures::poll!(stuck.as_mut()).is_pending());
        }
        let value = flight.get(|_| true, |_| std::future::ready(Ok(1))).await;
        assert_eq!(value, Ok(1));
    }
}
