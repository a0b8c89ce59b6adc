"""Writes the table of `make faults`: `python -m tests.faults.figures RESULTS.xml PAGE.md`."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

KINDS = {
    "test_the_engine_goes": "engine killed or stopped, at every stage of a run",
    "test_the_engine_goes_in_a_job": "engine killed or stopped while a job runs in its container",
    "test_the_engine_goes_in_a_build": "engine killed or stopped while an image is built",
    "test_a_signal": "SIGINT, SIGTERM, SIGHUP, three times each, at every stage of a docker run",
    "test_a_signal_at_a_stage": "SIGINT, SIGTERM, SIGHUP at every stage of a local run",
    "test_sigkill_and_again": "SIGKILL at every stage, then the same run again",
    "test_pressing_it_twice": "Ctrl-C five times",
    "test_a_folder_of_models": "Ctrl-C in the middle of a folder",
    "test_other_commands": "Ctrl-C twice in check, export, verify, verify --original, matrix",
    "test_waiting_for_another_process": "Ctrl-C while another process makes the environment",
    "test_no_room_in_the_engine": "engine's disk full: copying in, starting a worker, building",
    "test_out_of_memory": "container out of memory",
    "test_what_a_job_may_meet": "job killed, crashed, endless, no memory, no disk; worker killed",
    "test_no_room_for_temporary_files": "TMPDIR full, at many sizes",
    "test_no_room_for_the_result": "output's disk full",
    "test_no_room_for_an_environment": "cache's disk full",
    "test_a_folder_that_only_can_be_read": "output's disk read-only",
    "test_outputs_that_are_no_files": "output is a pipe, a folder, a link to the original",
    "test_the_folder_is_removed_meanwhile": "output's folder removed meanwhile",
    "test_the_original_is_changed_meanwhile": "original changed meanwhile",
    "test_the_original_is_removed_meanwhile": "original taken away meanwhile",
    "test_two_runs_on_one_output": "two runs on one output, with --force",
    "test_two_runs_without_force": "two runs on one output, without",
    "test_a_living_run_is_not_swept": "a stopped run beside another",
    "test_nobody_reads_the_answer": "stdout and stderr that nobody reads",
    "test_the_answer_cannot_be_written": "stdout on a full disk",
    "test_streams_that_are_closed": "stdout and stderr closed",
    "test_a_clock_that_jumps": "wall clock jumps by days, stands in 1976 or 2116",
    "test_killed_at_every_step": "SIGKILL at every single file operation of writing a pair",
}


def table(results: Path) -> list[str]:
    """The rows of the table: kind, faults injected, survived."""
    injected: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    for case in ElementTree.parse(results).iter("testcase"):
        name = re.sub(r"[\[@].*", "", case.get("name", ""))  # xdist adds its group
        if case.find("skipped") is not None or name not in KINDS:
            continue
        said = [item.get("value") for item in case.iter("property") if item.get("name") == "faults"]
        number = int(said[0]) if said and said[0] else 1
        injected[name] += number
        if case.find("failure") is None and case.find("error") is None:
            survived[name] += number
    rows = [f"| {KINDS[name]} | {injected[name]} | {survived[name]} |" for name in KINDS]
    whole = f"| all | {injected.total()} | {survived.total()} |"
    return ["| fault | injected | survived |", "|---|---:|---:|", *rows, whole]


def main() -> None:
    results, page = map(Path, sys.argv[1:])
    head, _, _ = page.read_text("utf-8").partition("| fault |")
    page.write_text(head.rstrip() + "\n\n" + "\n".join(table(results)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
