// Every quantity that a peer or a file controls has its limit here, each with its reason.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// --- names ---------------------------------------------------------------------------------
// RFC 5280 ub-common-name: 64 characters; in UTF-8 at most 4 bytes each.
#define LIMIT_COMMON_NAME_CHARACTERS 64
#define LIMIT_COMMON_NAME_BYTES 256
// RFC 1035: a DNS name has at most 253 characters in its text form.
#define LIMIT_DNS_NAME_BYTES 253
// RFC 5321 path limit, without the angle brackets.
#define LIMIT_EMAIL_BYTES 254
// Longer URIs break relying parties' fixed buffers before they help anyone.
#define LIMIT_URI_BYTES 1024
// RFC 7622: three parts of 1023 bytes each, and "@" and "/".
#define LIMIT_JID_BYTES 3071
// The longest value any name type may have.
#define LIMIT_NAME_BYTES LIMIT_JID_BYTES
// A certificate with more names belongs on several certificates.
#define LIMIT_NAMES 100

// --- X.509 ---------------------------------------------------------------------------------
// Nesting of a name in an extension in a TBSCertificate is below 12; the rest is an attack.
#define LIMIT_DER_DEPTH 16
// RSA-4096 with a hundred names stays below 32 kB.
#define LIMIT_CSR_BYTES (32 * 1024)
#define LIMIT_CERTIFICATE_BYTES (32 * 1024)
// Leaf, a few intermediates, root.
#define LIMIT_CHAIN_CERTIFICATES 8
#define LIMIT_CHAIN_BYTES (LIMIT_CHAIN_CERTIFICATES * LIMIT_CERTIFICATE_BYTES)
// CAs that a device believes: all that its authority may have at a time (LIMIT_ISSUERS), and as many
// of before, whose certificates peers still show.
#define LIMIT_TRUST_CERTIFICATES 64
// A PKCS#8 RSA-4096 key in PEM is 3.2 kB; encrypted a little more.
#define LIMIT_KEY_FILE_BYTES (16 * 1024)
// The URI of a key on a token (RFC 7512), with paths of its module and its PIN's file.
#define LIMIT_KEY_URI_BYTES 2048
// PINs of tokens have 4 to 64 characters; a longer one is an accident.
#define LIMIT_PIN_BYTES 256
// Wrong PINs that are known again, of all tokens that a program uses.
#define LIMIT_REFUSED_PINS 32
// Tokens that one PKCS#11 module shows; a partitioned HSM has tens.
#define LIMIT_TOKEN_SLOTS 256
// Between two beginnings of a PKCS#11 module while a token is missing: nobody is served meanwhile,
// and with an HSM behind a network it takes a moment.
#define LIMIT_TOKEN_MODULE_SECONDS 5
#define LIMIT_EXTENSIONS 32
// RFC 5280, 4.1.2.2: at most 20 octets.
#define LIMIT_SERIAL_BYTES 20
// A million entries of 39 bytes, with room for reasons and dates.
#define LIMIT_CRL_BYTES (96 * 1024 * 1024)
// The store keeps a CRL in parts of this size, written one by one.
#define LIMIT_CRL_STORED_PART_BYTES (512 * 1024)
// Administrators read a CRL in parts: in base64, each fits into an answer of 8 MiB.
#define LIMIT_CRL_PART_BYTES (4 * 1024 * 1024)
// An OCSP request for one certificate has 70 to 130 bytes; signed by its sender, a few thousand.
#define LIMIT_OCSP_REQUEST_BYTES (8 * 1024)
// Certificates in one OCSP request: a server asks for those of one chain.
#define LIMIT_OCSP_CERTIFICATES 16
// RFC 8954, 2.1: a nonce has 1 to 32 octets.
#define LIMIT_OCSP_NONCE_BYTES 32
// The request's identifiers with a status each, a signature and the responder's certificate.
#define LIMIT_OCSP_RESPONSE_BYTES (LIMIT_CERTIFICATE_BYTES + 2 * LIMIT_OCSP_REQUEST_BYTES)
// Above this a PKCS#8 file asks for minutes of PBKDF2.
#define LIMIT_PBKDF2_ITERATIONS 10000000
// What our PKCS#12 files ask for, in each of their five derivations: 0.2 s on an old phone. More is
// refused by some readers, and helps little: generated passwords need none of it.
#define PKCS12_ITERATIONS 100000
// A key, its certificate, chain and root, each with its frame.
#define LIMIT_PKCS12_BYTES                                                                     \
    (LIMIT_CHAIN_BYTES + 2 * LIMIT_CERTIFICATE_BYTES + LIMIT_KEY_FILE_BYTES)
// Shorter ones are guessed by whoever gets hold of the file; longer ones nobody types on a phone.
#define LIMIT_PKCS12_PASSWORD_LEAST_BYTES 8
#define LIMIT_PKCS12_PASSWORD_BYTES 128
// Of a file whose first line is a password: people keep notes behind it.
#define LIMIT_PASSWORD_FILE_BYTES 65536
// The name under which a phone lists a certificate: as long as a common name.
#define LIMIT_FRIENDLY_NAME_BYTES LIMIT_COMMON_NAME_BYTES

// --- HTTP and JSON -------------------------------------------------------------------------
// Request line and headers together.
#define LIMIT_HTTP_HEADER_BYTES (16 * 1024)
#define LIMIT_HTTP_HEADERS 64
#define LIMIT_HTTP_TARGET_BYTES 4096
// A CSR of 32 kB in base64 and its neighbours.
#define LIMIT_HTTP_REQUEST_BODY_BYTES (96 * 1024)
// Answers to our own client: a page of a list with its certificates.
#define LIMIT_HTTP_RESPONSE_BODY_BYTES (8 * 1024 * 1024)
// Interim answers (1xx) before an answer: "100 Continue" and a few hints. A server could send them for
// ever.
#define LIMIT_HTTP_INTERIM 8
// Requests answered ahead of their replies on one connection.
#define LIMIT_HTTP_PIPELINE 16
#define LIMIT_JSON_DEPTH 8
// Members and elements of one text together: a page of a thousand certificates with a hundred
// names each fits. What devices send is bounded long before, by its size.
#define LIMIT_JSON_MEMBERS (128 * 1024)
// Of a string in a list of strings: a name with its type in front, "xmpp:…".
#define LIMIT_LIST_TEXT_BYTES (LIMIT_NAME_BYTES + 16)

// --- connections (a gateway's defaults; the configuration may lower or raise them) -----------
#define LIMIT_CONNECTIONS 4096
#define LIMIT_CONNECTIONS_PER_ADDRESS 256
#define LIMIT_HANDSHAKE_SECONDS 10
#define LIMIT_REQUEST_SECONDS 30
#define LIMIT_IDLE_SECONDS 75
// How long a closing peer may take to read what is left.
#define LIMIT_CLOSE_SECONDS 5
// Unsent bytes of one connection before reading from it stops; as many more, not yet on their way,
// wait in the kernel. A large CRL goes out to thousands at once, each of whom may read slowly, so
// it is copied piece by piece.
#define LIMIT_CONNECTION_OUTPUT_BYTES (64 * 1024)
// Decrypted bytes that wait for a full pipeline to empty: two TLS records.
#define LIMIT_CONNECTION_INPUT_BYTES (32 * 1024)
// Who takes less than this of an answer within the request time holds a connection for nothing;
// the slowest mobile line carries several times as much.
#define LIMIT_SLOWEST_READ_BYTES 4096
// One TLS record with its overhead, a few times over.
#define LIMIT_TLS_INPUT_BYTES (256 * 1024)
// Encrypted bytes that one who has no conn to count them may leave lying: a client's request.
#define LIMIT_TLS_OUTPUT_BYTES (1024 * 1024)

// --- frames --------------------------------------------------------------------------------
// From a gateway: one request of the size HTTP allows, with address and client certificate.
#define LIMIT_FRAME_REQUEST_BYTES (256 * 1024)
// To a gateway: the largest is a part of a CRL for an administrator, or a page of a list.
#define LIMIT_FRAME_REPLY_BYTES (64 * 1024 * 1024)
// A publication comes in pieces of this size, so that no copy of a whole CRL waits for a gateway.
#define LIMIT_PUBLICATION_PIECE_BYTES (256 * 1024)
// Requests of one gateway that wait for the authority.
#define LIMIT_FRAMES_WAITING 1024
// Requests of one gateway that wait for an event, such as a decision: more than it has connections
// by default. Each takes about a kilobyte beside its connection, which takes sixty times that.
#define LIMIT_PARKED 16384
// Bytes of such requests that the authority has not taken yet.
#define LIMIT_CHANNEL_OUTPUT_BYTES (16 * 1024 * 1024)
// Paths that one gateway serves from memory.
#define LIMIT_PUBLICATIONS 256
// Requests that share one transaction, so that the first waits a bounded time.
#define LIMIT_GROUP_COMMIT 64
// OCSP requests of one gateway that wait for the authority: a flood of them must leave most of
// LIMIT_FRAMES_WAITING to those who enroll and renew.
#define LIMIT_OCSP_WAITING 256
// Of them, in one transaction that others wait for, too: each may cost a signature.
#define LIMIT_OCSP_PER_GROUP 8
// OCSP answers that one gateway keeps, of some 1 kB each; larger ones are not kept.
#define LIMIT_OCSP_KEPT 16384
#define LIMIT_OCSP_KEPT_BYTES 4096

// --- authority -----------------------------------------------------------------------------
#define LIMIT_LIST_PAGE 1000
#define LIMIT_LIST_PAGE_DEFAULT 100
// Records that one page of a list looks at: when hardly any fits what is asked for, the others
// wait some 20 ms and not for the whole store.
#define LIMIT_LIST_EXAMINED 2000
#define LIMIT_TOKEN_TEXT_BYTES 512
#define LIMIT_TOKEN_USES 1000000
#define LIMIT_LABEL_BYTES 200
#define LIMIT_CONFIG_BYTES (1024 * 1024)
// Wrong secrets for one token before it is locked: guessing 160 bits is hopeless, noticing is
// not.
#define LIMIT_TOKEN_FAILURES 20
// Of a claim: 16 characters of base64 are 96 bits; more than 64 help nobody.
#define LIMIT_CLAIM_LEAST_BYTES 16
#define LIMIT_CLAIM_BYTES 64
// How long one poll may wait; proxies and NATs forget idle connections soon after.
#define LIMIT_POLL_SECONDS 120
// More approvers than this do not make a decision better.
#define LIMIT_APPROVALS 10
// Requests held at a time, from one address (of IPv6 its /64, which a single host has), from the
// network around it (IPv4 /24, IPv6 /48), and in all: the queue is for people, and a flood from few
// networks must leave room for the others. Each is a CSR and its names, so the store grows by some
// 300 MB at most.
#define LIMIT_REQUESTS_HELD_PER_ADDRESS 32
#define LIMIT_REQUESTS_HELD_PER_NETWORK (LIMIT_REQUESTS_HELD / 10)
#define LIMIT_REQUESTS_HELD 10000
// Certificates that one stolen key takes along, those issued to its holder under other profiles
// and their renewals included: some seconds of work in one transaction. Revoking once more goes on.
#define LIMIT_COMPROMISED_CERTIFICATES 10000
// Certificates of holders behind a request, each got with the next, among which the maker of the
// token is looked for. Profiles rest on one another two or three deep; longer is no use but to hide.
#define LIMIT_HOLDER_STEPS 8
// Devices added to a list in one request: with names they fit into a request's body.
#define LIMIT_RULES_AT_ONCE 500
// Patterns of one token, and of one type of names in a profile.
#define LIMIT_NAME_PATTERNS 10
// "*" in one pattern: each may make matching start over once.
#define LIMIT_PATTERN_STARS 4
// A longer one says no more about what names look like.
#define LIMIT_PATTERN_BYTES 256
// CAs of device manufacturers, each with certificates to be held in memory.
#define LIMIT_MANUFACTURERS 32
// Renewals of one line within a quarter of its certificates' lifetime. A device renews once in
// that time, or a few times when it loses its answers and keys; one in a loop is stopped, and
// its last certificate lives long enough for the quarter to pass.
#define LIMIT_RENEWALS 32
// Active certificates of one identity in a profile whose holders or devices ask by themselves and
// which states no active_maximum: far more than one thing has, far less than a loop makes.
#define LIMIT_ACTIVE_UNSTATED 32
// Actor and detail of an audit record; the names of a certificate make the longest details.
#define LIMIT_AUDIT_TEXT 320
#define LIMIT_AUDIT_DETAIL (64 * 1024)
#define LIMIT_AUDIT_EVENT 64
// Administrators who are not removed: they are shown on one page.
#define LIMIT_ADMINS LIMIT_LIST_PAGE
// An invitation is for one person and is sent by mail or chat: a day is enough to take it.
#define LIMIT_INVITATION_SECONDS_DEFAULT 86400
// Characters of an administrator's name: what a common name may have (RFC 5280, appendix A.1).
#define LIMIT_ADMIN_NAME_CHARACTERS 64
// Texts of one page of the audit trail: JSON may double them, and clients read 8 MiB at most.
#define LIMIT_AUDIT_PAGE_BYTES (2 * 1024 * 1024)
// One record in JSON, where a character may take six bytes.
#define LIMIT_AUDIT_LINE_BYTES (1024 * 1024)
// CAs of one authority, retired ones and those above an adopted one included: each is a key to
// guard, five paths that every gateway keeps in memory, and a CRL that is made and watched.
#define LIMIT_ISSUERS 32
// Of the name of a CA: it stands in paths, file names and commands.
#define LIMIT_ISSUER_NAME 32
// What gateways trust: the certificates of all of them, and of manufacturers.
#define LIMIT_TRUST_BYTES (LIMIT_ISSUERS * LIMIT_CERTIFICATE_BYTES + LIMIT_CHAIN_BYTES)
// Entries that a person gives by hand for the CRL of an offline root: it lists CAs.
#define LIMIT_ROOT_CRL_ENTRIES 1000
// Gateway processes of one authority: more than cores never helps.
#define LIMIT_GATEWAYS 64
// How long gateways may take to end their connections when the authority stops.
#define LIMIT_DRAIN_SECONDS 15
// A gateway that dies at once is restarted after 0.1 s, 0.2 s, 0.4 s … up to this.
#define LIMIT_GATEWAY_RESTART_MILLISECONDS 30000

// --- client --------------------------------------------------------------------------------
// Connecting and the TLS handshake, each: the server gives up on a handshake after 10 s itself.
#define LIMIT_CLIENT_CONNECT_SECONDS 15
// From the request to the end of its answer; a large CRL over a slow line is the longest.
#define LIMIT_CLIENT_EXCHANGE_SECONDS 60
// How long a second signet waits for the first that works on the same credential.
#define LIMIT_CLIENT_LOCK_SECONDS 120
// Longer than a CRL lives, watching makes no sense.
#define LIMIT_WATCH_INTERVAL_SECONDS 86400
// Each has a process of its own; a machine has a handful of services.
#define LIMIT_WATCH_TARGETS 32
// A server that takes longer to take up its new CRL, or to answer a canary, is not well.
#define LIMIT_PROOF_SECONDS 6
// Asked of a server that can tell when there is a newer CRL; well below the time that an answer
// may take.
#define LIMIT_WATCH_WAIT_SECONDS 45
// Sessions of one server that are looked through for revoked ones; servers here hold fewer. Also,
// of those who were revoked, how many wait to be told to a command, which takes 100 at a time.
#define LIMIT_LIVE_SERIALS (1 << 20)
// What HAProxy's runtime socket answers: its map with an entry of some 60 bytes for each of these,
// or as many sessions of some 200.
#define LIMIT_HAPROXY_ANSWER_BYTES (64 * 1024 * 1024)
// Addresses in HAProxy's map, each of which costs it some 100 bytes, before those without a session
// are dropped: more than idle connections that a server here keeps open.
#define LIMIT_HAPROXY_MAP_ENTRIES 10000
// What Prosody's shell answers: "serial=" and 40 digits for each session.
#define LIMIT_PROSODY_ANSWER_BYTES (16 * 1024 * 1024)
// What a server says to a canary: CONNACK, the head of an HTTP answer, the features of a stream.
#define LIMIT_PROBE_ANSWER_BYTES (64 * 1024)
// A reload command that takes longer than this hangs.
#define LIMIT_RELOAD_SECONDS 60
// Serials that a command `revoked` gets in one run, which has LIMIT_RELOAD_SECONDS for them.
#define LIMIT_REVOKED_AT_ONCE 100
// Words of the command that is run after a renewal.
#define LIMIT_HOOK_ARGUMENTS 64
// It may take its time, but the agent's other certificates wait for it.
#define LIMIT_HOOK_SECONDS 300
// Pauses of the agent after failures: from the first, doubled up to the second, so that a fleet
// does not lean on an authority that comes back, and a device still has a dozen tries a day.
#define LIMIT_AGENT_PAUSE_FIRST_SECONDS 60
#define LIMIT_AGENT_PAUSE_SECONDS (2 * 3600)
// How long one credential may take, hook included, before the agent goes on to the next.
#define LIMIT_AGENT_STEP_SECONDS 600
// How soon a folder is looked for again that is not there, or cannot be watched.
#define LIMIT_AGENT_LOOK_SECONDS 600
// Folders of one agent.
#define LIMIT_AGENT_FOLDERS 64
// Retry-After of a server is honoured up to this.
#define LIMIT_RETRY_AFTER_SECONDS 3600
// A bundle of CRLs in PEM: a few issuers' lists, a third larger than DER.
#define LIMIT_CRL_BUNDLE_BYTES (2 * LIMIT_CRL_BYTES)
// Entries of CRLs that are shown: more than LIMIT_CRL_BYTES has room for.
#define LIMIT_CRL_REPORT_ENTRIES (4 * 1024 * 1024)
// A server's ETag that is sent back to it; a longer one is not kept, and the CRL is sent each time.
#define LIMIT_ETAG_BYTES 200
// --- XMPP (signet xmpp) ----------------------------------------------------------------------
// One stanza of a server: a list of as many certificates as below, in base64.
#define LIMIT_XMPP_STANZA_BYTES (1024 * 1024)
// Of a list that is longer, the beginning is kept, up to this end: a thief who fills an account must
// not hide what is on it.
#define LIMIT_XMPP_CUT_BYTES (32 * 1024 * 1024)
// Elements of one stanza: six for each certificate, and the devices that use it.
#define LIMIT_XMPP_ELEMENTS 8192
// The answers that are read here are five deep.
#define LIMIT_XMPP_DEPTH 16
#define LIMIT_XMPP_ATTRIBUTES 32
// Certificates of one account: people have a handful of devices.
#define LIMIT_XMPP_CERTIFICATES 500
// Of the name of a certificate on an account, and of each part of an XMPP address (RFC 7622).
#define LIMIT_XMPP_NAME_BYTES 1023
// Of the issuer's name in such a certificate, as it is shown: CAs have a few words.
#define LIMIT_XMPP_ISSUER_BYTES 1024
// Devices of one certificate that are shown.
#define LIMIT_XMPP_RESOURCES 64
// From a question to its whole answer, whatever else the server sends meanwhile.
#define LIMIT_XMPP_ANSWER_SECONDS 30
// Stanzas that are no answer, for one question: those who show no presence are sent hardly any.
#define LIMIT_XMPP_OTHER_STANZAS 1000
// Of a password for an XMPP account.
#define LIMIT_XMPP_PASSWORD_BYTES 1023
// Iterations of SCRAM: RFC 7677 asks for 4096 at least, a million take a Raspberry Pi some seconds.
#define LIMIT_SCRAM_ITERATIONS_LEAST 4096
#define LIMIT_SCRAM_ITERATIONS 1000000
// Of one message of SCRAM: two nonces and a salt.
#define LIMIT_SCRAM_MESSAGE_BYTES 4096
// Of its salt: servers send 16 to 64.
#define LIMIT_SCRAM_SALT_BYTES 1024
// The certificates that a system trusts, or those of a file: Debian's has some 140 roots.
#define LIMIT_TRUST_FILE_BYTES (1024 * 1024)
// Credentials below one folder, and lines of the tables made of them.
#define LIMIT_CREDENTIALS 10000
#define LIMIT_PATH_BYTES 4096
