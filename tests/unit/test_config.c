// Tests of the configuration: every mistake names its line, its field and the cure.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "authority/config/address.h"
#include "authority/config/config.h"
#include "base/limits.h"

// A whole configuration; what a test changes stands in one of the gaps.
#define AUTHORITY_LINES                                                                        \
    "[authority]\n"                                                                            \
    "name = Test CA\n"                                                                         \
    "hosts = ca.example 192.0.2.1\n"                                                           \
    "enroll_url = https://ca.example:8443\n"                                                   \
    "admin_url = https://192.0.2.1:8444\n"                                                     \
    "public_url = http://ca.example:8080\n"
#define PROFILE_LINES                                                                          \
    "[profile client]\n"                                                                       \
    "extended_key_usages = clientAuth\n"                                                       \
    "common_name = 1\n"
#define MINIMAL AUTHORITY_LINES PROFILE_LINES

static enum result parse(const char *text, struct config *config, struct error *err) {
    return config_parse("signetd.conf", bytes_of_string(text), config, err);
}

static void a_minimal_configuration_gets_all_defaults(void **state) {
    (void)state;
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    assert_ok(parse(MINIMAL, &config, &err), &err);
    assert_string_equal(config.name, "Test CA");
    assert_int_equal(config.hosts.count, 2);
    assert_string_equal(config.hosts.items[1], "192.0.2.1");
    assert_int_equal(config.enroll_listen.count, 2);
    assert_string_equal(config.enroll_listen.items[0], "0.0.0.0:8443");
    assert_string_equal(config.enroll_listen.items[1], "[::]:8443");
    assert_string_equal(config.admin_listen.items[0], "0.0.0.0:8444");
    assert_string_equal(config.public_listen.items[0], "0.0.0.0:8080");
    assert_int_equal(config.enroll_gateways, 0);
    assert_int_equal(config.connections, LIMIT_CONNECTIONS);
    assert_int_equal(config.connections_per_address, LIMIT_CONNECTIONS_PER_ADDRESS);
    assert_int_equal(config.handshake_seconds, LIMIT_HANDSHAKE_SECONDS);
    assert_int_equal(config.request_seconds, LIMIT_REQUEST_SECONDS);
    assert_int_equal(config.idle_seconds, LIMIT_IDLE_SECONDS);
    assert_int_equal(config.crl_period, 6 * 3600);
    assert_int_equal(config.crl_lifetime, 3 * 86400);
    assert_int_equal(config.root_crl_lifetime, 30 * 86400);
    assert_true(config.crl_url_in_certificates);
    assert_true(config.ocsp_enabled);
    assert_int_equal(config.ocsp_signing, OCSP_BY_DELEGATE);
    assert_int_equal(config.ocsp_lifetime, 3600);
    assert_int_equal(config.ocsp_max_age, 60);
    assert_true(config.ocsp_nonce);
    assert_false(config.ocsp_unknown_is_revoked);
    assert_false(config.ocsp_url_in_certificates);
    assert_int_equal(config.token_lifetime, 7 * 86400);
    assert_int_equal(config.service_lifetime, 7 * 86400);
    assert_int_equal(config.log_level, LOG_LEVEL_INFO);
    assert_int_equal(config.log_format, LOG_FORMAT_TEXT);
}

static void every_value_that_is_set_arrives(void **state) {
    (void)state;
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    assert_ok(parse(AUTHORITY_LINES "log_level = debug   # while testing\r\n"
                                    "log_format=json\n"
                                    "# a comment\n"
                                    "[gateway enroll]\n"
                                    "listen = 127.0.0.1:0 [::1]:9443\n"
                                    "processes = 3\n"
                                    "[gateway public]\n"
                                    "listen =\n"
                                    "[crl]\n"
                                    "period = 1h\n"
                                    "lifetime = 3h\n"
                                    "url_in_certificates = no\n"
                                    "[ocsp]\n"
                                    "enabled = no\n"
                                    "responder = issuer\n"
                                    "lifetime = 10m\n"
                                    "max_age = 10m\n"
                                    "nonce = no\n"
                                    "unknown = revoked\n"
                                    "[service]\n"
                                    "lifetime = 5m\n"
                                    "[profile a-b_1]\n"
                                    "extended_key_usages = serverAuth clientAuth\n"
                                    "key_usages = keyEncipherment digitalSignature\n"
                                    "dns = 1-5\n"
                                    "ip = 0-2\n"
                                    "alternative_names = 2-4\n"
                                    "dns_wildcards = yes\n"
                                    "xmpp_form = either\n"
                                    "key_algorithms = rsa3072 rsa4096\n"
                                    "lifetime = 1d\n"
                                    "lifetime_maximum = 2d\n"
                                    "backdate = 0\n"
                                    "renew_at = 50\n",
                    &config, &err),
              &err);
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(config.log_format, LOG_FORMAT_JSON);
    assert_int_equal(config.enroll_gateways, 3);
    assert_int_equal(config.enroll_listen.count, 2);
    assert_int_equal(config.public_listen.count, 0);
    assert_int_equal(config.crl_period, 3600);
    assert_int_equal(config.crl_lifetime, 3 * 3600);
    assert_false(config.crl_url_in_certificates);
    assert_false(config.ocsp_enabled);
    assert_int_equal(config.ocsp_signing, OCSP_BY_ISSUER);
    assert_int_equal(config.ocsp_lifetime, 600);
    assert_int_equal(config.ocsp_max_age, 600);
    assert_false(config.ocsp_nonce);
    assert_true(config.ocsp_unknown_is_revoked);
    assert_int_equal(config.service_lifetime, 300);
    const struct profile *profile = profile_find(&config.profiles, "a-b_1");
    assert_non_null(profile);
    assert_int_equal(profile->extended_key_usages[0], OID_SERVER_AUTH);
    assert_int_equal(profile->extended_key_usages[1], OID_CLIENT_AUTH);
    assert_int_equal(profile->extended_key_usages[2], OID_UNKNOWN);
    assert_int_equal(profile->key_usage,
                     KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT);
    assert_int_equal(profile->names[NAME_CN].maximum, 0);
    assert_int_equal(profile->names[NAME_DNS].minimum, 1);
    assert_int_equal(profile->names[NAME_DNS].maximum, 5);
    assert_int_equal(profile->alternative_names.minimum, 2);
    assert_int_equal(profile->alternative_names.maximum, 4);
    assert_true(profile->dns_wildcards);
    assert_int_equal(profile->xmpp_form, JID_EITHER);
    assert_true(profile->key_algorithms[KEY_RSA3072]);
    assert_true(profile->key_algorithms[KEY_RSA4096]);
    assert_false(profile->key_algorithms[KEY_P256]);
    assert_int_equal(profile->lifetime_default, 86400);
    assert_int_equal(profile->lifetime_maximum, 2 * 86400);
    assert_int_equal(profile->backdate, 0);
    assert_int_equal(profile->renew_percent, 50);
}

// Each text is the good configuration with one mistake.
static const struct mistake {
    const char *text;
    const char *message; // the whole of it
    const char *field;
    const char *hint;
} mistakes[] = {
    {MINIMAL "[gateway enroll]\nlistne = 127.0.0.1:1\n",
     "signetd.conf:11: unknown key \"listne\" in [gateway enroll]", "listne",
     "did you mean \"listen\"?"},
    {MINIMAL "[gatway admin]\n", "signetd.conf:10: unknown section [gatway admin]",
     "gatway admin", "did you mean \"gateway admin\"?"},
    {MINIMAL "[qqqqqqqqqqqqqqqqqq]\n", "signetd.conf:10: unknown section [qqqqqqqqqqqqqqqqqq]",
     "qqqqqqqqqqqqqqqqqq", ""},
    {"name = Test\n" MINIMAL, "signetd.conf:1: key \"name\" stands before the first section",
     "", "begin with a line such as [authority]"},
    {MINIMAL "[crl\n", "signetd.conf:10: expected \"]\" at the end of \"[crl\"", "", ""},
    {MINIMAL "[crl]\nperiod\n",
     "signetd.conf:11: expected [section] or key = value, not \"period\"", "", ""},
    {MINIMAL "[crl]\nperiod =\n",
     "signetd.conf:11: period in [crl]: there is no value behind \"=\"", "period",
     "remove the line to get the default"},
    {MINIMAL "[crl]\nperiod = 1h\nperiod = 2h\n",
     "signetd.conf:12: key \"period\" was given on line 11 already", "period", ""},
    {MINIMAL "[crl]\n[limits]\n[crl]\n",
     "signetd.conf:12: section [crl] began on line 10 already", "", ""},
    {MINIMAL "[crl]\nperiod = \x01\n",
     "signetd.conf:11: a control character (0x01) does not belong here", "", ""},
    {MINIMAL "[crl]\nperiod = \xff\n", "signetd.conf:11: expected text in UTF-8", "", ""},
    {MINIMAL "[crl]\nperiod = soon\n",
     "signetd.conf:11: period in [crl]: expected a duration such as 90s, 15m, 12h, 30d or 2y, "
     "not "
     "\"soon\"",
     "period", ""},
    {MINIMAL "[crl]\nperiod = 59\n",
     "signetd.conf:11: period in [crl]: expected a duration from 1m to 30d, not \"59\"",
     "period", ""},
    {MINIMAL "[ocsp]\nresponder = root\n",
     "signetd.conf:11: responder in [ocsp]: expected delegated or issuer, not \"root\"",
     "responder", ""},
    {MINIMAL "[ocsp]\nunknown = good\n",
     "signetd.conf:11: unknown in [ocsp]: expected unknown or revoked, not \"good\"", "unknown",
     ""},
    {MINIMAL "[ocsp]\nlifetime = 59\n",
     "signetd.conf:11: lifetime in [ocsp]: expected a duration from 1m to 30d, not \"59\"",
     "lifetime", ""},
    {MINIMAL "[ocsp]\nlifetime = 10m\nmax_age = 601\n",
     "signetd.conf:12: max_age in [ocsp]: caches may not keep an answer longer than it holds",
     "max_age", "make max_age shorter or lifetime in [ocsp] longer"},
    {MINIMAL "[ocsp]\nenabled = no\nurl_in_certificates = yes\n",
     "signetd.conf:12: url_in_certificates in [ocsp]: there is no address to put into "
     "certificates",
     "url_in_certificates", "set public_url in [authority], and enabled = yes in [ocsp]"},
    {MINIMAL "[crl]\nperiod = 1h\nlifetime = 10799s\n",
     "signetd.conf:12: lifetime in [crl]: expected at least 3 periods, which is 3h, not 10799s",
     "lifetime", "make lifetime longer or period in [crl] shorter"},
    {MINIMAL "[crl]\nperiod = 11d\nlifetime = 40d\n",
     "signetd.conf: root_lifetime in [crl]: expected at least 3 periods, which is 33d, not 30d",
     "root_lifetime", "make root_lifetime longer or period in [crl] shorter"},
    {MINIMAL "[crl]\nurl_in_certificates = maybe\n",
     "signetd.conf:11: url_in_certificates in [crl]: expected yes or no, not \"maybe\"",
     "url_in_certificates", ""},
    {MINIMAL "[limits]\nconnections = many\n",
     "signetd.conf:11: connections in [limits]: expected a whole number from 1 to 1000000, not "
     "\"many\"",
     "connections", ""},
    {MINIMAL "[limits]\nconnections = 100\n",
     "signetd.conf: connections_per_address in [limits]: 256 from one address are more than "
     "the "
     "100 connections in all",
     "connections_per_address", ""},
    {MINIMAL "[gateway enroll]\nprocesses = -1\n",
     "signetd.conf:11: processes in [gateway enroll]: expected a whole number from 0 to 256, "
     "not "
     "\"-1\"",
     "processes", ""},
    {MINIMAL "[gateway enroll]\nlisten = localhost:8443\n",
     "signetd.conf:11: listen in [gateway enroll]: expected an address and a port such as "
     "0.0.0.0:8443 or [::]:8443, not \"localhost:8443\"",
     "listen", "Host names and missing ports are not taken; IPv6 needs square brackets."},
    {MINIMAL "[gateway admin]\nlisten =\n",
     "signetd.conf:11: listen in [gateway admin]: expected at least one address such as "
     "0.0.0.0:8443",
     "listen", ""},
    {MINIMAL "[gateway admin]\nlisten = 0.0.0.0:8443\n",
     "signetd.conf:11: listen in [gateway admin]: 0.0.0.0:8443 is listened on by [gateway "
     "enroll] "
     "already",
     "listen", ""},
    {MINIMAL "[gateway admin]\nlisten = 127.0.0.1:1 127.0.0.1:1\n",
     "signetd.conf:11: listen in [gateway admin]: \"127.0.0.1:1\" stands there twice", "listen",
     ""},
    {AUTHORITY_LINES "log_level = loud\n" PROFILE_LINES,
     "signetd.conf:7: log_level in [authority]: expected debug, info, warning or error, not "
     "\"loud\"",
     "log_level", ""},
    {AUTHORITY_LINES "log_format = xml\n" PROFILE_LINES,
     "signetd.conf:7: log_format in [authority]: expected text or json, not \"xml\"",
     "log_format", ""},
    {AUTHORITY_LINES, "signetd.conf: there is no profile, so nothing can be issued", "",
     "add one such as [profile client] with extended_key_usages = clientAuth and common_name = "
     "1"},
    {"[authority]\nname = x\n" PROFILE_LINES,
     "signetd.conf: hosts in [authority]: this key is missing", "hosts", ""},
    {MINIMAL "[profile admin]\n", "signetd.conf:10: profile \"admin\" is the authority's own",
     "", ""},
    {MINIMAL "[profile client]\n", "signetd.conf:10: there is a [profile client] already", "",
     ""},
    {MINIMAL "[profile Big]\n", "signetd.conf:10: \"Big\" cannot be a profile's name", "",
     "expected 1 to 64 of a-z, 0-9, - and _, as in [profile sensor]"},
    {MINIMAL "[profile]\n", "signetd.conf:10: \"\" cannot be a profile's name", "",
     "expected 1 to 64 of a-z, 0-9, - and _, as in [profile sensor]"},
    {MINIMAL "[profile x]\ncommon_name = 1\n",
     "signetd.conf: extended_key_usages in [profile x]: this key is missing",
     "extended_key_usages", ""},
    {MINIMAL "comon_name = 1\n",
     "signetd.conf:10: unknown key \"comon_name\" in [profile client]", "comon_name",
     "did you mean \"common_name\"?"},
    {MINIMAL "[profile x]\nextended_key_usages = clientauth\n",
     "signetd.conf:11: extended_key_usages in [profile x]: unknown extended key usage "
     "\"clientauth\"; known are serverAuth, clientAuth, emailProtection, codeSigning",
     "extended_key_usages", "did you mean \"clientAuth\"?"},
    {MINIMAL "[profile x]\nextended_key_usages = anyExtendedKeyUsage\n",
     "signetd.conf:11: extended_key_usages in [profile x]: anyExtendedKeyUsage would undo "
     "every "
     "other one",
     "extended_key_usages", ""},
    {MINIMAL "[profile x]\nextended_key_usages = 2.5.29.37.0\n",
     "signetd.conf:11: extended_key_usages in [profile x]: anyExtendedKeyUsage would undo "
     "every "
     "other one",
     "extended_key_usages", ""},
    {MINIMAL "[profile x]\nextended_key_usages = 1.3.6.1.5.5.7.3.9\n",
     "signetd.conf:11: extended_key_usages in [profile x]: OCSPSigning is for certificates "
     "that "
     "speak for the CA itself",
     "extended_key_usages", ""},
    {MINIMAL "[profile x]\nextended_key_usages = serverAuth cmcRA\n",
     "signetd.conf:11: extended_key_usages in [profile x]: cmcRA is for certificates that "
     "speak for the CA itself",
     "extended_key_usages", ""},
    {MINIMAL "[profile x]\nextended_key_usages = serverAuth 1.3.6.1.5.5.7.3.28\n",
     "signetd.conf:11: extended_key_usages in [profile x]: cmcRA is for certificates that "
     "speak for the CA itself",
     "extended_key_usages", ""},
    {MINIMAL "[profile x]\nextended_key_usages = 2.5.4.3\n",
     "signetd.conf:11: extended_key_usages in [profile x]: CN is no extended key usage",
     "extended_key_usages", ""},
    {MINIMAL "[profile x]\nextended_key_usages = timeStamping\n",
     "signetd.conf:11: extended_key_usages in [profile x]: unknown extended key usage "
     "\"timeStamping\"; known are serverAuth, clientAuth, emailProtection, codeSigning",
     "extended_key_usages",
     "write any other as a dotted identifier, such as 1.3.6.1.5.5.7.3.17"},
    {MINIMAL "[profile x]\nextended_key_usages = 1.2.3 1.2.4 1.2.3\n",
     "signetd.conf:11: extended_key_usages in [profile x]: \"1.2.3\" stands there twice",
     "extended_key_usages", ""},
    {MINIMAL
     "[profile x]\nextended_key_usages = 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.2.6 1.2.7 1.2.8 "
     "1.2.9\n",
     "signetd.conf:11: extended_key_usages in [profile x]: expected at most 8 extended key "
     "usages",
     "extended_key_usages", ""},
    {MINIMAL "cn_patterns = a**\n",
     "signetd.conf:10: cn_patterns in [profile client]: \"a**\" is no pattern of a common "
     "name: "
     "two stars stand side by side",
     "cn_patterns", "One star stands for any number of characters."},
    {MINIMAL "cn_patterns = a b c d e f g h i j k\n",
     "signetd.conf:10: cn_patterns in [profile client]: expected at most 10 patterns",
     "cn_patterns", ""},
    {MINIMAL "ip_networks = 10.0.0.1/8\n",
     "signetd.conf:10: ip_networks in [profile client]: \"10.0.0.1/8\" has bits behind the "
     "first "
     "8",
     "ip_networks", "write the first address of the network, or more bits"},
    {MINIMAL "ip_networks = 10.0.0.0/33\n",
     "signetd.conf:10: ip_networks in [profile client]: expected a network such as 10.0.0.0/8 "
     "or "
     "2001:db8::/32, not \"10.0.0.0/33\"",
     "ip_networks", ""},
    {MINIMAL "xmpp_domains = a@example.org\n",
     "signetd.conf:10: xmpp_domains in [profile client]: \"a@example.org\" holds characters "
     "that "
     "no XMPP address may have",
     "xmpp_domains", NULL},
    {MINIMAL "xmpp_form = naked\n",
     "signetd.conf:10: xmpp_form in [profile client]: expected bare, full or either, not "
     "\"naked\"",
     "xmpp_form", ""},
    {MINIMAL "xmpp_bare = no\n",
     "signetd.conf:10: unknown key \"xmpp_bare\" in [profile client]", "xmpp_bare",
     "did you mean \"xmpp_form\"?"},
    {MINIMAL "dns_patterns = *.example.org\n",
     "signetd.conf:10: dns_patterns in [profile client]: the profile takes no DNS name, so "
     "nothing can match",
     "dns_patterns", "say how many there may be, or remove dns_patterns"},
    {MINIMAL "dns_wildcards = yes\n",
     "signetd.conf:10: dns_wildcards in [profile client]: the profile takes no DNS names",
     "dns_wildcards", "set dns to how many there may be, or remove dns_wildcards"},
    {MINIMAL "dns = 1\ndns_wildcards = yes\ndns_patterns = gw-*.example.org\n",
     "signetd.conf:11: dns_wildcards in [profile client]: none of dns_patterns lets a wildcard "
     "through",
     "dns_wildcards", "add a pattern such as *.example.org, or set dns_wildcards = no"},
    {MINIMAL "mqtt_common_name = yes\ncn_patterns = a/* b+*\n",
     "signetd.conf:11: cn_patterns in [profile client]: every pattern holds one of + # /, "
     "which "
     "mqtt_common_name forbids",
     "cn_patterns", "use other characters, or set mqtt_common_name = no"},
    {MINIMAL "key_usages = nonRepudiation\n",
     "signetd.conf:10: key_usages in [profile client]: clientAuth needs digitalSignature or "
     "keyAgreement (RFC 5280, 4.2.1.12)",
     "key_usages", "add one of them to key_usages"},
    {MINIMAL "key_usages = digitalSignature keyEncipherment\n",
     "signetd.conf:10: key_usages in [profile client]: keys of type p256 cannot do all of this",
     "key_usages",
     "list in key_algorithms only keys that can: RSA for encipherment, P-256 and P-384 for "
     "agreement"},
    {MINIMAL "key_usages = digitalSignature keyAgreement\nkey_algorithms = p256 ed25519\n",
     "signetd.conf:10: key_usages in [profile client]: keys of type ed25519 cannot do all of "
     "this",
     "key_usages", NULL},
    {MINIMAL "renew_grace = 31d\nlifetime = 30d\n",
     "signetd.conf:10: renew_grace in [profile client]: certificates would renew for longer "
     "after their end than they held",
     "renew_grace", "make it shorter than lifetime"},
    {MINIMAL "ask = anyone\n",
     "signetd.conf:10: ask in [profile client]: anyone would get a certificate that logs in in "
     "whatever name they choose, for nobody approves it",
     "ask", "set approvals to 1 or more, or remove anyone from ask"},
    {MINIMAL "at_limit = supersede\n",
     "signetd.conf:10: at_limit in [profile client]: there is no limit, so nothing happens at "
     "it",
     "at_limit", "set active_maximum, or remove at_limit"},
    {MINIMAL "ask = holders:clent\n",
     "signetd.conf:10: ask in [profile client]: there is no [profile clent]", "ask",
     "did you mean \"client\"?"},
    {MINIMAL "ask = holders:client\n",
     "signetd.conf:10: ask in [profile client]: holders of the profile itself renew instead",
     "ask", "name another profile, or remove holders from ask"},
    {MINIMAL "ask = holders:admin\n",
     "signetd.conf:10: ask in [profile client]: the authority's own certificates do not ask "
     "for "
     "others",
     "ask", "name a profile of this file"},
    {MINIMAL "ask = holders:b\n[profile b]\nextended_key_usages = serverAuth\n"
             "common_name = 1\nask = holders:client\n",
     "signetd.conf:10: ask in [profile client]: the profiles ask for each other's "
     "certificates, "
     "so nobody gets a first one",
     "ask", "let one of them be asked for with a token as well"},
    {MINIMAL "[profile b]\nextended_key_usages = serverAuth\ndns = 1\nask = holders:client\n",
     "signetd.conf:13: ask in [profile b]: certificates of client have at most 0 of the DNS "
     "name, but at least 1 must be here",
     "ask", "holders get the names that they have: ask for no others"},
    {MINIMAL "ask = manufacturer:acme\n",
     "signetd.conf:10: ask in [profile client]: there is no [manufacturer acme]", "ask",
     "add a section [manufacturer acme]"},
    {MINIMAL "ask = manufacturer:acme\n[manufacturer acme]\ncertificates = a.pem\n"
             "names = cn:{CN} dns:{CN}\n",
     "signetd.conf:10: ask in [profile client]: [manufacturer acme] gives 1 of the DNS name, "
     "but 0 to 0 must be here",
     "ask", "change names in [manufacturer acme], or the counts of this profile"},
    {MINIMAL "[manufacturer acme]\nnames = cn:{CN}\n",
     "signetd.conf: certificates in [manufacturer acme]: this key is missing", "certificates",
     ""},
    {MINIMAL "[manufacturer acme]\ncertificates = a.pem\nnames = cn:{CM}\n",
     "signetd.conf:12: names in [manufacturer acme]: \"cn:{CM}\": \"CM\" is no attribute of a "
     "subject",
     "names", NULL},
    {MINIMAL "[manufacturer acme]\ncertificates = a.pem\nnames =\n",
     "signetd.conf:12: names in [manufacturer acme]: expected at least one name", "names",
     NULL},
    {MINIMAL "[manufacturer a]\n[manufacturer a]\n",
     "signetd.conf:11: there is a [manufacturer a] already", "", ""},
    {MINIMAL "[admins]\nlifetime = 398d\n",
     "signetd.conf:11: lifetime in [admins]: expected a duration from 1h to 397d, not \"398d\"",
     "lifetime", ""},
    {MINIMAL "key_usages = keyCertSign\n",
     "signetd.conf:10: key_usages in [profile client]: unknown key usage \"keyCertSign\"; "
     "known are "
     "digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement",
     "key_usages", NULL},
    {MINIMAL "key_algorithms = rsa1024\n",
     "signetd.conf:10: key_algorithms in [profile client]: unknown key algorithm \"rsa1024\"; "
     "known "
     "are p256, p384, ed25519, rsa2048, rsa3072, rsa4096",
     "key_algorithms", NULL},
    {MINIMAL "dns = 5-1\n",
     "signetd.conf:10: dns in [profile client]: expected the smaller number first, not \"5-1\"",
     "dns", ""},
    {MINIMAL "dns = some\n",
     "signetd.conf:10: dns in [profile client]: expected a count such as 1 or a range such as "
     "0-100, "
     "within 0 and 100, not \"some\"",
     "dns", ""},
    {MINIMAL "dns = 0-101\n",
     "signetd.conf:10: dns in [profile client]: expected a count such as 1 or a range such as "
     "0-100, "
     "within 0 and 100, not \"0-101\"",
     "dns", ""},
    {AUTHORITY_LINES "[profile x]\nextended_key_usages = clientAuth\n",
     "signetd.conf: common_name in [profile x]: the profile allows no name of any type",
     "common_name", ""},
    {MINIMAL "alternative_names = 1\n",
     "signetd.conf:10: alternative_names in [profile client]: 1-1 cannot be met: the types "
     "allow 0 to "
     "0 names",
     "alternative_names", ""},
    {AUTHORITY_LINES "[profile x]\nextended_key_usages = clientAuth\ncommon_name = 0-1\n"
                     "mqtt_common_name = yes\n",
     "signetd.conf:10: mqtt_common_name in [profile x]: an MQTT user needs common_name = 1",
     "mqtt_common_name", ""},
    {MINIMAL "lifetime = 398d\n",
     "signetd.conf:10: lifetime in [profile client]: the default is longer than "
     "lifetime_maximum, "
     "which is 397d",
     "lifetime", ""},
    {MINIMAL "lifetime = 5m\n",
     "signetd.conf: backdate in [profile client]: expected less than the lifetime", "backdate",
     ""},
    {MINIMAL "renew_at = 96\n",
     "signetd.conf:10: renew_at in [profile client]: expected a whole number from 1 to 95, not "
     "\"96\"",
     "renew_at", ""},
};

static void each_mistake_names_line_field_and_cure(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        AUTO(config_clear) struct config config = {0};
        struct error err = {0};
        enum result result = parse(mistakes[i].text, &config, &err);
        if (strcmp(err.message, mistakes[i].message) != 0) {
            print_error("expected: %s\ngot:      %s\n", mistakes[i].message, err.message);
        }
        assert_int_equal(result, RESULT_INVALID);
        assert_string_equal(err.message, mistakes[i].message);
        assert_string_equal(err.field, mistakes[i].field);
        if (mistakes[i].hint != NULL) {
            assert_string_equal(err.hint, mistakes[i].hint);
        }
        assert_null(config.name);
    }
}

// What is near a mistake and is accepted, with the warning it brings.
static const struct {
    const char *text;
    const char *warnings;
} neighbours[] = {
    {MINIMAL "ask = token anyone\napprovals = 1\nhold = 1d\n", ""},
    {MINIMAL "active_maximum = 2\nat_limit = supersede\n", ""},
    {MINIMAL "renew_grace = 30d\nlifetime = 30d\n", ""},
    {MINIMAL "key_usages = digitalSignature keyAgreement\nkey_algorithms = p256 p384\n", ""},
    {MINIMAL "mqtt_common_name = yes\ncn_patterns = a/* b*\n", ""},
    {MINIMAL "dns = 1\ndns_wildcards = yes\ndns_patterns = gw.example.org *.example.org\n", ""},
    {MINIMAL "[profile b]\nextended_key_usages = 1.2.3.4\ncommon_name = 1\n"
             "ask = token holders:client\n",
     ""},
    {MINIMAL "ask = holders:b\n[profile b]\nextended_key_usages = serverAuth\n"
             "common_name = 1\nask = token holders:client\n",
     ""},
    {MINIMAL "ask = manufacturer:acme\n[manufacturer acme]\ncertificates = a.pem\n"
             "names = cn:{CN}\n",
     ""},
    {MINIMAL "hold = 1d\n",
     "signetd.conf:10: hold in [profile client]: nothing is held while approvals is 0\n"},
    {MINIMAL
     "[profile s]\nextended_key_usages = serverAuth\ndns = 1\nlifetime_maximum = 398d\n",
     "signetd.conf:13: lifetime_maximum in [profile s]: browsers and Apple's systems refuse "
     "servers' certificates of more than 397 days\n"},
    {MINIMAL "lifetime_maximum = 3y\nrenew_grace = 1d\n",
     "signetd.conf:11: renew_grace in [profile client]: certificates of more than 730 days "
     "need "
     "no grace: who finds an old device would get a new one\n"},
    {MINIMAL "[profile x]\nextended_key_usages = clientAuth\nxmpp = 1\n",
     "signetd.conf:12: xmpp in [profile x]: certificates of client come from the same CA and "
     "may "
     "lack an XMPP address: ejabberd takes them for any user; give this profile an issuer of "
     "its "
     "own, or say xmpp_shares_issuer = yes where no ejabberd trusts the CA\n"},
    {MINIMAL "[profile x]\nextended_key_usages = clientAuth\nxmpp = 1\n"
             "xmpp_shares_issuer = yes\n",
     ""},
    {MINIMAL "[profile x]\nextended_key_usages = clientAuth\nxmpp = 1\nissuer = xmpp\n", ""},
};

static void warnings_are_no_mistakes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
        AUTO(config_clear) struct config config = {0};
        struct error err = {0};
        assert_ok(parse(neighbours[i].text, &config, &err), &err);
        assert_string_equal(buf_string(&config.warnings), neighbours[i].warnings);
    }
}

static enum result note_warning(const char *line, void *context, struct error *err) {
    struct buf *lines = context;
    (void)err;
    return buf_printf(lines, "<%s>", line);
}

static void each_warning_is_a_line(void **state) {
    (void)state;
    static const char *const kept[] = {"", "one\n", "one\n\ntwo\n", "one\ncut off"};
    static const char *const expected[] = {"", "<one>", "<one><><two>", "<one><cut off>"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        AUTO(config_clear) struct config config = {0};
        AUTO(buf_clear) struct buf lines = {0};
        struct error err = {0};
        buf_init(&config.warnings, 64);
        buf_init(&lines, 64);
        assert_int_equal(RESULT_OK, buf_append_string(&config.warnings, kept[i]));
        assert_ok(config_each_warning(&config, note_warning, &lines, &err), &err);
        assert_string_equal(expected[i], buf_string(&lines));
        buf_reset(&lines);
    }
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    AUTO(buf_clear) struct buf small = {0};
    buf_init(&config.warnings, 64);
    buf_init(&small, 2);
    assert_int_equal(RESULT_OK, buf_append_string(&config.warnings, "one\n"));
    assert_int_equal(RESULT_LIMIT, config_each_warning(&config, note_warning, &small, &err));
}

static void values_of_profiles_are_made_canonical(void **state) {
    (void)state;
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    assert_ok(parse(AUTHORITY_LINES "[profile x]\n"
                                    "extended_key_usages = 1.2.4 1.3.6.1.5.5.7.3.2 1.2.3\n"
                                    "dns = 1\nip = 0-1\nxmpp = 0-1\n"
                                    "dns_patterns = *.Example.ORG\n"
                                    "ip_networks = 10.0.0.0/8 2001:DB8::/32 192.0.2.1\n"
                                    "xmpp_domains = Example.org\n"
                                    "authority_info_access = yes\n"
                                    "[crl]\nurl_in_certificates = no\n"
                                    "[admins]\nissuer = people\nlifetime = 30d\n"
                                    "[service]\nissuer = hosts\n",
                    &config, &err),
              &err);
    const struct profile *profile = profile_find(&config.profiles, "x");
    assert_int_equal(profile->extended_key_usages[0], OID_CLIENT_AUTH);
    assert_int_equal(profile->extended_key_usages[1], OID_UNKNOWN);
    assert_int_equal(profile->other_usages.count, 2);
    assert_string_equal(profile->other_usages.items[0], "1.2.3");
    assert_string_equal(profile->other_usages.items[1], "1.2.4");
    assert_string_equal(profile->patterns[NAME_DNS].items[0], "*.example.org");
    assert_string_equal(profile->patterns[NAME_IP].items[1], "2001:db8::/32");
    assert_string_equal(profile->patterns[NAME_IP].items[2], "192.0.2.1/32");
    assert_string_equal(profile->patterns[NAME_XMPP].items[0], "example.org");
    assert_true(profile->authority_info_access);
    assert_false(profile->crl_distribution_point); // [crl] says no for all
    const struct profile *admin = profile_find(&config.profiles, PROFILE_ADMIN);
    assert_string_equal(admin->issuer, "people");
    assert_int_equal(admin->lifetime_default, 30 * 86400);
    assert_string_equal(profile_find(&config.profiles, PROFILE_SERVICE)->issuer, "hosts");
    AUTO(buf_clear) struct buf url = {0};
    buf_init(&url, 256);
    assert_int_equal(config_ca_issuers_url(&config, "hosts", &url), RESULT_OK);
    assert_string_equal(buf_string(&url), "http://ca.example:8080/ca/hosts.der");
}

// The keys of [authority], each with a value and what is wrong with it.
static const struct {
    const char *key;
    const char *value;
    const char *message; // a part; NULL: accepted
} authority_values[] = {
    {"name", "56 characters: 90123456789012345678901234567890123456789", NULL},
    {"name", "57 characters: 901234567890123456789012345678901234567890",
     "signetd.conf:2: name in [authority]: expected at most 56 characters, not 57"},
    {"hosts", "ca.example 192.0.2.1 ::1", NULL},
    {"hosts", "ca.example 192.0.2.1 *.example",
     "expected names without \"*\", not \"*.example\""},
    {"hosts", "ca.example 192.0.2.1 under_score!", "signetd.conf:3: hosts in [authority]"},
    {"hosts", "", "expected at least one name or address"},
    {"hosts", "192.0.2.1", "\"ca.example\" is not among the hosts, so nobody could verify it"},
    {"enroll_url", "https://ca.example", NULL},
    {"enroll_url", "https://CA.EXAMPLE:1/", NULL},
    {"enroll_url", "http://ca.example:8443",
     "signetd.conf:4: enroll_url in [authority]: expected https://HOST:PORT and nothing more"},
    {"enroll_url", "https://ca.example:8443/v1", "expected https://HOST:PORT and nothing more"},
    {"enroll_url", "https://:8443", "expected a URL such as https://ca.example:8443"},
    {"enroll_url", "https://ca.example:0", "expected a URL"},
    {"enroll_url", "https://ca.example:65536", "expected a URL"},
    {"enroll_url", "https://ca.example:", "expected a URL"},
    {"enroll_url", "https://me@ca.example", "expected a URL"},
    {"enroll_url", "ca.example", "expected a URL"},
    {"admin_url", "https://other.example:8444", "\"other.example\" is not among the hosts"},
    {"public_url", "http://crl.example/ca", NULL},
    {"public_url", "https://crl.example", NULL},
    {"public_url", "ftp://crl.example", "signetd.conf:6: public_url in [authority]"},
    {"public_url", "http://crl.example/?x", "signetd.conf:6: public_url in [authority]"},
};

static void the_authoritys_values_are_checked_together(void **state) {
    (void)state;
    static const char *const keys[] = {"name", "hosts", "enroll_url", "admin_url",
                                       "public_url"};
    static const char *const good[] = {"Test CA", "ca.example 192.0.2.1",
                                       "https://ca.example:8443", "https://192.0.2.1:8444",
                                       "http://ca.example:8080"};
    for (size_t i = 0; i < sizeof(authority_values) / sizeof(authority_values[0]); i++) {
        AUTO(buf_clear) struct buf text = {0};
        AUTO(config_clear) struct config config = {0};
        struct error err = {0};
        buf_init(&text, 4096);
        assert_int_equal(buf_append_string(&text, "[authority]\n"), RESULT_OK);
        for (size_t k = 0; k < 5; k++) {
            bool is_it = strcmp(keys[k], authority_values[i].key) == 0;
            assert_int_equal(buf_printf(&text, "%s = %s\n", keys[k],
                                        is_it ? authority_values[i].value : good[k]),
                             RESULT_OK);
        }
        assert_int_equal(buf_append_string(&text, PROFILE_LINES), RESULT_OK);
        bool accepted = authority_values[i].message == NULL;
        assert_result(accepted ? RESULT_OK : RESULT_INVALID,
                      parse(buf_string(&text), &config, &err), &err);
        if (!accepted && strstr(err.message, authority_values[i].message) == NULL) {
            print_error("expected: %s\ngot:      %s\n", authority_values[i].message,
                        err.message);
            fail();
        }
    }
}

static void paths_of_pkcs11_modules_are_absolute(void **state) {
    (void)state;
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    assert_ok(parse(AUTHORITY_LINES
                    "pkcs11_paths = /var/lib/softhsm/tokens /dev/tpmrm0\n" PROFILE_LINES,
                    &config, &err),
              &err);
    assert_int_equal(config.pkcs11_paths.count, 2);
    assert_string_equal(config.pkcs11_paths.items[1], "/dev/tpmrm0");
    config_clear(&config);
    assert_result(RESULT_INVALID,
                  parse(AUTHORITY_LINES "pkcs11_paths = /dev/tpmrm0 tokens\n" PROFILE_LINES,
                        &config, &err),
                  &err);
    assert_string_equal(err.message, "signetd.conf:7: pkcs11_paths in [authority]: expected "
                                     "absolute paths, not \"tokens\"");
}

static void without_a_public_url_certificates_cannot_carry_it(void **state) {
    (void)state;
    static const char text[] = "[authority]\nname = x\nhosts = a.example\n"
                               "enroll_url = https://a.example\n"
                               "admin_url = https://a.example:1\n" PROFILE_LINES;
    AUTO(config_clear) struct config config = {0};
    AUTO(config_clear) struct config without = {0};
    AUTO(buf_clear) struct buf cured = {0};
    struct error err = {0};
    assert_result(RESULT_INVALID, parse(text, &config, &err), &err);
    assert_string_equal(err.field, "public_url");
    assert_string_equal(err.hint, "add it, or set url_in_certificates = no in [crl]");
    buf_init(&cured, 4096);
    assert_int_equal(buf_printf(&cured, "%s[crl]\nurl_in_certificates = no\n", text),
                     RESULT_OK);
    assert_ok(parse(buf_string(&cured), &without, &err), &err);
    assert_null(without.public_url);
}

static void the_default_file_is_accepted_and_means_the_defaults(void **state) {
    (void)state;
    char first[] = "ca.example";
    char second[] = "::1";
    char *items[] = {first, second};
    const struct config_list hosts = {.items = items, .count = 2};
    AUTO(buf_clear) struct buf text = {0};
    AUTO(config_clear) struct config config = {0};
    AUTO(config_clear) struct config minimal = {0};
    struct error err = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    const struct config_start start = {.name = "Test CA", .hosts = &hosts};
    assert_ok(config_write_default(&start, &text, &err), &err);
    assert_ok(parse(buf_string(&text), &config, &err), &err);
    assert_string_equal(buf_string(&config.warnings), ""); // or people learn to skip them
    assert_ok(parse(MINIMAL, &minimal, &err), &err);
    assert_string_equal(config.name, "Test CA");
    assert_int_equal(config.hosts.count, 2);
    assert_string_equal(config.enroll_url, "https://ca.example:8443");
    assert_string_equal(config.admin_url, "https://ca.example:8444");
    assert_string_equal(config.public_url, "http://ca.example:8080");
    assert_int_equal(config.crl_lifetime, minimal.crl_lifetime);
    assert_int_equal(config.connections, minimal.connections);
    static const char *const profiles[] = {"client", "mqtt", "xmpp",   "server",
                                           "admin",  "ocsp", "service"};
    assert_int_equal(config.profiles.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_non_null(profile_find(&config.profiles, profiles[i]));
    }
}

static void a_host_that_is_an_ipv6_address_gets_brackets_in_urls(void **state) {
    (void)state;
    char host[] = "2001:db8::1";
    char *items[] = {host};
    const struct config_list hosts = {.items = items, .count = 1};
    AUTO(buf_clear) struct buf text = {0};
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    const struct config_start start = {.name = "x", .hosts = &hosts};
    assert_ok(config_write_default(&start, &text, &err), &err);
    assert_ok(parse(buf_string(&text), &config, &err), &err);
    assert_string_equal(config.enroll_url, "https://[2001:db8::1]:8443");
}

static void other_ports_stand_in_urls_and_where_gateways_listen(void **state) {
    (void)state;
    char host[] = "ca.example";
    char *items[] = {host};
    const struct config_list hosts = {.items = items, .count = 1};
    const struct config_start start = {
        .name = "x", .hosts = &hosts, .enroll_port = 1443, .public_port = 8080};
    AUTO(buf_clear) struct buf text = {0};
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    assert_ok(config_write_default(&start, &text, &err), &err);
    assert_ok(parse(buf_string(&text), &config, &err), &err);
    assert_string_equal(config.enroll_url, "https://ca.example:1443");
    assert_string_equal(config.admin_url, "https://ca.example:8444");
    assert_int_equal(config.enroll_listen.count, 2);
    assert_string_equal(config.enroll_listen.items[0], "0.0.0.0:1443");
    assert_string_equal(config.enroll_listen.items[1], "[::]:1443");
    assert_string_equal(config.admin_listen.items[0], "0.0.0.0:8444");
    assert_non_null(strstr(buf_string(&text), "\n#listen = 0.0.0.0:8080 [::]:8080\n"));
}

static void the_default_file_needs_a_host(void **state) {
    (void)state;
    const struct config_list none = {0};
    AUTO(buf_clear) struct buf text = {0};
    struct error err = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    const struct config_start start = {.name = "x", .hosts = &none};
    assert_result(RESULT_INVALID, config_write_default(&start, &text, &err), &err);
}

static void a_crl_url_lies_below_the_public_url(void **state) {
    (void)state;
    char url[] = "http://ca.example/pki/";
    struct config config = {.public_url = url};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 256);
    assert_int_equal(config_crl_url(&config, "issuing", &text), RESULT_OK);
    assert_string_equal(buf_string(&text), "http://ca.example/pki/crl/issuing.crl");
}

static void a_file_that_is_not_there_is_not_found(void **state) {
    (void)state;
    struct config config = {0};
    struct error err = {0};
    assert_result(RESULT_NOT_FOUND, config_load("/nowhere/signetd.conf", &config, &err), &err);
    assert_non_null(strstr(err.message, "/nowhere/signetd.conf"));
}

static const struct {
    const char *text;
    const char *host; // NULL: refused
    unsigned port;
} listen_texts[] = {
    {"0.0.0.0:8443", "0.0.0.0", 8443},
    {"127.0.0.1:0", "127.0.0.1", 0},
    {"[::]:65535", "::", 65535},
    {"[2001:DB8::0:1]:1", "2001:db8::1", 1},
    {"::1:8443", NULL, 0},
    {"[::1]", NULL, 0},
    {"127.0.0.1", NULL, 0},
    {"127.0.0.1:", NULL, 0},
    {"127.0.0.1:65536", NULL, 0},
    {"127.0.0.1:http", NULL, 0},
    {"[127.0.0.1]:1", NULL, 0},
    {"[::1:1", NULL, 0},
    {"[::1]x:1", NULL, 0},
    {":8443", NULL, 0},
    {"", NULL, 0},
    {"256.0.0.1:1", NULL, 0},
};

static void addresses_to_listen_on_are_numbers_with_a_port(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(listen_texts) / sizeof(listen_texts[0]); i++) {
        struct listen_address address = {0};
        struct error err = {0};
        enum result result = listen_address_read(listen_texts[i].text, &address, &err);
        if (listen_texts[i].host == NULL) {
            assert_result(RESULT_INVALID, result, &err);
            continue;
        }
        assert_ok(result, &err);
        assert_string_equal(address.host, listen_texts[i].host);
        assert_int_equal(address.port, listen_texts[i].port);
        assert_int_equal(address.is_ipv6, strchr(listen_texts[i].host, ':') != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimal_configuration_gets_all_defaults),
        cmocka_unit_test(every_value_that_is_set_arrives),
        cmocka_unit_test(each_mistake_names_line_field_and_cure),
        cmocka_unit_test(warnings_are_no_mistakes),
        cmocka_unit_test(each_warning_is_a_line),
        cmocka_unit_test(values_of_profiles_are_made_canonical),
        cmocka_unit_test(the_authoritys_values_are_checked_together),
        cmocka_unit_test(paths_of_pkcs11_modules_are_absolute),
        cmocka_unit_test(without_a_public_url_certificates_cannot_carry_it),
        cmocka_unit_test(the_default_file_is_accepted_and_means_the_defaults),
        cmocka_unit_test(a_host_that_is_an_ipv6_address_gets_brackets_in_urls),
        cmocka_unit_test(other_ports_stand_in_urls_and_where_gateways_listen),
        cmocka_unit_test(the_default_file_needs_a_host),
        cmocka_unit_test(a_crl_url_lies_below_the_public_url),
        cmocka_unit_test(a_file_that_is_not_there_is_not_found),
        cmocka_unit_test(addresses_to_listen_on_are_numbers_with_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
