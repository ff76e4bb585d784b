// SPDX-License-Identifier: MIT
//
// A comparison in words, the verdict first, and the same facts as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/compare.h"
#include "cli/output.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/json.h"

namespace halfulp::cli {
namespace {

using comparison::Comparison;
using comparison::Differences;
using comparison::Ruling;
using comparison::Wrong;

std::string share_text(std::uint64_t part, std::uint64_t all) {
  if (all == 0 || part == 0) return "0 %";
  if (part == all) return "100 %";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(all);
  return fmt::format("{:.3g} %", std::min(share, 99.99));
}

std::string signed_text(double x) { return x == 0 ? "0" : fmt::format("{:+.3g}", x); }

std::string type_name(const Format& format) { return tensors::element_type(format).name; }

// "+3", "-1", "0", "" where there is none. At most 65 bits.
std::string distance_text(const std::optional<Rank>& distance) {
  if (!distance) return "";
  const Rank size = *distance < 0 ? -*distance : *distance;
  const std::string sign = *distance == 0 ? "" : *distance < 0 ? "-" : "+";
  return sign + std::to_string(static_cast<std::uint64_t>(size));
}

// What was asked, as it was written.
std::string asked_text(const Ruling& ruling, const CompareAnswer& answer) {
  const CompareCall& call = answer.call;
  if (ruling.rule == "ulp" && answer.task.is_scales) return std::to_string(call.scale_ulp);
  if (ruling.rule == "ulp") return call.ulp.empty() ? "0" : call.ulp;
  if (ruling.rule == "calc_diff") return call.calc_diff;
  if (ruling.rule == "cosine") return call.cosine;
  return call.match_rate;
}

std::string ruling_text(const Ruling& ruling, const CompareAnswer& answer) {
  const std::string asked = asked_text(ruling, answer);
  const std::string verdict = ruling.holds ? "yes" : "NO";
  const std::string beyond =
      ruling.beyond == 0 ? "" : counted(ruling.beyond, "element") + " beyond";
  const std::uint64_t unlike_pairs = answer.found.tally.unlike;
  const std::string unlike =
      unlike_pairs == 0 ? "" : ", but for " + counted(unlike_pairs, "pair") + " not finite";
  if (ruling.rule == "ulp" && asked == "0") return "equal: " + verdict;
  if (ruling.rule == "ulp")
    return "within " + asked + " ulp: " + verdict + (beyond.empty() ? "" : ", " + beyond);
  if (ruling.rule == "close") {
    const std::string atol = answer.call.atol.empty() ? "0" : answer.call.atol;
    const std::string rtol = answer.call.rtol.empty() ? "0" : answer.call.rtol;
    return "within atol " + atol + " + rtol " + rtol + ": " + verdict +
           (beyond.empty() ? "" : ", " + beyond);
  }
  if (ruling.rule == "calc_diff")
    return "calc_diff at most " + asked + ": " + verdict +
           fmt::format(", it is {:.3g}", ruling.measured) + unlike;
  if (ruling.rule == "cosine")
    return "cosine at least " + asked + ": " + verdict +
           fmt::format(", it is {:.9g}", ruling.measured) + unlike;
  return "codes equal at least " + asked + ", the rest one step: " + verdict +
         fmt::format(", equal {:.6g}", ruling.measured) +
         (beyond.empty() ? "" : ", " + beyond + " a step");
}

std::string ends_text(const comparison::BucketEnds& ends) {
  if (ends.least == ends.most) return std::to_string(ends.least);
  return std::to_string(ends.least) + "-" + std::to_string(ends.most);
}

std::string histogram_text(const Differences& found) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < comparison::bucket_count; ++i) {
    const std::uint64_t below = found.distances.below.counts[i];
    const std::uint64_t above = found.distances.above.counts[i];
    if (below + above == 0) continue;
    rows.push_back({"  " + ends_text(comparison::bucket_ends(i)), std::to_string(below),
                    std::to_string(above)});
  }
  if (rows.empty()) return "";
  rows.insert(rows.begin(), {"  0", "", std::to_string(found.distances.same_number)});
  return table_text({{"  ulp"}, {"got below", Align::right}, {"got above", Align::right}}, rows);
}

// Those that there are, "NaN: 3 in got alone, 1 in want alone".
std::string classes_text(const comparison::Classes& classes) {
  std::string text;
  const auto add = [&](const char* what,
                       const std::vector<std::pair<std::uint64_t, const char*>>& facts) {
    std::string line;
    for (const auto& [count, words] : facts) {
      if (count > 0) line += (line.empty() ? "" : ", ") + std::to_string(count) + " " + words;
    }
    if (!line.empty()) text += std::string("  ") + what + ": " + line + "\n";
  };
  add("NaN", {{classes.nan_got, "in got alone"},
              {classes.nan_want, "in want alone"},
              {classes.nan_codes, "in both with other bits"}});
  add("infinity", {{classes.infinite_got, "in got where want is finite"},
                   {classes.infinite_want, "in want where got is finite"},
                   {classes.infinite_signs, "in both with other signs"}});
  add("zero", {{classes.zero_signs, "of other sign"}});
  return text;
}

// A character for every tile: how many of its elements differ.
std::string tiles_text(const comparison::Tiles& tiles) {
  std::string text;
  for (std::uint64_t row = 0; row < tiles.rows; ++row) {
    text += "    ";
    for (std::uint64_t column = 0; column < tiles.columns; ++column) {
      const std::uint64_t count = tiles.counts[row * tiles.columns + column];
      const double share =
          static_cast<double>(count) / static_cast<double>(tiles.elements(row, column));
      constexpr double few = 0.01;
      constexpr double many = 0.5;
      text += count == 0 ? '.' : share < few ? '-' : share < many ? '+' : '#';
    }
    text += "\n";
  }
  return text;
}

// "row 5", "rows 5 to 7"
std::string range_text(const std::string& what, std::uint64_t first, std::uint64_t last) {
  return first == last ? what + " " + std::to_string(first)
                       : what + "s " + std::to_string(first) + " to " + std::to_string(last);
}

std::string where_text(const Differences& found) {
  const comparison::Tiles& tiles = found.tiles;
  std::string text = "  where: ";
  if (tiles.matrix.rows > 1)
    text += range_text("row", tiles.first_row, tiles.last_row) + " of " +
            std::to_string(tiles.matrix.rows) + ", ";
  text += range_text("column", tiles.first_column, tiles.last_column) + " of " +
          std::to_string(tiles.matrix.columns) + "\n";
  const bool has_map = tiles.rows > 1 && tiles.columns > 1 && found.mismatches > 1;
  return has_map ? text + "    tiles: . equal, - below 1 % differ, + below half, # more\n" +
                       tiles_text(tiles)
                 : text;
}

std::string mismatches_text(const CompareAnswer& answer) {
  const Format& format = answer.found.format;
  std::vector<std::vector<std::string>> rows;
  for (const comparison::Mismatch& mismatch : answer.found.differences.first)
    rows.push_back({"  " + tensors::index_text(answer.found.shape, mismatch.index),
                    code_text(format, mismatch.got), shortest_text(format, mismatch.got),
                    code_text(format, mismatch.want), shortest_text(format, mismatch.want),
                    distance_text(mismatch.distance)});
  if (rows.empty()) return "";
  return table_text({{"  at"}, {"got"}, {""}, {"want"}, {""}, {"ulp", Align::right}}, rows);
}

const char* words_for(Wrong wrong) {
  switch (wrong) {
    case Wrong::zeros:
      return "all zeros";
    case Wrong::negated:
      return "want with its signs flipped";
    case Wrong::transposed:
      return "want transposed";
    case Wrong::shifted:
      return "want one row further";
    case Wrong::addend:
      return "C alone";
    case Wrong::stale:
      return "the stale output";
  }
  return "";
}

std::string guard_text(const comparison::Guard& guard, std::uint64_t elements) {
  std::string text;
  if (guard.largest_over_tolerance && guard.swallowed)
    text += fmt::format("  guard: the largest |want| is {:.3g} times its tolerance; ",
                        *guard.largest_over_tolerance) +
            "zero would do for " + share_text(*guard.swallowed, elements) + " of the elements\n";
  std::string passing;
  for (const comparison::Impostor& impostor : guard.impostors) {
    if (impostor.passes)
      passing += (passing.empty() ? "" : ", ") + std::string(words_for(impostor.wrong));
  }
  if (!passing.empty()) text += "  WARNING: this would also pass: " + passing + "\n";
  return text;
}

std::string errors_text(const comparison::Errors& errors, std::uint64_t count) {
  const auto n = static_cast<double>(std::max<std::uint64_t>(count, 1));
  return fmt::format("mean {} ulp, without sign {:.3g}, largest {:.3g}",
                     signed_text(errors.sum / n), errors.absolute / n, errors.largest);
}

std::string nearness_text(const comparison::Nearness& nearness) {
  const std::uint64_t count = nearness.measured();
  std::string text = "  exact: got is nearer " + counted(nearness.got_nearer, "time") + ", want " +
                     std::to_string(nearness.want_nearer) + ", as near " +
                     std::to_string(nearness.same);
  if (nearness.left_out > 0) text += "; not finite " + std::to_string(nearness.left_out);
  return text + "\n    error of got:  " + errors_text(nearness.got, count) +
         "\n    error of want: " + errors_text(nearness.want, count) + "\n";
}

std::string differ_text(const Comparison& found) {
  const std::uint64_t count = found.differences.mismatches;
  return std::to_string(count) + " of " + counted(found.tally.elements, "code") +
         (count == 1 ? " differs" : " differ");
}

std::string summary_text(const Comparison& found) {
  const Differences& differences = found.differences;
  std::string text = "  " + differ_text(found);
  if (differences.mismatches > 0)
    text += " (" + share_text(differences.mismatches, found.tally.elements) + "), by up to " +
            std::to_string(differences.distances.largest()) + " ulp, mean " +
            signed_text(differences.distances.mean());
  text += "\n";
  const std::uint64_t left_out = differences.elements - found.tally.elements;
  if (left_out > 0)
    text += "  " + counted(left_out, "code") + " in blocks whose scales differ " +
            (left_out == 1 ? "is" : "are") + " not judged; " +
            std::to_string(differences.under_scales) + " of them differ\n";
  return text;
}

std::string title_of(const CompareAnswer& answer) {
  const std::string& name = answer.task.name;
  return (name.empty() ? "" : tensors::printable(name) + "  ") + type_name(answer.found.format) +
         " " + tensors::shape_text(answer.found.shape);
}

}  // namespace

Json index_json(const tensors::Shape& shape, std::uint64_t index) {
  std::vector<std::uint64_t> places(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    places[axis] = index % static_cast<std::uint64_t>(shape[axis]);
    index /= static_cast<std::uint64_t>(shape[axis]);
  }
  return places;
}

std::string headline_of(const CompareAnswer& answer) {
  return title_of(answer) + (answer.found.within ? ", within" : ", NOT within") +
         " the tolerance: " + differ_text(answer.found);
}

std::string text_of(const CompareAnswer& answer) {
  const Comparison& found = answer.found;
  const Differences& differences = found.differences;
  std::string text = title_of(answer);
  if (differences.mismatches == 0 && found.within && found.tally.elements == differences.elements) {
    text += ": equal, " + counted(found.tally.elements, "code") + "\n" +
            classes_text(differences.classes);
  } else {
    text += "\n";
    const bool judged = found.tally.elements > 0 || differences.elements == 0;
    if (!judged) text += "  NO code is judged, as all scales differ\n";
    for (const Ruling& ruling : found.rulings)
      if (judged) text += "  " + ruling_text(ruling, answer) + "\n";
    text += summary_text(found) + histogram_text(differences) + classes_text(differences.classes);
    if (differences.mismatches > 0) text += where_text(differences) + mismatches_text(answer);
  }
  if (found.nearness) text += nearness_text(*found.nearness);
  if (found.guard) text += guard_text(*found.guard, found.tally.elements);
  return text;
}

namespace {

Json histogram_json(const comparison::Distances& distances) {
  Json list = Json::array();
  for (std::size_t i = 0; i < comparison::bucket_count; ++i) {
    if (distances.below.counts[i] + distances.above.counts[i] == 0) continue;
    const comparison::BucketEnds ends = comparison::bucket_ends(i);
    list.push_back({{"ulp", {ends.least, ends.most}},
                    {"below", distances.below.counts[i]},
                    {"above", distances.above.counts[i]}});
  }
  return list;
}

Json where_json(const comparison::Tiles& tiles) {
  Json rows = Json::array();
  for (std::uint64_t row = 0; row < tiles.rows; ++row) {
    Json counts = Json::array();
    for (std::uint64_t column = 0; column < tiles.columns; ++column)
      counts.push_back(tiles.counts[row * tiles.columns + column]);
    rows.push_back(counts);
  }
  return {{"rows", {tiles.first_row, tiles.last_row}},
          {"columns", {tiles.first_column, tiles.last_column}},
          {"tiles", rows}};
}

Json mismatch_json(const Comparison& found, const comparison::Mismatch& mismatch) {
  const Format& format = found.format;
  Json object{{"index", index_json(found.shape, mismatch.index)},
              {"got", code_text(format, mismatch.got)},
              {"got_value", shortest_text(format, mismatch.got)},
              {"want", code_text(format, mismatch.want)},
              {"want_value", shortest_text(format, mismatch.want)}};
  if (mismatch.distance) object["ulp"] = distance_text(mismatch.distance);
  return object;
}

Json rulings_json(const CompareAnswer& answer) {
  Json list = Json::array();
  for (const Ruling& ruling : answer.found.rulings) {
    Json object{{"rule", ruling.rule}, {"holds", ruling.holds}};
    if (ruling.rule == "close") {
      object["atol"] = answer.call.atol.empty() ? "0" : answer.call.atol;
      object["rtol"] = answer.call.rtol.empty() ? "0" : answer.call.rtol;
    } else {
      object["asked"] = asked_text(ruling, answer);
    }
    const bool measures = ruling.rule != "ulp" && ruling.rule != "close";
    if (measures) object["measured"] = number_json(ruling.measured);
    if (ruling.rule != "calc_diff" && ruling.rule != "cosine") object["beyond"] = ruling.beyond;
    list.push_back(object);
  }
  return list;
}

Json guard_json(const comparison::Guard& guard) {
  Json object{{"sound", guard.is_sound()}};
  if (guard.largest_over_tolerance)
    object["largest_over_tolerance"] = number_json(*guard.largest_over_tolerance);
  if (guard.swallowed) object["zero_would_do"] = *guard.swallowed;
  Json list = Json::array();
  for (const comparison::Impostor& impostor : guard.impostors)
    list.push_back({{"output", name_of(impostor.wrong)},
                    {"passes", impostor.passes},
                    {"equal", impostor.tally.equal},
                    {"within", impostor.tally.within}});
  object["wrong_outputs"] = list;
  return object;
}

Json errors_json(const comparison::Errors& errors, std::uint64_t count) {
  const auto n = static_cast<double>(std::max<std::uint64_t>(count, 1));
  return {{"mean", number_json(errors.sum / n)},
          {"mean_magnitude", number_json(errors.absolute / n)},
          {"largest", number_json(errors.largest)}};
}

Json nearness_json(const comparison::Nearness& nearness) {
  return {{"got_nearer", nearness.got_nearer},
          {"want_nearer", nearness.want_nearer},
          {"same", nearness.same},
          {"not_finite", nearness.left_out},
          {"got_error_ulp", errors_json(nearness.got, nearness.measured())},
          {"want_error_ulp", errors_json(nearness.want, nearness.measured())}};
}

Json classes_json(const comparison::Classes& classes) {
  return {
      {"nan", {{"got", classes.nan_got}, {"want", classes.nan_want}, {"codes", classes.nan_codes}}},
      {"infinity",
       {{"got", classes.infinite_got},
        {"want", classes.infinite_want},
        {"signs", classes.infinite_signs}}},
      {"zero_signs", classes.zero_signs}};
}

}  // namespace

std::string json_text_of(const CompareAnswer& answer) {
  const Comparison& found = answer.found;
  const Differences& differences = found.differences;
  Json object;
  object["tensor"] = answer.task.name;
  object["shape"] = found.shape;
  object["format"] = type_name(found.format);
  object["within"] = found.within;
  object["tolerance"] = rulings_json(answer);
  object["elements"] = found.tally.elements;
  object["mismatches"] = differences.mismatches;
  object["mean_ulp"] = number_json(differences.distances.mean());
  object["largest_ulp"] = differences.distances.largest();
  object["same_number"] = differences.distances.same_number;
  object["histogram"] = histogram_json(differences.distances);
  object["classes"] = classes_json(differences.classes);
  if (differences.mismatches > 0) object["where"] = where_json(differences.tiles);
  Json first = Json::array();
  for (const comparison::Mismatch& mismatch : differences.first)
    first.push_back(mismatch_json(found, mismatch));
  object["first"] = first;
  if (!answer.task.levels.empty())
    object["under_differing_scales"] = {{"elements", differences.elements - found.tally.elements},
                                        {"mismatches", differences.under_scales}};
  if (found.nearness) object["exact"] = nearness_json(*found.nearness);
  if (found.guard) object["guard"] = guard_json(*found.guard);
  return object.dump() + "\n";
}

}  // namespace halfulp::cli
