"""Clients that generators make of the specification compile, and run a job from submit to result."""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cloud import REPOSITORY
from tests.samples import BELL

TOOLS = Path(__file__).parent / "tools"
SPECIFICATION = REPOSITORY / "apim" / "openapi.json"
pytestmark = pytest.mark.long

PYTHON = """
import time, sys, uuid
from quantum_jobs_client import AuthenticatedClient
from quantum_jobs_client.api.jobs import get_job, get_result, submit_job
from quantum_jobs_client.models import Job, JobBody, Problem, Result

url, token, source = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, httpx_args={"trust_env": False})
body = JobBody.from_dict(
    {"target": "rigetti.sim.qvm", "shots": 100, "program": {"format": "openqasm3", "source": source}}
)
job = submit_job.sync(client=client, body=body, idempotency_key=str(uuid.uuid4()))
assert isinstance(job, Job), job
while not job.done:
    time.sleep(0.05)
    job = get_job.sync(job.id, client=client)
result = get_result.sync(job.id, client=client)
assert isinstance(result, Result), result
assert set(result.items[0].counts.to_dict()) == {"00", "11"}
body.shots = 20_000
refused = submit_job.sync(client=client, body=body, idempotency_key="x")
assert isinstance(refused, Problem), refused
assert refused.type_.endswith("/errors/shots-out-of-range")
print(job.state)
"""

TYPESCRIPT = """
import { client } from "./client/client.gen";
import { getJob, getResult, submitJob } from "./client";

const [url, token, source] = process.argv.slice(2) as [string, string, string];
client.setConfig({ baseUrl: url, auth: () => token });

async function main(): Promise<void> {
  const submitted = await submitJob({
    headers: { "Idempotency-Key": crypto.randomUUID() },
    body: { target: "rigetti.sim.qvm", shots: 100, program: { format: "openqasm3", source } },
    throwOnError: true,
  });
  let job = submitted.data;
  while (!job.done) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    job = (await getJob({ path: { jobId: job.id }, throwOnError: true })).data;
  }
  const result = (await getResult({ path: { jobId: job.id }, throwOnError: true })).data;
  if (typeof result === "string") throw new Error("CSV was not asked for");
  const outcomes = Object.keys(result.items[0]?.counts ?? {}).sort().join();
  if (outcomes !== "00,11") throw new Error(outcomes);
  const refused = await submitJob({
    headers: { "Idempotency-Key": "x" },
    body: { target: "rigetti.sim.qvm", shots: 20000, program: { format: "openqasm3", source } },
  });
  if (!refused.error?.type.endsWith("/errors/shots-out-of-range")) throw new Error(JSON.stringify(refused.error));
  console.log(job.state);
}

void main();
"""


def done(command, folder, **environment):
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    return finished.stdout


@pytest.fixture(scope="module")
def tools():
    """The linter and the generator from npm, installed once."""
    with (TOOLS / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two at once in one folder may never end
        if not (TOOLS / "node_modules" / ".package-lock.json").exists():
            done(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], TOOLS)
    return TOOLS / "node_modules" / ".bin"


@pytest.fixture
def arguments(service):
    return [service.environment["QUANTUM_JOBS_URL"], service.token("alice"), BELL]


def test_a_generated_python_client_runs_a_job(arguments, tmp_path):
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--path", SPECIFICATION]
    done([*generator, "--output-path", "client", "--fail-on-warning"], tmp_path, PATH=path_of_environment())
    (tmp_path / "run.py").write_text(PYTHON)
    output = done([sys.executable, "-W", "error", "run.py", *arguments], tmp_path, PYTHONPATH=str(tmp_path / "client"))
    assert output == "succeeded\n"


def path_of_environment():
    """The generator formats what it writes with ruff, which it looks for on the path."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def test_a_generated_typescript_client_passes_the_strict_compiler_and_runs_a_job(tools, arguments, tmp_path):
    done([tools / "openapi-ts", "-i", SPECIFICATION, "-o", tmp_path / "client", "-c", "@hey-api/client-fetch"], TOOLS)
    (tmp_path / "run.ts").write_text(TYPESCRIPT)
    options = ["--strict", "--target", "es2022", "--module", "commonjs", "--moduleResolution", "node10"]
    options += ["--skipLibCheck", "false", "--lib", "es2022,dom,dom.iterable", "--outDir", "out"]
    options += ["--types", "node", "--typeRoots", TOOLS / "node_modules" / "@types", "--ignoreDeprecations", "5.0"]
    done([tools / "tsc", *options, "run.ts"], tmp_path)
    assert done(["node", "out/run.js", *arguments], tmp_path) == "succeeded\n"


def test_the_linter_has_nothing_to_say_about_either_file(tools):
    output = done([tools / "redocly", "lint", "--format", "json"], TOOLS)
    found = re.findall(r'"(errors|warnings|ignored)": (\d+)', output)
    assert found == [("errors", "0"), ("warnings", "0"), ("ignored", "0")] * 2, output
