// Writing the hook, and leaving others' alone.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/registration_hook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "client/device/agent.h"
#include "client/device/folder.h"
#include "client/device/ownership.h"
#include "client/device/settings.h"

static bool is_ours(const struct text_list *hook) {
    return hook->count > 2 && strcmp(hook->items[1], "xmpp") == 0 &&
           strcmp(hook->items[2], "register") == 0;
}

static enum result check(const struct settings *settings, struct error *err) {
    if (settings->hook.count == 0 || is_ours(&settings->hook)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "hook",
                         "the credential has a hook already, which runs %s",
                         settings->hook.items[0]);
    error_hint(err, "Let that one run signet xmpp register, too, or take it away with "
                    "signet set NAME --no-hook.");
    return RESULT_CONFLICT;
}

enum result registration_hook_check(const char *folder, struct error *err) {
    AUTO(settings_clear) struct settings settings = {0};
    TRY(settings_read(folder, &settings, err));
    return check(&settings, err);
}

static enum result add_word(struct text_list *words, const char *text, struct error *err) {
    return text_list_add(words, text) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

static enum result add_path(struct text_list *words, const char *path, struct error *err) {
    AUTO(string_free_at) char *real = realpath(path, NULL);
    return real != NULL ? add_word(words, real, err)
                        : error_from_errno(err, errno, "cannot find %s", path);
}

enum result registration_hook_begin(const char *name, struct text_list *out_words,
                                    struct error *err) {
    TRY(add_path(out_words, "/proc/self/exe", err));
    TRY(add_word(out_words, "xmpp", err));
    TRY(add_word(out_words, "register", err));
    TRY(add_word(out_words, name, err));
    return add_word(out_words, "--replace", err);
}

enum result registration_hook_add(const char *option, const char *value, bool is_path,
                                  struct text_list *words, struct error *err) {
    AUTO(buf_clear) struct buf word = {0};
    buf_init(&word, LIMIT_PATH_BYTES);
    TRY(buf_printf(&word, "--%s", option));
    TRY(add_word(words, buf_string(&word), err));
    if (value == NULL) {
        return RESULT_OK;
    }
    return is_path ? add_path(words, value, err) : add_word(words, value, err);
}

enum result registration_hook_set(const char *folder, const struct text_list *words,
                                  const char *serial, struct error *err) {
    AUTO(folder_unlock) struct folder_lock lock = {0};
    AUTO(settings_clear) struct settings settings = {0};
    TRY(ownership_lock(folder, &lock, err));
    TRY(settings_read(folder, &settings, err));
    TRY(check(&settings, err));
    text_list_clear(&settings.hook);
    for (size_t i = 0; i < words->count; i++) {
        TRY(add_word(&settings.hook, words->items[i], err));
    }
    TRY(settings_write(folder, &settings, err));
    return agent_hook_done(folder, serial, err);
}
