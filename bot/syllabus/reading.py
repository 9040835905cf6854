"""YAML into frozen values, with every problem of a file at once instead of the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import yaml

T = TypeVar("T")


def read_yaml(path: Path, shown: str, problems: list[str]) -> Any:
    """The parsed YAML of `path`, or None with a problem noted (missing file, bad YAML, bad encoding)."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        problems.append(f"{shown}: file: is missing")
    except UnicodeDecodeError as error:
        problems.append(f"{shown}: byte {error.start}: is not UTF-8 text")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
        problems.append(f"{shown}: {place}: {error.problem or error.context or 'is not YAML'}")
    except yaml.YAMLError as error:
        problems.append(f"{shown}: file: is not YAML ({error})")
    except ValueError as error:  # such as a date of month 13, which YAML reads as a date before we can
        problems.append(f"{shown}: file: holds a value that cannot be read; put it in quotes ({error})")
    except OSError as error:
        problems.append(f"{shown}: file: cannot be read ({error.strerror})")
    return None


def convert(value: Any, type_: Any, shown: str, problems: list[str], place: str = "$") -> Any:
    """`value` as `type_`, or None with each problem below it noted as `file: place: problem`."""
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        before = len(problems)
        _explain(value, type_, shown, problems, place)
        if len(problems) == before:
            problems.append(f"{shown}: {place}: {error}")
        return None


def convert_list(value: Any, type_: type[T], shown: str, problems: list[str]) -> list[tuple[int, T]]:
    """The good items of a list with their positions; each bad one leaves its problems."""
    if not isinstance(value, list):
        problems.append(f"{shown}: $: must be a list, got {_name(value)}")
        return []
    made = ((i, convert(item, type_, shown, problems, f"$[{i}]")) for i, item in enumerate(value))
    return [(i, item) for i, item in made if item is not None]


def _explain(value: Any, type_: Any, shown: str, problems: list[str], place: str) -> None:
    """Go down to where it does not fit, so that all problems are told."""
    if get_origin(type_) is Union:  # Optional[...]: explain what it would be if it were there
        type_ = next(t for t in get_args(type_) if t is not type(None))
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        if not isinstance(value, dict):
            problems.append(f"{shown}: {place}: must be a mapping, got {_name(value)}")
            return
        hints = get_type_hints(type_)
        fields = {f.encode_name: f for f in msgspec.structs.fields(type_)}
        for key in value:
            if key not in fields:
                problems.append(f"{shown}: {place}: unknown field {key!r}{_meant(str(key), list(fields))}")
        for key, field in fields.items():
            if key in value:
                convert(value[key], hints[field.name], shown, problems, f"{place}.{key}")
            elif field.required:
                problems.append(f"{shown}: {place}: field {key!r} is missing")
    elif get_origin(type_) is tuple and isinstance(value, list):
        for i, item in enumerate(value):
            convert(item, get_args(type_)[0], shown, problems, f"{place}[{i}]")
    elif type_ is str and isinstance(value, (bool, int, float)):
        kind = "true or false" if isinstance(value, bool) else "a number"
        problems.append(f"{shown}: {place}: {str(value).lower()} is read as {kind}; put it in quotes")


def _meant(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near: Optional[str] = next(iter(get_close_matches(word, known, 1)), None)
    return f" (did you mean {near!r}?)" if near else ""


def _name(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__
