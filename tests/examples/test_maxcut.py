"""MaxCut: graphs against counting by hand, the program against its exact state, the way uphill by real jobs."""

import math
import os
import re
import subprocess
import sys
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.tight import maxcut
from examples.tight.graphs import Graph, regular_graph
from examples.tight.maxcut import Found, search
from examples.tight.maxcut_picture import draw
from examples.tight.qaoa import Step, counted, first_angles, mean_size, program
from tests.cloud import REPOSITORY

QVM = "rigetti.sim.qvm"
PATH = Graph(4, ((0, 1), (1, 2), (2, 3)))  # turned round it is another: a wrong order of bits shows


# The graph
@given(st.integers(2, 6).map(lambda half: 2 * half), st.integers(0, 1000))
def test_every_node_has_three_edges_to_three_others(nodes, seed):
    graph = regular_graph(nodes, seed)
    ends = [end for edge in graph.edges for end in edge]
    assert [ends.count(node) for node in range(nodes)] == [3] * nodes
    assert len(set(graph.edges)) == len(graph.edges)
    assert all(one < other for one, other in graph.edges)
    assert graph == regular_graph(nodes, seed)


@given(st.integers(2, 4).map(lambda half: 2 * half), st.integers(0, 50), st.data())
def test_the_size_of_a_cut_is_the_number_of_edges_between_its_sides(nodes, seed, data):
    graph = regular_graph(nodes, seed)
    cut = data.draw(st.integers(0, 2**nodes - 1))
    sides = [cut // 2**node % 2 for node in range(nodes)]
    assert graph.sizes[cut] == sum(sides[one] != sides[other] for one, other in graph.edges)
    assert graph.sizes.mean() == graph.guessed
    assert graph.largest == max(graph.sizes)


@pytest.mark.parametrize("nodes", [3, 7, 2, 22])
def test_a_number_of_nodes_that_cannot_be_is_refused(nodes):
    with pytest.raises(ValueError, match="must be even and lie between 4 and 20"):
        regular_graph(nodes, 1)


# The program
def probabilities(graph, angles):
    """The exact state of QAOA: a phase for each cut's size, then a turn of every qubit about x; layer by layer."""
    layers = len(angles) // 2
    state = np.full(2**graph.nodes, 2 ** (-graph.nodes / 2), dtype=complex)
    for gamma, beta in zip(angles[:layers], angles[layers:], strict=True):
        state = np.exp(-1j * gamma * graph.sizes) * state
        turn = np.array([[math.cos(beta), -1j * math.sin(beta)], [-1j * math.sin(beta), math.cos(beta)]])
        for qubit in range(graph.nodes):
            parts = state.reshape(-1, 2, 2**qubit)
            state = np.einsum("ab,ibj->iaj", turn, parts).reshape(-1)
    return np.abs(state) ** 2


@pytest.mark.parametrize("graph", [PATH, regular_graph(6, 3)], ids=["path", "six nodes"])
def test_cuts_come_as_often_as_the_exact_state_says(client, graph):
    """20,000 shots of each of two sets; chi-squared, false alarms once in a million runs."""
    angles = [first_angles(2), np.array([0.3, 0.9, 0.2, 1.1])]
    with client.loop(uuid.uuid4().hex, target=QVM) as loop:
        found = counted(loop, graph, 2, angles, 10_000)
    for each, cuts in zip(angles, found, strict=True):
        expected = 10_000 * probabilities(graph, each)
        came = np.array([cuts.get(cut, 0) for cut in range(2**graph.nodes)])
        likely = expected > 5
        distance = float(((came - expected) ** 2 / expected)[likely].sum())
        freedom = int(likely.sum())
        # Wilson and Hilferty: the cube root is nearly normal; 4.9 standard deviations.
        cube = (distance / freedom) ** (1 / 3)
        assert (cube - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom)) < 4.9


def test_the_mean_size_weighs_every_cut_by_how_often_it_came():
    assert mean_size(PATH, {0b0000: 3, 0b0101: 1}) == 3 / 4
    assert program(PATH, 1).count("cx q[0], q[1]; rz(-gamma0) q[1]; cx q[0], q[1];") == 1


# The way uphill
def test_a_few_jobs_uphill_cut_far_more_than_guessing(client):
    """Eight nodes, two layers, five steps. The exact ratio is 0.817 at the first angles, 0.925 at the best, 0.6 of
    guesses; a standard error is 0.0025: 0.8 fails by chance in less than a run in a million."""
    graph = regular_graph(8, 1)
    with client.loop(uuid.uuid4().hex, target=QVM, session=True) as loop:
        found = search(loop, graph, layers=2, steps=5)
        assert loop.place == 6
    assert found.way[-1].mean > found.way[0].mean
    assert found.ratio > 0.8
    assert graph.sizes[found.best] == graph.largest
    assert 0 < found.ratio_error < 0.01


def test_the_ratio_and_its_error_are_those_of_the_shots():
    found = Found(PATH, [Step(np.zeros(2), 1.5, 3)], {0b0000: 50, 0b0101: 50})
    assert found.ratio == pytest.approx(0.5)
    assert found.ratio_error == pytest.approx(0.05)
    assert found.optimal_share == 0.5
    assert found.best == 0b0101


def test_a_picture_is_drawn_of_any_graph_even_one_in_two_parts(tmp_path):
    parts = Graph(4, ((0, 1), (2, 3)))
    found = Found(parts, [Step(np.zeros(2), 1.0, 2)], {0b0101: 3, 0: 1})
    draw(found, tmp_path / "new" / "cut.svg")
    assert "</svg>" in (tmp_path / "new" / "cut.svg").read_text()


# The command
def command(service, *arguments, **environment):
    kept = {**os.environ, **service.environment, **environment}
    words = [sys.executable, "-m", "examples.tight.maxcut", *arguments]
    return subprocess.run(words, capture_output=True, text=True, env=kept, cwd=REPOSITORY, check=False)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "fault"),
    [
        ([], {"STORAGE_ACCOUNT_NAME": ""}, 1, "`python -m local run -- COMMAND` starts a local cloud"),
        (["--nodes", "7"], {}, 1, "--nodes must be even and lie between 4 and 20; it is 7"),
        (["--layers", "0"], {}, 2, "--layers must lie between 1 and 8"),
        (["--target", "ionq.qpu.aria-1"], {}, 1, "limits.maxCost is 1.00 USD"),
    ],
)
def test_a_mistake_is_said_in_one_line_before_anything_is_spent(service, mistake, arguments, environment, code, fault):
    before = service.workspace_jobs()
    ended, said = mistake(maxcut.main, arguments, environment)
    assert (ended, said.count("\n")) == (code, 0)
    assert fault in said
    assert service.workspace_jobs() == before


@pytest.mark.long
def test_fourteen_nodes_come_to_the_ratio_that_three_layers_allow_and_a_second_run_pays_nothing(service, tmp_path):
    """The exact best ratio near here is 0.871; 0.85 is fourteen standard errors below, so not chance but a worse way
    would fail it. One shot in nine is an optimum then, where one guess in eight thousand is."""
    arguments = ["--to", str(tmp_path / "cut.png")]
    done = command(service, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    ratio, share = re.search(r"ratio +([\d.]+) .*\noptimum +([\d.]+)%", done.stdout).groups()
    assert 0.85 < float(ratio) < 0.88
    assert float(share) > 6
    assert (tmp_path / "cut.png").read_bytes().startswith(b"\x89PNG")
    assert "15, 15 of them from the checkpoint of an earlier run" in command(service, *arguments).stdout
