// SPDX-License-Identifier: MIT
#include "experiments/results/page/metric_table.h"

#include <algorithm>
#include <cmath>

#include "experiments/results/page/html.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

std::string number_cell(double x) { return html_cell(std::isnan(x) ? "" : number_words(x), true); }

// What stands in the place of a number where a point has none.
std::string standing_words(const Json& point, const Measured& measured) {
  if (measured.standing == Standing::failed) {
    const Json& why = *member_of(point, "error");
    return "failed: " + (why.is_string() ? why.get<std::string>() : json_text(why, -1));
  }
  if (measured.standing != Standing::diverged) return "";
  if (measured.diverged == 0) return "diverged";
  return "diverged (" + std::to_string(measured.diverged) + " of " +
         std::to_string(measured.repeats) + " repeats)";
}

std::string ratio_words(const std::optional<Ratio>& ratio) {
  if (!ratio) return "";
  if (!(ratio->low < ratio->high)) return number_words(ratio->value);
  return number_words(ratio->value) + " [" + number_words(ratio->low) + ", " +
         number_words(ratio->high) + "]";
}

// The tables of one result.
class Tables {
 public:
  explicit Tables(const Json& result)
      : result_(result), swept_(swept_of(settings_of(result))), pairing_(pairing_of(result)) {}

  [[nodiscard]] std::string table(const std::string& metric) {
    std::string text = "<details><summary>" + html_escaped(metric_words(metric)) + " (" +
                       html_escaped(metric) + ")</summary>\n<div class=\"table\"><table>\n<tr>";
    for (const Field& field : swept_.fields)
      text += html_cell(field_words(field.pointer), false, "th");
    for (const char* title : {"measured ± standard error", "theory", "measured / theory"})
      text += html_cell(title, true, "th");
    if (compared()) text += html_cell("ratio to " + pairing_.reference + " [95 %]", true, "th");
    text += "</tr>\n";
    for (const SweptPoint& point : swept_.points) text += row(point, metric);
    return text + "</table></div></details>\n";
  }

 private:
  [[nodiscard]] bool compared() const { return !pairing_.reference.empty(); }

  [[nodiscard]] std::string row(const SweptPoint& point, const std::string& metric) {
    std::string text = "<tr>";
    for (std::size_t i = 0; i < swept_.fields.size(); ++i) {
      const int value = point.value[i];
      text += html_cell(value < 0 ? "" : swept_.fields[i].words[static_cast<std::size_t>(value)],
                        false);
    }
    const Measured measured = measured_of(*point.record, metric);
    const bool known = measured.standing == Standing::finite;
    text += html_cell(
        known ? with_error(measured.mean, measured.error) : standing_words(*point.record, measured),
        measured.standing != Standing::failed);
    text += number_cell(measured.theory) + number_cell(measured.mean / measured.theory);
    if (compared()) text += html_cell(ratio_words(ratio(point, metric)), true);
    return text + "</tr>\n";
  }

  [[nodiscard]] std::optional<Ratio> ratio(const SweptPoint& point, const std::string& metric) {
    const std::ptrdiff_t partner = pairing_.partner[point.index];
    if (partner < 0 || static_cast<std::size_t>(partner) == point.index) return std::nullopt;
    return ratio_of(*point.record, result_["points"][static_cast<std::size_t>(partner)], metric,
                    quantiles_);
  }

  const Json& result_;
  Swept swept_;
  Pairing pairing_;
  Quantiles quantiles_;
};

}  // namespace

std::string with_error(double mean, double error) {
  if (std::isnan(mean)) return "";
  if (!(error > 0) || !std::isfinite(error) || mean == 0) return number_words(mean, 6);
  constexpr double fewest = 2;
  constexpr double most = 12;
  const double places = std::floor(std::log10(std::fabs(mean)) - std::log10(error)) + 2;
  return number_words(mean, static_cast<int>(std::clamp(places, fewest, most))) + " ± " +
         number_words(error, 2);
}

std::string metric_tables(const Json& result) {
  Tables tables(result);
  std::string text;
  for (const std::string& metric : metrics_of(result)) text += tables.table(metric);
  return text;
}

}  // namespace halfulp::experiments
