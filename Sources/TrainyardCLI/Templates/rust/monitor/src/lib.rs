//! {{id}}: a monitor of Trainyard. `cargo build --release` builds it, `cargo test` proves that it keeps the contract.
//!
//! As it stands it measures how far predictions are from the truth: the weighted mean of |target - prediction|, where
//! for classes it is 1 - the probability of the true class. Replace what it measures; keep how it is laid out: all that
//! a run can change lives in `Progress`, and sums, unlike means of batches, do not depend on the batch size.
mod trainyard;

use std::ffi::c_void;
use trainyard::*;

#[derive(Default)]
struct Progress {
    task: i64,
    width: i64, // classes, or numbers in a target
    sum: f64,
    weight: f64,
}

struct {{Type}} {
    host: Host,
    metric: u32,
    progress: Progress,
}

impl Life for {{Type}} {
    /// The host puts "val_" before the name for the instance that serves validation.
    fn create(host: Host) -> Result<Self, String> {
        Ok(Self { host, metric: host.declare("{{name}}", DIRECTION_MIN), progress: Progress::default() })
    }

    /// For a checkpoint in the middle of a pass.
    fn save(&self, sink: &Sink) {
        sink.int("task", self.progress.task);
        sink.int("width", self.progress.width);
        sink.float("sum", self.progress.sum);
        sink.float("weight", self.progress.weight);
    }

    fn load(&mut self, source: &Source) -> Result<(), String> {
        let mut progress = Progress::default();
        source.int("task", &mut progress.task)?;
        source.int("width", &mut progress.width)?;
        source.float("sum", &mut progress.sum)?;
        source.float("weight", &mut progress.weight)?;
        self.progress = progress;
        Ok(())
    }
}

impl Reset for {{Type}} {
    fn reset(&mut self) {
        self.progress = Progress::default();
    }
}

fn number(tensor: &Tensor, index: usize) -> f64 {
    match floats(tensor) {
        Some(values) => values.get(index).map_or(f64::NAN, |&value| value.into()),
        None => doubles(tensor).and_then(|values| values.get(index).copied()).unwrap_or(f64::NAN),
    }
}

impl {{Type}} {
    /// Once a run: what the data asks of the model.
    fn prepare(&mut self, task: &Task) -> Result<(), String> {
        if task.task == TASK_RANKING {
            return Err("{{id}} does not serve ranking".into());
        }
        self.progress.task = task.task.into();
        self.progress.width = if task.task == TASK_BINARY { 1 } else { task.output_width };
        Ok(())
    }

    fn pass_begin(&mut self) {
        self.progress.sum = 0.0;
        self.progress.weight = 0.0;
    }

    fn update(&mut self, batch: &Batch, prediction: &Tensor) {
        if batch.target.data.is_null() {
            return; // nothing to compare with
        }
        let weights = floats(&batch.weight);
        for row in 0..batch.rows.max(0) as usize {
            let weight = weights.as_ref().map_or(1.0, |weights| weights[row].into());
            self.progress.sum += weight * self.distance(&batch.target, prediction, row);
            self.progress.weight += weight;
        }
    }

    fn distance(&self, target: &Tensor, prediction: &Tensor, row: usize) -> f64 {
        let width = self.progress.width.max(1) as usize;
        if self.progress.task == i64::from(TASK_REGRESSION) {
            let all = row * width..(row + 1) * width;
            return all.map(|i| (number(target, i) - number(prediction, i)).abs()).sum::<f64>() / width as f64;
        }
        let label = int32s(target).and_then(|labels| labels.get(row).copied()).unwrap_or(-1);
        if self.progress.task == i64::from(TASK_BINARY) {
            return (f64::from(label) - number(prediction, row)).abs();
        }
        match usize::try_from(label) {
            Ok(label) if label < width => 1.0 - number(prediction, row * width + label),
            _ => 1.0,
        }
    }

    /// What is not defined, as here without rows, is not published.
    fn compute(&self) {
        if self.progress.weight > 0.0 {
            self.host.publish(self.metric, self.progress.sum / self.progress.weight);
        }
    }
}

// ---- What the host finds ----

unsafe extern "C" fn prepare(pointer: *mut c_void, task: *const Task) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| it.prepare(&*task)) }
}
unsafe extern "C" fn pass_begin(pointer: *mut c_void, _pass: u32) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| Ok(it.pass_begin())) }
}
unsafe extern "C" fn update(pointer: *mut c_void, batch: *const Batch, prediction: *const Tensor) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| Ok(it.update(&*batch, &*prediction))) }
}
unsafe extern "C" fn compute(pointer: *mut c_void) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| Ok(it.compute())) }
}
unsafe extern "C" fn merge(pointer: *mut c_void, other: *mut c_void) -> Status {
    let other = unsafe { &instance::<{{Type}}>(other).progress };
    let (sum, weight) = (other.sum, other.weight);
    unsafe {
        with::<{{Type}}>(pointer, |it, _| {
            it.progress.sum += sum;
            it.progress.weight += weight;
            Ok(())
        })
    }
}

static TABLE: MonitorTable = MonitorTable {
    struct_size: size_of::<MonitorTable>() as u32,
    flags: 0,
    create: Some(create::<{{Type}}>),
    destroy: Some(destroy::<{{Type}}>),
    reset: Some(reset::<{{Type}}>),
    state_save: Some(save::<{{Type}}>),
    state_load: Some(load::<{{Type}}>),
    prepare: Some(prepare),
    pass_begin: Some(pass_begin),
    update: Some(update),
    compute: Some(compute),
    merge: Some(merge),
};

module!(KIND_MONITOR, c"{{id}}", c"0.1.0", c"The mean distance between prediction and truth.", TABLE, []);
