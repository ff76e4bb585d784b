/* SPDX-License-Identifier: MIT
 *
 * halfulp in C: number formats, roundings, operations, blocks and matrix units, computed bit for
 * bit as the program and the library compute them. C99; also for other languages that call C.
 *
 * Handles are made from texts: a name as the command line takes it ("bfloat16", "nvfp4"), or JSON
 * ({"format": "e4m3fn", "rounding": "stochastic", "random_bits": 8}; docs/json.md). No text is
 * taken for a file's path, and no file is opened. A handle never changes: any number of threads may
 * use it at once, until one of them destroys it. Those that another handle lends live as long as
 * that one.
 *
 * There is no state beside the handles: no error number, no rounding mode, no random generator; the
 * locale and the processor's floating-point modes have no effect, and none is changed. Random bits
 * are arguments: of scalar calls the bits themselves, of arrays the address of a stream
 * (halfulp_random), so that results depend neither on order nor on how an array is split.
 *
 * Functions that can fail answer a halfulp_status and write what is wrong, where, and what would be
 * right into a halfulp_error of the caller's, which may be NULL. After a failure no handle is made,
 * and what `out` arguments hold is not stated. Wherever a function says nothing else, a pointer may
 * be NULL only where as many as 0 elements are behind it. Arguments named `flags` and `counts` may
 * be NULL.
 *
 * Scalar calls of arithmetic, comparisons and conversions allocate no memory where formats have at
 * most 64 bits; functions (exp to hypot) and wider formats may. */
#ifndef HALFULP_H
#define HALFULP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HALFULP_API __attribute__((visibility("default")))
#else
#define HALFULP_API
#endif

/* Grows by one where a program compiled before would break; the library's file name and the version
 * of its symbols say the same number. New functions leave it. */
#define HALFULP_ABI 1
HALFULP_API uint32_t halfulp_abi(void);
HALFULP_API const char* halfulp_version(void); /* "0.1.0" */

/* Functions (exp to hypot), explanations and judgements leave about a kilobyte of MPFR's in the
 * thread that calls them: its constants, on which no result depends. A program that ends many such
 * threads calls this in each before its end, or that memory is lost. */
HALFULP_API void halfulp_thread_end(void);

/* ---- Errors ---------------------------------------------------------------------------------- */

typedef enum halfulp_status {
  HALFULP_OK = 0,
  HALFULP_BAD_DESCRIPTION = 1, /* a text that describes nothing, or what cannot be */
  HALFULP_BAD_ARGUMENT = 2,    /* anything else that a caller can mend */
  HALFULP_OUT_OF_MEMORY = 3,
  HALFULP_INTERNAL = 4 /* a fault of the library's: please report it */
} halfulp_status;

/* Texts end with a NUL byte and are cut where they are longer. place: "/format/bias", may be empty;
 * message: what is wrong; remedy: what would be right, may be empty. */
typedef struct halfulp_error {
  char place[128];
  char message[384];
  char remedy[256];
} halfulp_error;

/* ---- Codes, flags and random bits ------------------------------------------------------------ */

/* A code, right-aligned in 128 bits. Functions that end in _u64 take those of at most 64. Scalar
 * calls refuse bits beyond those of the format; in arrays these are not looked at. */
typedef struct halfulp_code {
  uint64_t low, high;
} halfulp_code;

/* IEEE 754-2019 clause 7, in the bits of Berkeley TestFloat and of RISC-V. */
#define HALFULP_INEXACT 0x01u
#define HALFULP_UNDERFLOW 0x02u
#define HALFULP_OVERFLOW 0x04u
#define HALFULP_DIVIDE_BY_ZERO 0x08u
#define HALFULP_INVALID 0x10u

#define HALFULP_PHILOX4X32_10 0u
#define HALFULP_SPLITMIX64 1u
/* Element i of an array draws its bits at offset + i of a stream (formats/random.h). NULL in its
 * place is {0, 0, 0, HALFULP_PHILOX4X32_10, 0}. Only stochastic roundings draw. */
typedef struct halfulp_random {
  uint64_t seed, stream, offset;
  uint32_t generator;
  uint32_t reserved; /* 0 */
} halfulp_random;

/* What happened to the elements of an array; added to what stands there. */
typedef struct halfulp_counts {
  uint64_t elements;
  uint64_t saturated; /* infinite, or rounded beyond the largest finite number */
  uint64_t flushed;   /* nonzero, delivered as zero */
  uint64_t inexact;
} halfulp_counts;

/* ---- Formats --------------------------------------------------------------------------------- */

typedef struct halfulp_format halfulp_format;
HALFULP_API halfulp_status halfulp_format_create(const char* text, const halfulp_format** made,
                                                 halfulp_error* error);
HALFULP_API void halfulp_format_destroy(const halfulp_format* format); /* NULL: nothing */

HALFULP_API const char* halfulp_format_name(const halfulp_format* format); /* lent */
HALFULP_API uint32_t halfulp_format_bits(const halfulp_format* format);
/* Packed codes take 4, 6, 8, 16, 32, 64 or 128 bits each, the first in the lowest bits of
 * little-endian bytes: so FP8 is an array of uint8_t, bfloat16 on most machines one of uint16_t,
 * and FP4 has two codes a byte. */
HALFULP_API uint32_t halfulp_format_packed_bits(const halfulp_format* format);
HALFULP_API halfulp_status halfulp_packed_bytes(const halfulp_format* format, size_t count,
                                                size_t* bytes, halfulp_error* error);

/* The number of a code as a double, to nearest even where no double is it, with the flags of that
 * conversion. */
HALFULP_API halfulp_status halfulp_decode(const halfulp_format* format, halfulp_code code,
                                          double* number, uint32_t* flags, halfulp_error* error);
HALFULP_API halfulp_status halfulp_decode_u64(const halfulp_format* format, uint64_t code,
                                              double* number, uint32_t* flags,
                                              halfulp_error* error);

/* ---- Rounding one number --------------------------------------------------------------------- */

/* A format and how numbers are rounded to it. random: as many bits as the rounding's random_bits,
 * right-aligned, of stochastic roundings; others do not look at it. */
typedef struct halfulp_quantizer halfulp_quantizer;
HALFULP_API halfulp_status halfulp_quantizer_create(const char* text,
                                                    const halfulp_quantizer** made,
                                                    halfulp_error* error);
HALFULP_API void halfulp_quantizer_destroy(const halfulp_quantizer* quantizer);
HALFULP_API const halfulp_format* halfulp_quantizer_format(const halfulp_quantizer* quantizer);
HALFULP_API uint32_t halfulp_quantizer_random_bits(const halfulp_quantizer* quantizer); /* or 0 */

HALFULP_API halfulp_status halfulp_round_f64(const halfulp_quantizer* quantizer, double number,
                                             uint64_t random, halfulp_code* code, uint32_t* flags,
                                             halfulp_error* error);
HALFULP_API halfulp_status halfulp_round_f32(const halfulp_quantizer* quantizer, float number,
                                             uint64_t random, halfulp_code* code, uint32_t* flags,
                                             halfulp_error* error);
HALFULP_API halfulp_status halfulp_round_f64_u64(const halfulp_quantizer* quantizer, double number,
                                                 uint64_t random, uint64_t* code, uint32_t* flags,
                                                 halfulp_error* error);
HALFULP_API halfulp_status halfulp_round_f32_u64(const halfulp_quantizer* quantizer, float number,
                                                 uint64_t random, uint64_t* code, uint32_t* flags,
                                                 halfulp_error* error);
HALFULP_API halfulp_status halfulp_convert(const halfulp_quantizer* quantizer,
                                           const halfulp_format* from, halfulp_code code,
                                           uint64_t random, halfulp_code* result, uint32_t* flags,
                                           halfulp_error* error);
HALFULP_API halfulp_status halfulp_convert_u64(const halfulp_quantizer* quantizer,
                                               const halfulp_format* from, uint64_t code,
                                               uint64_t random, uint64_t* result, uint32_t* flags,
                                               halfulp_error* error);

/* ---- Operations on codes --------------------------------------------------------------------- */

/* name: as in `halfulp op` ("add", "fma", "exp"). inputs: a format for all operands, or one each.
 * output: a quantizer. */
typedef struct halfulp_operation halfulp_operation;
HALFULP_API halfulp_status halfulp_operation_create(const char* name, const char* const* inputs,
                                                    size_t input_count, const char* output,
                                                    const halfulp_operation** made,
                                                    halfulp_error* error);
HALFULP_API void halfulp_operation_destroy(const halfulp_operation* operation);
HALFULP_API size_t halfulp_operation_arity(const halfulp_operation* operation); /* 1 to 3 */
/* NULL where there is no such operand. */
HALFULP_API const halfulp_format* halfulp_operation_input(const halfulp_operation* operation,
                                                          size_t operand);
HALFULP_API const halfulp_format* halfulp_operation_output(const halfulp_operation* operation);

HALFULP_API halfulp_status halfulp_operate(const halfulp_operation* operation,
                                           const halfulp_code* operands, size_t operand_count,
                                           uint64_t random, halfulp_code* result, uint32_t* flags,
                                           halfulp_error* error);
HALFULP_API halfulp_status halfulp_operate_u64(const halfulp_operation* operation,
                                               const uint64_t* operands, size_t operand_count,
                                               uint64_t random, uint64_t* result, uint32_t* flags,
                                               halfulp_error* error);

/* ---- Arrays ---------------------------------------------------------------------------------- */

/* Strides count elements from one to the next and may be negative or 0 (of what is read). in and
 * out may be one array with one stride, and else do not overlap. `bytes` says how long an array of
 * packed codes is; a call that needs more refuses. Numbers of the format that the carrier, float or
 * double, does not hold are refused as a whole: such formats have codes only. */
HALFULP_API halfulp_status halfulp_round_array_f32(const halfulp_quantizer* quantizer,
                                                   const float* in, ptrdiff_t in_stride, float* out,
                                                   ptrdiff_t out_stride, size_t count,
                                                   const halfulp_random* random,
                                                   halfulp_counts* counts, halfulp_error* error);
HALFULP_API halfulp_status halfulp_round_array_f64(const halfulp_quantizer* quantizer,
                                                   const double* in, ptrdiff_t in_stride,
                                                   double* out, ptrdiff_t out_stride, size_t count,
                                                   const halfulp_random* random,
                                                   halfulp_counts* counts, halfulp_error* error);
/* flags: of every element, a byte each. */
HALFULP_API halfulp_status halfulp_encode_f32(const halfulp_quantizer* quantizer, const float* in,
                                              ptrdiff_t stride, size_t count,
                                              const halfulp_random* random, void* codes,
                                              size_t bytes, uint8_t* flags, halfulp_counts* counts,
                                              halfulp_error* error);
HALFULP_API halfulp_status halfulp_encode_f64(const halfulp_quantizer* quantizer, const double* in,
                                              ptrdiff_t stride, size_t count,
                                              const halfulp_random* random, void* codes,
                                              size_t bytes, uint8_t* flags, halfulp_counts* counts,
                                              halfulp_error* error);
HALFULP_API halfulp_status halfulp_decode_f32(const halfulp_format* format, const void* codes,
                                              size_t bytes, size_t count, float* out,
                                              ptrdiff_t stride, halfulp_error* error);
HALFULP_API halfulp_status halfulp_decode_f64(const halfulp_format* format, const void* codes,
                                              size_t bytes, size_t count, double* out,
                                              ptrdiff_t stride, halfulp_error* error);

/* How codes, or numbers, lie in memory: one code an integer of the machine, right-aligned; packed;
 * or the numbers that they are. */
typedef enum halfulp_element {
  HALFULP_U8 = 0,
  HALFULP_U16 = 1,
  HALFULP_U32 = 2,
  HALFULP_U64 = 3,
  HALFULP_PACKED = 4,
  HALFULP_F32 = 5,
  HALFULP_F64 = 6
} halfulp_element;
/* Codes without gaps. bytes: how long the array is. */
typedef struct halfulp_codes {
  const void* data;
  size_t bytes;
  uint32_t element; /* a halfulp_element that is no number */
  uint32_t reserved;
} halfulp_codes;
typedef struct halfulp_codes_out {
  void* data;
  size_t bytes;
  uint32_t element;
  uint32_t reserved;
} halfulp_codes_out;

/* One operation on `count` elements. operands: as many as the operation has. The result may be one
 * of the operands where both have one format and one element. */
HALFULP_API halfulp_status halfulp_operate_array(const halfulp_operation* operation,
                                                 const halfulp_codes* operands,
                                                 size_t operand_count, size_t count,
                                                 const halfulp_random* random,
                                                 const halfulp_codes_out* result, uint8_t* flags,
                                                 halfulp_error* error);
/* Codes of a format in another layout. */
HALFULP_API halfulp_status halfulp_repack(const halfulp_format* format, const halfulp_codes* from,
                                          size_t count, const halfulp_codes_out* to,
                                          halfulp_error* error);

/* ---- Numbers that share scales --------------------------------------------------------------- */

typedef struct halfulp_block_format halfulp_block_format;
HALFULP_API halfulp_status halfulp_block_format_create(const char* text,
                                                       const halfulp_block_format** made,
                                                       halfulp_error* error);
HALFULP_API void halfulp_block_format_destroy(const halfulp_block_format* block);
HALFULP_API const halfulp_format* halfulp_block_element(const halfulp_block_format* block);
/* Scales nest; level 0 is the outermost. */
HALFULP_API size_t halfulp_block_levels(const halfulp_block_format* block);
HALFULP_API const halfulp_format* halfulp_block_scale(const halfulp_block_format* block,
                                                      size_t level); /* NULL: no such level */
/* How many scales a level has along the rows and columns of a matrix. */
HALFULP_API halfulp_status halfulp_block_scale_count(const halfulp_block_format* block,
                                                     size_t level, size_t rows, size_t columns,
                                                     size_t* down, size_t* across,
                                                     halfulp_error* error);

/* A matrix in the format, as codes: elements row after row, one an integer or packed (a row begins
 * where the one before ends); scales of `levels` levels, the outermost first, row after row, as
 * many as halfulp_block_scale_count says (nvfp4: 1 x 1 of binary32, then rows x columns / 16 of
 * e4m3fn); and where the format has zero points those of its innermost blocks. */
typedef struct halfulp_block_codes {
  halfulp_codes elements;
  const halfulp_codes* scales;
  size_t levels;
  const int64_t* zero_points;
  size_t zero_point_count;
} halfulp_block_codes;
typedef struct halfulp_block_codes_out {
  halfulp_codes_out elements;
  const halfulp_codes_out* scales;
  size_t levels;
  int64_t* zero_points;
  size_t zero_point_count;
} halfulp_block_codes_out;

/* Row strides are in elements, at least `columns`. values: what the elements become, may be the
 * matrix itself, or NULL. codes may be NULL. */
HALFULP_API halfulp_status halfulp_block_quantize_f32(
    const halfulp_block_format* block, const float* matrix, size_t rows, size_t columns,
    size_t row_stride, const halfulp_random* random, float* values, size_t value_stride,
    const halfulp_block_codes_out* codes, halfulp_counts* counts, halfulp_error* error);
HALFULP_API halfulp_status halfulp_block_quantize_f64(
    const halfulp_block_format* block, const double* matrix, size_t rows, size_t columns,
    size_t row_stride, const halfulp_random* random, double* values, size_t value_stride,
    const halfulp_block_codes_out* codes, halfulp_counts* counts, halfulp_error* error);
/* Scales times elements, rounded once to the carrier: beyond its largest number to infinity. */
HALFULP_API halfulp_status halfulp_block_dequantize_f32(const halfulp_block_format* block,
                                                        const halfulp_block_codes* codes,
                                                        size_t rows, size_t columns, float* values,
                                                        size_t row_stride, halfulp_error* error);
HALFULP_API halfulp_status halfulp_block_dequantize_f64(const halfulp_block_format* block,
                                                        const halfulp_block_codes* codes,
                                                        size_t rows, size_t columns, double* values,
                                                        size_t row_stride, halfulp_error* error);

/* ---- Products of matrices -------------------------------------------------------------------- */

/* A matrix unit, and the order in which a kernel uses it. unit: a name of `halfulp units` or JSON;
 * NULL where the order has an arithmetic of its own ("exact:binary32"), whose operands are of the
 * formats a and b. order: what happens between its instructions, as docs/units.md lists: "plain"
 * (or NULL), every sum goes on as C of the next; "promote:128", sums of 128 terms are added up in
 * binary32; "split-k:4", four parts are added in the end; and others. Where there is a unit, a and
 * b are NULL: it says its formats. */
typedef struct halfulp_unit halfulp_unit;
HALFULP_API halfulp_status halfulp_unit_create(const char* unit, const char* order, const char* a,
                                               const char* b, const halfulp_unit** made,
                                               halfulp_error* error);
HALFULP_API void halfulp_unit_destroy(const halfulp_unit* unit);
HALFULP_API const halfulp_format* halfulp_unit_a(const halfulp_unit* unit);
HALFULP_API const halfulp_format* halfulp_unit_b(const halfulp_unit* unit);
HALFULP_API const halfulp_format* halfulp_unit_c(const halfulp_unit* unit);
HALFULP_API const halfulp_format* halfulp_unit_d(const halfulp_unit* unit); /* of the results */

/* shape: `dimensions` of them; a number has none. strides: in elements; NULL: in C order without
 * gaps, as packed codes always lie. format: of the codes or numbers; NULL: what the unit takes
 * there, and of C in an epilogue, a bias and scales of an epilogue binary32. Numbers that are not
 * of the format are refused: rounding is a quantizer's. */
typedef struct halfulp_tensor {
  const void* data;
  uint32_t element;
  uint32_t dimensions;
  const size_t* shape;
  const ptrdiff_t* strides;
  const halfulp_format* format;
} halfulp_tensor;
/* to: rounds the results last; NULL: as the unit and the order deliver them. */
typedef struct halfulp_result {
  void* data;
  uint32_t element;
  uint32_t dimensions;
  const size_t* shape;
  const ptrdiff_t* strides;
  const halfulp_quantizer* to;
} halfulp_result;

/* What a product takes, all of the caller's: a, ... x rows x terms; b, terms x columns, transposed
 * where b_transposed is not 0; c, bias, NULL or of the result's shape, one a column, or a number;
 * `scales` tensors of scales of a, rows x blocks of terms, and as many of b, columns x blocks of
 * terms, the outermost sum first. threads: 0: all processors, not negative. */
typedef struct halfulp_product {
  const halfulp_tensor *a, *b, *c, *bias;
  const halfulp_tensor *a_scales, *b_scales;
  size_t scales;
  const halfulp_random* random;
  int32_t b_transposed;
  int32_t threads;
} halfulp_product;
HALFULP_API halfulp_status halfulp_multiply(const halfulp_unit* unit,
                                            const halfulp_product* product,
                                            const halfulp_result* result, halfulp_error* error);

/* ---- Judging --------------------------------------------------------------------------------- */

/* Texts are written into `buffer` of `size` bytes as snprintf does: cut to size - 1 and ended with
 * a NUL; *length becomes that of the whole text without it. buffer may be NULL where size is 0. */

/* Is a result right, and its flags where got_flags is not NULL? *right becomes 1 or 0. Where it is
 * wrong, the text is the block of `halfulp check`: operands with their bits, the exact result, what
 * was got and wanted, the distance, the known wrong ways that give the same. */
#define HALFULP_NAN_EXACT 1u /* else every NaN is every other */
#define HALFULP_ZERO_ANY 2u  /* of comparisons: zeros of both signs are one */
HALFULP_API halfulp_status halfulp_check(const halfulp_operation* operation,
                                         const halfulp_code* operands, size_t operand_count,
                                         uint64_t random, halfulp_code got,
                                         const uint32_t* got_flags, uint32_t strictness, int* right,
                                         char* buffer, size_t size, size_t* length,
                                         halfulp_error* error);

/* Two arrays of codes of a format of at most 64 bits. Distances count the format's numbers from one
 * to the other. */
typedef struct halfulp_comparison {
  uint64_t elements;
  uint64_t mismatches; /* codes that differ */
  uint64_t unlike;     /* of these, NaN or infinite on one side at least */
  uint64_t beyond;     /* finite numbers further apart than `ulp` */
  uint64_t largest;    /* of the distances of finite numbers */
  uint64_t first;      /* index of the first mismatch; `elements` where there is none */
  uint64_t first_got, first_want;
} halfulp_comparison;
/* The text is empty where nothing differs, else a line of counts, and the first mismatch as in
 * halfulp_check. */
HALFULP_API halfulp_status halfulp_compare(const halfulp_format* format, const halfulp_codes* got,
                                           const halfulp_codes* want, size_t count, uint64_t ulp,
                                           uint32_t strictness, halfulp_comparison* comparison,
                                           char* buffer, size_t size, size_t* length,
                                           halfulp_error* error);

/* Results of a kernel against the error bound of the unit and the order that it is said to compute
 * by (docs/compare.md), whatever else made them. failure: 0: the bound that always holds; else the
 * probability with which any correct result may be beyond, errors of roundings to nearest taken as
 * independent. got: `to` says what its results were rounded to last, or NULL. */
typedef struct halfulp_bound {
  uint64_t results, beyond, unbounded;
  double largest_bound;
} halfulp_bound;
HALFULP_API halfulp_status halfulp_check_bound(const halfulp_unit* unit,
                                               const halfulp_product* product,
                                               const halfulp_tensor* got,
                                               const halfulp_quantizer* to, double failure,
                                               halfulp_bound* bound, char* buffer, size_t size,
                                               size_t* length, halfulp_error* error);

/* ---- Explaining ------------------------------------------------------------------------------ */

/* How the number of a code is rounded: as `halfulp explain --from`, for people, and as JSON. */
HALFULP_API halfulp_status halfulp_explain(const halfulp_quantizer* quantizer,
                                           const halfulp_format* from, halfulp_code code,
                                           char* buffer, size_t size, size_t* length,
                                           halfulp_error* error);
HALFULP_API halfulp_status halfulp_explain_json(const halfulp_quantizer* quantizer,
                                                const halfulp_format* from, halfulp_code code,
                                                char* buffer, size_t size, size_t* length,
                                                halfulp_error* error);
/* The description in full with its facts: `halfulp formats NAME --json`. */
HALFULP_API halfulp_status halfulp_format_json(const halfulp_format* format, char* buffer,
                                               size_t size, size_t* length, halfulp_error* error);

#ifdef __cplusplus
}
#endif

#endif /* HALFULP_H */
