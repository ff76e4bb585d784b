# SPDX-License-Identifier: MIT
"""halfulp's plugin for pytest.

Fixtures are the assertions of halfulp.testing. `@pytest.mark.halfulp_edges("float8_e4m3fn", "binary16")` calls a test
with every edge value of the formats, in an argument `edge`: zeros, ones, subnormals, the largest number, infinities
and NaN, each with its name in the test's.
"""

from __future__ import annotations

from typing import Any

import pytest

MARK = "halfulp_edges"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}(format, ...): call the test with the edge values of the formats, as `edge`")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker(MARK)
    if marker is None:
        return
    from halfulp.edges import edges

    try:
        found = [(f"{format}-{name}", number) for format in marker.args for name, number in edges(format).items()]
    except ValueError as error:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: {MARK}: {error}") from None
    metafunc.parametrize("edge", [number for _, number in found], ids=[name for name, _ in found])


@pytest.fixture
def assert_bits_equal() -> Any:
    """(got, want, format=None): every code is the same."""
    from halfulp import testing

    return testing.assert_bits_equal


@pytest.fixture
def assert_ulp() -> Any:
    """(got, want, most): no element is more than so many steps of the format apart."""
    from halfulp import testing

    return testing.assert_ulp


@pytest.fixture
def assert_matches() -> Any:
    """(got, a, b, c=None, unit=..., order=...): got is A B + C as the unit computes it."""
    from halfulp import testing

    return testing.assert_matches


@pytest.fixture
def assert_within_bound() -> Any:
    """(got, a, b, c=None, unit=..., order=...): no error is larger than the arithmetic may make."""
    from halfulp import testing

    return testing.assert_within_bound
