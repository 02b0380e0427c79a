/*
 * trainyard.h: the whole contract between Trainyard and what it loads.
 *
 * A model, callback, monitor or dataset is a shared library that exports one
 * function, trainyard_plugin(). It returns a module: a list of components, each
 * with its options and a table of functions. The host opens the library, reads
 * the tables, creates instances and calls them; nothing else crosses the border.
 * Copy this file: a plugin in C needs libc and nothing else.
 *
 *     cc -O2 -shared -fPIC -fvisibility=hidden -I include mine.c -o libmine.so
 *
 * THE RESET CONTRACT
 *
 * One instance serves many runs: every fold of a cross-validation, every trial
 * of a search. So each kind has a reset(), which is required, and:
 *
 *  1. After reset() returns TY_OK the instance is observably a new one with the
 *     same options: it has the same effects and saves the same state. The
 *     options, the host pointer and metric ids stay, and so does what depends on
 *     options alone and no run can change (a parsed file, a compiled kernel, a
 *     buffer). All that was learned from a run goes, with its files, threads and
 *     position in random streams.
 *  2. reset() is legal in every state after create(): after a run that was
 *     aborted, after a hook that failed, after a reset that failed. Calling it
 *     twice is the same as calling it once.
 *  3. The host owns the order. create() once; then, for every run, reset() of ALL
 *     instances -> state_load(), only when a run is resumed -> on_train_begin()
 *     of all, which clears nothing -> ... -> on_train_end(). The first run is no
 *     exception. A monitor's state_load() comes after its prepare(), which clears
 *     nothing either.
 *  4. Training never goes on after a failed reset(): the host destroys the
 *     instance and creates it again, and says so, or it ends the run.
 *  5. The compiler (in Swift), the loader (a NULL reset is refused) and
 *     `trainyard check` (which compares behaviour) enforce it.
 *
 * In practice: keep all that a run can change in one struct, and let reset()
 * assign a fresh one.
 *
 * RULES THAT HOLD EVERYWHERE
 *
 *  - Text is UTF-8 and ends with a NUL. Paths are bytes as the system has them.
 *  - A pointer given to a function is borrowed until that function returns,
 *    unless its comment says otherwise. What a plugin returns by pointer stays
 *    the plugin's, and stays valid for as long as the comment says.
 *  - Every struct that crosses begins with struct_size: whoever fills the struct
 *    writes sizeof of the struct it was compiled with. A reader must not read
 *    past it; a writer never writes past it. Structs grow at the end only.
 *  - Nothing unwinds across a function pointer: no exception, no longjmp.
 *  - A function that can fail returns a ty_status and first gives the words to
 *    host->fail(), which copies them.
 *  - One thread makes every call on an instance, from create() to destroy(), and
 *    calls never overlap. The one exception is the dataset's read(), which may
 *    run on a loader thread, one call at a time.
 *  - A plugin that starts threads of its own joins them in on_train_end() or
 *    reset(). Only the calling thread may use the host pointer.
 *  - Libraries are never unloaded.
 *
 * Each function says where it may be called, in brackets at the end:
 *   [create]  while create() runs          [run-thread]  in any call of the instance
 *   [begin]   while on_train_begin() or    [hook]        in a callback's hooks
 *             prepare() runs               [any-thread]  everywhere
 */
#ifndef TRAINYARD_H
#define TRAINYARD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 1. Version and status -------------------------------------------------- */

/* Until 1.0, host and plugin must agree in both numbers. From 1.0 on the major
 * must match and the minor informs. */
#define TY_ABI_MAJOR 0
#define TY_ABI_MINOR 2

#if defined(_WIN32)
#define TY_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define TY_EXPORT __attribute__((visibility("default")))
#else
#define TY_EXPORT
#endif

typedef int32_t ty_status;
#define TY_OK 0          /* done; effects asked for in this call are applied */
#define TY_FAILED 1      /* not done; host->fail() has the words; effects are dropped */
#define TY_UNSUPPORTED 2 /* this instance cannot do that at all */

/* Kinds of components. */
#define TY_KIND_CALLBACK 1
#define TY_KIND_MODEL 2
#define TY_KIND_MONITOR 3
#define TY_KIND_DATASET 4

typedef struct ty_host ty_host;
typedef struct ty_component ty_component;

/* ---- 2. Tensors -------------------------------------------------------------- */

/* Layout of DLPack's DLTensor, so that `(DLTensor *)tensor` works. Borrowed until
 * the call returns. Strides count elements and are always filled. A missing
 * tensor has data == NULL and ndim == 0. In 1.0 the device is always the CPU. */
#define TY_DEVICE_CPU 1

#define TY_DTYPE_INT 0
#define TY_DTYPE_UINT 1
#define TY_DTYPE_FLOAT 2
#define TY_DTYPE_BFLOAT 4

typedef struct ty_device {
  int32_t type;
  int32_t id;
} ty_device;

typedef struct ty_dtype {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} ty_dtype;

typedef struct ty_tensor {
  void *data;
  ty_device device;
  int32_t ndim;
  ty_dtype dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byte_offset;
} ty_tensor;

/* ---- 3. Options -------------------------------------------------------------- */

/* What the user may set. Rows are static: the host reads them without creating
 * anything, checks the user's values against them, fills in defaults, and hands
 * them out through the option_ getters of ty_host while create() runs. */
#define TY_OPTION_BOOL 1
#define TY_OPTION_INT 2
#define TY_OPTION_FLOAT 3
#define TY_OPTION_STRING 4
#define TY_OPTION_CHOICE 5   /* one of `choices` */
#define TY_OPTION_PATH 6     /* relative to the pipeline file; handed out absolute */
#define TY_OPTION_DURATION 7 /* "90s", "1h30m"; handed out as seconds, by option_float */
#define TY_OPTION_METRIC 8   /* the name of a metric */
#define TY_OPTION_TABLE 9    /* JSON text that create() validates */
#define TY_OPTION_REST 10    /* one row at most: unknown keys, as one JSON object */

#define TY_OPTION_REQUIRED 0x1 /* the user must give it */
#define TY_OPTION_SECRET 0x2   /* never printed nor written to a run folder */
#define TY_OPTION_LIST 0x4     /* a list of `type`; a single value is a list of one */

typedef struct ty_option {
  uint32_t struct_size;
  uint32_t type;
  uint32_t flags;
  uint32_t choice_count;
  const char *key;
  const char *doc;            /* a sentence or two: meaning, unit, what happens at the ends */
  const char *default_text;   /* as a user would write it: "3", "[128, 64]"; NULL: none */
  const char *range;          /* an interval, "[0, 1)" or "(0, )"; of each element; NULL: any finite number.
                               * Infinity is taken where it is an end: "[0, inf]", "[-inf, inf]". NaN never is */
  const char *unit;           /* "epochs", "s", "bytes"; NULL: none */
  const char *const *choices; /* choice_count texts; NULL: none */
} ty_option;

/* ---- 4. Metrics -------------------------------------------------------------- */

/* A metric is a named series of doubles. Ids are dense, small, and stay the same
 * for the life of the host, over every run and reset. What an event carries is
 * said by a bitmap beside a flat array: a NaN is a value, absence is not NaN. */
#define TY_DIRECTION_NONE 0
#define TY_DIRECTION_MIN 1
#define TY_DIRECTION_MAX 2

#define TY_PHASE_BATCH 0x1 /* present when a batch has ended */
#define TY_PHASE_EPOCH 0x2 /* present when an epoch has ended */

#define TY_WANT_REQUIRED 0 /* a run that cannot produce it does not start */
#define TY_WANT_OPTIONAL 1 /* a run that cannot produce it starts with a warning */

/* A text or a list of numbers beside the metrics of an epoch. Loggers write them;
 * nobody watches them. */
typedef struct ty_note {
  uint32_t struct_size;
  uint32_t count;       /* of values */
  const char *name;
  const char *text;     /* NULL for a list */
  const double *values; /* NULL for a text */
} ty_note;

/* ---- 5. Events --------------------------------------------------------------- */

#define TY_HOOK_TRAIN_BEGIN 0
#define TY_HOOK_TRAIN_END 1
#define TY_HOOK_EPOCH_BEGIN 2
#define TY_HOOK_EPOCH_END 3
#define TY_HOOK_BATCH_BEGIN 4
#define TY_HOOK_BATCH_END 5
#define TY_HOOK_OPTIMIZER_STEP 6
#define TY_HOOK_VALIDATION_BEGIN 7
#define TY_HOOK_VALIDATION_END 8
#define TY_HOOK_VALIDATION_BATCH_BEGIN 9
#define TY_HOOK_VALIDATION_BATCH_END 10
#define TY_HOOK_EXCEPTION 11
#define TY_HOOK_COUNT 12

#define TY_OUTCOME_NONE 0        /* still running */
#define TY_OUTCOME_FINISHED 1    /* all epochs ran */
#define TY_OUTCOME_STOPPED 2     /* a callback asked to stop */
#define TY_OUTCOME_INTERRUPTED 3 /* from outside: release what you hold, change no weights */
#define TY_OUTCOME_FAILED 4      /* an error: likewise */

#define TY_PASS_TRAIN 0
#define TY_PASS_VALIDATION 1
#define TY_PASS_EVALUATE 2
#define TY_PASS_PREDICT 3

/* What every hook of a callback is given. */
typedef struct ty_event {
  uint32_t struct_size;
  uint32_t hook;    /* TY_HOOK_... */
  uint32_t outcome; /* TY_OUTCOME_...; other than NONE in on_train_end only */
  uint32_t metric_count;
  int64_t epoch;    /* from 0; in on_train_end the last one begun, -1: none */
  int64_t batch;    /* from 0 within its pass; -1 outside a batch */
  int64_t step;     /* optimizer steps done in this run */
  int64_t examples; /* rows of this batch; of the pass so far in epoch and pass ends */
  const double *values;    /* metric_count values, by metric id */
  const uint64_t *present; /* bit id%64 of word id/64: is values[id] there? */
  uint64_t note_count;     /* on_epoch_end only */
  const ty_note *const *notes;
  const char *text; /* on_exception: the error; on_train_end: why it ended; else NULL */
} ty_event;

/* Whether the event carries the metric; its value is then event->values[id]. */
static inline int ty_event_has(const ty_event *event, uint32_t id) {
  return id < event->metric_count && ((event->present[id / 64] >> (id % 64)) & 1u) != 0;
}

/* ---- 6. The host ------------------------------------------------------------- */

#define TY_LOG_DEBUG 0
#define TY_LOG_INFO 1
#define TY_LOG_WARNING 2

/* Given to create(); valid until destroy() returns, one for each instance.
 *
 * EFFECTS (publish, stop, and all that the services mark as an effect) are
 * requests. Those of one call are carried out, in order, when that call returns
 * TY_OK, before the next callback of the same hook is called. Those of a call
 * that fails are dropped. A getter inside a call shows what was before it. Every
 * callback of a hook is told, also when an earlier one asked to stop. */
struct ty_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  void *context; /* the host's */

  /* Why the call that is running is about to return TY_FAILED: what went wrong and
   * what the user can do about it. Copied. The last call wins. [run-thread; in a
   * dataset's read() also on the loader thread] */
  void (*fail)(const ty_host *host, const char *text);

  /* A line for the user. Plugins never print: the host knows where a line may go,
   * and isolated plugins have no terminal. An effect. [run-thread] */
  void (*log)(const ty_host *host, uint32_t level, const char *text);

  /* A table of further functions, or NULL where this host does not have it:
   * "trainyard.run/1" -> ty_run_service, and so on. Valid as long as the host
   * pointer. [run-thread] */
  const void *(*service)(const ty_host *host, const char *id);

  /* The instance's name in the run. Valid as long as the host pointer. [run-thread] */
  const char *(*instance_name)(const ty_host *host);

  /* The user's value of an option, or its default. option_count is the number of
   * values: 0 where there is none, 1 for a single value, n for a list. index is 0
   * for a single value. A key that no row declares, or a getter of another type,
   * makes create() fail with the host's words. Texts are valid until create()
   * returns. [create] */
  uint64_t (*option_count)(const ty_host *host, const char *key);
  int32_t (*option_bool)(const ty_host *host, const char *key, uint64_t index);
  int64_t (*option_int)(const ty_host *host, const char *key, uint64_t index);
  double (*option_float)(const ty_host *host, const char *key, uint64_t index);
  const char *(*option_text)(const ty_host *host, const char *key, uint64_t index);

  /* The id of a metric that this instance reads. [create, begin] */
  uint32_t (*metric_want)(const ty_host *host, const char *name, uint32_t want);
  /* The id of a metric that this instance will publish. The host puts "val_" before
   * the name for the instance of a monitor that serves the validation pass.
   * [create, begin] */
  uint32_t (*metric_declare)(const ty_host *host, const char *name, uint32_t direction,
                             uint32_t phase);
  /* TY_DIRECTION_... of a metric in this run; ask in each run, never keep it.
   * Complete once every on_train_begin() has run. [hook] */
  uint32_t (*metric_direction)(const ty_host *host, uint32_t id);
  /* NULL for an id that does not exist. Valid as long as the host pointer. [run-thread] */
  const char *(*metric_name)(const ty_host *host, uint32_t id);

  /* Effects. A value for a metric that this instance declared; the callbacks after
   * it in this hook see it. A monitor publishes from compute(). [run-thread] */
  void (*publish)(const ty_host *host, uint32_t id, double value);
  /* A text, or a list of numbers, for loggers. Copied. [on_epoch_end, compute] */
  void (*publish_text)(const ty_host *host, const char *name, const char *text);
  void (*publish_list)(const ty_host *host, const char *name, const double *values,
                       uint64_t count);
  /* Ends training at the next batch boundary; the epoch is closed properly. The reason
   * is shown to the user. [hook] */
  void (*stop)(const ty_host *host, const char *reason);
  /* A short text that replaces the one before, as a progress line does on a terminal.
   * Shown where there is a terminal, dropped elsewhere; "" takes it away. [hook] */
  void (*status)(const ty_host *host, const char *text);
};

/* ---- 7. Services ------------------------------------------------------------- */

#define TY_SERVICE_RUN "trainyard.run/1"
#define TY_SERVICE_WEIGHTS "trainyard.weights/1"
#define TY_SERVICE_OPTIMIZER "trainyard.optimizer/1"
#define TY_SERVICE_FILES "trainyard.files/1"
#define TY_SERVICE_RANDOM "trainyard.random/1"
#define TY_SERVICE_CLOCK "trainyard.clock/1"
#define TY_SERVICE_MONITORS "trainyard.monitors/1"
#define TY_SERVICE_COLLECTIVE "trainyard.collective/1"

/* Facts of a run, fixed from before on_train_begin() to after on_train_end(). */
typedef struct ty_run_facts {
  uint32_t struct_size;
  uint32_t resumed;           /* 1: continues an interrupted run */
  uint64_t seed;              /* of the run */
  int64_t epochs;             /* planned */
  int64_t initial_epoch;      /* the first one that will run */
  int64_t batches_per_epoch;  /* training batches */
  int64_t batch_size;
  int64_t training_rows;
  int64_t validation_rows;    /* 0: the run does not validate */
  int32_t threads;            /* that one fit may use */
  int32_t rank;               /* of this process, from 0 */
  int32_t world;              /* number of processes, 1 alone */
  int32_t terminal_width;     /* columns; 0: output is not a terminal */
  const char *folder;         /* the run's folder; "" where there is none */
  const char *model;          /* id of the model's component */
} ty_run_facts;

typedef struct ty_run_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* NULL outside a run. Valid until the call of the instance returns. [run-thread] */
  const ty_run_facts *(*facts)(const ty_host *host);
} ty_run_service;

/* One named tensor of a model. */
typedef struct ty_weight {
  uint32_t struct_size;
  uint32_t trainable; /* 0: a buffer, such as a running mean */
  const char *name;
  ty_tensor tensor;
} ty_weight;

/* The model's weights, and snapshots of them. A slot is a snapshot that the host
 * keeps for this instance: numbered by the instance from 0 to 15, dropped by the
 * host at reset, part of a checkpoint. Nothing is copied through the border. */
typedef struct ty_weights_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* Number of weights, and a read-only view of one. Views are valid until the call of
   * the instance returns. [hook] */
  uint64_t (*count)(const ty_host *host);
  ty_status (*view)(const ty_host *host, uint64_t index, ty_weight *weight);
  /* Whether the slot holds something. [hook] */
  int32_t (*slot_filled)(const ty_host *host, uint32_t slot);
  /* All below are effects. [hook] */
  void (*assign)(const ty_host *host, const ty_weight *const *weights, uint64_t count);
  void (*slot_take)(const ty_host *host, uint32_t slot);    /* slot := weights */
  void (*slot_restore)(const ty_host *host, uint32_t slot); /* weights := slot, if filled */
  void (*slot_swap)(const ty_host *host, uint32_t slot);    /* exchange the two, if filled */
  /* slot := slot_scale * slot + weight_scale * weights; an empty slot is taken first. */
  void (*slot_blend)(const ty_host *host, uint32_t slot, double slot_scale,
                     double weight_scale);
  void (*slot_drop)(const ty_host *host, uint32_t slot);
  /* Writes the weights as they are at that moment, as safetensors, to a path relative to
   * the run's folder; written beside, synced and renamed. */
  void (*save)(const ty_host *host, const char *path);
  /* Asks for a resumable checkpoint. It is taken at the next place where the run can be left,
   * when all hooks of the batch or of the epoch's end have run: between two batches of a pass
   * or between two epochs; between epochs only, where a monitor has no state_save. Marks made
   * until then are one; one made in on_exception() or on_train_end() comes to nothing. */
  void (*mark_checkpoint)(const ty_host *host);
} ty_weights_service;

/* Hyper-parameters of the model that may change while it trains: "learning_rate",
 * "momentum", "weight_decay", "accumulate_grad_batches", ... */
typedef struct ty_optimizer_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* The name of hyper-parameter `index`, NULL past the last. Valid until the call of the
   * instance returns. [hook] */
  const char *(*name)(const ty_host *host, uint64_t index);
  /* TY_UNSUPPORTED when the model has none of that name. [hook] */
  ty_status (*get)(const ty_host *host, const char *name, double *value);
  void (*set)(const ty_host *host, const char *name, double value); /* an effect [hook] */
} ty_optimizer_service;

/* Files of the run. Paths are relative to the run's folder and may not leave it.
 * Checkpoints record the length of every file appended to, and a resumed run cuts it
 * back to that length: no row is doubled. */
typedef struct ty_files_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* The size in bytes; -1 where there is no such file. [hook, compute] */
  int64_t (*size)(const ty_host *host, const char *path);
  /* All below are effects. [hook, compute] */
  void (*start)(const ty_host *host, const char *path); /* makes it empty, or makes it */
  void (*append)(const ty_host *host, const char *path, const void *bytes, uint64_t size);
  void (*remove)(const ty_host *host, const char *path); /* after earlier writes are safe */
} ty_files_service;

/* A random stream of the instance's own, seeded from the run's seed and the instance's
 * name, set to its start by the host before each reset(), kept in checkpoints. */
typedef struct ty_random_service {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t (*next)(const ty_host *host); /* 64 uniform bits [run-thread] */
} ty_random_service;

/* The host's clocks: a replay or a test may set them. */
typedef struct ty_clock_service {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t (*monotonic)(const ty_host *host); /* nanoseconds, never backwards [run-thread] */
  int64_t (*wall)(const ty_host *host);      /* nanoseconds since 1970, UTC [run-thread] */
} ty_clock_service;

/* Adds a monitor to the run that is about to start, as if the pipeline had named it. The
 * component is a monitor, without required options, and lives as long as the library. In a
 * later run it must be added again. [begin; in create: for the first run and every later one] */
typedef struct ty_monitors_service {
  uint32_t struct_size;
  uint32_t reserved;
  ty_status (*add)(const ty_host *host, const ty_component *component, const char *name);
} ty_monitors_service;

/* Sums and copies over the processes of a run, for models; NULL where there is one process.
 * Every process must make the same calls in the same order. [run-thread, models] */
typedef struct ty_collective_service {
  uint32_t struct_size;
  uint32_t reserved;
  ty_status (*all_reduce_sum)(const ty_host *host, ty_tensor *tensor);
  ty_status (*broadcast)(const ty_host *host, ty_tensor *tensor, int32_t from_rank);
} ty_collective_service;

/* ---- 8. State for checkpoints ------------------------------------------------- */

/* Keys and values. A key that is missing when state is loaded keeps its default;
 * loading an empty source equals reset(). A tensor or bytes that a source hands out are
 * valid until state_load() returns. */
typedef struct ty_sink ty_sink;
struct ty_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  void (*put_int)(const ty_sink *sink, const char *key, int64_t value);
  void (*put_float)(const ty_sink *sink, const char *key, double value);
  void (*put_bytes)(const ty_sink *sink, const char *key, const void *bytes, uint64_t size);
  void (*put_tensor)(const ty_sink *sink, const char *key, const ty_tensor *tensor);
};

typedef struct ty_source ty_source;
struct ty_source {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  /* 1: *value was set; 0: no such key; -1: the key holds another type. */
  int32_t (*get_int)(const ty_source *source, const char *key, int64_t *value);
  int32_t (*get_float)(const ty_source *source, const char *key, double *value);
  int32_t (*get_bytes)(const ty_source *source, const char *key, const void **bytes,
                       uint64_t *size);
  int32_t (*get_tensor)(const ty_source *source, const char *key, ty_tensor *tensor);
  const char *(*key)(const ty_source *source, uint64_t index); /* NULL past the last */
};

/* ---- 9. Data and tasks --------------------------------------------------------- */

#define TY_TASK_BINARY 1     /* prediction [n]: probability of class 1 */
#define TY_TASK_CLASSES 2    /* prediction [n, classes]: probabilities */
#define TY_TASK_REGRESSION 3 /* prediction [n] or [n, width] */
#define TY_TASK_RANKING 4    /* prediction [n]: scores */

/* What the data of a run asks of a model, and what a monitor may expect. */
typedef struct ty_task {
  uint32_t struct_size;
  uint32_t task; /* TY_TASK_... */
  int32_t feature_ndim;         /* dimensions of one row's features, 1 or more */
  int32_t threads;              /* that the model may use */
  const int64_t *feature_shape; /* feature_ndim sizes */
  int64_t output_width;         /* classes, or numbers in a regression target; 1: [n] */
  const char *const *class_names; /* output_width texts, 2 for a binary task; NULL: none */
  int64_t training_rows;
  int64_t batch_size;
  int64_t epochs;
} ty_task;

/* Rows on their way through a model. Features are f32. The target is i32 class
 * numbers for binary and classes, f32 otherwise; weights are f32. */
typedef struct ty_batch {
  uint32_t struct_size;
  uint32_t pass; /* TY_PASS_... */
  int64_t rows;
  uint64_t data_id;   /* equal and not 0: the very same rows as before, so that a full-batch
                         model may keep what it built from them */
  ty_tensor features; /* [rows, ...], contiguous */
  ty_tensor target;   /* [rows] or [rows, width]; missing in a predict pass */
  ty_tensor weight;   /* [rows]; missing: all 1 */
  ty_tensor group;    /* [rows] i64, ranking; missing: none */
  uint32_t ends_pass; /* 1: the last batch of this pass over the data: a step that gradients are
                         accumulated for is due, also when the group is not full */
  uint32_t reserved;
} ty_batch;

/* ---- 10. Callbacks --------------------------------------------------------------- */

#define TY_CALLBACK_EVERY_RANK 0x1 /* called in every process of a run, not in the first alone */

typedef ty_status (*ty_hook)(void *self, const ty_event *event);

/* create, destroy and reset are required. Any other slot may be NULL: the host then does
 * not even build that event. */
typedef struct ty_callback {
  uint32_t struct_size;
  uint32_t flags;
  /* Makes an instance with the options that host gives. On failure nothing is left behind
   * and destroy() is not called. No run has begun. */
  ty_status (*create)(const ty_component *component, const ty_host *host, void **self);
  void (*destroy)(void *self);
  ty_status (*reset)(void *self); /* see THE RESET CONTRACT */
  ty_status (*state_save)(void *self, const ty_sink *sink);
  ty_status (*state_load)(void *self, const ty_source *source);
  ty_hook on_train_begin;
  ty_hook on_train_end; /* always, when on_train_begin of this instance returned TY_OK */
  ty_hook on_epoch_begin;
  ty_hook on_epoch_end; /* after validation, with every metric of the epoch */
  ty_hook on_batch_begin;
  ty_hook on_batch_end; /* "loss" is this batch's own */
  ty_hook on_optimizer_step;
  ty_hook on_validation_begin;
  ty_hook on_validation_end;
  ty_hook on_validation_batch_begin;
  ty_hook on_validation_batch_end;
  ty_hook on_exception; /* before on_train_end(failed) */
} ty_callback;

/* ---- 11. Models -------------------------------------------------------------------- */

#define TY_MODEL_FULL_BATCH 0x1   /* every training batch is the whole training set */
#define TY_MODEL_RESUME_EXACT 0x2 /* state_load continues bit for bit */

/* What a model will answer for the task it was reset with. */
typedef struct ty_model_facts {
  uint32_t struct_size;
  uint32_t task;  /* TY_TASK_...: as asked, or the run is refused with the model's words */
  uint32_t flags; /* TY_MODEL_... */
  ty_dtype prediction; /* f32 or f64 */
  int64_t width;       /* predictions are [n, width]; 0: [n] */
} ty_model_facts;

/* What one step gave. Prediction: activated (probabilities, not logits), valid until the
 * next call on this model. */
typedef struct ty_step {
  uint32_t struct_size;
  uint32_t optimizer_steps; /* that this call made; 0 while gradients are accumulated */
  double loss;   /* sum(w*l)/sum(w) over the batch, plus regularisation */
  double weight; /* sum(w); the number of rows without weights */
  ty_tensor prediction;
} ty_step;

typedef struct ty_model {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  ty_status (*create)(const ty_component *component, const ty_host *host, void **self);
  void (*destroy)(void *self);
  /* Weights and optimizer as new, for this task, from this seed: the same seed gives the
   * same weights. Also sets every hyper-parameter back to its option. */
  ty_status (*reset)(void *self, uint64_t seed, const ty_task *task);
  /* The optimizer and all else that is not in the weights. */
  ty_status (*state_save)(void *self, const ty_sink *sink);
  ty_status (*state_load)(void *self, const ty_source *source);
  /* Required. Legal after reset. */
  ty_status (*describe)(void *self, ty_model_facts *facts);
  /* Required. One forward and backward pass and, unless gradients are accumulated, one
   * optimizer step. The loss and the prediction are those before the step. */
  ty_status (*train_step)(void *self, const ty_batch *batch, ty_step *step);
  /* Required. Forward only, changes nothing. Without a target the loss is NaN. */
  ty_status (*evaluate)(void *self, const ty_batch *batch, ty_step *step);
  /* The weights by index; names and shapes stay from reset to reset, the memory until the
   * next call. A model whose state is no tensor shows one of u8, its serialised form,
   * whose length may change. Bytes whose name has an extension ("model.txt") become a file of
   * the run's model, too; weights "feature_importance.<kind>" that are not trainable, one
   * number for each feature, a table of the run. */
  uint64_t (*weight_count)(void *self);
  ty_status (*weight)(void *self, uint64_t index, ty_weight *weight);
  /* Replaces the weights that are named; the others stay. Shapes must fit. */
  ty_status (*assign)(void *self, const ty_weight *const *weights, uint64_t count);
  /* Hyper-parameters, see ty_optimizer_service. */
  const char *(*parameter_name)(void *self, uint64_t index);
  ty_status (*parameter_get)(void *self, const char *name, double *value);
  ty_status (*parameter_set)(void *self, const char *name, double value);
  /* A cheaper way than views to keep and bring back weights: a booster keeps a round
   * number. All three or none. */
  ty_status (*snapshot_take)(void *self, uint32_t slot);
  ty_status (*snapshot_restore)(void *self, uint32_t slot);
  ty_status (*snapshot_drop)(void *self, uint32_t slot);
} ty_model;

/* ---- 12. Monitors -------------------------------------------------------------------- */

#define TY_MONITOR_SAMPLE 0x1 /* measures the process, not predictions: update is not called,
                                 and there is one instance, for the training pass */

/* Measures a pass. The host keeps one instance for the training pass and one for the
 * validation pass, so they never mix; each declares its metrics in create() or prepare(). */
typedef struct ty_monitor {
  uint32_t struct_size;
  uint32_t flags;
  ty_status (*create)(const ty_component *component, const ty_host *host, void **self);
  void (*destroy)(void *self);
  ty_status (*reset)(void *self);
  ty_status (*state_save)(void *self, const ty_sink *sink);
  /* Of a run that is resumed, after prepare(). A pass that was left in the middle goes on with
   * update(), without another pass_begin(): the state holds what was accumulated. Where
   * state_save is NULL the run can be left between epochs only. */
  ty_status (*state_load)(void *self, const ty_source *source);
  /* Once a run, after reset and before state_load: the task; a monitor that cannot serve it
   * fails here. */
  ty_status (*prepare)(void *self, const ty_task *task);
  ty_status (*pass_begin)(void *self, uint32_t pass); /* clears what has been accumulated */
  /* Required unless TY_MONITOR_SAMPLE. Any split into batches must give the same result. */
  ty_status (*update)(void *self, const ty_batch *batch, const ty_tensor *prediction);
  /* Required. Publishes the values; one that is not defined is not published. */
  ty_status (*compute)(void *self);
  /* Adds what another instance of the same component and options has accumulated. */
  ty_status (*merge)(void *self, void *other);
} ty_monitor;

/* ---- 13. Datasets ---------------------------------------------------------------------- */

#define TY_ROLE_FEATURE 1
#define TY_ROLE_TARGET 2
#define TY_ROLE_WEIGHT 3
#define TY_ROLE_GROUP 4
#define TY_ROLE_TIME 5
#define TY_ROLE_ID 6

/* One field of every row. Missing numbers are NaN, missing categories -1. */
typedef struct ty_field {
  uint32_t struct_size;
  uint32_t role; /* TY_ROLE_... */
  const char *name;
  ty_dtype dtype;         /* u8, i32, i64, f32 or f64 */
  int32_t ndim;           /* of one row; 0: a single number */
  const int64_t *shape;   /* ndim sizes */
  uint64_t category_count; /* > 0: integer codes from 0, and their names */
  const char *const *categories; /* NULL: the codes are their own names */
} ty_field;

typedef struct ty_read {
  uint32_t struct_size;
  uint32_t reserved;
  const int64_t *rows; /* row_count row numbers, in any order, also repeated */
  int64_t row_count;
  uint64_t seed;       /* for augmentation: what is read depends on row, seed and epoch alone */
  int64_t epoch;
} ty_read;

/* Rows by number, so that the host owns shuffling, splits, folds, shards and resume. Length
 * and fields depend on the options alone. */
typedef struct ty_dataset {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  ty_status (*create)(const ty_component *component, const ty_host *host, void **self);
  void (*destroy)(void *self);
  ty_status (*reset)(void *self);
  ty_status (*state_save)(void *self, const ty_sink *sink);
  ty_status (*state_load)(void *self, const ty_source *source);
  /* Required. */
  int64_t (*row_count)(void *self);
  uint64_t (*field_count)(void *self);
  /* Required. NULL past the last field. Valid until destroy(). */
  const ty_field *(*field)(void *self, uint64_t index);
  /* Required. Fills fields[i], of shape [row_count, field's shape], for each field; a NULL
   * entry is not wanted. [run-thread, loader-thread] */
  ty_status (*read)(void *self, const ty_read *request, ty_tensor *const *fields);
  /* A view of a whole field, [rows, field's shape], contiguous, never changed until
   * destroy(): the host gathers from it itself. TY_UNSUPPORTED where there is none, as for a
   * field that read() augments. */
  ty_status (*whole)(void *self, uint64_t field, ty_tensor *tensor);
} ty_dataset;

/* ---- 14. Components, modules, the entry -------------------------------------------------- */

/* Static, and never changed after the entry has returned it. */
struct ty_component {
  uint32_t struct_size;
  uint32_t kind;       /* TY_KIND_... */
  const char *id;      /* lower case, digits, '-' and '.': what users write */
  const char *version; /* of the component, "1.2.0" */
  const char *summary; /* one sentence */
  const void *table;   /* ty_callback, ty_model, ty_monitor or ty_dataset */
  void *data;          /* the plugin's own: create() finds it here */
  uint64_t option_count;
  const ty_option *const *options;
};

/* The first six fields are frozen for ever. */
typedef struct ty_module {
  uint32_t struct_size;
  uint32_t abi_major; /* TY_ABI_MAJOR and TY_ABI_MINOR as compiled */
  uint32_t abi_minor;
  uint32_t reserved;
  uint64_t component_count;
  const ty_component *const *components;
  const char *license; /* an SPDX expression; NULL: not said */
  const char *author;  /* NULL: not said */
} ty_module;

/* Frozen for ever. */
typedef struct ty_entry_args {
  uint32_t struct_size;
  uint32_t abi_major; /* the host's */
  uint32_t abi_minor;
  uint32_t reserved;
  void *context;
  void (*refuse)(void *context, const char *text); /* why the entry returns NULL */
} ty_entry_args;

/* The one symbol that a plugin exports. Cheap, without side effects, callable more than once
 * and from any thread; what it returns is valid as long as the library, that is for ever.
 * Returns NULL after args->refuse() when it cannot work with this host. [any-thread] */
TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args);

#ifdef __cplusplus
}
#endif

#endif /* TRAINYARD_H */
