// SPDX-License-Identifier: MIT
//
// Whole comparisons against loops over the elements that ask formats/codes.h alone, and wrong
// outputs against comparisons with files that hold them.
#include "golden/comparison/compare.h"

#include <bit>
#include <map>

#include "folder.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::comparison {
namespace {

using Codes = std::vector<std::uint64_t>;

// Codes near those given: most the same, some a few steps away, some anything.
Codes near(const Format& format, const Codes& codes, std::uint64_t seed) {
  const Random random{.seed = seed};
  const std::uint64_t mask =
      bits(format) == 64 ? UINT64_MAX : (std::uint64_t{1} << bits(format)) - 1;
  Codes made = codes;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::uint64_t draw = random.word(2 * i) % 16;
    const std::uint64_t word = random.word(2 * i + 1);
    if (draw < 4) made[i] = (made[i] + word % 9 - 4) & mask;
    if (draw == 4) made[i] = word & mask;
    if (draw == 5) made[i] ^= (mask >> 1) + 1;
  }
  return made;
}

Codes drawn(const Format& format, std::size_t count, std::uint64_t seed) {
  const Random random{.seed = seed};
  Codes codes(count);
  for (std::size_t i = 0; i < count; ++i)
    codes[i] =
        (std::uint64_t{random.word(2 * i)} << 32 | random.word(2 * i + 1)) >> (64 - bits(format));
  return codes;
}

// What a comparison finds, one element after another.
struct Plain {
  std::uint64_t mismatches = 0, largest = 0, zero_signs = 0;
  std::uint64_t nan_got = 0, nan_want = 0, nan_codes = 0;
  std::uint64_t infinite_got = 0, infinite_want = 0, infinite_signs = 0;
  Rank sum = 0;
  std::map<Rank, std::uint64_t> distances;
  Codes at;
};

Plain plain(const Format& format, const Codes& got, const Codes& want) {
  Plain found;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Value x = decode(format, got[i]);
    const Value y = decode(format, want[i]);
    if (x.is_finite() && y.is_finite()) {
      const Rank apart = rank_of(format, got[i]) - rank_of(format, want[i]);
      ++found.distances[apart];
      found.sum += apart;
      found.largest =
          std::max(found.largest, static_cast<std::uint64_t>(apart < 0 ? -apart : apart));
      if (apart == 0 && got[i] != want[i]) ++found.zero_signs;
    }
    if (got[i] == want[i]) continue;
    if (x.is_nan() && y.is_nan()) {
      ++found.nan_codes;
      continue;
    }
    found.nan_got += x.is_nan() ? 1 : 0;
    found.nan_want += y.is_nan() ? 1 : 0;
    if (!x.is_nan() && !y.is_nan()) {
      if (x.is_infinite() && y.is_infinite()) {
        ++found.infinite_signs;
      } else {
        found.infinite_got += x.is_infinite() ? 1 : 0;
        found.infinite_want += y.is_infinite() ? 1 : 0;
      }
    }
    ++found.mismatches;
    found.at.push_back(i);
  }
  return found;
}

class Comparing : public Files {};

TEST_F(Comparing, FindsWhatALoopFinds) {
  for (const char* name : {"bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
                           "binary32", "binary64", "float4_e2m1fn", "int8", "uint64", "int64",
                           "posit16", "takum16", "log4.3", "nf4", "float8_e8m0fnu"}) {
    const Format format = format_from_text(name);
    const tensors::Shape shape{37, 11};
    const Codes want = drawn(format, 37 * 11, 11);
    const Codes got = near(format, want, 12);
    const tensors::OpenedFile g = open("got", format, shape, got);
    const tensors::OpenedFile w = open("want", format, shape, want);
    const tensors::TensorCodes gc = g.codes(0);
    const tensors::TensorCodes wc = w.codes(0);
    const Comparison found = compare({.got = gc, .want = wc}, {.format = format, .shown = 5});
    const Plain expected = plain(format, got, want);
    const Differences& differences = found.differences;
    EXPECT_EQ(differences.mismatches, expected.mismatches) << name;
    EXPECT_EQ(differences.distances.largest(), expected.largest) << name;
    EXPECT_TRUE(differences.distances.sum == expected.sum) << name;
    std::uint64_t pairs = 0;
    std::map<std::size_t, std::uint64_t> above;
    std::map<std::size_t, std::uint64_t> below;
    for (const auto& [apart, count] : expected.distances) {
      pairs += count;
      const auto steps = static_cast<std::uint64_t>(apart < 0 ? -apart : apart);
      for (std::size_t bucket = 0; bucket < bucket_count && steps > 0; ++bucket) {
        const BucketEnds ends = bucket_ends(bucket);
        if (steps >= ends.least && steps <= ends.most) (apart > 0 ? above : below)[bucket] += count;
      }
    }
    EXPECT_EQ(differences.distances.pairs, pairs) << name;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
      EXPECT_EQ(differences.distances.above.counts[bucket], above[bucket]) << name << bucket;
      EXPECT_EQ(differences.distances.below.counts[bucket], below[bucket]) << name << bucket;
    }
    const Classes& classes = differences.classes;
    EXPECT_EQ(classes.nan_got, expected.nan_got) << name;
    EXPECT_EQ(classes.nan_want, expected.nan_want) << name;
    EXPECT_EQ(classes.nan_codes, expected.nan_codes) << name;
    EXPECT_EQ(classes.infinite_got, expected.infinite_got) << name;
    EXPECT_EQ(classes.infinite_want, expected.infinite_want) << name;
    EXPECT_EQ(classes.infinite_signs, expected.infinite_signs) << name;
    EXPECT_EQ(classes.zero_signs, expected.zero_signs) << name;
    ASSERT_EQ(differences.first.size(), std::min<std::size_t>(5, expected.at.size())) << name;
    for (std::size_t i = 0; i < differences.first.size(); ++i) {
      EXPECT_EQ(differences.first[i].index, expected.at[i]);
      EXPECT_EQ(differences.first[i].got, got[expected.at[i]]);
    }
    EXPECT_FALSE(found.within) << name;
  }
}

// Bucket by bucket, from 1 without a gap.
TEST(Buckets, FollowEachOther) {
  std::uint64_t next = 1;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    EXPECT_EQ(bucket_ends(bucket).least, next);
    next = bucket_ends(bucket).most + 1;
  }
  EXPECT_EQ(next, 0U) << "the last ends with 64 bits";
}

// An infinity is stated as one step beyond the last number, and is within no tolerance.
TEST_F(Comparing, InfinitiesAreBeyondTheLastNumber) {
  const Format format = format_from_text("bfloat16");
  const tensors::OpenedFile g = open("got", format, {2}, {0x7f80, 0xff7f});
  const tensors::OpenedFile w = open("want", format, {2}, {0x7f7f, 0x7f80});
  const tensors::TensorCodes gc = g.codes(0);
  const tensors::TensorCodes wc = w.codes(0);
  const Comparison found =
      compare({.got = gc, .want = wc}, {.format = format, .tolerance = {.ulp = UINT64_MAX}});
  EXPECT_FALSE(found.within);
  ASSERT_EQ(found.differences.first.size(), 2U);
  EXPECT_TRUE(*found.differences.first[0].distance == 1);
  EXPECT_TRUE(*found.differences.first[1].distance == -(0x7f7f + 0x7f80));
  EXPECT_EQ(found.differences.distances.pairs, 0U);
}

void expect_same(const Comparison& a, const Comparison& b) {
  EXPECT_EQ(a.differences.mismatches, b.differences.mismatches);
  EXPECT_TRUE(a.differences.distances.sum == b.differences.distances.sum);
  EXPECT_EQ(a.differences.tiles.counts, b.differences.tiles.counts);
  ASSERT_EQ(a.differences.first.size(), b.differences.first.size());
  for (std::size_t i = 0; i < a.differences.first.size(); ++i)
    EXPECT_EQ(a.differences.first[i].index, b.differences.first[i].index);
  ASSERT_EQ(a.rulings.size(), b.rulings.size());
  for (std::size_t i = 0; i < a.rulings.size(); ++i)
    EXPECT_EQ(a.rulings[i].measured, b.rulings[i].measured);
  ASSERT_EQ(a.guard->impostors.size(), b.guard->impostors.size());
  for (std::size_t i = 0; i < a.guard->impostors.size(); ++i) {
    EXPECT_EQ(a.guard->impostors[i].tally.within, b.guard->impostors[i].tally.within);
    EXPECT_EQ(a.guard->impostors[i].tally.difference, b.guard->impostors[i].tally.difference);
  }
  EXPECT_EQ(a.nearness->got.sum, b.nearness->got.sum);
  EXPECT_EQ(a.nearness->want_nearer, b.nearness->want_nearer);
}

TEST_F(Comparing, ThreadsChangeNothing) {
  const Format format = format_from_text("bfloat16");
  const Format wide = format_from_text("binary64");
  const tensors::Shape shape{700, 331};  // seven stretches and a bit, three by two tiles
  Codes want = drawn(format, 700 * 331, 1);
  for (std::uint64_t& code : want) code = (code & 0x83ff) | 0x3c00;
  Codes exact;
  const Random random{.seed = 9};
  for (std::size_t i = 0; i < want.size(); ++i)
    exact.push_back(std::bit_cast<std::uint64_t>(to_double(decode(format, want[i])) *
                                                 (1 + random.word(i) * 0x1p-42)));
  const tensors::OpenedFile g = open("got", format, shape, near(format, want, 2));
  const tensors::OpenedFile w = open("want", format, shape, want);
  const tensors::OpenedFile e = open("exact", wide, shape, exact);
  const tensors::TensorCodes gc = g.codes(0);
  const tensors::TensorCodes wc = w.codes(0);
  const tensors::TensorCodes ec = e.codes(0);
  CompareOptions options{.format = format};
  options.tolerance = {.ulp = 3,
                       .close = Closeness(parse_real("1e-2"), parse_real("0.1")),
                       .calc_diff = 1e-3,
                       .cosine = 0.99};
  options.threads = 1;
  const Comparison one = compare({.got = gc, .want = wc, .exact = &ec}, options);
  options.threads = 2;
  std::uint64_t last = 0;
  const Comparison two = compare({.got = gc, .want = wc, .exact = &ec}, options,
                                 [&](std::uint64_t done, std::uint64_t all) {
                                   EXPECT_GT(done, last);
                                   EXPECT_EQ(all, want.size());
                                   last = done;
                                 });
  EXPECT_EQ(last, want.size());
  expect_same(one, two);
  EXPECT_GT(one.nearness->got_nearer + one.nearness->want_nearer, 0U);
}

// The wrong outputs as files of their own.
std::map<Wrong, Codes> wrong_files(const Format& format, std::size_t rows, std::size_t columns,
                                   const Codes& want) {
  std::map<Wrong, Codes> made;
  const std::size_t count = want.size();
  made[Wrong::zeros] = Codes(count, static_cast<std::uint64_t>(zero_code(format, false)));
  made[Wrong::negated] = want;
  for (std::uint64_t& code : made[Wrong::negated]) {
    const Value value = decode(format, code);
    if (value.is_finite()) code = static_cast<std::uint64_t>(encode(format, negated(value)));
    if (value.is_infinite())
      code = static_cast<std::uint64_t>(infinity_code(format, !value.negative));
  }
  for (std::size_t column = 0; column < columns; ++column) {
    for (std::size_t row = 0; row < rows; ++row)
      made[Wrong::transposed].push_back(want[row * columns + column]);
  }
  for (std::size_t i = 0; i < count; ++i)
    made[Wrong::shifted].push_back(want[(i + count - columns) % count]);
  return made;
}

// Every wrong output of want, as the guard judges it, against a file that holds it. How many pass?
class WrongOutputsOf : public Comparing {
 protected:
  std::size_t passing_ = 0, all_ = 0;

  void expect_judged_alike(const Format& format, const tensors::Shape& shape, const Codes& want,
                           const Tolerance& tolerance) {
    const tensors::OpenedFile w = open("want", format, shape, want);
    const tensors::TensorCodes wc = w.codes(0);
    const CompareOptions options{.format = format, .tolerance = tolerance};
    const Comparison found = compare({.got = wc, .want = wc}, options);
    EXPECT_TRUE(found.within);
    const std::map<Wrong, Codes> files = wrong_files(format, static_cast<std::size_t>(shape[0]),
                                                     static_cast<std::size_t>(shape[1]), want);
    ASSERT_EQ(found.guard->impostors.size(), files.size());
    for (const Impostor& impostor : found.guard->impostors) {
      const tensors::OpenedFile x =
          open(name_of(impostor.wrong), format, shape, files.at(impostor.wrong));
      const tensors::TensorCodes xc = x.codes(0);
      // As an addend or a stale output the same file says the same.
      const Comparison judged =
          compare({.got = xc, .want = wc, .addend = &xc, .stale = &xc}, options);
      EXPECT_EQ(impostor.passes, judged.within) << format.name << name_of(impostor.wrong);
      EXPECT_EQ(impostor.tally.equal, judged.tally.equal) << name_of(impostor.wrong);
      EXPECT_EQ(impostor.tally.within, judged.tally.within) << name_of(impostor.wrong);
      ASSERT_EQ(judged.guard->impostors.size(), files.size() + 2);
      EXPECT_EQ(judged.guard->impostors[files.size()].passes, judged.within);
      EXPECT_EQ(judged.guard->impostors[files.size() + 1].passes, judged.within);
      passing_ += judged.within ? 1 : 0;
      ++all_;
    }
  }
};

TEST_F(WrongOutputsOf, WantPassWhereFilesOfThemDo) {
  for (const char* name : {"bfloat16", "float8_e4m3fn", "posit16", "int8", "float8_e5m2fnuz"}) {
    const Format format = format_from_text(name);
    const auto two = static_cast<std::uint64_t>(encode(format, make_value(2)));
    // Numbers near two, about zero, all two, all zero.
    for (const auto& [base, spread] :
         {std::pair<std::uint64_t, unsigned>{two, 3}, {0, 3}, {two, 1}, {0, 1}}) {
      Codes want(20 * 13, base);
      const Random random{.seed = 4};
      for (std::size_t i = 0; i < want.size(); ++i) want[i] += random.word(i) % spread;
      for (const Tolerance& tolerance :
           {Tolerance{.ulp = 0}, Tolerance{.ulp = 2}, Tolerance{.calc_diff = 0.01},
            Tolerance{.close = Closeness(parse_real("0.01"), parse_real("0.3"))},
            Tolerance{.match_rate = parse_real("0.3")}})
        expect_judged_alike(format, {20, 13}, want, tolerance);
    }
  }
  EXPECT_GT(passing_, all_ / 10);
  EXPECT_LT(passing_, 9 * all_ / 10);
}

// More than a tile and a stretch.
TEST_F(WrongOutputsOf, LargeOnesToo) {
  const Format format = format_from_text("bfloat16");
  Codes want(300 * 270, 0x4000);
  const Random random{.seed = 4};
  for (std::size_t i = 0; i < want.size(); ++i) want[i] += random.word(i) % 4;
  expect_judged_alike(format, {300, 270}, want, {.ulp = 2, .calc_diff = 1e-4});
  EXPECT_EQ(passing_, 0U);
}

// onnxruntime#31155: |want| up to 0.045 under atol 0.05.
TEST_F(Comparing, ATestThatZerosPassIsSaidToBeOne) {
  const Format format = format_from_text("binary32");
  const auto code = [&](double x) {
    return static_cast<std::uint64_t>(encode(format, from_double(x)));
  };
  const Codes want{code(0.045F), code(-0.03F), code(0.01F), code(0.0F)};
  const tensors::OpenedFile w = open("want", format, {2, 2}, want);
  const tensors::TensorCodes wc = w.codes(0);
  CompareOptions options{.format = format};
  options.tolerance = {.close = Closeness(parse_real("0.05"), parse_real("0"))};
  const Comparison found = compare({.got = wc, .want = wc}, options);
  EXPECT_TRUE(found.within);
  EXPECT_FALSE(found.guard->is_sound());
  EXPECT_EQ(found.guard->swallowed, 4U);
  EXPECT_NEAR(*found.guard->largest_over_tolerance, 0.9, 1e-6);
  options.tolerance = {.close = Closeness(parse_real("0.005"), parse_real("0"))};
  const Comparison better = compare({.got = wc, .want = wc}, options);
  EXPECT_TRUE(better.guard->is_sound());
  EXPECT_EQ(better.guard->swallowed, 1U);
}

// By hand: between 1 and the next bfloat16, 1 + 2^-7.
TEST_F(Comparing, TellsWhichSideIsNearerToTheExact) {
  const Format format = format_from_text("bfloat16");
  const Format wide = format_from_text("binary64");
  const auto code = [&](double x) {
    return static_cast<std::uint64_t>(encode(wide, from_double(x)));
  };
  const double step = 0x1p-7;
  // got above; got below; the middle; equal codes; beyond the largest number; no number.
  const Codes got{0x3f81, 0x3f80, 0x3f81, 0x3f80, 0x7f7f, 0x7f80};
  const Codes want{0x3f80, 0x3f81, 0x3f80, 0x3f80, 0x7f7e, 0x3f80};
  const double largest = 0x1.fep127;
  const Codes exact{code(1 + 0.75 * step), code(1 + 0.75 * step),   code(1 + 0.5 * step),
                    code(1 + 0.25 * step), code(largest + 0x1p120), code(1)};
  const tensors::OpenedFile g = open("got", format, {6}, got);
  const tensors::OpenedFile w = open("want", format, {6}, want);
  const tensors::OpenedFile e = open("exact", wide, {6}, exact);
  const tensors::TensorCodes gc = g.codes(0);
  const tensors::TensorCodes wc = w.codes(0);
  const tensors::TensorCodes ec = e.codes(0);
  const Comparison found = compare({.got = gc, .want = wc, .exact = &ec}, {.format = format});
  const Nearness& nearness = *found.nearness;
  EXPECT_EQ(nearness.got_nearer, 2U);
  EXPECT_EQ(nearness.want_nearer, 1U);
  EXPECT_EQ(nearness.same, 2U);
  EXPECT_EQ(nearness.left_out, 1U);
  EXPECT_EQ(nearness.got.sum, 0.25 - 0.75 + 0.5 - 0.25 - 1);
  EXPECT_EQ(nearness.got.absolute, 0.25 + 0.75 + 0.5 + 0.25 + 1);
  EXPECT_EQ(nearness.got.largest, 1);
  EXPECT_EQ(nearness.want.sum, -0.75 + 0.25 - 0.5 - 0.25 - 2);
  EXPECT_EQ(nearness.want.largest, 2);
}

TEST_F(Comparing, RefusesWhatCannotBeCompared) {
  const Format format = format_from_text("bfloat16");
  const tensors::OpenedFile a = open("a", format, {2, 3}, Codes(6));
  const tensors::OpenedFile b = open("b", format, {3, 2}, Codes(6));
  const tensors::TensorCodes ac = a.codes(0);
  const tensors::TensorCodes bc = b.codes(0);
  try {
    compare({.got = ac, .want = bc}, {.format = format});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("[2, 3]"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("[3, 2]"), std::string::npos) << error.what();
  }
  // An element that the format does not have, in the second stretch.
  const Format single = format_from_text("binary32");
  Codes codes(40000);
  codes[39998] = 0x3f800001;
  const tensors::OpenedFile c = open("c", single, {40000}, codes);
  const tensors::TensorCodes cc = c.codes(0);
  try {
    compare({.got = cc, .want = cc}, {.format = format});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.location().find("element [39998]"), std::string::npos) << error.what();
    EXPECT_NE(error.location().find("c.raw"), std::string::npos) << error.what();
  }
}

TEST_F(Comparing, EmptyTensorsAreEqualAndProveNothing) {
  const Format format = format_from_text("bfloat16");
  const tensors::OpenedFile a = open("a", format, {0, 3}, {});
  const tensors::TensorCodes ac = a.codes(0);
  const Comparison found = compare({.got = ac, .want = ac}, {.format = format});
  EXPECT_TRUE(found.within);
  EXPECT_FALSE(found.guard->is_sound());
}

}  // namespace
}  // namespace halfulp::comparison
