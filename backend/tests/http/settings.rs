//! Settings: flags and variables, and the errors for wrong values.

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use crate::server::Server;

fn backend(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backend"))
        .env_clear()
        .args(arguments)
        .output()
        .unwrap()
}

/// Undoes the wrapping of lines at the width of the terminal.
fn without_line_breaks(help: Vec<u8>) -> String {
    let help = String::from_utf8(help).unwrap();
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn help_explains_every_setting_and_its_variable() {
    let output = backend(&["--help"]);
    assert!(output.status.success());
    let help = without_line_breaks(output.stdout);
    for variable in [
        "HOST",
        "PORT",
        "ADMIN_PORT",
        "FAULTS",
        "DRAIN_TIME",
        "SHUTDOWN_TIMEOUT",
        "KEEP_ALIVE",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "POD_NAME",
        "VERSION",
        "COMMIT",
    ] {
        assert!(
            help.contains(&format!("[env: K8S_DEMO_{variable}=")),
            "{variable} in {help}"
        );
    }
}

#[test]
fn the_version_option_prints_the_version_that_the_image_was_built_as() {
    let run = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
        let output = command
            .env_clear()
            .envs(variables.iter().copied())
            .arg("--version")
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&[("K8S_DEMO_VERSION", "v2")]), "backend v2\n");
    assert_eq!(run(&[]), concat!("backend v", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn variables_without_the_prefix_are_ignored() {
    let output = Command::new(env!("CARGO_BIN_EXE_backend"))
        .env_clear()
        .envs([
            ("HOST", "x86_64-conda-linux-gnu"),
            ("PORT", "none"),
            ("LOG_LEVEL", "loud"),
            ("VERSION", "v9"),
        ])
        .arg("--version")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("v9"));
}

#[test]
fn the_error_for_an_invalid_value_names_its_setting_and_the_allowed_values() {
    for (flag, value, allowed) in [
        ("--host", "nowhere", "an IP address"),
        ("--port", "70000", "0 to 65535"),
        ("--drain-time", "5", "such as 500ms, 5s or 1m"),
        ("--shutdown-timeout", "long", "such as 500ms, 5s or 1m"),
        ("--keep-alive", "ever", "such as 500ms, 5s or 1m"),
        ("--log-format", "xml", "auto, text or json"),
        ("--log-level", "loud", "off, error, warn, info, debug or trace"),
        ("--pod-name", "", "a value is required"),
    ] {
        let output = backend(&[flag, value]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(flag) && error.contains(value) && error.contains(allowed),
            "{error}"
        );
    }
}

#[test]
fn an_invalid_variable_is_an_error_like_an_invalid_flag() {
    let output = Command::new(env!("CARGO_BIN_EXE_backend"))
        .env("K8S_DEMO_DRAIN_TIME", "soon")
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("--drain-time") && error.contains("soon"), "{error}");
}

#[tokio::test]
async fn the_error_for_a_port_in_use_says_how_to_choose_another() {
    let server = Server::start(&[]).await;
    let (_, port) = server.address.rsplit_once(':').unwrap();
    let output = backend(&["--port", port]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains(&format!("port {port} ")) && error.contains("--port"),
        "{error}"
    );
}

#[tokio::test]
async fn a_variable_sets_the_same_as_its_flag() {
    let output = Command::new(env!("CARGO_BIN_EXE_backend"))
        .env("K8S_DEMO_PORT", "0")
        .arg("--help")
        .output()
        .unwrap();
    assert!(without_line_breaks(output.stdout).contains("[env: K8S_DEMO_PORT=0]"));
}

#[tokio::test]
async fn the_program_checks_the_health_of_the_replica_on_a_port() {
    let server = Server::start(&[]).await;
    let is_alive = |address: &str| {
        let (_, port) = address.rsplit_once(':').unwrap();
        backend(&["--check-health", "--port", port]).status.success()
    };
    assert!(is_alive(&server.address));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(!is_alive(&nobody.to_string()));
}
