//! Straight-line requests over the transcript: the first pass stops at a request, a later one finds
//! its answer there and goes on.

use crate::{Failure, Request, Response, wire};

/// Why a function ends without its result.
#[derive(Clone, Debug)]
pub enum Stop {
    /// These requests have to be answered first. Made by [`Http`]; pass it on with `?`.
    Send(Vec<Request>),
    /// It failed.
    Fail(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Fail(failure)
    }
}

/// The way to the provider's endpoints.
#[derive(Debug)]
pub struct Http {
    answers: std::vec::IntoIter<wire::Response>,
}

impl Http {
    pub(crate) fn new(transcript: Vec<wire::Response>) -> Self {
        Self {
            answers: transcript.into_iter(),
        }
    }

    /// Sends a request and gives its answer, whatever its status: see [`Response::ok`].
    ///
    /// # Errors
    /// [`Stop::Send`] where the request has no answer yet.
    pub fn send(&mut self, request: Request) -> Result<Response, Stop> {
        let [response] = self.send_all([request])?;
        Ok(response)
    }

    /// Sends several requests, which may go at the same time, and gives their answers in order. Not
    /// for `token` and `revocation` endpoints, which are asked one by one.
    ///
    /// # Errors
    /// [`Stop::Send`] where they have no answers yet.
    pub fn send_all<const N: usize>(
        &mut self,
        requests: [Request; N],
    ) -> Result<[Response; N], Stop> {
        if N > 0 && self.answers.len() == 0 {
            return Err(Stop::Send(requests.into()));
        }
        let answered: Vec<Response> = requests
            .iter()
            .zip(self.answers.by_ref())
            .map(|(request, answer)| Response::new(request, answer))
            .collect();
        answered.try_into().map_err(|_| {
            Failure::invalid_response("the transcript ends among requests of one list").into()
        })
    }
}
