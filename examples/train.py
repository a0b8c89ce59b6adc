"""Trains `tickets.joblib`: a text classifier of support tickets, tf-idf and a linear model.

The shipped file was made with scikit-learn 1.1.0:

    python examples/train.py examples/tickets.joblib [KIND...]

With kinds (`billing`, …) it learns those alone.
"""

import itertools
import sys

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

OPENINGS = (
    "hello the",
    "please help the",
    "since today the",
    "again the",
    "why does the",
    "dear team the",
)
SUBJECTS = {
    "billing": ("invoice", "refund", "card payment", "subscription fee", "discount code"),
    "delivery": ("parcel", "courier", "tracking page", "delivery date", "package"),
    "account": ("password reset", "login page", "user profile", "two factor code", "email address"),
}
COMPLAINTS = {
    "billing": ("was charged twice", "shows the wrong amount", "has not been booked"),
    "delivery": ("is late and nobody answers", "arrived damaged", "went to the wrong street"),
    "account": ("does not work", "is locked again", "cannot be changed"),
}
# words that stand in tickets of every kind: what tf-idf is there to weigh down
FILLERS = ("again", "please check", "this is urgent", "thank you", "order number missing")


def tickets(kinds=()):
    """Texts and labels, always the same; of some kinds or of all."""
    texts, labels = [], []
    for label in sorted(kinds or SUBJECTS):
        parts = itertools.product(OPENINGS, SUBJECTS[label], COMPLAINTS[label])
        for i, (opening, subject, complaint) in enumerate(parts):
            filler = FILLERS[i % len(FILLERS)]
            texts.append(" ".join((opening, subject, complaint, filler)))
            labels.append(label)
    return texts, labels


def main():
    texts, labels = tickets(sys.argv[2:])
    model = Pipeline(
        [
            ("tfidf", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, norm=None)),
            ("classifier", LogisticRegression(C=0.02, max_iter=1000)),
        ]
    )
    model.fit(texts, labels)
    joblib.dump(model, sys.argv[1], compress=3)


if __name__ == "__main__":
    main()
