//! A connection below actix-web, with the limits that actix-web lacks: a time for each request's head, where it has one for
//! a connection's first, and a size that keeps thousands of unfinished heads within a small container's memory.
//!
//! It also ends idle connections: one timer a connection does for all of this, where actix-web starts one after each answer.
//! And what actix-web refuses, as it is no request, gets a problem document here, like everything else that is refused.

mod progress;

use std::{
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{HttpResponse, body::MessageBody, rt::net::TcpStream, web::Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use self::progress::Phase;
pub use self::progress::Progress;
use crate::{
    limits::{Limits, MAX_HEADERS},
    rejection::Rejection,
};

/// How long a client that is refused may go on sending until the connection ends. Ended at once, it would be reset, and the
/// client might lose the answer that it has not read yet (RFC 9112, section 9.6).
pub const LINGER_TIME: Duration = Duration::from_secs(1);

/// Returns the response to a request that is rejected before it reaches a handler, after the time it took to arrive.
pub type Reject = Rc<dyn Fn(&Rejection, Duration) -> HttpResponse>;

/// A connection. What actix-web reads from it and writes to it tells how far it is.
pub struct Connection {
    stream: TcpStream,
    progress: Progress,
    limits: Rc<Limits>,
    reject: Reject,
    /// Rings at the end of the phase or before it. To set it anew for each phase would cost more than to look at it.
    alarm: Pin<Box<Sleep>>,
    /// Since when the client takes nothing of what is written. Not much more is read until it has taken all.
    stuck_since: Option<Instant>,
}

impl Connection {
    /// Wraps an accepted connection.
    pub fn new(stream: TcpStream, limits: Rc<Limits>, reject: Reject) -> Self {
        let until = Instant::now() + limits.read_timeout;
        Self {
            stream,
            progress: Progress::new(until, limits.clone()),
            limits,
            reject,
            alarm: Box::pin(sleep_until(until)),
            stuck_since: None,
        }
    }

    /// Where its requests say when they begin and end.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Does what is due when the phase's time is over, and sees to it that the task is woken then.
    fn check_time(&mut self, context: &mut Context<'_>) {
        if let Some(since) = self.stuck_since {
            if self.is_past(since + self.limits.read_timeout, context) {
                self.end(since, context);
            }
            return;
        }
        match self.progress.phase() {
            Phase::Idle { until } if self.is_past(until, context) => self.end(until, context),
            Phase::Head { since, .. } | Phase::LargeHead { since }
                if self.is_past(since + self.limits.read_timeout, context) =>
            {
                let timeout = self.limits.read_timeout;
                self.refuse(&Rejection::RequestTimeout { timeout }, since, context);
            }
            // The request itself looks whether its body is late.
            Phase::Answering { since } => _ = self.is_past(since + self.limits.read_timeout, context),
            Phase::Idle { .. } | Phase::Head { .. } | Phase::LargeHead { .. } | Phase::Ending { .. } => {}
        }
    }

    fn is_past(&mut self, time: Instant, context: &mut Context<'_>) -> bool {
        if time < self.alarm.deadline() {
            self.alarm.as_mut().reset(time);
        }
        while self.alarm.as_mut().poll(context).is_ready() {
            if time <= Instant::now() {
                return true;
            }
            // It was set for an earlier phase.
            self.alarm.as_mut().reset(time);
        }
        false
    }

    fn refuse_size(&mut self, since: Instant, context: &mut Context<'_>) {
        if self.progress.has_answered() {
            // It may as well be the rest of a body that was refused, which needs no second answer.
            self.end(Instant::now() + LINGER_TIME, context);
        } else {
            let max_bytes = self.limits.max_headers_size;
            self.refuse(&Rejection::HeadersTooLarge { max_bytes }, since, context);
        }
    }

    /// Refuses what actix-web refuses by `bytes`, without a problem document and without asking the application.
    fn refuse_likewise(&mut self, bytes: &[u8], since: Instant, context: &mut Context<'_>) {
        let error = if bytes.starts_with(b"HTTP/1.1 431") {
            Rejection::TooManyHeaders { max: MAX_HEADERS }
        } else {
            Rejection::MalformedHttp
        };
        self.refuse(&error, since, context);
    }

    fn refuse(&mut self, error: &Rejection, since: Instant, context: &mut Context<'_>) {
        let response = (self.reject)(error, since.elapsed());
        // A client that does not read, so that there is no room for these few bytes, would not read them later either.
        let _ = self.stream.try_write(&as_bytes(response));
        let _ = Pin::new(&mut self.stream).poll_shutdown(context);
        self.end(Instant::now() + LINGER_TIME, context);
    }

    fn end(&mut self, until: Instant, context: &mut Context<'_>) {
        self.progress.enter(Phase::Ending { until });
        context.waker().wake_by_ref();
    }

    /// Reads and drops until the client ends, or the time is over. To actix-web both are the client's end.
    fn poll_drop(
        &mut self,
        until: Instant,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        while !self.is_past(until, context) {
            match Pin::new(&mut self.stream).poll_read(context, buffer) {
                Poll::Ready(Ok(())) if buffer.filled().len() > before => buffer.set_filled(before),
                outcome => return outcome,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.progress.phase() {
            Phase::Ending { until } => return self.poll_drop(until, context, buffer),
            Phase::Head { bytes, .. } if bytes <= self.limits.max_head_size() => {}
            Phase::Head { .. } | Phase::LargeHead { .. } if self.stuck_since.is_some() => return Poll::Pending,
            Phase::Head { since, .. } => {
                self.progress.enter(Phase::LargeHead { since });
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Phase::LargeHead { since } => {
                self.refuse_size(since, context);
                return Poll::Pending;
            }
            Phase::Idle { .. } | Phase::Answering { .. } => {}
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len() - before;
        if bytes > 0 {
            self.progress.count(bytes);
        }
        outcome
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Where bytes wait that are no request yet, all requests before them are answered, and their answers written.
        if let Phase::Head { since, .. } | Phase::LargeHead { since } = self.progress.phase()
            && self.stuck_since.is_none()
        {
            self.refuse_likewise(bytes, since, context);
        }
        if let Phase::Ending { until } = self.progress.phase() {
            let mut dropped = [0; 1024];
            let ended = self.poll_drop(until, context, &mut ReadBuf::new(&mut dropped));
            return ended.map(|_| Err(io::ErrorKind::TimedOut.into()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if outcome.is_pending() {
            self.stuck_since.get_or_insert_with(Instant::now);
            self.check_time(context);
        } else if self.stuck_since.is_some() {
            self.stuck_since = Some(Instant::now());
        }
        outcome
    }

    /// actix-web flushes at the end of each turn, unless there is no room for what it writes.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stuck_since.take().is_some() {
            // Meanwhile actix-web has not parsed what it had read, and would not do so before there is more to read.
            context.waker().wake_by_ref();
        }
        self.check_time(context);
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A response of HTTP/1.1, which ends its connection.
fn as_bytes(response: HttpResponse) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {}\r\nconnection: close\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    let body = response.into_body().try_into_bytes().unwrap_or_else(|_| Bytes::new());
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}
