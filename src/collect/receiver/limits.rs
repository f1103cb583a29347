use std::time::Duration;

/// What one sender, and all together, may ask of the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body; more is 413.
    pub body: usize,
    /// Bytes of all bodies that are being read and taken; beyond that 503.
    pub bodies: usize,
    /// Requests that are being answered; beyond that 503.
    pub requests: usize,
    /// Connections; further ones wait to be accepted.
    pub connections: usize,
    /// How long headers may take, also on a connection that is kept for the next request.
    pub header_time: Duration,
    /// How long a body may take; longer is 408.
    pub body_time: Duration,
    /// How long what is in flight may take when the receiver stops.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 5 << 20,
            bodies: 32 << 20,
            requests: 256,
            connections: 1024,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            stop_time: Duration::from_secs(10),
        }
    }
}

/// JSON nested more deeply is refused; real messages have less than twenty levels.
pub(super) const DEEPEST: usize = 64;
