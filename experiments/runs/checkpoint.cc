// SPDX-License-Identifier: MIT
#include "experiments/runs/checkpoint.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "experiments/hash.h"
#include "experiments/runs/result_file.h"
#include "formats/error.h"
#include "formats/files/safetensors_layout.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".safetensors";
constexpr const char* kind = "halfulp";
constexpr const char* checksum_key = "checksum";

const char* type_name(Carrier carrier) { return carrier == Carrier::binary32 ? "F32" : "F64"; }
std::uint64_t size_of(Carrier carrier) { return carrier == Carrier::binary32 ? 4 : 8; }

// header: without the checksum.
std::string checksum(const tensors::SafetensorsHeader& header, tensors::ByteView data) {
  const std::string text = tensors::safetensors_header_text(header);
  const std::uint64_t hash = fnv1a(text.data(), text.size(), fnv_start);
  return hexadecimal(fnv1a(data.data(), data.size(), hash));
}

// What the metadata say, by their keys.
class Metadata {
 public:
  explicit Metadata(const tensors::Metadata& metadata) : metadata_(metadata) {}

  [[nodiscard]] const std::string* find(std::string_view key) const {
    for (const auto& [name, text] : metadata_) {
      if (name == key) return &text;
    }
    return nullptr;
  }
  [[nodiscard]] const std::string& text(std::string_view key) const {
    const std::string* found = find(key);
    if (found == nullptr) throw Error("\"" + std::string(key) + "\" is missing");
    return *found;
  }
  [[nodiscard]] std::uint64_t natural(std::string_view key) const {
    const std::string& digits = text(key);
    std::uint64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc() || stop != end)
      throw Error("\"" + std::string(key) + "\" is no number");
    return number;
  }

 private:
  const tensors::Metadata& metadata_;
};

// Throws Error where the file is not whole, as it was written.
void require_intact(const tensors::SafetensorsLayout& layout) {
  tensors::SafetensorsHeader header = layout.header;
  const Metadata metadata(header.metadata);
  const std::string* stated = metadata.find("checkpoint");
  if (stated == nullptr || *stated != kind) throw Error("it is no checkpoint of halfulp");
  if (header.metadata.back().first != checksum_key) throw Error("it is damaged: no checksum");
  const std::string expected = header.metadata.back().second;
  header.metadata.pop_back();
  if (checksum(header, layout.data) != expected)
    throw Error("it is damaged: its checksum is wrong");
}

SavedTensor tensor_from(const tensors::SafetensorsEntry& entry, tensors::ByteView data) {
  SavedTensor saved{.name = entry.name, .data = tensors::Bytes(data.begin(), data.end())};
  if (entry.type == "F64") saved.carrier = Carrier::binary64;
  if (entry.type != type_name(saved.carrier) || entry.shape.size() != 2)
    throw Error("the tensor " + tensors::printable(entry.name) + " is no matrix of F32 or F64");
  saved.rows = entry.shape[0];
  saved.columns = entry.shape[1];
  constexpr std::int64_t most = std::int64_t{1} << 30;
  if (saved.rows > most || saved.columns > most ||
      static_cast<std::uint64_t>(saved.rows * saved.columns) * size_of(saved.carrier) !=
          data.size())
    throw Error("the data of the tensor " + tensors::printable(entry.name) +
                " are not of its shape's size");
  return saved;
}

bool is_plain(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(path, error));
}

}  // namespace

std::string checkpoint_bytes(const Checkpoint& checkpoint, const JournalDocument& document) {
  const UnitState& state = checkpoint.state;
  Json outcomes = Json::array();
  for (const RepeatOutcome& outcome : state.finished) outcomes.push_back(to_json(outcome));
  tensors::SafetensorsHeader header;
  header.metadata = {{"checkpoint", kind},
                     {"version", version},
                     {"schema", std::to_string(schema)},
                     {"document_hash", document.hash},
                     {"unit", std::to_string(checkpoint.unit)},
                     {"repeat", std::to_string(checkpoint.repeat)},
                     {"point", std::to_string(state.finished.size())},
                     {"step", std::to_string(state.step)},
                     {"steps_done", Json(checkpoint.steps_done).dump()},
                     {"outcomes", outcomes.dump()},
                     {"state", state.snapshot.values}};
  tensors::Bytes data;
  for (const SavedTensor& saved : state.snapshot.tensors) {
    const std::uint64_t begin = data.size();
    data.insert(data.end(), saved.data.begin(), saved.data.end());
    header.entries.push_back({.name = saved.name,
                              .type = type_name(saved.carrier),
                              .shape = {saved.rows, saved.columns},
                              .begin = begin,
                              .end = data.size()});
  }
  header.metadata.emplace_back(checksum_key, checksum(header, data));
  std::string bytes = tensors::safetensors_start(header);
  bytes.append(reinterpret_cast<const char*>(data.data()), data.size());
  return bytes;
}

Checkpoint checkpoint_from(tensors::ByteView file, std::size_t unit,
                           const JournalDocument& document) {
  const tensors::SafetensorsLayout layout = tensors::safetensors_layout(file);
  require_intact(layout);
  const Metadata metadata(layout.header.metadata);
  if (metadata.text("version") != version || metadata.text("schema") != std::to_string(schema) ||
      metadata.text("document_hash") != document.hash)
    throw Error("it belongs to another document or version");
  Checkpoint checkpoint{.unit = metadata.natural("unit"),
                        .repeat = metadata.natural("repeat"),
                        .steps_done = parse_json(metadata.text("steps_done"), "").get<double>(),
                        .state = {}};
  if (checkpoint.unit != unit) throw Error("it belongs to another unit");
  UnitState& state = checkpoint.state;
  for (const Json& outcome : parse_json(metadata.text("outcomes"), ""))
    state.finished.push_back(outcome_from_json(outcome, document.metrics));
  if (state.finished.size() != metadata.natural("point") ||
      state.finished.size() >= document.outcomes(unit))
    throw Error("it has a point that is not there");
  state.step = metadata.natural("step");
  state.snapshot.values = metadata.text("state");
  for (const tensors::SafetensorsEntry& entry : layout.header.entries)
    state.snapshot.tensors.push_back(tensor_from(entry, layout.data_of(entry)));
  return checkpoint;
}

std::string checkpoint_path(const std::string& output, std::size_t unit) {
  return output + ".unit-" + std::to_string(unit) + std::string(ending);
}

Checkpoints::Checkpoints(std::string output, JournalDocument document)
    : output_(std::move(output)), document_(std::move(document)) {}

std::optional<Checkpoint> Checkpoints::load(std::size_t unit) const {
  const std::string file = path(unit);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(file, error))) return std::nullopt;
  if (!is_plain(file)) throw Error("it is no plain file");
  return checkpoint_from(tensors::read_bytes(file), unit, document_);
}

void Checkpoints::save(const Checkpoint& checkpoint) const {
  const std::string file = path(checkpoint.unit);
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error)) && !is_plain(file))
    throw Error("a checkpoint is a plain file, and something else stands here", file);
  write_file(file, checkpoint_bytes(checkpoint, document_));
}

void Checkpoints::remove(std::size_t unit) const {
  if (is_plain(path(unit))) ::unlink(path(unit).c_str());
}

void Checkpoints::remove_all() const {
  const fs::path output(output_);
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code error;
  std::vector<std::size_t> units;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const std::string start = output.filename().string() + ".unit-";
    if (!name.starts_with(start) || !name.ends_with(ending)) continue;
    std::size_t unit = 0;
    std::from_chars(name.data() + start.size(), name.data() + name.size(), unit);
    if (fs::path(path(unit)).filename() == name && unit < document_.units) units.push_back(unit);
  }
  for (const std::size_t unit : units) remove(unit);
}

}  // namespace halfulp::experiments
