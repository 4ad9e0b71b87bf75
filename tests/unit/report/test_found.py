"""The published schema is that of what is written."""

import json
from pathlib import Path

import jsonschema
import pytest

import made_up
from letterlab.report.findings_file import schema, write_findings
from letterlab.study.results import Failure

PUBLISHED = Path(__file__).parents[3] / "docs" / "findings.schema.json"


def test_what_is_published_is_up_to_date():
    assert PUBLISHED.read_text(encoding="utf-8") == schema(), "run `make schema`"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"plan": made_up.small(made_up.mlp(seeds=1), made_up.own()), "absent": "K", "waiting": 7},
        {"failed": (Failure("cnn-factors/base.seed0", "Cold."),), "drawn": True},
    ],
    ids=["all", "unfinished", "failed"],
)
def test_findings_keep_it(tmp_path, given):
    write_findings(made_up.results(**given), tmp_path / "findings.json")
    found = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(published)
    validator.validate(found)
    assert found["schema"] == published["$id"]
    assert list(found) == published["required"]
    assert not validator.is_valid(found | {"schema": "urn:letterlab:findings:0"})


def test_it_says_what_its_numbers_are():
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert "rows are what a letter is" in published["description"]
    comparison = published["$defs"]["Comparison"]["properties"]
    assert "McNemar" in comparison["p_letters"]["description"]
    assert comparison["apart"]["type"] == "boolean"
    assert published["$defs"]["Findings"]["properties"]["counts"]["minItems"] == 26
