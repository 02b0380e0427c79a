//! {{id}}: a dataset of Trainyard. `cargo build --release` builds it, `cargo test` proves that it keeps the contract.
//!
//! As it stands it makes up points in a square and labels those above its diagonal. Replace where rows come from; keep what
//! the host builds on: a row is read by its number and depends on nothing but number, options, seed and epoch, so that
//! the host owns shuffling, splits, folds and resume.
mod trainyard;

use std::ffi::{c_char, c_void};
use std::ptr;
use trainyard::*;

struct {{Type}} {
    rows: i64,
}

impl Life for {{Type}} {
    fn create(host: Host) -> Result<Self, String> {
        Ok(Self { rows: host.int("rows") })
    }
}

impl Reset for {{Type}} {
    /// Nothing that a run can change.
    fn reset(&mut self) {}
}

/// splitmix64: any row's numbers without those before it; in [-1, 1).
fn coordinate(row: i64, axis: u64) -> f32 {
    let mut z = (row as u64).wrapping_mul(2).wrapping_add(axis).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    ((z >> 11) as f64 / 4503599627370496.0 - 1.0) as f32
}

impl {{Type}} {
    /// Fills the fields that are wanted, a tensor for each, in the order of the rows. May run on a loader thread.
    fn read(&self, rows: &[i64], points: Option<&mut [f32]>, labels: Option<&mut [i32]>) -> Result<(), String> {
        if rows.iter().any(|row| !(0..self.rows).contains(row)) {
            return Err("a row that is not there was asked for".into());
        }
        if let Some(points) = points {
            for (point, &row) in points.chunks_exact_mut(2).zip(rows) {
                point.copy_from_slice(&[coordinate(row, 0), coordinate(row, 1)]);
            }
        }
        if let Some(labels) = labels {
            for (label, &row) in labels.iter_mut().zip(rows) {
                let (x, y) = (coordinate(row, 0), coordinate(row, 1));
                *label = (y > x).into();
            }
        }
        Ok(())
    }
}

// ---- What the host finds ----

static POINT_SHAPE: [i64; 1] = [2];
static LABEL_NAMES: Static<[*const c_char; 2]> = Static([c"below".as_ptr(), c"above".as_ptr()]);
static FIELDS: Static<[Field; 2]> = Static([
    Field {
        struct_size: size_of::<Field>() as u32,
        role: ROLE_FEATURE,
        name: c"point".as_ptr(),
        dtype: FLOAT32,
        ndim: 1,
        shape: POINT_SHAPE.as_ptr(),
        category_count: 0,
        categories: ptr::null(),
    },
    Field {
        struct_size: size_of::<Field>() as u32,
        role: ROLE_TARGET,
        name: c"label".as_ptr(),
        dtype: INT32,
        ndim: 0,
        shape: ptr::null(),
        category_count: 2,
        categories: LABEL_NAMES.0.as_ptr(),
    },
]);

unsafe extern "C" fn row_count(pointer: *mut c_void) -> i64 {
    unsafe { instance::<{{Type}}>(pointer).rows }
}
unsafe extern "C" fn field_count(_: *mut c_void) -> u64 {
    FIELDS.0.len() as u64
}
unsafe extern "C" fn field(_: *mut c_void, index: u64) -> *const Field {
    FIELDS.0.get(index as usize).map_or(ptr::null(), |field| field)
}
unsafe extern "C" fn read(pointer: *mut c_void, request: *const Read, fields: *const *mut Tensor) -> Status {
    unsafe {
        with::<{{Type}}>(pointer, |it, _| {
            let rows: &[i64] = match (*request).row_count {
                count if count > 0 => std::slice::from_raw_parts((*request).rows, count as usize),
                _ => &[],
            };
            let (points, labels) = ((*fields).as_ref(), (*fields.add(1)).as_ref());
            it.read(rows, points.and_then(floats), labels.and_then(int32s))
        })
    }
}

static TABLE: DatasetTable = DatasetTable {
    struct_size: size_of::<DatasetTable>() as u32,
    flags: 0,
    create: Some(create::<{{Type}}>),
    destroy: Some(destroy::<{{Type}}>),
    reset: Some(reset::<{{Type}}>),
    state_save: None,
    state_load: None,
    row_count: Some(row_count),
    field_count: Some(field_count),
    field: Some(field),
    read: Some(read),
    whole: None, // with all rows in memory it would spare the host the reading
};

static ROW_COUNT: Static<OptionRow> = option(OPTION_INT, c"rows", c"Number of rows.", c"1000", c"[1, 1000000000]");

module!(
    KIND_DATASET,
    c"{{id}}",
    c"0.1.0",
    c"Points in a square, labelled by their side of the diagonal.",
    TABLE,
    [ROW_COUNT]
);
