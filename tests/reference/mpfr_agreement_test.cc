// SPDX-License-Identifier: MIT
//
// Rounding by search and MPFR's own rounding must agree in code and flags: every pair of operands
// of every format of at most 6 bits in every mode, and drawn operands, biased toward boundaries, of
// every other format, up to binary128.
#include "reference/mpfr_float.h"

#include "formats/numbers/value.h"
#include "reference/operations.h"
#include "tests/reference/support.h"
#include "tests/support/sampling.h"

namespace halfulp::reference {
namespace {

std::vector<std::string> supported_names() {
  std::vector<std::string> names = catalogue_names();
  for (const char* name :
       {"binary8p1se", "binary3p1se", "binary4p4uf", "binary6p3ue", "binary4p1uf", "binary8p2ue",
        "binary8p7sf", "e1m3", "e15m112", "e15m112fn", "e11m20"})
    names.emplace_back(name);
  std::erase_if(names, [](const std::string& name) {
    return !mpfr_supports({.format = find_format(name), .rounding = {}});
  });
  return names;
}

// Compares all modes on one exact result: the search is done once.
class Judge {
 public:
  explicit Judge(const std::string& name) : format_(find_format(name)), stream_(7) {}

  void compare_all(std::optional<Op> op, std::span<const Value> operands) {
    const Exact x = op ? exact(*op, operands) : Exact{.value = real(operands[0])};
    const Located located = locate(x, format_);
    MpfrOperation by_mpfr(op, operands);
    for (const Mode mode : all_modes()) {
      const Quantizer q = draw_quantizer(mode);
      if (!mpfr_supports(q)) continue;  // nearest-log, and rules that drop the sign
      const std::uint64_t random = stream_.bits(q.rounding.random_bits);
      const Outcome ours = decide(located, q, random);
      const std::optional<Outcome> theirs = by_mpfr.round(q, random);
      ASSERT_TRUE(theirs.has_value());
      ASSERT_EQ(ours, *theirs) << describe(op, operands, q, random);
    }
  }

  sampling::Stream& stream() { return stream_; }
  [[nodiscard]] const Format& format() const { return format_; }

 private:
  Quantizer draw_quantizer(Mode mode) {
    Quantizer q{.format = format_, .rounding = {}};
    q.rounding.mode = mode;
    q.rounding.overflow = overflow_presets()[stream_.below(overflow_presets().size())].rule;
    q.rounding.random_bits = 1 + static_cast<int>(stream_.below(64));
    q.rounding.tininess =
        stream_.bits(1) != 0 ? Tininess::after_rounding : Tininess::before_rounding;
    if (stream_.below(4) == 0) q.rounding.flush_outputs = static_cast<Tininess>(stream_.below(2));
    q.rounding.flush_inexact = stream_.bits(1) != 0;
    q.rounding.nan = static_cast<NanRule>(stream_.below(nan_presets().size()));
    return q;
  }

  static std::string describe(std::optional<Op> op, std::span<const Value> operands,
                              const Quantizer& q, std::uint64_t random) {
    std::string text = q.format.name + " " + std::string(op ? name_of(*op) : "cast") + " " +
                       std::string(name_of(q.rounding.mode));
    for (const Value& v : operands) text += " " + hexadecimal_text(v);
    return text + " random " + std::to_string(random) + "/" +
           std::to_string(q.rounding.random_bits);
  }

  Format format_;
  sampling::Stream stream_;
};

std::vector<std::string> small_names() {
  std::vector<std::string> names = supported_names();
  std::erase_if(names, [](const std::string& name) { return bits(find_format(name)) > 6; });
  return names;
}

class Agreement : public testing::TestWithParam<std::string> {
 public:
  static std::string name(const testing::TestParamInfo<std::string>& info) {
    return instance_name(info.param);
  }
};

class AgreementOfSmall : public Agreement {};

TEST_P(AgreementOfSmall, OnAllPairs) {
  Judge judge(GetParam());
  const int width = bits(judge.format());
  const Code codes = Code{1} << width;
  std::vector<Value> values;
  for (Code code = 0; code < codes; ++code) values.push_back(decode(judge.format(), code));
  for (const Value& a : values) {
    judge.compare_all(Op::square_root, std::array{a});
    for (const Value& b : values) {
      for (const Op op : {Op::add, Op::subtract, Op::multiply, Op::divide})
        judge.compare_all(op, std::array{a, b});
      if (width > 4 || HasFatalFailure()) continue;
      for (const Value& c : values) judge.compare_all(Op::fused_multiply_add, std::array{a, b, c});
    }
  }
}

TEST_P(Agreement, OnDrawnOperands) {
  Judge judge(GetParam());
  const int count = bits(judge.format()) > 64 ? 200 : 800;
  const Format binary64 = find_format("binary64");
  for (int i = 0; i < count && !HasFatalFailure(); ++i) {
    for (int op = 0; op < arithmetic_op_count; ++op) {
      const auto codes =
          sampling::draw_operands(static_cast<Op>(op), judge.format(), judge.stream());
      std::vector<Value> operands;
      for (int k = 0; k < arity(static_cast<Op>(op)); ++k)
        operands.push_back(decode(judge.format(), codes.at(static_cast<std::size_t>(k))));
      judge.compare_all(static_cast<Op>(op), operands);
    }
    const Code code = sampling::draw_carrier_code(judge.format(), binary64, judge.stream());
    judge.compare_all(std::nullopt, std::array{decode(binary64, code)});
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, AgreementOfSmall, testing::ValuesIn(small_names()),
                         Agreement::name);
INSTANTIATE_TEST_SUITE_P(Formats, Agreement, testing::ValuesIn(supported_names()), Agreement::name);

}  // namespace
}  // namespace halfulp::reference
