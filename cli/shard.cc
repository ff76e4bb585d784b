// SPDX-License-Identifier: MIT
#include "cli/shard.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "formats/error.h"

namespace halfulp::cli {
namespace {

constexpr std::int64_t most_shards = 1000000;
constexpr const char* own_index = "HALFULP_SHARD";
constexpr const char* own_count = "HALFULP_SHARDS";

// Tasks of an array that are numbered from `first` on, `step` apart. Where a launcher says no first
// and last, HALFULP_SHARDS says how many there are, numbered from 1 (or 0 where `from_zero`).
struct Array {
  const char* launcher;
  const char* index;
  const char* first;
  const char* last;
  const char* step;
  const char* count;
  bool from_zero = false;
};
// The inner ones first: their workers may have been started by the outer ones.
constexpr std::array arrays{
    Array{"HyperQueue", "HQ_TASK_ID", nullptr, nullptr, nullptr, nullptr},
    Array{"GNU parallel", "PARALLEL_SEQ", nullptr, nullptr, nullptr, nullptr},
    Array{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
          "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT"},
    Array{"Kubernetes", "JOB_COMPLETION_INDEX", nullptr, nullptr, nullptr, nullptr, true},
    Array{"PBS", "PBS_ARRAY_INDEX", nullptr, nullptr, nullptr, nullptr},
    Array{"Grid Engine", "SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE",
          nullptr},
    Array{"LSF", "LSB_JOBINDEX", nullptr, "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP", nullptr},
};

// Processes that were started together. (srun alone sets the count of a step: a script that sbatch
// starts is one process, however many tasks were asked for.)
struct Ranks {
  const char* rank;
  const char* size;
};
constexpr std::array ranks{Ranks{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                           Ranks{"PMI_RANK", "PMI_SIZE"},
                           Ranks{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw Error(what, "--shard", remedy);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What the variables say, one place at a time.
struct Place {
  std::int64_t index = 0, count = 1;  // from 0
  std::string source;
};

class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  [[nodiscard]] std::optional<std::string> text(const char* name) const {
    const char* found = name == nullptr ? nullptr : environment_(name);
    // Grid Engine says "undefined" and LSF says 0 where a job is no array.
    if (found == nullptr || *found == '\0' || std::string_view(found) == "undefined")
      return std::nullopt;
    return found;
  }
  [[nodiscard]] std::optional<std::int64_t> number(const char* name) const {
    const std::optional<std::string> found = text(name);
    if (!found) return std::nullopt;
    const std::optional<std::int64_t> value = whole_number(*found);
    if (!value) refuse(fmt::format("{}=\"{}\" is no number", name, *found), "write I/N instead");
    return value;
  }
  [[nodiscard]] std::string said(const char* name) const {
    return fmt::format("{}={}", name, text(name).value_or(""));
  }

  // How many HALFULP_SHARDS says there are.
  [[nodiscard]] std::optional<std::int64_t> stated() const {
    const std::optional<std::int64_t> count = number(own_count);
    if (count && (*count < 1 || *count > most_shards))
      refuse(said(own_count) + " is no number of shards", "from 1 to 1000000 are");
    return count;
  }

 private:
  const Environment& environment_;
};

std::optional<Place> own_place(const Reader& reader) {
  const std::optional<std::int64_t> index = reader.number(own_index);
  if (!index) return std::nullopt;
  const std::optional<std::int64_t> count = reader.stated();
  if (!count)
    refuse(reader.said(own_index) + " says which shard this is, and nothing of how many",
           "set HALFULP_SHARDS too");
  if (*index < 1 || *index > *count)
    refuse(reader.said(own_index) + " is not one of " + reader.said(own_count),
           "shards count from 1");
  return Place{*index - 1, *count, reader.said(own_index) + ", " + reader.said(own_count)};
}

Place stated_place(const Reader& reader, const Array& array, std::int64_t index,
                   std::int64_t count) {
  const std::int64_t first = array.from_zero ? 0 : 1;
  if (index < first || index >= first + count)
    refuse(fmt::format("{} ({}) is not one of the {} that {} says", reader.said(array.index),
                       array.launcher, count, own_count),
           fmt::format("number the tasks from {} to {}", first, first + count - 1));
  return {index - first, count, reader.said(array.index) + ", " + reader.said(own_count)};
}

// By first, last and step of the array. Nothing where it does not say them or is not evenly
// numbered; `uneven` then says why.
std::optional<Place> even_place(const Reader& reader, const Array& array, std::int64_t index,
                                std::string& uneven) {
  const std::optional<std::int64_t> last = reader.number(array.last);
  if (!last) return std::nullopt;
  const std::int64_t first = reader.number(array.first).value_or(1);
  const std::int64_t step = reader.number(array.step).value_or(1);
  const std::string range =
      fmt::format("{} to {}", first, *last) + (step == 1 ? "" : fmt::format(" by {}", step));
  if (step < 1 || index < first || index > *last || (index - first) % step != 0) {
    uneven = fmt::format("{} is not one of {}", index, range);
    return std::nullopt;
  }
  const std::int64_t count = (*last - first) / step + 1;
  if (const auto said = reader.number(array.count); said && *said != count) {
    uneven = fmt::format("{} tasks from {}", *said, range);
    return std::nullopt;
  }
  return Place{(index - first) / step, count, reader.said(array.index) + " of " + range};
}

// Nothing where the process is no task of such an array, or where nothing says of how many and
// another launcher may (`missing` then says so).
std::optional<Place> array_place(const Reader& reader, const Array& array, std::string& missing) {
  const std::optional<std::int64_t> index = reader.number(array.index);
  const bool lsf = std::string_view(array.index) == "LSB_JOBINDEX";
  if (!index || (lsf && *index == 0)) return std::nullopt;
  std::string uneven;
  const std::optional<Place> even = even_place(reader, array, *index, uneven);
  const std::optional<std::int64_t> stated = reader.stated();
  if (even && (!stated || *stated == even->count)) return even;
  if (stated) return stated_place(reader, array, *index, *stated);
  if (!uneven.empty())
    refuse(fmt::format("the array of {} is not evenly numbered: {}", array.launcher, uneven),
           "set HALFULP_SHARDS to how many shards there are, and number the tasks from 1");
  if (missing.empty())
    missing = fmt::format("{} says that this is task {} ({}), and nothing says of how many",
                          array.launcher, *index, array.index);
  return std::nullopt;
}

std::optional<Place> rank_place(const Reader& reader) {
  for (const Ranks& names : ranks) {
    const std::optional<std::int64_t> rank = reader.number(names.rank);
    const std::optional<std::int64_t> size = reader.number(names.size);
    if (!rank || !size) continue;
    if (*rank < 0 || *rank >= *size)
      refuse(reader.said(names.rank) + " is not one of " + reader.said(names.size),
             "write I/N instead");
    return Place{*rank, *size, reader.said(names.rank) + ", " + reader.said(names.size)};
  }
  return std::nullopt;
}

Place place_in(const Environment& environment) {
  const Reader reader(environment);
  if (auto place = own_place(reader)) return *place;
  std::string missing;
  std::optional<Place> array;
  const Array* which = nullptr;
  for (const Array& one : arrays) {
    array = array_place(reader, one, missing);
    which = &one;
    if (array) break;
  }
  const std::optional<Place> rank = rank_place(reader);
  if (!array && rank && rank->count > 1) return *rank;
  if (!array && !missing.empty()) refuse(missing, "set HALFULP_SHARDS to how many there are");
  if (!array && rank) return *rank;
  if (!array)
    refuse(
        "nothing says which shard this is: there is no SLURM_ARRAY_TASK_ID, SLURM_PROCID, "
        "OMPI_COMM_WORLD_RANK, PMI_RANK, HQ_TASK_ID, PARALLEL_SEQ, JOB_COMPLETION_INDEX, "
        "PBS_ARRAY_INDEX, SGE_TASK_ID, LSB_JOBINDEX",
        "write I/N, or set HALFULP_SHARD and HALFULP_SHARDS");
  // Ranks within a task of an array are shards each. Tasks of HyperQueue and GNU parallel are
  // single processes, whose ranks are those of what started their workers.
  const bool single = which == &arrays[0] || which == &arrays[1];
  if (single || !rank || rank->count == 1) return *array;
  return {array->index * rank->count + rank->index, array->count * rank->count,
          array->source + "; " + rank->source};
}

ShardNumbers written(const std::string& text) {
  const std::size_t at = text.find('/');
  const auto index = whole_number(std::string_view(text).substr(0, at));
  const auto count =
      at == std::string::npos ? index : whole_number(std::string_view(text).substr(at + 1));
  if (at == std::string::npos || !index || !count || *count < 1 || *count > most_shards ||
      *index < 1 || *index > *count)
    refuse("\"" + text + "\" is no shard", "write I/N with I from 1 to N, or auto");
  return {.index = static_cast<int>(*index), .count = static_cast<int>(*count), .source = ""};
}

}  // namespace

ShardNumbers shard_numbers(const std::string& text, const Environment& environment) {
  if (text.empty()) return {};
  if (text != "auto") return written(text);
  const Place place = place_in(environment);
  if (place.count > most_shards)
    refuse(fmt::format("{} shards are too many ({})", place.count, place.source),
           "at most 1000000 are possible");
  return {.index = static_cast<int>(place.index) + 1,
          .count = static_cast<int>(place.count),
          .source = place.source};
}

ShardNumbers shard_numbers(const std::string& text) {
  return shard_numbers(text, [](const char* name) { return std::getenv(name); });
}

}  // namespace halfulp::cli
