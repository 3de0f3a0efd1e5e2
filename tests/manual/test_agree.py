#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_agree - agree.py sees each difference between --help, the page and the completion, both ways."""
import unittest

import agree

HELP = """\
Usage: prog --path=PATH [OPTION]...

Where:
      --path=PATH           a file
  -m, --message=TEXT        a text, which is long enough for another line of this
                            help
      --mode=slow|fast      speed (default: slow)
  -4                        IPv4 only
      --limit=RATE[:BURST]
                            at most RATE (1 to 64; default: 50)
      --count=N             rounds (default: no end)
  -h, --help                print this help and exit

Exit status: 0 done, 1 failure, 2 bad command line. See prog(1).
"""

PAGE = """\
.Sh OPTIONS
.Bl -tag
.It Fl \\-path Ar path
A file.
.It Fl m Ar text , Fl \\-message Ar text
A text.
.It Fl \\-mode Ns = Ns Cm slow | fast
Speed.
The default is
.Cm slow .
.Bl -tag
.It Cm slow
one to three a second
.El
.It Fl 4
IPv4 only.
.It Fl \\-limit Ns = Ns Ar rate Ns Op : Ns Ar burst
At most 1 to 64.
The default is 50.
.It Fl \\-count Ns = Ns Ar n
By default for ever.
.It Fl h , Fl \\-help
Help.
.El
.Sh EXIT STATUS
.Bl -tag
.It 0
Done.
.It 1
Failure.
.It 2
Bad.
.El
"""

COMPLETION = """\
	case $prev in
	--path|--message)
		_filedir
		return ;;
	--mode)
		mapfile -t COMPREPLY < <(compgen -W 'slow fast' -- "$cur")
		return ;;
	esac
"""


class Agree(unittest.TestCase):
    def changed(self, text, old, new):
        self.assertEqual(text.count(old), 1, old)
        return text.replace(old, new)

    def test_no_difference(self):
        self.assertEqual(list(agree.compare(HELP, PAGE)), [])
        self.assertEqual(list(agree.compare_completion(HELP, COMPLETION)), [])

    def test_differences_in_the_page(self):
        for old, new, fault in (
                ('.It Fl \\-path Ar path\nA file.\n', '', '--path: not in the page'),
                ('.It Fl 4\n', '', '-4: not in the page'),
                ('.It Fl h , Fl', '.It Fl \\-more\nMore.\n.It Fl h , Fl', '--more: not in --help'),
                ('\\-path Ar path', '\\-path Ar file', '--path: argument "PATH"'),
                ('\\-path Ar path', '\\-path', '--path: argument "PATH" in --help, "" in'),
                ('slow | fast', 'slow | quick', '--mode: argument'),
                ('.It Fl m Ar text , Fl', '.It Fl', "names are ['--message', '-m'] in --help"),
                ('default is 50.', 'default is 51.', 'does not say "The default is 50."'),
                ('.Cm slow .', '.Cm fast .', 'does not say "The default is slow."'),
                ('The default is 50.', 'Some.', '--limit: only --help has a default'),
                ('By default for ever.', 'Rounds.', '--count: only --help has a default'),
                ('A file.', 'By default none.', '--path: only the page has a default'),
                ('1 to 64', '1 to 65', '--limit: 1 to 65 in the page'),
                ('.It 2\nBad.\n', '', "exit statuses: ['0', '1', '2'] in --help, ['0', '1'] in"),
                ('.It 2\n', '.It 2\nBad.\n.It 3\n', "['0', '1', '2', '3'] in the page")):
            with self.subTest(fault):
                faults = list(agree.compare(HELP, self.changed(PAGE, old, new)))
                self.assertTrue(any(fault in line for line in faults), faults)

    def test_differences_in_the_help(self):
        for old, new, fault in (
                ('      --count=N', '      --more=N              more\n      --count=N', '--more: not in'),
                ('  -m, --message', '      --message', '--message: names are'),
                ('  -m, --message', '  -x, --message', '--message: names are'),
                ('1 to 64; default: 50', 'default: 49', 'does not say "The default is 49."'),
                ('1 to 64;', '1 to 63;', '--limit: 1 to 64 in the page, 1 to 63 in --help'),
                (' (default: no end)', '', '--count: only the page has a default'),
                (', 2 bad command line', '', 'exit statuses')):
            with self.subTest(fault):
                faults = list(agree.compare(self.changed(HELP, old, new), PAGE))
                self.assertTrue(any(fault in line for line in faults), faults)

    def test_differences_in_the_completion(self):
        for old, new, fault in (
                ('--path|', '--road|', '--road: in the completion, not in --help'),
                ('slow fast', 'slow quick', '--mode: slow quick in the completion'),
                ('slow fast', 'slow', '--mode: slow in the completion')):
            with self.subTest(fault):
                faults = list(agree.compare_completion(HELP, self.changed(COMPLETION, old, new)))
                self.assertTrue(any(fault in line for line in faults), faults)

    def test_nothing_to_read(self):
        self.assertIn('--help could not be read', list(agree.compare('Exit status:', PAGE)))
        self.assertTrue(list(agree.compare(HELP, '')))
        self.assertTrue(list(agree.compare_completion(HELP, '')))


if __name__ == '__main__':
    unittest.main()
