//! What a server does, request by request.

use super::Answer;
use std::collections::VecDeque;
use std::time::Duration;

/// What becomes of one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// It is read and answered.
    Answer(Answer),
    /// It is read, and answered this much later.
    Late(Duration, Answer),
    /// It is read; of the answer so many bytes come, then the connection closes.
    Truncated(Answer, usize),
    /// So many bytes of its body are read, then the connection is reset.
    Reset(usize),
    /// Its body is read in pieces of so many bytes with a pause after each, then it is accepted.
    SlowRead(usize, Duration),
    /// It is read and never answered; the connection stays open.
    Silence,
    /// The connection closes before anything is read, a new one at once.
    Close,
    /// The connection stays open, nothing is read and nothing is said, on a new one at once; TLS is not answered either.
    Mute,
    /// The connection is reset, and for this long nobody listens on the port.
    Away(Duration),
}

/// Steps, and what comes after them.
#[derive(Clone, Debug)]
pub struct Script {
    steps: VecDeque<Step>,
    /// Steps that have been taken begin again.
    again: bool,
}

impl Script {
    /// These steps, one per request; after them every request is accepted.
    pub fn once(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            again: false,
        }
    }

    /// Every request is accepted.
    pub fn accept() -> Self {
        Self::once([])
    }

    /// The same with every request.
    pub fn always(step: Step) -> Self {
        Self::cycle([step])
    }

    /// These steps over and over.
    pub fn cycle(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            again: true,
            ..Self::once(steps)
        }
    }

    pub(super) fn next(&mut self) -> Step {
        let Some(step) = self.steps.pop_front() else {
            return Step::Answer(Answer::ok());
        };
        if self.again {
            self.steps.push_back(step.clone());
        }
        step
    }

    /// Takes the next step if it concerns a connection on which nothing has come yet.
    pub(super) fn at_once(&mut self) -> Option<Step> {
        let at_once = matches!(self.steps.front(), Some(Step::Close | Step::Mute));
        at_once.then(|| self.next())
    }
}
