/* MIT's libkrb5 and libgssapi_krb5: answers each line `ROW SECONDS` with what it did in that time, in JSON. */
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 1000

static krb5_context krb;
static krb5_ccache cache;
static krb5_creds *credential;
static krb5_principal service;
static krb5_keytab keytab;
static gss_cred_id_t initiator_cred, acceptor_cred;
static gss_name_t target;
static gss_ctx_id_t near_side, far_side;
static gss_buffer_desc tokens[BATCH];
static char message[65536];

static void must(long failed, const char *step) {
    if (!failed) return;
    fprintf(stderr, "mit: %s: %ld\n", step, failed);
    exit(1);
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void take(gss_buffer_t to, const void *bytes, size_t length) {
    to->value = malloc(length);
    to->length = length;
    memcpy(to->value, bytes, length);
}

static void prepare_ap_req(int i) {
    krb5_auth_context auth = NULL;
    krb5_data request;
    must(krb5_mk_req_extended(krb, &auth, AP_OPTS_MUTUAL_REQUIRED | AP_OPTS_USE_SUBKEY, NULL, credential, &request),
         "mk_req");
    take(&tokens[i], request.data, request.length);
    krb5_free_data_contents(krb, &request);
    krb5_auth_con_free(krb, auth);
}

static void read_ap_req(int i) {
    krb5_auth_context auth = NULL;
    krb5_data request = {0, tokens[i].length, tokens[i].value};
    must(krb5_rd_req(krb, &auth, &request, service, keytab, NULL, NULL), "rd_req");
    krb5_auth_con_free(krb, auth);
}

static void initiate(gss_ctx_id_t *context, gss_buffer_t input, gss_buffer_t output) {
    OM_uint32 minor;
    OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
    must(GSS_ERROR(gss_init_sec_context(&minor, initiator_cred, context, target, (gss_OID)gss_mech_krb5, flags, 0, NULL,
                                        input, NULL, output, NULL, NULL)),
         "init_sec_context");
}

static void answer(gss_ctx_id_t *context, gss_buffer_t input, gss_buffer_t output) {
    OM_uint32 minor;
    must(GSS_ERROR(gss_accept_sec_context(&minor, context, acceptor_cred, input, NULL, NULL, NULL, output, NULL, NULL,
                                          NULL)),
         "accept_sec_context");
}

static void drop(gss_ctx_id_t *context, gss_buffer_t buffer) {
    OM_uint32 minor;
    if (context) gss_delete_sec_context(&minor, context, NULL);
    if (buffer) gss_release_buffer(&minor, buffer);
}

static void prepare_token(int i) {
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    initiate(&context, NULL, &token);
    take(&tokens[i], token.value, token.length);
    drop(&context, &token);
}

static void initiate_once(int i) {
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    initiate(&context, NULL, &token);
    drop(&context, &token);
}

static void accept_once(int i) {
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc reply = GSS_C_EMPTY_BUFFER;
    answer(&context, &tokens[i], &reply);
    drop(&context, &reply);
}

static void make_pair(gss_ctx_id_t *ours, gss_ctx_id_t *theirs) {
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER, reply = GSS_C_EMPTY_BUFFER, none = GSS_C_EMPTY_BUFFER;
    initiate(ours, NULL, &token);
    answer(theirs, &token, &reply);
    initiate(ours, &reply, &none);
    drop(NULL, &token);
    drop(NULL, &reply);
}

static void pair_once(int i) {
    gss_ctx_id_t ours = GSS_C_NO_CONTEXT, theirs = GSS_C_NO_CONTEXT;
    make_pair(&ours, &theirs);
    drop(&ours, NULL);
    drop(&theirs, NULL);
}

static void wrap_once(size_t size) {
    OM_uint32 minor;
    gss_buffer_desc plain = {size, message}, sealed, opened;
    must(GSS_ERROR(gss_wrap(&minor, near_side, 1, GSS_C_QOP_DEFAULT, &plain, NULL, &sealed)), "wrap");
    must(GSS_ERROR(gss_unwrap(&minor, far_side, &sealed, &opened, NULL, NULL)), "unwrap");
    drop(NULL, &sealed);
    drop(NULL, &opened);
}

static void wrap_1k(int i) { wrap_once(1024); }
static void wrap_64k(int i) { wrap_once(65536); }

/* Where the library remembers requests is the environment's word. */
static const struct row {
    const char *name;
    const char *replays;
    void (*prepare)(int);
    void (*once)(int);
} rows[] = {
    {"initiate", "dfl:", NULL, initiate_once},
    {"ap-none", "none:", prepare_ap_req, read_ap_req},
    {"ap-file", "dfl:", prepare_ap_req, read_ap_req},
    {"ap-usual", "dfl:", prepare_ap_req, read_ap_req},
    {"accept", "dfl:", prepare_token, accept_once},
    {"pair", "dfl:", NULL, pair_once},
    {"wrap-1024", "dfl:", NULL, wrap_1k},
    {"wrap-65536", "dfl:", NULL, wrap_64k},
};

static void measure(const struct row *row, double at_least) {
    double seconds = 0, used = 0;
    int done = 0;
    setenv("KRB5RCACHENAME", row->replays, 1);
    while (seconds < at_least) {
        if (row->prepare)
            for (int i = 0; i < BATCH; i++) row->prepare(i);
        double start = now(), before = cpu();
        for (int i = 0; i < BATCH; i++) row->once(i);
        seconds += now() - start;
        used += cpu() - before;
        done += BATCH;
        for (int i = 0; row->prepare && i < BATCH; i++) free(tokens[i].value);
    }
    printf("{\"done\":%d,\"seconds\":%f,\"cpu\":%f}\n", done, seconds, used);
}

/* The tickets lie in memory, so that nobody reads the file for each context. */
static void set_up(const char *principal, const char *file) {
    OM_uint32 minor;
    krb5_ccache stored;
    krb5_creds wanted = {0};
    gss_buffer_desc name = {strlen(principal), (void *)principal};
    must(krb5_init_context(&krb), "init_context");
    must(krb5_cc_resolve(krb, file, &stored), "cc_resolve");
    must(krb5_cc_new_unique(krb, "MEMORY", NULL, &cache), "cc_new_unique");
    must(krb5_cc_get_principal(krb, stored, &wanted.client), "cc_get_principal");
    must(krb5_cc_initialize(krb, cache, wanted.client), "cc_initialize");
    must(krb5_cc_copy_creds(krb, stored, cache), "cc_copy_creds");
    must(krb5_parse_name(krb, principal, &service), "parse_name");
    wanted.server = service;
    must(krb5_get_credentials(krb, KRB5_GC_CACHED, cache, &wanted, &credential), "get_credentials");
    must(krb5_kt_default(krb, &keytab), "kt_default");
    must(GSS_ERROR(gss_import_name(&minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME, &target)), "import_name");
    must(GSS_ERROR(gss_krb5_import_cred(&minor, cache, NULL, NULL, &initiator_cred)), "import_cred");
    must(GSS_ERROR(gss_acquire_cred(&minor, target, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT, &acceptor_cred,
                                    NULL, NULL)),
         "acquire_cred");
    make_pair(&near_side, &far_side);
}

int main(int argc, char **argv) {
    char name[32];
    double seconds;
    setvbuf(stdout, NULL, _IOLBF, 0);
    set_up(argv[1], getenv("KRB5CCNAME"));
    while (scanf("%31s %lf", name, &seconds) == 2) {
        const struct row *found = NULL;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (!strcmp(rows[i].name, name)) found = &rows[i];
        if (found) measure(found, seconds);
        else puts("{}");
    }
    return 0;
}
