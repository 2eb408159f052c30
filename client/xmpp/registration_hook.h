// The hook that registers a renewed certificate on its XMPP account, as the agent runs it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "wire/message.h"

// `folder` is DIR/NAME. RESULT_CONFLICT, code "hook", when the credential has another hook: it
// may have one, and nobody's is replaced by the way.
enum result registration_hook_check(const char *folder, struct error *err);
// The words "…/signet xmpp register NAME --replace", of the program that runs now.
enum result registration_hook_begin(const char *name, struct text_list *out_words,
                                    struct error *err);
// "--option" and its value, unless that is NULL; a path is made absolute.
enum result registration_hook_add(const char *option, const char *value, bool is_path,
                                  struct text_list *words, struct error *err);
// Keeps it in the credential's settings, in place of one of ours, as done for the certificate of this
// serial number, which is on the account. Durable on return.
enum result registration_hook_set(const char *folder, const struct text_list *words,
                                  const char *serial, struct error *err);
