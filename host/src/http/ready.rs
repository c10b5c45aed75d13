//! `GET /readyz`: whether everything but the providers is up.

use super::Edge;
use super::json::Json;
use super::problem::{Problem, kinds};
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::watch;

/// A part of the program that must be up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The store answers.
    Store,
    /// Temporal answers.
    Temporal,
    /// The worker polls.
    Worker,
    /// All providers' components are loaded.
    Plugins,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 4] = [Self::Store, Self::Temporal, Self::Worker, Self::Plugins];

    /// Its name in `/readyz`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Temporal => "temporal",
            Self::Worker => "worker",
            Self::Plugins => "plugins",
        }
    }
}

/// What is up. Cheap to clone; all clones tell the same.
#[derive(Clone, Debug)]
pub struct Readiness {
    missing: watch::Sender<Vec<Part>>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl Readiness {
    /// Nothing is up yet.
    pub fn new() -> Self {
        Self {
            missing: watch::Sender::new(Part::ALL.to_vec()),
        }
    }

    /// Says whether a part is up.
    pub fn set(&self, part: Part, up: bool) {
        self.missing.send_if_modified(|missing| {
            let before = missing.len();
            missing.retain(|other| *other != part);
            if !up {
                missing.push(part);
            }
            before != missing.len()
        });
    }

    /// The parts that are not up.
    pub fn missing(&self) -> Vec<Part> {
        self.missing.borrow().clone()
    }

    /// Waits until everything is up.
    pub async fn ready(&self) {
        let mut missing = self.missing.subscribe();
        // This value holds the sender, so the channel cannot close meanwhile.
        let _ = missing.wait_for(Vec::is_empty).await;
    }
}

/// 200 when everything is up; otherwise 503, with what is not.
pub async fn get(State(edge): State<Arc<Edge>>) -> Result<Json<Value>, Problem> {
    let missing = edge.web.readiness.missing();
    if missing.is_empty() {
        return Ok(Json(json!({ "status": "ready" })));
    }
    let names: Vec<&str> = missing.into_iter().map(Part::as_str).collect();
    Err(Problem::new(&kinds::NOT_READY)
        .detail(format!("not up yet: {}", names.join(", ")))
        .member("not_ready", names)
        .retry_after(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_parts_must_be_up() {
        let readiness = Readiness::new();
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.ready().await }
        });
        for part in Part::ALL {
            assert!(readiness.missing().contains(&part));
            readiness.set(part, true);
        }
        waiting.await.expect("everything is up");
        readiness.set(Part::Temporal, false);
        readiness.set(Part::Temporal, false);
        assert_eq!(readiness.missing(), [Part::Temporal]);
    }
}
