/* SPDX-License-Identifier: GPL-2.0-or-later */
/* merge.c - the metrics of several daemons as one page. See merge.h. */
#include "common/escape.h"
#include "tools/ctl/merge.h"
#include "tools/ctl/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define PREFIX "virtio_cryptodev_"
#define HISTOGRAM PREFIX "request_duration_seconds"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define LABELS 4

/* Ours to say: whether a daemon answered. */
#define UP PREFIX "up"

/**
 * struct sample - a line "NAME{LABEL="VALUE",...} NUMBER".
 * @name: name
 * @labels: without vm; each as it was written
 * @label_count: how many
 * @value: number, as it was written
 */
struct sample {
	char *name;
	char *labels[LABELS];
	size_t label_count;
	char *value;
};

/**
 * struct answer - what one VM's answer has been found to be, before it is taken.
 * @family: where the next sample belongs, an index; -1: nowhere yet
 * @added: families that nobody had before
 * @lines: samples, as they are going to be printed
 * @families: where they belong
 * @count: how many
 */
struct answer {
	ssize_t family;
	unsigned int added;
	char *lines[MERGE_SAMPLES];
	ssize_t families[MERGE_SAMPLES];
	unsigned int count;
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* What kind of metric it is: known from its name, not from what a daemon says. */
static const char *type_of(const char *name)
{
	if (!strcmp(name, HISTOGRAM))
		return "histogram";
	return ends_with(name, "_total") ? "counter" : "gauge";
}

static bool good_name(const char *name)
{
	return !strncmp(name, PREFIX, strlen(PREFIX)) && name[strspn(name, NAME_CHARS)] == '\0';
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* One label at *@p, as KEY="VALUE"; ends it with a 0 and goes to what follows. NULL: bad. */
static char *take_label(char **p)
{
	char *label = *p, *c = label + strspn(label, NAME_CHARS);

	if (c == label || c[0] != '=' || c[1] != '"')
		return NULL;
	for (c += 2; *c && *c != '"'; c++)
		if (*c == '\\' && !*++c)
			return NULL;
	if (*c != '"' || (c[1] != ',' && c[1] != '}'))
		return NULL;
	/* The character behind is told to the caller by how the line goes on. */
	*p = c + 1;
	return label;
}

/* Whether a label that is kept is one of ours: no escapes in it. */
static bool good_label(const char *label)
{
	return printable(label) && !strchr(label, '\\');
}

static bool take_labels(char **p, struct sample *sample)
{
	char behind;

	do {
		char *label = take_label(p);

		if (!label)
			return false;
		behind = **p;
		*(*p)++ = '\0';
		if (!strncmp(label, "vm=", 3))
			continue;
		if (sample->label_count == LABELS || !good_label(label))
			return false;
		sample->labels[sample->label_count++] = label;
	} while (behind == ',');
	return true;
}

/* @line is taken to pieces. */
static bool parse_sample(char *line, struct sample *sample)
{
	char *p = line + strspn(line, NAME_CHARS);
	char behind = *p;

	*sample = (struct sample){.name = line};
	if (behind != '{' && behind != ' ')
		return false;
	*p++ = '\0';
	if (behind == '{' && (!take_labels(&p, sample) || *p++ != ' '))
		return false;
	sample->value = p;
	return good_name(line) && *p >= '0' && *p <= '9' && strlen(p) <= 32 &&
	       p[strspn(p, "0123456789.")] == '\0' && strchr(p, '.') == strrchr(p, '.');
}

/* Whether @sample is one of the family @name. */
static bool belongs(const struct sample *sample, const char *name)
{
	size_t len = strlen(name);
	const char *suffix = sample->name + len;

	if (strncmp(sample->name, name, len) != 0)
		return false;
	if (strcmp(name, HISTOGRAM) != 0)
		return !*suffix;
	if (!strcmp(suffix, "_bucket"))
		return sample->label_count == 1 && !strncmp(sample->labels[0], "le=", 3);
	return !sample->label_count && (!strcmp(suffix, "_sum") || !strcmp(suffix, "_count"));
}

/* Whether there can be a family of this name: not ours, and none within the histogram. */
static bool good_family(const char *name)
{
	return good_name(name) && strcmp(name, UP) != 0 &&
	       (!strcmp(name, HISTOGRAM) || strncmp(name, HISTOGRAM, strlen(HISTOGRAM)) != 0);
}

static ssize_t add_family(struct merge *merge, const char *name, const char *help)
{
	struct merge_family *list =
	    realloc(merge->families, (merge->count + 1) * sizeof(*merge->families));
	struct merge_family family = {.name = strdup(name), .help = strdup(help)};

	if (list)
		merge->families = list;
	if (!list || !family.name || !family.help) {
		free(family.name);
		free(family.help);
		return -ENOMEM;
	}
	list[merge->count] = family;
	return (ssize_t)merge->count++;
}

/* "NAME TEXT" of a HELP line. Return: the family's index or a negative errno. */
static ssize_t find_family(struct merge *merge, struct answer *answer, char *line)
{
	char *help = strchr(line, ' ');

	if (!help)
		return -EPROTO;
	*help++ = '\0';
	if (!good_family(line) || !printable(help) || strchr(help, '\\'))
		return -EPROTO;
	for (size_t i = 0; i < merge->count; i++)
		if (!strcmp(merge->families[i].name, line))
			return (ssize_t)i;
	if (answer->added++ == MERGE_FAMILIES)
		return -EPROTO;
	return add_family(merge, line, help);
}

/* The series of a sample: all but its value; with it the line is complete. */
static char *render(const struct sample *sample, const char *vm, size_t *series_len)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool failed;

	if (!out)
		return NULL;
	fprintf(out, "%s{vm=\"", sample->name);
	escape_label(vm, out);
	fputc('"', out);
	for (size_t i = 0; i < sample->label_count; i++)
		fprintf(out, ",%s", sample->labels[i]);
	fputs("} ", out);
	fflush(out);
	*series_len = len;
	fprintf(out, "%s\n", sample->value);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		text = NULL;
	}
	return text;
}

static int take_sample(const struct merge *merge, struct answer *answer, const char *vm, char *line)
{
	struct sample sample;
	size_t series;
	char *text;

	if (answer->family < 0 || answer->count == MERGE_SAMPLES || !parse_sample(line, &sample) ||
	    !belongs(&sample, merge->families[answer->family].name))
		return -EPROTO;
	text = render(&sample, vm, &series);
	if (!text)
		return -ENOMEM;
	for (unsigned int i = 0; i < answer->count; i++) {
		if (!strncmp(answer->lines[i], text, series)) {
			free(text);
			return -EPROTO;
		}
	}
	answer->lines[answer->count] = text;
	answer->families[answer->count++] = answer->family;
	return 0;
}

static int take_line(struct merge *merge, struct answer *answer, const char *vm, char *line)
{
	ssize_t family;

	if (!strncmp(line, "# TYPE ", 7) || !*line)
		return 0;
	if (strncmp(line, "# HELP ", 7) != 0)
		return take_sample(merge, answer, vm, line);
	family = find_family(merge, answer, line + 7);
	answer->family = family;
	return family < 0 ? (int)family : 0;
}

/* Behind what the family has of other VMs. */
static int append(struct merge_family *family, const char *line)
{
	size_t n = strlen(line);
	char *samples = realloc(family->samples, family->len + n + 1);

	if (!samples)
		return -ENOMEM;
	memcpy(samples + family->len, line, n + 1);
	family->samples = samples;
	family->len += n;
	return 0;
}

/* All lines of @text into @answer. */
static int take_text(struct merge *merge, struct answer *answer, const char *vm, const char *text)
{
	int err = 0;

	while (!err && *text) {
		size_t len = strcspn(text, "\n");
		char line[MERGE_LINE];

		if (len >= sizeof(line) || text[len] != '\n')
			return -EPROTO;
		memcpy(line, text, len);
		line[len] = '\0';
		err = take_line(merge, answer, vm, line);
		text += len + 1;
	}
	if (!err && !answer->count)
		err = -EPROTO;
	return err;
}

int merge_add(struct merge *merge, const char *vm, const char *text)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	int err;

	if (!answer)
		return -ENOMEM;
	answer->family = -1;
	err = take_text(merge, answer, vm, text);
	for (unsigned int i = 0; i < answer->count; i++) {
		if (!err)
			err = append(&merge->families[answer->families[i]], answer->lines[i]);
		free(answer->lines[i]);
	}
	free(answer);
	return err;
}

void merge_print(const struct merge *merge, FILE *out)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct merge_family *f = &merge->families[i];

		if (f->len)
			fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s", f->name, f->help, f->name,
				type_of(f->name), f->samples);
	}
}

void merge_free(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		free(merge->families[i].name);
		free(merge->families[i].help);
		free(merge->families[i].samples);
	}
	free(merge->families);
	*merge = (struct merge){0};
}
