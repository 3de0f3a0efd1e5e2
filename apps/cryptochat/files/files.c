// SPDX-License-Identifier: GPL-2.0-or-later
/* files.c - the transfers with one peer, both directions. */
#include "cryptochat/files/files.h"

#include <stdio.h>

#include "apps/base/wait.h"

#define SHOW_MS 250

void files_init(struct files *f, struct outbox *outbox, struct ui *ui, const char *peer,
		const char *dir, bool take_all)
{
	*f = (struct files){
	    .outbox = outbox,
	    .ui = ui,
	    .peer = peer,
	    .dir = dir,
	    .take_all = take_all,
	    .out.fd = -1,
	    .in.fd = -1,
	    .next_id = 1,
	};
}

char *digest_text(const uint8_t digest[DIGEST_SIZE], char hex[2 * DIGEST_SIZE + 1])
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

bool files_step(struct files *f)
{
	bool more = send_step(f);

	return receive_step(f) || more;
}

bool files_busy(const struct files *f)
{
	return f->out.state != OUT_NONE || f->queue || f->in.state == IN_ASKING ||
	       f->in.state == IN_PREFIX || f->in.state == IN_RECEIVING;
}

void files_show(struct files *f)
{
	char text[SCREEN_STATUS_SIZE];
	int64_t now = wait_clock_ms();

	if (now - f->shown_ms < SHOW_MS)
		return;
	if (f->in.state == IN_RECEIVING) {
		progress_update(&f->in.progress, f->in.have, now);
		progress_text(&f->in.progress, f->in.name, f->in.have, ui_columns(f->ui), text,
			      sizeof(text));
	} else if (f->out.state == OUT_SENDING || f->out.state == OUT_ENDED) {
		uint64_t waiting = f->outbox->bytes;
		uint64_t sent = f->out.offset > waiting ? f->out.offset - waiting : 0;

		/* What has not been acknowledged is not there yet. */
		if (sent < f->out.progress.resumed)
			sent = f->out.progress.resumed;
		progress_update(&f->out.progress, sent, now);
		progress_text(&f->out.progress, f->out.name, sent, ui_columns(f->ui), text,
			      sizeof(text));
	} else {
		return;
	}
	f->shown_ms = now;
	ui_progress(f->ui, text);
}

void files_abandon(struct files *f)
{
	send_abandon(f);
	receive_abandon(f);
	tree_abandon(f);
}

void files_list(const struct files *f)
{
	if (f->in.state == IN_PREFIX || f->in.state == IN_RECEIVING)
		ui_reply(f->ui, "transfer",
			 IN_FACTS(f, fact_number("have", f->in.have), fact_bool("waiting", false)),
			 "receiving %s, %d %%", f->in.name,
			 f->in.size ? (int)(100.0 * (double)f->in.have / (double)f->in.size) : 100);
	if (f->in.state == IN_ASKING)
		ui_reply(f->ui, "transfer",
			 IN_FACTS(f, fact_number("have", 0), fact_bool("waiting", true)),
			 "%s is on offer: /accept or /decline?", f->in.name);
	if (f->out.state != OUT_NONE)
		ui_reply(f->ui, "transfer",
			 OUT_FACTS(f, fact_number("have", f->out.offset),
				   fact_bool("waiting", f->out.state == OUT_OFFERED)),
			 f->out.state == OUT_OFFERED ? "%s is offered, %d %%" : "sending %s, %d %%",
			 f->out.shown,
			 f->out.size ? (int)(100.0 * (double)f->out.offset / (double)f->out.size)
				     : 100);
	for (const struct queued *q = f->queue; q; q = q->next)
		ui_reply(f->ui, "transfer",
			 FACTS(fact_text("peer", f->peer), fact_text("direction", "out"),
			       fact_text("name", q->path), fact_bool("waiting", true)),
			 "%s waits to be sent", q->path);
}

bool files_cancel(struct files *f)
{
	bool sent = send_cancel(f);

	return receive_cancel(f) || sent;
}
