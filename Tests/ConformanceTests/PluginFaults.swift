/// Plugins of every kind with one fault each: for the rules about loading, memory, the process, costs and kinds.
enum PluginFaults {
  static let all: [Fault] = loading + memory + process + costs + models + monitors + datasets

  static let loading: [Fault] = [
    // A helper has no network unless the pipeline grants it.
    Fault(
      source: "callback", macro: "NEEDS_THE_NETWORK", rule: "isolated-equal",
      words: ["isolated it behaves otherwise in on_epoch_begin", "in a helper:  log", "nobody can be told"]),
    Fault(
      source: "callback", macro: "CALLS_WHAT_NOBODY_HAS", rule: "load-opens",
      words: ["unresolved symbol 'nobody_defines_this'"]),
    Fault(
      source: "callback", macro: "TWO_COMPONENTS_OF_ONE_ID", rule: "load-opens",
      words: ["two components of the id 'best-so-far'"]),
    Fault(
      source: "callback", macro: "ID_IN_CAPITALS", rule: "load-opens",
      words: ["'Best_So_Far'"]),
    Fault(
      source: "callback", macro: "DEFAULT_IS_NO_CHOICE", rule: "load-opens",
      words: ["the default of option 'mode' is 'auto'"]),
    Fault(
      source: "callback", macro: "DEFAULT_OUTSIDE_ITS_RANGE", rule: "load-opens",
      words: ["option 'patience' is 0, outside its range [1, )"]),
    Fault(
      source: "callback", macro: "TWO_OPTIONS_OF_ONE_KEY", rule: "load-opens",
      words: ["two options 'mode'"]),
    Fault(
      source: "callback", macro: "TEXT_IS_NOT_UTF8", rule: "load-opens",
      words: ["doc of option 'patience' is not UTF-8"]),
    Fault(
      source: "callback", macro: "HAS_NO_RESET", rule: "load-opens",
      words: ["has no reset()"]),
    Fault(
      source: "callback", macro: "EXPORTS_ANOTHER_SYMBOL", rule: "load-exports",
      words: ["also exports 'helper_of_the_plugin'"]),
    Fault(
      source: "callback", macro: "EXPORTS_A_WEAK_SYMBOL", rule: "load-exports", outcome: .warning,
      words: ["'made_of_a_template'"]),
    Fault(
      source: "callback", macro: "SAYS_NOTHING_OF_AN_OPTION", rule: "load-documentation", outcome: .warning,
      words: ["the option 'monitor' of 'best-so-far' has no doc"]),
    Fault(
      source: "callback", macro: "ENTRY_OPENS_A_FILE", rule: "entry-pure",
      words: ["the descriptor of '/dev/null' is still open"]),
    Fault(
      source: "callback", macro: "ENTRY_PRINTS", rule: "entry-pure",
      words: ["wrote to standard output: 'welcome"]),
    Fault(
      source: "callback", macro: "ENTRY_SETS_A_VARIABLE", rule: "entry-pure",
      words: ["the variable 'PLUGIN_IS_LOADED=1'"]),
    Fault(
      source: "callback", macro: "ENTRY_STARTS_A_THREAD", rule: "entry-pure",
      words: ["threads are still there"]),
    Fault(
      source: "callback", macro: "ENTRY_WRITES_A_FILE", rule: "entry-pure",
      words: ["the working directory has the file 'plugin.log'"]),
    Fault(
      source: "callback", macro: "LOADING_FLUSHES_DENORMALS", rule: "entry-pure",
      words: ["flushing of denormal numbers"]),
    Fault(
      source: "callback", macro: "ENTRY_COUNTS_ITS_CALLS", rule: "entry-repeatable",
      words: ["the entry's answer changes", "Called before."]),
    Fault(
      source: "callback", macro: "ENTRY_KNOWS_THE_FIRST_THREAD", rule: "entry-repeatable",
      words: ["NULL when it is called on another thread"]),
    Fault(
      source: "callback", macro: "ACCEPTS_EVERY_HOST", rule: "entry-refuses-future",
      words: ["accepts a host of version 1.0"]),
    Fault(
      source: "callback", macro: "REFUSES_WITHOUT_A_WORD", rule: "entry-refuses-future",
      words: ["without a word"]),
    Fault(
      source: "callback", macro: "READS_BEHIND_THE_ARGUMENTS", rule: "entry-bounds",
      outcome: .crashed,
      words: ["read what lies behind the entry's arguments (32 bytes), in trainyard_plugin"]),
    Fault(
      source: "callback", macro: "WANTS_ARGUMENTS_OF_ITS_OWN_SIZE", rule: "entry-bounds",
      words: ["refuses arguments that are longer"]),
  ]

  static let memory: [Fault] = [
    Fault(
      source: "callback", macro: "KEEPS_THE_EVENT", rule: "memory-borrowed", outcome: .crashed,
      words: [
        "read the event of on_epoch_end, epoch 1, after that call had returned, in on_epoch_begin, epoch 2"
      ]),
    Fault(
      source: "callback", macro: "KEEPS_THE_VALUES", rule: "memory-borrowed", outcome: .crashed,
      words: ["read the values of the event of on_epoch_end, epoch 1, after that call had returned"]),
    Fault(
      source: "callback", macro: "KEEPS_A_WEIGHT", rule: "memory-borrowed", outcome: .crashed,
      words: ["read the view of a weight of on_epoch_end, epoch 1, after that call had returned"]),
    Fault(
      source: "callback", macro: "KEEPS_THE_TEXT_OF_AN_OPTION", rule: "memory-borrowed", outcome: .crashed,
      words: ["read the text of option 'monitor' of create, after that call had returned"]),
    Fault(
      source: "callback", macro: "KEEPS_BYTES_OF_THE_STATE", rule: "memory-borrowed", outcome: .crashed,
      words: ["read bytes of the state source of state_load, after that call had returned"]),
    Fault(
      source: "callback", macro: "WRITES_TO_THE_EVENT", rule: "memory-borrowed", outcome: .crashed,
      words: ["wrote into the values of the event, which is read-only, in on_epoch_end"]),
    Fault(
      source: "callback", macro: "WRITES_TO_A_WEIGHT", rule: "memory-borrowed", outcome: .crashed,
      words: ["wrote into the view of a weight, which is read-only"]),
    Fault(
      source: "callback", macro: "WRITES_TO_THE_HOST_TABLE", rule: "memory-borrowed", outcome: .crashed,
      words: ["wrote into the host table, which is read-only, in create"]),
    Fault(
      source: "callback", macro: "READS_BEHIND_THE_HOST_TABLE", rule: "memory-borrowed", outcome: .crashed,
      words: ["read what lies behind the host table"]),
    Fault(
      source: "callback", macro: "READS_BEHIND_THE_VALUES", rule: "memory-borrowed", outcome: .crashed,
      words: ["read what lies behind the values of the event (32 bytes)"]),
    Fault(
      source: "callback", macro: "FOLLOWS_NULL", rule: "memory-borrowed", outcome: .crashed,
      words: ["followed a NULL pointer, in on_epoch_begin, epoch 1"]),
    Fault(
      source: "callback", macro: "DIES", rule: "memory-borrowed", outcome: .crashed,
      words: ["called abort(), in on_epoch_begin"]),
    Fault(
      source: "model", macro: "KEEPS_THE_BATCH", rule: "memory-borrowed", outcome: .crashed,
      words: ["read the batch's features of train_step, after that call had returned"]),
    Fault(
      source: "model", macro: "WRITES_TO_THE_BATCH", rule: "memory-borrowed", outcome: .crashed,
      words: ["wrote into the batch's features, which is read-only"]),
    Fault(
      source: "monitor", macro: "KEEPS_THE_PREDICTION", rule: "memory-borrowed", outcome: .crashed,
      words: ["read the prediction of update, after that call had returned"]),
    Fault(
      source: "monitor", macro: "WRITES_TO_THE_PREDICTION", rule: "memory-borrowed", outcome: .crashed,
      words: ["wrote into the prediction, which is read-only"]),
    Fault(
      source: "dataset", macro: "KEEPS_THE_ROW_NUMBERS", rule: "memory-borrowed", outcome: .crashed,
      words: ["read the row numbers of the request of read, after that call had returned"]),
  ]

  static let process: [Fault] = [
    Fault(
      source: "callback", macro: "CHANGES_THE_WORKING_DIRECTORY", rule: "process-unchanged",
      words: ["the working directory was", "and is '/'"]),
    Fault(
      source: "callback", macro: "SETS_THE_LOCALE", rule: "process-unchanged",
      words: ["the locale was 'C' and is 'C.UTF-8'"]),
    Fault(
      source: "callback", macro: "SETS_A_VARIABLE", rule: "process-unchanged",
      words: ["the variable 'OMP_NUM_THREADS=1'"]),
    Fault(
      source: "callback", macro: "SETS_THE_UMASK", rule: "process-unchanged",
      words: ["and is '077'"]),
    Fault(
      source: "callback", macro: "CATCHES_A_SIGNAL", rule: "process-unchanged",
      words: ["what happens on SIGINT was changed"]),
    Fault(
      source: "callback", macro: "BLOCKS_A_SIGNAL", rule: "process-unchanged",
      words: ["the mask of blocked signals"]),
    Fault(
      source: "callback", macro: "ROUNDS_DOWN", rule: "process-unchanged",
      words: ["the rounding of floating-point numbers"]),
    Fault(
      source: "callback", macro: "PRINTS", rule: "process-quiet",
      words: ["writes to standard output: 'epoch 0"]),
    Fault(
      source: "callback", macro: "COMPLAINS_ON_STANDARD_ERROR", rule: "process-quiet",
      words: ["writes to standard error: 'warning: epoch 0"]),
    Fault(
      source: "callback", macro: "LEAKS_A_DESCRIPTOR", rule: "process-releases",
      words: ["the descriptor of '/dev/null' is still open"]),
    Fault(
      source: "callback", macro: "OPENS_A_DESCRIPTOR_ONCE", rule: "process-releases", outcome: .warning,
      words: ["after the first destroy()", "later instances leave nothing more"]),
    Fault(
      source: "callback", macro: "LEAVES_A_THREAD", rule: "process-releases",
      words: ["a thread is still there"]),
    Fault(
      source: "callback", macro: "LEAVES_A_CHILD", rule: "process-releases",
      words: ["a child process was not waited for"]),
  ]

  static let costs: [Fault] = [
    Fault(
      source: "callback", macro: "FORGETS_ITS_MEMORY", rule: "heap-cycles",
      words: ["every life of an instance", "bytes more that are not given back"]),
    Fault(
      source: "model", macro: "FORGETS_ITS_MEMORY", rule: "heap-cycles",
      words: ["every life of an instance"]),
    Fault(
      source: "callback", macro: "ALLOCATES_IN_EVERY_RUN", rule: "heap-runs",
      words: ["every run of one instance takes", "bytes more that are not given back"]),
    Fault(
      source: "callback", macro: "ALLOCATES_IN_EVERY_BATCH", rule: "batch-allocations", outcome: .warning,
      words: ["on_batch_end allocates 4 times in 4 calls"]),
    Fault(
      source: "model", macro: "ALLOCATES_IN_EVERY_STEP", rule: "batch-allocations", outcome: .warning,
      words: ["train_step allocates 6 times in 6 calls"]),
    Fault(
      source: "monitor", macro: "ALLOCATES_IN_EVERY_UPDATE", rule: "batch-allocations", outcome: .warning,
      words: ["update allocates 4 times in 4 calls"]),
  ]

  static let models: [Fault] = [
    Fault(
      source: "model", macro: "SERVES_WHAT_IT_CANNOT", rule: "model-tasks",
      words: ["was reset for the task 1"]),
    Fault(
      source: "model", macro: "REFUSES_WITHOUT_A_WORD", rule: "model-tasks",
      words: ["refuses a binary task without a word"]),
    Fault(
      source: "model", macro: "RESET_KEEPS_THE_MOMENTUM", rule: "model-reset",
      words: ["after 6 steps of training", "'velocity'"]),
    Fault(
      source: "model", macro: "RESET_KEEPS_HYPER_PARAMETERS", rule: "model-reset",
      words: ["after hyper-parameters that were set", "'learning_rate' is 1.0625"]),
    Fault(
      source: "model", macro: "IGNORES_THE_SEED", rule: "model-seed", outcome: .warning,
      words: ["seeds 1 and 2 give the same"]),
    Fault(
      source: "model", macro: "EVALUATE_TRAINS", rule: "model-evaluate",
      words: ["evaluating the same rows twice differs"]),
    Fault(
      source: "model", macro: "EVALUATE_COUNTS", rule: "model-evaluate",
      words: ["evaluating the same rows twice differs"]),
    Fault(
      source: "model", macro: "PREDICTS_BY_BATCH_STATISTICS", rule: "model-rows",
      words: ["depend on the batch that a row is in"]),
    Fault(
      source: "model", macro: "ASSIGN_FORGETS_THE_BIAS", rule: "model-assign",
      words: ["assigning its own views changes the model: number 5 of the weight 'linear' is 0.0"]),
    Fault(
      source: "model", macro: "ASSIGN_CLEARS_THE_MOMENTUM", rule: "model-assign",
      words: ["goes on differently after its own views were assigned"]),
    Fault(
      source: "model", macro: "SAVES_NO_OPTIMIZER", rule: "model-resume",
      words: ["resumed after 6 steps goes on differently", "missing in the saved state"]),
    Fault(
      source: "model", macro: "LOADING_NOTHING_CLEARS", rule: "model-state",
      words: ["loading nothing differs from a reset: the hyper-parameter 'learning_rate' is 0.0"]),
    Fault(
      source: "model", macro: "REFUSES_STATE_WITHOUT_A_WORD", rule: "model-state",
      words: ["'learning_rate' bytes in place of a number is refused without a word"]),
    Fault(
      source: "model", macro: "TRUSTS_THE_STATE", rule: "model-state", outcome: .crashed,
      words: ["read what lies behind bytes of the state source", "in state_load"]),
    Fault(
      source: "model", macro: "SET_IS_WITHOUT_EFFECT", rule: "model-parameters",
      words: ["'learning_rate' was set to 0.0625 and is 0.125"]),
    Fault(
      source: "model", macro: "RESET_KEEPS_HYPER_PARAMETERS", rule: "model-parameters",
      words: ["'learning_rate' is 0.0625 after a reset, and 0.125 in a new instance"]),
    Fault(
      source: "model", macro: "DIVIDES_BY_THE_SUM_OF_WEIGHTS", rule: "model-odd-batches",
      words: ["turns weights into NaN"]),
  ]

  static let monitors: [Fault] = [
    Fault(
      source: "monitor", macro: "REFUSES_WITHOUT_A_WORD", rule: "monitor-tasks",
      words: ["refuses a binary task without a word"]),
    Fault(
      source: "monitor", macro: "AVERAGES_MEANS_OF_BATCHES", rule: "monitor-split",
      words: ["5 batches give another value than one: 'squared_error'"]),
    Fault(
      source: "monitor", macro: "MERGE_FORGETS_THE_WEIGHTS", rule: "monitor-merge",
      words: ["parts that are merged give another value than the whole"]),
    Fault(
      source: "monitor", macro: "PASS_BEGIN_KEEPS_THE_SUMS", rule: "monitor-pass-begin",
      words: ["an empty pass after another pass"]),
    Fault(
      source: "monitor", macro: "COMPUTE_CLEARS", rule: "monitor-pass-begin",
      words: ["compute() gives another value when it is asked again"]),
    Fault(
      source: "monitor", macro: "RESET_KEEPS_THE_SUMS", rule: "monitor-reset",
      words: ["after a pass over a regression task", "'errors'"]),
    Fault(
      source: "monitor", macro: "SAVES_NO_WEIGHTS", rule: "monitor-resume",
      words: ["saved after 1 of 5 batches and loaded"]),
    Fault(
      source: "monitor", macro: "LOADING_NOTHING_IS_NOT_NOTHING", rule: "monitor-state",
      words: ["loading nothing differs from a reset"]),
    Fault(
      source: "monitor", macro: "REFUSES_STATE_WITHOUT_A_WORD", rule: "monitor-state",
      words: ["'errors' bytes in place of a number is refused without a word"]),
  ]

  static let datasets: [Fault] = [
    Fault(
      source: "dataset", macro: "DEPENDS_ON_ORDER", rule: "dataset-read",
      words: ["read in reverse: 'features' of row"]),
    Fault(
      source: "dataset", macro: "LEAVES_THE_LAST_ROW", rule: "dataset-read",
      words: ["'target' of row"]),
    Fault(
      source: "dataset", macro: "WHOLE_IS_ANOTHER", rule: "dataset-whole",
      words: ["whole() and read() differ: 'target' of row 0"]),
    Fault(
      source: "dataset", macro: "READS_ANY_ROW", rule: "dataset-bounds",
      words: ["row 40 is read, and there are 40"]),
    Fault(
      source: "dataset", macro: "REFUSES_WITHOUT_A_WORD", rule: "dataset-bounds",
      words: ["row 40 of 40 is refused without a word"]),
    Fault(
      source: "dataset", macro: "RESET_MOVES_THE_ROWS", rule: "dataset-reset",
      words: ["after a reset: 'target' of row 0 differs"]),
    Fault(
      source: "dataset", macro: "COUNTS_ITS_READS", rule: "dataset-seed",
      words: ["read again, with seed 7 and epoch 3"]),
    Fault(
      source: "dataset", macro: "TAKES_RANDOM_NUMBERS_OF_THE_RUN", rule: "dataset-seed",
      words: ["read again, with seed 7 and epoch 3"]),
    Fault(
      source: "dataset", macro: "REFUSES_STATE_WITHOUT_A_WORD", rule: "dataset-state",
      words: ["'reads' bytes in place of a number is refused without a word"]),
  ]
}
