//! Who may call now: room in front of the pool, shared fairly among providers.
//!
//! A provider never holds more than half of the room, and those who wait are let in by turns, one
//! provider after the other. So a provider whose component burns its whole deadline at each call, or
//! one that is flooded, makes its own calls wait and nobody else's.

use celadon_workflows::types::ProviderName;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Calls of one provider that may wait. Whoever comes then would not get its turn in time.
const MOST_WAITING: usize = 1_000;

/// Room for calls. Cheap to clone.
#[derive(Clone)]
pub(super) struct Admission {
    room: Arc<Room>,
}

struct Room {
    /// Calls at once.
    all: usize,
    /// Calls of one provider at once.
    share: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    providers: HashMap<ProviderName, Provider>,
    /// Who has waiting calls, in the order of their turns.
    turns: VecDeque<ProviderName>,
}

/// One provider's calls. It is forgotten when it has none.
#[derive(Default)]
struct Provider {
    running: usize,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// A place, until it is dropped.
pub(super) struct Permit {
    room: Arc<Room>,
    provider: ProviderName,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.room.lock().leave(&self.provider);
        self.room.let_in();
    }
}

impl Admission {
    /// Room for so many calls at once, and for half as many of one provider.
    pub(super) fn new(all: usize) -> Self {
        Self {
            room: Arc::new(Room {
                all,
                share: all.div_ceil(2),
                state: Mutex::default(),
            }),
        }
    }

    /// Waits for a place. `None`: there was none for so long, or too many wait already.
    pub(super) async fn admit(&self, provider: &ProviderName, wait: Duration) -> Option<Permit> {
        let (turn, mine) = oneshot::channel();
        {
            let mut state = self.room.lock();
            let State {
                providers, turns, ..
            } = &mut *state;
            let own = providers.entry(provider.clone()).or_default();
            // Those who have gone away leave their place in the queue behind.
            own.waiting.retain(|waiting| !waiting.is_closed());
            if own.waiting.len() >= MOST_WAITING {
                return None;
            }
            own.waiting.push_back(turn);
            if !turns.contains(provider) {
                turns.push_back(provider.clone());
            }
        }
        self.room.let_in();
        tokio::time::timeout(wait, mine).await.ok()?.ok()
    }

    /// Calls that are under way.
    #[cfg(test)]
    pub(super) fn running(&self) -> usize {
        self.room.lock().running
    }
}

impl Room {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is whole after each of its operations.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in whoever may go now. Places are handed over without the lock: one whose taker has
    /// gone comes back by being dropped.
    fn let_in(self: &Arc<Self>) {
        loop {
            let Some((turn, provider)) = self.lock().next(self.all, self.share) else {
                return;
            };
            let room = Arc::clone(self);
            drop(turn.send(Permit { room, provider }));
        }
    }
}

impl State {
    /// The next call that may go, already counted.
    fn next(
        &mut self,
        all: usize,
        share: usize,
    ) -> Option<(oneshot::Sender<Permit>, ProviderName)> {
        if self.running >= all {
            return None;
        }
        for _ in 0..self.turns.len() {
            let name = self.turns.pop_front()?;
            let Some(provider) = self.providers.get_mut(&name) else {
                continue;
            };
            if provider.running >= share {
                self.turns.push_back(name);
                continue;
            }
            let next = std::iter::from_fn(|| provider.waiting.pop_front())
                .find(|waiting| !waiting.is_closed());
            let Some(next) = next else {
                self.forget_idle(&name);
                continue;
            };
            provider.running += 1;
            self.running += 1;
            if !provider.waiting.is_empty() {
                self.turns.push_back(name.clone());
            }
            return Some((next, name));
        }
        None
    }

    fn leave(&mut self, name: &ProviderName) {
        self.running = self.running.saturating_sub(1);
        if let Some(provider) = self.providers.get_mut(name) {
            provider.running = provider.running.saturating_sub(1);
        }
        self.forget_idle(name);
    }

    fn forget_idle(&mut self, name: &ProviderName) {
        let idle = |provider: &Provider| provider.running == 0 && provider.waiting.is_empty();
        if self.providers.get(name).is_some_and(idle) {
            self.providers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn name(text: &str) -> ProviderName {
        ProviderName::new(text)
    }

    async fn now(admission: &Admission, provider: &str) -> Option<Permit> {
        let name = name(provider);
        let admitted = admission.admit(&name, LONG);
        futures::pin_mut!(admitted);
        match futures::poll!(admitted) {
            std::task::Poll::Ready(permit) => permit,
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn one_provider_has_half_and_not_one_more() {
        let admission = Admission::new(4);
        let mut held = vec![now(&admission, "a").await.unwrap()];
        held.push(now(&admission, "a").await.unwrap());
        assert!(now(&admission, "a").await.is_none());
        held.push(now(&admission, "b").await.unwrap());
        held.push(now(&admission, "c").await.unwrap());
        assert!(now(&admission, "d").await.is_none(), "there are four");
        assert_eq!(admission.running(), 4);
        held.clear();
        assert_eq!(admission.running(), 0);
        let state = admission.room.lock();
        assert!(state.providers.is_empty() && state.turns.is_empty());
    }

    #[tokio::test]
    async fn who_waits_is_let_in_by_turns() {
        let admission = Admission::new(1);
        let held = now(&admission, "a").await.unwrap();
        let (order, mut came) = tokio::sync::mpsc::unbounded_channel();
        let mut tasks = Vec::new();
        for (count, provider) in [("a", 3), ("b", 2), ("c", 1)].map(|(who, count)| (count, who)) {
            for _ in 0..count {
                let (admission, order) = (admission.clone(), order.clone());
                tasks.push(tokio::spawn(async move {
                    let permit = admission.admit(&name(provider), LONG).await.unwrap();
                    order.send(provider).unwrap();
                    drop(permit);
                }));
                // It stands in the queue before the next one comes.
                tokio::task::yield_now().await;
            }
        }
        drop(held);
        drop(order);
        let mut came_in_order = Vec::new();
        while let Some(provider) = came.recv().await {
            came_in_order.push(provider);
        }
        assert_eq!(came_in_order, ["a", "b", "c", "a", "b", "a"]);
    }

    #[tokio::test]
    async fn a_place_that_was_given_to_one_who_has_gone_is_free() {
        let admission = Admission::new(1);
        let held = now(&admission, "a").await.unwrap();
        let (first, second) = (name("b"), name("c"));
        let mut gone = Box::pin(admission.admit(&first, LONG));
        assert!(futures::poll!(gone.as_mut()).is_pending());
        let mut stays = Box::pin(admission.admit(&second, LONG));
        assert!(futures::poll!(stays.as_mut()).is_pending());
        drop(held);
        // Its permit lies in the channel, and it never looks.
        drop(gone);
        assert!(stays.await.is_some());
        assert_eq!(admission.running(), 0);
    }

    #[tokio::test]
    async fn a_queue_that_is_full_refuses_at_once() {
        let admission = Admission::new(1);
        let _held = now(&admission, "a").await.unwrap();
        let own = name("a");
        let mut waiting = Vec::new();
        for _ in 0..MOST_WAITING {
            let mut wait = Box::pin(admission.admit(&own, LONG));
            assert!(futures::poll!(wait.as_mut()).is_pending());
            waiting.push(wait);
        }
        assert!(admission.admit(&own, LONG).await.is_none());
        let other = name("b");
        let mut wait = Box::pin(admission.admit(&other, LONG));
        assert!(futures::poll!(wait.as_mut()).is_pending(), "others wait");
        drop(waiting);
        assert!(futures::poll!(wait.as_mut()).is_pending());
    }
}
