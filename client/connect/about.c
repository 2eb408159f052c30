// The tables of the client's own messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/about.h"

MESSAGE_DEFINE(about);
MESSAGE_DEFINE(credential_status);
MESSAGE_DEFINE(enrollment_status);
MESSAGE_DEFINE(status_page);
