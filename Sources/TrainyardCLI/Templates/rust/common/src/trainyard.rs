//! The contract of trainyard.h in Rust: its structs, and a thin layer that keeps unsafe code out of a plugin.
//!
//! trainyard.h lies beside and says what every function means; the sizes of the structs here are checked by the
//! compiler at the end of this file. A panic never crosses the border: it becomes the words of a failed call.
#![allow(dead_code)]

use std::ffi::{c_char, c_void, CStr, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

pub const ABI_MAJOR: u32 = 0;
pub const ABI_MINOR: u32 = 2;

pub type Status = i32;
pub const OK: Status = 0;
pub const FAILED: Status = 1;
pub const UNSUPPORTED: Status = 2;

pub const KIND_CALLBACK: u32 = 1;
pub const KIND_MODEL: u32 = 2;
pub const KIND_MONITOR: u32 = 3;
pub const KIND_DATASET: u32 = 4;

pub const OPTION_BOOL: u32 = 1;
pub const OPTION_INT: u32 = 2;
pub const OPTION_FLOAT: u32 = 3;
pub const OPTION_STRING: u32 = 4;
pub const OPTION_METRIC: u32 = 8;

pub const DIRECTION_NONE: u32 = 0;
pub const DIRECTION_MIN: u32 = 1;
pub const DIRECTION_MAX: u32 = 2;
pub const PHASE_EPOCH: u32 = 2;

pub const TASK_BINARY: u32 = 1;
pub const TASK_CLASSES: u32 = 2;
pub const TASK_REGRESSION: u32 = 3;
pub const TASK_RANKING: u32 = 4;
pub const MODEL_RESUME_EXACT: u32 = 2;

pub const ROLE_FEATURE: u32 = 1;
pub const ROLE_TARGET: u32 = 2;

// ---- The structs, field by field as in trainyard.h ----

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Dtype {
    pub code: u8,
    pub bits: u8,
    pub lanes: u16,
}
pub const INT32: Dtype = Dtype { code: 0, bits: 32, lanes: 1 };
pub const FLOAT32: Dtype = Dtype { code: 2, bits: 32, lanes: 1 };

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Tensor {
    pub data: *mut c_void,
    pub device_type: i32,
    pub device_id: i32,
    pub ndim: i32,
    pub dtype: Dtype,
    pub shape: *mut i64,
    pub strides: *mut i64,
    pub byte_offset: u64,
}

#[repr(C)]
pub struct OptionRow {
    pub struct_size: u32,
    pub kind: u32,
    pub flags: u32,
    pub choice_count: u32,
    pub key: *const c_char,
    pub doc: *const c_char,
    pub default_text: *const c_char,
    pub range: *const c_char,
    pub unit: *const c_char,
    pub choices: *const *const c_char,
}

#[repr(C)]
pub struct RawEvent {
    pub struct_size: u32,
    pub hook: u32,
    pub outcome: u32,
    pub metric_count: u32,
    pub epoch: i64,
    pub batch: i64,
    pub step: i64,
    pub examples: i64,
    pub values: *const f64,
    pub present: *const u64,
    pub note_count: u64,
    pub notes: *const *const c_void,
    pub text: *const c_char,
}

#[repr(C)]
pub struct RawHost {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub fail: unsafe extern "C" fn(*const RawHost, *const c_char),
    pub log: unsafe extern "C" fn(*const RawHost, u32, *const c_char),
    pub service: unsafe extern "C" fn(*const RawHost, *const c_char) -> *const c_void,
    pub instance_name: unsafe extern "C" fn(*const RawHost) -> *const c_char,
    pub option_count: unsafe extern "C" fn(*const RawHost, *const c_char) -> u64,
    pub option_bool: unsafe extern "C" fn(*const RawHost, *const c_char, u64) -> i32,
    pub option_int: unsafe extern "C" fn(*const RawHost, *const c_char, u64) -> i64,
    pub option_float: unsafe extern "C" fn(*const RawHost, *const c_char, u64) -> f64,
    pub option_text: unsafe extern "C" fn(*const RawHost, *const c_char, u64) -> *const c_char,
    pub metric_want: unsafe extern "C" fn(*const RawHost, *const c_char, u32) -> u32,
    pub metric_declare: unsafe extern "C" fn(*const RawHost, *const c_char, u32, u32) -> u32,
    pub metric_direction: unsafe extern "C" fn(*const RawHost, u32) -> u32,
    pub metric_name: unsafe extern "C" fn(*const RawHost, u32) -> *const c_char,
    pub publish: unsafe extern "C" fn(*const RawHost, u32, f64),
    pub publish_text: unsafe extern "C" fn(*const RawHost, *const c_char, *const c_char),
    pub publish_list: unsafe extern "C" fn(*const RawHost, *const c_char, *const f64, u64),
    pub stop: unsafe extern "C" fn(*const RawHost, *const c_char),
    pub status: unsafe extern "C" fn(*const RawHost, *const c_char),
}

#[repr(C)]
pub struct RawSink {
    pub struct_size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub put_int: unsafe extern "C" fn(*const RawSink, *const c_char, i64),
    pub put_float: unsafe extern "C" fn(*const RawSink, *const c_char, f64),
    pub put_bytes: unsafe extern "C" fn(*const RawSink, *const c_char, *const c_void, u64),
    pub put_tensor: unsafe extern "C" fn(*const RawSink, *const c_char, *const Tensor),
}

#[repr(C)]
pub struct RawSource {
    pub struct_size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub get_int: unsafe extern "C" fn(*const RawSource, *const c_char, *mut i64) -> i32,
    pub get_float: unsafe extern "C" fn(*const RawSource, *const c_char, *mut f64) -> i32,
    pub get_bytes: unsafe extern "C" fn(*const RawSource, *const c_char, *mut *const c_void, *mut u64) -> i32,
    pub get_tensor: unsafe extern "C" fn(*const RawSource, *const c_char, *mut Tensor) -> i32,
    pub key: unsafe extern "C" fn(*const RawSource, u64) -> *const c_char,
}

#[repr(C)]
pub struct Task {
    pub struct_size: u32,
    pub task: u32,
    pub feature_ndim: i32,
    pub threads: i32,
    pub feature_shape: *const i64,
    pub output_width: i64,
    pub class_names: *const *const c_char,
    pub training_rows: i64,
    pub batch_size: i64,
    pub epochs: i64,
}

impl Task {
    /// Numbers in a row's features; none where there are too many to count.
    pub fn features(&self) -> Option<usize> {
        let shape = unsafe { std::slice::from_raw_parts(self.feature_shape, self.feature_ndim.max(0) as usize) };
        shape.iter().try_fold(1usize, |count, &size| count.checked_mul(usize::try_from(size).ok()?))
    }
}

#[repr(C)]
pub struct Batch {
    pub struct_size: u32,
    pub pass: u32,
    pub rows: i64,
    pub data_id: u64,
    pub features: Tensor,
    pub target: Tensor,
    pub weight: Tensor,
    pub group: Tensor,
    pub ends_pass: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Step {
    pub struct_size: u32,
    pub optimizer_steps: u32,
    pub loss: f64,
    pub weight: f64,
    pub prediction: Tensor,
}

#[repr(C)]
pub struct Weight {
    pub struct_size: u32,
    pub trainable: u32,
    pub name: *const c_char,
    pub tensor: Tensor,
}

#[repr(C)]
pub struct ModelFacts {
    pub struct_size: u32,
    pub task: u32,
    pub flags: u32,
    pub prediction: Dtype,
    pub width: i64,
}

#[repr(C)]
pub struct Field {
    pub struct_size: u32,
    pub role: u32,
    pub name: *const c_char,
    pub dtype: Dtype,
    pub ndim: i32,
    pub shape: *const i64,
    pub category_count: u64,
    pub categories: *const *const c_char,
}

#[repr(C)]
pub struct Read {
    pub struct_size: u32,
    pub reserved: u32,
    pub rows: *const i64,
    pub row_count: i64,
    pub seed: u64,
    pub epoch: i64,
}

pub type CreateFn = unsafe extern "C" fn(*const Component, *const RawHost, *mut *mut c_void) -> Status;
pub type DestroyFn = unsafe extern "C" fn(*mut c_void);
pub type ResetFn = unsafe extern "C" fn(*mut c_void) -> Status;
pub type SaveFn = unsafe extern "C" fn(*mut c_void, *const RawSink) -> Status;
pub type LoadFn = unsafe extern "C" fn(*mut c_void, *const RawSource) -> Status;
pub type HookFn = unsafe extern "C" fn(*mut c_void, *const RawEvent) -> Status;

#[repr(C)]
pub struct CallbackTable {
    pub struct_size: u32,
    pub flags: u32,
    pub create: Option<CreateFn>,
    pub destroy: Option<DestroyFn>,
    pub reset: Option<ResetFn>,
    pub state_save: Option<SaveFn>,
    pub state_load: Option<LoadFn>,
    pub on_train_begin: Option<HookFn>,
    pub on_train_end: Option<HookFn>,
    pub on_epoch_begin: Option<HookFn>,
    pub on_epoch_end: Option<HookFn>,
    pub on_batch_begin: Option<HookFn>,
    pub on_batch_end: Option<HookFn>,
    pub on_optimizer_step: Option<HookFn>,
    pub on_validation_begin: Option<HookFn>,
    pub on_validation_end: Option<HookFn>,
    pub on_validation_batch_begin: Option<HookFn>,
    pub on_validation_batch_end: Option<HookFn>,
    pub on_exception: Option<HookFn>,
}

#[repr(C)]
pub struct ModelTable {
    pub struct_size: u32,
    pub flags: u32,
    pub create: Option<CreateFn>,
    pub destroy: Option<DestroyFn>,
    pub reset: Option<unsafe extern "C" fn(*mut c_void, u64, *const Task) -> Status>,
    pub state_save: Option<SaveFn>,
    pub state_load: Option<LoadFn>,
    pub describe: Option<unsafe extern "C" fn(*mut c_void, *mut ModelFacts) -> Status>,
    pub train_step: Option<unsafe extern "C" fn(*mut c_void, *const Batch, *mut Step) -> Status>,
    pub evaluate: Option<unsafe extern "C" fn(*mut c_void, *const Batch, *mut Step) -> Status>,
    pub weight_count: Option<unsafe extern "C" fn(*mut c_void) -> u64>,
    pub weight: Option<unsafe extern "C" fn(*mut c_void, u64, *mut Weight) -> Status>,
    pub assign: Option<unsafe extern "C" fn(*mut c_void, *const *const Weight, u64) -> Status>,
    pub parameter_name: Option<unsafe extern "C" fn(*mut c_void, u64) -> *const c_char>,
    pub parameter_get: Option<unsafe extern "C" fn(*mut c_void, *const c_char, *mut f64) -> Status>,
    pub parameter_set: Option<unsafe extern "C" fn(*mut c_void, *const c_char, f64) -> Status>,
    pub snapshot_take: Option<unsafe extern "C" fn(*mut c_void, u32) -> Status>,
    pub snapshot_restore: Option<unsafe extern "C" fn(*mut c_void, u32) -> Status>,
    pub snapshot_drop: Option<unsafe extern "C" fn(*mut c_void, u32) -> Status>,
}

#[repr(C)]
pub struct MonitorTable {
    pub struct_size: u32,
    pub flags: u32,
    pub create: Option<CreateFn>,
    pub destroy: Option<DestroyFn>,
    pub reset: Option<ResetFn>,
    pub state_save: Option<SaveFn>,
    pub state_load: Option<LoadFn>,
    pub prepare: Option<unsafe extern "C" fn(*mut c_void, *const Task) -> Status>,
    pub pass_begin: Option<unsafe extern "C" fn(*mut c_void, u32) -> Status>,
    pub update: Option<unsafe extern "C" fn(*mut c_void, *const Batch, *const Tensor) -> Status>,
    pub compute: Option<unsafe extern "C" fn(*mut c_void) -> Status>,
    pub merge: Option<unsafe extern "C" fn(*mut c_void, *mut c_void) -> Status>,
}

#[repr(C)]
pub struct DatasetTable {
    pub struct_size: u32,
    pub flags: u32,
    pub create: Option<CreateFn>,
    pub destroy: Option<DestroyFn>,
    pub reset: Option<ResetFn>,
    pub state_save: Option<SaveFn>,
    pub state_load: Option<LoadFn>,
    pub row_count: Option<unsafe extern "C" fn(*mut c_void) -> i64>,
    pub field_count: Option<unsafe extern "C" fn(*mut c_void) -> u64>,
    pub field: Option<unsafe extern "C" fn(*mut c_void, u64) -> *const Field>,
    pub read: Option<unsafe extern "C" fn(*mut c_void, *const Read, *const *mut Tensor) -> Status>,
    pub whole: Option<unsafe extern "C" fn(*mut c_void, u64, *mut Tensor) -> Status>,
}

#[repr(C)]
pub struct Component {
    pub struct_size: u32,
    pub kind: u32,
    pub id: *const c_char,
    pub version: *const c_char,
    pub summary: *const c_char,
    pub table: *const c_void,
    pub data: *mut c_void,
    pub option_count: u64,
    pub options: *const *const OptionRow,
}

#[repr(C)]
pub struct Module {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub component_count: u64,
    pub components: *const *const Component,
    pub license: *const c_char,
    pub author: *const c_char,
}

#[repr(C)]
pub struct EntryArgs {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub refuse: unsafe extern "C" fn(*mut c_void, *const c_char),
}

/// Static tables hold pointers to other static tables, which nobody changes.
#[repr(transparent)]
pub struct Static<T>(pub T);
unsafe impl<T> Sync for Static<T> {}

// ---- A thin layer ----

/// The host as one instance sees it.
#[derive(Clone, Copy)]
pub struct Host(*const RawHost);

fn c_text(text: &str) -> CString {
    // A NUL in a text would end it early: nothing is lost but what no C program could have read.
    CString::new(text.split('\0').next().unwrap_or("")).unwrap_or_default()
}

impl Host {
    fn raw(&self) -> &RawHost {
        unsafe { &*self.0 }
    }
    pub fn fail(&self, words: &str) {
        unsafe { (self.raw().fail)(self.0, c_text(words).as_ptr()) }
    }
    /// The user's values: in `create` only.
    pub fn int(&self, key: &str) -> i64 {
        unsafe { (self.raw().option_int)(self.0, c_text(key).as_ptr(), 0) }
    }
    pub fn float(&self, key: &str) -> f64 {
        unsafe { (self.raw().option_float)(self.0, c_text(key).as_ptr(), 0) }
    }
    pub fn text(&self, key: &str) -> String {
        let text = unsafe { (self.raw().option_text)(self.0, c_text(key).as_ptr(), 0) };
        if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
    }
    /// Metrics: in `create`, `on_train_begin` and `prepare`.
    pub fn want(&self, name: &str) -> u32 {
        unsafe { (self.raw().metric_want)(self.0, c_text(name).as_ptr(), 0) }
    }
    pub fn declare(&self, name: &str, direction: u32) -> u32 {
        unsafe { (self.raw().metric_declare)(self.0, c_text(name).as_ptr(), direction, PHASE_EPOCH) }
    }
    /// Effects: carried out when the call that asks for them succeeds.
    pub fn publish(&self, metric: u32, value: f64) {
        unsafe { (self.raw().publish)(self.0, metric, value) }
    }
    pub fn stop(&self, reason: &str) {
        unsafe { (self.raw().stop)(self.0, c_text(reason).as_ptr()) }
    }
}

/// What a hook is given.
pub struct Event(*const RawEvent);

impl Event {
    pub fn raw(&self) -> &RawEvent {
        unsafe { &*self.0 }
    }
    /// None where this event does not carry the metric; NaN is a value.
    pub fn value(&self, metric: u32) -> Option<f64> {
        let event = self.raw();
        if metric >= event.metric_count {
            return None;
        }
        let word = unsafe { *event.present.add(metric as usize / 64) };
        if word >> (metric % 64) & 1 == 0 { None } else { Some(unsafe { *event.values.add(metric as usize) }) }
    }
}

pub struct Sink(*const RawSink);

impl Sink {
    pub fn int(&self, key: &str, value: i64) {
        unsafe { ((*self.0).put_int)(self.0, c_text(key).as_ptr(), value) }
    }
    pub fn float(&self, key: &str, value: f64) {
        unsafe { ((*self.0).put_float)(self.0, c_text(key).as_ptr(), value) }
    }
    pub fn floats(&self, key: &str, values: &[f32]) {
        let (mut shape, mut strides) = ([values.len() as i64], [1i64]);
        let tensor = float_view(values.as_ptr() as *mut f32, &mut shape, &mut strides);
        unsafe { ((*self.0).put_tensor)(self.0, c_text(key).as_ptr(), &tensor) }
    }
}

pub struct Source(*const RawSource);

fn damaged(key: &str) -> String {
    format!("the saved state is damaged: '{key}' is of another type or size")
}

/// A key that is missing leaves the value as it is.
impl Source {
    pub fn int(&self, key: &str, value: &mut i64) -> Result<(), String> {
        let answer = unsafe { ((*self.0).get_int)(self.0, c_text(key).as_ptr(), value) };
        if answer < 0 { Err(damaged(key)) } else { Ok(()) }
    }
    pub fn float(&self, key: &str, value: &mut f64) -> Result<(), String> {
        let answer = unsafe { ((*self.0).get_float)(self.0, c_text(key).as_ptr(), value) };
        if answer < 0 { Err(damaged(key)) } else { Ok(()) }
    }
    pub fn floats(&self, key: &str, values: &mut [f32]) -> Result<(), String> {
        let mut tensor = NO_TENSOR;
        let answer = unsafe { ((*self.0).get_tensor)(self.0, c_text(key).as_ptr(), &mut tensor) };
        if answer == 0 {
            return Ok(());
        }
        let found = if answer < 0 { None } else { floats(&tensor) };
        match found {
            Some(found) if found.len() == values.len() => Ok(values.copy_from_slice(found)),
            _ => Err(damaged(key)),
        }
    }
}

// ---- Tensors: contiguous, borrowed until the call returns ----

pub const NO_TENSOR: Tensor = Tensor {
    data: ptr::null_mut(),
    device_type: 1,
    device_id: 0,
    ndim: 0,
    dtype: FLOAT32,
    shape: ptr::null_mut(),
    strides: ptr::null_mut(),
    byte_offset: 0,
};

fn elements<T>(tensor: &Tensor, code: u8, bits: u8) -> Option<&mut [T]> {
    if tensor.data.is_null() || tensor.dtype.code != code || tensor.dtype.bits != bits {
        return None;
    }
    let shape: &[i64] =
        if tensor.ndim <= 0 { &[] } else { unsafe { std::slice::from_raw_parts(tensor.shape, tensor.ndim as usize) } };
    let count = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(usize::try_from(size).ok()?))?;
    let start = unsafe { (tensor.data as *mut u8).add(tensor.byte_offset as usize) as *mut T };
    Some(unsafe { std::slice::from_raw_parts_mut(start, count) })
}

/// None for a missing tensor and for one of another type.
pub fn floats(tensor: &Tensor) -> Option<&mut [f32]> {
    elements(tensor, 2, 32)
}
pub fn doubles(tensor: &Tensor) -> Option<&mut [f64]> {
    elements(tensor, 2, 64)
}
pub fn int32s(tensor: &Tensor) -> Option<&mut [i32]> {
    elements(tensor, 0, 32)
}

/// One dimension of f32; the caller keeps data, shape and strides where they are.
pub fn float_view(data: *mut f32, shape: &mut [i64; 1], strides: &mut [i64; 1]) -> Tensor {
    Tensor { data: data as *mut c_void, ndim: 1, shape: shape.as_mut_ptr(), strides: strides.as_mut_ptr(), ..NO_TENSOR }
}

// ---- The border: what the tables point to ----

/// An instance with its host.
pub struct Boxed<T> {
    pub host: Host,
    pub instance: T,
}

/// Runs a body; an error or a panic becomes the words of a failed call.
pub fn guarded(host: Host, body: impl FnOnce() -> Result<(), String>) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => OK,
        Ok(Err(words)) => {
            host.fail(&words);
            FAILED
        }
        Err(_) => {
            host.fail("the plugin panicked; its own words are on the standard error output");
            FAILED
        }
    }
}

/// What every kind has.
pub trait Life: Sized {
    fn create(host: Host) -> Result<Self, String>;
    fn save(&self, _sink: &Sink) {}
    fn load(&mut self, _source: &Source) -> Result<(), String> {
        Ok(())
    }
}

/// Kinds whose reset takes nothing: callbacks, monitors, datasets. There is no default.
pub trait Reset {
    fn reset(&mut self);
}

pub unsafe extern "C" fn create<T: Life>(_: *const Component, host: *const RawHost, result: *mut *mut c_void) -> Status {
    let host = Host(host);
    guarded(host, || {
        let boxed = Box::new(Boxed { host, instance: T::create(host)? });
        unsafe { *result = Box::into_raw(boxed) as *mut c_void };
        Ok(())
    })
}

pub unsafe extern "C" fn destroy<T>(pointer: *mut c_void) {
    let boxed = unsafe { Box::from_raw(pointer as *mut Boxed<T>) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(boxed)));
}

/// Calls a method of the instance behind a pointer.
pub unsafe fn with<T>(pointer: *mut c_void, body: impl FnOnce(&mut T, Host) -> Result<(), String>) -> Status {
    let boxed = unsafe { &mut *(pointer as *mut Boxed<T>) };
    let host = boxed.host;
    guarded(host, || body(&mut boxed.instance, host))
}

pub unsafe fn instance<'a, T>(pointer: *mut c_void) -> &'a mut T {
    unsafe { &mut (*(pointer as *mut Boxed<T>)).instance }
}

pub unsafe extern "C" fn reset<T: Reset>(pointer: *mut c_void) -> Status {
    unsafe { with::<T>(pointer, |instance, _| Ok(instance.reset())) }
}

pub unsafe extern "C" fn save<T: Life>(pointer: *mut c_void, sink: *const RawSink) -> Status {
    unsafe { with::<T>(pointer, |instance, _| Ok(instance.save(&Sink(sink)))) }
}

pub unsafe extern "C" fn load<T: Life>(pointer: *mut c_void, source: *const RawSource) -> Status {
    unsafe { with::<T>(pointer, |instance, _| instance.load(&Source(source))) }
}

pub fn event(pointer: *const RawEvent) -> Event {
    Event(pointer)
}

pub const fn option(
    kind: u32, key: &'static CStr, doc: &'static CStr, default_text: &'static CStr, range: &'static CStr,
) -> Static<OptionRow> {
    Static(OptionRow {
        struct_size: size_of::<OptionRow>() as u32,
        kind,
        flags: 0,
        choice_count: 0,
        key: key.as_ptr(),
        doc: doc.as_ptr(),
        default_text: default_text.as_ptr(),
        range: if range.is_empty() { ptr::null() } else { range.as_ptr() },
        unit: ptr::null(),
        choices: ptr::null(),
    })
}

/// The one symbol that is exported, for a component and its table.
#[macro_export]
macro_rules! module {
    ($kind:expr, $id:expr, $version:expr, $summary:expr, $table:expr, [$($option:expr),*]) => {
        static ROWS: $crate::trainyard::Static<&[*const $crate::trainyard::OptionRow]> =
            $crate::trainyard::Static(&[$(&$option.0 as *const $crate::trainyard::OptionRow),*]);
        static COMPONENT: $crate::trainyard::Static<$crate::trainyard::Component> =
            $crate::trainyard::Static($crate::trainyard::Component {
                struct_size: size_of::<$crate::trainyard::Component>() as u32,
                kind: $kind,
                id: $id.as_ptr(),
                version: $version.as_ptr(),
                summary: $summary.as_ptr(),
                table: &$table as *const _ as *const std::ffi::c_void,
                data: std::ptr::null_mut(),
                option_count: ROWS.0.len() as u64,
                options: ROWS.0.as_ptr(),
            });
        static COMPONENTS: $crate::trainyard::Static<[*const $crate::trainyard::Component; 1]> =
            $crate::trainyard::Static([&COMPONENT.0]);
        static MODULE: $crate::trainyard::Static<$crate::trainyard::Module> =
            $crate::trainyard::Static($crate::trainyard::Module {
                struct_size: size_of::<$crate::trainyard::Module>() as u32,
                abi_major: $crate::trainyard::ABI_MAJOR,
                abi_minor: $crate::trainyard::ABI_MINOR,
                reserved: 0,
                component_count: 1,
                components: COMPONENTS.0.as_ptr(),
                license: std::ptr::null(),
                author: std::ptr::null(),
            });

        /// # Safety
        /// Called by the host with valid arguments.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn trainyard_plugin(
            args: *const $crate::trainyard::EntryArgs,
        ) -> *const $crate::trainyard::Module {
            let args = unsafe { &*args };
            if args.abi_major != $crate::trainyard::ABI_MAJOR || args.abi_minor != $crate::trainyard::ABI_MINOR {
                let words = c"built for another version of trainyard.h; build it again";
                unsafe { (args.refuse)(args.context, words.as_ptr()) };
                return std::ptr::null();
            }
            &MODULE.0
        }
    };
}

// The sizes of trainyard.h on a machine of 64 bits.
const _: () = assert!(size_of::<Tensor>() == 48 && size_of::<OptionRow>() == 64 && size_of::<RawEvent>() == 88);
const _: () = assert!(size_of::<RawHost>() == 168 && size_of::<RawSink>() == 48 && size_of::<RawSource>() == 56);
const _: () = assert!(size_of::<Task>() == 64 && size_of::<Batch>() == 224 && size_of::<Step>() == 72);
const _: () = assert!(size_of::<Weight>() == 64 && size_of::<ModelFacts>() == 24 && size_of::<Field>() == 48);
const _: () = assert!(size_of::<CallbackTable>() == 144 && size_of::<ModelTable>() == 144);
const _: () = assert!(size_of::<MonitorTable>() == 88 && size_of::<DatasetTable>() == 88);
const _: () = assert!(size_of::<Component>() == 64 && size_of::<Module>() == 48 && size_of::<EntryArgs>() == 32);
