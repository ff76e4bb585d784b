// SPDX-License-Identifier: MIT
//
// Which devices recorded dot products name (golden/probe): every recording its own, and besides it
// only units that ordinary numbers do not tell from it.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/unit_operands.h"
#include "golden/probe/findings.h"
#include "golden/probe/recorded.h"
#include "tests/golden/engines.h"
#include "tests/golden/recordings.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using RecordedDevices = GoldenTest;

std::string text_of(const std::string& file) {
  std::ifstream stream(folder() + "/" + file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

const MatrixUnit* unit_of_file(const std::string& file) {
  const MatrixUnit* unit = nullptr;
  for_each_row(file, [&](const Fields& row) {
    const std::vector<std::string> words = words_of(row);
    if (words[0] != "#") return;
    if (const MatrixUnit* named = unit_of_header(header_of(words))) unit = named;
  });
  return unit;
}

// What recordings of one instruction with ordinary numbers can show of a unit: not the least
// exponent of an alignment; of sums of binary16 products in binary16, which has 11 bits, neither
// that 23 or more bits are kept nor in how many additions of four or more.
DotTree as_recorded(const MatrixUnit& unit) {
  DotTree tree = unit.tree;
  const Format half = find_format("binary16");
  for (Sum& sum : tree.sums) {
    if (!sum.alignment) continue;
    sum.alignment->least_exponent.reset();
    if (unit.a.format != half || unit.d != half || sum.alignment->bits < 23) continue;
    sum.alignment.reset();
    sum.together = std::min<std::int64_t>(sum.together, 4);
  }
  return tree;
}

// The shipped units that give all rows.
std::vector<std::string> named_by(const Engine& engine, const std::string& file,
                                  const MatrixUnit& expected) {
  const probe::Recorded recorded =
      probe::recorded_rows(text_of(file), probe::ports_of(expected, 1));
  EXPECT_GE(recorded.questions.size(), 250U) << file;
  probe::Exam exam(recorded.ports, engine);
  exam.add(recorded.questions, recorded.answers);
  const probe::Nearest nearest = probe::nearest_named(exam);
  EXPECT_EQ(nearest.misses, 0U) << file;
  return nearest.names;
}

TEST_P(RecordedDevices, AreNamed) {
  int devices = 0;
  for (const std::string& file : files_in("matrix-units/hw")) {
    const MatrixUnit* expected = unit_of_file(file);
    if (expected == nullptr) continue;  // conversions, which are no sums
    ++devices;
    const std::vector<std::string> names = named_by(engine(), file, *expected);
    EXPECT_NE(std::ranges::find(names, expected->name), names.end()) << file;
    for (const std::string& name : names) {
      EXPECT_TRUE(as_recorded(find_matrix_unit(name)) == as_recorded(*expected))
          << file << " names " << name << " besides " << expected->name;
    }
  }
  EXPECT_EQ(devices, 49);
}

// A recording whose results have fewer bits is nobody's.
TEST_P(RecordedDevices, OthersAreNone) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  probe::Recorded recorded =
      probe::recorded_rows(text_of("matrix-units/hw/H100.e4m3.f32.txt"), probe::ports_of(unit, 1));
  MatrixUnit changed = unit;
  changed.tree.sums[0].alignment->bits = 11;
  probe::Exam exam(recorded.ports, engine());
  std::vector<Code> zeros(recorded.questions.size(), 0);
  exam.add(recorded.questions, zeros);
  const std::vector<double> answers = exam.answers(changed, exam.all());
  probe::Exam others(recorded.ports, engine());
  const kernels::ResultWriter write(changed);
  for (std::size_t i = 0; i < answers.size(); ++i) recorded.answers[i] = write(answers[i]);
  others.add(recorded.questions, recorded.answers);
  EXPECT_GT(probe::nearest_named(others).misses, 0U);
}

HALFULP_ON_ALL_ENGINES(RecordedDevices);

}  // namespace
}  // namespace halfulp::golden
