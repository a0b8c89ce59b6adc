"""One module a release that changed anything; `LINE` is all of them, oldest first."""

from skmig.adapters.ops import RuleSet

LINE: tuple[RuleSet, ...] = ()
