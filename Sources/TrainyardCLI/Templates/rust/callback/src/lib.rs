//! {{id}}: a callback of Trainyard. `cargo build --release` builds it, `cargo test` proves that it keeps the contract.
//!
//! As it stands it ends a run whose metric has not improved for some epochs. Replace what it does; keep how it is laid
//! out: all that a run can change lives in `Progress`, so `reset` is one assignment.
mod trainyard;

use trainyard::*;

#[derive(Default)]
struct Progress {
    has_best: i64,
    best: f64,
    epochs_since_best: i64,
}

struct {{Type}} {
    // From create: the same for every run.
    host: Host,
    monitor: u32,
    patience: i64,
    // Of the current run.
    progress: Progress,
}

impl Life for {{Type}} {
    /// Options and metrics. Nothing here depends on a run.
    fn create(host: Host) -> Result<Self, String> {
        let monitor = host.want(&host.text("monitor"));
        Ok(Self { host, monitor, patience: host.int("patience"), progress: Progress::default() })
    }

    /// For checkpoints: every field of `Progress`, or a resumed run decides otherwise.
    fn save(&self, sink: &Sink) {
        sink.int("has_best", self.progress.has_best);
        sink.float("best", self.progress.best);
        sink.int("epochs_since_best", self.progress.epochs_since_best);
    }

    fn load(&mut self, source: &Source) -> Result<(), String> {
        let mut progress = Progress::default(); // what is missing keeps its default
        source.int("has_best", &mut progress.has_best)?;
        source.float("best", &mut progress.best)?;
        source.int("epochs_since_best", &mut progress.epochs_since_best)?;
        self.progress = progress;
        Ok(())
    }
}

impl Reset for {{Type}} {
    /// Before every run, the first one too: afterwards nobody can tell this instance from a new one.
    fn reset(&mut self) {
        self.progress = Progress::default();
    }
}

impl {{Type}} {
    fn on_epoch_end(&mut self, event: &Event) -> Result<(), String> {
        // Absent, as in an epoch without validation: not counted.
        let Some(value) = event.value(self.monitor) else { return Ok(()) };
        // Written so that NaN, for which every comparison is false, is never an improvement.
        if value < self.progress.best || (self.progress.has_best == 0 && !value.is_nan()) {
            self.progress = Progress { has_best: 1, best: value, epochs_since_best: 0 };
            return Ok(());
        }
        self.progress.epochs_since_best += 1;
        if self.progress.epochs_since_best >= self.patience {
            self.host.stop(&format!("no improvement for {} epochs", self.patience));
        }
        Ok(())
    }
}

// ---- What the host finds: a hook that is None costs nothing ----

unsafe extern "C" fn on_epoch_end(pointer: *mut std::ffi::c_void, event: *const RawEvent) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| it.on_epoch_end(&trainyard::event(event))) }
}

static TABLE: CallbackTable = CallbackTable {
    struct_size: size_of::<CallbackTable>() as u32,
    flags: 0,
    create: Some(create::<{{Type}}>),
    destroy: Some(destroy::<{{Type}}>),
    reset: Some(reset::<{{Type}}>),
    state_save: Some(save::<{{Type}}>),
    state_load: Some(load::<{{Type}}>),
    on_train_begin: None,
    on_train_end: None,
    on_epoch_begin: None,
    on_epoch_end: Some(on_epoch_end),
    on_batch_begin: None,
    on_batch_end: None,
    on_optimizer_step: None,
    on_validation_begin: None,
    on_validation_end: None,
    on_validation_batch_begin: None,
    on_validation_batch_end: None,
    on_exception: None,
};

static MONITOR: Static<OptionRow> =
    option(OPTION_METRIC, c"monitor", c"The metric to watch; lower is better.", c"loss", c"");
static PATIENCE: Static<OptionRow> =
    option(OPTION_INT, c"patience", c"Epochs in a row without improvement before the run stops.", c"3", c"[1, )");

module!(
    KIND_CALLBACK,
    c"{{id}}",
    c"0.1.0",
    c"Stops a run whose metric has not improved for some epochs.",
    TABLE,
    [MONITOR, PATIENCE]
);
