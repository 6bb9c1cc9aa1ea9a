"""``alsatian completion``: what a shell needs to complete commands, options and their values."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

_EPILOG = """\
to have it now and in every new shell:
  bash  echo 'eval "$(alsatian completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(alsatian completion zsh)"' >> ~/.zshrc      after compinit
  fish  alsatian completion fish > ~/.config/fish/completions/alsatian.fish
"""


class _Option(NamedTuple):
    flags: tuple[str, ...]
    help: str
    choices: tuple[str, ...]
    takes_value: bool


class _Command(NamedTuple):
    name: str
    help: str
    options: tuple[_Option, ...]


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "completion",
        help="print completions for bash, zsh or fish",
        description="Print completions of commands, options and their values for a shell.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="the shell")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print them."""
    from alsatian.cli import build_parser

    commands = list(_commands(build_parser()))
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell](commands), end="")
    return 0


def _commands(parser: argparse.ArgumentParser) -> Iterator[_Command]:
    action = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
    for name, command in action.choices.items():
        yield _Command(name, helps[name], tuple(_option(one) for one in command._actions))


def _option(action: argparse.Action) -> _Option:
    choices = tuple(map(str, action.choices or ()))
    told = " ".join((action.help or "").split()).replace("%(default)s", str(action.default))
    return _Option(tuple(action.option_strings), told, choices, action.nargs != 0)


def _bash(commands: list[_Command]) -> str:
    cases, values = [], []
    for command in commands:
        flags = [flag for option in command.options for flag in option.flags]
        words = [word for option in command.options if not option.flags for word in option.choices]
        cases.append(f"    {command.name}) words={shlex.quote(' '.join([*flags, *words]))} ;;")
        for option in command.options:
            if option.flags and option.choices:
                pattern = "|".join(f"{command.name}:{flag}" for flag in option.flags)
                values.append(f"    {pattern}) words={shlex.quote(' '.join(option.choices))} ;;")
    names = " ".join(command.name for command in commands)
    return f"""\
_alsatian() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command="${{COMP_WORDS[1]}}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{names} --help --version" -- "$current"))
    return
  fi
  case "$command:$before" in
{chr(10).join(values)}
  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$command" in
{chr(10).join(cases)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _alsatian alsatian
"""


def _zsh(commands: list[_Command]) -> str:
    names = "\n".join(f"    {shlex.quote(f'{one.name}:{one.help}')}" for one in commands)
    cases = []
    for command in commands:
        specs = [spec for option in command.options for spec in _zsh_specs(option)]
        cases.append(f"    {command.name}) _arguments {' '.join(map(shlex.quote, [*specs, '*: :_files']))} ;;")
    return f"""\
#compdef alsatian
_alsatian() {{
  local -a commands=(
{names}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
{chr(10).join(cases)}
  esac
}}
if [ "$funcstack[1]" = _alsatian ]; then _alsatian "$@"; else compdef _alsatian alsatian; fi
"""


def _zsh_specs(option: _Option) -> Iterator[str]:
    told = option.help
    for mark in "\\[]:":
        told = told.replace(mark, f"\\{mark}")
    for flag in option.flags:
        value = ""
        if option.takes_value:
            value = f":value:({' '.join(option.choices)})" if option.choices else ":value:_files"
        yield f"{flag}[{told}]{value}"
    if not option.flags and option.choices:
        yield f": :({' '.join(option.choices)})"


def _fish(commands: list[_Command]) -> str:
    lines = ["complete -c alsatian -n __fish_use_subcommand -l version -d 'show the version'"]
    for command in commands:
        start = f"complete -c alsatian -n __fish_use_subcommand -f -a {command.name}"
        lines.append(f"{start} -d {shlex.quote(command.help)}")
        within = f"complete -c alsatian -n '__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            parts = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
            if option.choices:
                parts.append(f"-{'x' if option.flags else 'f'} -a {shlex.quote(' '.join(option.choices))}")
            elif option.flags and option.takes_value:
                parts.append("-r")
            if parts:
                lines.append(f"{within} {' '.join(parts)} -d {shlex.quote(option.help)}")
    return "\n".join(lines) + "\n"
