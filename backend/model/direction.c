/* Which way is better, told from a metric's name. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "model/tracking.h"

/* Sorted. A name's words are looked up one by one; the last that says something decides, as the
 * head of an English compound does ("accuracy_loss" is a loss). */
static const struct word {
    const char *word;
    int direction; /* 2: negates what follows ("neg_mean_squared_error") */
} words[] = {
    {"acc", 1},
    {"accuracy", 1},
    {"aic", -1},
    {"ap", 1},
    {"auc", 1},
    {"aucpr", 1},
    {"auprc", 1},
    {"auroc", 1},
    {"bic", -1},
    {"bleu", 1},
    {"bpc", -1},
    {"brier", -1},
    {"cer", -1},
    {"correct", 1},
    {"correlation", 1},
    {"cosine", 1},
    {"cost", -1},
    {"crossentropy", -1},
    {"deviance", -1},
    {"dice", 1},
    {"distance", -1},
    {"divergence", -1},
    {"drift", -1},
    {"duration", -1},
    {"ece", -1},
    {"eer", -1},
    {"elapsed", -1},
    {"entropy", -1},
    {"err", -1},
    {"error", -1},
    {"errors", -1},
    {"explained", 1},
    {"f1", 1},
    {"f2", 1},
    {"faithfulness", 1},
    {"fbeta", 1},
    {"fdr", -1},
    {"fid", -1},
    {"fn", -1},
    {"fnr", -1},
    {"fp", -1},
    {"fpr", -1},
    {"fscore", 1},
    {"gain", 1},
    {"gini", 1},
    {"groundedness", 1},
    {"hamming", -1},
    {"hinge", -1},
    {"hit", 1},
    {"hits", 1},
    {"huber", -1},
    {"iou", 1},
    {"jaccard", 1},
    {"kappa", 1},
    {"kl", -1},
    {"latency", -1},
    {"lift", 1},
    {"likelihood", 1},
    {"logloss", -1},
    {"loss", -1},
    {"losses", -1},
    {"mae", -1},
    {"map", 1},
    {"mape", -1},
    {"mase", -1},
    {"mcc", 1},
    {"mdape", -1},
    {"memory", -1},
    {"meteor", 1},
    {"miou", 1},
    {"misclassification", -1},
    {"mpjpe", -1},
    {"mrr", 1},
    {"ms", -1},
    {"mse", -1},
    {"msle", -1},
    {"ndcg", 1},
    {"neg", 2},
    {"negative", 2},
    {"nll", -1},
    {"npv", 1},
    {"nrmse", -1},
    {"p50", -1},
    {"p90", -1},
    {"p95", -1},
    {"p99", -1},
    {"pearson", 1},
    {"perplexity", -1},
    {"pinball", -1},
    {"ppl", -1},
    {"ppv", 1},
    {"prauc", 1},
    {"precision", 1},
    {"profit", 1},
    {"psi", -1},
    {"psnr", 1},
    {"r2", 1},
    {"recall", 1},
    {"regret", -1},
    {"relevance", 1},
    {"residual", -1},
    {"return", 1},
    {"revenue", 1},
    {"reward", 1},
    {"rmse", -1},
    {"rmsle", -1},
    {"roc", 1},
    {"rocauc", 1},
    {"rouge", 1},
    {"rsquared", 1},
    {"runtime", -1},
    {"sensitivity", 1},
    {"silhouette", 1},
    {"smape", -1},
    {"spearman", 1},
    {"specificity", 1},
    {"ssim", 1},
    {"success", 1},
    {"throughput", 1},
    {"tnr", 1},
    {"toxicity", -1},
    {"tpr", 1},
    {"utility", 1},
    {"wape", -1},
    {"wer", -1},
    {"win", 1},
};

static int compare(const void *key, const void *entry)
{
    return strcmp(key, ((const struct word *)entry)->word);
}

static int lookup(const char *word)
{
    const struct word *w =
        bsearch(word, words, sizeof words / sizeof words[0], sizeof words[0], compare);
    return w ? w->direction : 0;
}

/* The next word of s in lower case: letters and digits, cut at punctuation and where a capital
 * follows a small letter ("valLoss"). NULL at the end. */
static const char *next_word(const char *s, char *out, size_t outsz)
{
    while (*s && !isalnum((unsigned char)*s))
        s++;
    if (!*s)
        return NULL;
    size_t n = 0;
    bool small = false;
    for (; isalnum((unsigned char)*s); s++) {
        bool upper = *s >= 'A' && *s <= 'Z';
        if (upper && small)
            break;
        small = *s >= 'a' && *s <= 'z';
        if (n + 1 < outsz)
            out[n++] = (char)(upper ? *s + 32 : *s);
    }
    out[n] = '\0';
    return s;
}

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

int ncm_metric_direction(const char *key)
{
    char word[32];
    char before[32] = "";
    int direction = 0;
    int score = 0; /* "score" alone leans to more; a named measure beside it decides */
    bool negated = false;
    for (const char *s = next_word(key, word, sizeof word); s;
         s = next_word(s, word, sizeof word)) {
        /* false_positive_rate, true_negatives */
        if (starts_with(word, "positive") || starts_with(word, "negative")) {
            if (strcmp(before, "false") == 0)
                return -1;
            if (strcmp(before, "true") == 0)
                return 1;
        }
        int d = lookup(word);
        if (d == 2)
            negated = true;
        else if (d != 0)
            direction = d;
        else if (strcmp(word, "score") == 0)
            score = strcmp(before, "anomaly") != 0;
        memcpy(before, word, sizeof before);
    }
    if (direction == 0)
        return negated ? 0 : score;
    return negated ? -direction : direction;
}
