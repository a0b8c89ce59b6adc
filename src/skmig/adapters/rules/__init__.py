"""One module a release that changed anything; `LINE` is all of them, oldest first."""

from skmig.adapters.ops import RuleSet
from skmig.adapters.rules.v0_19_0 import RULES as V0_19_0
from skmig.adapters.rules.v0_19_1 import RULES as V0_19_1
from skmig.adapters.rules.v1_3_0 import RULES as V1_3_0
from skmig.adapters.rules.v1_3_1 import RULES as V1_3_1
from skmig.adapters.rules.v1_4_0 import RULES as V1_4_0
from skmig.adapters.rules.v1_5_0 import RULES as V1_5_0
from skmig.adapters.rules.v1_6_0 import RULES as V1_6_0
from skmig.adapters.rules.v1_7_0 import RULES as V1_7_0
from skmig.adapters.rules.v1_8_0 import RULES as V1_8_0
from skmig.adapters.rules.v1_9_0 import RULES as V1_9_0

LINE: tuple[RuleSet, ...] = (
    V0_19_0,
    V0_19_1,
    V1_3_0,
    V1_3_1,
    V1_4_0,
    V1_5_0,
    V1_6_0,
    V1_7_0,
    V1_8_0,
    V1_9_0,
)
