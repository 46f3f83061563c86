/* Every change goes through here: plan it, show it, ask, carry it out. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"

/* ---- showing -------------------------------------------------------------------------------- */

static void put_clean(struct ncm_buf *out, const char *text)
{
    ncm_text_clean(out, text, strlen(text), NCM_CLEAN_LINE);
}

static const char *tone_sign(enum ncm_plan_tone tone)
{
    switch (tone) {
    case NCM_TONE_CHANGE:
        return "*";
    case NCM_TONE_SIDE:
        return "~";
    case NCM_TONE_BETTER:
        return "+";
    case NCM_TONE_WORSE:
        return "-";
    case NCM_TONE_WARN:
        return "!";
    default:
        return " ";
    }
}

static void line_text(struct ncm_buf *out, const struct ncm_plan_line *l)
{
    ncm_buf_printf(out, "  %s ", tone_sign(l->tone));
    if (l->subject != NULL) {
        put_clean(out, l->subject);
        ncm_buf_puts(out, "  ");
    }
    put_clean(out, l->what != NULL ? l->what : "");
    if (l->from != NULL || l->to != NULL) {
        ncm_buf_puts(out, ": ");
        put_clean(out, l->from != NULL ? l->from : cli_dash());
        ncm_buf_puts(out, ncm_text_utf8() ? " → " : " -> ");
        put_clean(out, l->to != NULL ? l->to : cli_dash());
    }
    ncm_buf_putc(out, '\n');
}

static void plan_text(struct ncm_buf *out, const struct ncm_plan *p)
{
    put_clean(out, p->title != NULL ? p->title : "");
    ncm_buf_putc(out, '\n');
    for (size_t i = 0; i < p->n_lines; i++) {
        line_text(out, &p->lines[i]);
    }
}

static void plan_json(struct ncm_json *j, const struct ncm_plan *p)
{
    cli_json_text(j, "title", p->title);
    cli_json_text(j, "subject", p->subject);
    cli_json_text(j, "from", p->from);
    cli_json_text(j, "to", p->to);
    cli_json_text(j, "audit_id", p->audit_id);
    cli_json_text(j, "new_version", p->receipt.new_version[0] ? p->receipt.new_version : NULL);
    cli_json_text(j, "new_id", p->receipt.new_id[0] != '\0' ? p->receipt.new_id : NULL);
    ncm_json_key(j, "changes");
    ncm_json_arr(j);
    for (size_t i = 0; i < p->changes.n; i++) {
        const struct ncm_change *ch = &p->changes.items[i];
        ncm_json_obj(j);
        cli_json_text(j, "kind", ncm_change_word(ch->kind));
        cli_json_text(j, "object", ch->object);
        cli_json_text(j, "version", ch->version);
        cli_json_text(j, "key", ch->key);
        cli_json_text(j, "from", ch->from);
        cli_json_text(j, "to", ch->to);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

struct told {
    const struct cli_plans *plans;
    bool dry_run;
};

static void plans_json(struct ncm_json *j, const void *item)
{
    const struct told *t = item;
    if (t->plans->n != 1) {
        ncm_json_arr(j);
    }
    for (size_t i = 0; i < t->plans->n; i++) {
        ncm_json_obj(j);
        ncm_json_key(j, "dry_run");
        ncm_json_bool(j, t->dry_run);
        ncm_json_key(j, "changed");
        ncm_json_bool(j, !t->dry_run && !t->plans->items[i]->nothing);
        plan_json(j, t->plans->items[i]);
        ncm_json_end_obj(j);
    }
    if (t->plans->n != 1) {
        ncm_json_end_arr(j);
    }
}

static void plans_text(struct ncm_buf *out, const void *item)
{
    const struct told *t = item;
    if (t->dry_run) {
        ncm_buf_printf(out, "%s\n", _("Nothing is done (--dry-run). It would be:"));
    }
    for (size_t i = 0; i < t->plans->n; i++) {
        const struct ncm_plan *p = t->plans->items[i];
        plan_text(out, p);
        if (p->nothing) {
            ncm_buf_printf(out, "%s\n", _("It is so already: nothing was changed"));
        } else if (p->audit_id != NULL) {
            ncm_buf_printf(out, _("Done; audit record %s"), p->audit_id);
            ncm_buf_putc(out, '\n');
        }
    }
}

static bool print_plans(struct cli *c, const struct cli_plans *p, bool dry_run, struct ncm_err *err)
{
    struct told t = {p, dry_run};
    struct cli_object o = {.item = &t, .json = plans_json, .text = plans_text};
    if (c->form == CLI_TABLE && c->quiet && !dry_run) {
        return true;
    }
    return cli_print_object(c, &o, err);
}

bool cli_print_plans(struct cli *c, const struct cli_plans *p, struct ncm_err *err)
{
    return p->n == 0 || print_plans(c, p, false, err);
}

bool cli_print_dry_run(struct cli *c, const struct cli_plans *p, struct ncm_err *err)
{
    return print_plans(c, p, true, err);
}

/* ---- asking --------------------------------------------------------------------------------- */

static bool read_answer(char *out, size_t size)
{
    if (fgets(out, (int)size, stdin) == NULL) {
        return false;
    }
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

static bool declined(struct ncm_err *err)
{
    return ncm_fail(err, NCM_CANCELLED, _("nothing was changed"));
}

void cli_plan_lines(const struct cli *c, const struct ncm_plan *p)
{
    struct ncm_buf b;
    bool shown = !c->yes && c->confirm == NULL; /* when it was asked */
    if (shown || c->quiet) {
        return;
    }
    ncm_buf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < p->n_lines; i++) {
        line_text(&b, &p->lines[i]);
    }
    fputs(b.p, stderr);
    ncm_buf_release(&b);
}

static void show_on_terminal(const struct cli_plans *p)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < p->n; i++) {
        plan_text(&b, p->items[i]);
    }
    fputs(b.p, stderr);
    ncm_buf_release(&b);
}

/* The name must be typed: in a protected context and for what cannot be taken back. */
static bool ask_name(const struct cli_plans *p, const char *name, struct ncm_err *err)
{
    char answer[1024];
    struct ncm_buf shown;
    show_on_terminal(p);
    ncm_buf_init(&shown, 4096);
    put_clean(&shown, name);
    fprintf(stderr, _("Type %s to go on: "), shown.p);
    ncm_buf_release(&shown);
    fflush(stderr);
    return (read_answer(answer, sizeof answer) && strcmp(answer, name) == 0) || declined(err);
}

static bool ask_yes(const struct cli_plans *p, struct ncm_err *err)
{
    char answer[64];
    show_on_terminal(p);
    fputs(_("Go on? [y/N] "), stderr);
    fflush(stderr);
    bool yes = read_answer(answer, sizeof answer) &&
               (strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 || strcmp(answer, "yes") == 0);
    return yes || declined(err);
}

/* A name given with --confirm must be the right one wherever it is given. */
static bool names_agree(const struct cli *c, const struct cli_plans *p, struct ncm_err *err)
{
    for (size_t i = 0; c->confirm != NULL && i < p->n; i++) {
        const char *name = p->items[i]->confirm_name;
        if (name != NULL && !p->items[i]->nothing && strcmp(c->confirm, name) != 0) {
            return ncm_fail(err, NCM_REFUSED, _("--confirm names '%s', but this changes '%s'"),
                            c->confirm, name);
        }
    }
    return true;
}

static bool confirm_protected(const struct cli *c, const struct cli_plans *p, struct ncm_err *err)
{
    const char *context = ncm_session_context(c->session);
    for (size_t i = 0; i < p->n; i++) {
        const char *name = p->items[i]->confirm_name;
        if (name == NULL || p->items[i]->nothing || c->confirm != NULL) {
            continue;
        }
        if (c->yes) {
            ncm_fail(err, NCM_REFUSED, _("the context '%s' is protected: --yes is not enough"),
                     context);
            return ncm_hint(err, "--confirm '%s'", name);
        } else if (!isatty(STDIN_FILENO)) {
            ncm_fail(err, NCM_USAGE,
                     _("the context '%s' is protected and there is no terminal to "
                       "ask on"),
                     context);
            return ncm_hint(err, "--confirm '%s'", name);
        } else if (!ask_name(p, name, err)) {
            return false;
        }
    }
    return true;
}

bool cli_confirm(const struct cli *c, const struct cli_plans *p, struct ncm_err *err)
{
    bool nothing = true;
    const char *final = NULL;
    for (size_t i = 0; i < p->n; i++) {
        nothing = nothing && p->items[i]->nothing;
        final = p->items[i]->irreversible ? p->items[i]->confirm_name : final;
    }
    if (nothing) {
        return true;
    }
    if (!names_agree(c, p, err)) {
        return false;
    }
    if (ncm_session_protected(c->session)) {
        return confirm_protected(c, p, err);
    }
    if (c->yes || c->confirm != NULL) {
        return true;
    }
    if (!isatty(STDIN_FILENO)) {
        ncm_fail(err, NCM_USAGE, _("this changes the store and there is no terminal to ask on"));
        return ncm_hint(err, "%s", _("--yes does it without asking, --dry-run shows it"));
    }
    return final != NULL ? ask_name(p, final, err) : ask_yes(p, err);
}

/* ---- doing ---------------------------------------------------------------------------------- */

static bool run_plan(struct cli *c, uint64_t id, struct ncm_plan **plan, struct ncm_err *err)
{
    struct ncm_job_result r;
    *plan = NULL;
    if (!ncm_session_result_wait(c->session, id, &r, err)) {
        return false;
    }
    *plan = r.arg;
    if (!r.ok) {
        *err = r.err;
    }
    return r.ok;
}

bool cli_may_write(const struct cli *c, struct ncm_err *err)
{
    return !c->read_only || ncm_fail(err, NCM_READ_ONLY, _("--read-only: nothing is changed"));
}

bool cli_may_change(struct cli *c, struct ncm_err *err)
{
    if (!cli_may_write(c, err) || cli_session(c, err) == NULL) {
        return false;
    }
    if (ncm_session_read_only(c->session)) {
        return ncm_fail(err, NCM_READ_ONLY, _("the context '%s' is read-only: nothing is changed"),
                        ncm_session_context(c->session));
    }
    /* A protected context is locked until its name was given; that is asked once the plan can be
     * shown, and planning writes nothing. */
    ncm_session_set_locked(c->session, false);
    return true;
}

static bool make_plans(struct cli *c, struct ncm_intent **intents, size_t n, struct cli_plans *out,
                       struct ncm_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct ncm_intent *intent = intents[i];
        intents[i] = NULL;
        const char *reason = cli_value(c, "reason");
        if (reason != NULL) {
            ncm_intent_set(&intent->reason, reason);
        }
        struct ncm_plan *plan;
        bool ok = run_plan(c, ncm_plan_start(c->session, intent), &plan, err);
        if (plan != NULL) {
            out->items[out->n++] = plan;
        }
        if (!ok && plan == NULL && err->code == NCM_TIMEOUT) {
            /* Planning only reads: nothing is lost by not waiting for its end. */
            c->abandon = true;
            ncm_fail(err, NCM_TIMEOUT, _("the store did not answer in time; nothing was changed"));
            ncm_hint(err, "%s", _("--timeout SECONDS waits longer"));
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool carry_out(struct cli *c, struct cli_plans *p, struct ncm_err *err)
{
    for (size_t i = 0; i < p->n; i++) {
        struct ncm_plan *plan = p->items[i];
        if (plan->nothing) {
            continue;
        }
        p->items[i] = NULL;
        if (!run_plan(c, ncm_execute_start(c->session, plan), &p->items[i], err)) {
            return false;
        }
        if (p->items[i]->receipt.unnoted) {
            cli_note(c, "%s", _("done, but the note for other clients could not be left"));
        }
    }
    return true;
}

bool cli_change(struct cli *c, struct ncm_intent **intents, size_t n, struct cli_plans *out,
                struct ncm_err *err)
{
    *out = (struct cli_plans){.items = ncm_alloc(n, sizeof *out->items)};
    bool ok = cli_may_change(c, err) && make_plans(c, intents, n, out, err);
    for (size_t i = 0; i < n; i++) {
        if (intents[i] != NULL) {
            ncm_intent_free(intents[i]);
        }
    }
    if (ok && c->dry_run) {
        ok = cli_print_dry_run(c, out, err);
        cli_plans_release(out);
        return ok;
    }
    ok = ok && cli_confirm(c, out, err) && carry_out(c, out, err);
    if (!ok) {
        cli_plans_release(out);
    }
    return ok;
}

void cli_plans_release(struct cli_plans *p)
{
    for (size_t i = 0; i < p->n; i++) {
        ncm_plan_free(p->items[i]);
    }
    ncm_free(p->items);
    *p = (struct cli_plans){0};
}

bool cli_change_print(struct cli *c, struct ncm_intent *intent, struct ncm_err *err)
{
    struct cli_plans plans;
    if (!cli_change(c, &intent, 1, &plans, err)) {
        return false;
    }
    bool ok = cli_print_plans(c, &plans, err);
    cli_plans_release(&plans);
    return ok;
}
