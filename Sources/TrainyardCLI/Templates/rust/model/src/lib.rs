//! {{id}}: a model of Trainyard. `cargo build --release` builds it, `cargo test` proves that it keeps the contract.
//!
//! As it stands it is a linear model trained by gradient descent with momentum: logistic regression for a binary task,
//! least squares for a regression of one number. Replace what it computes; keep the promises: `reset` with the same seed
//! gives the same weights, `evaluate` changes nothing, and what is not in the weights is saved in `save`.
mod trainyard;

use std::ffi::{c_char, c_void, CStr};
use std::ptr;
use trainyard::*;

/// All that a run can change. One weight for each feature, then the bias.
#[derive(Default)]
struct Run {
    task: u32,
    learning_rate: f64,
    weights: Vec<f32>,
    steps: Vec<f32>,
}

struct {{Type}} {
    initial_learning_rate: f64,
    momentum: f64,
    run: Run,
    // Working memory, which no result depends on.
    gradient: Vec<f64>,
    prediction: Vec<f32>,
    shapes: [[i64; 1]; 3], // of the weight, the bias, the prediction
    strides: [i64; 1],
}

impl Life for {{Type}} {
    fn create(host: Host) -> Result<Self, String> {
        Ok(Self {
            initial_learning_rate: host.float("learning_rate"),
            momentum: host.float("momentum"),
            run: Run::default(),
            gradient: vec![],
            prediction: vec![],
            shapes: [[0], [1], [0]],
            strides: [1],
        })
    }

    /// All that is not in the weights.
    fn save(&self, sink: &Sink) {
        if self.run.steps.is_empty() {
            return; // never reset: there is nothing yet
        }
        sink.float("learning_rate", self.run.learning_rate);
        sink.floats("steps", &self.run.steps);
    }

    fn load(&mut self, source: &Source) -> Result<(), String> {
        let mut rate = self.run.learning_rate; // a missing key keeps what reset set
        source.float("learning_rate", &mut rate)?;
        source.floats("steps", &mut self.run.steps)?;
        self.run.learning_rate = rate;
        Ok(())
    }
}

/// splitmix64; in [-1, 1).
fn uniform(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / 4503599627370496.0 - 1.0
}

impl {{Type}} {
    /// Before every run: weights, momentum and learning rate as new, for this task and from this seed.
    fn reset(&mut self, seed: u64, task: &Task) -> Result<(), String> {
        if task.task != TASK_BINARY && !(task.task == TASK_REGRESSION && task.output_width == 1) {
            return Err("{{id}} serves binary tasks and regression of one number only".into());
        }
        let features = task.features().filter(|&count| (1..1 << 28).contains(&count));
        let features = features.ok_or("{{id}} cannot hold so many features")?;
        let scale = 1.0 / (features as f64).sqrt();
        let mut weights: Vec<f32> =
            (0..features).map(|i| (scale * uniform(seed.wrapping_add(i as u64))) as f32).collect();
        weights.push(0.0);
        let steps = vec![0.0; features + 1];
        self.run = Run { task: task.task, learning_rate: self.initial_learning_rate, weights, steps };
        self.shapes[0] = [features as i64];
        Ok(())
    }

    fn truth(&self, batch: &Batch, row: usize) -> Option<f64> {
        if self.run.task == TASK_BINARY {
            int32s(&batch.target).and_then(|labels| labels.get(row)).map(|&label| label.into())
        } else {
            floats(&batch.target).and_then(|values| values.get(row)).map(|&value| value.into())
        }
    }

    fn forward(&mut self, batch: &Batch, step: &mut Step) -> Result<(), String> {
        let d = self.run.weights.len() - 1;
        let rows = batch.rows.max(0) as usize;
        let x = floats(&batch.features).ok_or("features that are not f32")?;
        let weights = floats(&batch.weight);
        let (mut sum_wl, mut sum_w) = (0.0, 0.0);
        self.prediction.resize(rows, 0.0);
        for row in 0..rows {
            let weight: f64 = weights.as_ref().map_or(1.0, |weights| weights[row].into());
            let mut score: f64 = self.run.weights[d].into();
            for f in 0..d {
                score += f64::from(x[row * d + f]) * f64::from(self.run.weights[f]);
            }
            let is_binary = self.run.task == TASK_BINARY;
            self.prediction[row] = if is_binary { 1.0 / (1.0 + (-score).exp()) } else { score } as f32;
            if let Some(truth) = self.truth(batch, row) {
                // log(1 + exp(score)) - truth * score, without overflow
                let logistic = score.max(0.0) + (-score.abs()).exp().ln_1p() - truth * score;
                sum_wl += weight * if is_binary { logistic } else { (score - truth) * (score - truth) };
            }
            sum_w += weight;
        }
        self.shapes[2] = [rows as i64];
        step.prediction = float_view(self.prediction.as_mut_ptr(), &mut self.shapes[2], &mut self.strides);
        step.weight = sum_w;
        step.loss = if batch.target.data.is_null() {
            f64::NAN
        } else if sum_w > 0.0 {
            sum_wl / sum_w
        } else {
            0.0
        };
        step.optimizer_steps = 0;
        Ok(())
    }

    /// Loss and prediction are those before the step.
    fn train_step(&mut self, batch: &Batch, step: &mut Step) -> Result<(), String> {
        if batch.target.data.is_null() {
            return Err("a training batch without targets".into());
        }
        self.forward(batch, step)?;
        if !(step.weight > 0.0) {
            return Ok(()); // nothing to learn from
        }
        let d = self.run.weights.len() - 1;
        let x = floats(&batch.features).ok_or("features that are not f32")?;
        let weights = floats(&batch.weight);
        self.gradient.clear();
        self.gradient.resize(d + 1, 0.0);
        for row in 0..batch.rows.max(0) as usize {
            let weight: f64 = weights.as_ref().map_or(1.0, |weights| weights[row].into());
            let truth = self.truth(batch, row).ok_or("targets of another type than the task's")?;
            let mut slope = weight / step.weight * (f64::from(self.prediction[row]) - truth);
            if self.run.task == TASK_REGRESSION {
                slope *= 2.0;
            }
            for f in 0..d {
                self.gradient[f] += slope * f64::from(x[row * d + f]);
            }
            self.gradient[d] += slope;
        }
        for f in 0..=d {
            let change = self.momentum * f64::from(self.run.steps[f]) - self.run.learning_rate * self.gradient[f];
            self.run.steps[f] = change as f32;
            self.run.weights[f] += self.run.steps[f];
        }
        step.optimizer_steps = 1;
        Ok(())
    }

    /// Number 0 is the weight of each feature, number 1 the bias.
    fn weight(&mut self, index: usize) -> Tensor {
        let d = self.run.weights.len().saturating_sub(1);
        let start = unsafe { self.run.weights.as_mut_ptr().add(if index == 0 { 0 } else { d }) };
        float_view(start, &mut self.shapes[index], &mut self.strides)
    }

    fn assign(&mut self, name: &CStr, values: &[f32]) -> Result<(), String> {
        let d = self.run.weights.len().saturating_sub(1);
        let place = match name.to_bytes() {
            b"weight" => &mut self.run.weights[..d],
            b"bias" => &mut self.run.weights[d..],
            _ => return Err(format!("this model has no weights '{}'", name.to_string_lossy())),
        };
        if values.len() != place.len() {
            return Err("weights of another shape than this model's".into());
        }
        // They may be this model's own: a view of itself.
        unsafe { ptr::copy(values.as_ptr(), place.as_mut_ptr(), place.len()) };
        Ok(())
    }
}

// ---- What the host finds ----

unsafe extern "C" fn reset_model(pointer: *mut c_void, seed: u64, task: *const Task) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| it.reset(seed, &*task)) }
}
unsafe extern "C" fn describe(pointer: *mut c_void, facts: *mut ModelFacts) -> Status {
    unsafe {
        with::<{{Type}}>(pointer, |it, _| {
            (*facts).task = it.run.task;
            (*facts).flags = MODEL_RESUME_EXACT;
            (*facts).prediction = FLOAT32;
            (*facts).width = 0; // [n]
            Ok(())
        })
    }
}
unsafe extern "C" fn train_step(pointer: *mut c_void, batch: *const Batch, step: *mut Step) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| it.train_step(&*batch, &mut *step)) }
}
unsafe extern "C" fn evaluate(pointer: *mut c_void, batch: *const Batch, step: *mut Step) -> Status {
    unsafe { with::<{{Type}}>(pointer, |it, _| it.forward(&*batch, &mut *step)) }
}
unsafe extern "C" fn weight_count(_: *mut c_void) -> u64 {
    2
}
unsafe extern "C" fn weight(pointer: *mut c_void, index: u64, result: *mut Weight) -> Status {
    unsafe {
        with::<{{Type}}>(pointer, |it, _| {
            if index > 1 {
                return Err("no weight of that index".into());
            }
            (*result).name = if index == 0 { c"weight" } else { c"bias" }.as_ptr();
            (*result).trainable = 1;
            (*result).tensor = it.weight(index as usize);
            Ok(())
        })
    }
}
unsafe extern "C" fn assign(pointer: *mut c_void, weights: *const *const Weight, count: u64) -> Status {
    unsafe {
        with::<{{Type}}>(pointer, |it, _| {
            for index in 0..count as usize {
                let weight = &**weights.add(index);
                let values = floats(&weight.tensor).ok_or("weights that are not f32")?;
                it.assign(CStr::from_ptr(weight.name), values)?;
            }
            Ok(())
        })
    }
}

const LEARNING_RATE: &CStr = c"learning_rate";

unsafe extern "C" fn parameter_name(_: *mut c_void, index: u64) -> *const c_char {
    if index == 0 { LEARNING_RATE.as_ptr() } else { ptr::null() }
}
unsafe extern "C" fn parameter_get(pointer: *mut c_void, name: *const c_char, value: *mut f64) -> Status {
    unsafe {
        if CStr::from_ptr(name) != LEARNING_RATE {
            return UNSUPPORTED;
        }
        *value = instance::<{{Type}}>(pointer).run.learning_rate;
        OK
    }
}
unsafe extern "C" fn parameter_set(pointer: *mut c_void, name: *const c_char, value: f64) -> Status {
    unsafe {
        if CStr::from_ptr(name) != LEARNING_RATE {
            return UNSUPPORTED;
        }
        with::<{{Type}}>(pointer, |it, _| {
            if !(value >= 0.0) {
                return Err("learning_rate must be 0 or more".into());
            }
            it.run.learning_rate = value;
            Ok(())
        })
    }
}

static TABLE: ModelTable = ModelTable {
    struct_size: size_of::<ModelTable>() as u32,
    flags: 0,
    create: Some(create::<{{Type}}>),
    destroy: Some(destroy::<{{Type}}>),
    reset: Some(reset_model),
    state_save: Some(save::<{{Type}}>),
    state_load: Some(load::<{{Type}}>),
    describe: Some(describe),
    train_step: Some(train_step),
    evaluate: Some(evaluate),
    weight_count: Some(weight_count),
    weight: Some(weight),
    assign: Some(assign),
    parameter_name: Some(parameter_name),
    parameter_get: Some(parameter_get),
    parameter_set: Some(parameter_set),
    snapshot_take: None,
    snapshot_restore: None,
    snapshot_drop: None,
};

static RATE: Static<OptionRow> = option(OPTION_FLOAT, c"learning_rate", c"Size of the steps.", c"0.1", c"(0, )");
static MOMENTUM: Static<OptionRow> =
    option(OPTION_FLOAT, c"momentum", c"Share of the last step that each step keeps.", c"0.9", c"[0, 1)");

module!(
    KIND_MODEL,
    c"{{id}}",
    c"0.1.0",
    c"A linear model, trained by gradient descent with momentum.",
    TABLE,
    [RATE, MOMENTUM]
);
