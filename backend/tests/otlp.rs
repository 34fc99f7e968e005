//! Spans reach an OpenTelemetry collector, here one that only listens.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

const TRACE_ID: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

#[test]
fn a_request_is_exported_as_a_part_of_its_callers_trace() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut backend = Command::new(env!("CARGO_BIN_EXE_backend"))
        .args(["--port", "0", "--log-format", "json"])
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://{}", collector.local_addr().unwrap()),
        )
        .env("OTEL_BSP_SCHEDULE_DELAY", "10")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut listening = String::new();
    let mut log = BufReader::new(backend.stdout.take().unwrap());
    log.read_line(&mut listening).unwrap();
    let listening: serde_json::Value = serde_json::from_str(&listening).unwrap();

    let mut client = TcpStream::connect(listening["address"].as_str().unwrap()).unwrap();
    let request = "GET /version HTTP/1.1\r\nhost: a\r\nconnection: close";
    write!(
        client,
        "{request}\r\ntraceparent: 00-{TRACE_ID:032x}-00f067aa0ba902b7-01\r\n\r\n"
    )
    .unwrap();
    client.read_to_end(&mut Vec::new()).unwrap();

    let (mut export, _) = collector.accept().unwrap();
    let mut received = Vec::new();
    // In protobuf an id and a text are their bytes.
    let contains = |received: &[u8], part: &[u8]| received.windows(part.len()).any(|window| window == part);
    let parts: [&[u8]; 4] = [
        &TRACE_ID.to_be_bytes(),
        b"http.request.method",
        b"http.route",
        b"http.response.status_code",
    ];
    while !parts.iter().all(|part| contains(&received, part)) {
        let mut more = [0; 4096];
        let length = export.read(&mut more).unwrap();
        assert_ne!(length, 0, "the trace is not in {}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&more[..length]);
    }
    assert!(received.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));

    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert_eq!(line.matches(r#""trace_id":"4bf9"#).count(), 1, "{line}");
    backend.kill().unwrap();
    backend.wait().unwrap();
}
