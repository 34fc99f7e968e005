//! The thread that writes log lines, in batches.
//!
//! A container's standard output is a pipe. A write to it costs about half as much CPU as a request, and it blocks while the pipe
//! is full: a thread that serves requests must not wait for that. tracing-appender writes each line as it comes: at 2,000 to
//! 10,000 lines a second, it takes 20 to 35 µs more of CPU for each.

use std::{
    io::{self, Write},
    mem,
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are collected before a batch is written.
const FLUSH_INTERVAL: Duration = Duration::from_millis(20);

/// The most bytes that are buffered while stdout is not being read. Further lines are dropped and counted.
const MAX_BUFFERED: usize = 4 * 1024 * 1024;

/// How long [`Log::flush`] waits while stdout is not being read.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The log. Clones share it. Dropping one writes every line, as [`Log::flush`] does.
#[derive(Debug, Clone)]
pub struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Lines>,
    arrived: Condvar,
    written: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    buffered: Vec<u8>,
    dropped: u64,
    is_writing: bool,
    flush: bool,
}

impl Log {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the thread.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let log = Self(Arc::default());
        let shared = log.0.clone();
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write_to(output))?;
        Ok(log)
    }

    /// Appends a line. Never blocks.
    pub fn push(&self, line: &[u8]) {
        let mut lines = self.0.lines.lock();
        if lines.buffered.len() + line.len() > MAX_BUFFERED {
            lines.dropped += 1;
            return;
        }
        lines.buffered.extend_from_slice(line);
        // Only the first line of a batch wakes the thread.
        if lines.buffered.len() == line.len() {
            self.0.arrived.notify_one();
        }
    }

    /// Returns a function that calls [`Log::flush`].
    pub fn flusher(&self) -> impl Fn() + Send + Sync + 'static {
        let log = self.clone();
        move || log.flush()
    }

    /// Waits until all lines are written, or up to 2 s while stdout is not being read.
    pub fn flush(&self) {
        let mut lines = self.0.lines.lock();
        lines.flush = true;
        self.0.arrived.notify_one();
        let unwritten = |lines: &mut Lines| lines.is_writing || !lines.buffered.is_empty();
        self.0.written.wait_while_for(&mut lines, unwritten, FLUSH_TIMEOUT);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Shared {
    fn write_to(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        loop {
            let dropped = self.next_batch(&mut batch);
            if dropped > 0 {
                tracing::warn!(dropped, "dropped log lines: stdout is not being read");
            }
            // An error of stdout has no place to be reported.
            let _ = output.write_all(&batch).and_then(|()| output.flush());
            batch.clear();
            self.lines.lock().is_writing = false;
            self.written.notify_all();
        }
    }

    /// Waits for a batch of lines, and returns the number of lines dropped since the last one.
    fn next_batch(&self, batch: &mut Vec<u8>) -> u64 {
        let mut lines = self.lines.lock();
        self.arrived.wait_while(&mut lines, |lines| lines.buffered.is_empty());
        self.arrived
            .wait_while_for(&mut lines, |lines| !lines.flush, FLUSH_INTERVAL);
        lines.flush = false;
        lines.is_writing = true;
        mem::swap(&mut lines.buffered, batch);
        mem::take(&mut lines.dropped)
    }
}

/// Appends one line for each call.
impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'log> MakeWriter<'log> for Log {
    type Writer = &'log Self;

    fn make_writer(&'log self) -> Self::Writer {
        self
    }
}
