/* SPDX-License-Identifier: MIT
 *
 * halfulp from C99: each kind of call with an answer known from elsewhere, and that scalar calls
 * allocate nothing. */
#include <halfulp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;
#define EXPECT(condition)                                               \
  do {                                                                  \
    if (!(condition)) {                                                 \
      fprintf(stderr, "line %d: %s is not so\n", __LINE__, #condition); \
      ++failures;                                                       \
    }                                                                   \
  } while (0)
#define GOOD(call) EXPECT((call) == HALFULP_OK)

/* Allocations are counted where nobody else stands in their way. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
static unsigned long allocations = 0;
extern void* __libc_malloc(size_t size);
void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
#endif

static const halfulp_quantizer* quantizer_of(const char* text) {
  const halfulp_quantizer* made = NULL;
  halfulp_error error;
  if (halfulp_quantizer_create(text, &made, &error) == HALFULP_OK) return made;
  fprintf(stderr, "%s: %s; %s\n", error.place, error.message, error.remedy);
  exit(1);
}

static const halfulp_operation* operation_of(const char* name, const char* input,
                                             const char* output) {
  const halfulp_operation* made = NULL;
  halfulp_error error;
  if (halfulp_operation_create(name, &input, 1, output, &made, &error) == HALFULP_OK) return made;
  fprintf(stderr, "%s: %s; %s\n", error.place, error.message, error.remedy);
  exit(1);
}

static void one_number_at_a_time(void) {
  const halfulp_quantizer* fp8 = quantizer_of("e4m3fn");
  const halfulp_quantizer* quad = quantizer_of("binary128");
  const halfulp_quantizer* chance =
      quantizer_of("{\"format\": \"e4m3fn\", \"rounding\": \"stochastic\", \"random_bits\": 2}");
  halfulp_code wide;
  uint64_t code = 0;
  uint32_t flags = 0;
  double number = 0;
  halfulp_error error;

  GOOD(halfulp_round_f64_u64(fp8, 0.1, 0, &code, &flags, NULL));
  EXPECT(code == 0x1d && flags == HALFULP_INEXACT);
  GOOD(halfulp_decode_u64(halfulp_quantizer_format(fp8), code, &number, &flags, NULL));
  EXPECT(number == 0.1015625 && flags == 0);
  GOOD(halfulp_round_f32_u64(fp8, 448.0F, 0, &code, NULL, NULL));
  EXPECT(code == 0x7e);
  EXPECT(halfulp_round_f64_u64(quad, 1, 0, &code, &flags, &error) == HALFULP_BAD_ARGUMENT);
  EXPECT(strstr(error.message, "128 bits") != NULL);
  GOOD(halfulp_round_f32(quad, 1.0F, 0, &wide, &flags, NULL));
  EXPECT(wide.high == 0x3fff000000000000u && wide.low == 0);
  GOOD(halfulp_round_f64(quad, -2, 0, &wide, &flags, NULL));
  EXPECT(wide.high == 0xc000000000000000u && wide.low == 0);
  GOOD(halfulp_convert(fp8, halfulp_quantizer_format(quad), wide, 0, &wide, &flags, NULL));
  EXPECT(wide.low == 0xc0 && wide.high == 0);
  /* 0.1 lies 3/5 of the way from 0x1c to 0x1d: two random bits of four take it up. */
  EXPECT(halfulp_quantizer_random_bits(chance) == 2 && halfulp_quantizer_random_bits(fp8) == 0);
  GOOD(halfulp_round_f64_u64(chance, 0.1, 0, &code, NULL, NULL));
  EXPECT(code == 0x1c);
  GOOD(halfulp_round_f64_u64(chance, 0.1, 3, &code, NULL, NULL));
  EXPECT(code == 0x1d);
  EXPECT(halfulp_round_f64_u64(chance, 0.1, 4, &code, NULL, &error) == HALFULP_BAD_ARGUMENT);
  EXPECT(strcmp(error.place, "random") == 0);
  EXPECT(halfulp_decode_u64(halfulp_quantizer_format(fp8), 0x100, &number, NULL, NULL) ==
         HALFULP_BAD_ARGUMENT);
  halfulp_quantizer_destroy(fp8);
  halfulp_quantizer_destroy(quad);
  halfulp_quantizer_destroy(chance);
}

static void operations(void) {
  const halfulp_operation* fma = operation_of("fma", "binary32", "binary32");
  const uint64_t operands[3] = {0x3f800001, 0x3f800001, 0xbf800000};
  uint64_t result = 0;
  uint32_t flags = 0;
  float a, b, c, want;
  uint32_t pattern;
  EXPECT(halfulp_operation_arity(fma) == 3 && halfulp_operation_input(fma, 3) == NULL);
  EXPECT(halfulp_format_bits(halfulp_operation_input(fma, 2)) == 32);
  EXPECT(strcmp(halfulp_format_name(halfulp_operation_output(fma)), "binary32") == 0);
  GOOD(halfulp_operate_u64(fma, operands, 3, 0, &result, &flags, NULL));
  pattern = (uint32_t)operands[0];
  memcpy(&a, &pattern, sizeof a);
  b = a;
  c = -1.0F;
  want = fmaf(a, b, c);
  memcpy(&pattern, &want, sizeof pattern);
  EXPECT(result == pattern && flags == HALFULP_INEXACT);
  EXPECT(halfulp_operate_u64(fma, operands, 2, 0, &result, NULL, NULL) == HALFULP_BAD_ARGUMENT);
  halfulp_operation_destroy(fma);
}

static void arrays(void) {
  const halfulp_quantizer* fp4 = quantizer_of("e2m1fn");
  const float in[6] = {0.4F, -1.2F, 6.5F, 1e9F, -0.0F, 2.4F};
  /* 0.5, -1, 6, 6, -0, 2, two codes a byte, the first in the lower half. */
  const uint8_t want[3] = {0xa1, 0x77, 0x48};
  uint8_t codes[3] = {0, 0, 0};
  uint8_t one_each[6] = {0, 0, 0, 0, 0, 0};
  uint8_t flags[6];
  float out[6] = {0, 0, 0, 0, 0, 0};
  halfulp_counts counts = {0, 0, 0, 0};
  halfulp_codes from;
  halfulp_codes_out to;
  size_t bytes = 0;
  halfulp_error error;

  GOOD(halfulp_packed_bytes(halfulp_quantizer_format(fp4), 6, &bytes, NULL));
  EXPECT(bytes == 3 && halfulp_format_packed_bits(halfulp_quantizer_format(fp4)) == 4);
  EXPECT(halfulp_packed_bytes(halfulp_quantizer_format(fp4), SIZE_MAX, &bytes, NULL) ==
         HALFULP_BAD_ARGUMENT);
  GOOD(halfulp_encode_f32(fp4, in, 1, 6, NULL, codes, 3, flags, &counts, NULL));
  EXPECT(memcmp(codes, want, 3) == 0);
  EXPECT(flags[0] == (HALFULP_UNDERFLOW | HALFULP_INEXACT) &&
         flags[3] == (HALFULP_OVERFLOW | HALFULP_INEXACT));
  EXPECT(flags[4] == 0 && counts.elements == 6 && counts.inexact == 5);
  GOOD(halfulp_decode_f32(halfulp_quantizer_format(fp4), codes, 3, 6, out, 1, NULL));
  EXPECT(out[0] == 0.5F && out[1] == -1.0F && out[5] == 2.0F && signbit(out[4]));
  /* Backwards, in place. */
  GOOD(halfulp_decode_f32(halfulp_quantizer_format(fp4), codes, 3, 6, out + 5, -1, NULL));
  EXPECT(out[5] == 0.5F && out[0] == 2.0F);
  GOOD(halfulp_round_array_f32(fp4, in + 5, -1, out, 1, 6, NULL, NULL, NULL));
  EXPECT(out[0] == 2.0F && out[5] == 0.5F);
  EXPECT(halfulp_encode_f32(fp4, in, 1, 6, NULL, codes, 2, NULL, NULL, &error) ==
         HALFULP_BAD_ARGUMENT);
  EXPECT(strcmp(error.place, "codes") == 0);
  from.data = codes;
  from.bytes = 3;
  from.element = HALFULP_PACKED;
  from.reserved = 0;
  to.data = one_each;
  to.bytes = 6;
  to.element = HALFULP_U8;
  to.reserved = 0;
  GOOD(halfulp_repack(halfulp_quantizer_format(fp4), &from, 6, &to, NULL));
  EXPECT(one_each[0] == 1 && one_each[1] == 0xa && one_each[5] == 4);
  GOOD(halfulp_encode_f32(fp4, NULL, 1, 0, NULL, NULL, 0, NULL, NULL, NULL));
  EXPECT(halfulp_encode_f32(fp4, NULL, 1, 1, NULL, codes, 3, NULL, NULL, NULL) ==
         HALFULP_BAD_ARGUMENT);
  halfulp_quantizer_destroy(fp4);
}

static void texts(void) {
  const halfulp_operation* add = operation_of("add", "binary16", "binary16");
  const halfulp_code operands[2] = {{0x3c00, 0}, {0x1000, 0}};
  const halfulp_code wrong = {0x3c01, 0};
  const halfulp_code right_one = {0x3c00, 0};
  const uint32_t inexact = HALFULP_INEXACT;
  const char* block =
      "add\n"
      "  a     3C00  0|01111|0000000000  1\n"
      "  b     1000  0|00100|0000000000  0.0004883\n"
      "  exact 1.00048828125 = 2049 * 2^-11\n"
      "  got   3C01  0|01111|0000000001  1.001  01 inexact\n"
      "  want  3C00  0|01111|0000000000  1  01 inexact\n"
      "  off   1 ulp\n"
      "  as if rounded nearest-away, or toward-positive, or away-from-zero, or to-odd\n";
  char buffer[1000];
  char few[8];
  size_t length = 0;
  int right = -1;
  GOOD(halfulp_check(add, operands, 2, 0, wrong, &inexact, 0, &right, buffer, sizeof buffer,
                     &length, NULL));
  EXPECT(right == 0 && length == strlen(block) && strcmp(buffer, block) == 0);
  GOOD(halfulp_check(add, operands, 2, 0, wrong, &inexact, 0, &right, few, sizeof few, &length,
                     NULL));
  EXPECT(length == strlen(block) && strcmp(few, "add\n  a") == 0);
  GOOD(halfulp_check(add, operands, 2, 0, wrong, NULL, 0, &right, NULL, 0, &length, NULL));
  EXPECT(length > 0);
  GOOD(halfulp_check(add, operands, 2, 0, right_one, &inexact, 0, &right, buffer, sizeof buffer,
                     &length, NULL));
  EXPECT(right == 1 && length == 0 && buffer[0] == '\0');
  GOOD(halfulp_format_json(halfulp_operation_output(add), buffer, sizeof buffer, NULL, NULL));
  EXPECT(strstr(buffer, "\"largest_finite\":\"65504\"") != NULL);
  halfulp_operation_destroy(add);
}

/* As `halfulp explain 0x3dcccccd --from binary32 --to e4m3fn` has it. */
static void explanations(void) {
  const halfulp_quantizer* fp8 = quantizer_of("e4m3fn");
  const halfulp_format* single = NULL;
  const halfulp_code tenth = {0x3dcccccd, 0};
  const halfulp_code wide = {0, 1};
  uint64_t code = 0;
  char buffer[8000];
  size_t length = 0;
  GOOD(halfulp_format_create("binary32", &single, NULL));
  GOOD(halfulp_explain(fp8, single, tenth, buffer, sizeof buffer, &length, NULL));
  EXPECT(length == strlen(buffer));
  EXPECT(strstr(buffer, "from       binary32 code 0x3dcccccd") != NULL);
  EXPECT(strstr(buffer, "result     0.1015625  0x1d  01 inexact") != NULL);
  GOOD(halfulp_explain_json(fp8, single, tenth, buffer, sizeof buffer, &length, NULL));
  EXPECT(buffer[0] == '{' && strstr(buffer, "\"code\":\"0x1d\"") != NULL);
  EXPECT(halfulp_explain(fp8, single, wide, buffer, 8, NULL, NULL) == HALFULP_BAD_ARGUMENT);
  GOOD(halfulp_convert_u64(fp8, single, 0x3dcccccd, 0, &code, NULL, NULL));
  EXPECT(code == 0x1d);
  halfulp_format_destroy(single);
  halfulp_quantizer_destroy(fp8);
}

static void errors(void) {
  const halfulp_format* format = (const halfulp_format*)&format;
  halfulp_error error;
  EXPECT(halfulp_format_create("e4m3", &format, &error) == HALFULP_BAD_DESCRIPTION);
  EXPECT(format == NULL && strcmp(error.place, "text") == 0);
  EXPECT(strstr(error.remedy, "float8_e4m3fn") != NULL);
  EXPECT(halfulp_format_create(NULL, &format, NULL) == HALFULP_BAD_ARGUMENT);
  EXPECT(halfulp_format_create("e4m3fn", NULL, NULL) == HALFULP_BAD_ARGUMENT);
  halfulp_format_destroy(NULL);
  EXPECT(halfulp_format_bits(NULL) == 0);
}

/* What is prepared needs no memory more. */
static void allocates_nothing(void) {
#if COUNTS_ALLOCATIONS
  static const char* const formats[] = {"e4m3fn",  "binary16", "binary32", "binary64",
                                        "posit16", "int8",     "e2m1fn",   "takum16"};
  static const char* const names[] = {"add", "multiply", "divide", "fma", "sqrt", "min", "lt"};
  size_t f, n;
  for (f = 0; f < sizeof formats / sizeof *formats; ++f) {
    const halfulp_quantizer* quantizer = quantizer_of(formats[f]);
    for (n = 0; n < sizeof names / sizeof *names; ++n) {
      const halfulp_operation* op = operation_of(names[n], formats[f], formats[f]);
      const unsigned bits = halfulp_format_bits(halfulp_operation_output(op));
      const uint64_t mask = bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
      const unsigned long before = allocations;
      uint64_t draw = 1;
      int i;
      for (i = 0; i < 200; ++i) {
        uint64_t operands[3];
        uint64_t result;
        double number;
        int k;
        for (k = 0; k < 3; ++k) {
          draw = draw * 6364136223846793005u + 1442695040888963407u;
          operands[k] = (draw >> 7) & mask;
        }
        GOOD(
            halfulp_operate_u64(op, operands, halfulp_operation_arity(op), 0, &result, NULL, NULL));
        GOOD(halfulp_decode_u64(halfulp_operation_output(op), result, &number, NULL, NULL));
        GOOD(halfulp_round_f64_u64(quantizer, number * 1.1, 0, &result, NULL, NULL));
      }
      if (allocations != before) {
        fprintf(stderr, "%s in %s allocates\n", names[n], formats[f]);
        ++failures;
      }
      halfulp_operation_destroy(op);
    }
    halfulp_quantizer_destroy(quantizer);
  }
#endif
}

int main(void) {
  EXPECT(halfulp_abi() == HALFULP_ABI && strchr(halfulp_version(), '.') != NULL);
  one_number_at_a_time();
  operations();
  arrays();
  texts();
  explanations();
  errors();
  allocates_nothing();
  return failures == 0 ? 0 : 1;
}
