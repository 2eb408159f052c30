// What gateways are told in few words: settings, identity, decisions, changes of status.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/service/gateways.h"
#include "base/error.h"

struct authority;

void notices_send(struct gateway *gateway, enum notice_id notice, struct bytes body);
// The limits and log settings.
enum result notices_send_setup(const struct authority *authority, struct gateway *gateway,
                               struct error *err);
// Its TLS identity, if it has use for one.
enum result notices_send_identity(const struct authority *authority, struct gateway *gateway,
                                  struct error *err);
// Requests that were decided, to those on which somebody may wait for it; takes them off the
// authority's list. What cannot be told is logged: who waits asks again.
void notices_tell_decided(struct authority *authority, struct gateways *gateways);
// Before the answers of the group that changed it: who was told of a revocation gets no earlier
// status any more.
void notices_tell_status(struct authority *authority, struct gateways *gateways);
