"""One module a release that changed anything; `LINE` is all of them, oldest first."""

from skmig.adapters.ops import RuleSet
from skmig.adapters.rules.v1_3_0 import RULES as V1_3_0
from skmig.adapters.rules.v1_3_1 import RULES as V1_3_1
from skmig.adapters.rules.v1_4_0 import RULES as V1_4_0

LINE: tuple[RuleSet, ...] = (
    V1_3_0,
    V1_3_1,
    V1_4_0,
)
