// SPDX-License-Identifier: MIT
//
// Holds engines against the second derivation: what the suites of tapered and of logarithmic
// formats share.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "reference/round.h"
#include "tests/reference/second_derivation.h"

namespace halfulp::second {

// The format that brings a number to the engine, an IEEE 754 interchange format.
struct Source {
  Format format;
  int exponent_bits = 0;
  int fraction_bits = 0;
};
inline const Source& binary16() {
  static const Source source{find_format("binary16"), 5, 10};
  return source;
}
inline const Source& binary64() {
  static const Source source{find_format("binary64"), 11, 52};
  return source;
}
inline const Source& binary128() {
  static const Source source{find_format("e15m112"), 15, 112};
  return source;
}
inline Code code_in(const Source& source, const Dyadic& x) {
  return binary_code(x, source.exponent_bits, source.fraction_bits);
}

// The random numbers around which the stochastic modes turn: with t = 2^R - floor(v 2^R), variant A
// goes out from t on, B and C from t or t - 1 on. And the ends.
inline std::vector<std::uint64_t> critical_numbers(const Position& v, int random_bits) {
  const Integer all = Integer(1) << static_cast<unsigned>(random_bits);
  const Integer turn = all - v.floor / 2;
  std::vector<std::uint64_t> list{0, static_cast<std::uint64_t>(all - 1)};
  for (int back = 0; back <= 2; ++back) {
    const Integer random = turn - back;
    if (random > 0 && random < all - 1) list.push_back(static_cast<std::uint64_t>(random));
  }
  return list;
}

inline const std::vector<Mode>& stochastic_modes() {
  static const std::vector<Mode> modes = [] {
    std::vector<Mode> list = all_modes();
    std::erase_if(list, [](Mode mode) { return !is_stochastic(mode); });
    return list;
  }();
  return modes;
}

inline const std::vector<Mode>& deterministic_modes() {
  static const std::vector<Mode> modes = [] {
    std::vector<Mode> list = all_modes();
    std::erase_if(list, is_stochastic);
    return list;
  }();
  return modes;
}

// Adds to the property "checks" of the running test, which --gtest_output=json shows.
inline void record_checks(std::int64_t count) {
  const testing::TestResult& result =
      *testing::UnitTest::GetInstance()->current_test_info()->result();
  for (int i = 0; i < result.test_property_count(); ++i) {
    if (std::string(result.GetTestProperty(i).key()) == "checks")
      count += std::stoll(result.GetTestProperty(i).value());
  }
  testing::Test::RecordProperty("checks", std::to_string(count));
}

// Debug builds, which sanitizers slow down, stop at shorter codes.
inline int longest([[maybe_unused]] int release, [[maybe_unused]] int debug) {
#ifdef NDEBUG
  return release;
#else
  return debug;
#endif
}

// Compares every mode of every engine on one input after another.
class Judge {
 public:
  Judge(const Format& format, const std::vector<Mode>& modes,
        const std::vector<const Engine*>& engines, int random_bits = 32)
      : format_(format), modes_(modes) {
    for (const Engine* engine : engines) {
      Trial trial{engine, {}};
      for (const Mode mode : modes) {
        const Rounding rounding{.mode = mode, .overflow = {}, .random_bits = random_bits};
        trial.plans.push_back(engine->prepare({.format = format, .rounding = rounding}));
      }
      trials_.push_back(std::move(trial));
    }
  }
  ~Judge() { record_checks(checks_); }
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // expected(mode): the Outcome.
  template <typename Expected>
  void check(const Source& source, const Dyadic& x, Expected expected, std::uint64_t random = 0) {
    check(source.format, code_in(source, x), expected, random);
  }
  template <typename Expected>
  void check(const Format& source, Code code, Expected expected, std::uint64_t random = 0) {
    for (const Trial& trial : trials_) {
      const auto describe = [&](Mode mode) {
        return std::string(trial.engine->name) + " " + std::string(name_of(mode)) + " of " +
               source.name + " " + code_text(source, code) + " random " + std::to_string(random);
      };
      // The reference finds the neighbours once for all modes; in one input of eight by its engine.
      std::optional<reference::Located> located;
      if (trial.engine == &reference::engine() && ++inputs_ % 8 != 0)
        located = reference::locate(real(decode(source, code)), format_);
      for (std::size_t i = 0; i < modes_.size(); ++i) {
        const Plan& plan = trial.plans[i];
        const Outcome found = located ? reference::decide(*located, plan.quantizer, random)
                                      : trial.engine->convert(source, code, plan, random);
        compare(expected(modes_[i]), found, [&] { return describe(modes_[i]); });
      }
    }
  }

  // The stochastic modes, at their turns.
  void check_chances(const Source& source, const Scheme& scheme, const Place& at, const Dyadic& x,
                     int random_bits) {
    const bool open = !at.exact && !at.beyond;
    const Position v = open ? position(scheme, at, x, random_bits + 1) : Position{};
    for (const std::uint64_t random : critical_numbers(v, random_bits)) {
      const auto wanted = [&](Mode mode) {
        const Rounding rounding{.mode = mode, .overflow = {}, .random_bits = random_bits};
        return delivered(scheme, mode, at, goes_out(rounding, v, random));
      };
      check(source, x, wanted, random);
    }
  }

  template <typename Describe>
  void compare(const Outcome& wanted, const Outcome& found, Describe describe) {
    ++checks_;
    if (found == wanted) return;
    if (++failures_ <= tolerated)
      ADD_FAILURE() << format_.name << ": " << describe() << ": " << text(found) << ", not "
                    << text(wanted);
  }

  [[nodiscard]] bool failed() const { return failures_ > tolerated; }

 private:
  static constexpr int tolerated = 3;
  struct Trial {
    const Engine* engine;
    std::vector<Plan> plans;
  };

  [[nodiscard]] std::string text(const Outcome& outcome) const {
    return code_text(format_, outcome.code) + " flags " + std::to_string(outcome.flags);
  }

  Format format_;
  std::vector<Mode> modes_;
  std::vector<Trial> trials_;
  std::int64_t inputs_ = 0;
  std::int64_t checks_ = 0;
  int failures_ = 0;
};

// Names of instances.
inline std::string scheme_name(const testing::TestParamInfo<Scheme>& info) {
  return format_of(info.param).name;
}
inline void PrintTo(const Scheme& scheme, std::ostream* out) { *out << format_of(scheme).name; }

}  // namespace halfulp::second
