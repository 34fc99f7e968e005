//! The thread that writes log lines, many at a time.
//!
//! Each single write to a pipe, which is what a container's standard output is, costs about as much as half a request.
//! And a pipe that nobody reads blocks who writes to it: that must not be a thread that answers requests.

use std::{
    io::{self, Write},
    mem,
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are gathered before they are written together.
const GATHER_TIME: Duration = Duration::from_millis(20);

/// The most bytes that wait while nobody reads the log. Lines beyond that are counted instead of kept.
const MAX_WAITING: usize = 4 * 1024 * 1024;

/// The longest that [`Log::flush`] waits for somebody to read the log.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// The running log. Clones are the same log.
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
    waiting: Vec<u8>,
    lost: u64,
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

    /// Takes a line, and never blocks.
    pub fn push(&self, line: &[u8]) {
        let mut lines = self.0.lines.lock();
        if lines.waiting.len() + line.len() > MAX_WAITING {
            lines.lost += 1;
            return;
        }
        lines.waiting.extend_from_slice(line);
        // Only the first line of a batch pays for waking the thread.
        if lines.waiting.len() == line.len() {
            self.0.arrived.notify_one();
        }
    }

    /// Returns when all lines are written, or nobody reads them.
    pub fn flush(&self) {
        let mut lines = self.0.lines.lock();
        lines.flush = true;
        self.0.arrived.notify_one();
        let unwritten = |lines: &mut Lines| lines.is_writing || !lines.waiting.is_empty();
        self.0.written.wait_while_for(&mut lines, unwritten, FLUSH_TIME);
    }
}

impl Shared {
    fn write_to(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        loop {
            let lost = self.next_batch(&mut batch);
            if lost > 0 {
                tracing::warn!(lost, "log lines were lost, as nobody read them");
            }
            // Where the log is gone there is no place left to say so.
            let _ = output.write_all(&batch).and_then(|()| output.flush());
            batch.clear();
            self.lines.lock().is_writing = false;
            self.written.notify_all();
        }
    }

    /// Waits for lines and gathers them; returns how many were lost meanwhile.
    fn next_batch(&self, batch: &mut Vec<u8>) -> u64 {
        let mut lines = self.lines.lock();
        self.arrived.wait_while(&mut lines, |lines| lines.waiting.is_empty());
        self.arrived
            .wait_while_for(&mut lines, |lines| !lines.flush, GATHER_TIME);
        lines.flush = false;
        lines.is_writing = true;
        mem::swap(&mut lines.waiting, batch);
        mem::take(&mut lines.lost)
    }
}

/// Takes one line at a time.
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
