// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Command, Option } from 'commander';
import { type CommandLeaf, leavesOf, suggestedFor } from './command-tree.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Options whose value is a file or a folder. */
const FILE_OPTION = /^<(file|folder|files?\.\.\.)>$/;

/** The script that completes commands, options and their values in a shell, with all that it needs to know in it. */
export function completionScript(shell: Shell, program: Command): string {
  return { bash, zsh, fish }[shell](program);
}

interface Flag {
  /** `--host`. */
  readonly name: string;
  readonly meaning: string;
  readonly takesValue: boolean;
  readonly takesFile: boolean;
  readonly values: readonly string[];
}

function flagsOf({ options }: Command): readonly Flag[] {
  const help: Flag = { name: '--help', meaning: 'show what it takes', takesValue: false, takesFile: false, values: [] };
  const own = options.flatMap((option) => (option.long === undefined ? [] : [flagOf(option, option.long)]));
  return [...own, help];
}

function flagOf(option: Option, name: string): Flag {
  const [, argument = ''] = /(<[^>]+>)/.exec(option.flags) ?? [];
  return {
    name,
    meaning: firstSentence(option.description),
    takesValue: option.required,
    takesFile: FILE_OPTION.test(argument),
    values: suggestedFor(option),
  };
}

function firstSentence(text: string): string {
  return text.split(/[;(.]/)[0]?.trim() ?? '';
}

/** The commands of the first word that have others below them. */
function groupsOf(program: Command): readonly Command[] {
  return program.commands.filter(({ commands }) => commands.length > 0);
}

const namesOf = (commands: readonly Command[]): string => commands.map((each) => each.name()).join(' ');
const called = ({ words }: CommandLeaf): string => words.join(' ');

function bash(program: Command): string {
  const leaves = leavesOf(program).filter(({ words }) => words.length > 0);
  const verbs = groupsOf(program).map((group) => `    ${group.name()}) words="${namesOf(group.commands)}" ;;`);
  const flags = leaves.map((leaf) => {
    const names = flagsOf(leaf.command).map(({ name }) => name);
    return `    "${called(leaf)}") words="${names.join(' ')}" ;;`;
  });
  const values = leaves.flatMap((leaf) =>
    flagsOf(leaf.command)
      .filter((flag) => flag.values.length > 0)
      .map((flag) => `    "${called(leaf)} ${flag.name}") words="${flag.values.join(' ')}" ;;`),
  );
  const files = leaves.flatMap((leaf) =>
    flagsOf(leaf.command).flatMap(({ takesFile, name }) => (takesFile ? [`"${called(leaf)} ${name}"`] : [])),
  );
  return `# bash completion for mail-proxy: source it, or keep it in ~/.local/share/bash-completion/completions/mail-proxy
_mail_proxy() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" called="\${COMP_WORDS[1]}" words=""
  case "$called" in
${groupsOf(program)
  .map((group) => `    ${group.name()}`)
  .join(' |\\\n')}) ((COMP_CWORD > 2)) && called="$called \${COMP_WORDS[2]}" ;;
  esac
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${namesOf(program.commands)} help --version --help" -- "$word"))
    return
  fi
  if ((COMP_CWORD == 2)); then
    case "$called" in
${verbs.join('\n')}
    esac
    if [[ -n "$words" ]]; then COMPREPLY=($(compgen -W "$words" -- "$word")); return; fi
  fi
  case "$called $previous" in
${values.join('\n')}
    ${files.join(' | ') || '""'}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [[ -n "$words" ]]; then COMPREPLY=($(compgen -W "$words" -- "$word")); return; fi
  if [[ "$word" != -* ]]; then COMPREPLY=($(compgen -f -- "$word")); return; fi
  case "$called" in
${flags.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o filenames -F _mail_proxy mail-proxy
`;
}

function zsh(program: Command): string {
  const described = (commands: readonly Command[]): string =>
    commands.map((each) => `      ${quoted(`${each.name()}:${firstSentence(each.description())}`)}`).join('\n');
  const leaves = leavesOf(program).filter(({ words }) => words.length > 0);
  const specs = leaves.map(({ words, command }) => {
    const each = flagsOf(command).map((flag) => `        ${quoted(specOf(flag))} \\`);
    return `    ${quoted(words.join(' '))})\n      _arguments \\\n${each.join('\n')}\n        '*:file:_files' ;;`;
  });
  const groups = groupsOf(program).map(
    (group) => `    ${group.name()})
      if ((CURRENT == 3)); then
        commands=(
${described(group.commands)}
        )
        _describe -t commands command commands
        return
      fi
      called="$words[2] $words[3]"; depth=2 ;;`,
  );
  return `#compdef mail-proxy
# zsh completion for mail-proxy: keep it as _mail-proxy in a folder of $fpath
_mail_proxy() {
  local -a commands
  local called="$words[2]" depth=1
  if ((CURRENT == 2)); then
    commands=(
${described(program.commands)}
    )
    _describe -t commands command commands
    return
  fi
  case "$words[2]" in
${groups.join('\n')}
  esac
  shift $depth words
  ((CURRENT -= depth))
  case "$called" in
${specs.join('\n')}
  esac
}
if [[ "\${funcstack[1]}" == _mail-proxy ]]; then _mail_proxy "$@"; else compdef _mail_proxy mail-proxy; fi
`;
}

function specOf({ name, meaning, takesValue, takesFile, values }: Flag): string {
  const value =
    values.length > 0 ? `:value:(${values.join(' ')})` : takesFile ? ':file:_files' : takesValue ? ':value: ' : '';
  return `${name}[${meaning.replaceAll(/[[\]]/g, '').replaceAll(':', '\\:')}]${value}`;
}

function fish(program: Command): string {
  const top = program.commands.map(
    (each) =>
      `complete -c mail-proxy -n __fish_use_subcommand -a ${each.name()} -d ${quoted(firstSentence(each.description()))}`,
  );
  const verbs = groupsOf(program).flatMap((group) =>
    group.commands.map((each) => {
      const when = `__fish_seen_subcommand_from ${group.name()}; and not __fish_seen_subcommand_from ${namesOf(group.commands)}`;
      return `complete -c mail-proxy -n ${quoted(when)} -a ${each.name()} -d ${quoted(firstSentence(each.description()))}`;
    }),
  );
  const leaves = leavesOf(program).filter(({ words }) => words.length > 0);
  const flags = leaves.flatMap(({ words, command }) => {
    const when = quoted(words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and '));
    return flagsOf(command).map(({ name, meaning, takesValue, takesFile, values }) => {
      const given = takesValue || values.length > 0 ? ' -r' : '';
      const choices = values.length > 0 ? ` -a ${quoted(values.join(' '))}` : '';
      return `complete -c mail-proxy -n ${when} -l ${name.slice(2)}${given}${takesFile ? ' -F' : ''}${choices} -d ${quoted(meaning)}`;
    });
  });
  return `# fish completion for mail-proxy: keep it as ~/.config/fish/completions/mail-proxy.fish
complete -c mail-proxy -f
${[...top, ...verbs, ...flags].join('\n')}
`;
}

/** In single quotes, as all three shells read them; none of our texts needs one inside. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
