"""Container, compose and chart files, as far as they can be looked at without an engine: none runs in these tests."""

import json
import re
from pathlib import Path

import pytest

from generec.cli import app

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "generec"
TEMPLATES = sorted((CHART / "templates").glob("*.yaml"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
_ACTION = re.compile(r"\{\{-?.*?-?\}\}", re.S)


def plain(template):
    """A template as YAML: a line of nothing but an action goes, any other action becomes a word."""
    kept = (line for line in template.splitlines() if _ACTION.sub("", line).strip() or not _ACTION.search(line))
    return "\n".join(_ACTION.sub("x", line) for line in kept)


def of_kind(name, kind):
    """The object of a kind in a template, whatever its conditions."""
    found = yaml.safe_load_all(plain((CHART / "templates" / name).read_text(encoding="utf-8")))
    return next(one for one in found if one and one["kind"] == kind)


def parsed(words):
    """The options of a command line of generec. Raises click's UsageError where it would be refused."""
    from typer.main import get_command

    group = get_command(app)
    at = next(place for place, word in enumerate(words) if word in group.commands)
    command, rest = group.commands[words[at]], list(words[at + 1 :])
    while hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    return command.make_context("generec", rest).params


def test_the_image_runs_as_nobody_and_holds_no_secret():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line.split()[1] for line in lines if line.startswith("FROM")] == ["python:3.11-slim"] * 2
    assert "USER 10001:10001" in lines[lines.index("FROM python:3.11-slim") :]
    assert not re.search(r"(?i)(password|secret|token)\s*=|generec_[0-9a-f]{16}", text)
    assert "/healthz" in text
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]]
    assert all((ROOT / name).exists() for name in copied)
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert all(f"!{name.removeprefix('./')}" in allowed for name in copied)
    assert allowed[0] == "*"


def test_the_image_asks_for_extras_that_there_are():
    import tomllib

    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = re.findall(r"^ARG EXTRAS=(.*)$", text, re.M)[0].split(",")
    assert set(wanted) <= set(project["optional-dependencies"])
    torch = next(one for one in project["dependencies"] if one.startswith("torch"))
    assert f'"{torch}"' in text


def test_the_commands_are_understood():
    image = re.findall(r"^CMD (\[\"serve.*\])$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.M)
    assert parsed(json.loads(image[0]))["host"] == "0.0.0.0"
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    asked = parsed(compose["services"]["server"]["command"])
    mounted = [one["target"] for one in compose["services"]["server"]["volumes"] if isinstance(one, dict)]
    assert [str(asked["model"]), str(asked["data"])] == mounted
    for line in re.findall(
        r"compose\.yaml run --rm server (.*?)  ", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    ):
        assert parsed(line.split())["name"]


def test_compose_gives_away_nothing():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["tmpfs"]
        assert not service.get("privileged")
    server = compose["services"]["server"]
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    named = {one.split(":")[0] for one in server["volumes"] if isinstance(one, str)}
    assert named <= set(compose["volumes"])
    assert compose["services"]["postgres"]["profiles"] == ["postgres"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_balanced_and_yaml(path):
    text = path.read_text(encoding="utf-8")
    actions = [one.strip("{}- \n") for one in _ACTION.findall(text)]
    opened = sum(one.split()[0] in ("if", "with", "range", "define") for one in actions)
    assert opened == actions.count("end")
    for document in yaml.safe_load_all(plain(text)):
        assert document is None or {"apiVersion", "kind", "metadata"} <= set(document)


def test_every_value_that_a_template_reads_is_there_and_every_one_is_read():
    texts = [path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()]
    read = {name for text in texts for name in re.findall(r"\.Values\.([\w.]+)", text)}
    for name in read:
        found = VALUES
        for part in name.split("."):
            assert part in found, f".Values.{name} is not in values.yaml"
            found = found[part]

    def leaves(values, before=""):
        for key, value in values.items():
            path = f"{before}{key}"
            if isinstance(value, dict) and value and path not in read:
                yield from leaves(value, f"{path}.")
            else:
                yield path

    assert not [path for path in leaves(VALUES) if path not in read]


def test_every_template_that_is_included_is_defined():
    texts = [path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()]
    included = {name for text in texts for name in re.findall(r'include "([\w.]+)"', text)}
    assert included == {name for text in texts for name in re.findall(r'define "([\w.]+)"', text)}


def test_the_values_fit_their_schema_and_wrong_ones_do_not():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)

    def faults(**changed):
        return list(jsonschema.Draft202012Validator(schema).iter_errors({**VALUES, **changed}))

    assert not faults()
    assert faults(replicas=3)
    assert faults(tenant="Shop One")
    assert faults(retrain="at night")
    assert faults(service={"type": "ClusterIP", "port": 0})
    scaled = {**VALUES["autoscaling"], "enabled": True}
    assert faults(autoscaling=scaled), "SQLite has one writer"
    assert not faults(autoscaling=scaled, postgresql={**VALUES["postgresql"], "enabled": True, "existingSecret": "pg"})


def test_the_pod_is_locked_down_and_asked_by_a_name_that_it_knows():
    pod = of_kind("deployment.yaml", "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    server = pod["containers"][0]
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert server[probe]["httpGet"]["path"] == path
        assert server[probe]["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "localhost"}]
    security = re.findall(
        r'define "generec.security" -}}\n(.*?){{', (CHART / "templates/_helpers.tpl").read_text(), re.S
    )[0]
    assert yaml.safe_load(security)["readOnlyRootFilesystem"] is True
    places = {one["mountPath"] for one in server["volumeMounts"]}
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert {"/var/lib/generec/store", "/var/lib/generec/keys", "/var/lib/generec/home", "/models", "/tmp"} == places
    assert all(place in image for place in places)


def test_the_pods_commands_are_understood():
    pod = of_kind("deployment.yaml", "Deployment")["spec"]["template"]["spec"]
    words = [word.replace("=x", "=1") if word.startswith(("--threads", "--rate", "--tenant-rate")) else word
             for word in pod["containers"][0]["args"]]  # fmt: skip
    asked = parsed(words)
    assert (asked["host"], asked["port"], str(asked["model"])) == ("0.0.0.0", 8000, "/models/x")
    script = pod["initContainers"][0]["command"][2]
    line = re.findall(r"generec (keys create .*?) >", script)[0]
    assert parsed(line.split())["tenant"] == '"$TENANT"'
