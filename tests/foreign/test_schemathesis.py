"""schemathesis reads a description of an API and asks what its author did not think of: whatever it asks, nothing answers 5xx.

The suite asks each operation a few times; JUQUN_TEST_EXAMPLES=500 makes it a long night. The draws are seeded.
"""

import os

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis.generation import GenerationMode

from juqun.domains.commerce import operations as commerce
from juqun.domains.org.testing import make_small_chain
from juqun.lake.testing import fresh_lake
from tests.foreign.emulator_description import describe
from wecom_emulator.running import run_in_thread

EXAMPLES = int(os.environ.get("JUQUN_TEST_EXAMPLES", "6"))
SEED = 20261122
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def ask_everything(schema, examples=EXAMPLES, **call):
    """How often each status was seen; raises with the request that was answered 5xx."""
    seen = {}
    bounded = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in MODES:
            _ask(operation, mode, bounded, seen, call)
    return seen


def _ask(operation, mode, bounded, seen, call):
    @hypothesis.seed(SEED)
    @bounded
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call(**call)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, f"{answer.status_code}: {case.as_curl_command()}"

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, (
            f"{operation.label}: nothing can be asked"
        )  # all that can be said is right


@pytest.fixture
def _connection_stays():
    """A request's end closes connections; here it is the test's own, with its transaction in it."""
    for told in (request_started, request_finished):
        told.disconnect(close_old_connections)
    yield
    for told in (request_started, request_finished):
        told.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("_connection_stays")
@pytest.mark.filterwarnings("default")
def test_our_own_api_answers_whatever_is_asked(settings, tmp_path):
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    settings.ALLOWED_HOSTS = ["*"]
    chain = make_small_chain()
    key = commerce.create_till_key(store_id=chain.tianhe.id, name="schemathesis").secret
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    seen = ask_everything(schema, headers={"Authorization": f"Bearer {key}"})
    assert seen.get(200, 0) > 0
    assert sum(count for status, count in seen.items() if 400 <= status < 500) > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_emulator_answers_whatever_is_asked():
    with run_in_thread() as emulator:
        schema = schemathesis.openapi.from_dict(describe(emulator))
        schema.config.update(base_url=emulator.base_url)
        seen = ask_everything(schema, max(2, EXAMPLES // 3))  # it has 170 operations
        assert seen.get(200, 0) > 0
