//! Ends everything that this program has started when this program has ended, whatever ended it.

use std::{
    ffi::OsStr,
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// It leads a process group. The pipe to it closes when this program ends, and then it ends the group, itself included.
const SCRIPT: &str = "trap '' HUP INT TERM; read -r finished || { kill -TERM 0; sleep 2; }; kill -KILL 0";

/// A process that outlives this one for as long as its children need to end.
#[derive(Debug)]
pub struct Reaper(Child);

/// The process group of everything that this program starts. The terminal's Ctrl-C does not reach it.
#[derive(Debug, Clone, Copy)]
pub struct Group(i32);

impl Reaper {
    /// Starts the process.
    pub fn start() -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).stdin(Stdio::piped()).process_group(0);
        shell.spawn().map(Self)
    }

    /// Returns the group that it ends.
    pub fn group(&self) -> Group {
        Group(self.0.id().cast_signed())
    }

    /// Kills what is left of the group at once.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(pipe) = &mut self.0.stdin {
            pipe.write_all(b"finished\n")?;
        }
        self.0.wait().map(drop)
    }
}

impl Group {
    /// Returns a command whose process becomes one of the group.
    pub fn command(self, program: impl AsRef<OsStr>) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command.process_group(self.0).stdin(Stdio::null());
        command
    }
}
