//! Whether a connection was closed without notice.

use crate::plan::run::HttpVersion;

/// What is known about a connection, by its owner and by the task that drives it. Either may learn first that it has ended.
pub struct State {
    /// The server has said that it will close, or this client has closed or asked for it.
    pub is_close_announced: bool,
    /// At least one response is complete.
    pub has_served: bool,
    /// A request was sent, and its response is not complete. A close is judged afterwards: the response may have announced it.
    pub is_exchanging: bool,
    has_ended: bool,
    on_unannounced_close: Option<Box<dyn FnOnce() + Send>>,
}

impl State {
    /// Returns the state of a new connection.
    pub fn new(on_unannounced_close: impl FnOnce() + Send + 'static) -> Self {
        Self {
            is_close_announced: false,
            has_served: false,
            is_exchanging: false,
            has_ended: false,
            on_unannounced_close: Some(Box::new(on_unannounced_close)),
        }
    }

    /// The exchange is over.
    pub fn exchanged(&mut self) {
        self.is_exchanging = false;
        self.check();
    }

    /// Reports a close without notice, once. A close within an exchange is not one, since its request is lost.
    fn check(&mut self) {
        if self.has_ended
            && !self.is_exchanging
            && self.has_served
            && !self.is_close_announced
            && let Some(report) = self.on_unannounced_close.take()
        {
            report();
        }
    }

    /// The connection has ended. With HTTP/2, a server announces that by GOAWAY: without an error.
    pub fn ended(&mut self, ended: hyper::Result<()>, version: HttpVersion) {
        self.is_close_announced |= version == HttpVersion::Http2 && ended.is_ok();
        self.has_ended = true;
        self.check();
    }
}
