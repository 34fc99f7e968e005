//! `make run`: the application on this machine, without a cluster. A stand-in that shows the ideas, not an orchestrator.
//!
//! * [`replica`]: a process of the backend, with its probes
//! * [`pod`]: restarts a replica that exits or fails its liveness probe
//! * [`deployment`]: keeps a number of pods of one release running, and replaces them one by one
//! * [`plan`]: which of them to start and to stop next
//! * [`balancer`]: plays the Service, and in the tests of the page also nginx
//! * [`command`]: what a person types, and the `kubectl` command that it stands for
//! * [`http1`]: serves and sends requests

pub mod balancer;
pub mod command;
pub mod deployment;
pub mod http1;
pub mod plan;
pub mod pod;
pub mod replica;
