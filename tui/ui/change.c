/* The way of a change: plan, panel, reason, name, confirm, execute, message. Rules: Cancel is the
 * default; no letter, paste or jamo ever confirms, only Enter on the button does; nothing is
 * confirmed before all of it was on the screen; Esc always leaves, and what runs then goes on. */
#include <stdio.h>
#include <string.h>

#include "ui/change.h"
#include "ui/key_name.h"

const char *change_name(const struct change *c)
{
    return c->danger && c->plan != NULL ? c->plan->confirm_name : NULL;
}

static void change_free(struct change *c)
{
    if (c->plan != NULL) {
        ncm_plan_free(c->plan);
    }
    ncm_rollout_plan_free(c->rollout);
    field_release(&c->reason);
    field_release(&c->name);
    asked_free(c->asked);
    ncm_free(c->complaint);
    ncm_free(c);
}

static bool takes_text(const void *self)
{
    const struct change *c = self;

    return c->state == CHANGE_PANEL; /* what is typed on a button is the reason, too */
}

static void destroy(void *self)
{
    struct change *c = self;

    if (c->pending) {
        c->left = true;
    } else {
        change_free(c);
    }
}

static void complain(struct change *c, const char *text)
{
    ncm_free(c->complaint);
    c->complaint = ncm_strdup(text);
}

/* ---- results ---- */

static void clean_title(const struct ncm_plan *plan, char *out, size_t outsz)
{
    const char *title = plan != NULL && plan->title != NULL ? plan->title : "";

    ncm_text_clip(out, outsz, title, strlen(title), 200);
}

/* partial: some of it stands, or may stand. */
static void show_failure(struct ui *ui, const struct ncm_err *err, bool partial)
{
    struct ncm_buf text;

    if (err->code != NCM_CONFLICT) {
        ui_error(ui, err);
        return;
    }
    ncm_buf_init(&text, 8192);
    ncm_buf_printf(&text, "%s\n", err->what);
    if (err->detail[0] != '\0') {
        ncm_buf_printf(&text, "\n%s\n", err->detail);
    }
    if (err->hint[0] != '\0') {
        ncm_buf_printf(&text, "\n%s\n", err->hint);
    }
    ui_show_text(ui, partial ? _("Changed meanwhile") : _("Changed meanwhile: nothing was written"),
                 text.p);
    ncm_buf_release(&text);
}

static void executed(struct ui *ui, void *ctx, struct ncm_job_result *result)
{
    struct change *c = ctx;
    struct ncm_plan *plan = result->arg;
    char title[512];

    c->pending = false;
    clean_title(plan, title, sizeof title);
    if (c->left) {
        change_free(c);
    } else {
        layer_end(ui, c);
    }
    if (!result->ok) {
        show_failure(ui, &result->err, plan != NULL && plan->receipt.partial);
    } else if (plan->receipt.unnoted) {
        ui_message(ui, UI_INFO, _("done: %s · the note for other clients could not be left"),
                   title);
    } else if (plan->irreversible || plan->no_undo || keymap_label(A_UNDO)[0] == '\0') {
        ui_message(ui, UI_GOOD, _("done: %s"), title);
    } else {
        ui_message(ui, UI_GOOD, _("done: %s · %s takes it back"), title, keymap_label(A_UNDO));
    }
    if (plan != NULL) {
        ncm_plan_free(plan);
    }
}

bool change_told(struct ui *ui, const struct ui_job *job, const char *context,
                 struct ncm_job_result *result)
{
    struct ncm_plan *plan = result->arg;
    char title[512], name[160];

    if (job->done != executed) {
        return false;
    }
    change_free(job->ctx); /* its panel was left when the context was */
    clean_title(plan, title, sizeof title);
    ncm_text_clip_middle(name, sizeof name, context, strlen(context), 40);
    if (result->ok) {
        ui_message(ui, UI_GOOD, _("context %s: done: %s"), name, title);
    } else if (!plan->outcome_known) {
        ui_message(ui, UI_BAD, _("context %s: whether it is done is not known: %s\n%s"), name,
                   title, result->err.what);
    } else {
        ui_message(ui, UI_BAD, _("context %s: not done: %s\n%s"), name, title, result->err.what);
    }
    ncm_plan_free(plan);
    return true;
}

void change_forget(const struct ui_job *job)
{
    if (job->ctx != NULL) {
        change_free(job->ctx);
    }
}

/* There will be no panel: it was left, or refused, or nothing is to be changed. */
static void ends_planned(struct ui *ui, struct change *c, const struct ncm_job_result *result)
{
    struct ncm_plan *plan = result->arg;
    struct asked *asked = c->asked;
    bool told = !c->left;
    char title[512];

    clean_title(plan, title, sizeof title);
    c->asked = NULL;
    if (c->left) {
        change_free(c);
    } else {
        layer_end(ui, c);
    }
    if (told && result->ok && plan != NULL) {
        ui_message(ui, UI_INFO, _("it is already so: %s"), title);
    } else if (told && ask_again(ui, asked, plan, &result->err)) {
        asked = NULL;
    } else if (told) {
        show_failure(ui, &result->err, false);
    }
    asked_free(asked);
    ncm_plan_free(plan);
}

static void planned(struct ui *ui, void *ctx, struct ncm_job_result *result)
{
    struct change *c = ctx;
    struct ncm_plan *plan = result->arg;

    c->pending = false;
    if (c->left || !result->ok || plan == NULL || plan->nothing) {
        ends_planned(ui, c, result);
        return;
    }
    c->plan = plan;
    c->state = CHANGE_PANEL;
    c->danger = plan->confirm_name != NULL &&
                (plan->irreversible || ncm_session_protected(ui->now->session));
    if (plan->intent != NULL && plan->intent->reason != NULL) {
        field_release(&c->reason);
        field_init(&c->reason, plan->intent->reason);
    }
    ui_dirty(ui);
}

static void rollout_planned(struct ui *ui, void *ctx, struct ncm_job_result *result)
{
    struct change *c = ctx;

    c->pending = false;
    c->rollout = result->arg;
    if (c->left) {
        change_free(c);
        return;
    }
    if (!result->ok) {
        layer_end(ui, c);
        show_failure(ui, &result->err, false);
        return;
    }
    c->plan = ncm_rollout_plan_shown(c->rollout);
    if (c->plan->nothing) {
        char title[512];
        clean_title(c->plan, title, sizeof title);
        layer_end(ui, c);
        ui_message(ui, UI_INFO, _("it is already so: %s"), title);
        return;
    }
    c->state = CHANGE_PANEL;
    c->danger = ncm_session_protected(ui->now->session);
    ui_dirty(ui);
}

/* ---- confirming ---- */

/* What is typed is compared with the name, or with its escaped form where it hides characters. */
static bool name_is_right(const struct change *c)
{
    const char *name = change_name(c);
    struct ncm_buf escaped;

    if (name == NULL || strcmp(c->name.text, name) == 0) {
        return true;
    }
    ncm_buf_init(&escaped, 8192);
    ncm_text_escape(&escaped, name, strlen(name));
    bool same = strcmp(c->name.text, escaped.p) == 0;
    ncm_buf_release(&escaped);
    return same;
}

static void confirm(struct ui *ui, struct change *c)
{
    if (!c->seen_all) {
        complain(c, _("look at all of it first (PgDn)"));
        return;
    }
    if (!name_is_right(c)) {
        complain(c, _("the name is not right"));
        c->focus = ON_NAME;
        return;
    }
    if (c->rollout != NULL) {
        rollout_go(ui, c);
        return;
    }
    if (c->reason.len > 0) {
        ncm_intent_set(&c->plan->intent->reason, c->reason.text);
    }
    struct ncm_plan *plan = c->plan;
    c->plan = NULL;
    c->state = CHANGE_EXECUTING;
    c->pending = true;
    ui_await(ui, ncm_execute_start(ui->now->session, plan), executed, c);
}

static void cancel(struct ui *ui, struct change *c)
{
    enum change_state state = c->state;

    layer_end(ui, c);
    ui_message(ui, UI_INFO,
               state == CHANGE_EXECUTING ? _("it goes on; the result will be shown here")
                                         : _("cancelled: nothing was changed"));
}

static void next_focus(struct change *c, int step)
{
    int at = (int)c->focus;

    do {
        at = (at + step + 4) % 4;
    } while (at == ON_NAME && change_name(c) == NULL);
    c->focus = (enum change_focus)at;
}

static void scroll(struct change *c, long by)
{
    long most = (long)c->rows - c->rows_shown;
    long top = (long)c->top + by;

    top = top > most ? most : top;
    c->top = top > 0 ? (size_t)top : 0;
}

/* What is typed on a button is the beginning of a reason; only a lone y or n leads to a button. */
static void letter_on_button(struct change *c, int k)
{
    bool yes = k == 'y' || k == 'Y', no = k == 'n' || k == 'N';
    char keys[6];

    if (k >= 128 && term_hangul_keys((uint32_t)k, keys) == 1 &&
        (keys[0] == 'y' || keys[0] == 'n')) {
        complain(c, _("switch to Latin input first"));
    } else if ((yes || no) && (c->letter == 0 || c->letter == k)) {
        c->letter = k;
        c->focus = yes ? ON_CONFIRM : ON_CANCEL;
    } else if (k != ' ' || c->letter != 0) {
        c->focus = ON_REASON;
        field_key(&c->reason, TK_END);
        if (c->letter != 0) {
            field_key(&c->reason, c->letter);
        }
        field_key(&c->reason, k);
        c->letter = 0;
    }
}

static void button_key(struct ui *ui, struct change *c, int k)
{
    if (k >= ' ' && k < KEY_BASE_ && k != 127) {
        letter_on_button(c, k);
        return;
    }
    c->letter = 0;
    if (k == TK_ENTER && c->focus == ON_CONFIRM) {
        confirm(ui, c);
    } else if (k == TK_ENTER) {
        cancel(ui, c);
    } else if (k == TK_LEFT || k == TK_RIGHT) {
        c->focus = c->focus == ON_CANCEL ? ON_CONFIRM : ON_CANCEL;
    } else if (k == TK_UP || k == TK_DOWN) {
        scroll(c, k == TK_UP ? -1 : 1);
    }
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct change *c = self;

    (void)jamo;
    ui_dirty(ui);
    if (k == TK_ESC) {
        cancel(ui, c);
        return;
    }
    if (c->state != CHANGE_PANEL) {
        return;
    }
    ncm_free(c->complaint);
    c->complaint = NULL;
    if (k == TK_PGUP || k == TK_PGDN) {
        int page = c->rows_shown > 1 ? c->rows_shown - 1 : 1;
        scroll(c, k == TK_PGUP ? -page : page);
    } else if (k == TK_TAB || k == TK_BTAB) {
        c->letter = 0;
        next_focus(c, k == TK_TAB ? 1 : -1);
    } else if (c->focus == ON_CANCEL || c->focus == ON_CONFIRM) {
        button_key(ui, c, k);
    } else if (k == TK_ENTER || k == TK_DOWN) {
        next_focus(c, 1);
    } else if (k == TK_UP) {
        next_focus(c, -1);
    } else {
        field_key(c->focus == ON_REASON ? &c->reason : &c->name, k);
    }
}

static void paste(struct ui *ui, void *self, const char *text)
{
    struct change *c = self;

    ui_dirty(ui);
    if (c->state == CHANGE_PANEL && c->focus == ON_REASON) {
        field_insert(&c->reason, text);
    } else if (c->state == CHANGE_PANEL) {
        complain(c, _("pasted text confirms nothing: type it"));
    }
}

static void mouse(struct ui *ui, void *self, const struct term_event *ev)
{
    if (ev->button == 4 || ev->button == 5) {
        scroll(self, ev->button == 4 ? -3 : 3);
        ui_dirty(ui);
    }
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    (void)ui;
    change_panel_draw(self, l);
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    struct change *c = self;
    char enter[16];
    size_t n = 0;

    (void)max;
    key_show(TK_ENTER, enter, sizeof enter);
    if (c->state != CHANGE_PANEL) {
        out[n++] = (struct layer_key){"esc", c->state == CHANGE_EXECUTING ? _("leave it running")
                                                                          : _("cancel")};
        return n;
    }
    if (c->focus == ON_REASON || c->focus == ON_NAME) {
        out[n++] = (struct layer_key){keymap_label(A_OPEN), _("next")};
    } else {
        snprintf(c->keys, sizeof c->keys, c->focus == ON_CONFIRM ? "%s" : "y %s", enter);
        out[n++] = (struct layer_key){c->keys, _("confirm")};
    }
    out[n++] = (struct layer_key){"tab", _("next field")};
    out[n++] = (struct layer_key){"esc", _("cancel")};
    if (c->rows > (size_t)c->rows_shown) {
        out[n++] = (struct layer_key){"PgDn", _("more")};
    }
    return n;
}

static const struct layer_ops ops = {takes_text, draw, key, paste, mouse, keys, destroy};

/* The layer, before anything is planned. */
static struct change *begin(struct ui *ui)
{
    struct change *c = ncm_alloc(1, sizeof *c);

    c->ui = ui;
    c->focus = ON_REASON;
    c->pending = true;
    field_init(&c->reason, "");
    field_init(&c->name, "");
    message_clear(ui);
    layer_push(ui, &ops, c);
    return c;
}

void ui_change(struct ui *ui, struct ncm_intent *intent)
{
    const char *reason = "";

    if (!ui_may_change(ui, &reason)) {
        ncm_intent_free(intent);
        ui_message(ui, UI_BAD, "%s", reason);
        return;
    }
    struct asked *asked = prompt_asked(ui);
    struct change *c = begin(ui);
    c->asked = asked;
    ui_await(ui, ncm_plan_start(ui->now->session, intent), planned, c);
}

void ui_rollout(struct ui *ui, struct ncm_rollout_wish *wish)
{
    const char *reason = "";

    if (!ui_may_change(ui, &reason)) {
        ncm_rollout_wish_free(wish);
        ui_message(ui, UI_BAD, "%s", reason);
        return;
    }
    struct change *c = begin(ui);
    ui_await(ui, ncm_rollout_plan_start(ui->now->session, wish), rollout_planned, c);
}
