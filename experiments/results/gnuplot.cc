// SPDX-License-Identifier: MIT
#include "experiments/results/gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "experiments/results/words.h"
#include "formats/error.h"

extern char** environ;

namespace halfulp::experiments {
namespace {

struct Style {
  const char* colour;
  int mark;
};

// Okabe and Ito's order with the yellow, faint on white, last and darker. Open marks that shrink
// from curve to curve stay visible where curves lie on each other, as those of good formats do.
constexpr std::array<Style, 8> styles{{{"#000000", 6},
                                       {"#D55E00", 8},
                                       {"#0072B2", 4},
                                       {"#009E73", 12},
                                       {"#CC79A7", 10},
                                       {"#56B4E9", 2},
                                       {"#E69F00", 1},
                                       {"#B8A800", 14}}};

std::string mark_size(std::size_t curve) {
  constexpr double largest = 1.5;
  constexpr double step = 0.13;
  return number_words(largest - step * static_cast<double>(curve % styles.size()), 3);
}

// Pixels.
constexpr int plot_width = 400, plot_height = 300;
constexpr int left_margin = 72, right_margin = 20, top_margin = 34, axis_height = 52;
constexpr int legend_row = 17, gap = 10;

struct Interval {
  double lowest = HUGE_VAL, highest = 0;
  void add(double x) {
    lowest = std::min(lowest, x);
    highest = std::max(highest, x);
  }
  [[nodiscard]] double decades() const { return std::log10(highest / lowest); }
};

// A gnuplot string in which nothing is expanded: single quotes, doubled inside.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      result += ' ';
    } else {
      result += c;
      if (c == '\'') result += c;
    }
  }
  return result + "'";
}

std::string number(double x) { return number_words(x, 10); }

Interval x_range(const Panel& panel) {
  Interval range;
  for (const Curve& curve : panel.curves) {
    if (curve.level) continue;
    for (const PlotPoint& point : curve.measured) range.add(point.x);
    for (const PlotPoint& point : curve.theory) range.add(point.x);
  }
  return range;
}

Interval y_range(const Panel& panel) {
  Interval range;
  for (const Curve& curve : panel.curves) {
    for (const PlotPoint& point : curve.measured) {
      range.add(point.y + point.error);
      range.add(point.error < point.y ? point.y - point.error : point.y);
    }
    for (const PlotPoint& point : curve.theory) range.add(point.y);
  }
  return range;
}

Interval joined(const Interval& a, const Interval& b) {
  return {std::min(a.lowest, b.lowest), std::max(a.highest, b.highest)};
}

// The interval with a margin on a logarithmic axis.
Interval widened(const Interval& range, double margin_decades) {
  const double margin = std::max(margin_decades, range.decades() * 0.06);
  return {range.lowest * std::pow(10.0, -margin), range.highest * std::pow(10.0, margin)};
}

std::string power_label(double x, int exponent) {
  if (exponent >= -3 && exponent <= 3) return number_words(x, 7);
  return "10^{" + std::to_string(exponent) + "}";
}

// Labels at the decades on long axes, at 1, 2 and 5 of each on short ones, at every digit on very
// short ones; marks between.
std::string decade_ticks(const Interval& range) {
  constexpr double short_decades = 2.2;
  constexpr double very_short_decades = 0.75;
  const auto labelled = [&](int digit, int exponent) {
    if (digit == 1) return true;
    if (exponent < -3 || exponent > 3) return false;
    if (range.decades() < very_short_decades) return true;
    return range.decades() < short_decades && (digit == 2 || digit == 5);
  };
  std::string ticks;
  const int first = static_cast<int>(std::floor(std::log10(range.lowest)));
  const int last = static_cast<int>(std::ceil(std::log10(range.highest)));
  for (int exponent = first; exponent <= last; ++exponent) {
    for (int digit = 1; digit < 10; ++digit) {
      const double x = digit * std::pow(10.0, exponent);
      if (x < range.lowest || x > range.highest) continue;
      ticks += ticks.empty() ? "" : ", ";
      ticks += labelled(digit, exponent) ? quoted(power_label(x, exponent)) + " " + number(x) + " 0"
                                         : "'' " + number(x) + " 1";
    }
  }
  return "(" + ticks + ")";
}

// The values of x themselves where they are few, whole and apart.
std::string x_ticks(const Panel& panel, const Interval& range) {
  std::set<double> values;
  for (const Curve& curve : panel.curves) {
    if (curve.level) continue;
    for (const PlotPoint& point : curve.measured) values.insert(point.x);
    for (const PlotPoint& point : curve.theory) values.insert(point.x);
  }
  constexpr std::size_t most_labels = 6;
  const bool whole = std::all_of(values.begin(), values.end(),
                                 [](double x) { return x == std::floor(x) && x < 1e7; });
  if (!whole || values.empty()) return decade_ticks(range);
  const std::size_t step = (values.size() + most_labels - 1) / most_labels;
  std::string ticks;
  std::size_t index = 0;
  for (const double x : values) {
    ticks += ticks.empty() ? "" : ", ";
    ticks += index++ % step == 0 ? quoted(number_words(x, 7)) + " " + number(x) + " 0"
                                 : "'' " + number(x) + " 1";
  }
  return "(" + ticks + ")";
}

std::string block(const std::string& name, const std::vector<PlotPoint>& points) {
  std::string text = "$" + name + " << END\n";
  for (const PlotPoint& p : points) {
    // The lower end of an error bar must stay on a logarithmic axis.
    const double low = p.error < p.y ? p.y - p.error : p.y * 1e-3;
    text +=
        number(p.x) + " " + number(p.y) + " " + number(low) + " " + number(p.y + p.error) + "\n";
  }
  return text + "END\n";
}

// Straight on logarithmic axes, unless it is a law in x / ln x.
std::vector<PlotPoint> line_points(const FitLine& line) {
  constexpr int bends = 32;
  const int pieces = line.over_log ? bends : 1;
  std::vector<PlotPoint> points;
  for (int i = 0; i <= pieces; ++i) {
    const double x = line.lowest * std::pow(line.highest / line.lowest, double(i) / pieces);
    const double along = std::log10(line.over_log ? x / std::log(x) : x);
    points.push_back({.x = x, .y = std::pow(10.0, line.intercept + line.slope * along)});
  }
  return points;
}

std::vector<PlotPoint> level_points(const std::vector<PlotPoint>& at, const Interval& range) {
  return {{.x = range.lowest, .y = at.front().y}, {.x = range.highest, .y = at.front().y}};
}

std::string signed_number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::fabs(x));
  return (x < 0 ? "−" : "") + std::string(text);
}

std::string legend_of(const Curve& curve) {
  std::string text = curve.label.empty() ? "measured" : curve.label;
  if (curve.fits.empty()) return text;
  const FitLine& fit = curve.fits.front();
  text += ": slope " + signed_number(fit.slope);
  if (fit.slope_low < fit.slope_high)
    text += " [" + signed_number(fit.slope_low) + ", " + signed_number(fit.slope_high) + "]";
  return text;
}

// The data blocks and the plot command of one panel.
class PanelText {
 public:
  PanelText(const Panel& panel, std::size_t index, const Interval& x) : index_(index), x_(x) {
    for (std::size_t i = 0; i < panel.curves.size(); ++i) add(panel.curves[i], i);
    if (any_theory_) key("with lines lc rgb '#707070' lw 1", "theory (thin lines)");
    if (any_fit_) key("with lines lc rgb '#707070' lw 1.6 dt (6,4)", "fitted power laws (dashed)");
  }

  [[nodiscard]] std::string text() const { return blocks_ + "plot " + elements_ + "\n"; }

 private:
  void add(const Curve& curve, std::size_t number_of_curve) {
    const Style style = styles[number_of_curve % styles.size()];
    const std::string colour = "lc rgb '" + std::string(style.colour) + "'";
    const std::string name = std::to_string(index_ + 1) + "_" + std::to_string(number_of_curve + 1);
    const std::string title = " title " + quoted(legend_of(curve)) + " noenhanced";
    if (curve.level) {
      const auto& at = curve.measured.empty() ? curve.theory : curve.measured;
      element("level_" + name, level_points(at, x_),
              "using 1:2 with lines " + colour + " lw 1.2 dt (1,3)" + title);
      return;
    }
    if (!curve.theory.empty()) {
      any_theory_ = true;
      element("theory_" + name, curve.theory,
              "using 1:2 with lines " + colour + " lw 1 " +
                  (curve.measured.empty() ? title : "notitle"));
    }
    for (std::size_t i = 0; i < curve.fits.size(); ++i) {
      any_fit_ = true;
      element("fit_" + name + "_" + std::to_string(i + 1), line_points(curve.fits[i]),
              "using 1:2 with lines " + colour + " lw 1.6 dt (6,4) notitle");
    }
    if (!curve.measured.empty()) {
      element("measured_" + name, curve.measured,
              "using 1:2:3:4 with yerrorbars " + colour + " lw 1.2 pt " +
                  std::to_string(style.mark) + " ps " + mark_size(number_of_curve) + title);
    }
  }

  void element(const std::string& name, const std::vector<PlotPoint>& points,
               const std::string& how) {
    blocks_ += block(name, points);
    elements_ += (elements_.empty() ? "" : ", \\\n     ") + ("$" + name + " " + how);
  }

  void key(const std::string& how, const std::string& title) {
    elements_ += ", \\\n     keyentry " + how + " title " + quoted(title);
  }

  std::size_t index_;
  Interval x_;
  std::string blocks_, elements_;
  bool any_theory_ = false, any_fit_ = false;
};

// Where the panels stand, in fractions of the picture counted from its lower left corner.
struct Layout {
  int columns = 1, rows = 1, cell_width = 0, cell_height = 0;
  [[nodiscard]] int width() const { return columns * cell_width + gap; }
  [[nodiscard]] int height() const { return rows * cell_height + gap; }
};

Layout layout_of(const Plot& plot) {
  std::size_t entries = 0;
  for (const Panel& panel : plot.panels) entries = std::max(entries, panel.curves.size() + 2);
  Layout layout;
  const int panels = static_cast<int>(plot.panels.size());
  layout.columns = panels == 1 ? 1 : panels == 3 || panels > 4 ? 3 : 2;
  layout.rows = (panels + layout.columns - 1) / layout.columns;
  layout.cell_width = left_margin + plot_width + right_margin;
  layout.cell_height =
      top_margin + plot_height + axis_height + static_cast<int>(entries) * legend_row + gap;
  return layout;
}

std::string panel_frame(const Layout& layout, std::size_t index) {
  const int column = static_cast<int>(index) % layout.columns;
  const int row = static_cast<int>(index) / layout.columns;
  const double width = layout.width();
  const double height = layout.height();
  const int left = column * layout.cell_width + left_margin;
  const int top = row * layout.cell_height + top_margin;
  const auto x = [&](int pixels) { return number_words(pixels / width, 6); };
  const auto y = [&](int pixels) { return number_words(1 - pixels / height, 6); };
  return "set lmargin at screen " + x(left) + "\nset rmargin at screen " + x(left + plot_width) +
         "\nset tmargin at screen " + y(top) + "\nset bmargin at screen " + y(top + plot_height) +
         "\nset key at screen " + x(left) + ", screen " + y(top + plot_height + axis_height) +
         " left top vertical maxcols 1 Left reverse samplen 2.5 spacing 1.0\n";
}

std::string preamble(const Plot& plot, const Layout& layout, const std::string& output) {
  return "# Drawn with gnuplot 5.4: gnuplot THIS_FILE. For a paper, replace the terminal by, "
         "e.g.,\n"
         "#   set terminal pdfcairo enhanced font 'DejaVu Sans,9' size 16cm, 9cm\n"
         "# Data blocks: x, y, y - standard error, y + standard error.\n"
         "reset\nset encoding utf8\nset terminal svg enhanced size " +
         std::to_string(layout.width()) + "," + std::to_string(layout.height()) +
         " dynamic background '#ffffff' font 'DejaVu Sans,Verdana,Arial,sans-serif,11'\n"
         "set output " +
         quoted(output) +
         "\nset multiplot\nset logscale xy\nset border 3 lc rgb '#404040'\n"
         "set tics nomirror scale 0.8,0.4\n"
         "set grid xtics ytics lc rgb '#e4e4e4' lw 0.6 dt 1\nset errorbars small\n"
         "set xlabel " +
         quoted(plot.x_label) + " noenhanced offset 0,0.2\n";
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "halfulp-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr)
      throw Error(std::string("a temporary folder cannot be made (") + std::strerror(errno) + ")",
                  path_, "set TMPDIR to a folder that can be written");
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw Error("cannot be written", path, "set TMPDIR to a folder with space");
}

// gnuplot over one script file; what it says goes to the file `messages`.
void run_gnuplot(const std::string& script, const std::string& messages) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, stream, messages.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::string program = "gnuplot";
  std::string plain = "-d";  // the user's own defaults must not change the figure
  std::string path = script;
  const std::array<char*, 4> arguments{program.data(), plain.data(), path.data(), nullptr};
  pid_t process = 0;
  const int problem =
      ::posix_spawnp(&process, "gnuplot", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0)
    throw Error(std::string("gnuplot cannot be started (") + std::strerror(problem) + ")", "",
                "install the package gnuplot-nox");
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    throw Error("gnuplot cannot be started", "", "install the package gnuplot-nox");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error("gnuplot failed: " + read_text(messages).substr(0, 300), "",
                "gnuplot 5.4 or newer with the svg terminal is needed");
}

}  // namespace

std::string gnuplot_script(const Plot& plot, const std::string& output) {
  const Layout layout = layout_of(plot);
  std::string text = preamble(plot, layout, output);
  Interval all_y;
  for (const Panel& panel : plot.panels) all_y = joined(all_y, y_range(panel));
  constexpr double most_shared_decades = 2.5;
  const bool shared = all_y.decades() <= most_shared_decades;
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    const Panel& panel = plot.panels[i];
    const Interval x = widened(x_range(panel), 0.04);
    const Interval y = widened(shared ? all_y : y_range(panel), 0.04);
    text += "\n" + panel_frame(layout, i);
    text += "set title " + quoted(panel.title) + " noenhanced offset 0,-0.4\n";
    text += i % static_cast<std::size_t>(layout.columns) == 0
                ? "set ylabel " + quoted(plot.y_label) + " noenhanced offset 1,0\n"
                : "unset ylabel\n";
    text += "set xrange [" + number(x.lowest) + ":" + number(x.highest) + "]\n";
    text += "set yrange [" + number(y.lowest) + ":" + number(y.highest) + "]\n";
    text += "set xtics " + x_ticks(panel, x) + "\nset ytics " + decade_ticks(y) + "\n";
    text += PanelText(panel, i, x).text();
  }
  return text + "unset multiplot\nunset output\n";
}

std::vector<std::string> draw(const std::vector<Plot>& plots) {
  const TemporaryFolder folder;
  std::vector<std::string> pictures;
  for (const Plot& plot : plots) {
    const std::string picture = folder.file("plot.svg");
    const std::string script = folder.file("plot.gnuplot");
    std::filesystem::remove(picture);
    write_text(script, gnuplot_script(plot, picture));
    run_gnuplot(script, folder.file("messages"));
    pictures.push_back(read_text(picture));
    if (pictures.back().find("</svg>") == std::string::npos)
      throw Error("gnuplot drew nothing: " + read_text(folder.file("messages")).substr(0, 300), "",
                  "gnuplot 5.4 or newer with the svg terminal is needed");
  }
  return pictures;
}

}  // namespace halfulp::experiments
