"""The files in deploy/: what can be checked of them without a container engine or a cluster."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import ROOT, VARIABLES

DEPLOY = ROOT / "deploy"
OTHERS = {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}  # PostgreSQL's own image reads them
MODULES = {"bot.web", "bot.dialogue.server", "bot.telegram"}
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def documents(path: Path) -> list[dict[str, Any]]:
    """Every document of a YAML file."""
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def program(name: str) -> str:
    """A program's path; skipped with its name where it is not there."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin")
    return found or pytest.skip(f"{name} is not on this machine")


@pytest.mark.parametrize(
    "path", [*DEPLOY.rglob("*.yaml"), DEPLOY / ".env.example", *DEPLOY.rglob("*.service")], ids=str
)
def test_only_settings_that_exist_are_named(path: Path) -> None:
    named = set(re.findall(r"\b(?:RAPPORT|TELEGRAM|POSTGRES)_[A-Z_]+|\bDATABASE_URL\b", path.read_text()))
    assert named <= set(VARIABLES) | OTHERS


@pytest.mark.parametrize(
    "path", [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.service"), DEPLOY / "Containerfile"], ids=str
)
def test_only_modules_that_can_be_run_are_started(path: Path) -> None:
    started = set(re.findall(r"-m,? \"?(bot[\w.]*)", path.read_text()))
    assert started <= MODULES | {"bot.cli"}
    for module in started:
        main = f"{module}.__main__" if (ROOT / module.replace(".", "/")).is_dir() else module
        assert importlib.util.find_spec(main) is not None


def test_what_the_image_copies_is_there_and_nothing_that_is_needed_is_left_out() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [each for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.M) for each in line.split()]
    assert all((ROOT / each).exists() for each in copied)
    needed = {"bot", "actions", "domain", "data", "knowledge", "config.yml", "endpoints.yml", "credentials.yml"}
    assert needed | {"pyproject.toml", "tools/tensorflow"} == set(copied)
    assert re.search(r"^USER 10001$", text, re.M) and "HEALTHCHECK" in text


def test_compose_has_every_part_twice_but_telegram_and_nothing_of_it_can_write_or_gain() -> None:
    (made,) = documents(DEPLOY / "compose.yaml")
    services = made["services"]
    assert set(services) == {"web", "dialogue", "telegram", "proxy", "postgres"}
    assert {n: s.get("deploy", {}).get("replicas", 1) for n, s in services.items() if s.get("image") == "rapport"} == {
        "web": 2, "dialogue": 2, "telegram": 1,
    }  # fmt: skip
    for name in ("web", "dialogue", "telegram"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
        assert "ports" not in services[name], "only the proxy is reached from outside"
    assert made["networks"]["inside"] == {"internal": True} and services["dialogue"]["networks"] == ["inside"]
    assert set(re.findall(r"\./([\w.]+):", (DEPLOY / "compose.yaml").read_text())) == {"nginx.conf", "tls"}


def test_pods_are_probed_limited_not_root_and_cannot_write() -> None:
    everything = [each for path in MANIFESTS for each in documents(path)]
    deployments = {each["metadata"]["name"]: each["spec"] for each in everything if each["kind"] == "Deployment"}
    assert set(deployments) == {"web", "dialogue", "telegram"}
    for name, spec in deployments.items():
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]
        assert set(container["resources"]) == {"requests", "limits"} and pod["terminationGracePeriodSeconds"] >= 40
        assert name == "telegram" or {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    assert deployments["telegram"]["replicas"] == 1
    assert deployments["telegram"]["strategy"] == {"type": "Recreate"}
    budgets = {each["metadata"]["name"] for each in everything if each["kind"] == "PodDisruptionBudget"}
    assert budgets == {"web", "dialogue"}


def test_kustomize_builds_it() -> None:
    done = subprocess.run([program("kubectl"), "kustomize", str(DEPLOY / "kubernetes")], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("registry.example.org/rapport") == 3


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_systemd_takes_the_unit(path: Path, tmp_path: Path) -> None:
    verify = program("systemd-analyze")
    unit = tmp_path / path.name
    unit.write_text(path.read_text().replace("/srv/rapport/.venv/bin/python", "/usr/bin/env"))
    done = subprocess.run([verify, "verify", str(unit)], text=True, capture_output=True)
    assert path.name not in done.stderr, done.stderr


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    nginx, openssl = program("nginx"), program("openssl")
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make, "-days", "1", "-subj", "/CN=x"], check=True, capture_output=True)
    ours = (
        (DEPLOY / "nginx.conf").read_text().replace("/etc/nginx/tls", str(tmp_path)).replace("web:8000", "127.0.0.1:8")
    )
    (tmp_path / "rapport.conf").write_text(ours)
    temporary = "".join(f"{n}_temp_path {tmp_path}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"events {{}}\npid {tmp_path}/pid;\nhttp {{ access_log off; {temporary} include {tmp_path}/rapport.conf; }}"
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        [nginx, "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")], text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
