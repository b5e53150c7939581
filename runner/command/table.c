/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of commands and options. */
#include "table.h"

#include <stddef.h>
#include <string.h>

#include "export_shape.h"
#include "progress.h"

#define FIELD(name) offsetof(command_arguments, name)

/* ---- options of several commands ---- */

#define OPTION_OUTPUT(text, end, without)                                   \
  {                                                                         \
    .name = "output", .letter = 'o', .type = COMMAND_FILE, .value = "FILE", \
    .field = FIELD(output), .doc = (text), .ending = (end),                 \
    .otherwise = (without)                                                  \
  }

#define OPTION_SET                                                     \
  {                                                                    \
    .name = "set", .type = COMMAND_SETTING, .value = "PATH=VALUE",     \
    .field = FIELD(sets), .repeats = true,                             \
    .doc =                                                             \
        "Change one value of the sweep, such as `users.count=100` or " \
        "`axis.gap=[0.6,0.8]`. The value is JSON, or text if it is "   \
        "not valid JSON."                                              \
  }

#define OPTION_JSON(text) \
  { .name = "json", .type = COMMAND_FLAG, .field = FIELD(json), .doc = (text) }

#define OPTION_METRIC(text)                                    \
  {                                                            \
    .name = "metric", .type = COMMAND_METRIC, .value = "NAME", \
    .field = FIELD(metrics), .repeats = true, .doc = (text)    \
  }

#define OPTION_CELL                                                       \
  {                                                                       \
    .name = "cell", .type = COMMAND_COUNT, .value = "INDEX",              \
    .field = FIELD(cell),                                                 \
    .doc =                                                                \
        "The number of the cell, as in `heed cell --index`. Required if " \
        "cells have different tables; heed then lists the choices.",      \
    .otherwise = "the only table"                                         \
  }

/* What a verdict on users asks. */
#define OPTIONS_VERDICT                                                      \
  {.name = "threshold",                                                      \
   .type = COMMAND_SHARE,                                                    \
   .value = "ETA",                                                           \
   .initial = "0.5",                                                         \
   .field = FIELD(threshold),                                                \
   .doc = "A user is careless if their attentiveness is below this value."}, \
  {                                                                          \
    .name = "alpha", .type = COMMAND_SHARE, .value = "RATE",                 \
    .initial = "0.05", .field = FIELD(alpha),                                \
    .doc =                                                                   \
        "The error rate: the expected share of attentive users among those " \
        "that heed calls careless, and of careless users among those that "  \
        "it trusts."                                                         \
  }

#define OPTION_PSEUDONYMS                                                   \
  {                                                                         \
    .name = "pseudonyms", .type = COMMAND_FILE, .value = "KEYFILE",         \
    .field = FIELD(pseudonyms),                                             \
    .doc =                                                                  \
        "Write a keyed hash in place of each user's name: the first 16 "    \
        "bytes of HMAC-SHA-256 under the bytes of this file, at least 16.", \
    .otherwise = "names as in the log"                                      \
  }

/* Limits of the planner. */
#define OPTIONS_PLAN                                                       \
  {.name = "plan-timeout",                                                 \
   .type = COMMAND_SECONDS,                                                \
   .value = "SECONDS",                                                     \
   .field = FIELD(plan_seconds),                                           \
   .doc =                                                                  \
       "The time limit for reading the sweep. A sweep with many points "   \
       "needs more.",                                                      \
   .otherwise = "`60`"},                                                   \
  {                                                                        \
    .name = "plan-memory", .type = COMMAND_BYTES, .value = "BYTES",        \
    .field = FIELD(plan_memory),                                           \
    .doc =                                                                 \
        "The memory limit for reading the sweep, such as `512M` or `8G`. " \
        "Lua may use a quarter of it.",                                    \
    .otherwise = "`2G`"                                                    \
  }

static const command_option sweep_operand[] = {
    {.type = COMMAND_FILE,
     .value = "SWEEP.lua",
     .ending = ".lua",
     .field = FIELD(file),
     .required = true,
     .doc = "The sweep: a Lua file that returns `h.sweep {...}`."},
    {0}};

static const command_option result_operand[] = {
    {.type = COMMAND_FILE,
     .value = "RESULT.h5",
     .ending = ".h5",
     .field = FIELD(file),
     .required = true,
     .doc = "The result file of a sweep."},
    {0}};

const command_option command_common_options[] = {
    {.name = "plugin-path",
     .type = COMMAND_FOLDERS,
     .value = "DIRS",
     .field = FIELD(common.plugin_path),
     .doc = "The folders with plugins, separated by colons.",
     .otherwise =
         "`$HEED_PLUGIN_PATH`, or heed's own folder if that is not set"},
    {.name = "allow-unsafe-plugins",
     .field = FIELD(common.allow_unsafe),
     .doc = "Load plugins even if other users can write to their files or "
            "folders."},
    {.name = "help",
     .letter = 'h',
     .field = FIELD(help),
     .doc = "Show what the command does and its options, and exit."},
    {0}};

static const command_option none[] = {{0}};

/* ---- run, check, cell ---- */

static const command_option run_options[] = {
    OPTION_OUTPUT(
        "The result file. If this is a symbolic link, heed writes its "
        "target, and makes the work folder next to the target.",
        ".h5",
        "the name of the sweep, ending in `.h5`, in the folder "
        "`results` if it exists"),
    {.name = "workers",
     .letter = 'j',
     .type = COMMAND_COUNT,
     .value = "N",
     .low = 1,
     .high = 1024,
     .field = FIELD(workers),
     .doc = "The number of worker processes. Each runs one cell at a time. "
            "The run uses at most N cores, unless the sweep sets threads.",
     .otherwise = "the number of cores that heed may use"},
    OPTION_SET,
    {.name = "timeout",
     .type = COMMAND_SECONDS,
     .value = "SECONDS",
     .field = FIELD(seconds),
     .doc = "The time limit of one stage of one cell. A stage that takes "
            "longer fails.",
     .otherwise = "no limit"},
    {.name = "worker-timeout",
     .type = COMMAND_SECONDS,
     .value = "SECONDS",
     .initial = "120",
     .field = FIELD(worker_seconds),
     .doc = "The time limit of a worker between stages, to load plugins and to "
            "write its cells to the disk. A worker that takes longer is "
            "killed and replaced."},
    {.name = "memory",
     .type = COMMAND_BYTES,
     .value = "BYTES",
     .field = FIELD(memory),
     .doc = "The memory limit of one worker, such as `500M` or `4G`. A stage "
            "that needs more fails. All workers together may use 90 % of the "
            "memory that is free when the run starts.",
     .otherwise = "no limit for a single worker"},
    {.name = "progress",
     .type = COMMAND_WORD,
     .value = "STYLE",
     .words = progress_names,
     .initial = "auto",
     .field = FIELD(progress),
     .doc = "How to show progress on standard error. `auto` shows a bar on a "
            "terminal and plain lines elsewhere."},
    {.name = "retry",
     .field = FIELD(retry),
     .doc = "Rerun the cells that failed in an earlier run."},
    {.name = "replace",
     .field = FIELD(replace),
     .doc = "Run all cells and replace the result file, even if it is the "
            "result of another sweep. Also drop the cells of an interrupted "
            "run of another sweep."},
    OPTIONS_PLAN,
    {0}};

static const command_option check_operands[] = {
    {.type = COMMAND_FILE,
     .value = "SWEEP.lua",
     .ending = ".lua",
     .field = FIELD(file),
     .doc = "The sweep: a Lua file that returns `h.sweep {...}`."},
    {0}};

static const command_option check_options[] = {
    {.name = "plugin",
     .type = COMMAND_FILE,
     .value = "FILE.so",
     .ending = ".so",
     .field = FIELD(plugin_file),
     .doc =
         "Try the plugins of this file against their contract instead of "
         "checking a sweep. `--set NAME=VALUE` then sets a parameter, and the "
         "limits are those of a call into the plugin and of a check."},
    {.name = "data",
     .type = COMMAND_FLAG,
     .field = FIELD(data),
     .doc = "Read all rows of the log, not only the first 1000. A large log "
            "may need a higher `--timeout` and `--memory`."},
    OPTION_SET,
    {.name = "timeout",
     .type = COMMAND_SECONDS,
     .value = "SECONDS",
     .initial = "60",
     .field = FIELD(seconds),
     .doc = "The same as `--plan-timeout`."},
    {.name = "memory",
     .type = COMMAND_BYTES,
     .value = "BYTES",
     .initial = "2G",
     .field = FIELD(memory),
     .doc = "The same as `--plan-memory`."},
    OPTIONS_PLAN,
    OPTION_JSON("Print the plan as JSON: the sweep with every parameter "
                "resolved."),
    {0}};

static const command_option new_operands[] = {
    {.type = COMMAND_TEXT,
     .value = "KIND/NAME",
     .field = FIELD(plugin),
     .required = true,
     .doc = "The kind and the name of the new plugin, such as "
            "estimator/mine."},
    {0}};

static const command_option new_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = COMMAND_FOLDER,
     .value = "FOLDER",
     .field = FIELD(output),
     .doc = "The folder to write.",
     .otherwise = "the name of the plugin"},
    {0}};

static const command_option cell_options[] = {
    {.name = "index",
     .type = COMMAND_COUNT,
     .value = "INDEX",
     .field = FIELD(cell),
     .required = true,
     .doc = "The number of the cell, from 0, as in `cells/index` of the "
            "result file."},
    OPTION_SET,
    {.name = "debugger",
     .field = FIELD(debugger),
     .doc = "Run the cell under gdb."},
    OPTIONS_PLAN,
    {0}};

/* ---- list, describe ---- */

static const command_option list_operands[] = {
    {.type = COMMAND_KIND,
     .value = "KIND",
     .field = FIELD(kind),
     .doc = "List only plugins of this kind, or the metrics of evaluation."},
    {0}};

static const command_option list_options[] = {
    OPTION_JSON("Print a JSON array with the kind, name, version, summary, "
                "reference, file and SHA-256 of each plugin."),
    {0}};

static const command_option describe_operands[] = {{.type = COMMAND_PLUGIN,
                                                    .value = "KIND/NAME",
                                                    .field = FIELD(plugin),
                                                    .doc = "The plugin, or "
                                                           "`metric/NAME`, a "
                                                           "metric of "
                                                           "evaluation."},
                                                   {0}};

static const command_option describe_options[] = {
    OPTION_JSON("Print the description as JSON."),
    {.name = "lua",
     .field = FIELD(lua),
     .doc = "Print Lua annotations for editors: the types of all plugins and "
            "of the functions of sweeps. Without KIND/NAME."},
    {0}};

/* ---- look ---- */

static const command_option look_operands[] = {
    {.type = COMMAND_FILE,
     .value = "FILE",
     .field = FIELD(file),
     .required = true,
     .doc = "The file, or a pattern in quotes, such as `\"log-*.csv\"`."},
    {0}};

static const command_option look_options[] = {
    {.name = "format",
     .type = COMMAND_TEXT,
     .value = "NAME",
     .field = FIELD(format),
     .doc = "The format, as the source's parameter `format` names it.",
     .otherwise = "what the file seems to be"},
    {.name = "set",
     .type = COMMAND_SETTING,
     .value = "PARAMETER=VALUE",
     .field = FIELD(sets),
     .repeats = true,
     .doc = "Set a parameter of the source, such as `columns.user=worker` or "
            "`ties=keep`. The value is JSON, or text if it is not valid "
            "JSON."},
    {.name = "rows",
     .field = FIELD(all_rows),
     .doc = "Print each annotation as heed reads it, as a line of JSON, "
            "instead of the report and the sweep."},
    {0}};

/* ---- show, report, users, export, pack, collect ---- */

static const command_option show_options[] = {
    OPTION_METRIC("Show only this metric."),
    {.name = "by",
     .type = COMMAND_AXIS,
     .value = "AXIS",
     .field = FIELD(axes),
     .repeats = true,
     .doc = "Show a line for each value of this axis, averaged over the other "
            "axes within each replicate.",
     .otherwise = "all axes"},
    {.name = "csv",
     .field = FIELD(csv),
     .doc = "Print only the table, as CSV, with all digits."},
    {0}};

static const command_option report_options[] = {
    OPTION_OUTPUT("The page; `-` is standard output.", ".html",
                  "the name of the result, ending in `.html`"),
    OPTION_METRIC("Show only this metric."),
    {.name = "x",
     .type = COMMAND_AXIS,
     .value = "AXIS",
     .field = FIELD(x),
     .doc = "The axis along x.",
     .otherwise = "the longest axis of numbers, or else of names"},
    {.name = "lines",
     .type = COMMAND_AXIS,
     .value = "AXIS",
     .field = FIELD(lines),
     .doc = "The axis whose values become lines, at most 8.",
     .otherwise = "the other axis with the most values, up to 8"},
    {.name = "cell",
     .type = COMMAND_COUNT,
     .value = "INDEX",
     .field = FIELD(cell),
     .doc = "The cell whose fit the verdict uses.",
     .otherwise = "the first"},
    OPTIONS_VERDICT,
    OPTION_PSEUDONYMS,
    {0}};

static const char *const users_orders[] = {[USERS_IN_ORDER] = "log",
                                           [USERS_BY_ETA] = "eta_hat",
                                           [USERS_BY_CARELESS] = "p_careless",
                                           NULL};

static const command_option users_options[] = {
    OPTION_OUTPUT("The CSV or JSON file; `-` is standard output.", ".csv",
                  "standard output"),
    OPTION_CELL,
    OPTIONS_VERDICT,
    {.name = "sort",
     .type = COMMAND_WORD,
     .value = "ORDER",
     .words = users_orders,
     .initial = "log",
     .field = FIELD(sort),
     .doc = "The order of users: as in the log, by eta_hat with the least "
            "first, or by p_careless with the greatest first."},
    {.name = "group-by",
     .type = COMMAND_TEXT,
     .value = "COLUMN",
     .field = FIELD(group_by),
     .doc = "Write groups of users instead of users, by a covariate of the log "
            "(`columns.covariates`). A user belongs to the word that most of "
            "their annotations have, or to a range of the mean of their "
            "numbers."},
    {.name = "groups",
     .type = COMMAND_COUNT,
     .value = "N",
     .low = 2,
     .high = 1000,
     .initial = "4",
     .field = FIELD(groups),
     .doc = "The number of ranges of a covariate of numbers. They have equally "
            "many users, as far as equal numbers allow."},
    OPTION_JSON("Write JSON of the schema `heed-users/1`: users and groups."),
    OPTION_PSEUDONYMS,
    {.name = "raw",
     .type = COMMAND_FLAG,
     .field = FIELD(raw),
     .doc = "Write users' names unchanged. Without this option, heed writes "
            "`'` before a name that a spreadsheet would run as a formula."},
    {0}};

/* The words of --by. */
static const char *const export_units[] = {
    [EXPORT_BY_ANNOTATION] = "annotation", [EXPORT_BY_PAIR] = "pair", NULL};

static const command_option export_options[] = {
    OPTION_OUTPUT("The JSON Lines file; `-` is standard output. Beside a file "
                  "heed writes its data card, `FILE.card.md`.",
                  ".jsonl", "standard output"),
    OPTION_CELL,
    {.name = "as",
     .type = COMMAND_WORD,
     .value = "SHAPE",
     .words = shape_names,
     .initial = "trl",
     .field = FIELD(shape),
     .doc = "The shape of a line. `trl`: texts, as trainers of TRL read; lists "
            "of messages if any pair is a conversation. `messages`: always "
            "lists of messages. `kto`: two lines, each with one response and "
            "its label. `llamafactory`: LLaMA-Factory's ShareGPT preference "
            "format. `axolotl`: its `chat_template.default`."},
    {.name = "by",
     .type = COMMAND_WORD,
     .value = "UNIT",
     .words = export_units,
     .initial = "annotation",
     .field = FIELD(by),
     .doc = "What becomes an example. `pair`: one a pair, with the label that "
            "its annotations agree on and the probability that it is right."},
    {.name = "draw",
     .type = COMMAND_COUNT,
     .value = "N",
     .low = 1,
     .high = 1000000000,
     .field = FIELD(draw),
     .doc = "Draw N examples with replacement, in proportion to their weights, "
            "and give each the weight 1. The same result gives the same draw.",
     .otherwise = "each example once, with its weight"},
    {.name = "license",
     .type = COMMAND_TEXT,
     .value = "TEXT",
     .field = FIELD(license),
     .doc = "The license in the data card, such as `cc-by-4.0`.",
     .otherwise = "`unknown`"},
    OPTION_PSEUDONYMS,
    {0}};

static const command_option pairs_options[] = {
    OPTION_OUTPUT("The CSV file; `-` is standard output.", ".csv",
                  "standard output"),
    OPTION_CELL,
    {.name = "raw",
     .type = COMMAND_FLAG,
     .field = FIELD(raw),
     .doc = "Write names unchanged. Without this option, heed writes `'` "
            "before a name that a spreadsheet would run as a formula."},
    {0}};

static const command_option pack_operands[] = {
    {.type = COMMAND_FILE,
     .value = "LOG",
     .field = FIELD(file),
     .required = true,
     .doc = "The log, or a pattern in quotes, such as `\"log-*.csv\"`. A name "
            "that ends in `.lua` is that of a sweep: its source names the "
            "log."},
    {0}};

static const command_option pack_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = COMMAND_FILE,
     .value = "FILE",
     .ending = ".heed",
     .field = FIELD(output),
     .required = true,
     .doc = "The packed log."},
    {.name = "append",
     .type = COMMAND_FILE,
     .value = "EARLIER.heed",
     .ending = ".heed",
     .field = FIELD(append),
     .doc = "Start with this packed log and add the rows of the other log, "
            "without reading the earlier log again."},
    {.name = "drop",
     .type = COMMAND_TEXT,
     .value = "COLUMN",
     .field = FIELD(drops),
     .repeats = true,
     .doc = "Leave out a column: `pair`, `row`, `p`, `time`, `covariates`, "
            "`topic`, `gold`, `difference` or `texts`. A stage that needs it "
            "then refuses the packed log.",
     .otherwise = "all columns"},
    {.name = "memory",
     .type = COMMAND_BYTES,
     .value = "BYTES",
     .initial = "2G",
     .field = FIELD(memory),
     .doc = "The memory limit for users, pairs and annotations. A log that "
            "needs more is sorted in temporary files beside FILE."},
    {.name = "format",
     .type = COMMAND_TEXT,
     .value = "NAME",
     .field = FIELD(format),
     .doc = "The format of a log without a sweep, as the source's parameter "
            "`format` names it.",
     .otherwise = "what the file seems to be"},
    OPTION_SET,
    OPTIONS_PLAN,
    {0}};

static const command_option collect_operands[] = {
    {.type = COMMAND_FOLDER,
     .value = "WORK",
     .field = FIELD(file),
     .required = true,
     .doc = "The work folder of a run, `RESULT.h5.work`."},
    {0}};

static const command_option collect_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = COMMAND_FILE,
     .value = "FILE",
     .ending = ".h5",
     .field = FIELD(output),
     .required = true,
     .doc = "The result file. An existing result of the same sweep is "
            "extended."},
    {0}};

/* ---- help ---- */

static const command_option help_operands[] = {
    {.type = COMMAND_COMMAND,
     .value = "COMMAND",
     .field = FIELD(topic),
     .doc = "The command to explain.",
     .otherwise = "all commands, with a line each"},
    {0}};

/* ---- commands for programs ---- */

static const command_option plan_options[] = {
    OPTION_SET,
    {.name = "skip",
     .type = COMMAND_FILE,
     .value = "FILE",
     .field = FIELD(skipped),
     .repeats = true,
     .doc = "A plugin file not to load."},
    {.name = "rows",
     .type = COMMAND_COUNT,
     .value = "ROWS",
     .field = FIELD(rows),
     .doc = "How many rows of a source's files to check."},
    {.name = "data",
     .type = COMMAND_FLAG,
     .field = FIELD(data),
     .doc = "Check all rows of a source's files."},
    {.name = "seconds",
     .type = COMMAND_SECONDS,
     .value = "SECONDS",
     .field = FIELD(seconds),
     .doc = "The time limit of planning."},
    {.name = "memory",
     .type = COMMAND_BYTES,
     .value = "BYTES",
     .field = FIELD(memory),
     .doc = "The memory limit of planning."},
    {0}};

static const command_option worker_operands[] = {
    {.type = COMMAND_FOLDER,
     .value = "WORK",
     .field = FIELD(file),
     .required = true,
     .doc = "The work folder."},
    {.type = COMMAND_COUNT,
     .value = "SOCKET",
     .field = FIELD(socket),
     .required = true,
     .doc = "The descriptor of the socket to the supervisor."},
    {.type = COMMAND_COUNT,
     .value = "SLOT",
     .field = FIELD(slot),
     .required = true,
     .doc = "The descriptor of the memory shared with the supervisor."},
    {0}};

static const command_option complete_operands[] = {
    {.type = COMMAND_TEXT,
     .value = "WORD",
     .field = FIELD(line),
     .repeats = true,
     .doc = "The words after heed, up to the cursor."},
    {0}};

static const char *const generate_words[] = {[GENERATE_DOCS] = "docs",
                                             [GENERATE_MAN] = "man",
                                             [GENERATE_METRICS] = "metrics",
                                             NULL};

static const command_option generate_operands[] = {
    {.type = COMMAND_WORD,
     .value = "WHAT",
     .words = generate_words,
     .field = FIELD(what),
     .required = true,
     .doc = "The page `docs/command-line.md` or `docs/metrics.md`, or the man "
            "pages."},
    {0}};

static const command_option generate_options[] = {
    OPTION_OUTPUT("The page, or the folder for the man pages.", NULL,
                  "standard output; only for the page"),
    {0}};

/* ---- the commands ---- */

const command_entry command_table[] = {
    {.name = "run",
     .summary = "run, resume or extend a sweep",
     .about =
         "Runs every cell of a sweep that is not recorded yet, in worker "
         "processes, and writes one result file.\n\n"
         "If the result file exists and is a result of the same sweep, heed "
         "extends it: only new values of axes and new replicates run. Ctrl-C "
         "finishes the cells that are running and keeps them; a second Ctrl-C "
         "stops at once. The same command resumes an interrupted run.\n\n"
         "A plugin that crashes, takes too long or needs too much memory fails "
         "the cells that depend on it. All other cells run.",
     .operands = sweep_operand,
     .options = run_options,
     .examples =
         (const command_example[]){
             {"heed run sweep.lua -o sweep.h5", "on all cores"},
             {"heed run sweep.lua -j 4 --timeout 600 --memory 2G",
              "four workers, ten minutes for a stage, 2 GiB for a worker"},
             {"heed run sweep.lua --set replicates=2 --set users.count=100",
              "with other values than those in the file"},
             {0}}},
    {.name = "check",
     .summary = "validate a sweep and show what it would run",
     .about =
         "Reads a sweep, checks its plugins, parameters and input files, and "
         "prints its axes, the number of cells, how often each stage runs, and "
         "the plugins and input files. It reads the first 1000 rows of a log "
         "as a run would. It runs no cell.\n\n"
         "An error message gives the file, the line, what was found and what "
         "was expected.",
     .operands = check_operands,
     .options = check_options,
     .examples =
         (const command_example[]){
             {"heed check sweep.lua", NULL},
             {"heed check sweep.lua --json > plan.json", "the plan"},
             {"heed check --plugin mine.so", "try a plugin"},
             {0}}},
    {.name = "new",
     .summary = "write a plugin that builds, with its test",
     .about =
         "Writes a small plugin of a kind into a new folder: its C source, a "
         "sweep that uses it, a CMakeLists.txt with a test, and a README.md. "
         "heed never overwrites a file.",
     .operands = new_operands,
     .options = new_options,
     .examples = (const command_example[]){{"heed new estimator/mine",
                                            "an estimator in the folder mine"},
                                           {0}}},
    {.name = "cell",
     .summary = "run one cell in the foreground",
     .about =
         "Runs one cell of a sweep in this process and prints its stages, "
         "times, metrics and warnings. It writes no file. Use it to debug a "
         "cell that failed.",
     .operands = sweep_operand,
     .options = cell_options,
     .examples =
         (const command_example[]){
             {"heed cell sweep.lua --index 17", NULL},
             {"heed cell sweep.lua --index 17 --debugger", "under gdb"},
             {0}}},
    {.name = "look",
     .summary = "say what a log seems to be, and print the sweep that reads it",
     .about =
         "Reads a log: the export of a tool that heed knows, or a table whose "
         "columns have names that say what they hold. Prints what it is, its "
         "rows, users, pairs, models, ties and duplicates, how many pairs "
         "several users judged, what is odd, and the sweep that reads it.\n\n"
         "The output is a sweep: the report is in its comments. Guesses are "
         "proposals; read them.",
     .operands = look_operands,
     .options = look_options,
     .examples =
         (const command_example[]){
             {"heed look votes.jsonl", NULL},
             {"heed look votes.jsonl > votes.lua", "a sweep to run"},
             {"heed look votes.csv --set columns.user=ip",
              "with other columns"},
             {"heed look votes.csv --rows --set ties=keep",
              "what heed reads of it"},
             {0}}},
    {.name = "list",
     .summary = "list the plugins",
     .about =
         "Lists the plugins in the plugin folders by kind, with a summary of "
         "each. A warning on standard error names each file that heed cannot "
         "load, and the reason.",
     .operands = list_operands,
     .options = list_options,
     .examples =
         (const command_example[]){
             {"heed list", NULL}, {"heed list estimator", NULL}, {0}}},
    {.name = "describe",
     .summary = "show the parameters and outputs of a plugin, or a metric",
     .about =
         "Shows what a plugin does, its file, and its parameters and outputs: "
         "names, types, ranges, units and defaults. Of a metric, shows its "
         "formula, unit and range, and what a sweep needs to have it.",
     .operands = describe_operands,
     .options = describe_options,
     .examples =
         (const command_example[]){
             {"heed describe KIND/NAME", "a plugin that heed list shows"},
             {"heed describe metric/win_rate", "the definition of a metric"},
             {"heed describe --lua > heed.d.lua",
              "types of sweeps for an editor"},
             {0}}},
    {.name = "show",
     .summary = "show means, intervals, failures and warnings",
     .about =
         "Shows the axes and cells of a result, its failures, warnings and "
         "signatures of failure, and for each metric the mean over replicates "
         "with its 95 % interval. If the replicates are a bootstrap of a log, "
         "it shows the value of the log, with an interval from the percentiles "
         "of the other replicates.",
     .operands = result_operand,
     .options = show_options,
     .examples =
         (const command_example[]){
             {"heed show sweep.h5", NULL},
             {"heed show sweep.h5 --metric win_rate --by share", NULL},
             {"heed show sweep.h5 --csv > sweep.csv", NULL},
             {0}}},
    {.name = "report",
     .summary = "make a page of figures, numbers and provenance",
     .about =
         "Writes one HTML page that needs no other file: a figure for each "
         "metric, drawn by gnuplot, the numbers, signatures of failure, "
         "failures, warnings, provenance and the sweep.\n\n"
         "Without `--metric`, the page shows the metrics of the evaluation "
         "stage that vary. All other axes become small multiples; if these are "
         "more than 24, heed averages over the longest axes.",
     .operands = result_operand,
     .options = report_options,
     .examples =
         (const command_example[]){
             {"heed report sweep.h5 -o sweep.html", NULL},
             {"heed report sweep.h5 --metric win_rate --x gap --lines share",
              NULL},
             {0}}},
    {.name = "users",
     .summary = "write the users, their attentiveness and a verdict on each",
     .about =
         "Writes the users of one cell: user, eta_hat, sd, annotations, the "
         "true eta if users are simulated, p_careless (the probability that "
         "the user's attentiveness is below `--threshold`) and verdict. The "
         "sweep must have `keep = {\"users\"}`.\n\n"
         "The verdict is `careless`, `trusted` or `unsure`. heed calls as many "
         "users careless as it can so that the expected share of false calls "
         "among them is at most `--alpha`, and trusts users by the same rule. "
         "heed calls nobody careless whose `p_careless` is below one half, "
         "trusts nobody with one above it, and gives no verdicts if the fit "
         "is not identified.",
     .operands = result_operand,
     .options = users_options,
     .examples =
         (const command_example[]){
             {"heed users log.h5 -o users.csv", NULL},
             {"heed users log.h5 --alpha 0.1 --sort p_careless",
              "whom to doubt, the surest first"},
             {"heed users log.h5 --group-by device", "who attends where"},
             {"heed users log.h5 --json -o users.json", "for a program"},
             {0}}},
    {.name = "pairs",
     .summary = "write the label that each pair's annotations agree on as CSV",
     .about =
         "Writes the pairs of one cell's selection: pair, model_a, model_b, "
         "choice (A, B or tie), the probability that the choice is right, and "
         "the number of annotations. Each annotation counts by its user's "
         "attentiveness. The models are there if the sweep has `keep = "
         "{\"selection\", \"models\"}`; it must have `keep = "
         "{\"selection\"}`.",
     .operands = result_operand,
     .options = pairs_options,
     .examples =
         (const command_example[]){{"heed pairs log.h5 -o pairs.csv", NULL},
                                   {0}}},
    {.name = "export",
     .summary = "write the selected annotations as a preference data set",
     .about =
         "Writes the selection of one cell as JSON Lines, the format that "
         "trainers of language models read. Each annotation that has a weight "
         "and is not a tie becomes one object: prompt, chosen, rejected, "
         "weight, eta_hat, user, pair. The sweep must have `keep = "
         "{\"selection\"}`.\n\n"
         "heed writes the file completely or not at all, and a data card "
         "beside it: sources, filter, attentiveness, license.",
     .operands = result_operand,
     .options = export_options,
     .examples =
         (const command_example[]){
             {"heed export log.h5 -o train.jsonl", NULL},
             {"heed export log.h5 --as messages --by pair -o train.jsonl",
              "one example a pair, for chat models"},
             {"heed export log.h5 --draw 100000 --license cc-by-4.0 -o "
              "train.jsonl",
              "drawn by weight, for trainers that ignore weights"},
             {0}}},
    {.name = "pack",
     .summary = "write a log as one compact file",
     .about =
         "Reads a log, given as a file or by a sweep, and writes it as one "
         "packed file, which the source reads much faster. Fits of the packed "
         "log are identical, bit for bit. Then set `source.path` to the packed "
         "log; you can keep the other settings.\n\n"
         "Without a sweep, heed guesses the format, as `heed look` does, and "
         "prints it; `--set columns.user=worker` sets a parameter of the "
         "source.\n\n"
         "heed writes a complete file or none, and never overwrites a file "
         "that it reads.",
     .operands = pack_operands,
     .options = pack_options,
     .examples =
         (const command_example[]){
             {"heed pack log.csv -o log.heed", "a log in a known form"},
             {"heed pack sweep.lua -o log.heed", "as the sweep reads it"},
             {"heed run sweep.lua --set source.path=log.heed",
              "run the sweep on the packed log"},
             {"heed pack today.lua --append log.heed -o log2.heed",
              "add the rows of today"},
             {0}}},
    {.name = "collect",
     .summary = "make a result file from a work folder",
     .about =
         "Makes a result file from the parts and the plan in a work folder. "
         "Cells that have not run yet are missing in the result; a later "
         "collect can add them. The folder does not change.",
     .operands = collect_operands,
     .options = collect_options,
     .examples =
         (const command_example[]){
             {"heed collect sweep.h5.work -o sweep.h5", NULL}, {0}}},
    {.name = "help",
     .summary = "explain a command",
     .about = "Shows what a command does and its options, as `--help` does.",
     .operands = help_operands,
     .options = none,
     .examples = (const command_example[]){{"heed help run", NULL}, {0}}},

    {.name = "plan",
     .hidden = true,
     .summary = "plan a sweep for heed run",
     .about = "The planner. heed itself starts it, with a pipe for reports.",
     .operands = sweep_operand,
     .options = plan_options,
     .examples = (const command_example[]){{0}}},
    {.name = "worker",
     .hidden = true,
     .summary = "run cells for heed run",
     .about = "A worker. heed itself starts it.",
     .operands = worker_operands,
     .options = none,
     .examples = (const command_example[]){{0}}},
    {.name = "complete",
     .hidden = true,
     .summary = "list the choices for the word at the cursor",
     .about =
         "Prints the choices for the last word: one per line, with a tab and a "
         "description; or `:files ENDING` or `:folders`, which the shell "
         "completes. If the word is `--option=VALUE`, it prints the choices "
         "for the value. The scripts in `completion/` call it.",
     .operands = complete_operands,
     .options = none,
     .examples =
         (const command_example[]){{"heed complete -- run --pro", NULL}, {0}}},
    {.name = "generate",
     .hidden = true,
     .summary = "make documentation from the tables of the code",
     .about = "Writes the page of the command line or of the metrics, or all "
              "man pages.",
     .operands = generate_operands,
     .options = generate_options,
     .examples =
         (const command_example[]){
             {"heed generate docs -o docs/command-line.md", NULL},
             {"heed generate metrics -o docs/metrics.md", NULL},
             {0}}},
    {0}};

static const command_option program_operands[] = {{.type = COMMAND_COMMAND,
                                                   .value = "COMMAND",
                                                   .field = FIELD(topic),
                                                   .required = true,
                                                   .doc = "What to do."},
                                                  {0}};

static const command_option program_options[] = {
    {.name = "version",
     .field = FIELD(version),
     .doc = "Print the version of heed and of its plugin ABI, and exit."},
    {0}};

const command_entry command_program = {
    .name = "",
    .summary = "learn LLM preferences from ordinary users, by experiment",
    .about =
        "Measures, in simulations and logs, which users paid attention when "
        "they compared two answers, what the choices of the others cost, and "
        "how good a model trained on these choices is. An experiment is a "
        "sweep in Lua; its parts are plugins; its result is one HDF5 file.",
    .operands = program_operands,
    .options = program_options,
    .examples = (const command_example[]){
        {"heed check sweep.lua", "what it would run"},
        {"heed run sweep.lua -o sweep.h5", "run it on all cores"},
        {"heed show sweep.h5", "means, intervals, failures"},
        {"heed report sweep.h5 -o sweep.html", "figures and numbers on a page"},
        {0}}};

const command_status command_statuses[] = {
    {EXIT_DONE, "done"},
    {EXIT_FAILED, "failed"},
    {EXIT_USAGE, "wrong usage (also a missing input file) or invalid sweep"},
    {EXIT_SOME_FAILED, "done, but some cells failed or are missing"},
    {EXIT_INTERRUPTED, "interrupted; the same command resumes the run"},
    {0}};

const command_variable command_variables[] = {
    {"HEED_PLUGIN_PATH",
     "The folders with plugins, separated by colons. `--plugin-path` takes "
     "precedence."},
    {0}};

/* ---- look-up ---- */

const command_entry *command_find(const char *name) {
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (strcmp(entry->name, name) == 0) return entry;
  return NULL;
}

const char *command_nearest(const char *name) {
  const char *names[sizeof command_table / sizeof *command_table];
  size_t count = 0;
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (!entry->hidden) names[count++] = entry->name;
  return schema_nearest(name, names, count);
}

const command_option *command_option_at(const command_entry *entry,
                                        size_t index) {
  for (const command_option *option = entry->options; option->name != NULL;
       option++)
    if (index-- == 0) return option;
  for (const command_option *option = command_common_options;
       option->name != NULL; option++)
    if (index-- == 0) return option;
  return NULL;
}

const char *command_word(const command_option *option, size_t index) {
  if (option->type == COMMAND_KIND)
    return index == COMMAND_METRICS ? "metric" : kind_name((heed_kind)index);
  if (option->type == COMMAND_WORD) return option->words[index];
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (!entry->hidden && index-- == 0) return entry->name;
  return NULL;
}

void command_words(const command_option *option, char *text, size_t size) {
  size_t used = 0;
  *text = '\0';
  for (size_t i = 0; command_word(option, i) != NULL && used < size; i++) {
    const char *gap = i == 0                                ? ""
                      : command_word(option, i + 1) == NULL ? " or "
                                                            : ", ";
    used += (size_t)snprintf(text + used, size - used, "%s%s", gap,
                             command_word(option, i));
  }
}
