// The daemon: gateways are started, told, restarted and drained. This program, run as "signetd
// gateway", is the gateway itself. SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "authority/authority_open.h"
#include "authority/service/listeners.h"
#include "authority/service/service.h"
#include "base/text.h"
#include "support/authority_fixture.h"

#define FOLDER_VARIABLE "SIGNET_TEST_FOLDER"
#define CHANNEL_DESCRIPTOR 3
#define FIRST_LISTENER_DESCRIPTOR 4

// --- the gateway -----------------------------------------------------------------------------

struct told {
    int setups, identities, publications, replies;
    char reply_code[32];
};

static void note(const char *what, const char *role) {
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s-%s-%d", getenv(FOLDER_VARIABLE), what, role,
                   (int)getpid());
    // Without a temporary name, which would count as a note as well.
    int descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        perror(path);
        _exit(9);
    }
    (void)close(descriptor);
}

static void ask_for_authority(void) {
    struct frame frame = {.kind = FRAME_REQUEST, .number = OPERATION_AUTHORITY, .id = 5};
    AUTO(buf_clear) struct buf bytes = {0};
    buf_init(&bytes, 4096);
    if (frame_write(&frame, 4096, &bytes, NULL) != RESULT_OK ||
        write(CHANNEL_DESCRIPTOR, bytes.data, bytes.size) != (ssize_t)bytes.size) {
        _exit(8);
    }
}

static bool is_listening(int descriptor) {
    int value = 0;
    socklen_t size = sizeof(value);
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1;
}

// Of root, issuing CA and the operators' CA: three CRL paths (the root has two) and two for the
// certificate; a bundle and three forms of the chain.
#define NEW_AUTHORITY_PUBLICATIONS (3 * PUBLICATIONS_PER_ISSUER - 1 + 4)

// Notes each state that the tests wait for, and ends as a gateway does.
static void take_frame(const char *role, const struct frame *frame, struct told *told) {
    if (frame->kind == FRAME_REPLY) {
        struct error err = {0};
        if (frame->result == RESULT_OK) {
            note("answered", role);
        } else if (frame_read_error(frame->body, &err) == RESULT_OK) {
            note(err.code, role);
        }
        return;
    }
    told->setups += frame->number == NOTICE_SETUP;
    told->identities += frame->number == NOTICE_IDENTITY;
    told->publications += frame->number == NOTICE_PUBLICATION;
    if (frame->number == NOTICE_SETUP && told->setups == 2) {
        note("reloaded", role);
    }
    // An admin gateway serves no files; its identity is the last that it is told at its start.
    bool is_public = strcmp(role, "public") == 0;
    bool is_admin = strcmp(role, "admin") == 0;
    if (frame->number == (is_admin ? NOTICE_IDENTITY : NOTICE_PUBLICATION) &&
        told->publications == (is_admin ? 0 : NEW_AUTHORITY_PUBLICATIONS) &&
        told->setups == 1 && told->identities == (is_public ? 0 : 1)) {
        note("ready", role);
        ask_for_authority();
    }
    if (frame->number == NOTICE_DRAIN) {
        note("drained", role);
        _exit(0);
    }
}

static int be_gateway(const char *role, const char *listeners) {
    AUTO(buf_clear) struct buf input = {0};
    buf_init(&input, 16 * 1024 * 1024);
    struct told told = {0};
    if (strcmp(listeners, "1") != 0 || !is_listening(FIRST_LISTENER_DESCRIPTOR) ||
        is_listening(FIRST_LISTENER_DESCRIPTOR + 1) || getenv("NOTIFY_SOCKET") != NULL) {
        return 7;
    }
    while (true) {
        uint8_t *room = NULL;
        if (buf_reserve(&input, 65536, &room) != RESULT_OK) {
            return 6;
        }
        ssize_t count = read(CHANNEL_DESCRIPTOR, room, 65536);
        if (count <= 0) {
            note("orphaned", role);
            return 1;
        }
        buf_commit(&input, (size_t)count);
        struct frame frame;
        size_t used = 0;
        while (frame_read(buf_bytes(&input), LIMIT_FRAME_REPLY_BYTES, &frame, &used, NULL) ==
               RESULT_OK) {
            take_frame(role, &frame, &told);
            buf_consume(&input, used);
        }
    }
}

// --- the daemon ------------------------------------------------------------------------------

static void listen_on_free_ports(struct fixture *f) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf changed = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    buf_init(&changed, LIMIT_CONFIG_BYTES);
    assert_ok(file_read(path, &text, &f->err), &f->err);
    int lines = 0;
    for (const char *next = buf_string(&text); *next != '\0';) {
        size_t size = strcspn(next, "\n") + 1;
        bool is_listen = strncmp(next, "#listen =", 9) == 0;
        assert_int_equal(
            RESULT_OK, buf_append(&changed, is_listen ? BYTES_LITERAL("listen = 127.0.0.1:0\n")
                                                      : bytes_of(next, size)));
        const char *more = strncmp(next, "#processes =", 12) == 0   ? "processes = 2\n"
                           : strncmp(next, "#log_level =", 12) == 0 ? "log_level = error\n"
                                                                    : "";
        assert_int_equal(RESULT_OK, buf_append_string(&changed, more));
        lines += is_listen;
        next += size;
    }
    assert_int_equal(3, lines);
    assert_ok(file_replace(path, buf_bytes(&changed), 0600, &f->err), &f->err);
}

// The folder is ready, and the test's own process has let go of it.
static int set_up(void **state) {
    int status = fixture_set_up(state);
    struct fixture *f = *state;
    listen_on_free_ports(f);
    authority_clear(&f->authority);
    clock_use_system();
    (void)setenv(FOLDER_VARIABLE, f->folder, 1);
    return status;
}

static pid_t start(struct fixture *f) {
    pid_t child = fork();
    if (child == 0) {
        clock_use_manual(FIXTURE_NOW); // the CA's certificates are valid then
        struct error err = {0};
        enum result result = authority_run(f->folder, &err);
        if (result != RESULT_OK) {
            (void)fprintf(stderr, "%s %s\n", err.message, err.hint);
        }
        _exit((int)result);
    }
    return child;
}

static size_t count_notes(struct fixture *f, const char *pattern) {
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, pattern);
    glob_t found = {0};
    size_t count = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

// Up to a minute, far more than it ever takes.
static void wait_for_notes(struct fixture *f, const char *pattern, size_t count) {
    for (int i = 0; i < 6000 && count_notes(f, pattern) < count; i++) {
        (void)usleep(10000);
    }
    if (count_notes(f, pattern) < count) {
        print_error("waited in vain for %s\n", pattern);
    }
    assert_int_equal(count, count_notes(f, pattern));
}

static int end(pid_t daemon, int number) {
    int status = 0;
    assert_int_equal(0, kill(daemon, number));
    for (int i = 0; i < 6000; i++) {
        if (waitpid(daemon, &status, WNOHANG) == daemon) {
            return status;
        }
        (void)usleep(10000);
    }
    (void)kill(daemon, SIGKILL);
    (void)waitpid(daemon, &status, 0);
    return -1;
}

static pid_t pid_of_note(struct fixture *f, const char *pattern) {
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, pattern);
    glob_t found = {0};
    assert_int_equal(0, glob(path, 0, NULL, &found));
    int64_t pid = 0;
    const char *digits = strrchr(found.gl_pathv[0], '-') + 1;
    assert_int_equal(RESULT_OK, text_read_int64(bytes_of_string(digits), 2, INT32_MAX, &pid));
    globfree(&found);
    return (pid_t)pid;
}

static void gateways_are_told_answered_and_drained(void **state) {
    struct fixture *f = *state;
    pid_t daemon = start(f);
    wait_for_notes(f, "ready-enroll-*", 2);
    wait_for_notes(f, "ready-admin-*", 1);
    wait_for_notes(f, "ready-public-*", 1);
    wait_for_notes(f, "answered-enroll-*", 2);
    wait_for_notes(f, "answered-admin-*", 1);
    wait_for_notes(f, "wrong_channel-public-*", 1);
    int status = end(daemon, SIGTERM);
    assert_true(WIFEXITED(status));
    assert_int_equal(RESULT_OK, WEXITSTATUS(status));
    assert_int_equal(4, count_notes(f, "drained-*"));
    assert_int_equal(0, count_notes(f, "orphaned-*"));
}

static void a_dead_gateway_is_restarted_and_told_again(void **state) {
    struct fixture *f = *state;
    pid_t daemon = start(f);
    wait_for_notes(f, "answered-admin-*", 1);
    assert_int_equal(0, kill(pid_of_note(f, "answered-admin-*"), SIGKILL));
    wait_for_notes(f, "answered-admin-*", 2);
    int status = end(daemon, SIGINT);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == RESULT_OK);
}

static void gateways_end_with_the_authority(void **state) {
    struct fixture *f = *state;
    pid_t daemon = start(f);
    wait_for_notes(f, "answered-enroll-*", 2);
    wait_for_notes(f, "answered-admin-*", 1);
    wait_for_notes(f, "wrong_channel-public-*", 1);
    assert_true(WIFSIGNALED(end(daemon, SIGKILL)));
    wait_for_notes(f, "orphaned-*", 4);
}

static void a_reload_reaches_every_gateway_unless_the_file_is_broken(void **state) {
    struct fixture *f = *state;
    pid_t daemon = start(f);
    wait_for_notes(f, "ready-*", 4);
    assert_int_equal(0, kill(daemon, SIGHUP));
    wait_for_notes(f, "reloaded-*", 4);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    assert_ok(file_replace(path, BYTES_LITERAL("nonsense\n"), 0600, &f->err), &f->err);
    assert_int_equal(0, kill(daemon, SIGHUP));
    // It still starts gateways with what it had.
    assert_int_equal(0, kill(pid_of_note(f, "ready-admin-*"), SIGKILL));
    wait_for_notes(f, "ready-admin-*", 2);
    int status = end(daemon, SIGTERM);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == RESULT_OK);
}

static bool receive(int descriptor, const char *expected) {
    char text[256];
    ssize_t size = recv(descriptor, text, sizeof(text) - 1, 0);
    if (size < 0) {
        return false;
    }
    text[size] = '\0';
    return strncmp(text, expected, strlen(expected)) == 0;
}

static void the_service_manager_is_told(void **state) {
    struct fixture *f = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", f->folder);
    int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 60};
    assert_int_equal(0,
                     setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
    assert_int_equal(0, bind(manager, (struct sockaddr *)&address, sizeof(address)));
    (void)setenv("NOTIFY_SOCKET", address.sun_path, 1);
    pid_t daemon = start(f);
    (void)unsetenv("NOTIFY_SOCKET");
    bool is_ready = receive(manager, "READY=1");
    (void)kill(daemon, SIGHUP);
    bool is_reloading = is_ready && receive(manager, "RELOADING=1\nMONOTONIC_USEC=") &&
                        receive(manager, "READY=1");
    int status = end(daemon, SIGTERM);
    bool is_stopping = is_reloading && receive(manager, "STOPPING=1");
    (void)close(manager);
    assert_true(is_ready && is_reloading && is_stopping);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == RESULT_OK);
}

static void a_port_in_use_is_named_with_its_cure(void **state) {
    struct fixture *f = *state;
    char free_port[] = "127.0.0.1:0";
    char *free_items[] = {free_port};
    struct config_list any = {.items = free_items, .count = 1};
    AUTO(listeners_close) struct listeners first = {0};
    AUTO(listeners_close) struct listeners second = {0};
    assert_ok(listeners_open("enroll", &any, &first, &f->err), &f->err);
    struct sockaddr_storage storage = {0};
    socklen_t size = sizeof(storage);
    assert_int_equal(0, getsockname(first.descriptors[0], (struct sockaddr *)&storage, &size));
    uint16_t network_port = 0;
    memcpy(&network_port, (uint8_t *)&storage + 2, sizeof(network_port));
    char taken[32];
    (void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", ntohs(network_port));
    char *taken_items[] = {taken};
    struct config_list same = {.items = taken_items, .count = 1};
    assert_result(RESULT_CONFLICT, listeners_open("enroll", &same, &second, &f->err), &f->err);
    assert_string_equal("address_in_use", f->err.code);
    assert_non_null(strstr(f->err.message, taken));
    assert_non_null(strstr(f->err.hint, "[gateway enroll]"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(int count, char **arguments) {
    if (count == 4 && strcmp(arguments[1], "gateway") == 0) {
        return be_gateway(arguments[2], arguments[3]);
    }
    const struct CMUnitTest tests[] = {
        TEST(gateways_are_told_answered_and_drained),
        TEST(a_dead_gateway_is_restarted_and_told_again),
        TEST(gateways_end_with_the_authority),
        TEST(a_reload_reaches_every_gateway_unless_the_file_is_broken),
        TEST(the_service_manager_is_told),
        TEST(a_port_in_use_is_named_with_its_cure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
