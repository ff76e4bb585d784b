// SPDX-License-Identifier: MIT
//
// Which points a fit goes through: those of one group (equal values at the pointers of "group_by"),
// within its range, whose risk has a logarithm. And the members that all kinds of fits read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/results/fits/fit_point.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The member `y`, one of the metrics.
std::string check_metric(ObjectReader& reader, const std::vector<std::string>& metrics);
// A member that names a pointer of the sweep.
std::string check_axis(ObjectReader& reader, const std::string& key,
                       const std::vector<std::string>& swept);
// The member `group_by`: by default every swept pointer that is none of `axes`.
Json check_group(ObjectReader& reader, const std::vector<std::string>& swept,
                 const std::vector<std::string>& axes);
// The member `reference`, {pointer of the sweep: value}: the points that others are compared with.
Json check_reference(ObjectReader& reader, const std::vector<std::string>& swept);
// [lowest, highest] of non-negative numbers; null where the member is missing.
Json check_range(ObjectReader& reader, const std::string& key);
// "linear" or "over_log".
std::string check_scale(ObjectReader& reader, const std::string& key);

// What stands at a pointer in a point: as the sweep set it, else as its document has it.
Json value_of(const FitPoint& point, const std::string& pointer);

// A group: the values of some pointers, and the points that have them.
struct Members {
  Json group;
  std::vector<std::size_t> points;
};
std::vector<Members> group_points(const std::vector<FitPoint>& points, const Json& pointers);

// What is swept but `axes`, as pointers that tell groups apart. points: not empty.
Json swept_but(const std::vector<FitPoint>& points, const std::vector<std::string>& axes);

// Whether a group is one of the reference's.
bool is_reference(const Json& reference, const Json& group);
// A group and its reference agree in everything but the reference's pointers: equal texts.
std::string key_beside(const Json& reference, Json group);

// How the record of a group begins: members of the checked fit, the group, and those of `rest` that
// the fit has.
Json begin_record(const Json& fit, const Members& members, const std::vector<const char*>& names,
                  const std::vector<const char*>& rest);

// One axis of a fit.
struct Axis {
  std::string pointer;
  Json range;             // null, or [lowest, highest]
  bool over_log = false;  // x / ln x in place of x
  // The bits of a number: of the format at a place of the policy, as in "/policy/feature", with its
  // share of the scales of blocks; elsewhere the number that stands there. Ideal noise has none.
  bool bits = false;
};

// The points of a group that have a logarithm on every axis and of y's mean.
struct Selection {
  std::vector<std::vector<double>> x;         // by axis, then point
  std::vector<std::vector<double>> log_x;     // of x, or of x / ln x
  std::vector<const std::vector<double>*> y;  // over the repeats
  std::size_t excluded = 0;  // points in range that failed, diverged, or are not positive
};
Selection select_points(const std::vector<FitPoint>& points, const Members& members,
                        const std::string& metric, const std::vector<Axis>& axes);

// How many different values there are.
std::size_t count_distinct(std::vector<double> values);

// The sum in order over the count.
double mean_of(const std::vector<double>& values);

}  // namespace halfulp::experiments
