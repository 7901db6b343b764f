/* The least that a controller on libssh can do: `true` on many hosts with one thread, poll and state machines.
 *
 *     floor HOSTS CONCURRENCY PORT KEY
 *
 * The host's key is computed and not compared; nothing is kept. Ends with 1 where any host did not say 0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum stage { CONNECT, EXCHANGE, LOGIN, OPEN, EXEC, READ, OVER };

struct visit {
    enum stage stage;
    int fd, status, closed;
    ssh_session session;
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
};

static ssh_key key;
static int port, failures;
static const char *user;

static int on_data(ssh_session s, ssh_channel c, void *data, uint32_t length, int is_error, void *context) {
    (void)s, (void)c, (void)data, (void)is_error, (void)context;
    return (int)length;
}
static void on_close(ssh_session s, ssh_channel c, void *context) {
    (void)s, (void)c;
    ((struct visit *)context)->closed = 1;
}
static void on_status(ssh_session s, ssh_channel c, int status, void *context) {
    (void)s, (void)c;
    ((struct visit *)context)->status = status;
}

static void begin(struct visit *v, int number) {
    memset(v, 0, sizeof *v);
    v->status = -1;
    v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(0x7F010000u + ((unsigned)(number / 250) << 8) + (unsigned)(number % 250) + 1);
    if (connect(v->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) failures++, v->stage = OVER;
}

static void start_session(struct visit *v) {
    int no = 0;
    unsigned given = (unsigned)port;
    v->session = ssh_new();
    ssh_options_set(v->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    ssh_options_set(v->session, SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(v->session, SSH_OPTIONS_PORT, &given);
    ssh_options_set(v->session, SSH_OPTIONS_USER, user);
    ssh_options_set(v->session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
    ssh_options_set(v->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
    ssh_options_set(v->session, SSH_OPTIONS_FD, &v->fd);
    ssh_set_blocking(v->session, 0);
    v->stage = EXCHANGE;
}

static int failed(struct visit *v) {
    if (failures++ < 5) fprintf(stderr, "%s\n", ssh_get_error(v->session));
    v->stage = OVER;
    return 0;
}

/* Whether it may go on at once. */
static int step(struct visit *v) {
    int code;
    switch (v->stage) {
    case CONNECT: start_session(v); return 1;
    case EXCHANGE:
        code = ssh_connect(v->session);
        fcntl(v->fd, F_SETFL, fcntl(v->fd, F_GETFL) | O_NONBLOCK);
        if (code == SSH_AGAIN) return 0;
        if (code != SSH_OK) return failed(v);
        {
            ssh_key shown;
            unsigned char *hash;
            size_t length;
            if (ssh_get_server_publickey(v->session, &shown) != SSH_OK) return failed(v);
            if (ssh_get_publickey_hash(shown, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != 0) return failed(v);
            ssh_clean_pubkey_hash(&hash);
            ssh_key_free(shown);
        }
        v->stage = LOGIN;
        return 1;
    case LOGIN:
        code = ssh_userauth_publickey(v->session, NULL, key);
        if (code == SSH_AUTH_AGAIN) return 0;
        if (code != SSH_AUTH_SUCCESS) return failed(v);
        v->channel = ssh_channel_new(v->session);
        v->callbacks.userdata = v;
        v->callbacks.channel_data_function = on_data;
        v->callbacks.channel_close_function = on_close;
        v->callbacks.channel_exit_status_function = on_status;
        ssh_callbacks_init(&v->callbacks);
        ssh_add_channel_callbacks(v->channel, &v->callbacks);
        v->stage = OPEN;
        return 1;
    case OPEN:
        code = ssh_channel_open_session(v->channel);
        if (code == SSH_AGAIN) return 0;
        if (code != SSH_OK) return failed(v);
        v->stage = EXEC;
        return 1;
    case EXEC:
        code = ssh_channel_request_exec(v->channel, "true");
        if (code == SSH_AGAIN) return 0;
        if (code != SSH_OK) return failed(v);
        v->stage = READ;
        return 1;
    case READ:
        if (!v->closed && ssh_execute_message_callbacks(v->session) == SSH_ERROR) return failed(v);
        if (!v->closed) return 0;
        if (v->status != 0) return failed(v);
        v->stage = OVER;
        return 0;
    case OVER: break;
    }
    return 0;
}

int main(int count, char **words) {
    if (count != 5) return 64;
    int hosts = atoi(words[1]), most = atoi(words[2]), next = 0, open = 0;
    port = atoi(words[3]);
    signal(SIGPIPE, SIG_IGN);
    ssh_init();
    struct passwd *me = getpwuid(geteuid());
    user = me ? me->pw_name : "root";
    if (ssh_pki_import_privkey_file(words[4], "", NULL, NULL, &key) != SSH_OK) return 1;
    struct visit *visits = calloc((size_t)most, sizeof *visits);
    struct pollfd *polls = calloc((size_t)most, sizeof *polls);
    for (int i = 0; i < most; i++) visits[i].stage = OVER, polls[i].fd = -1;
    while (next < hosts || open > 0) {
        for (int i = 0; i < most && next < hosts; i++)
            if (polls[i].fd < 0) {
                begin(&visits[i], next++);
                polls[i] = (struct pollfd){.fd = visits[i].fd, .events = POLLOUT};
                open++;
            }
        poll(polls, (nfds_t)most, 60000);
        for (int i = 0; i < most; i++) {
            struct visit *v = &visits[i];
            if (polls[i].fd < 0 || polls[i].revents == 0) continue;
            while (step(v)) {}
            if (v->stage == OVER) {
                if (v->session) ssh_free(v->session);
                polls[i].fd = -1;
                open--;
            } else {
                polls[i].events = POLLIN | (ssh_get_poll_flags(v->session) & SSH_WRITE_PENDING ? POLLOUT : 0);
            }
        }
    }
    return failures ? 1 : 0;
}
