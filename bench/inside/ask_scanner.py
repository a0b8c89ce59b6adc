"""Asks one scanner about files, in the environment that it is installed in.

`python ask_scanner.py NAME FILE...` prints `{file: answer}`: "found" (it warns), "clean", or
"refused" (it says that it cannot read the file, or fails).  Every file is asked in a process of its
own, which may take SECONDS.
"""

import contextlib
import io
import json
import multiprocessing
import sys

SECONDS = 120


def picklescan(path):
    from picklescan.scanner import scan_file_path

    answer = scan_file_path(path)
    if answer.issues_count:
        return "found"
    return "refused" if answer.scan_err else "clean"


def modelscan(path):
    from modelscan.modelscan import ModelScan

    answer = ModelScan().scan(path)
    if answer["summary"]["total_issues"]:
        return "found"
    return "refused" if answer["errors"] else "clean"


def fickling(path):
    from fickling.analysis import Severity, check_safety
    from fickling.fickle import Pickled

    with open(path, "rb") as handle:
        answer = check_safety(Pickled.load(handle))
    return "clean" if answer.severity == Severity.LIKELY_SAFE else "found"


def modelaudit(path):
    from modelaudit.core import determine_exit_code, scan_model_directory_or_file

    answer = scan_model_directory_or_file(path, skip_file_types=False)
    return {0: "clean", 1: "found"}.get(determine_exit_code(answer), "refused")


SCANNERS = {
    "picklescan": picklescan,
    "modelscan": modelscan,
    "fickling": fickling,
    "modelaudit": modelaudit,
}


def ask(scanner, path, pipe):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            answer = SCANNERS[scanner](path)
        except Exception:
            answer = "refused"
    pipe.send(answer)


def main(scanner, paths):
    answers = {}
    context = multiprocessing.get_context("fork")
    for path in paths:
        ours, theirs = context.Pipe()
        process = context.Process(target=ask, args=(scanner, path, theirs))
        process.start()
        theirs.close()
        try:
            answers[path] = ours.recv() if ours.poll(SECONDS) else "refused"
        except EOFError:
            answers[path] = "refused"  # it died
        process.kill()
        process.join()
    return answers


if __name__ == "__main__":
    if sys.argv[1] == "modelaudit":
        import modelaudit.core  # so that not every process has to
    elif sys.argv[1] == "modelscan":
        import modelscan.modelscan
    elif sys.argv[1] == "fickling":
        import fickling.analysis
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2:])) + "\n")
