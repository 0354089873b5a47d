# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Bringing a context to what it is to be (VF §1, §7).

The order of writes keeps secrets in: restrictions stand before a variable is written, and go after it has gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.context_writes import (
    Step,
    add_restriction,
    delete,
    remove_restriction,
    remove_variable,
    set_variable,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.contexts import (
    ALL_MEMBERS,
    GROUP,
    LIST,
    Content,
    Json,
    Owner,
    described,
    find,
    open_list,
    path_of,
    read_content,
    told,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import LATER, seen, settled
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_contexts import (
    EXPRESSION,
    PRESENT,
    WantedContext,
    WantedRestriction,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._task.words import bounded
from ansible_collections.community.circleci.plugins.module_utils._values.masks import (
    ALWAYS,
    NO_WORDS,
    left_in_doubt,
    mark_replaced,
    tail,
)
from ansible_collections.community.circleci.plugins.module_utils._values.moments import moment_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Organization, Project
from ansible_collections.community.circleci.plugins.module_utils._values.suspects import about_variables
from ansible_collections.community.circleci.plugins.module_utils._values.variables import WantedVariable

MOST_CONTEXTS = 500  # in an organization
MOST_VARIABLES = 100  # in a context
NO_ENDS = "CircleCI shows no ends of values here."
NO_DATES = "CircleCI does not say here when values were set."
CHANGES = ("added", "removed", "updated")


@dataclass
class _Progress:
    """What a task has made of a context so far, or is going to make of it.

    :param before: what was in it
    :param made: whether the task makes the context
    """

    context: Json | None
    content: Content
    before: Content = field(default_factory=lambda: Content(None, {}, []))
    done: list[Step] = field(default_factory=list)
    made: bool = False

    def outcome(self) -> Outcome:
        """The state and the results."""
        changes: dict[str, list[Json]] = {
            change: [step.thing for step in self.done if step.change == change] for change in CHANGES
        }
        shown = _shown(self.context, self.content)
        if self.made:
            changes["added"].insert(0, {"kind": "context", "name": shown["context"]})
        result = {
            "context": self.context,
            "env_vars": self.content.shown_env_vars(),
            "restrictions": self.content.restrictions,
        }
        mark_replaced(shown["env_vars"], _shown_masks(self.before), [thing["name"] for thing in changes["updated"]])
        return Outcome(shown, result, **changes)


def plan_context(client: Client, organization: Organization, wanted: WantedContext) -> Plan:
    """Read a context, and say what has to be done to it.

    :raises CircleCIError: when it cannot be read, and for what no API can do
    """
    owner, listed = open_list(client, organization)
    seen: list[Json] = []
    context = find(_remembering(listed, seen), wanted.name)
    content = Content(None, {}, []) if context is None else read_content(client, context["id"])
    before = _shown(context, content)
    if not wanted.present:
        nothing = _Progress(None, Content(None, {}, [])).outcome()
        if context is None:
            return Plan(before, nothing)
        gone = context
        nothing.removed = [{"kind": "context", "name": wanted.name}]
        return Plan(before, nothing, lambda: _delete_context(client, owner, gone, nothing))
    restrictions = _resolved(client, wanted.restrictions)
    if context is not None:
        return _plan_content(client, owner, wanted, context, content, restrictions)
    if len(seen) >= MOST_CONTEXTS:
        client.warn(f"{organization} has {len(seen)} contexts, and CircleCI allows {MOST_CONTEXTS} of them.")
    new: Json = {"id": UNKNOWN, "name": wanted.name, "organization": str(organization), "created_at": UNKNOWN}
    everybody = {"id": UNKNOWN, "type": GROUP, "value": UNKNOWN, "name": ALL_MEMBERS}
    forecast = _plan_content(
        client, owner, wanted, new, Content(None, {}, [everybody]), restrictions, made=True
    ).predicted
    return Plan(before, forecast, lambda: _create(client, owner, wanted, restrictions))


def _plan_content(
    client: Client,
    owner: Owner,
    wanted: WantedContext,
    context: Json,
    content: Content,
    restrictions: list[Json],
    *,
    made: bool = False,
) -> Plan:
    """Bring what is in a context to what it is to be.

    :param made: whether this task makes the context
    """
    steps = _steps(client, owner, wanted, context, content, restrictions, made=made)
    predicted = _Progress(context, content.copy(), content, steps, made)
    for step in steps:
        step.note(predicted.content, step.foretold)
    before = _shown(context, content)
    if not steps:
        return Plan(before, predicted.outcome())
    return Plan(before, predicted.outcome(), lambda: _carry_out(client, context, content, steps, made=made))


def _carry_out(client: Client, context: Json, content: Content, steps: list[Step], *, made: bool) -> Outcome:
    """Send the writes one after the other. Then read the variables that were set: an answer does not show them."""
    progress = _Progress(context, content.copy(), content, [], made)
    with telling(progress.outcome, "context"):
        for step in steps:
            step.note(progress.content, step.send())
            progress.done.append(step)
        after = progress.outcome().after
        _await_restrictions(client, context, content, progress.content)
        written = {step.thing["name"] for step in steps if step.thing["kind"] == "env_var" and step.change != "removed"}
        if written:
            progress.content = _read_written(client, context, written, progress.content)
        outcome = progress.outcome()
        outcome.after = after
    return outcome


def _await_restrictions(client: Client, context: Json, before: Content, after: Content) -> None:
    """Wait until CircleCI shows the restrictions that were added: the next task would add them once more."""

    def ids(content: Content) -> set[str]:
        return {str(each["id"]) for each in content.restrictions}

    added = ids(after) - ids(before)
    if added:
        what = f"restrictions of context {plain(context['name'])} of {context['organization']}"
        seen(client, lambda: ids(read_content(client, context["id"])), lambda shown: added <= shown, what)


def _read_written(client: Client, context: Json, written: set[str], expected: Content) -> Content:
    """Read a context until CircleCI shows of new values what it must show.

    :raises CircleCIError: when one is empty or not there, although the answer was a success
    """
    ends = {name: expected.env_vars[name]["masked_value"] for name in sorted(written)}

    def others(found: Content) -> list[str]:
        return [
            name
            for name, end in ends.items()
            if name not in found.env_vars or found.env_vars[name]["masked_value"] not in (None, end)
        ]

    found = settled(client, lambda: read_content(client, context["id"]), lambda found: not others(found))
    wrong = others(found)
    lost = [name for name in wrong if not found.env_vars.get(name, {}).get("masked_value")]
    if lost:
        raise CircleCIError(
            f"CircleCI answered that {bounded(lost)} of context {context['name']} was set, but {LATER} there is no "
            "value.",
            hint="Check whether something between changes requests, or somebody else was at work. Then run the task "
            "again.",
        )
    if wrong:
        client.warn(
            f"CircleCI shows another end of what was written to {bounded(wrong)} than it should. Either somebody else "
            "has changed it meanwhile, or masks cannot be trusted on this server: use update_value on_create, always "
            "or when_older."
        )
    return found


# --- the writes -----------------------------------------------------------------------------------------------------


def _create(client: Client, owner: Owner, wanted: WantedContext, restrictions: list[Json]) -> Outcome:
    """Make the context and fill it. When somebody else makes it at the same time, that one is taken."""

    def look() -> Json | None:
        return find(open_list(client, owner.organization)[1], wanted.name)

    made = True
    try:
        answer = client.write(
            "POST",
            LIST,
            {"name": wanted.name, "owner": owner.body},
            repeatable=False,
            seen=look,
            shape=with_fields(id=str, name=str),
        )
        context = described(answer, owner.organization)
    except CircleCIError as error:
        # Texts and codes for a duplicate vary, so every refusal is followed by a look.
        if error.status not in (400, 403, 404, 409, 422):
            raise
        taken = error.status == 409 or "already" in (error.error or "").lower()
        found = settled(client, look, lambda found: found is not None) if taken else look()
        if found is None:
            if taken:
                error.hint = (
                    f"{owner.organization} lists no context of exactly this name. Perhaps one differs from it in case, "
                    "or, on CircleCI Server, another organization has it: choose another name."
                )
            raise
        made, context = False, found
    if made:
        what = f"context {plain(wanted.name)} of {owner.organization}"
        seen(client, look, lambda found: found is not None, what)
    progress = _Progress(context, Content(None, {}, []), made=made)
    with telling(progress.outcome, "context"):
        content = read_content(client, context["id"])
        plan = _plan_content(client, owner, wanted, context, content, restrictions, made=made)
    return plan.carry_out(client) if plan.changed else plan.predicted


def _delete_context(client: Client, owner: Owner, context: Json, nothing: Outcome) -> Outcome:
    def gone() -> bool:
        return find(open_list(client, owner.organization)[1], context["name"]) is None

    delete(client, path_of(context["id"]), gone)
    return nothing


def _steps(
    client: Client,
    owner: Owner,
    wanted: WantedContext,
    context: Json,
    content: Content,
    restrictions: list[Json],
    *,
    made: bool,
) -> list[Step]:
    """The writes in their order. The warnings that belong to them are given here."""
    names = {variable.name for variable in wanted.env_vars}
    values = {(each["type"], each["value"]) for each in restrictions}
    here = {(each["type"], each["value"]) for each in content.restrictions}
    doomed = [name for name in content.env_vars if name not in names] if wanted.env_vars_exclusive else []
    surplus = [
        each
        for each in content.restrictions
        if wanted.restrictions_exclusive and each["type"] != GROUP and (each["type"], each["value"]) not in values
    ]
    opening, closing = _all_members(client, owner, wanted, context, content)
    to_set = _to_set(client, wanted, content)
    adding = [
        add_restriction(client, context, each) for each in restrictions if (each["type"], each["value"]) not in here
    ]
    setting = [set_variable(client, context, content, variable) for variable in to_set]
    removing = [remove_variable(client, context, name) for name in doomed]
    fresh = [variable.name for variable in to_set if variable.name not in content.env_vars]
    count = len(content.env_vars) + len(fresh)
    crowded = bool(fresh) and count > MOST_VARIABLES
    if crowded and count - len(doomed) > MOST_VARIABLES:
        client.warn(
            f"Context {wanted.name} is going to have {count - len(doomed)} variables, and CircleCI allows "
            f"{MOST_VARIABLES} of them: it may refuse the others."
        )
    # Where there is no room for the new ones, the old ones go first.
    variables = [*removing, *setting] if crowded else [*setting, *removing]
    lifting = [remove_restriction(client, context, each) for each in surplus]
    return [*adding, *opening, *(closing if made else []), *variables, *lifting, *([] if made else closing)]


def _to_set(client: Client, wanted: WantedContext, content: Content) -> list[WantedVariable]:
    """The variables that get their value."""
    found: list[WantedVariable] = []
    unsure: dict[str, str] = {}
    for variable in wanted.env_vars:
        there = content.env_vars.get(variable.name)
        end = there["masked_value"] if there else None
        must = variable.must_set(
            there=there is not None,
            masks_equal=None if end is None else end == tail(variable.value),
            updated=moment_of(there["updated_at"]) if there else None,
        )
        if must:
            found.append(variable)
        elif must is None:
            why = NO_DATES if variable.not_older_than else NO_WORDS if end is not None else NO_ENDS
            unsure[variable.name] = why
    for warning in about_variables({variable.name: variable.value for variable in found}):
        client.warn(warning)
    if unsure:
        dated = all(content.env_vars[name]["updated_at"] for name in unsure)
        remedy = f"when_older with not_older_than, or {ALWAYS}," if dated else ALWAYS
        reasons = " ".join(dict.fromkeys(unsure.values()))
        client.warn(left_in_doubt(list(unsure), "variable", "variables", remedy, reasons))
    return found


def _all_members(
    client: Client, owner: Owner, wanted: WantedContext, context: Json, content: Content
) -> tuple[list[Step], list[Step]]:
    """The writes that let all members in, and those that shut them out."""
    everybody = [each for each in content.restrictions if content.is_all_members(each)]
    if wanted.all_members is None or (wanted.all_members == PRESENT) is bool(everybody):
        return [], []
    is_app = _is_app(client, owner.organization)
    if wanted.all_members == PRESENT:
        if is_app:
            raise invalid(
                f"Context {wanted.name} has lost its group {ALL_MEMBERS}, and in organizations of this kind no API can "
                "bring it back.",
                "Add the group in the web interface of CircleCI, under Organization Settings, Contexts.",
            )
        value = content.organization_id or _organization_id(client, owner.organization)
        return [add_restriction(client, context, {"type": GROUP, "value": value, "name": ALL_MEMBERS})], []
    if is_app:
        client.warn(
            f"Removing {ALL_MEMBERS} from context {wanted.name} is final: in organizations of this kind no API can "
            "bring it back."
        )
    return [], [remove_restriction(client, context, each) for each in everybody]


# --- what has to be looked up ---------------------------------------------------------------------------------------


def _resolved(client: Client, restrictions: Sequence[WantedRestriction]) -> list[Json]:
    """The restrictions with the ids of their projects, each once. Each slug costs a request."""
    found: dict[tuple[str, str], Json] = {}
    for wanted in restrictions:
        project = wanted.project
        known: Json = {"id": wanted.value, "name": wanted.value if wanted.type == EXPRESSION else UNKNOWN}
        if project is not None:
            known = _project(client, project)
        # What is not known yet are different projects.
        identity = (wanted.type, str(project) if known["id"] is UNKNOWN else known["id"])
        found.setdefault(identity, {"type": wanted.type, "value": known["id"], "name": known["name"]})
    return list(found.values())


def _project(client: Client, project: Project) -> Json:
    """The id and the name of a project, by ``GET /project`` (VF §4). Unknown in check mode if it is not there yet."""
    shape = with_fields(id=str, name=str)

    def read() -> Json:
        path = project.v2_path()
        try:
            return shape(client.get_object(path))
        except ValueError as exc:
            raise unusable(f"CircleCI's answer about {project} cannot be used: {exc}", path) from exc

    return read_known(client, project, read, {"id": UNKNOWN, "name": project.name})


def _is_app(client: Client, organization: Organization) -> bool:
    """Whether an organization is of the kind for which no API changes groups (VF §0.2)."""
    if organization.vcs_type is not None:
        return organization.vcs_type == "circleci"
    try:
        return client.get_object(f"v2/organization/{organization.name}").get("vcs_type") == "circleci"
    except CircleCIError as error:
        if error.status != 404:
            raise
        return False  # CircleCI Server has no such organizations, and its older versions lack this look-up.


def _organization_id(client: Client, organization: Organization) -> str:
    """The uuid of an organization (VF §5)."""
    if organization.short_slug is None:
        return organization.name
    path = f"v2/organization/{organization.short_slug}"
    found = client.get_object(path).get("id")
    if not isinstance(found, str):
        raise unusable(f"CircleCI does not say the id of {organization}.", path)
    return found


# --- small things ---------------------------------------------------------------------------------------------------


def _remembering(listed: Iterator[Json], seen: list[Json]) -> Iterator[Json]:
    for context in listed:
        seen.append(context)
        yield context


def _shown(context: Json | None, content: Content) -> Json:
    """What a diff shows: masks and restrictions, without what CircleCI makes up."""
    return {
        "context": context and context["name"],
        "env_vars": _shown_masks(content),
        "restrictions": [_shown_restriction(each) for each in content.restrictions],
    }


def _shown_masks(content: Content) -> dict[str, str]:
    return {name: each["masked_value"] or "" for name, each in sorted(content.env_vars.items())}


def _shown_restriction(restriction: Json) -> Json:
    """A restriction in a diff: without its name where that is not known, and a group without its id."""
    shown = {name: item for name, item in told(restriction).items() if item is not None}
    if shown.get("name") == UNKNOWN:
        del shown["name"]
    return shown
