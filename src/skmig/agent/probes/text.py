"""Documents, dictionaries and labels for what reads no numbers."""

import numpy as np

from skmig.agent.probes.block import DICTS, LABELS, SETS, TEXT, TOKENS, Block
from skmig.agent.probes.features import fitted

# in no vocabulary that was learned from a language
UNSEEN = "qzxvk"
# for vectorizers that keep no vocabulary
_WORDS = (
    "the a of and to in is it you that was for on are with as be at one have this from or had by "
    "hot word but what some we can out other were all there when up use your how said an each she "
    "which do their time if will way about many then them write would like so these her long make "
    "thing see him two has look more day could go come did number sound no most people my over "
    "know water than call first who may down side been now find any new work part take get place"
).split()
_MAX_CHARS = 2000000


def documents(estimator, ctx):
    """Documents for a text vectorizer: every term alone or with few others, and mixtures."""
    vocabulary = fitted(estimator, "vocabulary_")
    terms = sorted(vocabulary, key=vocabulary.get) if vocabulary else list(_WORDS)
    tokens = False
    if not all(isinstance(term, str) for term in terms):
        terms, tokens = [str(term) for term in terms], True
    joiner = "" if getattr(estimator, "analyzer", "word") == "char" else " "
    alone = max(ctx.limit // 2, 1)
    size = -(-len(terms) // alone)
    groups = [terms[i : i + size] for i in range(0, len(terms), size)]
    for _ in range(min(max(ctx.limit - len(groups) - 12, 16), 512)):
        count = int(ctx.rng.randint(2, 40))
        groups.append([terms[i] for i in ctx.rng.randint(len(terms), size=count)])
    some = [terms[i] for i in ctx.rng.randint(len(terms), size=6)]
    groups += [[], [UNSEEN], [UNSEEN] + some, some * 3, [term.upper() for term in some]]
    groups += [["1984", "3.14"], ["\u00e9t\u00e9", "na\u00efve"], ["a-b", "c_d", "e's", "f,g;h!"]]
    if _wants_tokens(estimator) or tokens:
        return Block(TOKENS, groups)
    texts = [joiner.join(group) for group in groups]
    total = sum(len(text) for text in texts)
    if total > _MAX_CHARS:
        texts = texts[:: total // _MAX_CHARS + 1]
    return Block(TEXT, texts)


def _wants_tokens(estimator):
    """Does a custom analyzer take lists of tokens?  Then it does not know what to do with text."""
    analyzer = getattr(estimator, "analyzer", "word")
    if not callable(analyzer):
        return False
    try:
        analyzer("one two")
    except Exception:
        return True
    try:
        given = list(analyzer(["one", "two"]))
    except Exception:
        return False
    return given == ["one", "two"]


def join_terms(estimator, term_lists):
    """Documents that hold the given terms: the inverse of a vectorizer, as far as there is one."""
    terms = [[str(term) for term in row] for row in term_lists]
    if _wants_tokens(estimator):
        return Block(TOKENS, terms)
    joiner = "" if getattr(estimator, "analyzer", "word") == "char" else " "
    return Block(TEXT, [joiner.join(row) for row in terms])


def dictionaries(estimator, ctx):
    """Dicts for a DictVectorizer: every feature alone, mixtures, an unknown one, an empty one."""
    names = [str(name) for name in fitted(estimator, "feature_names_")]
    separator = getattr(estimator, "separator", "=")
    rng = ctx.rng
    # "color=red" stands for {"color": "red"}, "age" for {"age": 33.0}
    items = [tuple(name.split(separator, 1)) if separator in name else (name,) for name in names]

    def value(item):
        return item[1] if len(item) > 1 else float(np.round(rng.normal() * 3, 3))

    chosen = np.unique(np.linspace(0, len(items) - 1, min(len(items), ctx.limit // 2)).astype(int))
    rows = [{items[i][0]: value(items[i])} for i in chosen]
    for _ in range(min(ctx.limit // 2, 256)):
        picked = [items[i] for i in rng.randint(len(items), size=rng.randint(1, 12))]
        rows.append({item[0]: value(item) for item in picked})
    rows += [{}, {UNSEEN: 1.0}, {UNSEEN: UNSEEN}, {items[0][0]: UNSEEN}]
    return Block(DICTS, rows)


def hashables(estimator, ctx):
    """Input for a FeatureHasher, of the type that it was told to expect."""
    rng = ctx.rng
    rows = []
    for _ in range(min(ctx.limit, 256)):
        words = [_WORDS[i] for i in rng.randint(len(_WORDS), size=rng.randint(1, 12))]
        weights = [float(w) for w in np.round(rng.normal(size=len(words)), 3)]
        kind = getattr(estimator, "input_type", "dict")
        if kind == "string":
            rows.append(words)
        elif kind == "pair":
            rows.append(list(zip(words, weights)))
        else:
            rows.append(dict(zip(words, weights)))
    return Block(TOKENS if getattr(estimator, "input_type", "dict") == "string" else DICTS, rows)


def labels(estimator, ctx):
    """Known labels, each at least once, for encoders of a target."""
    if fitted(estimator, "classes_") is None:
        return None
    classes = np.asarray(fitted(estimator, "classes_"))
    if type(estimator).__name__ == "MultiLabelBinarizer":
        rows = [[label] for label in classes.tolist()[: ctx.limit]] + [[], classes.tolist()[:50]]
        for _ in range(64):
            count = int(ctx.rng.randint(1, min(len(classes), 6) + 1))
            picked = sorted(set(ctx.rng.randint(len(classes), size=count).tolist()))
            rows.append([classes.tolist()[i] for i in picked])
        return Block(SETS, rows)
    mixed = ctx.rng.randint(len(classes), size=min(3 * len(classes) + 8, ctx.limit))
    places = np.concatenate([np.arange(len(classes)), mixed])[: ctx.limit]
    if fitted(estimator, "y_type_") == "multilabel-indicator":
        return Block(LABELS, (ctx.rng.uniform(size=(64, len(classes))) < 0.4).astype(int))
    return Block(LABELS, classes[places])
