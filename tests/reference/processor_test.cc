// SPDX-License-Identifier: MIT
//
// Binary32 and binary64 against the processor of this machine, in its four rounding directions,
// results and flags, with over a million boundary-biased cases for each operation. The processor
// tells what IEEE 754 hardware does; a disagreement is a defect of ours.
//
// On x86-64 what the standard leaves open is compared too, with the presets of that processor: the
// sign and payload of NaN, invalid for fma(0, infinity, NaN), and results and flags with FTZ and
// DAZ set. Elsewhere sign and payload, and that invalid, are left out. Without an FMA instruction
// std::fma is the C library's, whose flags and NaNs need not be those of hardware: then they are
// not compared, and the test says so.
#include <bit>
#include <cfenv>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "formats/numbers/value.h"
#include "reference/operations.h"
#include "tests/reference/support.h"
#include "tests/support/sampling.h"

namespace halfulp::reference {
namespace {

bool fma_in_hardware() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("fma") != 0;
#else
  return true;
#endif
}

// On x86-64 the form that multiplies its second and third operands, as NaNs come in the order of
// the operands of the form.
template <typename T>
T fused(T x, T y, T z) {
#if defined(__x86_64__)
  if (fma_in_hardware()) {
    if constexpr (sizeof(T) == 4) {
      asm volatile("vfmadd231ss %2, %1, %0" : "+x"(z) : "x"(x), "x"(y));
    } else {
      asm volatile("vfmadd231sd %2, %1, %0" : "+x"(z) : "x"(x), "x"(y));
    }
    return z;
  }
#endif
  return std::fma(x, y, z);
}

// Operands and results pass through volatile variables, so that the operation stands between the
// calls that set the direction, clear and read the flags.
template <typename T>
T compute(Op op, T a, T b, T c) {
  volatile T x = a;
  volatile T y = b;
  volatile T z = c;
  volatile T result = 0;
  switch (op) {
    case Op::add:
      result = x + y;
      break;
    case Op::subtract:
      result = x - y;
      break;
    case Op::multiply:
      result = x * y;
      break;
    case Op::divide:
      result = x / y;
      break;
    case Op::fused_multiply_add:
      result = fused<T>(x, y, z);
      break;
    case Op::square_root:
      result = std::sqrt(x);
      break;
    case Op::round_to_integral_exact:
      result = std::rint(x);
      break;
    case Op::equal:
      result = x == y ? 1 : 0;
      break;
    case Op::less:
      result = x < y ? 1 : 0;
      break;
    case Op::less_equal:
      result = x <= y ? 1 : 0;
      break;
    default:
      ADD_FAILURE() << "the processor is not asked for " << name_of(op);
  }
  return result;
}

std::uint8_t raised_flags() {
  const int raised = std::fetestexcept(FE_ALL_EXCEPT);
  std::uint8_t all = 0;
  if ((raised & FE_INEXACT) != 0) all |= flags::inexact;
  if ((raised & FE_UNDERFLOW) != 0) all |= flags::underflow;
  if ((raised & FE_OVERFLOW) != 0) all |= flags::overflow;
  if ((raised & FE_DIVBYZERO) != 0) all |= flags::divide_by_zero;
  if ((raised & FE_INVALID) != 0) all |= flags::invalid;
  return all;
}

struct Direction {
  int processor;
  Mode mode;
};
constexpr std::array<Direction, 4> directions{{{FE_TONEAREST, Mode::nearest_even},
                                               {FE_TOWARDZERO, Mode::toward_zero},
                                               {FE_UPWARD, Mode::toward_positive},
                                               {FE_DOWNWARD, Mode::toward_negative}}};

// How the processor of this machine rounds, and the bits of its control register that make it so.
struct Control {
  const char* preset;
  unsigned bits;
};
#if defined(__x86_64__)
constexpr bool nans_are_known = true;
constexpr std::array<Control, 2> controls{{{"x86", 0}, {"x86-ftz", 0x8040}}};
void set_control(unsigned bits) { _mm_setcsr((_mm_getcsr() & ~0x8040U) | bits); }
#else
constexpr bool nans_are_known = false;
#if defined(__aarch64__) || defined(__arm__) || defined(__powerpc64__) || defined(__sparc__)
constexpr std::array<Control, 1> controls{{{"arm", 0}}};
#else
constexpr std::array<Control, 1> controls{{{"riscv", 0}}};
#endif
void set_control(unsigned /*bits*/) {}
#endif

template <typename T, typename Bits>
class Machine {
 public:
  Machine(const std::string& format, const Control& control)
      : control_(control), quantizer_(quantizer(format)), stream_(11) {
    quantizer_.rounding = find_rounding_preset(control.preset).rounding;
  }

  // One draw of operands in all directions; false where the machine and we differ.
  void compare(Op op, bool with_flags) {
    const auto codes = sampling::draw_operands(op, quantizer_.format, stream_);
    std::vector<Value> operands;
    for (std::size_t i = 0; i < static_cast<std::size_t>(arity(op)); ++i)
      operands.push_back(operand(quantizer_.format, codes.at(i), quantizer_.rounding.flush_inputs));
    for (const Direction& direction : directions) {
      std::fesetround(direction.processor);
      set_control(control_.bits);
      std::feclearexcept(FE_ALL_EXCEPT);
      const T result = compute(op, number(codes[0]), number(codes[1]), number(codes[2]));
      Outcome theirs{std::bit_cast<Bits>(result), raised_flags()};
      std::fesetround(FE_TONEAREST);
      set_control(0);
      quantizer_.rounding.mode = direction.mode;
      Outcome ours = operate(op, operands, quantizer_, 0);
      const bool open = !nans_are_known || (op == Op::fused_multiply_add && !with_flags);
      if (open && std::isnan(result) && classify(quantizer_.format, ours.code) == CodeClass::nan)
        theirs.code = ours.code;
      if (open && op == Op::fused_multiply_add && is_free_choice(operands))
        theirs.flags = (theirs.flags & ~flags::invalid) | (ours.flags & flags::invalid);
      // Compilers expand rint to code that hands a signalling NaN on.
      if (op == Op::round_to_integral_exact && operands[0].is_nan()) theirs.code = ours.code;
      if (!with_flags) theirs.flags = ours.flags;
      ASSERT_EQ(ours, theirs) << name_of(op) << " " << name_of(direction.mode) << " "
                              << code_text(quantizer_.format, codes[0]) << " "
                              << code_text(quantizer_.format, codes[1]) << " "
                              << code_text(quantizer_.format, codes[2]);
    }
  }

 private:
  // fma(0, infinity, quiet NaN)
  static bool is_free_choice(const std::vector<Value>& v) {
    return v[2].is_nan() && !v[2].signalling &&
           ((v[0].is_zero() && v[1].is_infinite()) || (v[0].is_infinite() && v[1].is_zero()));
  }

  static T number(Code code) { return std::bit_cast<T>(static_cast<Bits>(code)); }

  Control control_;
  Quantizer quantizer_;
  sampling::Stream stream_;
};

// Operands, each in four directions: 1,048,576 cases.
constexpr std::size_t usual_draws = 1 << 17;

class Processor : public testing::TestWithParam<Op> {
 protected:
  template <typename T, typename Bits>
  void compare(const std::string& format) {
    const bool with_flags = GetParam() != Op::fused_multiply_add || fma_in_hardware();
    if (!with_flags) std::printf("no FMA instruction: the flags of fma are not compared\n");
    for (const Control& control : controls) {
      SCOPED_TRACE(control.preset);
      Machine<T, Bits> machine(format, control);
      const std::size_t draws = sampling::draws(usual_draws);
      const std::size_t count = control.bits == 0 ? draws : draws / 4;
      for (std::size_t i = 0; i < count && !HasFatalFailure(); ++i)
        machine.compare(GetParam(), with_flags);
    }
  }
};

TEST_P(Processor, Binary32) { compare<float, std::uint32_t>("binary32"); }
TEST_P(Processor, Binary64) { compare<double, std::uint64_t>("binary64"); }

INSTANTIATE_TEST_SUITE_P(Operations, Processor,
                         testing::Values(Op::add, Op::subtract, Op::multiply, Op::divide,
                                         Op::fused_multiply_add, Op::square_root,
                                         Op::round_to_integral_exact, Op::equal, Op::less,
                                         Op::less_equal),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace halfulp::reference
