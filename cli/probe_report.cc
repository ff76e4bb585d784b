// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/probe.h"
#include "formats/json.h"
#include "golden/kernels/tree_words.h"

namespace halfulp::cli {
namespace {

std::string line(std::string name, const std::string& value) {
  name.resize(14, ' ');
  return name + "  " + value + "\n";
}

std::string names_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string counted(std::size_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

// What the answers amount to, in one line.
std::string verdict_of(const ProbeReport& report) {
  const std::size_t misses = report.standing.fits.front().misses;
  const std::string all = counted(report.exam->size(), "answer");
  if (misses > 0)
    return "none of these: the nearest unit of the family misses " + std::to_string(misses) +
           " of " + all;
  if (!report.nearest.names.empty() && report.nearest.misses == 0)
    return names_of(report.nearest.names) + ": all " + all;
  return "no unit that is shipped; the one below gives all " + all;
}

std::string nearest_text(const ProbeReport& report) {
  if (report.nearest.names.empty()) return "no shipped unit has such operands";
  const std::size_t misses = report.nearest.misses;
  return names_of(report.nearest.names) +
         (misses == 0 ? ", which misses none" : ", missing " + std::to_string(misses));
}

std::string open_text(const probe::Finding& finding) {
  std::string text = finding.open.front();
  constexpr std::size_t shown = 3;
  for (std::size_t i = 1; i < finding.open.size() && i < shown; ++i) text += ", " + finding.open[i];
  if (finding.open.size() > shown)
    text += " and " + std::to_string(finding.open.size() - shown) + " more";
  return text;
}

std::string findings_table(const ProbeReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const probe::Finding& finding : report.findings) {
    if (finding.open.empty())
      rows.push_back({finding.property, finding.instead, std::to_string(finding.against)});
  }
  for (const probe::Finding& finding : report.findings) {
    if (!finding.open.empty()) rows.push_back({finding.property, open_text(finding), "0 (open)"});
  }
  return table_text({{"property"}, {"nearest alternative"}, {"answers against it", Align::right}},
                    rows);
}

std::string advice_of(const ProbeReport& report) {
  if (report.rounds == 0 || report.settled) return "";
  return "more rounds may tell more: `halfulp probe --ask` writes the next one\n";
}

}  // namespace

std::string probe_text(const ProbeReport& report) {
  const MatrixUnit& unit = unit_of(report);
  std::string text = line("device", verdict_of(report));
  text += line("nearest named", nearest_text(report));
  text += line("inputs",
               counted(report.exam->size(), "dot product") + " of " +
                   counted(report.exam->ports().terms, "term") +
                   (report.rounds == 0 ? ", recorded" : " in " + counted(report.rounds, "round")));
  if (report.standing.left.size() > 1)
    text += line("not told apart",
                 counted(report.standing.left.size(), "unit") + " of the family give all answers" +
                     (report.settled ? ", and on all inputs tried the same" : ""));
  text += line("a", kernels::words_of(unit.a));
  text += line("b", kernels::words_of(unit.b));
  text += line("c", kernels::words_of(unit.c));
  text += line("d", unit.d.name);
  std::string title = "arithmetic";
  for (const std::string& words : kernels::words_of(unit.tree)) {
    text += line(title, words);
    title.clear();
  }
  return text + "\n" + findings_table(report) + advice_of(report);
}

std::string probe_json(const ProbeReport& report) {
  Json object;
  object["schema"] = "halfulp.probe/1";
  object["answers"] = report.exam->size();
  object["terms"] = report.exam->ports().terms;
  object["rounds"] = report.rounds;
  object["settled"] = report.settled;
  object["misses"] = report.standing.fits.front().misses;
  object["not_told_apart"] = report.standing.left.size();
  object["named"] = report.nearest.misses == 0 ? Json(report.nearest.names) : Json(Json::array());
  object["nearest"] = {{"units", report.nearest.names}, {"misses", report.nearest.misses}};
  object["words"] = kernels::words_of(unit_of(report).tree);
  object["properties"] = Json::array();
  for (const probe::Finding& finding : report.findings) {
    object["properties"].push_back({{"property", finding.property},
                                    {"nearest_alternative", finding.instead},
                                    {"answers_against_it", finding.against},
                                    {"open", finding.open}});
  }
  object["unit"] =
      to_json(probe::documented(unit_of(report), "probed", report.findings, report.exam->size()));
  return object.dump() + "\n";
}

}  // namespace halfulp::cli
