// SPDX-License-Identifier: MIT
//
// The points of a result as figures see them: every swept field with its distinct values, and a
// point as one value a field. Values are told apart once, here; afterwards they are numbers of a
// list, so that the cost grows with the size of the result.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

struct Field {
  std::string pointer;
  std::vector<Json> values;        // distinct, in the order of the points
  std::vector<std::string> words;  // of each value, all different
  bool numeric = true;             // every value is a finite number
};

struct SweptPoint {
  std::size_t index = 0;         // in the result's points
  std::vector<int> value;        // of each field: the place in its values; -1: not set
  const Json* record = nullptr;  // of the result
};

struct Swept {
  std::vector<Field> fields;
  std::vector<SweptPoint> points;
};

// One point before its values are told apart.
struct Setting {
  std::size_t index = 0;
  const Json* record = nullptr;
  std::vector<std::pair<std::string, Json>> set;
};

std::vector<Setting> settings_of(const Json& result);
Swept swept_of(const std::vector<Setting>& settings);

// A member of an object; nullptr where there is none or `object` is no object.
const Json* member_of(const Json& object, const std::string& key);
// A number, or `otherwise`.
double number_or(const Json& object, const std::string& key, double otherwise);

// What a point holds of a metric.
enum class Standing {
  absent,    // the metric does not apply
  failed,    // the point has an error in its place
  finite,    // a number
  diverged,  // its mean is infinite or NaN
};
struct Measured {
  Standing standing = Standing::absent;
  double mean = 0, error = 0, theory = 0;  // NaN where there is none
  std::size_t diverged = 0, repeats = 0;   // repeats that are not finite, of how many; 0: unknown
};
Measured measured_of(const Json& point, const std::string& metric);

// The metrics of a result, in its order, that are a number or diverged at some point.
std::vector<std::string> metrics_of(const Json& result);

// For each point, the point that differs from it in the policy alone and runs in full precision:
// binary64, else binary32 where nothing is swept to binary64.
struct Pairing {
  std::string reference;  // in words: "binary64", "full precision"; empty: there is none
  std::vector<std::ptrdiff_t> partner;  // its place in the result's points, -1: none
};
Pairing pairing_of(const Json& result);

// The ratio of two means with its 95 % interval. Repeat r of both draws the same samples, so the
// interval is that of the paired differences y - R y0 (the delta method, Student's t). Where the
// result keeps no repeats, the standard errors are combined as if they were independent. Absent
// where a mean is not finite or the reference's is not positive.
struct Ratio {
  double value = 0, low = 0, high = 0;
  bool paired = false;
};
// quantiles: of Student's t by number of repeats, kept from call to call as they take long.
using Quantiles = std::map<std::size_t, double>;
std::optional<Ratio> ratio_of(const Json& point, const Json& reference, const std::string& metric,
                              Quantiles& quantiles);

}  // namespace halfulp::experiments
