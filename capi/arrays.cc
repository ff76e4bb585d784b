// SPDX-License-Identifier: MIT
//
// Arrays. What lies without gaps goes to the engine as it is; other strides, other integers and
// flags go by stretches on the stack, whose random bits are addressed where they lie in the whole.
#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <type_traits>

#include "capi/codes.h"
#include "capi/handles.h"
#include "capi/status.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/files/bytes.h"

namespace halfulp::capi {
namespace {

template <typename Real>
void require_carrier(const halfulp_format& format) {
  const bool fits =
      sizeof(Real) == sizeof(float) ? fits_binary32(format.format) : fits_binary64(format.format);
  if (!fits)
    throw Error(std::string(sizeof(Real) == sizeof(float) ? "a float" : "a double") +
                    " does not hold every number of " + format.format.name,
                "", "use its codes");
}

// [begin, begin + length) of `count` elements.
template <typename Body>
void for_each_stretch(std::size_t count, const Body& body) {
  for (std::size_t begin = 0; begin < count; begin += stretch)
    body(begin, std::min(stretch, count - begin));
}

Random from(const Random& random, std::size_t begin) {
  Random moved = random;
  moved.offset += begin;
  return moved;
}

// An array with a stride.
template <typename Real>
struct Strided {
  Real* data;
  std::ptrdiff_t stride;

  [[nodiscard]] Real& at(std::size_t index) const {
    return data[static_cast<std::ptrdiff_t>(index) * stride];
  }
  [[nodiscard]] bool is_dense(std::size_t count) const { return stride == 1 || count <= 1; }
};

// The elements of a stretch: where they lie, or copied.
template <typename Real>
std::span<const Real> gathered(const Strided<const Real>& in, std::size_t begin, std::size_t length,
                               std::span<Real> buffer) {
  if (in.is_dense(length)) return {&in.at(begin), length};
  for (std::size_t i = 0; i < length; ++i) buffer[i] = in.at(begin + i);
  return buffer.first(length);
}

void add_counts(const Counts& counts, halfulp_counts* out) {
  if (out == nullptr) return;
  out->elements += counts.elements;
  out->saturated += counts.saturated;
  out->flushed += counts.flushed;
  out->inexact += counts.inexact;
}

template <typename Real>
halfulp_status round_array(const halfulp_quantizer* quantizer, const Strided<const Real>& in,
                           const Strided<Real>& out, std::size_t count,
                           const halfulp_random* random, halfulp_counts* counts,
                           halfulp_error* error) {
  return answered(error, [&] {
    require(quantizer, "quantizer");
    require_array(in.data, count, "in");
    require_array(out.data, count, "out");
    require_carrier<Real>(quantizer->format);
    const Random bits = random_of(random);
    Counts found;
    Counts* const wanted = counts == nullptr ? nullptr : &found;
    if (in.is_dense(count) && out.is_dense(count)) {
      if (count != 0)
        engine().round(view_of(std::span(in.data, count)), quantizer->plan, bits,
                       view_of(std::span(out.data, count)), wanted);
      return add_counts(found, counts);
    }
    std::array<Real, stretch> buffer;
    for_each_stretch(count, [&](std::size_t begin, std::size_t length) {
      for (std::size_t i = 0; i < length; ++i) buffer[i] = in.at(begin + i);
      const std::span<Real> part = std::span(buffer).first(length);
      engine().round(view_of(std::span<const Real>(part)), quantizer->plan, from(bits, begin),
                     view_of(part), wanted);
      for (std::size_t i = 0; i < length; ++i) out.at(begin + i) = part[i];
    });
    add_counts(found, counts);
  });
}

// The numbers' own codes, packed.
template <typename Real>
std::span<const std::uint8_t> patterns_of(std::span<const Real> numbers,
                                          std::span<std::uint8_t> buffer) {
  using Bits = std::conditional_t<sizeof(Real) == sizeof(float), std::uint32_t, std::uint64_t>;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    tensors::store_little(std::bit_cast<Bits>(numbers[i]), buffer.data() + i * sizeof(Bits),
                          sizeof(Bits));
  return buffer.first(numbers.size() * sizeof(Bits));
}

// As conversions, which know flags.
template <typename Real>
void convert(const halfulp_quantizer& quantizer, const Strided<const Real>& in, std::size_t count,
             const Random& random, std::uint8_t* codes, std::uint8_t* flags) {
  const OperationPlan& plan =
      sizeof(Real) == sizeof(float) ? quantizer.from_float : quantizer.from_double;
  const Format& format = quantizer.format.format;
  const auto width = static_cast<std::size_t>(packed_bits(format));
  std::array<Real, stretch> buffer;
  std::array<std::uint8_t, stretch * sizeof(Real)> patterns;
  for_each_stretch(count, [&](std::size_t begin, std::size_t length) {
    const std::span<const std::uint8_t> operand =
        patterns_of(gathered(in, begin, length, std::span<Real>(buffer)), std::span(patterns));
    engine().operate_codes(plan, {&operand, 1}, length, from(random, begin),
                           {codes + begin / 8 * width, packed_bytes(format, length)},
                           {flags + begin, length});
  });
}

template <typename Real>
void encode_dense(const halfulp_quantizer& quantizer, const Strided<const Real>& in,
                  std::size_t count, const Random& random, std::uint8_t* codes, Counts* counts) {
  const Format& format = quantizer.format.format;
  if (in.is_dense(count))
    return engine().encode(view_of(std::span(in.data, count)), quantizer.plan, random,
                           {codes, packed_bytes(format, count)}, counts);
  const auto width = static_cast<std::size_t>(packed_bits(format));
  std::array<Real, stretch> buffer;
  for_each_stretch(count, [&](std::size_t begin, std::size_t length) {
    engine().encode(view_of(gathered(in, begin, length, std::span<Real>(buffer))), quantizer.plan,
                    from(random, begin), {codes + begin / 8 * width, packed_bytes(format, length)},
                    counts);
  });
}

template <typename Real>
halfulp_status encode(const halfulp_quantizer* quantizer, const Strided<const Real>& in,
                      std::size_t count, const halfulp_random* random, void* codes,
                      std::size_t bytes, std::uint8_t* flags, halfulp_counts* counts,
                      halfulp_error* error) {
  return answered(error, [&] {
    require(quantizer, "quantizer");
    require_array(in.data, count, "in");
    const CodesOut out(quantizer->format,
                       {.data = codes, .bytes = bytes, .element = HALFULP_PACKED, .reserved = 0},
                       count, "codes");
    const Random bits = random_of(random);
    if (count == 0) return;
    std::uint8_t* const packed = out.packed().data();
    Counts found;
    if (flags == nullptr || counts != nullptr)
      encode_dense(*quantizer, in, count, bits, packed, counts == nullptr ? nullptr : &found);
    if (flags != nullptr) convert(*quantizer, in, count, bits, packed, flags);
    add_counts(found, counts);
  });
}

template <typename Real>
halfulp_status decode(const halfulp_format* format, const void* codes, std::size_t bytes,
                      std::size_t count, const Strided<Real>& out, halfulp_error* error) {
  return answered(error, [&] {
    require(format, "format");
    require_array(out.data, count, "out");
    require_carrier<Real>(*format);
    const CodesIn in(*format,
                     {.data = codes, .bytes = bytes, .element = HALFULP_PACKED, .reserved = 0},
                     count, "codes");
    if (count == 0) return;
    if (out.is_dense(count))
      return engine().decode(in.packed(), format->plan, view_of(std::span(out.data, count)));
    std::array<Real, stretch> buffer;
    for_each_stretch(count, [&](std::size_t begin, std::size_t length) {
      const std::span<Real> part = std::span(buffer).first(length);
      engine().decode(in.stretch_at(begin, length, {}), format->plan, view_of(part));
      for (std::size_t i = 0; i < length; ++i) out.at(begin + i) = part[i];
    });
  });
}

// Three operands and a result, of a stretch.
using Packed = std::array<std::uint8_t, stretch_bytes>;

void operate_on(const halfulp_operation& operation, std::span<const CodesIn> in, std::size_t count,
                const Random& random, const CodesOut& out, std::uint8_t* flags) {
  std::array<Packed, vectors::most_operands> buffers;
  Packed results;
  for_each_stretch(count, [&](std::size_t begin, std::size_t length) {
    std::array<std::span<const std::uint8_t>, vectors::most_operands> operands;
    for (std::size_t i = 0; i < in.size(); ++i)
      operands[i] = in[i].stretch_at(begin, length, buffers[i]);
    const auto result = std::span(results).first(packed_bytes(operation.output.format, length));
    engine().operate_codes(
        operation.plan, std::span(operands).first(in.size()), length, from(random, begin), result,
        flags == nullptr ? std::span<std::uint8_t>() : std::span(flags + begin, length));
    out.write(begin, length, result);
  });
}

}  // namespace
}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_status halfulp_packed_bytes(const halfulp_format* format, size_t count, size_t* bytes,
                                    halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(format, "format");
    capi::require(bytes, "bytes");
    *bytes = capi::packed_size(*format, count);
  });
}

halfulp_status halfulp_round_array_f32(const halfulp_quantizer* quantizer, const float* in,
                                       ptrdiff_t in_stride, float* out, ptrdiff_t out_stride,
                                       size_t count, const halfulp_random* random,
                                       halfulp_counts* counts, halfulp_error* error) {
  return capi::round_array<float>(quantizer, {in, in_stride}, {out, out_stride}, count, random,
                                  counts, error);
}
halfulp_status halfulp_round_array_f64(const halfulp_quantizer* quantizer, const double* in,
                                       ptrdiff_t in_stride, double* out, ptrdiff_t out_stride,
                                       size_t count, const halfulp_random* random,
                                       halfulp_counts* counts, halfulp_error* error) {
  return capi::round_array<double>(quantizer, {in, in_stride}, {out, out_stride}, count, random,
                                   counts, error);
}

halfulp_status halfulp_encode_f32(const halfulp_quantizer* quantizer, const float* in,
                                  ptrdiff_t stride, size_t count, const halfulp_random* random,
                                  void* codes, size_t bytes, uint8_t* flags, halfulp_counts* counts,
                                  halfulp_error* error) {
  return capi::encode<float>(quantizer, {in, stride}, count, random, codes, bytes, flags, counts,
                             error);
}
halfulp_status halfulp_encode_f64(const halfulp_quantizer* quantizer, const double* in,
                                  ptrdiff_t stride, size_t count, const halfulp_random* random,
                                  void* codes, size_t bytes, uint8_t* flags, halfulp_counts* counts,
                                  halfulp_error* error) {
  return capi::encode<double>(quantizer, {in, stride}, count, random, codes, bytes, flags, counts,
                              error);
}

halfulp_status halfulp_decode_f32(const halfulp_format* format, const void* codes, size_t bytes,
                                  size_t count, float* out, ptrdiff_t stride,
                                  halfulp_error* error) {
  return capi::decode<float>(format, codes, bytes, count, {out, stride}, error);
}
halfulp_status halfulp_decode_f64(const halfulp_format* format, const void* codes, size_t bytes,
                                  size_t count, double* out, ptrdiff_t stride,
                                  halfulp_error* error) {
  return capi::decode<double>(format, codes, bytes, count, {out, stride}, error);
}

halfulp_status halfulp_operate_array(const halfulp_operation* operation,
                                     const halfulp_codes* operands, size_t operand_count,
                                     size_t count, const halfulp_random* random,
                                     const halfulp_codes_out* result, uint8_t* flags,
                                     halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(operation, "operation");
    capi::require(operands, "operands");
    capi::require(result, "result");
    if (operand_count != operation->inputs.size())
      throw halfulp::Error(halfulp::counted(operand_count, "operand") +
                               ", and the operation takes " +
                               std::to_string(operation->inputs.size()),
                           "operands");
    std::vector<capi::CodesIn> in;
    for (size_t i = 0; i < operand_count; ++i)
      in.emplace_back(*operation->inputs[i], operands[i], count, "operands");
    const capi::CodesOut out(operation->output, *result, count, "result");
    capi::operate_on(*operation, in, count, capi::random_of(random), out, flags);
  });
}

halfulp_status halfulp_repack(const halfulp_format* format, const halfulp_codes* from, size_t count,
                              const halfulp_codes_out* to, halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(format, "format");
    capi::require(from, "from");
    capi::require(to, "to");
    const capi::CodesIn in(*format, *from, count, "from");
    const capi::CodesOut out(*format, *to, count, "to");
    capi::Packed buffer;
    capi::for_each_stretch(count, [&](size_t begin, size_t length) {
      out.write(begin, length, in.stretch_at(begin, length, buffer));
    });
  });
}
