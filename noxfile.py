# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every check of the collection, and its demo.

Sessions that need the same packages share an environment under ``.cache/venvs``, so nox makes none of its own.
``make test`` runs the sessions with the tag "checks" and those with the tag "suites" side by side. Nothing is written
outside ``.cache``, and what the user has exported for Ansible or CircleCI reaches no session.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import nox
from uv import find_uv_bin

# The promise: every ansible-core that the collection works with, oldest first, as it is tested.
CORES = ["2.16.19", "2.17.14", "2.18.19", "2.19.14", "2.20.10", "2.21.5", "2.22.0rc1"]

# Controller Pythons to test each of them on: the first that is on this machine.
CONTROLLER_PYTHONS = {
    "2.16": ["3.10", "3.11", "3.12"],
    "2.17": ["3.11", "3.10", "3.12"],
    "2.18": ["3.12", "3.11", "3.13"],
    "2.19": ["3.12", "3.11", "3.13"],
    "2.20": ["3.13", "3.12", "3.14"],
    "2.21": ["3.13", "3.12", "3.14"],
    "2.22": ["3.13", "3.14"],
}

# Target Pythons on which modules also run as ordinary modules, with the libraries of a requirements file,
# from the first ansible-core that knows them as a target.
TARGET_PYTHONS = {"3.9": ("target-oldest", "2.16"), "3.13": ("target-newest", "2.18")}

ROOT = Path(__file__).resolve().parent
CACHE = ROOT / ".cache"
HOME = CACHE / "home"
LINK = CACHE / "link"
REPORTS = CACHE / "reports"

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "unit"]


# --- Pythons and ansible-cores -------------------------------------------------------------------------------------


@functools.cache
def interpreters() -> dict[str, Path]:
    """Find the Python interpreters of this machine that really run: version ("3.13") to path.

    pyenv puts shims on the PATH for versions that it then refuses to start, so its own folders are searched instead.
    """
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = [folder.parent for folder in folders if folder.name == "shims"]
    pyenv.append(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"))
    places = [Path(sys.executable).resolve().parent]
    places += [folder for folder in folders if folder.name != "shims"]
    places += [folder for root in pyenv for folder in sorted(root.glob("versions/*/bin"), reverse=True)]
    found: dict[str, Path] = {}
    for place in places:
        for path in place.glob("python3.[0-9]*"):
            version = path.name.removeprefix("python")
            if re.fullmatch(r"3\.\d+", version) and version not in found and _runs(path, version):
                found[version] = path
    return found


def _runs(path: Path, version: str) -> bool:
    """Tell whether this file is a Python of this version that can make environments."""
    program = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([path, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return answer.stdout.strip() == version


def series(core: str) -> str:
    """Give the release series of an ansible-core version: "2.22.0rc1" is of "2.22"."""
    return ".".join(core.split(".")[:2])


def python_for(core: str) -> Path | None:
    """Give the Python that this ansible-core is tested on, or None if there is none on this machine."""
    return next((interpreters()[v] for v in CONTROLLER_PYTHONS[series(core)] if v in interpreters()), None)


USABLE_CORES = [core for core in CORES if python_for(core)]
# What make test takes: the newest one, the newest that this machine has a Python for, and for tests the oldest.
NEWEST = [core for core in CORES if core in {CORES[-1], *USABLE_CORES[-1:]}]


def _each(cores: Iterable[str], *tags: str, of_newest: tuple[str, ...] = ()) -> list[object]:
    """Make a session parameter of each of these ansible-cores, with these tags, and more for what is in NEWEST."""
    return [nox.param(core, id=series(core), tags=[*tags, *(of_newest if core in NEWEST else ())]) for core in cores]


# --- environments --------------------------------------------------------------------------------------------------


def environment(bin_folder: Path, collections: Path = LINK) -> dict[str, str | None]:
    """Give the variables of a command (None removes one): a home of its own, real Pythons and this collection."""
    _prepare_cache()
    path = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).name != "shims"]
    path = [str(bin_folder), str(CACHE / "pythons"), *path]
    foreign = ("ANSIBLE_", "CIRCLE", "MOLECULE_", "PYTEST_", "PYTHON")
    variables: dict[str, str | None] = {name: None for name in os.environ if name.startswith(foreign)}
    return variables | {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        "HOME": str(HOME),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE / "hypothesis"),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": str(collections),
        "XDG_CACHE_HOME": str(CACHE / "xdg"),
    }


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep another run of nox out of something in the cache meanwhile."""
    folder = CACHE / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@functools.cache
def _prepare_cache() -> None:
    """Make the folders that every environment names."""
    for folder in (CACHE / "pythons", LINK / "ansible_collections" / "community", HOME / ".config", REPORTS):
        folder.mkdir(parents=True, exist_ok=True)
    with alone("links"):
        _link(LINK / "ansible_collections" / "community" / "circleci", ROOT)
        for version, path in interpreters().items():
            _link(CACHE / "pythons" / f"python{version}", path)
        # ansible-test installs with this home and drops other variables: the user's registry has to be known here too.
        for name in (".config/pip", ".config/uv", ".pip"):
            if (Path.home() / name).exists():
                _link(HOME / name, Path.home() / name)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    link.symlink_to(target)


def venv(session: nox.Session, name: str, python: Path, *requirements: str) -> Path:
    """Make the environment .cache/venvs/NAME, unless it is there with just these requirements.

    Each requirement is a package or the name of a file in requirements/, without its ending.
    Returns the environment's folder of programs.
    """
    folder = CACHE / "venvs" / name
    files = [ROOT / "requirements" / f"{item}.txt" for item in requirements if "==" not in item]
    packages = [item for item in requirements if "==" in item]
    contents = [str(ROOT), str(python), *packages, *(file.read_text(encoding="utf-8") for file in files)]
    key = hashlib.sha256("\n".join(contents).encode()).hexdigest()
    stamp = folder / "made-of"
    with alone(f"venv-{name}"):
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
            _uv(session, "venv", "--clear", "--python", str(python), str(folder))
            options = [part for file in files for part in ("--requirement", str(file))]
            _uv(session, "pip", "install", "--python", str(folder / "bin" / "python"), *options, *packages)
            stamp.write_text(key, encoding="utf-8")
    return folder / "bin"


def _uv(session: nox.Session, *arguments: str) -> None:
    session.run(find_uv_bin(), "--quiet", *arguments, env=_uv_variables() | {"VIRTUAL_ENV": None}, external=True)


def _uv_variables() -> dict[str, str]:
    """Give the variables that uv works with: those of the user's that name registries and certificates, and ours."""
    variables = {name: value for name, value in os.environ.items() if name.startswith(("SSL_CERT", "UV_"))}
    # uv does not read pip's variables: name the same registry to both.
    if "PIP_INDEX_URL" in os.environ:
        variables.setdefault("UV_DEFAULT_INDEX", os.environ["PIP_INDEX_URL"])
    variables.setdefault("UV_CACHE_DIR", str(CACHE / "uv"))
    # A proxy that inspects TLS is known to the system's certificates, as pip uses them, and not to uv's own.
    variables.setdefault("UV_SYSTEM_CERTS", "true")
    return variables | {"UV_PYTHON_DOWNLOADS": "never"}


def core_venv(session: nox.Session, core: str) -> Path:
    """Make the environment of an ansible-core with everything that tests need, and give its folder of programs.

    Without a Python for it the session is skipped, by name; where the variable CI is set it fails: a machine that
    vouches for the collection has a Python for each core, see CONTROLLER_PYTHONS.
    """
    python = python_for(core)
    if python is None:
        wanted = " or ".join(CONTROLLER_PYTHONS[series(core)])
        _not_run(session, f"ansible-core {core} was not run: it needs Python {wanted}, which is not on this machine.")
        session.skip()
    return venv(session, f"core-{series(core)}", python, "tests", f"ansible-core=={core}")


def _not_run(session: nox.Session, reason: str) -> None:
    if os.environ.get("CI"):
        session.error(reason)
    session.warn(reason)


def target_pythons(session: nox.Session, core: str) -> list[Path]:
    """Make the environments of the target Pythons that this ansible-core knows, and give their interpreters."""
    targets = []
    for version, (requirements, first_core) in TARGET_PYTHONS.items():
        if CORES.index(core) < [series(c) for c in CORES].index(first_core):
            continue
        if version not in interpreters():
            _not_run(session, f"Target Python {version} was not run: it is not on this machine.")
            continue
        targets.append(venv(session, requirements, interpreters()[version], requirements) / "python")
    return targets


def tools(session: nox.Session) -> Path:
    """Make the environment of the checkers and give its folder of programs."""
    return venv(session, "tools", Path(sys.executable).resolve(), "tools")


def run(
    session: nox.Session,
    bin_folder: Path,
    program: str,
    *arguments: str | Path,
    silent: bool = False,
    collections: Path = LINK,
    **variables: str,
) -> str:
    """Run a program of an environment, with these variables too; with `silent`, give its output, do not show it."""
    env = environment(bin_folder, collections) | variables
    # Interrupted programs get the time to stop what they started.
    output = session.run(bin_folder / program, *arguments, env=env, external=True, silent=silent, interrupt_timeout=10)
    return output if isinstance(output, str) else ""


def run_pytest(session: nox.Session, core: str, suite: str, *arguments: str) -> None:
    """Run one of the test suites, "unit" or "integration", on an ansible-core.

    The playbook tests find the interpreters of target hosts in the variable TARGET_PYTHONS, separated as in PATH.
    """
    targets = target_pythons(session, core) if suite == "integration" else []
    options = arguments or (f"tests/{suite}",)
    _pytest(session, core, f"{suite}-{series(core)}", *options, targets=os.pathsep.join(map(str, targets)))


def _pytest(
    session: nox.Session, core: str, report: str, *arguments: str, collections: Path = LINK, targets: str = ""
) -> None:
    """Run pytest on an ansible-core and keep a report of what it counted."""
    command = ["-m", "pytest", "--numprocesses=2", f"--junitxml={REPORTS / report}.xml", *arguments]
    run(session, core_venv(session, core), "python", *command, collections=collections, TARGET_PYTHONS=targets)


def collection_copy(name: str) -> Path:
    """Copy the files that git knows or would add to .cache/copies/NAME, in the folders that ansible-test wants.

    The copy is a repository of its own: ansible-test would otherwise see a folder that git ignores, test nothing and
    call that a success. The copy's tests/output stays, for it holds the environments that ansible-test made.
    """
    copy = CACHE / "copies" / name / "ansible_collections" / "community" / "circleci"
    copy.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "--quiet", copy], check=True)
    for folder, kept in ((copy, {".git", "tests"}), (copy / "tests", {"output"})):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in kept:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for source in known_files():
        target = copy / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    return copy


def known_files() -> list[Path]:
    """List the files that git knows or would add, but for those that were just deleted."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    return [path for path in paths if path.is_symlink() or path.is_file()]


# --- sessions ------------------------------------------------------------------------------------------------------


@nox.session(tags=["checks", "checks-all"])
def lint(session: nox.Session) -> None:
    """Check style, licences, documentation, change log and action group."""
    tool = functools.partial(run, session, tools(session))
    tool("ruff", "check", ".")
    tool("ruff", "format", "--check", ".")
    tool("yamllint", "--strict", ".")
    # Not "lint", which takes files for unknown that tests make meanwhile, and that git ignores.
    tool("reuse", "lint-file", *known_files())
    tool("antsibull-changelog", "lint")
    docs = ["--plugin-docs", "--validate-collection-refs=self", "--disallow-unknown-collection-refs"]
    tool("antsibull-docs", "lint-collection-docs", *docs, ".")
    tool("python", "tests/sanity/extra/action_group.py")
    tool("ansible-lint")


@nox.session(tags=["checks", "checks-all"])
def types(session: nox.Session) -> None:
    """Check the types of everything written in Python."""
    tool = functools.partial(run, session, tools(session))
    tool("mypy", "--package", "ansible_collections.community.circleci.plugins")
    programs = [path for folder in (".ci", "docs", "playbooks") for path in sorted((ROOT / folder).rglob("*.py"))]
    tool("mypy", "noxfile.py", "emulator", "tests", *programs)


@nox.session
@nox.parametrize("core", _each(CORES, "checks-all", of_newest=("checks",)))
def sanity(session: nox.Session, core: str) -> None:
    """Run ansible-test sanity of an ansible-core on a copy of the collection."""
    bin_folder = core_venv(session, core)
    _use_registry_only(bin_folder)
    with session.chdir(collection_copy(f"sanity-{series(core)}")):
        output = run(session, bin_folder, "ansible-test", "sanity", "--color", "no", silent=True)
    ran = set(re.findall(r"^Running sanity test [\"']([\w-]+)[\"']", output, re.MULTILINE))
    missing = {"compile", "import", "pep8", "pylint", "validate-modules", "yamllint"} - ran
    if missing or "All targets skipped" in output:
        session.error(f"ansible-test did not run {', '.join(sorted(missing))}:\n{output}")
    session.log(f"{len(ran)} sanity tests passed with ansible-core {core}")


def _use_registry_only(bin_folder: Path) -> None:
    """Let this ansible-test install what it needs from the Python registry alone.

    Its get-pip.py comes from a host of its own, and release candidates ask for archives from GitHub: a stand-in takes
    the place of the first, the released package that of the second.
    """
    site = next((bin_folder.parent / "lib").glob("python3*/site-packages/ansible_test"))
    versions = (site / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    folder = HOME / ".ansible" / "test" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"\bpip='([\d.]+)'", versions):
        (folder / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")
    for file in (site / "_data" / "requirements").glob("*.txt"):
        wanted = file.read_text(encoding="utf-8")
        released = re.sub(r"(?m)^(\w+) @ https://\S+$", r"\1", wanted)
        if released != wanted:
            # The file may be a link into uv's cache, which has to stay as it is.
            file.unlink()
            file.write_text(released, encoding="utf-8")


# ansible-test hands on neither the variables for registries nor those for certificates.
GET_PIP = f"""\
import os, subprocess, sys
packages = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
command = [{find_uv_bin()!r}, "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable, *packages]
sys.exit(subprocess.run(command, env=os.environ | {_uv_variables()!r}).returncode)
"""


@nox.session(tags=["checks", "checks-all"])
def docs(session: nox.Session) -> None:
    """Build the site of the guide and the plugins' documentation in .cache/docs/html; warnings are errors."""
    tool = functools.partial(run, session, tools(session))
    site = CACHE / "docs"
    shutil.rmtree(site, ignore_errors=True)
    (site / "rst").mkdir(parents=True)
    (site / "rst").chmod(0o755)  # antsibull-docs refuses a folder that others may write
    options: list[str | Path] = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", site / "rst"]
    tool("antsibull-docs", "collection", *options, "community.circleci")
    # Where the pages of the guide look for them
    shutil.copytree(ROOT / "docs" / "pictures", site / "pictures")
    strict = ["--fail-on-warning", "--keep-going", "--quiet"]
    tool("sphinx-build", *strict, "--conf-dir", ROOT / "docs" / "site", site / "rst", site / "html")
    tool("python", ROOT / "docs" / "site" / "links.py", site / "html")
    session.log(f"Open {site / 'html' / 'index.html'}")


@nox.session(tags=["checks", "checks-all"])
def package(session: nox.Session) -> None:
    """Build the artefact, install it without a network, run its playbooks, and let Galaxy's importer look at it."""
    place = CACHE / "package"
    installed = place / "installed"
    shutil.rmtree(place, ignore_errors=True)
    bin_folder = venv(session, "package", Path(sys.executable).resolve(), "package")
    tool = functools.partial(run, session, bin_folder, collections=installed)
    tool("ansible-galaxy", "collection", "build", collection_copy("package"), "--output-path", place)
    (artefact,) = place.glob("*.tar.gz")
    tool("ansible-galaxy", "collection", "install", "--offline", "--collections-path", installed, artefact)
    for kind, folder in (("module", "modules"), ("lookup", "lookup"), ("inventory", "inventory")):
        shown = tool("ansible-doc", "--list", "--type", kind, "community.circleci", silent=True)
        plugins = {path.stem for path in (ROOT / "plugins" / folder).glob("*.py")}
        if absent := sorted(plugin for plugin in plugins if f"community.circleci.{plugin}" not in shown):
            session.error(f"The installed artefact does not show, of type {kind}: {', '.join(absent)}")
    introspected = tool("ansible-builder", "introspect", installed, silent=True)
    for line in (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and line.split()[0] not in introspected:
            session.error(f"ansible-builder does not see the requirement {line}:\n{introspected}")
    with session.chdir(place):
        output = tool("python", "-m", "galaxy_importer.main", artefact, silent=True)
    playbooks = ("tests/integration/test_playbooks.py", "-m", "not rest")
    _pytest(session, USABLE_CORES[-1], "package", *playbooks, collections=installed)
    if warnings := re.findall(r"^(?:WARNING|ERROR).*", output, re.MULTILINE):
        session.error("galaxy-importer is not content:\n" + "\n".join(warnings))


@nox.session(tags=["checks", "checks-all"])
def molecule(session: nox.Session) -> None:
    """Run the molecule scenarios; arguments after -- go to molecule."""
    run(session, tools(session), "molecule", *(session.posargs or ["test", "--all"]))


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests on the newest ansible-core; arguments after -- go to pytest."""
    run_pytest(session, USABLE_CORES[-1], "unit", *session.posargs)


@nox.session
@nox.parametrize("core", _each([CORES[0], *NEWEST]))
def playbooks(session: nox.Session, core: str) -> None:
    """Run real playbooks against the emulator, on the oldest and the newest ansible-core; arguments go to pytest."""
    run_pytest(session, core, "integration", *session.posargs)


@nox.session(tags=["suites"])
@nox.parametrize("core", _each([CORES[0], *NEWEST]))
def cores(session: nox.Session, core: str) -> None:
    """Run the unit tests and the playbooks on the newest ansible-core, and what depends on it most on the oldest."""
    if core in NEWEST:
        _run_suites(session, core, unit="not rest", integration="not rest")
    else:
        _run_suites(session, core, unit="not rest and not once", integration="not rest and oldest")


@nox.session(tags=["suites-all"])
@nox.parametrize("core", _each(CORES))
def cores_whole(session: nox.Session, core: str) -> None:
    """Run all unit tests and playbooks on every ansible-core, and what does not depend on it on the two ends."""
    chosen = "" if core in (CORES[0], *NEWEST) else "not once"
    _run_suites(session, core, unit=chosen, integration=chosen)


def _run_suites(session: nox.Session, core: str, **chosen: str) -> None:
    """Run the test suites on an ansible-core, of each the tests with the chosen markers."""
    for suite, markers in chosen.items():
        run_pytest(session, core, suite, f"tests/{suite}", "-m", markers)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the collection against the emulator and its rivals; arguments after -- go to the benchmark."""
    bin_folder = core_venv(session, USABLE_CORES[-1])
    # The rival's package brings a folder "tests" with it, so it needs an environment of its own.
    rivals = venv(session, "bench", (bin_folder / "python").resolve(), "bench") / "python"
    run(session, bin_folder, "python", "-m", "tests.benchmark.bench", "--rivals", rivals, *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Put bugs into copies of the plugins, and say which of them no test notices; see tests/mutants/__main__.py."""
    run(session, core_venv(session, USABLE_CORES[-1]), "python", "-m", "tests.mutants", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Onboard a project on the emulator and build it; see playbooks/demo/run.py."""
    bin_folder = core_venv(session, USABLE_CORES[-1])
    program = [str(bin_folder / "python"), str(ROOT / "playbooks" / "demo" / "run.py"), *session.posargs]
    # The demo takes the place of this process, so that a signal reaches it and it stops what it started.
    os.execve(program[0], program, _demo_environment(bin_folder))


def _demo_environment(bin_folder: Path) -> dict[str, str]:
    """Give the demo's variables; it says itself what becomes of a token that the user has exported."""
    variables = {**os.environ, **environment(bin_folder)}
    variables |= {name: value for name, value in os.environ.items() if name.startswith("CIRCLE")}
    return {name: value for name, value in variables.items() if value is not None}


@nox.session(name="try")
def try_out(session: nox.Session) -> None:
    """Run playbooks against an emulated CircleCI; arguments after -- are their names, from where make was called."""
    bin_folder = core_venv(session, USABLE_CORES[-1])
    program = [str(bin_folder / "python"), str(ROOT / "playbooks" / "demo" / "try_out.py"), *session.posargs]
    session.chdir(session.invoked_from)
    os.execve(program[0], program, _demo_environment(bin_folder))


@nox.session
def pictures(session: nox.Session) -> None:
    """Draw the guide's pictures of a terminal anew, from real runs."""
    run(session, core_venv(session, USABLE_CORES[-1]), "python", "docs/pictures.py")


@nox.session
def lock(session: nox.Session) -> None:
    """Pin the newest versions that requirements/*.in allow into requirements/*.txt."""
    oldest = {"nox": "3.11", "tests": "3.10", "target-oldest": "3.9", "target-newest": "3.13"}
    for source in sorted((ROOT / "requirements").glob("*.in")):
        target = source.with_suffix(".txt")
        options = ["--universal", "--no-header", "--no-annotate", "--upgrade"]
        options += ["--python-version", oldest.get(source.stem, "3.11"), "--output-file", str(target)]
        _uv(session, "pip", "compile", *options, str(source))
        licence = "".join(source.read_text(encoding="utf-8").splitlines(keepends=True)[:2])
        pins = target.read_text(encoding="utf-8")
        target.write_text(f"{licence}\n# Written by: nox -s lock\n{pins}", encoding="utf-8")
