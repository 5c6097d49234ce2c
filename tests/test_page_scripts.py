"""What the pages of all projects share, in Node."""

import pytest

from shared.serving.pages import COMMON
from shared.testing.node import WHY_NOT, run_node

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

OVERTAKEN = """
import { readFileSync } from "node:fs";
import { latest } from "./common.mjs";

readFileSync(0);
const after = (milliseconds, value) => new Promise((resolve) => setTimeout(resolve, milliseconds, value));
const failing = after(20).then(() => { throw new Error("too late to matter"); });
const asked = [latest("a", after(30, 1)), latest("a", failing), latest("a", after(10, 3)), latest("b", after(40, 4))];
console.log(JSON.stringify(await Promise.all(asked)));
"""


def test_an_answer_or_a_mistake_that_is_overtaken_is_not_shown() -> None:
    assert run_node(COMMON, OVERTAKEN, {}) == [None, None, 3, 4]
