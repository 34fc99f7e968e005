"""Measures the backend beside a baseline, and nginx in front of both, with wrk as the load generator; called by scripts/bench."""

import argparse
import atexit
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
# The servers get their load in turns of a second, so that other load on the machine affects all of them.
TURNS = 10
STARTS = 100
START_TIMEOUT = 10

# Path, and settings of wrk in Lua.
SUBMISSION = "/api/submissions", """
wrk.method, wrk.body, wrk.headers["Content-Type"] = "POST", '{"name": "Ada"}', "application/json"
"""
GREETING = "/hello/Ada", ""
NEW_CONNECTIONS = """
wrk.headers["Connection"] = "close"
"""
REPORT = """
done = function(summary, latency)
    local errors = summary.errors
    print(string.format('{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": "%d %d %d %d %d"}', summary.requests,
        summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"""

# The figures with a budget.
CPU = "kept-alive: CPU per request (µs)"
MEMORY = "memory after both (MB)"
START = "from start to first response (ms)"


def fail(message):
    sys.exit(f"error: {message}")


def built(package, *target):
    """Builds as the image does, each package by itself: beside others, it would get their features of its libraries, too."""
    command = ["cargo", "build", "--release", "--package", package, *target, "--message-format", "json-render-diagnostics"]
    messages = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    return [path for message in messages if (path := json.loads(message).get("executable"))][-1]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def responds(port, path):
    """Sends GET on a new connection, and waits for any response."""
    try:
        with socket.create_connection(("127.0.0.1", port), START_TIMEOUT) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            return connection.recv(9) == b"HTTP/1.1 "
    except OSError:
        return False


def wait_until_responds(name, port, path, is_running):
    started = time.monotonic()
    while not responds(port, path):
        if not is_running() or time.monotonic() - started > START_TIMEOUT:
            fail(f"{name} does not respond to GET {path} on port {port}")


def cpu_seconds(pid):
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def megabytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Server:
    """A process with its log on a pipe, as in a container."""

    def __init__(self, program, request):
        self.name, self.request, self.sent = Path(program).name, request, 0
        self.port = free_port()
        environment = {"ADDRESS": f"127.0.0.1:{self.port}", "K8S_DEMO_PORT": str(self.port)}
        started = time.perf_counter()
        self.process = subprocess.Popen([program], env=environment, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        self.pid = self.process.pid
        wait_until_responds(self.name, self.port, request[0], lambda: self.process.poll() is None)
        self.start_time = time.perf_counter() - started
        self.lines = subprocess.Popen(["wc", "-l"], stdin=self.process.stdout, stdout=subprocess.PIPE)

    def cpu(self):
        return cpu_seconds(self.pid)

    def stop(self, kill=False):
        """Returns the number of log lines. Unless it kills: stops the process as Kubernetes would, which has to succeed."""
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        status = self.process.wait()
        if not kill and status:
            fail(f"{self.name} exited with {status}")
        return int(self.lines.communicate()[0])


class FrontDoor:
    """nginx in a container of the base image, with the template of the frontend image, in front of a server."""

    def __init__(self, server):
        self.name, self.request, self.sent, self.server = f"nginx in front of {server.name}", server.request, 0, server
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        Path(self.folder.name).chmod(0o755)  # the container has another user
        template, script = self.copy("nginx.conf.template", 0o644), self.copy("16-front-door.envsh", 0o755)
        variables = {name: f"127.0.0.1:{server.port}" for name in re.findall(r"\$\{(BACKEND_[A-Z_]+)}", template.read_text())}
        variables |= {"FRONTEND_PODS": f"127.0.0.1:{self.port}", "NGINX_ENVSUBST_OUTPUT_DIR": "/tmp"}
        variables |= {"NGINX_ENVSUBST_FILTER": "^[A-Z_0-9]+$", "NGINX_ENTRYPOINT_LOCAL_RESOLVERS": "1"}
        image = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile.frontend").read_text(), re.MULTILINE)[-1]
        # The log goes through a pipe, as on Kubernetes, and is dropped.
        self.container = self.docker(
            *["run", "--detach", "--network=host", "--log-driver=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"],
            *[f"--env={name}={value}" for name, value in variables.items()],
            *[f"--volume={template}:/etc/nginx/templates/{template.name}:ro"],
            *[f"--volume={script}:/docker-entrypoint.d/{script.name}:ro"],
            *[image, "nginx", "-c", "/tmp/nginx.conf"],
        )
        wait_until_responds(self.name, self.port, "/healthz", lambda: True)
        self.master = int(self.docker("inspect", "--format", "{{.State.Pid}}", self.container))

    def copy(self, name, mode):
        """nginx shares the network of this machine, where somebody else may listen on 8080."""
        file = Path(self.folder.name) / name
        file.write_text((ROOT / "frontend/nginx" / name).read_text().replace("8080", str(self.port)))
        file.chmod(mode)
        return file

    def docker(self, *arguments):
        done = subprocess.run(["docker", *arguments], text=True, capture_output=True)
        if done.returncode:
            fail(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def cpu(self):
        """The backend's, too: the sum is what a submission costs."""
        workers = Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()
        return self.server.cpu() + sum(map(cpu_seconds, [self.master, *workers]))

    def stop(self):
        self.docker("rm", "--force", self.container)
        self.folder.cleanup()


def load(target, clients, seconds, settings=""):
    """Runs wrk, of which every request has to get its response, and returns its report."""
    path, request = target.request
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(request + settings + REPORT)
        script.flush()
        url = f"http://127.0.0.1:{target.port}{path}"
        command = ["wrk", "--threads", "2", "--connections", str(clients), "--duration", f"{seconds}s", "--script", script.name, url]
        done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode:
        fail(f"{target.name}: wrk exited with {done.returncode}: {done.stderr.strip()}")
    report = json.loads(done.stdout.splitlines()[-1])
    if report["errors"] != "0 0 0 0 0" or not report["requests"]:
        kinds = "to connect, read and write, of status, timeouts"
        fail(f"{target.name}: {report['requests']} responses; errors ({kinds}): {report['errors']}")
    target.sent += report["requests"]
    return report


def measure(what, targets, clients, settings=""):
    """Sends requests to each target in turns, and returns the figures of each."""
    before, reports = [target.cpu() for target in targets], [[] for _ in targets]
    for _ in range(TURNS):
        for target, of_target in zip(targets, reports):
            of_target.append(load(target, clients, 1, settings))
    figures = []
    for target, cpu, of_target in zip(targets, before, reports):
        requests = sum(report["requests"] for report in of_target)
        figures.append({
            f"{what}: CPU per request (µs)": (target.cpu() - cpu) / requests * 1e6,
            f"{what}: requests a second": requests / sum(report["seconds"] for report in of_target),
            f"{what}: p50 (µs)": median(report["p50"] for report in of_target),
            f"{what}: p99 (µs)": median(report["p99"] for report in of_target),
        })
    return figures


def backend_round(programs, request, clients):
    """Measures two servers, of which the second is the baseline."""
    starts = [[], []]
    for number in range(STARTS):
        for index in ([0, 1], [1, 0])[number % 2]:  # each runs after the other equally often
            server = Server(programs[index], request)
            starts[index].append(server.start_time * 1e3)
            server.stop(kill=True)
    servers = [Server(program, request) for program in programs]
    for server in servers:
        load(server, clients, 1)  # warm-up
    kept = measure("kept-alive", servers, clients)
    after_kept = [megabytes(server.pid) for server in servers]
    new = measure("new connections", servers, clients, NEW_CONNECTIONS)
    rounds = []
    for index, server in enumerate(servers):
        memory = {"memory after kept-alive load (MB)": after_kept[index], MEMORY: megabytes(server.pid)}
        size = os.path.getsize(programs[index]) / 1e6
        rounds.append(kept[index] | new[index] | memory | {START: median(starts[index]), "binary (MB)": size})
        lines = server.stop()
        if index == 0 and lines < server.sent:
            fail(f"{server.name}: {server.sent} requests left only {lines} log lines")
    return rounds


def front_door_round(programs, clients):
    servers = [Server(program, SUBMISSION) for program in programs]
    doors = [FrontDoor(server) for server in servers]
    try:
        for door in doors:
            load(door, clients, 1)  # warm-up
        return measure("kept-alive", doors, clients)
    finally:
        for door in doors:
            door.stop()
        for server in servers:
            server.stop(kill=True)


def report(names, rounds):
    """Prints the medians of the rounds, and returns the medians of their ratios."""
    ratios = {figure: median(ours[figure] / baseline[figure] for ours, baseline in rounds) for figure in rounds[0][0]}
    rows = [["", *names, "ratio"]]
    for figure, ratio in ratios.items():
        medians = [median(servers[index][figure] for servers in rounds) for index in range(2)]
        rows.append([figure, *(f"{value:.1f}" if value < 100 else f"{value:.0f}" for value in medians), f"{ratio:.2f}"])
    widths = [max(map(len, column)) for column in zip(*rows)]
    rows.insert(1, ["-" * width for width in widths])
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:]))]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)
    return ratios


def has_docker():
    return subprocess.run(["docker", "info"], capture_output=True).returncode == 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Prints the medians of several rounds.")
    parser.add_argument("what", nargs="?", choices=["backend", "hello", "front-door"], help="what to measure [default: all]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=64, help="clients that send at the same time; half of them at the front door")
    parser.add_argument("--backend", type=Path, help="a backend that is built already")
    parser.add_argument("--max-cpu", type=float, metavar="RATIO", help="fail above this multiple of the baseline's (budget: 1.20)")
    parser.add_argument("--max-memory", type=float, metavar="MB", help="fail above this (budget: 8)")
    parser.add_argument("--max-start", type=float, metavar="RATIO", help="fail above this multiple of the baseline's (budget: 1.25)")
    parser.add_argument("--max-front-door", type=float, metavar="RATIO", help="fail above this multiple of its limit (budget: 1.25)")
    arguments = parser.parse_args()
    what = [arguments.what] if arguments.what else ["backend", "hello", "front-door"]
    if not Path("/proc/self/stat").exists():
        fail("the benchmark reads CPU times from /proc: it needs Linux")
    too_high = []

    def check(name, value, limit):
        if limit is not None and not value <= limit:
            too_high.append(f"{name}: {value:.2f} is above {limit}")

    baseline = built("baseline")
    if "backend" in what or "front-door" in what:
        backend = arguments.backend or built("backend")
    for name in what:
        print(f"Measuring: {name}", file=sys.stderr)
        if name == "front-door":
            if not arguments.what and not has_docker():
                print("The front door is not measured: that needs Docker", file=sys.stderr)
                continue
            rounds = [front_door_round([backend, baseline], arguments.clients // 2) for _ in range(arguments.rounds)]
            check("CPU of the front door", report(["front door", "front door, baseline"], rounds)[CPU], arguments.max_front_door)
            continue
        program, request = (backend, SUBMISSION) if name == "backend" else (built("actix-kube-service", "--example", "hello"), GREETING)
        rounds = [backend_round([program, baseline], request, arguments.clients) for _ in range(arguments.rounds)]
        ratios = report([name, "baseline"], rounds)
        if name == "backend":  # the budgets are its: what a request costs at least weighs more where it does less
            check(CPU, ratios[CPU], arguments.max_cpu)
            check(MEMORY, median(ours[MEMORY] for ours, _ in rounds), arguments.max_memory)
            check(START, ratios[START], arguments.max_start)
    if too_high:
        fail("; ".join(too_high))


if __name__ == "__main__":
    main()
