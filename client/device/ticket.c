// Tickets in files.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/ticket.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/connect/ask.h"
#include "client/device/folder.h"
#include "x509/hash.h"
#include "x509/key.h"

#define PENDING_FOLDER ".pending"
#define TICKET_FILE "ticket.json"
// 128 bits of the hash name a pending folder.
#define PENDING_NAME_BYTES 16
#define TICKET_BYTES (2 * (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES)

MESSAGE_DEFINE(ticket);

void ticket_clear(struct ticket *ticket) {
    message_clear(&ticket_type, ticket);
}

// --- which question ----------------------------------------------------------------------

static enum result add_part(struct buf *question, const char *part) {
    return buf_printf(question, "%s\n", part != NULL ? part : "");
}

static enum result write_question(const struct ticket *ticket, struct buf *out) {
    TRY(add_part(out, ticket->token));
    TRY(add_part(out, ticket->url));
    TRY(add_part(out, ticket->fingerprint));
    TRY(add_part(out, ticket->profile));
    TRY(add_part(out, ticket->with));
    TRY(add_part(out, ticket->key));
    TRY(ticket->key_uri != NULL ? add_part(out, ticket->key_uri) : RESULT_OK);
    // No name of a list begins so: each has its type.
    if (ticket->serial_number != NULL) {
        TRY(buf_append_string(out, "serial number "));
        TRY(add_part(out, ticket->serial_number));
    }
    for (size_t i = 0; i < ticket->names.count; i++) {
        TRY(add_part(out, ticket->names.items[i]));
    }
    return RESULT_OK;
}

enum result ticket_path(const struct ticket *ticket, const char *folder, struct buf *out,
                        struct error *err) {
    AUTO(buf_clear) struct buf question = {0};
    buf_init_secret(&question, TICKET_BYTES);
    uint8_t digest[SHA256_SIZE];
    TRY(write_question(ticket, &question));
    TRY(hash_sha256(buf_bytes(&question), digest));
    TRY(path_join(out, folder, PENDING_FOLDER "/"));
    if (text_hex_encode(bytes_of(digest, PENDING_NAME_BYTES), out) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// --- files -------------------------------------------------------------------------------

static enum result file_of(const char *path, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, path, TICKET_FILE);
}

enum result ticket_read(const char *path, struct ticket *out_ticket, struct error *err) {
    AUTO(buf_clear) struct buf file = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, TICKET_BYTES);
    TRY(file_of(path, &file));
    TRY(file_read(buf_string(&file), &text, err));
    struct ticket ticket = {0};
    const enum result result = message_from_json(&ticket_type, buf_bytes(&text), &ticket, err);
    if (result != RESULT_OK) {
        ticket_clear(&ticket);
        return result;
    }
    *out_ticket = ticket;
    return RESULT_OK;
}

static enum result save(const struct ticket *ticket, const char *path, struct error *err) {
    AUTO(buf_clear) struct buf file = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, TICKET_BYTES);
    TRY(file_of(path, &file));
    TRY(message_to_json(&ticket_type, ticket, &text, err));
    return file_replace(buf_string(&file), buf_bytes(&text), 0600, err);
}

// --- the ticket's life -------------------------------------------------------------------

static enum result make_claim(struct ticket *ticket, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_CLAIM_BYTES);
    TRY(claim_make(&text, err));
    return text_set_bytes(&ticket->claim, buf_bytes(&text));
}

// Moves what is remembered of the same key's request. A key that was made anew has another code.
static bool take_remembered(struct ticket *ticket, struct ticket *known) {
    if (known->claim == NULL || known->code == NULL || strcmp(known->code, ticket->code) != 0) {
        return false;
    }
    ticket->claim = known->claim;
    ticket->id = known->id;
    ticket->created = known->created;
    ticket->expires = known->expires;
    ticket->held_profile = known->held_profile;
    known->claim = NULL;
    known->id = NULL;
    known->held_profile = NULL;
    return true;
}

static enum result note_key(struct ticket *ticket, struct bytes public_key, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    uint8_t digest[SHA256_SIZE];
    buf_init(&text, 2 * SHA256_SIZE);
    TRY(hash_sha256(public_key, digest));
    bool is_noted = text_hex_encode(bytes_of(digest, sizeof(digest)), &text) == RESULT_OK &&
                    text_set(&ticket->key_fingerprint, buf_string(&text)) == RESULT_OK;
    return is_noted ? RESULT_OK : error_out_of_memory(err);
}

enum result ticket_open(struct ticket *ticket, const char *path, struct bytes public_key,
                        struct error *err) {
    char code[PUBLIC_KEY_CODE_SIZE];
    TRY(public_key_code(public_key, code));
    if (text_set(&ticket->code, code) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(note_key(ticket, public_key, err));
    struct ticket known = {0};
    const bool is_known =
        ticket_read(path, &known, NULL) == RESULT_OK && take_remembered(ticket, &known);
    ticket_clear(&known);
    if (!is_known) {
        ticket->created = clock_now();
        TRY(make_claim(ticket, err));
    }
    return save(ticket, path, err); // name and replacing may be others than before
}

enum result ticket_note_held(struct ticket *ticket, const char *path, const struct held *held,
                             struct error *err) {
    TRY(held_check(held, ticket->code, err));
    if (text_set(&ticket->id, held->id) != RESULT_OK ||
        text_set(&ticket->held_profile, held->profile) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    ticket->expires = held->expires;
    return save(ticket, path, err);
}

// --- all of them -------------------------------------------------------------------------

void ticket_list_clear(struct ticket_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        ticket_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct ticket_list){0};
}

static enum result read_all(const char *folder, const struct text_list *names,
                            struct ticket_list *list) {
    list->items = calloc(names->count + 1, sizeof(*list->items));
    for (size_t i = 0; list->items != NULL && i < names->count; i++) {
        AUTO(buf_clear) struct buf path = {0};
        buf_init(&path, LIMIT_PATH_BYTES);
        TRY(path_join(&path, folder, names->items[i]));
        struct ticket *room = &list->items[list->count];
        if (ticket_read(buf_string(&path), room, NULL) == RESULT_OK && room->code != NULL) {
            list->count++;
        } else {
            ticket_clear(room);
        }
    }
    return list->items != NULL ? RESULT_OK : RESULT_INTERNAL;
}

enum result ticket_list_read(const char *folder, struct ticket_list *out_list,
                             struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(text_list_clear) struct text_list names = {0};
    AUTO(ticket_list_clear) struct ticket_list list = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, folder, PENDING_FOLDER));
    if (!file_exists(buf_string(&path))) {
        return RESULT_OK;
    }
    TRY(folder_list(buf_string(&path), &names, err));
    if (read_all(buf_string(&path), &names, &list) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    *out_list = list;
    list = (struct ticket_list){0};
    return RESULT_OK;
}
