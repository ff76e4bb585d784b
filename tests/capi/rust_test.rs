// SPDX-License-Identifier: MIT
//
// halfulp from Rust, declared by hand as a crate would: an operation on codes, an error's text, a
// handle that threads share.
use std::ffi::{c_char, c_int, CStr, CString};
use std::ptr::null_mut;

#[repr(C)]
struct Operation {
    _private: [u8; 0],
}
#[repr(C)]
struct Error {
    place: [c_char; 128],
    message: [c_char; 384],
    remedy: [c_char; 256],
}
#[link(name = "halfulp")]
extern "C" {
    fn halfulp_abi() -> u32;
    fn halfulp_operation_create(
        name: *const c_char,
        inputs: *const *const c_char,
        input_count: usize,
        output: *const c_char,
        made: *mut *const Operation,
        error: *mut Error,
    ) -> c_int;
    fn halfulp_operation_destroy(operation: *const Operation);
    fn halfulp_operate_u64(
        operation: *const Operation,
        operands: *const u64,
        operand_count: usize,
        random: u64,
        result: *mut u64,
        flags: *mut u32,
        error: *mut Error,
    ) -> c_int;
}

struct Handle(*const Operation);
// A handle never changes (halfulp.h).
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}
impl Drop for Handle {
    fn drop(&mut self) {
        unsafe { halfulp_operation_destroy(self.0) }
    }
}

fn operation(name: &str, input: &str, output: &str) -> Result<Handle, String> {
    let [name, input, output] = [name, input, output].map(|text| CString::new(text).unwrap());
    let inputs = [input.as_ptr()];
    let mut made = std::ptr::null();
    let mut error = Error { place: [0; 128], message: [0; 384], remedy: [0; 256] };
    let status = unsafe {
        halfulp_operation_create(name.as_ptr(), inputs.as_ptr(), 1, output.as_ptr(), &mut made, &mut error)
    };
    if status == 0 {
        return Ok(Handle(made));
    }
    let text = |field: &[c_char]| unsafe { CStr::from_ptr(field.as_ptr()) }.to_str().unwrap().to_owned();
    Err(format!("{}: {}; {}", text(&error.place), text(&error.message), text(&error.remedy)))
}

impl Handle {
    fn apply(&self, operands: &[u64]) -> (u64, u32) {
        let (mut result, mut flags) = (0, 0);
        let status = unsafe {
            halfulp_operate_u64(self.0, operands.as_ptr(), operands.len(), 0, &mut result, &mut flags, null_mut())
        };
        assert_eq!(status, 0);
        (result, flags)
    }
}

fn main() {
    assert_eq!(unsafe { halfulp_abi() }, 1);
    let fma = operation("fma", "binary32", "binary32").unwrap();
    // f32::mul_add is exact too.
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let fma = &fma;
            scope.spawn(move || {
                for i in 0..2000u32 {
                    let x = |k: u32| f32::from_bits(0x3f80_0000 ^ (i * 0x9e37 + k * 0x1234_567 + thread) & 0x0fff_ffff);
                    let (a, b, c) = (x(1), x(2), x(3));
                    let want = a.mul_add(b, c).to_bits();
                    let got = fma.apply(&[a, b, c].map(|v| u64::from(v.to_bits()))).0;
                    assert!(got == u64::from(want) || f32::from_bits(want).is_nan(), "{a} {b} {c}");
                }
            });
        }
    });
    assert_eq!(fma.apply(&[0x3f800000, 0x33000000, 0x3f800000]), (0x3f800000, 1));
    let wrong = operation("fma", "/etc/passwd", "binary32").err().unwrap();
    assert!(wrong.contains("names a file, and none is opened here"), "{wrong}");
    println!("halfulp from Rust: as it should be");
}
