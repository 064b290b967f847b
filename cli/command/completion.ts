import { SigError } from '../../src/errors.ts';
import { printLine } from '../io.ts';
import type { CommandSpec, Run } from './command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './table.ts';

export const run: Run = async ({ args }, context) => {
  const shell = args[0]!;
  if (shell === 'ids') {
    // What the scripts below ask for; one id a line.
    for (const { id } of (await context.providers()).all) await printLine(context.io, id);
    return 0;
  }
  const write = SCRIPTS[shell];
  if (write === undefined) {
    throw new SigError('E_USAGE', `Unknown shell "${shell}"`, { hint: `use ${Object.keys(SCRIPTS).join(', ')}` });
  }
  await context.io.stdout.write(write());
  return 0;
};

const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish, powershell };

/** Long options of a command, with its own first. */
function longOptions(command: CommandSpec): string[] {
  return [...command.options ?? [], ...GLOBAL_OPTIONS].map(({ flag }) => `--${/--([a-z-]+)/.exec(flag)![1]}`);
}

function takesProvider(command: CommandSpec): boolean {
  return /provider/.test(command.args ?? '');
}

function bash(): string {
  const cases = COMMANDS.map((command) =>
    `    ${command.name}) words="${longOptions(command).join(' ')}${
      takesProvider(command) ? ' $(sig completion ids 2>/dev/null)' : ''
    }" ;;`
  );
  return `# sig completion for bash
_sig() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${COMMANDS.map((command) => command.name).join(' ')} --help --version"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _sig sig
`;
}

function zsh(): string {
  const commands = COMMANDS.map((command) =>
    `    '${command.name}:${command.summary.replaceAll("'", '').replaceAll(':', '\\:')}'`
  );
  const cases = COMMANDS.map((command) => {
    const ids = takesProvider(command) ? ' ${(f)"$(sig completion ids 2>/dev/null)"}' : '';
    return `    ${command.name}) compadd -- ${longOptions(command).join(' ')}${ids} ;;`;
  });
  return `#compdef sig
_sig() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
}
compdef _sig sig
`;
}

function fish(): string {
  const lines = COMMANDS.flatMap((command) => {
    const when = `-n '__fish_seen_subcommand_from ${command.name}'`;
    return [
      `complete -c sig -f -n __fish_use_subcommand -a ${command.name} -d '${command.summary.replaceAll("'", '')}'`,
      ...longOptions(command).map((option) => `complete -c sig -f ${when} -l ${option.slice(2)}`),
      ...(takesProvider(command) ? [`complete -c sig -f ${when} -a '(sig completion ids 2>/dev/null)'`] : []),
    ];
  });
  return `# sig completion for fish\n${lines.join('\n')}\n`;
}

function powershell(): string {
  const cases = COMMANDS.map((command) => {
    const ids = takesProvider(command) ? ' + @(sig completion ids 2>$null)' : '';
    return `    '${command.name}' { $words = @(${
      longOptions(command).map((option) => `'${option}'`).join(', ')
    })${ids} }`;
  });
  return `# sig completion for PowerShell
Register-ArgumentCompleter -Native -CommandName sig -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $elements = $commandAst.CommandElements
  $words = @(${COMMANDS.map((command) => `'${command.name}'`).join(', ')})
  if ($elements.Count -gt 2 -or ($elements.Count -eq 2 -and $wordToComplete -eq '')) {
    switch ($elements[1].Value) {
${cases.map((line) => `  ${line}`).join('\n')}
    }
  }
  $words | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}
