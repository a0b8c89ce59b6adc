"""What loading a file as it is would have meant, in one sentence."""

from __future__ import annotations

from skmig.parity.verdict import Parity, Verdict


def naive_sentence(found: Parity) -> str:
    """The sentence for the comparison of the source with a plain load in the target."""
    if not found.methods:
        return "it loads, and has no method that could be asked"
    raised = [item for item in found.failures if item.text.startswith("the target raises")]
    if raised:
        return f"it loads, and crashes at {raised[0].method}: {raised[0].text}"
    wrong = [item for item in found.failures if item.verdict is Verdict.DIFFERENT]
    if wrong:
        said = []
        for item in wrong:
            if item.mismatched_labels and not item.max_abs:
                labels = f"{item.mismatched_labels} of {item.n} labels are others"
                said.append(f"{item.method}: {labels}")
            else:
                said.append(f"{item.method} by up to {item.max_abs:.2g}")
        return f"it loads without an error and predicts something else: {'; '.join(said)}"
    if found.failures:
        return f"it loads, but {found.failures[0].text}"
    return "it would have predicted the same"
