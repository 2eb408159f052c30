// Looking, without changing anything: the authority, its certificates, CRLs and state.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"

struct authority;
struct peer;

enum result inspect_authority(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct authority_info *reply,
                              struct error *err);
enum result inspect_list_certificates(struct authority *authority, const struct peer *peer,
                                      const struct certificate_list *request,
                                      struct certificate_page *reply, struct error *err);
enum result inspect_show_certificate(struct authority *authority, const struct peer *peer,
                                     const struct certificate_show *request,
                                     struct certificate_info *reply, struct error *err);
enum result inspect_crls(struct authority *authority, const struct peer *peer,
                         const struct nothing *request, struct crl_page *reply,
                         struct error *err);
enum result inspect_status(struct authority *authority, const struct peer *peer,
                           const struct nothing *request, struct status *reply,
                           struct error *err);

// By the text of a serial. RESULT_NOT_FOUND (code "certificate_unknown").
enum result inspect_find_certificate(struct authority *authority, const char *serial,
                                     struct certificate_record *out_record, struct error *err);
