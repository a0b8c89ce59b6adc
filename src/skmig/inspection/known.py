"""The allowlist: which names a pickle may import and call without being remarked upon.

Classes and functions are allowed one by one, or by patterns that are as narrow as a module; never
whole packages, because packages of good repute hold functions that run code, and import modules
that do.  scikit-learn's own classes come from the table of names (`table`), taken in every release.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

from skmig.inspection import table

Use = Literal["class", "function"]
# how a name is used: `mention`: it stands as a value, and others may call it with what they hold;
# `make`: an object is made without its constructor; `call`: it is called with what the file says
How = Literal["mention", "make", "call"]

# what is known to run code, read or write files, or reach other names
_EXECUTORS = {
    "os",
    "posix",
    "nt",
    "subprocess",
    "_posixsubprocess",
    "pty",
    "sys",
    "shutil",
    "socket",
    "ctypes",
    "_ctypes",
    "importlib",
    "imp",
    "runpy",
    "code",
    "codeop",
    "commands",
    "popen2",
    "platform",
    "webbrowser",
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "types",
    "pydoc",
    "timeit",
    "cProfile",
    "profile",
    "bdb",
    "pdb",
    "doctest",
    "trace",
    "threading",
    "_thread",
    "multiprocessing",
    "asyncio",
    "signal",
    "gc",
    "inspect",
    "linecache",
    "tempfile",
    "urllib",
    "urllib2",
    "requests",
    "http",
    "httplib",
    "ftplib",
    "smtplib",
    "telnetlib",
    "pip",
    "setuptools",
    "distutils",
    "ensurepip",
    "venv",
    "zipimport",
    "pkgutil",
    "torch",
    "io",
    "_io",
    "pathlib",
    "glob",
    "builtins",
    "__builtin__",
    "operator",
    "_operator",
    "functools",
    "copyreg",
    "copy_reg",
}
# modules of scientific packages that run what they are given; the rest of a package is `unknown`
_EXECUTOR_MODULES = re.compile(
    r"numpy\.(testing|f2py|distutils|lib\.(npyio|_npyio_impl|utils|_utils_impl)|ctypeslib|compat)"
    r"(\..*)?|numpy\.(load|save|memmap|fromfile)|joblib(\..*)?|sklearn\.externals(\..*)?"
    r"|pandas\.(io|eval|core\.computation)(\..*)?|scipy\.(io|_lib|weave)(\..*)?"
)

_SCALARS = (
    r"bool_?|u?int(8|16|32|64|c|p|_)?|float(16|32|64|128|_)?|complex(64|128|256|_)?|str_?|bytes_?"
    r"|object_?|unicode_|string_|void|datetime64|timedelta64|(u?(byte|short|long|longlong)|half"
    r"|single|double|longdouble|csingle|cdouble|clongdouble|number|integer|floating|generic)"
)
_CLASSES = (
    ("builtins|__builtin__", r"object|list|dict|set|frozenset|tuple|int|long|float|complex|str"
     r"|unicode|bytes|bytearray|bool|slice|range|xrange|NoneType|Ellipsis|NotImplemented"),
    ("collections", r"OrderedDict|defaultdict|deque|Counter"),
    ("datetime", r"date|time|datetime|timedelta|timezone"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
    ("types", "SimpleNamespace"),
    ("functools", "partial"),
    ("_?operator", "itemgetter|attrgetter"),
    ("pathlib(._local)?", r"Pure(Posix|Windows)?Path|PosixPath|WindowsPath"),
    ("numpy", rf"ndarray|dtype|matrix|recarray|record|{_SCALARS}"),
    # what it calls is a name of its own; calling it while unpickling is found as call-of-value
    (r"numpy(\.lib\._?function_base(_impl)?)?", "vectorize"),
    (r"numpy\.dtypes", r"[A-Z]\w+DType"),
    (r"numpy\.(matrixlib\.defmatrix)", "matrix"),
    (r"numpy\.(core|_core)\.records|numpy\.rec", "recarray|record"),
    (r"numpy\.ma(\.core)?", "MaskedArray|MaskedConstant"),
    (r"numpy\.random(\.mtrand|\._generator)?", "RandomState|Generator"),
    (r"numpy\.random\._(mt19937|pcg64|philox|sfc64)", "MT19937|PCG64|PCG64DXSM|Philox|SFC64"),
    (r"numpy\.random\.(_?bit_generator)", "SeedSequence"),
    (r"scipy\.sparse\.?_?(csr|csc|coo|lil|dok|dia|bsr)?",
     r"(csr|csc|coo|lil|dok|dia|bsr)_(matrix|array)"),
    (r"scipy\.stats\._distn_infrastructure", r"rv_(continuous_|discrete_)?frozen|rv_sample"),
    (r"scipy\.stats\.(_distn_infrastructure|_continuous_distns|_discrete_distns|distributions)",
     r"\w+_gen|rv_(continuous|discrete)|rv_histogram"),
    (r"scipy\.interpolate(\._?\w+)?",
     r"interp1d|_?BSpline|PPoly|CubicSpline|PchipInterpolator|UnivariateSpline"
     r"|InterpolatedUnivariateSpline|LSQUnivariateSpline|Akima1DInterpolator"),
    (r"scipy\.spatial(\.c?kdtree|\._c?kdtree)?", "cKDTree|KDTree|cKDTreeNode"),
    (r"(sklearn\.externals\.)?joblib\.numpy_pickle(_compat)?",
     "NumpyArrayWrapper|NDArrayWrapper|ZNDArrayWrapper"),
    (r"(sklearn\.externals\.)?joblib\.memory", "Memory"),
    (r"(sklearn\.externals\.)?joblib\._store_backends", "FileSystemStoreBackend"),
    (r"sklearn\.datasets\.base", "Bunch"),
    # `cv_results_` of 0.19 and 0.20, which names the warning that it gives
    (r"sklearn\.utils\.deprecation", "DeprecationDict"),
    ("builtins|__builtin__|exceptions", r"(Future|Deprecation|User|Runtime)?Warning"),
    (r"pandas(\.core\.(frame|series|generic))?", "DataFrame|Series"),
    (r"pandas\.core\.indexe?s?\.\w+|pandas\.indexes\.\w+|pandas", r"([A-Z]\w*)?Index|FrozenList"),
    (r"pandas\.core\.(internals(\.\w+)?)", r"(Single)?(Block|Array)Manager|\w*Block"),
    (r"pandas(\.core)?\.arrays(\.\w+)*|pandas\.core\.categorical|pandas", r"Categorical|\w+Array"),
    (r"pandas\.core\.dtypes\.(dtypes|base)|pandas\.core\.arrays(\.\w+)*|pandas", r"\w+Dtype"),
    (r"pandas\._libs\.(internals|tslibs\.\w+|interval|missing|index|arrays)",
     r"BlockPlacement|Timestamp|Timedelta|Period|NaTType|NAType|Interval|NDArrayBacked|\w+Engine"
     r"|BaseOffset|Day|Hour|Minute|Second|MonthEnd|MonthBegin|Week|BusinessDay"),
    (r"pandas\.core\.flags", "Flags"),
    (r"pandas(\._libs\.(missing|tslibs\.nattype))?", "NA|NaT"),
)  # fmt: skip

# functions that may be called while unpickling
_CALLED = (
    ("copyreg|copy_reg", "_reconstructor|__newobj__|__newobj_ex__"),
    ("_codecs", "encode"),
    ("re|_?sre", "_compile"),
    ("array", "array|_array_reconstructor"),
    ("logging", "getLogger"),
    ("numpy", "dtype"),
    (r"numpy\.(core|_core)\.multiarray", "_reconstruct|scalar"),
    (r"numpy\.(core|_core)\.numeric", "_frombuffer"),
    (r"numpy\.(core|_core)", "_ufunc_reconstruct"),
    (r"numpy\.ma\.core", "_mareconstruct"),
    (r"numpy\.random", "__RandomState_ctor"),
    (r"numpy\.random\._pickle", "__randomstate_ctor|__generator_ctor|__bit_generator_ctor"),
    (r"numpy\.random\.(_?bit_generator|_mt19937|_pcg64|_philox|_sfc64)", r"__pyx_unpickle_\w+"),
    (r"scipy\.spatial\.c?_?c?kdtree", r"__pyx_unpickle_\w+"),
    (r"pandas\.core\.indexe?s?\.\w+|pandas\.indexes\.\w+",
     "_new_(Index|DatetimeIndex|PeriodIndex|TimedeltaIndex)"),
    (r"pandas\.core\.internals\.(blocks|managers)", "new_block|_unpickle_block"),
    (r"pandas\._libs\.(internals|tslibs\.\w+|arrays|missing|interval)",
     r"_unpickle_block|__pyx_unpickle_\w+|_nat_unpickle|_unpickle_timestamp|_timedelta_unpickle"
     r"|_period_unpickle"),
    # columns of text of pandas 3 where pyarrow is installed: arrays made of buffers
    (r"pyarrow\.lib", "_restore_array|chunked_array|py_buffer|type_for_alias"),
)  # fmt: skip

# functions that may be mentioned: parameters of estimators, which call them with the data
_UFUNCS = (
    r"abs|absolute|add|all|any|amax|amin|arc(cos|sin|tan|tan2)h?|argmax|argmin|around|array"
    r"|asarray|atleast_[123]d|average|cbrt|ceil|clip|concatenate|conj|cos|cosh|cumprod|cumsum"
    r"|deg2rad|degrees|diff|divide|dot|equal|exp|exp2|expand_dims|expm1|fabs|fix|floor|fmax|fmin"
    r"|greater|hstack|hypot|identity|invert|isfinite|isinf|isnan|isin|less|log|log10|log1p|log2"
    r"|logical_(and|or|not|xor)|max|maximum|mean|median|min|minimum|mod|multiply|nan_to_num"
    r"|nanmax|nanmean|nanmedian|nanmin|nanstd|nansum|nanvar|negative|not_equal|ones_like|positive"
    r"|power|prod|ptp|rad2deg|radians|ravel|reciprocal|remainder|reshape|rint|round|round_|sign"
    r"|sin|sinh|sort|sqrt|square|squeeze|stack|std|subtract|sum|tan|tanh|transpose|trunc|unique"
    r"|var|vstack|where|zeros_like|float_power"
)
_MENTIONED = (
    ("builtins|__builtin__", r"len|abs|min|max|sum|sorted|round|repr|any|all|hash|zip|enumerate"
     r"|reversed"),
    # module by module: importing numpy.f2py.__main__ would already run something
    (r"numpy(\.ma(\.core|\.extras)?|\.(core|_core|lib)(\._?(umath|multiarray|_multiarray_umath"
     r"|numeric|fromnumeric|shape_base|function_base|nanfunctions|arraysetops|type_check|ufunclike"
     r"|_methods)(_impl)?)?)?", _UFUNCS),
    (r"numpy\.linalg(\._?linalg)?", "norm|det|inv|pinv|svd|eigh?"),
    (r"scipy\.special(\._(ufuncs|logsumexp|basic))?",
     r"expit|logit|boxcox1?p?|inv_boxcox1?p?|erf|erfc|gamma|gammaln"
     r"|xlogy|softmax|log_softmax|logsumexp|psi|digamma|exp10|log1p|expm1|ndtri?"),
    (r"scipy\.spatial\.distance",
     r"braycurtis|canberra|chebyshev|cityblock|correlation|cosine|dice|euclidean|hamming|jaccard|jensenshannon|kulsinski|kulczynski1|mahalanobis|matching"
     r"|minkowski|rogerstanimoto|russellrao|seuclidean|sokalmichener|sokalsneath|sqeuclidean"
     r"|wminkowski|yule|cdist|pdist|squareform"),
    (r"scipy\.stats(\._?(stats|stats_py|morestats|mstats_basic))?",
     r"pearsonr|spearmanr|kendalltau|zscore|skew|kurtosis|iqr|gmean|hmean"),
    (r"sklearn\.(metrics|feature_selection|feature_extraction|preprocessing|cluster|covariance"
     r"|decomposition|manifold|neighbors|svm|linear_model|gaussian_process|kernel_approximation"
     r"|neural_network|isotonic|impute|model_selection|base|utils\.(extmath|validation"
     r"|sparsefuncs|class_weight|stats|_encode|_param_validation))(\.\w+)*", r"[A-Za-z_]\w*"),
)  # fmt: skip
# parts of scikit-learn that hold tools, not models
_TOOLS = re.compile(
    r"sklearn\.(utils\.(_?testing|_?mocking|estimator_checks|_test_common\S*|deprecation"
    r"|_pprint|parallel|_joblib|_show_versions|_estimator_html_repr|_repr_html\S*|discovery"
    r"|_unittest_backport|_plotting|_array_api|_available_if|metaestimators|_set_output|fixes)"
    r"|callback|experimental|externals|datasets|tests|conftest"
    r"|show_versions|setup|_build_utils|_min_dependencies|__check_build)(\..*)?"
)


# functions of scikit-learn that call what they are given, or make folders
_FUNCTIONS_LEFT_OUT = {
    "check_memory", "delayed", "parallel_helper", "_cached_call", "_fit_context", "__getattr__",
    "_deprecate_positional_args", "_generate_get_feature_names_out", "set_seed_wrap",
    "set_verbosity_wrap", "load_heap", "_parallel_pairwise",
}  # fmt: skip
# of `sklearn.utils` itself only what a model holds: it also offers Parallel and Memory
_UTILS = {"Bunch"}
# what pickle and pandas make of classes that they call with what the file says: plain values, and
# compiled objects whose constructors take sizes
_CONSTRUCTED = (
    ("builtins|__builtin__", r"object|set|frozenset|list|dict|tuple|bytes|bytearray|complex|slice"
     r"|range|xrange|int|long|float|bool|str|unicode|type"),
    ("builtins|__builtin__|exceptions", r"(Future|Deprecation|User|Runtime)?Warning"),
    ("collections", r"OrderedDict|defaultdict|deque|Counter"),
    ("datetime|decimal|fractions|uuid|types", r"date|time|datetime|timedelta|timezone|Decimal"
     r"|Fraction|UUID|SimpleNamespace"),
    ("functools", "partial"),
    ("_?operator", "itemgetter|attrgetter"),
    ("pathlib(._local)?", r"Pure(Posix|Windows)?Path|PosixPath|WindowsPath"),
    ("numpy", rf"dtype|{_SCALARS}"),
    (r"numpy\.dtypes", r"[A-Z]\w+DType"),
    (r"numpy\.random\._(mt19937|pcg64|philox|sfc64)", "MT19937|PCG64|PCG64DXSM|Philox|SFC64"),
    (r"numpy\.ma(\.core)?", "MaskedConstant"),
    (r"scipy\.spatial(\.c?kdtree|\._c?kdtree)?", "cKDTree|KDTree|cKDTreeNode"),
    (r"pandas\._libs\.(internals|tslibs\.\w+|interval|arrays)",
     r"BlockPlacement|Timestamp|Timedelta|Period|Interval|BaseOffset|Day|Hour|Minute|Second"
     r"|MonthEnd|MonthBegin|Week|BusinessDay"),
    (r"pandas\.core\.dtypes\.(dtypes|base)|pandas\.core\.arrays(\.\w+)*|pandas", r"\w+Dtype"),
    (r"pandas(\.core)?\.arrays(\.\w+)*|pandas\.core\.categorical|pandas", r"Categorical|\w+Array"),
    (r"pandas\.core\.(internals(\.\w+)?)", r"(Single)?(Block|Array)Manager|\w*Block"),
    (r"pandas\.core\.indexe?s?\.\w+", "FrozenList"),
)  # fmt: skip
# scikit-learn's own compiled classes, and warnings; its estimators are made without a constructor
_CONSTRUCTED_SKLEARN = re.compile(
    r"sklearn\.(exceptions|utils\.(validation|_?seq_dataset|_?weight_vector|_?fast_dict|_random"
    r"|_vector_sentinel)|tree\.(_tree|_criterion|_splitter|_partitioner|_utils)|_loss(\.\w+)?"
    r"|linear_model\._?sgd_fast(_helpers)?|metrics\._dist_metrics"
    r"|neighbors\.(_?dist_metrics|_?ball_tree|_?kd_tree|_?quad_tree|_partition_nodes|typedefs)"
    r"|ensemble\._?(gradient_boosting|hist_gradient_boosting\.\w+)|ensemble\.weight_boosting"
    r"|manifold\._barnes_hut_tsne|cluster\._(hierarchical_fast|hdbscan\.\w+))"
)


_RULES = {
    "class": _CLASSES,
    "called": _CALLED,
    "mentioned": _MENTIONED,
    "constructed": _CONSTRUCTED,
}
_compiled = functools.cache(re.compile)  # when it is wanted: to compile all takes a while


@functools.lru_cache(maxsize=4096)
def _listed(rules: str, module: str, name: str) -> bool:
    return any(
        _compiled(modules).fullmatch(module) and _compiled(names).fullmatch(name)
        for modules, names in _RULES[rules]
    )


def allowed(module: str, name: str, how: How) -> Use | None:
    """What an allowed name is; None if it is not on the list for this use."""
    # a dotted name reaches into whatever its module has imported, a letter of another alphabet
    # only looks like the name that it is not
    if "." in name or not (module + name).isascii():
        return None
    if module == "_loss":  # a Cython module that forgot its package (1.4 to 1.8)
        module = "sklearn._loss._loss"
    if _listed("class", module, name):
        return "class" if how != "call" or _constructed(module, name) else None
    if module.startswith("sklearn.") or module == "sklearn":
        return _of_sklearn(module, name, how)
    if _listed("called", module, name):
        return "function"
    if how == "mention" and _listed("mentioned", module, name):
        return "function"
    return None


def _of_sklearn(module: str, name: str, how: How) -> Use | None:
    old_masked_array = (module, name) == ("sklearn.utils.fixes", "MaskedArray")
    if (_TOOLS.fullmatch(module) and not old_masked_array) or (
        module == "sklearn.utils" and name not in _UTILS
    ):
        return None
    kind = table.kind_of(module, name)
    if kind == "class":
        return "class" if how != "call" or _constructed(module, name) else None
    if kind == "function":
        if name == "newObj" or name.startswith("__pyx_unpickle_"):
            return "function"
        if how == "mention" and name not in _FUNCTIONS_LEFT_OUT:
            return "function" if _listed("mentioned", module, name) else None
    return None


def _constructed(module: str, name: str) -> bool:
    if _listed("constructed", module, name):
        return True
    return _CONSTRUCTED_SKLEARN.fullmatch(module) is not None


def dangerous(module: str) -> bool:
    """Is this a module whose functions are known to run code or to touch files?"""
    return module.partition(".")[0] in _EXECUTORS or bool(_EXECUTOR_MODULES.fullmatch(module))


# scipy's distributions keep a template of Python code in their state and run it when they are
# unpickled (scipy/stats/_distn_infrastructure.py, _construct_argparser)
_TEMPLATE = re.compile(
    r"\s*(def _parse_args(_rvs|_stats)?\(self,[\w, =.'-]*\):\s*"
    r"return (self\._argcheck_rvs\([\w, =.'-]*\)|\([\w, ]*\), [\w, .'-]*)\s*)+"
)


def honest_template(text: object) -> bool:
    """Is this the code that scipy itself writes for a distribution, and no other?"""
    return type(text) is str and _TEMPLATE.fullmatch(text) is not None
