"""Serves what is active in a store: answers the tickets of a file, one a line, and logs them.

    python examples/serve.py STORE ENVIRONMENT LOG TICKETS

Needs numpy, scikit-learn and `pip install --no-deps skmig`.
"""

import collections
import sys
from pathlib import Path

import skmig

AT_ONCE = 10  # tickets that come together


def main() -> None:
    store, environment, log, tickets = sys.argv[1:]
    version = skmig.open_store(store).active(environment)
    path = version.local()
    model = skmig.load(path)
    texts = Path(tickets).read_text("utf-8").splitlines()
    answers: collections.Counter[str] = collections.Counter()
    with skmig.PredictionLog(log, record=path) as written:
        for start in range(0, len(texts), AT_ONCE):
            asked = texts[start : start + AT_ONCE]
            labels = model.predict(asked)
            proba = model.predict_proba(asked)
            written.add(asked, labels, probabilities=proba, labels=model.classes_)
            answers.update(labels.tolist())
    counts = ", ".join(f"{count} {label}" for label, count in sorted(answers.items()))
    sys.stdout.write(f"{version.version} answered {len(texts)} tickets: {counts}\n")


if __name__ == "__main__":
    main()
