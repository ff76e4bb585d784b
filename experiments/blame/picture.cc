// SPDX-License-Identifier: MIT
#include "experiments/blame/picture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/results/figure/axis.h"
#include "experiments/results/figure/text_width.h"
#include "experiments/results/page/html.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

// In pixels.
constexpr double axis_width = 560;
constexpr double row_height = 24;
constexpr double top = 34;
constexpr double left_margin = 12;
constexpr double right_margin = 120;  // of what is said of rows that diverged
constexpr double legend_height = 74;

// From numbers to pixels: logarithmic for ratios, linear for differences.
class Scale {
 public:
  Scale(bool logarithmic, double left) : logarithmic_(logarithmic), left_(left) {}

  void add(double x) {
    if (!std::isfinite(x) || (logarithmic_ && x <= 0)) return;
    lowest_ = std::min(lowest_, along(x));
    highest_ = std::max(highest_, along(x));
  }
  // The ends of intervals that reach far beyond all means are cut.
  void add_end(double x, double farthest) {
    add(logarithmic_ ? std::clamp(x, 1 / farthest, farthest) : std::clamp(x, -farthest, farthest));
  }
  void finish() {
    if (lowest_ > highest_) lowest_ = highest_ = along(1.0);
    const double least = logarithmic_ ? 1e-6 : std::max(std::fabs(highest_), 1e-300) * 1e-6;
    const double margin = std::max((highest_ - lowest_) * 0.05, least);
    lowest_ -= margin;
    highest_ += margin;
  }

  [[nodiscard]] double pixel(double x) const {
    const double share = (along(x) - lowest_) / (highest_ - lowest_);
    return left_ + axis_width * std::clamp(share, 0.0, 1.0);
  }
  [[nodiscard]] std::vector<Tick> ticks() const {
    if (!logarithmic_) return linear_ticks();
    const Interval range{.lowest = std::pow(10.0, lowest_), .highest = std::pow(10.0, highest_)};
    return thinned(experiments::ticks(range), range, Along::x, axis_width);
  }

 private:
  [[nodiscard]] double along(double x) const { return logarithmic_ ? std::log10(x) : x; }
  // Steps of 1, 2 or 5 times a power of ten, about five of them.
  [[nodiscard]] std::vector<Tick> linear_ticks() const {
    const double rough = (highest_ - lowest_) / 5;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double share = rough / power;
    const double step = share < 1.5 ? power : share < 3.5 ? 2 * power : 5 * power;
    std::vector<Tick> list;
    for (double k = std::ceil(lowest_ / step); k * step <= highest_; k += 1)
      list.push_back({k * step, number_words(k * step)});
    return list;
  }

  bool logarithmic_;
  double left_;
  double lowest_ = std::numeric_limits<double>::infinity();
  double highest_ = -std::numeric_limits<double>::infinity();
};

// An attribute of an element: a text, or pixels to a tenth.
struct Attribute {
  Attribute(std::string_view of, std::string text) : name(of), value(std::move(text)) {}
  Attribute(std::string_view of, double pixels)
      : name(of), value(number_words(std::round(10 * pixels) / 10, 8)) {}
  std::string_view name;
  std::string value;
};
using Attributes = std::vector<Attribute>;

std::string opened(const std::string& name, const Attributes& attributes) {
  std::string text = "<" + name;
  for (const Attribute& attribute : attributes)
    text.append(" ").append(attribute.name).append("=\"").append(attribute.value).append("\"");
  return text;
}
std::string element(const std::string& name, const Attributes& attributes) {
  return opened(name, attributes) + "/>\n";
}

// text: as SVG has it.
std::string text_at(double x, double y, const std::string& text, const Attributes& more = {}) {
  Attributes attributes{{"x", x}, {"y", y}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return opened("text", attributes) + ">" + text + "</text>\n";
}
std::string anchored(double x, double y, const std::string& text, const std::string& anchor) {
  return text_at(x, y, text, {{"text-anchor", anchor}});
}

struct Stroke {
  std::string colour = "#404040";
  double width = 1.0;
  bool dashed = false;
};
std::string line_between(double x1, double y1, double x2, double y2, const Stroke& stroke) {
  Attributes attributes{{"x1", x1},
                        {"y1", y1},
                        {"x2", x2},
                        {"y2", y2},
                        {"stroke", stroke.colour},
                        {"stroke-width", stroke.width}};
  if (stroke.dashed) attributes.emplace_back("stroke-dasharray", "5,3");
  return element("line", attributes);
}

// "10^{-5}" of a tick with its exponent raised.
std::string raised(const std::string& label) {
  const std::size_t open = label.find("^{");
  if (open == std::string::npos) return html_escaped(label);
  return html_escaped(label.substr(0, open)) + "<tspan dy=\"-4\" font-size=\"8\">" +
         html_escaped(label.substr(open + 2, label.size() - open - 3)) + "</tspan>";
}

struct Look {
  std::string colour, inside;
};
Look look_of(bool low) { return low ? Look{"#d55e00", "#d55e00"} : Look{"#0072b2", "#ffffff"}; }

std::string mark(double x, double y, bool low) {
  const Look look = look_of(low);
  return element("circle", {{"cx", x},
                            {"cy", y},
                            {"r", 3.6},
                            {"fill", look.inside},
                            {"stroke", look.colour},
                            {"stroke-width", 1.4}});
}

class Picture {
 public:
  explicit Picture(const Blame& blame)
      : blame_(blame),
        by_ratio_(speaks_in_ratios(blame)),
        left_(left_margin + widest_name(blame) + 10),
        bottom_(top + row_height * static_cast<double>(blame.parts.size())),
        scale_(by_ratio_, left_) {
    fit_scale();
  }

  [[nodiscard]] std::string svg() const {
    const double width = left_ + axis_width + right_margin;
    const double height = bottom_ + legend_height;
    std::string text =
        opened("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                       {"viewBox", "0 0 " + number_words(width, 6) + " " + number_words(height, 6)},
                       {"width", width},
                       {"height", height},
                       {"font-family", "DejaVu Sans,Verdana,Arial,sans-serif"},
                       {"font-size", font_size},
                       {"fill", "#202020"}}) +
        ">\n";
    text += element("rect", {{"width", width}, {"height", height}, {"fill", "#ffffff"}});
    for (std::size_t i = 0; i < blame_.parts.size(); ++i) text += shade(i);
    text += axis() + references();
    for (std::size_t i = 0; i < blame_.parts.size(); ++i) text += row(i);
    return text + legend() + "</svg>\n";
  }

 private:
  static double widest_name(const Blame& blame) {
    double widest = 0;
    constexpr double bold = 1.15;
    for (const PartBlame& part : blame.parts)
      widest = std::max(widest, bold * text_width(part.name));
    return widest;
  }

  [[nodiscard]] const std::optional<Estimate>& estimate(const Variant& variant) const {
    return by_ratio_ ? variant.to_full.ratio : variant.to_full.difference;
  }
  [[nodiscard]] double full_at() const { return by_ratio_ ? 1.0 : 0.0; }

  template <typename Visit>
  void each_estimate(const Visit& visit) const {
    if (estimate(blame_.policy)) visit(*estimate(blame_.policy));
    for (const PartBlame& part : blame_.parts) {
      for (const Variant* variant : {&part.alone_low, &part.alone_full})
        if (estimate(*variant)) visit(*estimate(*variant));
    }
  }

  void fit_scale() {
    double farthest = by_ratio_ ? 1.0 : 0.0;
    scale_.add(full_at());
    each_estimate([&](const Estimate& e) {
      scale_.add(e.mean);
      if (!std::isfinite(e.mean) || (by_ratio_ && e.mean <= 0)) return;
      farthest = std::max(farthest, by_ratio_ ? std::max(e.mean, 1 / e.mean) : std::fabs(e.mean));
    });
    farthest *= 2;
    each_estimate([&](const Estimate& e) {
      if (std::isnan(e.low)) return;
      scale_.add_end(e.low, farthest);
      scale_.add_end(e.high, farthest);
    });
    scale_.finish();
  }

  [[nodiscard]] bool restores(std::size_t part) const {
    return blame_.minimal &&
           std::count(blame_.minimal->parts.begin(), blame_.minimal->parts.end(), part) > 0;
  }

  [[nodiscard]] std::string shade(std::size_t i) const {
    if (!restores(i)) return "";
    return element("rect", {{"x", left_margin / 2},
                            {"y", top + row_height * static_cast<double>(i)},
                            {"width", left_ + axis_width - left_margin / 2},
                            {"height", row_height},
                            {"fill", "#fff3c4"}});
  }

  [[nodiscard]] std::string axis() const {
    std::string text = line_between(left_, bottom_, left_ + axis_width, bottom_, {});
    for (const Tick& tick : scale_.ticks()) {
      const double x = scale_.pixel(tick.x);
      text += line_between(x, top, x, bottom_, {.colour = "#e4e4e4", .width = 0.6});
      text += line_between(x, bottom_, x, bottom_ + 4, {});
      if (!tick.label.empty()) text += anchored(x, bottom_ + 16, raised(tick.label), "middle");
    }
    const std::string words =
        metric_words(blame_.metric) +
        (by_ratio_ ? ", times that of full precision" : " less that of full precision");
    return text + anchored(left_ + axis_width / 2, bottom_ + 34, html_escaped(words), "middle");
  }

  // Full precision and the policy, as lines from top to bottom.
  [[nodiscard]] std::string references() const {
    const bool finite = estimate(blame_.policy).has_value();
    const double full = scale_.pixel(full_at());
    const double policy = finite ? scale_.pixel(estimate(blame_.policy)->mean) : left_ + axis_width;
    std::string text =
        line_between(full, top - 4, full, bottom_, {.colour = "#707070", .width = 1.4});
    text += line_between(policy, top - 4, policy, bottom_,
                         {.colour = "#707070", .width = 1.4, .dashed = true});
    // Away from each other, each at its line.
    const bool right = policy >= full;
    const double apart = right ? 3 : -3;
    const std::string word = finite ? "policy" : "policy diverges";
    return text + anchored(full - apart, top - 10, "full precision", right ? "end" : "start") +
           anchored(policy + apart, top - 10, word, right ? "start" : "end");
  }

  [[nodiscard]] std::string row(std::size_t i) const {
    const PartBlame& part = blame_.parts[i];
    const double middle = top + row_height * (static_cast<double>(i) + 0.5);
    return text_at(left_ - 8, middle + 4, html_escaped(part.name),
                   {{"text-anchor", "end"}, {"font-weight", restores(i) ? "bold" : "normal"}}) +
           bar(part.alone_low, middle - 4.5, true) + bar(part.alone_full, middle + 4.5, false);
  }

  [[nodiscard]] std::string bar(const Variant& variant, double y, bool low) const {
    const Look look = look_of(low);
    const std::optional<Estimate>& e = estimate(variant);
    if (!e || !std::isfinite(e->mean)) {
      const double x = left_ + axis_width;
      const std::string words = "diverged (" + std::to_string(variant.diverged) + " of " +
                                std::to_string(variant.values.size()) + ")";
      return element("path", {{"d", "M" + number_words(x, 6) + "," + number_words(y - 3.6, 6) +
                                        " l7,3.6 l-7,3.6 z"},
                              {"fill", look.inside},
                              {"stroke", look.colour}}) +
             text_at(x + 11, y + 3.2, words, {{"font-size", "9"}});
    }
    std::string text;
    if (!std::isnan(e->low))
      text = line_between(scale_.pixel(e->low), y, scale_.pixel(e->high), y,
                          {.colour = look.colour, .width = 1.6});
    return text + mark(scale_.pixel(e->mean), y, low);
  }

  [[nodiscard]] std::string legend() const {
    const double y = bottom_ + 58;
    const std::string low = "alone in low precision";
    const double second = left_ + text_width(low) + 50;
    return mark(left_ + 4, y - 4, true) + text_at(left_ + 14, y, low) + mark(second, y - 4, false) +
           text_at(second + 10, y, "alone in full precision, the others as in the policy");
  }

  const Blame& blame_;
  bool by_ratio_;
  double left_, bottom_;
  Scale scale_;
};

}  // namespace

std::string blame_picture(const Blame& blame) { return Picture(blame).svg(); }

}  // namespace halfulp::experiments
