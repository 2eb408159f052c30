// What the commands about held requests share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/admin/signetctl.h"

// Those that the filter options select; `state` NULL: whatever became of them.
enum result request_collect(const struct arguments *arguments, struct session *session,
                            const char *state, int64_t limit, struct request_page *page,
                            struct error *err);
// The request with this id, or with this code if it is the only one.
enum result request_find(struct session *session, const char *word,
                         struct request_info *out_info, struct error *err);
enum result request_fill_table(const struct request_page *page, struct table *table);
// All about one, with what the grant says beside what was asked.
enum result request_write(const struct request_info *request, struct buf *out);
