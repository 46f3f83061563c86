/* Where the program starts: a command, or the dashboard. */
#include <signal.h>
#include <unistd.h>

#include "cli.h"
#include "tui/ui/tui.h"

bool cli_open_screen(struct cli *c, bool demo, struct ncm_err *err)
{
    struct ncm_tui_options o = {
        .session =
            {
                .store = c->store,
                .context = c->context,
                .config = c->config,
                .read_only = c->read_only,
                .timeout_ms = c->timeout_ms,
                .why = demo ? _("made by the demo") : NULL,
                .cache = true,
                .need = NCM_NEED_SOURCE,
            },
        .script = c->script,
        .lang = c->lang,
        .theme = c->theme,
        .no_color = c->no_color,
        .ascii = c->ascii,
        .demo = demo,
        .wall = c->wall,
    };
    return ncm_tui_run(&o, &c->status, err);
}

/* The language must be known before the first sentence: --lang, else the configuration's, else the
 * environment's. What is wrong with the configuration is said later, in that language. */
static void start_text(struct cli *c, char **argv)
{
    struct ncm_config *config = NULL;
    struct ncm_err ignored;
    const char *lang = c->lang;
    bool ascii = c->ascii;
    if (ncm_config_load(c->config, &config, &ignored)) {
        lang = lang != NULL ? lang : config->language;
        ascii = ascii || config->ascii;
    }
    ncm_text_init(lang, ascii);
    ncm_i18n_init(ascii ? "en" : lang, argv[0]);
    ncm_config_free(config);
}

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    _exit(ncm_code_exit(NCM_CANCELLED));
}

static void catch_interrupt(void)
{
    struct sigaction sa = {.sa_handler = on_interrupt};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
}

static bool run(struct cli *c, struct ncm_err *err)
{
    if (c->help) {
        cli_print_help(c);
        return true;
    }
    if (c->version) {
        return cli_version(c, err);
    }
    if (c->command == NULL) {
        return cli_open_screen(c, false, err);
    }
    if (c->command->run != cli_demo) {
        catch_interrupt();
    }
    return c->command->run(c, err);
}

int main(int argc, char **argv)
{
    struct cli c = {.program = argv[0]};
    struct ncm_err err = {0};
    ncm_clock_init();
    bool ok = cli_parse(&c, argc, argv, &err);
    start_text(&c, argv);
    if (!ok) {
        /* Once more, now that the language is known. */
        cli_release(&c);
        c = (struct cli){.program = argv[0]};
        cli_parse(&c, argc, argv, &err);
    }
    if (c.verbose) {
        ncm_log_open("/dev/stderr");
    }
    ok = ok && run(&c, &err);
    if (!c.abandon) {
        ncm_session_close(c.session);
    }
    ok = cli_stdout_ok(&err) && ok;
    int status = ok ? c.status : ncm_code_exit(err.code);
    if (!ok) {
        cli_print_error(&c, &err);
        fflush(stdout);
    }
    cli_release(&c);
    return status;
}
