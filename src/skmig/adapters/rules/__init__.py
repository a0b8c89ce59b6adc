"""One module a release that changed anything; `LINE` is all of them, oldest first."""

from skmig.adapters.ops import RuleSet
from skmig.adapters.rules.v0_19_0 import RULES as V0_19_0
from skmig.adapters.rules.v0_19_1 import RULES as V0_19_1
from skmig.adapters.rules.v0_20_0 import RULES as V0_20_0
from skmig.adapters.rules.v0_20_1 import RULES as V0_20_1
from skmig.adapters.rules.v0_20_3 import RULES as V0_20_3
from skmig.adapters.rules.v0_20_4 import RULES as V0_20_4
from skmig.adapters.rules.v0_21_1 import RULES as V0_21_1
from skmig.adapters.rules.v0_21_3 import RULES as V0_21_3
from skmig.adapters.rules.v0_22 import RULES as V0_22
from skmig.adapters.rules.v0_23_0 import RULES as V0_23_0
from skmig.adapters.rules.v0_23_2 import RULES as V0_23_2
from skmig.adapters.rules.v0_24_0 import RULES as V0_24_0
from skmig.adapters.rules.v0_24_2 import RULES as V0_24_2
from skmig.adapters.rules.v1_0 import RULES as V1_0
from skmig.adapters.rules.v1_0_1 import RULES as V1_0_1
from skmig.adapters.rules.v1_0_2 import RULES as V1_0_2
from skmig.adapters.rules.v1_1_0 import RULES as V1_1_0
from skmig.adapters.rules.v1_1_2 import RULES as V1_1_2
from skmig.adapters.rules.v1_1_3 import RULES as V1_1_3
from skmig.adapters.rules.v1_2_0 import RULES as V1_2_0
from skmig.adapters.rules.v1_2_1 import RULES as V1_2_1
from skmig.adapters.rules.v1_2_2 import RULES as V1_2_2
from skmig.adapters.rules.v1_3_0 import RULES as V1_3_0
from skmig.adapters.rules.v1_3_1 import RULES as V1_3_1
from skmig.adapters.rules.v1_3_2 import RULES as V1_3_2
from skmig.adapters.rules.v1_4_0 import RULES as V1_4_0
from skmig.adapters.rules.v1_4_1_post1 import RULES as V1_4_1_POST1
from skmig.adapters.rules.v1_5_0 import RULES as V1_5_0
from skmig.adapters.rules.v1_5_2 import RULES as V1_5_2
from skmig.adapters.rules.v1_6_0 import RULES as V1_6_0
from skmig.adapters.rules.v1_7_0 import RULES as V1_7_0
from skmig.adapters.rules.v1_8_0 import RULES as V1_8_0
from skmig.adapters.rules.v1_9_0 import RULES as V1_9_0

LINE: tuple[RuleSet, ...] = (
    V0_19_0,
    V0_19_1,
    V0_20_0,
    V0_20_1,
    V0_20_3,
    V0_20_4,
    V0_21_1,
    V0_21_3,
    V0_22,
    V0_23_0,
    V0_23_2,
    V0_24_0,
    V0_24_2,
    V1_0,
    V1_0_1,
    V1_0_2,
    V1_1_0,
    V1_1_2,
    V1_1_3,
    V1_2_0,
    V1_2_1,
    V1_2_2,
    V1_3_0,
    V1_3_1,
    V1_3_2,
    V1_4_0,
    V1_4_1_POST1,
    V1_5_0,
    V1_5_2,
    V1_6_0,
    V1_7_0,
    V1_8_0,
    V1_9_0,
)
