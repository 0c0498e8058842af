"""Runs `sam build`, as docs/operations.md says, and starts what it made: each artifact is the binary of its function for Lambda's
machine and C library, small enough to be uploaded, and answers the Runtime API.

Run by .ci/run, or by hand, with `sam` and `cargo-lambda` of requirements.txt in the PATH:
python infra/checks/artifact_test.py [LOGICAL ID OF A FUNCTION …]
"""

import io
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from expansion import ROOT, TEMPLATE, functions, read

# The one door to the internet, and the one with the most in it. Building all takes a quarter of an hour.
BUILT = ["WebhookFunction", "TicketsFunction"]
# The C library of Amazon Linux 2023. https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
GLIBC = (2, 34)
ELF_MACHINES = {"arm64": 183, "x86_64": 62}
TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ZIPPED, UNZIPPED = 50 * 1024 * 1024, 250 * 1024 * 1024
SOON = 30

# A request that every HTTP function answers without asking AWS: nobody is signed in, or nothing is asked.
HEALTH = {
    "version": "2.0", "routeKey": "GET /healthz", "rawPath": "/healthz", "rawQueryString": "",
    "headers": {"host": "x.execute-api.us-east-1.amazonaws.com"}, "isBase64Encoded": False,
    "requestContext": {
        "accountId": "000000000000", "apiId": "x", "domainName": "x.execute-api.us-east-1.amazonaws.com", "domainPrefix": "x",
        "requestId": "x", "routeKey": "GET /healthz", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 1767225600000,
        "http": {"method": "GET", "path": "/healthz", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "x"},
    },
}  # fmt: skip


def architecture():
    """The template's, where Rust can build for it here; or else the machine's own, which shows the same of the build."""
    library = subprocess.run(
        ["rustc", "--print", "target-libdir", "--target", TARGETS["arm64"]], capture_output=True, text=True, check=True
    )
    if Path(library.stdout.strip()).is_dir():
        return "arm64"
    return own_architecture()


def own_architecture():
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's side of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: one event, and what becomes of it."""

    def __init__(self, event):
        super().__init__(("127.0.0.1", 0), RuntimeApi.Handler)
        self.event, self.is_given, self.answered, self.answer = json.dumps(event).encode(), False, threading.Event(), None

    def handle_error(self, *_):
        """A process that is ended leaves its connections unfinished."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.server.is_given:
                # Nothing more comes, until the process is ended.
                self.server.answered.wait(SOON)
                self.close_connection = True
                return
            self.server.is_given = True
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + SOON * 1000))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:x")
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
            self.send_header("Content-Length", str(len(self.server.event)))
            self.end_headers()
            self.wfile.write(self.server.event)

        def do_POST(self):
            length = self.headers.get("Content-Length")
            body = self.rfile.read(int(length)) if length else self.chunks()
            self.server.answer = (self.path, body)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.server.answered.set()

        def chunks(self):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_):
            pass


def build(logical_id, of, into, text=None):
    """What `sam build` makes of one function: the folder of its artifact, and the seconds that it took."""
    built = (text or TEMPLATE.read_text()).replace("Architectures: [arm64]", f"Architectures: [{of}]")
    built = built.replace("CodeUri: ..", f"CodeUri: {ROOT}")
    template = into / "template.yaml"
    template.write_text(built)
    started = time.monotonic()
    made = subprocess.run(
        [
            "sam", "build", logical_id, "--config-file", ROOT / "samconfig.toml",
            "--template", template, "--build-dir", into / logical_id,
        ],
        cwd=into, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if made.returncode != 0:
        raise AssertionError(f"sam build {logical_id}: {made.stdout}")
    # A build empties its directory: each has its own.
    return into / logical_id / logical_id, time.monotonic() - started


def newest_glibc(binary):
    """The newest version of the C library that a binary asks for."""
    return max(tuple(int(part) for part in found.split(b".")) for found in re.findall(rb"GLIBC_(\d+(?:\.\d+)+)", binary))


class Artifacts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.architecture = architecture()
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.made = {}
        for logical_id in BUILT:
            folder, seconds = build(logical_id, cls.architecture, Path(cls.place.name).resolve())
            cls.made[logical_id] = folder / "bootstrap"
            print(f"sam build {logical_id} ({cls.architecture}): {seconds:.0f}s, {cls.made[logical_id].stat().st_size} bytes", flush=True)

    def test_the_artifact_is_one_executable_for_the_machine_of_lambda(self):
        for logical_id, path in self.made.items():
            with self.subTest(logical_id):
                self.assertEqual(os.listdir(path.parent), ["bootstrap"])
                self.assertTrue(os.access(path, os.X_OK))
                binary = path.read_bytes()
                self.assertEqual(binary[:6], b"\x7fELF\x02\x01")
                self.assertEqual(int.from_bytes(binary[18:20], "little"), ELF_MACHINES[self.architecture])
                self.assertLessEqual(newest_glibc(binary), GLIBC)

    def test_the_artifact_is_small_enough(self):
        for logical_id, path in self.made.items():
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(path, "bootstrap")
            self.assertLess(packed.tell(), ZIPPED, logical_id)
            self.assertLess(path.stat().st_size, UNZIPPED, logical_id)

    def test_each_artifact_is_of_its_own_function(self):
        self.assertEqual(len({path.read_bytes() for path in self.made.values()}), len(self.made))

    def test_the_artifact_answers_the_runtime_api(self):
        if self.architecture != own_architecture():
            self.skipTest(f"this machine cannot run {self.architecture}")
        for logical_id, path in self.made.items():
            with self.subTest(logical_id):
                answers(self, logical_id, path)


def answers(test, logical_id, path):
    """Gives the process of an artifact one event, and looks at what it answers."""
    is_http = any(event["Type"] == "HttpApi" for event in functions(read())[logical_id]["Properties"]["Events"].values())
    with RuntimeApi(HEALTH if is_http else {}) as api, tempfile.TemporaryFile() as log:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        process = subprocess.Popen([path], env=environment(logical_id, api.server_port), stdout=log, stderr=log, cwd=path.parent)
        try:
            late = time.monotonic() + SOON
            while not api.answered.wait(0.1) and process.poll() is None and time.monotonic() < late:
                pass
        finally:
            process.kill()
            process.wait()
            api.shutdown()
        log.seek(0)
        said = log.read().decode()
    test.assertIsNotNone(api.answer, f"{logical_id} answered nothing: {said}")
    to, body = api.answer
    if not is_http:
        # Its event is none of SQS or the stream: what counts is that it says so.
        test.assertRegex(to, r"/invocation/[^/]+/(response|error)$", f"{logical_id}: {said}")
        return
    test.assertTrue(to.endswith("/response"), f"{logical_id}: {to} {body} {said}")
    # The one that has the route finds itself well; the others have not got it.
    test.assertEqual(json.loads(body)["statusCode"], 200 if logical_id == "WebhookFunction" else 404, f"{logical_id}: {said}")


def environment(logical_id, port):
    """What Lambda gives the function, and no AWS behind it."""
    source = read()
    variables = functions(source)[logical_id]["Properties"].get("Environment", {}).get("Variables", {})
    return {
        **{name: "https://127.0.0.1:9/x" if name.endswith("URL") else "x" for name in variables},
        "LOG_LEVEL": "debug",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": "x",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "x",
        "AWS_LAMBDA_LOG_STREAM_NAME": "x",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_SESSION_TOKEN": "x",
        # Nobody listens there.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }


class Checks(unittest.TestCase):
    """What would not run on Lambda is refused."""

    def test_from_the_root_of_the_workspace_sam_builds_nothing(self):
        text = TEMPLATE.read_text().replace("CodeUri: ../functions/webhook", "CodeUri: ..")
        with tempfile.TemporaryDirectory() as place, self.assertRaisesRegex(AssertionError, "no bin target named `?webhook`?"):
            build("WebhookFunction", own_architecture(), Path(place).resolve(), text)

    def test_a_binary_tells_which_c_library_it_wants(self):
        for binary, expected in (
            (b"x\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0", (2, 34)),
            (b"GLIBC_2.36\0GLIBC_2.3.4\0", (2, 36)),
        ):
            self.assertEqual(newest_glibc(binary), expected)

    def test_a_process_that_only_ends_or_answers_with_an_error_is_refused(self):
        ends = "import sys; print('ended'); sys.exit(0)"
        fails = (
            "import os, urllib.request as r; api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/'\n"
            "r.urlopen(r.Request(api + 'init/error', data=b'{}', method='POST'))"
        )
        for program, expected in ((ends, "answered nothing: ended"), (fails, "init/error")):
            with tempfile.TemporaryDirectory() as place, self.assertRaisesRegex(AssertionError, expected):
                path = Path(place) / "bootstrap"
                path.write_text(f"#!{sys.executable}\n{program}\n")
                path.chmod(0o755)
                answers(self, "WebhookFunction", path)


if __name__ == "__main__":
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    BUILT = wanted or BUILT
    unittest.main(argv=[argument for argument in sys.argv if argument not in wanted])
