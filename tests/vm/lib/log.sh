# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Reading the guest's kernel log: any report in it fails the run.
#
# config/log-reports holds the patterns (extended regular expressions) that are reports;
# config/log-allow those that are known and harmless, each with the reason; --allow adds to them. A report is allowed by
# the whole line, so a new report is never hidden by an old one beside it.

log_patterns() {
	grep -v -e '^#' -e '^$' "$1"
}

log_allowed() {
	log_patterns "$VM_DIR/config/log-allow" || true
	if ((${#OPT_ALLOW[@]})); then
		printf '%s\n' "${OPT_ALLOW[@]}"
	fi
}

# log_reports LOG: prints the lines that are reports and not allowed; nothing when it is clean.
log_reports() {
	tr -d '\r\0' <"$1" | grep -a -n -E -f <(log_patterns "$VM_DIR/config/log-reports") |
		grep -a -v -E -f <(log_allowed) || true
}

# log_show LOG LINE COUNT: the report's surroundings.
log_show() {
	tr -d '\r\0' <"$1" | tail -n "+$2" | head -n "$3" | sed 's/^/    /' >&2
}

# log_check LOG: fails the run on any report, and shows it.
log_check() {
	local reports first
	reports=$(log_reports "$1")
	if [[ -z $reports ]]; then
		return
	fi
	first=${reports%%:*}
	say "the guest's kernel log has reports:"
	head -n 20 <<<"$reports" | sed 's/^/    /' >&2
	say "the first one:"
	log_show "$1" "$first" 40
	return 1
}
