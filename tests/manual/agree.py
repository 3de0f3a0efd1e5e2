#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""agree - a program's --help, its manual page and its completion say the same.

    tests/manual/agree.py PROGRAM MANPAGE [COMPLETION]

--help is printed from the table of options by which the program reads its command line (common/cli.h),
so this compares the table. Compared are, both ways: the names of options, their arguments, which of
them have a default, the default where it is a value, ranges that the page states ("1 to 64"), and exit
statuses. A completion for bash may know options and words that --help has, and no others.

In the page an item of a list that begins with "Fl" is an option, and "The default is 50." in its text
is what is compared. Exit status: 0 they agree, 1 they do not, and why.
"""
import dataclasses
import re
import subprocess
import sys


@dataclasses.dataclass
class Option:
    """An option: its names ("-m", "--message"), and what is said of it."""
    names: frozenset
    argument: str
    text: str


def words(text):
    """An argument without its punctuation: "RATE[:BURST]" is "rate burst"."""
    return re.findall(r'[a-z0-9]+', text.lower())


def read_help(text):
    """The options and the exit statuses of a --help."""
    options = []
    for block in re.findall(r'^ {2}(?: {4}|-)[^\n]*(?:\n {28}[^\n]*)*', text, re.M):
        match = re.match(r' +((?:-\w, )?--[\w-]+|-\w)(?:[= ](\S+))?(?:\s{2,}|\n|$)(.*)', block, re.S)
        if match:
            names, argument, rest = match.groups()
            options.append(Option(frozenset(names.split(', ')), argument or '', ' '.join(rest.split())))
    tail = ' '.join(text[text.rindex('Exit status:'):].split())
    return options, sorted(set(re.findall(r'(?:^Exit status:|,) (\d) ', tail)))


def plain(lines):
    """The text of mdoc lines, on one line."""
    out = []
    for line in lines:
        if re.match(r'\.(It|Bl|El|Pp)\b', line):
            out.append(' ')
            continue
        line = re.sub(r'\\\(dq', '"', line.replace('\\-', '-'))
        if line.startswith('.'):
            line = re.sub(r'\b(Ns|Ar|Cm|Fl|Li|Pa|Ev|Nm|Xr|Dv|Ql|Pq|Dq|Op|Sx) ?', '', line[1:])
        out.append(line)
    return re.sub(r' ([.,;])', r'\1', ' '.join(' '.join(out).split()))


def read_head(line):
    """The options of an ".It Fl" line: several names of one, or several options."""
    options, names = [], set()
    parts = re.split(r' , (?=Fl |\d$)', line.replace('\\-', '-')[len('.It '):])
    for i, part in enumerate(parts):
        name, _, rest = re.sub(r'^Fl ', '', part).partition(' ')
        argument = re.sub(r'\b(Ns|Ar|Cm|Op|Oo|Oc) ?', '', rest)
        names.add('-' + name)
        # "-m text, --message text" and "-h, --help" are one option with two names.
        if len(name) == 1 and i + 1 < len(parts) and parts[i + 1].startswith('Fl -'):
            continue
        options.append((frozenset(names), argument))
        names = set()
    return options


def read_manual(text):
    """The options and the exit statuses of a page in mdoc."""
    lines = text.split('\n')
    options, waiting, depth = [], [], 0
    for i, line in enumerate(lines):
        if line.startswith('.Bl'):
            depth += 1
        elif line.startswith('.El'):
            depth -= 1
        elif line.startswith('.It Fl'):
            waiting += read_head(line)
            end, level = i + 1, depth
            while level > depth or not re.match(r'\.(It|El)\b', lines[end]):
                level += lines[end].startswith('.Bl')
                level -= lines[end].startswith('.El')
                end += 1
            if end > i + 1 or not lines[end].startswith('.It Fl'):
                said = plain(lines[i + 1:end])
                options += [Option(names, argument, said) for names, argument in waiting]
                waiting = []
    section = re.search(r'^\.Sh EXIT STATUS\n(.*?)^\.Sh', text + '\n.Sh', re.S | re.M)
    return options, sorted(re.findall(r'^\.It (\d)$', section.group(1), re.M)) if section else []


def compare_option(ours, theirs):
    """What is wrong with an item of the page, @theirs; @ours is from the table."""
    name = max(ours.names, key=len)
    if ours.names != theirs.names:
        yield f'{name}: names are {sorted(ours.names)} in --help and {sorted(theirs.names)} in the page'
    if words(ours.argument) != words(theirs.argument):
        yield f'{name}: argument "{ours.argument}" in --help, "{theirs.argument}" in the page'
    default = re.search(r'[(;] ?default: (.*)\)$', ours.text)
    if bool(default) != bool(re.search(r'\bdefault\b', theirs.text)):
        yield f'{name}: only {"--help" if default else "the page"} has a default'
    if default:
        stated = re.findall(r'[Dd]efault is ([^ ]+?)[.,;:]?(?= |$)', theirs.text)
        if ' ' not in default.group(1) and default.group(1) not in stated:
            yield f'{name}: the page does not say "The default is {default.group(1)}."'
    stated = re.findall(r'\b(\d[\d.]*) to (\d[\d.]*\d|\d)', theirs.text)
    limits = re.findall(r'\(([\d.]+) to ([\d.]+)', ours.text)
    for pair in stated:
        if limits and pair not in limits:
            yield f'{name}: {" to ".join(pair)} in the page, {" to ".join(limits[0])} in --help'


def compare(help_text, page):
    """All that is wrong with the page."""
    ours, our_statuses = read_help(help_text)
    theirs, their_statuses = read_manual(page)
    if len(ours) < 5 or not our_statuses:
        yield '--help could not be read'
    for option in ours:
        items = [item for item in theirs if item.names & option.names]
        if not items:
            yield f'{max(option.names, key=len)}: not in the page'
        for item in items:
            yield from compare_option(option, item)
    known = {name for option in ours for name in option.names}
    for item in theirs:
        if not item.names & known:
            yield f'{max(item.names, key=len)}: not in --help'
    if our_statuses != their_statuses:
        yield f'exit statuses: {our_statuses} in --help, {their_statuses} in the page'


def compare_completion(help_text, completion):
    """All that is wrong with a completion for bash."""
    options = {name: option for option in read_help(help_text)[0] for name in option.names}
    cases = re.findall(r'^\t(--[\w|-]+)\)\n(.*?);;', completion, re.S | re.M)
    if not cases:
        yield 'no options were found in the completion'
    for names, action in cases:
        choice = re.search(r"compgen -W '([a-z ]+)'", action)
        for name in names.split('|'):
            if name not in options:
                yield f'{name}: in the completion, not in --help'
            elif choice and choice.group(1).split() != options[name].argument.split('|'):
                yield f'{name}: {choice.group(1)} in the completion, {options[name].argument} in --help'


def main(program, manual, completion=None):
    text = subprocess.run([program, '--help'], check=True, stdout=subprocess.PIPE, text=True).stdout
    with open(manual, encoding='utf-8') as file:
        faults = list(compare(text, file.read()))
    if completion:
        with open(completion, encoding='utf-8') as file:
            faults += compare_completion(text, file.read())
    for fault in faults:
        print(fault)
    return bool(faults)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
