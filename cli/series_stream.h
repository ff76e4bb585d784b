// SPDX-License-Identifier: MIT
//
// The numbers of series as they arise, a line of JSON each, for whoever follows a run:
//
//   {"point":0,"repeat":2,"step":40,"series":"loss","value":0.125}
//
// A line is written whole, at once, and reaches its reader at once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "experiments/runs/options.h"

namespace halfulp::cli {

class SeriesStream {
 public:
  // path: a file, a pipe, or "-" for standard output. goes_on: a file keeps its lines, and no step
  // of a series that stands there is written again. Throws Error where it cannot be written.
  SeriesStream(std::string path, bool goes_on);
  SeriesStream(const SeriesStream&) = delete;
  SeriesStream& operator=(const SeriesStream&) = delete;
  ~SeriesStream();

  // Empties a file that does not go on. Until then nothing is changed; further calls do nothing.
  void begin();
  // One call at a time. Throws Error, or ReaderGone (output.h).
  void write(const experiments::SeriesPoint& point);

 private:
  using Curve = std::tuple<std::uint64_t, std::uint64_t, std::string>;  // point, repeat, series
  void read_written();
  void note_line(const std::string& line);
  void write_all(const std::string& line) const;

  std::string path_;
  bool keeps_;                           // what stands there
  int descriptor_ = -1;                  // of all but standard output
  std::map<Curve, std::uint64_t> last_;  // the last step of each that is written
};

}  // namespace halfulp::cli
