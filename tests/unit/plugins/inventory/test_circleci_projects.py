# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.community.circleci.plugins.inventory import circleci_projects
from ansible_collections.community.circleci.plugins.module_utils._resources import project_lists
from ansible_collections.community.circleci.plugins.module_utils._task import run
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from emulator import Emulator
from tests.unit.conftest import ReadInventory

Caching = Callable[..., InventoryData]
API, WEB, TOOLS = "github/acme/api", "github/acme/web", "bitbucket/acme/tools"
OURS = ("circleci_project", "circleci_vcs_url", "circleci_following", "circleci_default_branch")


def hosts(inventory: InventoryData) -> list[str]:
    return list(inventory.hosts)


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    return {name: inventory.hosts[host].vars[name] for name in OURS}


def members(inventory: InventoryData, group: str) -> set[str]:
    return {str(host) for host in inventory.groups[group].get_hosts()}


# --- hosts, variables and groups --------------------------------------------------------------------------------------


def test_followed_projects_are_hosts(emulator: Emulator, read_inventory: ReadInventory) -> None:
    emulator.follow(API)
    emulator.follow(TOOLS)
    emulator.clear()
    inventory = read_inventory()
    assert hosts(inventory) == ["github-acme-api", "bitbucket-acme-tools"]
    assert variables(inventory, "github-acme-api") == {
        "circleci_project": API,
        "circleci_vcs_url": "https://github.com/acme/api",
        "circleci_following": True,
        "circleci_default_branch": "main",
    }
    every = inventory.hosts["bitbucket-acme-tools"].vars
    assert every["ansible_connection"] == "local"
    assert every["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    assert [record.path for record in emulator.requests] == ["/api/v1.1/projects?shallow=true"]


def test_hosts_are_in_groups_of_their_organization_and_vcs_type(
    emulator: Emulator, read_inventory: ReadInventory
) -> None:
    emulator.add_repository("github/acme-labs/api")
    for slug in (API, WEB, TOOLS, "github/acme-labs/api"):
        emulator.follow(slug)
    inventory = read_inventory()
    assert members(inventory, "github") == {"github-acme-api", "github-acme-web", "github-acme-labs-api"}
    assert members(inventory, "github_acme") == {"github-acme-api", "github-acme-web"}
    assert members(inventory, "github_acme_labs") == {"github-acme-labs-api"}
    assert members(inventory, "bitbucket") == members(inventory, "bitbucket_acme") == {"bitbucket-acme-tools"}


def test_what_no_host_name_may_hold_is_a_dash(emulator: Emulator, read_inventory: ReadInventory) -> None:
    emulator.add_repository("bitbucket/my team/café_1.0")
    emulator.follow("bitbucket/my team/café_1.0")
    inventory = read_inventory()
    assert hosts(inventory) == ["bitbucket-my-team-caf-_1.0"]
    assert variables(inventory, "bitbucket-my-team-caf-_1.0")["circleci_project"] == "bitbucket/my team/café_1.0"


def test_projects_whose_hosts_would_be_equal_are_an_error(emulator: Emulator, read_inventory: ReadInventory) -> None:
    for slug in ("github/acme/labs-api", "github/acme-labs/api"):
        emulator.add_repository(slug)
        emulator.follow(slug)
    with pytest.raises(AnsibleParserError) as caught:
        read_inventory()
    for words in ("github/acme/labs-api", "github/acme-labs/api", "github-acme-labs-api", "organization"):
        assert words in str(caught.value)
    assert hosts(read_inventory(organization="acme")) == ["github-acme-labs-api"]


def test_organizations_whose_groups_would_be_equal_are_an_error(
    emulator: Emulator, read_inventory: ReadInventory
) -> None:
    for slug in ("bitbucket/a_b/api", "bitbucket/a-b/web"):
        emulator.add_repository(slug)
        emulator.follow(slug)
    with pytest.raises(AnsibleParserError, match=r"bitbucket/a_b and bitbucket/a-b would both be bitbucket_a_b"):
        read_inventory()


def test_nothing_of_a_failing_inventory_is_added(emulator: Emulator, read_inventory: ReadInventory) -> None:
    """Core goes on with what was added before an error."""
    for slug in (API, "github/acme/labs-api", "github/acme-labs/api"):
        emulator.add_repository(slug)
        emulator.follow(slug)
    with pytest.raises(AnsibleParserError):
        read_inventory()
    assert hosts(read_inventory.plugin.inventory) == []


@pytest.mark.parametrize("branch", ["{{ 1 + 1 }}", "{%if%}", "main", "{{1+1}}"])
def test_a_branch_is_no_template(emulator: Emulator, read_inventory: ReadInventory, branch: str) -> None:
    emulator.follow(API)
    emulator.project(API).default_branch = branch
    given = read_inventory().hosts["github-acme-api"].vars
    templar = Templar(loader=DataLoader(), variables=given)
    assert templar.template(given["circleci_default_branch"]) == branch


# --- which projects ---------------------------------------------------------------------------------------------------


def test_organization_and_vcs_type_select(emulator: Emulator, read_inventory: ReadInventory) -> None:
    emulator.add_repository("github/other/api")
    for slug in (API, TOOLS, "github/other/api"):
        emulator.follow(slug)
    assert hosts(read_inventory(organization="acme")) == ["github-acme-api", "bitbucket-acme-tools"]
    assert hosts(read_inventory(owner="other")) == ["github-other-api"]
    assert hosts(read_inventory(vcs_type="bb")) == ["bitbucket-acme-tools"]
    assert hosts(read_inventory(vcs_type="github", organization="acme")) == ["github-acme-api"]
    assert hosts(read_inventory(organization="bb/acme")) == ["bitbucket-acme-tools"]
    emulator.add_repository("github/Initech/Api")
    emulator.follow("github/Initech/Api")
    assert hosts(read_inventory(organization="iniTech")) == ["github-Initech-Api"]
    assert not read_inventory.warned


def test_an_inventory_without_hosts_is_warned_about(emulator: Emulator, read_inventory: ReadInventory) -> None:
    emulator.follow(API)
    assert hosts(read_inventory(organization="acne")) == []
    assert "No project is in this inventory. Check organization" in read_inventory.warned[0]


def test_any_adds_what_is_not_followed(emulator: Emulator, read_inventory: ReadInventory) -> None:
    emulator.follow(WEB)
    inventory = read_inventory(following="any")
    assert hosts(inventory) == ["github-acme-web", "github-acme-api", "bitbucket-acme-tools"]
    assert variables(inventory, "github-acme-web")["circleci_following"] is True
    assert variables(inventory, "github-acme-web")["circleci_default_branch"] == "main"
    assert variables(inventory, "github-acme-api") == {
        "circleci_project": API,
        "circleci_vcs_url": "https://github.com/acme/api",
        "circleci_following": False,
        "circleci_default_branch": None,
    }
    assert hosts(read_inventory(following="any", vcs_type="bitbucket")) == ["bitbucket-acme-tools"]
    assert emulator.writes == []


def test_all_pages_of_repositories_are_read(emulator: Emulator, read_inventory: ReadInventory) -> None:
    for number in range(230):
        emulator.add_repository(f"github/acme/service-{number:03}")
    emulator.clear()
    assert len(hosts(read_inventory(following="any", vcs_type="github"))) == 232
    pages = [record.path for record in emulator.requests if "/user/repos/github" in record.path]
    assert [f"page={number}&" in page for number, page in enumerate(pages, 1)] == [True] * len(pages)


def test_a_list_that_is_the_same_on_each_page_ends(emulator: Emulator, read_inventory: ReadInventory) -> None:
    item = {"vcs_type": "github", "username": "acme", "name": "api", "vcs_url": None, "following": True}
    emulator.fault("body", path="/user/repos/github", body=[item], times=None)
    assert hosts(read_inventory(following="any", vcs_type="github")) == ["github-acme-api"]


def test_a_list_without_an_end_is_an_error(
    emulator: Emulator, read_inventory: ReadInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_lists, "MOST_PAGES", 2)
    for number in range(220):
        emulator.add_repository(f"github/acme/service-{number:03}")
    with pytest.raises(AnsibleParserError, match="has no end: 2 pages were read"):
        read_inventory(following="any", vcs_type="github")
    assert len([record for record in emulator.requests if "/user/repos/github" in record.path]) == 2


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_vcs_at_which_the_user_has_no_account_is_left_out_with_a_warning(
    emulator: Emulator, read_inventory: ReadInventory, status: int
) -> None:
    denied: dict[str, Any] = {"status": status, "body": {"message": "Permission denied"}}
    emulator.fault("status", path="/user/repos/bitbucket", **denied)
    assert hosts(read_inventory(following="any")) == ["github-acme-api", "github-acme-web"]
    (warning,) = read_inventory.warned
    assert "Without the repositories at bitbucket" in warning
    assert "Set vcs_type" in warning
    emulator.fault("status", path="/user/repos/bitbucket", **denied)
    with pytest.raises(AnsibleParserError, match=f"answered {status} to GET"):
        read_inventory(following="any", vcs_type="bitbucket")
    assert read_inventory.warned == [warning]


@pytest.mark.parametrize(("vcs", "page", "status"), [("bitbucket", 1, 401), ("bitbucket", 1, 422), ("github", 2, 403)])
def test_a_list_of_repositories_that_breaks_off_is_not_left_out(
    emulator: Emulator, read_inventory: ReadInventory, vcs: str, page: int, status: int
) -> None:
    for number in range(120):
        emulator.add_repository(f"github/acme/service-{number:03}")
    emulator.fault("status", path=f"/user/repos/{vcs}", after=page - 1, status=status, body={"message": "no"})
    with pytest.raises(AnsibleParserError, match=f"answered {status} to GET"):
        read_inventory(following="any")
    assert read_inventory.warned == []


@pytest.mark.parametrize("following", [True, "true", "yes", "True"])
def test_true_has_several_spellings(emulator: Emulator, read_inventory: ReadInventory, following: Any) -> None:
    emulator.follow(API)
    assert hosts(read_inventory(following=following)) == ["github-acme-api"]


@pytest.mark.parametrize("following", [False, "no", "all", ["any"], {}, 2])
def test_following_is_true_or_any(emulator: Emulator, read_inventory: ReadInventory, following: Any) -> None:
    with pytest.raises(AnsibleParserError, match="following must be true or any"):
        read_inventory(following=following)
    assert emulator.requests == []


# --- compose, groups, keyed_groups ------------------------------------------------------------------------------------


def test_variables_and_groups_can_be_made(emulator: Emulator, read_inventory: ReadInventory) -> None:
    for slug in (API, WEB):
        emulator.follow(slug)
    emulator.project(WEB).default_branch = "develop"
    inventory = read_inventory(
        strict=True,
        compose={"repository": "circleci_project.split('/') | last"},
        groups={"frontend": "repository == 'web'"},
        keyed_groups=[{"prefix": "branch", "key": "circleci_default_branch"}],
    )
    assert inventory.hosts["github-acme-web"].vars["repository"] == "web"
    assert members(inventory, "frontend") == members(inventory, "branch_develop") == {"github-acme-web"}
    assert members(inventory, "branch_main") == {"github-acme-api"}


@pytest.mark.parametrize(
    "options",
    [
        {"compose": {"a": "no_such_variable"}},
        {"groups": {"a": "no_such_variable"}},
        {"keyed_groups": [{"key": "no_such_variable"}]},
    ],
)
def test_strict_says_whether_mistakes_are_errors(
    emulator: Emulator, read_inventory: ReadInventory, options: dict[str, Any]
) -> None:
    emulator.follow(API)
    assert hosts(read_inventory(**options)) == ["github-acme-api"]
    with pytest.raises(AnsibleError, match="github-acme-api"):
        read_inventory(strict=True, **options)


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["circleci.yml", "acme.circleci.yaml", "acmecircleci.yml"])
def test_files_are_known_by_their_names(tmp_path: Path, name: str) -> None:
    plugin = circleci_projects.InventoryModule()
    (tmp_path / name).touch()
    assert plugin.verify_file(str(tmp_path / name))


@pytest.mark.parametrize("name", ["circleci.json", "circleci.yml.bak", "hosts.yml", "missing.circleci.yml"])
def test_other_files_are_left_alone(tmp_path: Path, name: str) -> None:
    plugin = circleci_projects.InventoryModule()
    if "missing" not in name:
        (tmp_path / name).touch()
    assert not plugin.verify_file(str(tmp_path / name))


def test_token_and_address_come_from_the_environment(
    emulator: Emulator, read_inventory: ReadInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.follow(API)
    monkeypatch.setenv("CIRCLE_HOST", emulator.url)
    monkeypatch.setenv("CIRCLE_TOKEN", "")
    monkeypatch.setenv("CIRCLECI_TOKEN", emulator.token)
    assert hosts(read_inventory(api_url=None, api_token=None)) == ["github-acme-api"]
    monkeypatch.setenv("CIRCLE_TOKEN", "wrong-token")
    with pytest.raises(AnsibleParserError, match="api_token comes from the environment variable CIRCLE_TOKEN"):
        read_inventory(api_url=None, api_token=None)
    assert hosts(read_inventory(api_url=None)) == ["github-acme-api"]


def test_what_is_null_counts_as_left_out(
    emulator: Emulator, read_inventory: ReadInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.follow(API)
    monkeypatch.setenv("CIRCLE_HOST", emulator.url)
    monkeypatch.setenv("CIRCLE_TOKEN", " \n")
    monkeypatch.setenv("CIRCLECI_TOKEN", emulator.token)
    names = (*CONNECTION, *circleci_projects.SELECTION)
    assert hosts(read_inventory(null=(*names, "cache", "strict", "compose"))) == ["github-acme-api"]
    read_inventory.extra = {f"ansible_circleci_{name}": None for name in names}
    assert hosts(read_inventory(api_url=None, api_token=None)) == ["github-acme-api"]


def test_options_come_from_variables_of_the_command_line(emulator: Emulator, read_inventory: ReadInventory) -> None:
    for slug in (API, TOOLS):
        emulator.follow(slug)
    read_inventory.extra = {
        "ansible_circleci_api_token": emulator.token,
        "ansible_circleci_api_url": emulator.url,
        "ansible_circleci_vcs_type": "github",
    }
    assert hosts(read_inventory(api_token=None, api_url=None)) == ["github-acme-api"]


def test_options_may_be_templates(emulator: Emulator, read_inventory: ReadInventory) -> None:
    for slug in (API, TOOLS):
        emulator.follow(slug)
    read_inventory.extra = {"token": emulator.token, "kind": "bb", "seconds": 20}
    options: dict[str, Any] = {
        "token": "{{ token }}",
        "api_token": None,
        "vcs_type": "{{ kind }}",
        "timeout": "{{ seconds }}",
    }
    assert hosts(read_inventory(**options)) == ["bitbucket-acme-tools"]


def test_a_template_that_cannot_be_filled_is_an_error(emulator: Emulator, read_inventory: ReadInventory) -> None:
    with pytest.raises(AnsibleParserError, match=r"organization cannot be made of its template.*nobody"):
        read_inventory(organization="{{ nobody }}")
    assert emulator.requests == []


def test_an_option_that_there_is_not_is_refused(emulator: Emulator, read_inventory: ReadInventory) -> None:
    with pytest.raises(AnsibleParserError, match=r"there is no option organisation\. There are: .*organization"):
        read_inventory(organisation="acme")
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vcs_type": "gitlab"}, "gitlab"),
        ({"retries": -1}, "retries must not be negative"),
        ({"api_url": "https://user:secret@circleci.com"}, "api_url"),
        ({"timeout": "soon"}, "timeout"),
        ({"ca_path": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
    ],
)
def test_unusable_options_are_told_in_words(
    emulator: Emulator, read_inventory: ReadInventory, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(AnsibleError) as caught:
        read_inventory(**options)
    assert words in str(caught.value)
    assert "secret@" not in str(caught.value)
    assert emulator.requests == []


def test_a_library_that_is_missing_is_named(read_inventory: ReadInventory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run._IMPORTS, "requests", ModuleNotFoundError("No module named 'requests'", name="requests"))
    with pytest.raises(AnsibleParserError) as caught:
        read_inventory()
    assert f"lacks the Python library requests: install it with {sys.executable} -m pip install requests." in str(
        caught.value
    )


# --- failures and secrets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "words"),
    [(None, "Give an API token"), ("wrong-token", "invalid or expired"), ("emulator-project-token", "personal")],
)
def test_a_token_that_does_not_do_is_told_in_words(
    read_inventory: ReadInventory, token: str | None, words: str
) -> None:
    with pytest.raises(AnsibleParserError) as caught:
        read_inventory(api_token=token)
    assert str(caught.value).startswith("community.circleci.circleci_projects: ")
    assert words in str(caught.value)
    assert token is None or token not in str(caught.value)


def test_no_answer_repeats_the_token(emulator: Emulator, read_inventory: ReadInventory) -> None:
    emulator.fault("status", status=403, body={"message": f"no {emulator.token}"})
    with pytest.raises(AnsibleParserError) as caught:
        read_inventory()
    assert "answered 403" in str(caught.value)
    assert emulator.token not in str(caught.value)


# --- cache ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def caching(read_inventory: ReadInventory, tmp_path: Path) -> Caching:
    """An inventory that is kept in files."""
    options: dict[str, Any] = {
        "cache": True,
        "cache_plugin": "jsonfile",
        "cache_connection": str(tmp_path / "cache"),
    }

    def cached(**more: Any) -> InventoryData:
        return read_inventory(**options, **more)

    return cached


def test_a_second_run_asks_nothing(emulator: Emulator, caching: Caching, read_inventory: ReadInventory) -> None:
    emulator.follow(API)
    emulator.project(API).default_branch = "{{1+1}}"
    emulator.clear()
    first = caching()
    assert len(emulator.requests) == 1
    emulator.follow(WEB)
    emulator.clear()
    second = caching()
    assert emulator.requests == []
    assert hosts(second) == hosts(first) == ["github-acme-api"]
    assert variables(second, "github-acme-api") == variables(first, "github-acme-api")
    # What was not to be kept is not answered from what was.
    assert len(hosts(read_inventory())) == 2


def test_the_cache_is_filled_anew_on_request(emulator: Emulator, caching: Caching) -> None:
    emulator.follow(API)
    caching()
    emulator.follow(WEB)
    assert len(hosts(caching(use=False))) == 2
    emulator.clear()
    assert len(hosts(caching())) == 2
    assert emulator.requests == []


def test_an_empty_list_is_not_answered_from_a_cache(
    emulator: Emulator, caching: Caching, read_inventory: ReadInventory
) -> None:
    for _run in range(2):
        assert hosts(caching()) == []
    assert len([warning for warning in read_inventory.warned if "No project is in this inventory" in warning]) == 2
    emulator.follow(API)
    assert hosts(caching()) == ["github-acme-api"]
    emulator.project(API).followers.clear()
    assert (hosts(caching()), hosts(caching(use=False)), hosts(caching())) == (["github-acme-api"], [], [])


def test_other_options_have_a_cache_of_their_own(emulator: Emulator, caching: Caching) -> None:
    emulator.follow(API)
    emulator.follow(TOOLS)
    assert len(hosts(caching())) == 2
    assert hosts(caching(vcs_type="bitbucket")) == ["bitbucket-acme-tools"]
    assert hosts(caching(vcs_type="gh", organization="acme")) == ["github-acme-api"]
    assert len(hosts(caching(following="any"))) == 3
    emulator.clear()
    # Two spellings of the same.
    assert hosts(caching(vcs_type="bb")) == ["bitbucket-acme-tools"]
    assert len(hosts(caching(api_url=f"{emulator.url}/"))) == 2
    assert emulator.requests == []


def test_another_circleci_has_a_cache_of_its_own(emulator: Emulator, caching: Caching) -> None:
    emulator.follow(API)
    assert hosts(caching()) == ["github-acme-api"]
    with Emulator() as other:
        other.follow(WEB)
        assert hosts(caching(api_url=other.url)) == ["github-acme-web"]


def test_no_file_of_the_cache_depends_on_the_token(emulator: Emulator, caching: Caching, tmp_path: Path) -> None:
    emulator.follow(API)
    caching()
    names = {path.name for path in (tmp_path / "cache").iterdir()}
    emulator.state.add_token("another-token-of-the-user", login="emulator")
    caching(api_token="another-token-of-the-user")
    assert {path.name for path in (tmp_path / "cache").iterdir()} == names
    for path in (tmp_path / "cache").iterdir():
        assert emulator.token not in path.read_text() + path.name
        assert json.loads(path.read_text())


@pytest.mark.parametrize(
    "kept",
    [{}, [1], [{}], [{"colour": "red"}], [{"project": "api"}], [{"project": "github/acme/api", "colour": "red"}], "x"],
)
def test_what_cannot_be_used_of_a_cache_is_read_anew(
    emulator: Emulator, caching: Caching, read_inventory: ReadInventory, kept: Any
) -> None:
    emulator.follow(API)
    caching()
    plugin = read_inventory.plugin
    (key,) = plugin.cache
    plugin.cache[key] = kept
    plugin.update_cache_if_changed()
    emulator.clear()
    assert hosts(caching()) == ["github-acme-api"]
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("organization", ["", "acme/", "https://user:secret@github.com/acme"])
def test_what_cannot_be_an_organization_is_refused(
    emulator: Emulator, read_inventory: ReadInventory, organization: str
) -> None:
    with pytest.raises(AnsibleParserError, match="is not one segment of a slug") as caught:
        read_inventory(organization=organization)
    assert "secret" not in str(caught.value)
    assert emulator.requests == []
